//! Shapes: what is known of a tensor's dimensions when a file is compiled.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// One dimension.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Dim {
    Known(u64),
    /// A number that the run decides (`N`, the batch; `images.M`, the number of training samples of a data set), or, where
    /// a model is checked by itself, one that its user decides: `times` of it.
    Symbol {
        name: Arc<str>,
        times: u64,
    },
    /// Nothing is known: it follows from symbols by arithmetic that is not tracked, or from
    /// something that was wrong already. It agrees with everything. Never in a plan.
    Unknown,
}

impl Dim {
    pub fn symbol(name: &str) -> Dim {
        Dim::Symbol {
            name: name.into(),
            times: 1,
        }
    }

    /// The batch dimension.
    pub fn batch() -> Dim {
        Dim::symbol("N")
    }

    pub fn known(&self) -> Option<u64> {
        match self {
            Dim::Known(n) => Some(*n),
            _ => None,
        }
    }

    /// Whether the two are surely different.
    pub fn differs(&self, other: &Dim) -> bool {
        self != other && *self != Dim::Unknown && *other != Dim::Unknown
    }

    /// The product, none on overflow.
    pub fn times(&self, other: &Dim) -> Option<Dim> {
        Some(match (self, other) {
            (Dim::Known(a), Dim::Known(b)) => Dim::Known(a.checked_mul(*b)?),
            (Dim::Symbol { name, times }, Dim::Known(n))
            | (Dim::Known(n), Dim::Symbol { name, times }) => Dim::Symbol {
                name: name.clone(),
                times: times.checked_mul(*n)?,
            },
            _ => Dim::Unknown,
        })
    }
}

impl fmt::Display for Dim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Dim::Known(n) => write!(f, "{n}"),
            Dim::Symbol { name, times: 1 } => f.write_str(name),
            Dim::Symbol { name, times } => write!(f, "{times}*{name}"),
            Dim::Unknown => f.write_str("?"),
        }
    }
}

/// The dimensions of a tensor, outermost first. Written `[N, 64, 8, 8]` everywhere.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
pub struct Shape(pub Vec<Dim>);

impl Shape {
    pub fn rank(&self) -> usize {
        self.0.len()
    }

    /// Whether the two surely differ, in rank or in a dimension.
    pub fn differs(&self, other: &Shape) -> bool {
        self.rank() != other.rank() || self.0.iter().zip(&other.0).any(|(a, b)| a.differs(b))
    }

    /// The number of elements with every symbol taken as 1: those of one sample. None on overflow or
    /// when a dimension is unknown.
    pub fn elements_per_sample(&self) -> Option<u64> {
        self.0.iter().try_fold(1u64, |product, dim| {
            product.checked_mul(match dim {
                Dim::Known(n) => *n,
                Dim::Symbol { times, .. } => *times,
                Dim::Unknown => return None,
            })
        })
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[")?;
        for (i, dim) in self.0.iter().enumerate() {
            if i > 0 {
                f.write_str(", ")?;
            }
            write!(f, "{dim}")?;
        }
        f.write_str("]")
    }
}

impl FromStr for Dim {
    type Err = String;

    fn from_str(text: &str) -> Result<Dim, String> {
        let (times, name) = text.split_once('*').unwrap_or(("1", text));
        if let Ok(n) = text.parse() {
            Ok(Dim::Known(n))
        } else if text == "?" {
            Ok(Dim::Unknown)
        } else {
            Ok(Dim::Symbol {
                name: name.into(),
                times: times
                    .parse()
                    .map_err(|_| format!("`{text}` is no dimension"))?,
            })
        }
    }
}

impl FromStr for Shape {
    type Err = String;

    fn from_str(text: &str) -> Result<Shape, String> {
        let inner = text
            .strip_prefix('[')
            .and_then(|t| t.strip_suffix(']'))
            .ok_or_else(|| format!("`{text}` is no shape"))?;
        inner
            .split(',')
            .map(str::trim)
            .filter(|dim| !dim.is_empty())
            .map(str::parse)
            .collect::<Result<_, _>>()
            .map(Shape)
    }
}

impl Serialize for Shape {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Shape {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Shape, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(D::Error::custom)
    }
}
