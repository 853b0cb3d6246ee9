//! What other languages write is understood, named, and mended by the fix.

use super::{complaint, complaints, fixed, parse, show};
use kdc::diag::Code::{self, *};

/// A text with one mistake, its code, and the text as it should be, which means the same.
fn mended(wrong: &str, code: Code, right: &str) {
    assert_eq!(complaint(wrong).code, code, "{wrong}");
    assert_eq!(fixed(wrong), right);
    assert_eq!(parse(right).diagnostics, [], "{right}");
    assert_eq!(
        show::file(&parse(wrong).file),
        show::file(&parse(right).file),
        "{wrong}"
    );
}

#[test]
fn signs() {
    mended("x = a ** 2", E0005, "x = a ^ 2");
    mended("x = a && b", E0005, "x = a and b");
    mended("x = a || b", E0005, "x = a or b");
    mended("x = !a", E0005, "x = not a");
    mended("x = a => f", E0005, "x = a -> f");
    mended("x = a |> f", E0005, "x = a -> f");
    mended("x == a", E0005, "x = a");
    mended("x := a", E0005, "x = a");
    mended("x <- a", E0005, "x = a");
    mended("tap t: a", E0005, "tap t = a");
    mended("use models.DeepNN", E0005, "use models::DeepNN");
    mended("settings s { **r }", E0005, "settings s { ..r }");
    mended("x = a;", E0005, "x = a");
    mended("x = a; y = b", E0005, "x = a\n y = b");
    mended(
        "x = net.features.0.weight",
        E0005,
        "x = net.features[0].weight",
    );
}

#[test]
fn options() {
    mended(
        "x = conv2d(64, kernel=3)",
        E0005,
        "x = conv2d(64, kernel: 3)",
    );
    mended(
        "x = conv2d(64, kernel = 3)",
        E0005,
        "x = conv2d(64, kernel: 3)",
    );
    mended(
        "settings s { epochs = 10 }",
        E0005,
        "settings s { epochs: 10 }",
    );
    mended(
        "edge a ~> b by c weight = 2",
        E0005,
        "edge a ~> b by c weight 2",
    );
    mended(
        "edge a ~> b by c weight: 2",
        E0005,
        "edge a ~> b by c weight 2",
    );
}

#[test]
fn words() {
    mended("x = True", E0005, "x = true");
    mended(
        "x = (False, None)".replace(", None", "").as_str(),
        E0005,
        "x = (false)",
    );
    mended("x = None", E0005, "x = none");
    mended("let x = a", E0005, "x = a");
    mended("def f(x: [N]) = x", E0005, "fn f(x: [N]) = x");
    mended("class M {\n  a = b\n}", E0005, "model M {\n  a = b\n}");
    mended("model M: {\n  a = b\n}", E0005, "model M {\n  a = b\n}");
    mended(
        "model M {\n  output = a\n}",
        E0005,
        "model M {\n  output a\n}",
    );
    mended(
        "model M {\n  output: a\n}",
        E0005,
        "model M {\n  output a\n}",
    );
    mended(
        "model M {\n  return a\n}",
        E0005,
        "model M {\n  output a\n}",
    );
    mended(
        "model M {\n  a, b = c\n}",
        E0005,
        "model M {\n  (a, b) = c\n}",
    );
    mended(
        "from models import A, B as C",
        E0005,
        "use models::{A, B as C}",
    );
    mended("from \"x.kd\" import a", E0005, "use \"x.kd\"::a");
    mended("x = 'a \"b\"'", E0005, "x = \"a \\\"b\\\"\"");
}

#[test]
fn edges() {
    mended(
        "train on d\n{\n  a: 1\n}",
        E0001,
        "train on d {\n\n  a: 1\n}",
    );
    mended(
        "model M // why\n  {\n  a = b\n}",
        E0001,
        "model M { // why\n  \n  a = b\n}",
    );
    mended("edge a -> b by f", E0001, "edge a ~> b by f");
    mended(
        "edge n: a -> g -> b by f(T: 2)",
        E0001,
        "edge n: a -> g ~> b by f(T: 2)",
    );
    mended(
        "edge a ~> b f(T: 2) weight 3",
        E0001,
        "edge a ~> b by f(T: 2) weight 3",
    );
    mended("fn f(n = 3) = n", E0001, "fn f(n: int = 3) = n");
}

#[test]
fn comments_and_python() {
    let text = "# one\nx = a # two\n";
    assert_eq!(complaint(text).code, E0005);
    assert_eq!(fixed(text), "// one\nx = a // two\n");

    let class = "class Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n\n    def forward(self, x):\n        return x\n\ntap t = u\n";
    assert_eq!(complaint(class).code, E0005);
    assert_eq!(show::file(&parse(class).file), "(model Net !)\n(tap t u)");

    for import in [
        "import torch",
        "import torch.nn as nn",
        "from torch import nn",
    ] {
        assert_eq!(complaint(import).code, E0005, "{import}");
    }
    assert_eq!(
        fixed("model M(n: int):\n    a = b\n    output a\ntap t = u\n"),
        "model M(n: int) {\n    a = b\n    output a\n}\ntap t = u\n"
    );
}

#[test]
fn layers_of_pytorch_are_read_as_they_stand() {
    assert_eq!(
        show::file(&parse("x = a -> nn.Conv2d(in_channels: 3, out_channels: 16)").file),
        "(const x (-> a (call nn.Conv2d in_channels:3 out_channels:16)))"
    );
}

#[test]
fn characters_that_look_alike() {
    mended("x = a → f", E0006, "x = a -> f");
    mended("x = a × b", E0006, "x = a * b");
    mended("x = a − b", E0006, "x = a - b");
    mended("edge a ⇝ b by f", E0006, "edge a ~> b by f");
    mended("x = a ≤ b", E0006, "x = a <= b");
    mended("x = a²", E0006, "x = a^2");
    mended("x =\u{a0}a", E0006, "x = a");
    mended("x = \u{200b}a", E0006, "x = a");
    mended("x = ‘a’", E0006, "x = \"a\"");
    mended("x = “a → b”", E0006, "x = \"a → b\"");
    mended("x = сonv2d(3)", E0006, "x = conv2d(3)");
    mended("λ = 2", E0006, "lambda = 2");
    let letter = complaint("x = сonv2d(3)");
    assert_eq!(
        letter.message,
        "`сonv2d` contains the Cyrillic letter `с` (U+0441)"
    );
    assert_eq!(complaint("größe = 2").code, E0006);
    assert_eq!(complaint("x = a $ b").code, E0006);
    assert_eq!(complaint("x = 😀").code, E0006);
}

#[test]
fn numbers() {
    mended("x = 0x10", E0007, "x = 16");
    mended("x = 1__0", E0007, "x = 10");
    mended("x = .5", E0007, "x = 0.5");
    mended("x = 2.", E0007, "x = 2.0");
    for text in [
        "1e999",
        "9223372036854775808",
        "12px",
        "1e",
        "1.2.3",
        "0xzz",
    ] {
        let found = complaints(&format!("x = {text}"));
        assert_eq!(found.len(), 1, "{text}");
        assert_eq!((found[0].0, found[0].1.as_str()), (E0007, text));
    }
    assert_eq!(complaint("x = \"a\\d\"").code, E0001);
}
