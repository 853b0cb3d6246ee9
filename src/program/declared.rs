//! Calls that declare something instead of computing a tensor: data sources, transforms, optimizers.

use super::elaborate::{Elaborator, Frame, Signature, Slot};
use super::number::Number;
use super::value::{Given, Value};
use crate::diag::suggest::{listed, nearest};
use crate::diag::{Code, Diagnostic};
use crate::plan;
use crate::source::Span;
use crate::syntax::ast::{Arg, Expr, ExprKind};

/// One such function.
pub struct Declared {
    pub name: &'static str,
    pub doc: &'static str,
    pub parameters: &'static [Parameter],
}

pub struct Parameter {
    pub name: &'static str,
    pub wants: Wants,
    pub optional: bool,
    /// Whether it may be given without its name.
    pub positional: bool,
    pub doc: &'static str,
}

impl Parameter {
    pub const fn required(name: &'static str, wants: Wants, doc: &'static str) -> Parameter {
        Parameter {
            name,
            wants,
            optional: false,
            positional: false,
            doc,
        }
    }

    pub const fn optional(name: &'static str, wants: Wants, doc: &'static str) -> Parameter {
        Parameter {
            optional: true,
            ..Parameter::required(name, wants, doc)
        }
    }

    pub const fn positional(self) -> Parameter {
        Parameter {
            positional: true,
            ..self
        }
    }
}

/// What a parameter takes. Bounds are inclusive unless they say otherwise.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Wants {
    Text,
    Int {
        min: i64,
        max: i64,
    },
    /// A number above 0, or one that changes while a stage trains and is never below 0.
    Rate,
    /// More than the first, at most the second.
    Above(f64, f64),
    /// At least the first, less than the second.
    Below(f64, f64),
    Bool,
    /// Any that is finite.
    Number,
    /// A list of numbers, one for each channel.
    Numbers,
    /// A list of numbers above zero.
    Positive,
    /// Two numbers from 0 to below 1.
    Betas,
    /// A list of strings, none empty.
    Texts,
    /// A list of pairs of strings; the first of each is not empty.
    Renames,
    /// What `statistics(…)` gives.
    Statistics,
    /// Height and width, or one number for both.
    Size,
    /// Two numbers above 0, the first not above the second.
    Range,
    /// One of these words.
    Word(&'static [&'static str]),
    /// Transforms, which whoever asks reads from the tree.
    Chain,
    /// A field of the data set, by its name.
    Field,
}

/// The arguments of a call, checked; absent where the default holds.
pub struct Settings {
    values: Vec<(&'static str, Value, Span)>,
}

impl Settings {
    pub fn value(&self, name: &str) -> Option<&Value> {
        self.values
            .iter()
            .find(|(n, ..)| *n == name)
            .map(|(_, v, _)| v)
    }

    pub fn span(&self, name: &str) -> Option<Span> {
        self.values
            .iter()
            .find(|(n, ..)| *n == name)
            .map(|(.., s)| *s)
    }

    pub fn text(&self, name: &str) -> Option<String> {
        match self.value(name)? {
            Value::Str(text) => Some(text.to_string()),
            _ => None,
        }
    }

    /// A whole number, which may be below 0.
    pub fn signed(&self, name: &str) -> Option<i64> {
        match self.value(name)? {
            Value::Number(n) => n.as_int(),
            _ => None,
        }
    }

    pub fn int(&self, name: &str) -> Option<u64> {
        u64::try_from(self.signed(name)?).ok()
    }

    pub fn number(&self, name: &str) -> Option<f64> {
        match self.value(name)? {
            Value::Number(n) => n.as_f64(),
            _ => None,
        }
    }

    /// A number, which may change while a stage trains.
    pub fn rate(&self, name: &str) -> Option<plan::Arg> {
        rate(self.value(name)?)
    }

    pub fn word(&self, name: &str) -> Option<&str> {
        match self.value(name)? {
            Value::Word(word) => Some(word),
            _ => None,
        }
    }

    pub fn bool(&self, name: &str) -> Option<bool> {
        match self.value(name)? {
            Value::Bool(b) => *b,
            _ => None,
        }
    }

    /// Height and width.
    pub fn size(&self, name: &str) -> Option<(u64, u64)> {
        size(self.value(name)?)
    }

