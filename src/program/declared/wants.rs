//! What arguments have to be, and how that is said.

use super::settings::{numbers, pairs, rate, size, texts};
use crate::program::value::Value;

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
    /// A network, by its name.
    Network,
}

impl Wants {
    /// Whether a number can be what is wanted.
    pub(super) fn is_number(self) -> bool {
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
            Wants::Chain | Wants::Field | Wants::Network => matches!(value, Value::Word(_)),
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
            Wants::Network => "the name of a network".to_string(),
            Wants::Betas => "a pair of numbers from 0 to below 1".to_string(),
            Wants::Texts => "a list of strings".to_string(),
            Wants::Renames => "a list of pairs of strings".to_string(),
        }
    }
}
