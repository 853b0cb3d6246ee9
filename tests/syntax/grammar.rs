//! Every construct of the language, as the tree that it becomes.

use super::{expr, items, tree};
use kdc::syntax::ast::ItemKind;

#[test]
fn imports() {
    assert_eq!(tree("use models::DeepNN"), "(use models DeepNN)");
    assert_eq!(tree("use models::{A, B as C,}"), "(use models A C=B)");
    assert_eq!(
        tree("use \"x/y.kd\"::{\n  a,\n  b\n}"),
        "(use \"x/y.kd\" a b)"
    );
    assert_eq!(tree("use \"x.kd\"::a as b"), "(use \"x.kd\" b=a)");
}

#[test]
fn models_losses_and_functions() {
    assert_eq!(
        tree(
            "model M(n: int = 2, x: [N, ..S, C], m: bool[N, L] = true, t: list(list(int)), k: class(C)[N]) {}"
        ),
        "(model M n:int=2 x:[N ..S C] m:bool[N L]=true t:list((call list int)) k:class(C)[N])"
    );
    assert_eq!(tree("model M {\n}"), "(model M)");
    assert_eq!(
        tree("fn f(x: [N, D / 2]) = x + 1"),
        "(fn f x:[N (/ D 2)] =(+ x 1))"
    );
    assert_eq!(tree("fn f(x: [N]) =\n    -x"), "(fn f x:[N] =(neg x))");
    assert_eq!(
        tree("loss l(\n  a: [],\n  b: float\n) { output a }"),
        "(loss l a:[] b:float (output a))"
    );
}

#[test]
fn statements() {
    let body = "
        input image: [N, 3, 32, 32]
        input mask: bool[N, L] = true
        param token: [1, 1, d] = trunc_normal(0.02)
        state bank: [M, d] = normal(1) -> l2norm(dim: 1)
        update bank[index, 1:] = bank + 1
        update z = n
        init conv2d.weight = kaiming_normal(mode: fan_out)
        init token = 0
        require (d - 2) % 6 == 0, \"depth is 6n + 2\"
        require d > 1
        (q, k) = image -> linear(8) -> chunk(2)
        x = image
        output logits = x
        output x -> relu
        output (a, b)
    ";
    assert_eq!(
        tree(&format!("model M {{{body}}}")),
        "(model M (input image:[N 3 32 32]) (input mask:bool[N L] true) \
         (param token:[1 1 d] (call trunc_normal 0.02)) \
         (state bank:[M d] (-> (call normal 1) (call l2norm dim:1))) \
         (update bank[index 1:] (+ bank 1)) (update z n) \
         (init conv2d.weight (call kaiming_normal mode:fan_out)) (init token 0) \
         (require (== (% ((- d 2)) 6) 0) \"depth is 6n + 2\") (require (> d 1)) \
         (let <q k> (-> image (call linear 8) (call chunk 2))) (let x image) \
         (output logits x) (output (-> x relu)) (output (tuple a b)))"
    );
}

#[test]
fn data() {
    assert_eq!(
        tree("data d = a(\"p\") or b()\n    -> normalize(mean: [0.5, 0.25])\n    -> batch(128)"),
        "(data d (-> (or (call a \"p\") (call b)) (call normalize mean:(list 0.5 0.25)) (call batch 128)))"
    );
    assert_eq!(
        tree(
            "data d = csv(\"p\") {\n  image = image -> flip\n  (a, b) =\n    c\n  batch: 64, label = l\n}"
        ),
        "(data d (call csv \"p\") image=(-> image flip) <a b>=c batch:64 label=l)"
    );
}