    pub fn numbers(&self, name: &str) -> Option<Vec<f64>> {
        numbers(self.value(name)?)
    }

    /// Empty where the list was not given.
    pub fn texts(&self, name: &str) -> Vec<String> {
        self.value(name).and_then(texts).unwrap_or_default()
    }

    /// Empty where the list was not given.
    pub fn pairs(&self, name: &str) -> Vec<(String, String)> {
        self.value(name).and_then(pairs).unwrap_or_default()
    }
}

fn texts(value: &Value) -> Option<Vec<String>> {
    let one = |value: &Value| match value {
        Value::Str(text) => Some(text.to_string()),
        _ => None,
    };
    value.elements()?.iter().map(one).collect()
}

fn pairs(value: &Value) -> Option<Vec<(String, String)>> {
    let one = |value: &Value| match texts(value)?.as_slice() {
        [old, new] => Some((old.clone(), new.clone())),
        _ => None,
    };
    value.elements()?.iter().map(one).collect()
}

/// Height and width, from 1 to 10,000.
fn size(value: &Value) -> Option<(u64, u64)> {
    let side = |value: &Value| match value {
        Value::Number(n) => n.as_int().filter(|n| (1..=10_000).contains(n)),
        _ => None,
    };
    let (height, width) = match value.elements() {
        Some([height, width]) => (side(height)?, side(width)?),
        Some(_) => return None,
        None => (side(value)?, side(value)?),
    };
    Some((height.unsigned_abs(), width.unsigned_abs()))
}

/// A number that is above 0 at some time and never below.
pub fn rate(value: &Value) -> Option<plan::Arg> {
    let Value::Number(number) = value else {
        return None;
    };
    let arg = match number.as_f64() {
        Some(fixed) => plan::Arg::Number(fixed),
        None => number.arg().filter(plan::Arg::changes)?,
    };
    let (smallest, largest) = arg.bounds().unwrap_or((0.0, f64::MAX));
    (smallest >= 0.0 && largest > 0.0 && largest.is_finite()).then_some(arg)
}

fn numbers(value: &Value) -> Option<Vec<f64>> {
    let one = |value: &Value| match value {
        Value::Number(n) => n.as_f64(),
        _ => None,
    };
    value.elements()?.iter().map(one).collect()
}

impl Elaborator<'_, '_> {
    /// Reads a call such as `batch(128)` of one of the functions of a table. `what` names the table:
    /// "data source". None when something is wrong, which has been reported.
    pub fn declared(
        &mut self,
        frame: &mut Frame,
        table: &'static [Declared],
        what: &str,
        expr: &Expr,
    ) -> Option<(&'static Declared, Settings)> {
        let (name, args, at): (&str, &[Arg], Span) = match &expr.kind {
            ExprKind::Call { callee, args } => match &callee.kind {
                ExprKind::Name(name) => (name, args, callee.span),
                _ => return self.no_declared(table, what, expr),
            },
            ExprKind::Name(name) => (name, &[], expr.span),
            ExprKind::Error => return None,
            _ => return self.no_declared(table, what, expr),
        };
        let Some(found) = table.iter().find(|declared| declared.name == name) else {
            let diagnostic = unknown(name, at, table, what);
            self.report(diagnostic);
            return None;
        };
        Some((found, self.settings(frame, found, args, expr.span)?))
    }

