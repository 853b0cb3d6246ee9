//! Compile-time numbers: one kind for users, exact for whole numbers, else f64.
//!
//! A number may also depend on what only the run knows, such as the batch size `N`; then it is a formula
//! that the plan carries.

use crate::plan::Arg;
use crate::shape::Dim;
use crate::syntax::ast::BinaryOp;

/// `1,186,986`
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[derive(Clone, Debug, PartialEq)]
pub enum Number {
    Int(i64),
    Float(f64),
    /// Depends on a symbol. As a dimension where it is a multiple of one symbol, else `Dim::Unknown`.
    Symbolic {
        dim: Dim,
        formula: Arg,
    },
    /// Decided by whoever uses the model or loss that is being checked by itself.
    Unknown,
}

/// Why a calculation has no result, as the end of a sentence.
#[derive(Clone, Debug, PartialEq)]
pub enum Trouble {
    Overflow,
    DivisionByZero,
    NotFinite,
}

impl Trouble {
    pub fn words(&self) -> &'static str {
        match self {
            Trouble::Overflow => "is too large for a whole number of 64 bits",
            Trouble::DivisionByZero => "divides by zero",
            Trouble::NotFinite => "is no finite number",
        }
    }
}

impl Number {
    pub fn from_dim(dim: &Dim) -> Number {
        match dim {
            Dim::Known(n) => i64::try_from(*n).map_or(Number::Unknown, Number::Int),
            Dim::Symbol { name, times: 1 } => Number::Symbolic {
                dim: dim.clone(),
                formula: Arg::Text(name.to_string()),
            },
            Dim::Symbol { name, times } => Number::Symbolic {
                dim: dim.clone(),
                formula: formula(
                    "mul",
                    [Arg::Int(*times as i64), Arg::Text(name.to_string())],
                ),
            },
            Dim::Unknown => Number::Unknown,
        }
    }

    /// As a dimension; none if it is negative or not whole.
    pub fn dim(&self) -> Option<Dim> {
        match self {
            Number::Int(n) => u64::try_from(*n).ok().map(Dim::Known),
            Number::Float(_) => None,
            Number::Symbolic { dim, .. } => Some(dim.clone()),
            Number::Unknown => Some(Dim::Unknown),
        }
    }

    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Number::Int(n) => Some(*n as f64),
            Number::Float(x) => Some(*x),
            _ => None,
        }
    }

    /// A whole number, also when it was written `2.0`.
    pub fn as_int(&self) -> Option<i64> {
        match self {
            Number::Int(n) => Some(*n),
            Number::Float(x) if x.fract() == 0.0 && x.abs() < 9e15 => Some(*x as i64),
            _ => None,
        }
    }

    /// As the plan carries it; none while it is unknown.
    pub fn arg(&self) -> Option<Arg> {
        match self {
            Number::Int(n) => Some(Arg::Int(*n)),
            Number::Float(x) => Some(Arg::Number(*x)),
            Number::Symbolic { formula, .. } => Some(formula.clone()),
            Number::Unknown => None,
        }
    }

    /// A number that changes while a stage trains.
    pub fn over_time(schedule: Arg) -> Number {
        Number::Symbolic {
            dim: Dim::Unknown,
            formula: schedule,
        }
    }

    /// Whether it changes while a stage trains.
    pub fn changes(&self) -> bool {
        matches!(self, Number::Symbolic { formula, .. } if formula.changes())
    }

    pub fn negated(&self) -> Result<Number, Trouble> {
        Number::Int(0).combined(BinaryOp::Sub, self)
    }

    /// Addition, subtraction, multiplication, division, remainder and power.
    pub fn combined(&self, op: BinaryOp, other: &Number) -> Result<Number, Trouble> {
        use Number::{Int, Symbolic, Unknown};
        match (self, other) {
            (Unknown, _) | (_, Unknown) => Ok(Unknown),
            (Symbolic { .. }, _) | (_, Symbolic { .. }) => Ok(self.symbolic(op, other)),
            (Int(a), Int(b)) => whole(op, *a, *b),
            _ => {
                let (a, b) = (self.as_f64().unwrap_or(0.0), other.as_f64().unwrap_or(0.0));
                real(op, a, b)
            }
        }
    }

    fn symbolic(&self, op: BinaryOp, other: &Number) -> Number {
        let name = match op {
            BinaryOp::Add => "add",
            BinaryOp::Sub => "sub",
            BinaryOp::Mul => "mul",
            BinaryOp::Div => "div",
            BinaryOp::Pow => "pow",
            _ => return Number::Unknown,
        };
        let (Some(a), Some(b)) = (self.arg(), other.arg()) else {
            return Number::Unknown;
        };
        let dim = match (op, self.dim(), other.dim()) {
            (BinaryOp::Mul, Some(a), Some(b)) => a.times(&b).unwrap_or(Dim::Unknown),
            _ => Dim::Unknown,
        };
        Number::Symbolic {
            dim,
            formula: formula(name, [a, b]),
        }
    }

    /// `==`, `<` and the like; none where a symbol decides.
    pub fn compared(&self, op: BinaryOp, other: &Number) -> Option<bool> {
        let order = match (self, other) {
            (Number::Int(a), Number::Int(b)) => a.partial_cmp(b)?,
            (Number::Symbolic { dim: a, .. }, Number::Symbolic { dim: b, .. })
                if a == b && *a != Dim::Unknown =>
            {
                std::cmp::Ordering::Equal
            }
            _ => self.as_f64()?.partial_cmp(&other.as_f64()?)?,
        };
        Some(match op {
            BinaryOp::Eq => order.is_eq(),
            BinaryOp::Ne => order.is_ne(),
            BinaryOp::Lt => order.is_lt(),
            BinaryOp::Le => order.is_le(),
            BinaryOp::Gt => order.is_gt(),
            BinaryOp::Ge => order.is_ge(),
            _ => return None,
        })
    }
}