#[test]
fn networks() {
    assert_eq!(tree("student s = M(2)"), "(student s (call M 2))");
    assert_eq!(tree("teacher t from \"t.kd\""), "(teacher t from:\"t.kd\")");
    assert_eq!(
        tree("teacher t = M() from \"t.kd\"::deep"),
        "(teacher t (call M) from:\"t.kd\"::deep)"
    );
    assert_eq!(
        tree("teacher t = M()\n    from weights(\"w.pth\", key: \"model\")"),
        "(teacher t (call M) from:(call weights \"w.pth\" key:\"model\"))"
    );
    assert_eq!(
        tree("student s = (d.a, d.b) -> M()"),
        "(student s (-> (tuple d.a d.b) (call M)))"
    );
}

#[test]
fn taps_edges_and_outputs() {
    assert_eq!(
        tree("tap t = net.layer3[-1].bn2 -> flatten"),
        "(tap t (-> net.layer3[(neg 1)].bn2 flatten))"
    );
    assert_eq!(tree("edge a.x ~> b.y by mse"), "(edge a.x b.y mse)");
    assert_eq!(
        tree("edge hint: (a, b)\n    ~> (c, d)\n    by at(p: 2)\n    weight 5 * warmup(20)"),
        "(edge hint: (tuple a b) (tuple c d) (call at p:2) weight:(* 5 (call warmup 20)))"
    );
    assert_eq!(
        tree("edge (a -> pool) ~> b -> pool by losses.mse weight 0.5"),
        "(edge ((-> a pool)) (-> b pool) losses.mse weight:0.5)"
    );
    assert_eq!(
        tree("output s.logits = h -> t.fc"),
        "(output s.logits (-> h t.fc))"
    );
}

#[test]
fn training() {
    assert_eq!(
        tree("train on d { ..r, epochs: 10, seed: [1, 2], }"),
        "(train d ..r epochs:10 seed:(list 1 2))"
    );
    assert_eq!(
        tree(
            "train warm on a,\n    b {\n  steps: 100_000\n  lr:\n    0.1 * warmup(\n  5)\n\n  // why\n  clip: 1e-3\n}"
        ),
        "(train warm: a b steps:100000 lr:(* 0.1 (call warmup 5)) clip:0.001)"
    );
    assert_eq!(
        tree("settings r { a: b >= 0.79 }"),
        "(settings r a:(>= b 0.79))"
    );
    assert_eq!(
        tree("x = statistics([1], [2])"),
        "(const x (call statistics (list 1) (list 2)))"
    );
}

#[test]
fn operators_bind_as_in_arithmetic() {
    assert_eq!(expr("1 + 2 * 3 - 4"), "(- (+ 1 (* 2 3)) 4)");
    assert_eq!(expr("-a ^ 2"), "(neg (^ a 2))");
    assert_eq!(expr("2 ^ -b ^ c"), "(^ 2 (neg (^ b c)))");
    assert_eq!(expr("-a * b"), "(* (neg a) b)");
    assert_eq!(expr("a @ b / c % d"), "(% (/ (@ a b) c) d)");
    assert_eq!(
        expr("a or b and not c == d + 1"),
        "(or a (and b (not (== c (+ d 1)))))"
    );
    assert_eq!(expr("not not a and b"), "(and (not (not a)) b)");
    assert_eq!(expr("a <= b"), "(<= a b)");
    assert_eq!(
        expr("a != b or a >= b or a < b or a > b"),
        "(or (or (or (!= a b) (>= a b)) (< a b)) (> a b))"
    );
    assert_eq!(
        expr("(a + b) -> f as g -> h(1)"),
        "(-> ((+ a b)) f@g (call h 1))"
    );
    assert_eq!(expr("-x -> f"), "(-> (neg x) f)");
}