    /// The arguments of a call of a declared function.
    pub fn settings(
        &mut self,
        frame: &mut Frame,
        found: &'static Declared,
        args: &[Arg],
        span: Span,
    ) -> Option<Settings> {
        let signature = signature(found);
        let chains = found.parameters.iter().any(|p| p.wants == Wants::Chain);
        let given = args
            .iter()
            .map(|arg| Given {
                name: arg.name.as_ref().map(|n| (n.text.clone(), n.span)),
                value: match &arg.value.kind {
                    _ if chains => Value::Word("chain".into()),
                    ExprKind::Name(word) if takes_word(found, arg) => {
                        Value::Word(word.as_str().into())
                    }
                    _ => self.expression(frame, &arg.value),
                },
                span: arg.value.span,
            })
            .collect();
        let bound = self.bound(&signature, given, span)?;
        if !self.complete(&signature, &bound, span) {
            return None;
        }
        let mut values = Vec::new();
        for (parameter, given) in found.parameters.iter().zip(bound.parameters) {
            let Some(given) = given else { continue };
            let open = self.is_open(&given.value);
            if let (Err(needs), false) = (parameter.wants.check(&given.value), open) {
                let message = format!("`{}` of `{}` {needs}", parameter.name, found.name);
                let code = match (parameter.wants, &given.value) {
                    (Wants::Statistics, _) => Code::E0224,
                    (wants, Value::Number(_)) if wants.is_number() => Code::E0223,
                    _ => Code::E0224,
                };
                let label = match code {
                    Code::E0223 => "out of range",
                    _ => given.value.kind(),
                };
                let diagnostic = Diagnostic::new(code, message).at(given.span, label);
                self.report(diagnostic.note(parameter.doc));
                return None;
            }
            values.push((parameter.name, given.value, given.span));
        }
        Some(Settings { values })
    }

    /// Whether whoever uses the model or loss that is being checked decides the value.
    fn is_open(&self, value: &Value) -> bool {
        match value {
            Value::Number(Number::Unknown) => true,
            Value::Number(Number::Symbolic { .. }) => self.checking_alone,
            _ => false,
        }
    }

    fn no_declared(
        &mut self,
        table: &[Declared],
        what: &str,
        expr: &Expr,
    ) -> Option<(&'static Declared, Settings)> {
        if let ExprKind::Call { callee, .. } = &expr.kind
            && let ExprKind::Member { name, .. } = &callee.kind
            && let Some(same) = table
                .iter()
                .find(|d| d.name.eq_ignore_ascii_case(&name.text))
        {
            let message = format!("PyTorch's `{}` is `{}` in kd", name.text, same.name);
            let diagnostic =
                Diagnostic::new(Code::E0210, message).at(callee.span, "PyTorch's spelling");
            self.report(diagnostic.replace(
                format!("write `{}`", same.name),
                callee.span,
                same.name,
            ));
            return None;
        }
        self.report(
            Diagnostic::new(
                Code::E0204,
                format!("{} {what} is needed here", article(what)),
            )
            .at(expr.span, format!("no {what}"))
            .help(format!(
                "there are {}",
                listed(table.iter().map(|d| d.name), 12)
            )),
        );
        None
    }
}

/// Whether a name as an argument stands for itself.
fn takes_word(found: &Declared, arg: &Arg) -> bool {
    let name = arg.name.as_ref().map(|name| name.text.as_str());
    found.parameters.iter().any(|p| match p.wants {
        Wants::Word(_) => name == Some(p.name),
        // whoever takes a field takes nothing else
        Wants::Field => true,
        _ => false,
    })
}

fn article(what: &str) -> &'static str {
    if what.starts_with(['a', 'e', 'i', 'o', 'u']) {
        "an"
    } else {
        "a"
    }
}

fn unknown(name: &str, at: Span, table: &[Declared], what: &str) -> Diagnostic {
    let diagnostic = Diagnostic::new(Code::E0201, format!("there is no {what} `{name}`"))
        .at(at, format!("unknown {what}"));
    let names = || table.iter().map(|declared| declared.name);
    match nearest(name, names()) {
        Some(near) => diagnostic.replace(
            format!("there is one with a similar name: `{near}`"),
            at,
            near,
        ),
        None => diagnostic.help(format!("there are {}", listed(names(), 12))),
    }
}

fn signature(declared: &Declared) -> Signature {
    let slots = declared.parameters.iter().map(|p| Slot {
        name: p.name.to_string(),
        optional: p.optional,
        positional: p.positional,
    });
    let written: Vec<String> = declared
        .parameters
        .iter()
        .map(|p| format!("{}: …", p.name))
        .collect();
    Signature::of_parameters(
        declared.name,
        slots.collect(),
        format!("{}({})", declared.name, written.join(", ")),
    )
}

impl Wants {
    /// Whether a number can be what is wanted.
    fn is_number(self) -> bool {
        use Wants::*;
        matches!(
            self,
            Int { .. } | Rate | Above(..) | Below(..) | Number | Size
        )
    }

