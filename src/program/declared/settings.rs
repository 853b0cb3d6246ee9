//! The arguments of a declared call, read as what they are.

use crate::plan;
use crate::program::value::Value;
use crate::source::Span;

/// The arguments of a call, checked; absent where the default holds.
pub struct Settings {
    pub(super) values: Vec<(&'static str, Value, Span)>,
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

pub(super) fn texts(value: &Value) -> Option<Vec<String>> {
    let one = |value: &Value| match value {
        Value::Str(text) => Some(text.to_string()),
        _ => None,
    };
    value.elements()?.iter().map(one).collect()
}

pub(super) fn pairs(value: &Value) -> Option<Vec<(String, String)>> {
    let one = |value: &Value| match texts(value)?.as_slice() {
        [old, new] => Some((old.clone(), new.clone())),
        _ => None,
    };
    value.elements()?.iter().map(one).collect()
}

/// Height and width, from 1 to 10,000.
pub(super) fn size(value: &Value) -> Option<(u64, u64)> {
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

pub(super) fn numbers(value: &Value) -> Option<Vec<f64>> {
    let one = |value: &Value| match value {
        Value::Number(n) => n.as_f64(),
        _ => None,
    };
    value.elements()?.iter().map(one).collect()
}