#[test]
fn atoms_and_what_follows_them() {
    assert_eq!(expr("(a)"), "(a)");
    assert_eq!(expr("()"), "(tuple)");
    assert_eq!(expr("(a,)"), "(tuple a)");
    assert_eq!(expr("[[1, 2], []]"), "(list (list 1 2) (list))");
    assert_eq!(
        expr("f(a, b: 2)(3)[0].if.loss"),
        "(call (call f a b:2) 3)[0].if.loss"
    );
    assert_eq!(
        expr("x[:, 1:, :-1, none, 2:3]"),
        "x[: 1: :(neg 1) none 2:3]"
    );
    assert_eq!(
        expr("if a { 1 } else if b { 2 } else { 3 }"),
        "(if a 1 (if b 2 3))"
    );
    assert_eq!(
        expr("x -> for (a, b) in t { for i in r(a) { L(i) } } -> g"),
        "(-> x (for <a b> t (for i (call r a) (call L i))) g)"
    );
    assert_eq!(expr("(true, false, none)"), "(tuple true false none)");
    assert_eq!(
        expr("\"a \\\"b\\\" \\\\ \\n é // #\""),
        r#""a \"b\" \\ \n é // #""#
    );
    assert_eq!(
        expr("[10, 0.5, 5e-4, 100_000, 1E+3, 9223372036854775807]"),
        "(list 10 0.5 0.0005 100000 1000.0 9223372036854775807)"
    );
}

#[test]
fn words_are_keywords_only_where_they_start_something() {
    assert_eq!(
        tree("model = tap(train: edge, from: 2)"),
        "(const model (call tap train:edge from:2))"
    );
    assert_eq!(
        tree(
            "loss l(weight: [N]) {\n  loss = by\n  input = state\n  param = x.output\n  `output` = `x`\n  output `output`\n}"
        ),
        "(loss l weight:[N] (let loss by) (let input state) (let param x.output) (let output x) (output output))"
    );
    assert_eq!(
        tree("tap tap = on\nweight = 2\nfrom = 3"),
        "(tap tap on)\n(const weight 2)\n(const from 3)"
    );
}

#[test]
fn a_line_goes_on() {
    for text in [
        "x = a +\n\n  // why\n  b",
        "x = a\n  // why\n\n  + b",
        "x =\n  a + b",
        "x = a + // why\n b",
        "\u{feff}x = a +\r\n b\r\n",
        "x = a\t+\r b",
    ] {
        assert_eq!(tree(text), "(const x (+ a b))", "{text:?}");
    }
    assert_eq!(
        expr("f(a\n  (b)\n  [c]\n  .d\n  , e\n)"),
        "(call f (call a b)[c].d e)"
    );
    assert_eq!(tree("x = a\n  and b\n  or c"), "(const x (or (and a b) c))");
    assert_eq!(
        tree("x = if a { b }\n    else { c }\ny = d"),
        "(const x (if a b c))\n(const y d)"
    );
}

#[test]
fn a_line_ends() {
    assert_eq!(
        tree("model M {\n  a = b\n  (c, d) = e\n}"),
        "(model M (let a b) (let <c d> e))"
    );
    assert_eq!(
        tree("edge a ~> b by c\n\nweight = 3"),
        "(edge a b c)\n(const weight 3)"
    );
}

#[test]
fn documentation_belongs_to_what_follows() {
    let text = "/// One.\n///  Two.\n// not this\n\nmodel M {\n  /// Three.\n  a = b // c\n  /// Four\n}\n//// no\nx = 1 /// nor this\ny = 2";
    assert_eq!(
        tree(text),
        "\"One.\\n Two.\" (model M \"Three.\" (let a b))\n(const x 1)\n(const y 2)"
    );
}

#[test]
fn places_are_exact() {
    let text =
        "/// Doc.\ntap t = a . b + c  // why\n\nmodel M() {\n  x = f( 1 )  // why\n}  // end\n";
    let items = items(text);
    assert_eq!(&text[items[0].span.range()], "tap t = a . b + c");
    assert_eq!(
        &text[items[1].span.range()],
        "model M() {\n  x = f( 1 )  // why\n}"
    );
    let ItemKind::Tap(tap) = &items[0].kind else {
        panic!()
    };
    assert_eq!(&text[tap.value.span.range()], "a . b + c");
}

#[test]
fn an_empty_file_is_an_empty_library() {
    for text in ["", "\n\n", "// nothing", "/// nothing\n", "\u{feff}"] {
        assert_eq!(tree(text), "", "{text:?}");
    }
}
