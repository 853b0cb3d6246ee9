//! PyTorch's spellings, answered with kd's.

use super::library;
use super::ops::torch_names::{self, Answer};
use crate::diag::{Applicability, Code, Diagnostic, Edit};
use crate::source::Span;
use crate::syntax::ast::{Expr, ExprKind, Name};

/// The modules that PyTorch users write in front of names.
const MODULES: [&str; 7] = [
    "nn",
    "F",
    "torch",
    "functional",
    "optim",
    "tf",
    "torchvision",
];

/// `Conv2d` where kd says `conv2d`.
pub fn explained(name: &str, span: Span) -> Option<Diagnostic> {
    torch_names::callable(name).map(|answer| spelled(name, answer, span))
}

/// `nn.Conv2d`, `torch.nn.functional.relu`, `F.relu`; also any other name after such a module.
pub fn qualified(base: &Expr, name: &Name, span: Span) -> Option<Diagnostic> {
    if !is_module(base) {
        return None;
    }
    if super::ops::find(&name.text).is_some() {
        let kd = &name.text;
        let message = format!("`{}.{kd}` is `{kd}` in kd", path(base));
        let diagnostic = Diagnostic::new(Code::E0210, message).at(span, "PyTorch's spelling");
        return Some(diagnostic.replace(format!("write `{kd}`"), span, kd));
    }
    Some(match torch_names::callable(&name.text) {
        Some(answer) => spelled(&name.text, answer, span),
        None if model(&name.text).is_some() => {
            let kd = model(&name.text)?;
            Diagnostic::new(Code::E0210, format!("`{}` is `{kd}` in kd", name.text))
                .at(span, "PyTorch's spelling")
                .help(format!("take it from kd's library: `use models::{kd}`, then `{kd}()`"))
        }
        None => Diagnostic::new(
            Code::E0210,
            format!("kd has no modules such as PyTorch's, and no `{}`", name.text),
        )
        .at(span, "PyTorch's spelling")
        .help("layers have plain names, such as `conv2d` and `linear`; `kdc explain operations` lists them"),
    })
}

/// The library's model that a function of torchvision's makes: `resnet18`.
fn model(name: &str) -> Option<&'static str> {
    library::names("models").find(|model| model.to_ascii_lowercase() == name.replace('_', ""))
}

/// `RandomHorizontalFlip` among transforms, of which `there` knows those of kd.
pub fn declared(name: &str, there: impl Fn(&str) -> bool, span: Span) -> Option<Diagnostic> {
    let lower = name.to_ascii_lowercase();
    let answer = match torch_names::callable(name) {
        Some(Answer::Name(kd) | Answer::Loss(kd)) if !there(kd) => None,
        answer => answer,
    };
    match answer {
        Some(answer) => Some(spelled(name, answer, span)),
        None if lower != name && there(&lower) => {
            let message = format!("PyTorch's `{name}` is `{lower}` in kd");
            let diagnostic = Diagnostic::new(Code::E0210, message).at(span, "PyTorch's spelling");
            Some(diagnostic.replace(format!("write `{lower}`"), span, lower))
        }
        None => None,
    }
}

/// The operation that a name of PyTorch's means.
pub fn operation(name: &str) -> Option<&'static str> {
    match torch_names::callable(name)? {
        Answer::Name(kd) | Answer::Loss(kd) => Some(kd),
        _ => None,
    }
}

/// `x.view(…)` where kd writes `x -> reshape(…)`.
pub fn method(name: &str, span: Span) -> Option<Diagnostic> {
    if let "shape" | "size" = name {
        let message = format!("a tensor has no `{name}` in kd");
        let diagnostic = Diagnostic::new(Code::E0210, message).at(span, "PyTorch's spelling");
        return Some(diagnostic.help("name its dimensions where it is declared, and use these names as numbers: `input x: [N, C, H, W]`, then `linear(C)`"));
    }
    let kd = operation(name).or_else(|| super::ops::find(name).map(|op| op.name))?;
    let message = format!("a tensor has no methods in kd, such as `{name}`");
    let diagnostic = Diagnostic::new(Code::E0210, message).at(span, "PyTorch's spelling");
    Some(diagnostic.help(format!("write `x -> {kd}(…)` or `{kd}(x, …)`")))
}

/// As it is written: `torch.nn`.
fn path(expr: &Expr) -> String {
    match &expr.kind {
        ExprKind::Member { base, name } => format!("{}.{}", path(base), name.text),
        ExprKind::Name(name) => name.clone(),
        _ => String::new(),
    }
}

/// `padding: "same"`, which kd says with a number.
pub fn word(operation: &str, argument: &str, value: &str, span: Span) -> Option<Diagnostic> {
    let how = torch_names::word(argument, value)?;
    let message = format!("`{argument}` of `{operation}` is a number in kd, not \"{value}\"");
    Some(
        Diagnostic::new(Code::E0210, message)
            .at(span, "PyTorch's spelling")
            .help(how),
    )
}

fn is_module(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Name(name) => MODULES.contains(&name.as_str()),
        ExprKind::Member { base, .. } => is_module(base),
        _ => false,
    }
}

fn spelled(name: &str, answer: Answer, span: Span) -> Diagnostic {
    match answer {
        Answer::Name(kd) => {
            Diagnostic::new(Code::E0210, format!("PyTorch's `{name}` is `{kd}` in kd"))
                .at(span, "PyTorch's spelling")
                .replace(format!("write `{kd}`"), span, kd)
        }
        Answer::Loss(kd) => {
            Diagnostic::new(Code::E0210, format!("the loss `{name}` is `{kd}` in kd"))
                .at(span, "another program's spelling")
                .replace(format!("write `{kd}`"), span, kd)
        }
        Answer::LeaveOut(why) | Answer::Say(why) => {
            Diagnostic::new(Code::E0210, format!("kd has no `{name}`"))
                .at(span, "PyTorch's spelling")
                .help(why)
        }
    }
}

/// `batch_norm(16)`: a number that PyTorch has to be told of the input. `whole`: with what separates it from the next.
pub fn number_of_the_input(operation: &str, span: Span, whole: Span) -> Option<Diagnostic> {
    let why = torch_names::number_of_the_input(operation)?;
    let message = format!("`{operation}` takes no size of its input in kd");
    let diagnostic = Diagnostic::new(Code::E0225, message).at(span, "leave it out");
    Some(diagnostic.replace(why, whole, ""))
}

/// `kernel_size: 3` where kd says `kernel: 3`. `whole`: the argument with what separates it from the next.
pub fn argument(operation: &str, name: &str, span: Span, whole: Span) -> Option<Diagnostic> {
    let answer = torch_names::argument(operation, name)?;
    let diagnostic = match answer {
        Answer::Name(kd) | Answer::Loss(kd) => {
            Diagnostic::new(Code::E0210, format!("PyTorch's `{name}` is `{kd}` in kd"))
                .at(span, "PyTorch's spelling")
                .replace(format!("write `{kd}`"), span, kd)
        }
        Answer::LeaveOut(why) => Diagnostic::new(
            Code::E0210,
            format!("`{operation}` takes no `{name}` in kd"),
        )
        .at(span, "leave it out")
        .fix(
            why,
            Applicability::Safe,
            vec![Edit {
                span: whole,
                text: String::new(),
            }],
        ),
        Answer::Say(how) => Diagnostic::new(
            Code::E0210,
            format!("`{operation}` takes no `{name}` in kd"),
        )
        .at(span, "PyTorch's spelling")
        .help(how),
    };
    Some(diagnostic)
}
