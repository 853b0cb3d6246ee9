//! Tables: a row for each sample. What a column holds the plan says, and it is checked here, before training.

mod classes;
mod csv;
mod jsonl;
mod names;
mod npz;
mod parquet;
mod ready;
mod tokens;
mod values;

use super::samples::{Samples, Splits, Values};
use crate::failure::{Failure, Result};
use crate::weights::names::fits;
use kdc::plan::{Column, Read, TableFormat};
use names::Names;
use serde_json::Value;
use std::iter;
use std::path::{Path, PathBuf};
use tch::Tensor;

/// What one file holds.
pub struct Part {
    path: String,
    /// What its rows are called: lines, rows or samples.
    row: &'static str,
    /// Of each row its number; empty where they count from 0.
    rows: Vec<u64>,
    /// In the order of the columns that were asked for.
    columns: Vec<Cells>,
}

/// One file or several, one after the other.
pub struct Table {
    /// As it was written.
    path: String,
    parts: Vec<Place>,
    /// The columns by their names.
    columns: Vec<(String, Cells)>,
    rows: usize,
}

/// Where a file's rows are.
struct Place {
    path: String,
    first: usize,
    row: &'static str,
    rows: Vec<u64>,
}

/// What a file holds in one column.
pub enum Cells {
    Values(Vec<Value>),
    /// The first dimension is that of the rows.
    Array(Tensor),
}

pub fn read(
    format: TableFormat,
    path: &str,
    test: Option<&str>,
    columns: &[Column],
) -> Result<Splits> {
    let names = names(columns);
    let open = |path: &str| Table::open(format, path, &names);
    let table = open(path)?;
    if table.rows == 0 {
        return Err(Failure::Usage(format!("`{path}` has no rows")));
    }
    let classes = columns.iter().map(|column| Names::of(&table, column));
    let classes = classes.collect::<Result<Vec<_>>>()?;
    let train = table.samples(columns, &classes)?;
    let test = match test {
        Some(test) => open(test)?.samples(columns, &classes)?,
        None => train.none_of()?,
    };
    let named = columns.iter().zip(classes).filter_map(|(column, names)| {
        let names = names?.names;
        Some((column.field.clone(), names))
    });
    Ok(Splits {
        train,
        test,
        class_names: named.collect(),
    })
}

/// The columns that are read, and those whose words others belong to, each once: two fields may begin in one column.
fn names(columns: &[Column]) -> Vec<&str> {
    let mut names: Vec<&str> = Vec::new();
    for column in columns {
        let words = match &column.read {
            Read::Label(labels) => labels.words.as_ref(),
            _ => None,
        };
        let words = words.map(|words| words.column.as_str());
        for name in iter::once(column.column.as_str()).chain(words) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
    }
    names
}

pub fn unreadable(path: &str, why: impl std::fmt::Display) -> Failure {
    Failure::Usage(format!("`{path}` cannot be read: {why}"))
}

/// A column that a file lacks.
pub fn without<'a>(path: &str, column: &str, there: impl Iterator<Item = &'a str>) -> Failure {
    let there: Vec<String> = there.map(|name| format!("`{name}`")).collect();
    Failure::Usage(format!(
        "`{path}` has no column `{column}`\nits columns are {}",
        there.join(", ")
    ))
}

/// The files that a path names, in order: `*` in the file's name stands for any text.
pub fn files(path: &str) -> Vec<PathBuf> {
    let whole = Path::new(path);
    let name = whole.file_name().map(|name| name.to_string_lossy());
    let Some(pattern) = name.filter(|name| name.contains('*')) else {
        return vec![whole.to_path_buf()];
    };
    let folder = match whole.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut found: Vec<PathBuf> = entries
        .filter(|entry| fits(&pattern, &entry.file_name().to_string_lossy()))
        .map(|entry| folder.join(entry.file_name()))
        .collect();
    found.sort();
    found
}

/// A number, also one in quotes or in a file of text. A truth value is 1 or 0.
fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        Value::Bool(truth) => Some(f64::from(*truth)),
        _ => None,
    }
    .filter(|number| number.is_finite())
}

/// A number without a fraction.
fn whole(value: &Value) -> Option<i64> {
    let whole = number(value).filter(|number| number.fract() == 0.0);
    whole.map(|number| number as i64)
}

