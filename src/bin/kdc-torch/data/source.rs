//! Where samples come from. Sources are tried in order; one that is there but broken is an error.

use super::cifar10;
use crate::failure::{Failure, Result};
use crate::random::Fnv;
use kdc::data::shapes;
use kdc::plan::DataSource;
use std::path::Path;
use tch::{Kind, Tensor};

/// Samples as a source gives them, before any transform.
pub struct Samples {
    /// By the field's name: bytes of pictures `[n, C, H, W]`, or whole numbers `[n]`.
    pub columns: Vec<(String, Tensor)>,
    pub count: i64,
}

impl Samples {
    pub fn column(&self, name: &str) -> Option<&Tensor> {
        let column = self.columns.iter().find(|(n, _)| n == name);
        column.map(|(_, values)| values)
    }
}

pub struct Splits {
    pub train: Samples,
    pub test: Samples,
}

/// Pictures of one size one after the other, each channel by channel, and a label for each.
#[derive(Default)]
pub struct Bytes {
    pub images: Vec<u8>,
    pub labels: Vec<u8>,
}

impl Bytes {
    /// The size of a picture is `[channels, height, width]`.
    pub fn samples(self, [channels, height, width]: [i64; 3]) -> Result<Samples> {
        let count = self.labels.len() as i64;
        let images =
            Tensor::f_from_slice(&self.images)?.f_reshape([count, channels, height, width])?;
        let labels = Tensor::f_from_slice(&self.labels)?.f_to_kind(Kind::Int64)?;
        Ok(Samples {
            columns: vec![("image".into(), images), ("label".into(), labels)],
            count,
        })
    }
}

/// The samples of the source that was taken.
pub struct Found {
    pub splits: Splits,
    /// `cifar10("data/cifar-10-batches-bin")`, and what was tried before.
    pub source: String,
    pub passed_over: Vec<String>,
    /// FNV-1a, 64 bits, of all that the source gives.
    pub hash: String,
}

pub fn find(sources: &[DataSource]) -> Result<Found> {
    let mut passed_over = Vec::new();
    for source in sources {
        let splits = match source {
            DataSource::Cifar10 { path } if !Path::new(path).exists() => {
                passed_over.push(format!("there is no `{path}`"));
                continue;
            }
            DataSource::Cifar10 { path } => cifar10::read(Path::new(path), 10_000)?,
            DataSource::Shapes { train, test } => Splits {
                train: draw(shapes::Split::Train, *train)?,
                test: draw(shapes::Split::Test, *test)?,
            },
        };
        return Ok(Found {
            hash: hash(&splits)?,
            splits,
            source: describe(source),
            passed_over,
        });
    }
    Err(Failure::Usage(format!(
        "no data: {}\n`cifar10` wants a folder with CIFAR-10's binary version; `… or shapes()` needs no files",
        passed_over.join(", ")
    )))
}

fn draw(split: shapes::Split, count: u64) -> Result<Samples> {
    let drawn = shapes::draw(split, count as usize);
    let bytes = Bytes {
        images: drawn.images,
        labels: drawn.labels,
    };
    bytes.samples([3, shapes::SIDE as i64, shapes::SIDE as i64])
}

fn describe(source: &DataSource) -> String {
    match source {
        DataSource::Cifar10 { path } => format!("cifar10(\"{path}\")"),
        DataSource::Shapes { train, test } => format!("shapes(train: {train}, test: {test})"),
    }
}

fn hash(splits: &Splits) -> Result<String> {
    let mut hash = Fnv::default();
    for samples in [&splits.train, &splits.test] {
        for (name, values) in &samples.columns {
            hash.write(name.as_bytes());
            let mut bytes = vec![0; values.numel() * values.kind().elt_size_in_bytes()];
            values.f_copy_data_u8(&mut bytes, values.numel())?;
            hash.write(&bytes);
        }
    }
    Ok(format!("fnv1a64:{:016x}", hash.finish()))
}