    /// Why a value does not do, as the end of a sentence.
    pub fn check(self, value: &Value) -> Result<(), String> {
        let number = match value {
            Value::Number(n) => n.as_f64(),
            _ => None,
        };
        let fits = match self {
            Wants::Text => matches!(value, Value::Str(_)),
            Wants::Bool => matches!(value, Value::Bool(Some(_))),
            Wants::Int { min, max } => match value {
                Value::Number(n) => n.as_int().is_some_and(|n| (min..=max).contains(&n)),
                _ => false,
            },
            Wants::Rate => rate(value).is_some(),
            Wants::Above(low, high) => number.is_some_and(|x| x > low && x <= high),
            Wants::Below(low, high) => number.is_some_and(|x| x >= low && x < high),
            Wants::Number => number.is_some_and(f64::is_finite),
            Wants::Numbers => numbers(value).is_some_and(|n| !n.is_empty()),
            Wants::Positive => {
                numbers(value).is_some_and(|n| !n.is_empty() && n.iter().all(|x| *x > 0.0))
            }
            Wants::Statistics => matches!(value, Value::Statistics(_)),
            Wants::Size => size(value).is_some(),
            Wants::Range => {
                numbers(value).is_some_and(|n| n.len() == 2 && n[0] > 0.0 && n[0] <= n[1])
            }
            Wants::Word(words) => matches!(value, Value::Word(word) if words.contains(&&**word)),
            Wants::Chain | Wants::Field => matches!(value, Value::Word(_)),
            Wants::Betas => numbers(value)
                .is_some_and(|n| n.len() == 2 && n.iter().all(|x| (0.0..1.0).contains(x))),
            Wants::Texts => texts(value).is_some_and(|t| t.iter().all(|t| !t.is_empty())),
            Wants::Renames => {
                pairs(value).is_some_and(|p| p.iter().all(|(old, _)| !old.is_empty()))
            }
        };
        if fits {
            return Ok(());
        }
        let got = match (self, value) {
            (Wants::Positive | Wants::Betas | Wants::Size | Wants::Range, list)
                if numbers(list).is_some() =>
            {
                let list: Vec<String> =
                    numbers(list).iter().flatten().map(f64::to_string).collect();
                format!("[{}]", list.join(", "))
            }
            (Wants::Statistics, other) => other.kind().to_string(),
            (_, Value::Number(n)) => format!("{n}"),
            (Wants::Word(_), Value::Word(word)) => format!("`{word}`"),
            (_, other) => other.kind().to_string(),
        };
        Err(format!("is {}, but this is {got}", self.words()))
    }

    /// What is taken, in words.
    pub fn words(self) -> String {
        match self {
            Wants::Text => "a string".to_string(),
            Wants::Bool => "`true` or `false`".to_string(),
            Wants::Int { min, max } if max == i64::MAX => {
                format!("a whole number of at least {min}")
            }
            Wants::Int { min, max } => format!("a whole number from {min} to {max}"),
            Wants::Rate => "a number above 0, or a schedule that is not below 0".to_string(),
            Wants::Above(low, high) if high.is_infinite() => format!("a number above {low}"),
            Wants::Above(low, high) => format!("a number above {low}, at most {high}"),
            Wants::Below(low, high) if high.is_infinite() => {
                format!("a number of at least {low}")
            }
            Wants::Below(low, high) => format!("a number from {low} to below {high}"),
            Wants::Number => "a number".to_string(),
            Wants::Numbers => "a list of numbers".to_string(),
            Wants::Positive => "a list of numbers above 0".to_string(),
            Wants::Statistics => "`statistics(…)`".to_string(),
            Wants::Size => "a whole number from 1 to 10000, or `(height, width)`".to_string(),
            Wants::Range => "a pair of numbers above 0, the smaller one first".to_string(),
            Wants::Word(words) => (words.iter())
                .map(|word| format!("`{word}`"))
                .collect::<Vec<_>>()
                .join(" or "),
            Wants::Chain => "a chain of transforms".to_string(),
            Wants::Field => "the name of a field".to_string(),
            Wants::Betas => "a pair of numbers from 0 to below 1".to_string(),
            Wants::Texts => "a list of strings".to_string(),
            Wants::Renames => "a list of pairs of strings".to_string(),
        }
    }
}