impl Table {
    fn open(format: TableFormat, path: &str, names: &[&str]) -> Result<Table> {
        let files = files(path);
        if files.is_empty() {
            return Err(unreadable(path, "no file has such a name"));
        }
        let (mut places, mut rows) = (Vec::new(), 0);
        let mut columns: Vec<Vec<Cells>> = names.iter().map(|_| Vec::new()).collect();
        for file in files {
            let file = file.to_string_lossy();
            let part = match format {
                TableFormat::Csv => csv::read(&file, names),
                TableFormat::Jsonl => jsonl::read(&file, names),
                TableFormat::Parquet => parquet::read(&file, names),
                TableFormat::Npz => npz::read(&file, names),
            }?;
            let first = rows;
            rows += part.count()?;
            places.push(Place {
                path: part.path,
                first,
                row: part.row,
                rows: part.rows,
            });
            for (parts, cells) in columns.iter_mut().zip(part.columns) {
                parts.push(cells);
            }
        }
        let columns = names.iter().zip(columns).map(|(name, parts)| {
            let cells = Cells::joined(parts)?;
            Ok(((*name).to_string(), cells))
        });
        Ok(Table {
            path: path.to_string(),
            parts: places,
            columns: columns.collect::<Result<_>>()?,
            rows,
        })
    }

    fn cells(&self, name: &str) -> Result<&Cells> {
        let column = self.columns.iter().find(|(known, _)| known == name);
        let cells = column.map(|(_, cells)| cells);
        cells.ok_or_else(|| Failure::Bug(format!("the column `{name}` was not read")))
    }

    fn samples(&self, columns: &[Column], classes: &[Option<Names>]) -> Result<Samples> {
        let made = tokens::all(self, columns)?;
        // packing makes other samples of all rows
        let count = match made.first() {
            Some(tokens) => tokens.samples(),
            None => self.rows as i64,
        };
        let read = columns.iter().zip(classes).map(|(column, names)| {
            let names = names.as_ref();
            let values = match &column.read {
                Read::Number => Values::Tensor(self.numbers(column)?),
                Read::Class(count) => Values::Tensor(self.classes(column, *count, names)?),
                Read::Label(labels) => Values::Tensor(self.labels(column, labels, names, &made)?),
                Read::Tensor(sizes) => Values::Tensor(self.tensors(column, sizes)?),
                Read::Picture(folder) => self.pictures(column, Path::new(folder))?,
                Read::Tokens { tokenizer, part } => {
                    let tokens = tokens::find(&made, &column.column, tokenizer);
                    let tokens =
                        tokens.ok_or_else(|| Failure::Bug("tokens were not made".into()))?;
                    Values::Tensor(tokens.part(*part)?)
                }
            };
            Ok((column.field.clone(), values))
        });
        Ok(Samples {
            columns: read.collect::<Result<_>>()?,
            count,
        })
    }

    /// "`birds.csv`, line 17: `grams` is \"heavy\", which is no number"
    fn wrong(&self, column: &str, row: usize, value: &Value, why: &str) -> Failure {
        let place = match self.parts.iter().rfind(|part| part.first <= row) {
            Some(part) => {
                let place = row - part.first;
                let number = part.rows.get(place).copied().unwrap_or(place as u64);
                format!("`{}`, {} {number}", part.path, part.row)
            }
            None => format!("`{}`", self.path),
        };
        let mut shown = value.to_string();
        if shown.chars().count() > 40 {
            shown = shown.chars().take(40).chain(['…']).collect();
        }
        Failure::Usage(format!("{place}: `{column}` is {shown}, which {why}"))
    }
}

impl Part {
    fn count(&self) -> Result<usize> {
        let counts: Vec<usize> = self.columns.iter().map(Cells::count).collect();
        let first = counts.first().copied().unwrap_or(0);
        match counts.iter().all(|count| *count == first) {
            true => Ok(first),
            false => Err(Failure::Usage(format!(
                "the arrays of `{}` have different numbers of samples: {counts:?}",
                self.path
            ))),
        }
    }
}

impl Cells {
    fn count(&self) -> usize {
        match self {
            Cells::Values(values) => values.len(),
            Cells::Array(array) => array.size().first().map_or(0, |count| *count as usize),
        }
    }

    /// Those of a column in several files of one format.
    fn joined(parts: Vec<Cells>) -> Result<Cells> {
        let (mut values, mut arrays) = (Vec::new(), Vec::new());
        for part in parts {
            match part {
                Cells::Values(more) => values.extend(more),
                Cells::Array(array) => arrays.push(array),
            }
        }
        Ok(match arrays.as_slice() {
            [] => Cells::Values(values),
            [array] => Cells::Array(array.shallow_clone()),
            arrays => Cells::Array(Tensor::f_cat(arrays, 0)?),
        })
    }
}

#[cfg(test)]
mod tests;
