//! Samples as a source gives them, before any transform.

use super::files::Pictures;
use crate::failure::Result;
use crate::layout;
use kdc::hash::Fnv;
use std::collections::BTreeMap;
use std::rc::Rc;
use tch::{Kind, Tensor};

pub struct Samples {
    /// By the field's name.
    pub columns: Vec<(String, Values)>,
    pub count: i64,
}

/// One column, with a row for each sample.
pub enum Values {
    /// Bytes of pictures `[n, C, H, W]`, whole numbers or real numbers.
    Tensor(Tensor),
    /// Pictures in files, of any size.
    Pictures(Rc<Pictures>),
}

pub struct Splits {
    pub train: Samples,
    pub test: Samples,
    /// What the classes of a field are called, in order, where the source says it.
    pub class_names: BTreeMap<String, Vec<String>>,
}

/// Pictures of one size one after the other, each channel by channel, and a label for each.
#[derive(Default)]
pub struct Bytes {
    pub images: Vec<u8>,
    pub labels: Vec<u8>,
}

impl Splits {
    /// Of a source whose classes have no names.
    pub fn new(train: Samples, test: Samples) -> Splits {
        Splits {
            train,
            test,
            class_names: BTreeMap::new(),
        }
    }
}

impl Samples {
    pub fn column(&self, name: &str) -> Option<&Values> {
        let column = self.columns.iter().find(|(n, _)| n == name);
        column.map(|(_, values)| values)
    }

    /// No samples of the same columns.
    pub fn none_of(&self) -> Result<Samples> {
        let columns = self.columns.iter().map(|(name, values)| {
            let none = match values {
                Values::Tensor(tensor) => Values::Tensor(tensor.f_narrow(0, 0, 0)?),
                Values::Pictures(_) => Values::Pictures(Rc::new(Pictures::none())),
            };
            Ok((name.clone(), none))
        });
        Ok(Samples {
            columns: columns.collect::<Result<_>>()?,
            count: 0,
        })
    }

    /// Adds all values to a hash; of files their names and sizes.
    pub fn hash(&self, hash: &mut Fnv) -> Result<()> {
        for (name, values) in &self.columns {
            hash.write(name.as_bytes());
            match values {
                Values::Tensor(tensor) => {
                    hash.write(&layout::bytes(tensor)?);
                }
                Values::Pictures(pictures) => pictures.hash(hash)?,
            }
        }
        Ok(())
    }
}

impl Bytes {
    /// The size of a picture is `[channels, height, width]`.
    pub fn samples(self, [channels, height, width]: [i64; 3]) -> Result<Samples> {
        let count = self.labels.len() as i64;
        let images =
            Tensor::f_from_slice(&self.images)?.f_reshape([count, channels, height, width])?;
        let labels = Tensor::f_from_slice(&self.labels)?.f_to_kind(Kind::Int64)?;
        let columns = [("image", images), ("label", labels)];
        let columns = columns.map(|(name, values)| (name.to_string(), Values::Tensor(values)));
        Ok(Samples {
            columns: columns.into(),
            count,
        })
    }
}
