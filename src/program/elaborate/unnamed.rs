//! Arguments without a name, where there is no place for one: which was meant.

use super::Signature;
use super::bind::Bound;
use crate::diag::{Applicability, Code, Diagnostic, Edit};
use crate::program::value::Given;
use crate::source::Span;

/// More tensors than it takes.
pub(super) fn no_tensor(signature: &Signature, given: &Given) -> Diagnostic {
    let takes = match signature.inputs.len() {
        0 => "no tensor".to_string(),
        1 => "one tensor".to_string(),
        n => format!("{n} tensors"),
    };
    let message = format!("`{}` takes {takes}", signature.name);
    Diagnostic::new(Code::E0225, message).at(given.span, "one too many")
}

/// A value that no parameter takes without its name. `places`: of all values without a name.
pub(super) fn no_value(
    signature: &Signature,
    bound: &Bound,
    given: &Given,
    places: &[Span],
) -> Diagnostic {
    let name = &signature.name;
    let parameters = || signature.parameters.iter().zip(&bound.parameters);
    let first = parameters().next();
    if let Some((slot, Some(filled))) = first
        && let Some((_, place)) = &filled.name
    {
        return Diagnostic::new(Code::E0222, format!("`{}` is given twice", slot.name))
            .at(given.span, "without its name")
            .also(*place, "and by name")
            .help("leave one of them out");
    }
    let first = first.map(|(slot, _)| slot.name.as_str());
    let free: Vec<&str> = parameters()
        .filter(|(_, filled)| filled.is_none())
        .map(|(slot, _)| slot.name.as_str())
        .collect();
    let required = parameters().find(|(slot, filled)| filled.is_none() && !slot.optional);
    match (required, first) {
        (_, Some(size @ ("channels" | "features"))) => {
            let message = format!("`{name}` takes only `{size}` without a name");
            let diagnostic = Diagnostic::new(Code::E0225, message)
                .at(given.span, "an argument without its name");
            let help = format!(
                "the input's {size} are known: begin with those of the output, and name the rest"
            );
            match as_pytorch(places, &free) {
                Some(edits) => diagnostic.fix(help, Applicability::Unsafe, edits),
                None => diagnostic.help(help),
            }
        }
        (None, Some("statistics")) => normalized_by_place(name, given, places),
        (Some((slot, _)), _) => {
            let message = format!("`{name}` takes `{}` by name", slot.name);
            let diagnostic = Diagnostic::new(Code::E0225, message)
                .at(given.span, "an argument without its name");
            named(diagnostic, &slot.name, given.span)
        }
        (None, _) => {
            let message = format!("`{name}` takes no further argument without a name");
            let diagnostic = Diagnostic::new(Code::E0225, message).at(given.span, "one too many");
            match free.first() {
                Some(next) => named(diagnostic, next, given.span),
                None => diagnostic,
            }
        }
    }
}

/// `normalize([0.5, 0.5, 0.5], [0.25, 0.25, 0.25])`
fn normalized_by_place(name: &str, given: &Given, places: &[Span]) -> Diagnostic {
    let message = format!("`{name}` takes `mean` and `std` by name");
    let names = places.iter().zip(["mean", "std"]);
    Diagnostic::new(Code::E0225, message)
        .at(given.span, "an argument without its name")
        .fix(
            "write `mean: …, std: …`",
            Applicability::Unsafe,
            names.map(|(value, name)| before(*value, name)).collect(),
        )
}

fn named(diagnostic: Diagnostic, name: &str, value: Span) -> Diagnostic {
    diagnostic.fix(
        format!("write `{name}: …`"),
        Applicability::Unsafe,
        vec![before(value, name)],
    )
}

fn before(value: Span, name: &str) -> Edit {
    Edit {
        span: value.before(),
        text: format!("{name}: "),
    }
}

/// `conv2d(3, 16, 3)` as PyTorch reads it: the first number is the input's, and the others follow in the order of
/// kd's parameters, of which the first is the output's size. `free`: the parameters after that.
fn as_pytorch(places: &[Span], free: &[&str]) -> Option<Vec<Edit>> {
    let [input, output, rest @ ..] = places else {
        return None;
    };
    // `conv2d(16, 3)`, without the input's
    let input_is_there = free.first() != Some(&"kernel") || !rest.is_empty();
    let (cut, named) = match input_is_there {
        true => (Some(input.before().to(output.before())), rest),
        false => (None, &places[1..]),
    };
    if named.len() > free.len() {
        return None;
    }
    let cut = cut.map(|span| Edit {
        span,
        text: String::new(),
    });
    let names = named.iter().zip(free);
    let names = names.map(|(value, name)| before(*value, name));
    Some(cut.into_iter().chain(names).collect())
}

/// With what the call takes, and where the call is.
pub(super) fn finished(
    diagnostic: Diagnostic,
    signature: &Signature,
    given: &Given,
    call: Span,
) -> Diagnostic {
    let diagnostic = diagnostic.note(signature.written());
    if call.contains(given.span) {
        diagnostic
    } else {
        diagnostic.also(call, "in this call")
    }
}