impl std::fmt::Display for Number {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Number::Int(n) => write!(f, "{n}"),
            Number::Float(x) => write!(f, "{x}"),
            Number::Symbolic {
                dim: Dim::Unknown,
                formula,
            } => write!(f, "{formula}"),
            Number::Symbolic { dim, .. } => write!(f, "{dim}"),
            Number::Unknown => f.write_str("?"),
        }
    }
}

fn formula<const K: usize>(calculate: &str, of: [Arg; K]) -> Arg {
    Arg::Formula {
        calculate: calculate.to_string(),
        of: of.to_vec(),
    }
}

fn whole(op: BinaryOp, a: i64, b: i64) -> Result<Number, Trouble> {
    let checked = |n: Option<i64>| n.map(Number::Int).ok_or(Trouble::Overflow);
    match op {
        BinaryOp::Add => checked(a.checked_add(b)),
        BinaryOp::Sub => checked(a.checked_sub(b)),
        BinaryOp::Mul => checked(a.checked_mul(b)),
        BinaryOp::Div | BinaryOp::Rem if b == 0 => Err(Trouble::DivisionByZero),
        BinaryOp::Div if a.checked_rem(b) == Some(0) => checked(a.checked_div(b)),
        BinaryOp::Rem => checked(a.checked_rem_euclid(b)),
        BinaryOp::Pow if b >= 0 => checked(u32::try_from(b).ok().and_then(|b| a.checked_pow(b))),
        _ => real(op, a as f64, b as f64),
    }
}

fn real(op: BinaryOp, a: f64, b: f64) -> Result<Number, Trouble> {
    let result = match op {
        BinaryOp::Add => a + b,
        BinaryOp::Sub => a - b,
        BinaryOp::Mul => a * b,
        BinaryOp::Div | BinaryOp::Rem if b == 0.0 => return Err(Trouble::DivisionByZero),
        BinaryOp::Div => a / b,
        BinaryOp::Rem => a.rem_euclid(b),
        BinaryOp::Pow => a.powf(b),
        _ => return Ok(Number::Unknown),
    };
    if result.is_finite() {
        Ok(Number::Float(result))
    } else {
        Err(Trouble::NotFinite)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use BinaryOp::{Div, Mul, Pow, Rem};

    fn calculate(op: BinaryOp, a: i64, b: i64) -> Result<Number, Trouble> {
        Number::Int(a).combined(op, &Number::Int(b))
    }

    #[test]
    fn digits_are_grouped() {
        assert_eq!(grouped(1_186_986), "1,186,986");
        assert_eq!(grouped(42), "42");
    }

    #[test]
    fn division_is_exact_and_whole_where_it_can_be() {
        assert_eq!(calculate(Div, 18, 6), Ok(Number::Int(3)));
        assert_eq!(calculate(Div, 19, 6), Ok(Number::Float(19.0 / 6.0)));
        assert_eq!(calculate(Div, 1, 0), Err(Trouble::DivisionByZero));
        assert_eq!(calculate(Rem, -1, 6), Ok(Number::Int(5)));
    }

    #[test]
    fn overflow_is_an_error_not_a_wrong_number() {
        assert_eq!(calculate(Mul, i64::MAX, 2), Err(Trouble::Overflow));
        assert_eq!(calculate(Pow, 10, 40), Err(Trouble::Overflow));
        assert_eq!(
            calculate(Div, i64::MIN, -1),
            Ok(Number::Float(9223372036854775808.0))
        );
        assert_eq!(calculate(Pow, 2, -1), Ok(Number::Float(0.5)));
    }

    #[test]
    fn the_batch_size_stays_a_formula() {
        let n = Number::from_dim(&Dim::batch());
        let twice = Number::Int(2).combined(Mul, &n).unwrap();
        assert_eq!(twice.dim().unwrap().to_string(), "2*N");
        assert_eq!(n.compared(BinaryOp::Eq, &n), Some(true));
        assert_eq!(n.compared(BinaryOp::Gt, &Number::Int(3)), None);
    }
}
