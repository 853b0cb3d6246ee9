//! Where samples come from. Sources are tried in order; one that is there but broken is an error.

use super::cifar10;
use crate::failure::{Failure, Result};
use crate::random::Fnv;
use kdc::data::shapes;
use kdc::plan::DataSource;
use std::path::Path;

/// The size of one image: channels, height, width.
pub const IMAGE: [i64; 3] = [3, 32, 32];

/// Images one after the other, each channel by channel, and a label for each.
#[derive(Default)]
pub struct Samples {
    pub images: Vec<u8>,
    pub labels: Vec<u8>,
}

pub struct Splits {
    pub train: Samples,
    pub test: Samples,
}

/// The samples of the source that was taken.
pub struct Found {
    pub splits: Splits,
    /// `cifar10("data/cifar-10-batches-bin")`, and what was tried before.
    pub source: String,
    pub passed_over: Vec<String>,
    /// FNV-1a, 64 bits, of all images and labels.
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
                train: draw(shapes::Split::Train, *train),
                test: draw(shapes::Split::Test, *test),
            },
        };
        return Ok(Found {
            hash: hash(&splits),
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

fn draw(split: shapes::Split, count: u64) -> Samples {
    let drawn = shapes::draw(split, count as usize);
    Samples {
        images: drawn.images,
        labels: drawn.labels,
    }
}

fn describe(source: &DataSource) -> String {
    match source {
        DataSource::Cifar10 { path } => format!("cifar10(\"{path}\")"),
        DataSource::Shapes { train, test } => format!("shapes(train: {train}, test: {test})"),
    }
}

fn hash(splits: &Splits) -> String {
    let mut hash = Fnv::default();
    for samples in [&splits.train, &splits.test] {
        hash.write(&samples.images);
        hash.write(&samples.labels);
    }
    format!("fnv1a64:{:016x}", hash.finish())
}
