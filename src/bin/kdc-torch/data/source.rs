//! Where samples come from. Sources are tried in order; one that is there but broken is an error.

use super::samples::{Bytes, Samples, Splits, Values};
use super::{cifar, folder, mnist, table};
use crate::failure::{Failure, Result};
use kdc::data::{phrases, shapes};
use kdc::hash::Fnv;
use kdc::plan::{DataSource, TableFormat};
use std::path::Path;
use tch::{Kind, Tensor};

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
        if let Some(path) = path_of(source).filter(|path| !is_there(path)) {
            passed_over.push(format!("there is no `{path}`"));
            continue;
        }
        let splits = match source {
            DataSource::Cifar10 { path } => cifar::read(Path::new(path), &cifar::CIFAR10)?,
            DataSource::Cifar100 { path } => cifar::read(Path::new(path), &cifar::CIFAR100)?,
            DataSource::Mnist { path } => mnist::read(Path::new(path))?,
            DataSource::Folder {
                path,
                train,
                test,
                classes,
            } => folder::read(Path::new(path), train, test, *classes)?,
            DataSource::Table {
                format,
                path,
                test,
                columns,
            } => table::read(*format, path, test.as_deref(), columns)?,
            DataSource::Phrases {
                train,
                test,
                length,
            } => Splits::new(
                tokens(shapes::Split::Train, *train, *length)?,
                tokens(shapes::Split::Test, *test, *length)?,
            ),
            DataSource::Shapes { train, test } => Splits::new(
                draw(shapes::Split::Train, *train)?,
                draw(shapes::Split::Test, *test)?,
            ),
        };
        return Ok(Found {
            hash: hash(&splits)?,
            splits,
            source: describe(source),
            passed_over,
        });
    }
    let drawn = match sources.first() {
        Some(DataSource::Cifar10 { .. }) => "; `… or shapes()` needs no files",
        _ => "",
    };
    Err(Failure::Usage(format!(
        "no data: {}\npaths are relative to where kdc is started{drawn}",
        passed_over.join(", ")
    )))
}

/// What must be there for a source to be taken.
fn path_of(source: &DataSource) -> Option<&str> {
    match source {
        DataSource::Cifar10 { path }
        | DataSource::Cifar100 { path }
        | DataSource::Mnist { path }
        | DataSource::Folder { path, .. }
        | DataSource::Table { path, .. } => Some(path),
        DataSource::Phrases { .. } | DataSource::Shapes { .. } => None,
    }
}

fn is_there(path: &str) -> bool {
    table::files(path).iter().any(|file| file.exists())
}

fn draw(split: shapes::Split, count: u64) -> Result<Samples> {
    let drawn = shapes::draw(split, count as usize);
    let bytes = Bytes {
        images: drawn.images,
        labels: drawn.labels,
    };
    bytes.samples([3, shapes::SIDE as i64, shapes::SIDE as i64])
}

/// Sequences, and for each token the one after it.
fn tokens(split: shapes::Split, count: u64, length: u64) -> Result<Samples> {
    let (count, length) = (count as i64, length as i64);
    let drawn = phrases::draw(split, count as usize, length as usize + 1);
    let drawn = Tensor::f_from_slice(&drawn)?.f_to_kind(Kind::Int64)?;
    let drawn = drawn.f_reshape([count, length + 1])?;
    let part = |from: i64| -> Result<Values> {
        Ok(Values::Tensor(
            drawn.f_narrow(1, from, length)?.f_contiguous()?,
        ))
    };
    Ok(Samples {
        columns: vec![("ids".into(), part(0)?), ("label".into(), part(1)?)],
        count,
    })
}

fn describe(source: &DataSource) -> String {
    match source {
        DataSource::Cifar10 { path } => format!("cifar10(\"{path}\")"),
        DataSource::Cifar100 { path } => format!("cifar100(\"{path}\")"),
        DataSource::Mnist { path } => format!("mnist(\"{path}\")"),
        DataSource::Folder { path, classes, .. } => {
            format!("folder(\"{path}\", classes: {classes})")
        }
        DataSource::Table { format, path, .. } => {
            let name = match format {
                TableFormat::Csv => "csv",
                TableFormat::Jsonl => "jsonl",
                TableFormat::Parquet => "parquet",
                TableFormat::Npz => "npz",
            };
            format!("{name}(\"{path}\")")
        }
        DataSource::Phrases {
            train,
            test,
            length,
        } => format!("phrases(train: {train}, test: {test}, length: {length})"),
        DataSource::Shapes { train, test } => format!("shapes(train: {train}, test: {test})"),
    }
}

fn hash(splits: &Splits) -> Result<String> {
    let mut hash = Fnv::default();
    for samples in [&splits.train, &splits.test] {
        samples.hash(&mut hash)?;
    }
    Ok(format!("fnv1a64:{:016x}", hash.finish()))
}
