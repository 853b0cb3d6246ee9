//! Tables: a row for each sample. What a column holds the plan says, and it is checked here, before training.

mod csv;
mod jsonl;
mod npz;

use super::files::Pictures;
use super::samples::{Samples, Splits, Values};
use crate::failure::{Failure, Result};
use kdc::plan::{Column, Read, TableFormat};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::Path;
use std::rc::Rc;
use tch::{Kind, Tensor};

/// A file of rows.
pub struct Table {
    /// As it was written.
    path: String,
    /// Of each row its line; empty where a file has none.
    lines: Vec<u64>,
    /// In the order of the columns that were asked for.
    columns: Vec<Cells>,
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
    let names: Vec<&str> = columns.iter().map(|c| c.column.as_str()).collect();
    let open = |path: &str| match format {
        TableFormat::Csv => csv::read(path, &names),
        TableFormat::Jsonl => jsonl::read(path, &names),
        TableFormat::Npz => npz::read(path, &names),
    };
    let table = open(path)?;
    if table.rows()? == 0 {
        return Err(Failure::Usage(format!("`{path}` has no rows")));
    }
    let classes: Vec<Option<Words>> = columns
        .iter()
        .zip(&table.columns)
        .map(|(column, cells)| Words::of(&table, column, cells))
        .collect::<Result<_>>()?;
    let train = table.samples(columns, &classes)?;
    let test = match test {
        Some(test) => open(test)?.samples(columns, &classes)?,
        None => train.none_of()?,
    };
    Ok(Splits { train, test })
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

/// The classes of a column of words, in order.
struct Words(Vec<String>);

impl Words {
    /// None for a column of numbers, or of something else.
    fn of(table: &Table, column: &Column, cells: &Cells) -> Result<Option<Words>> {
        let (Read::Class(count), Cells::Values(values)) = (&column.read, cells) else {
            return Ok(None);
        };
        if values.iter().all(|value| number(value).is_some()) {
            return Ok(None);
        }
        let mut words = BTreeSet::new();
        for (row, value) in values.iter().enumerate() {
            match value {
                Value::String(word) => words.insert(word.clone()),
                other => return Err(table.wrong(column, row, other, "is no class")),
            };
        }
        if words.len() as u64 > *count {
            return Err(Failure::Usage(format!(
                "`{}` has {} different values in the column `{}`, but `class({count})` was said",
                table.path,
                words.len(),
                column.column
            )));
        }
        Ok(Some(Words(words.into_iter().collect())))
    }
}

/// A number, also one in quotes or in a file of text.
fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
    .filter(|number| number.is_finite())
}

impl Table {
    fn rows(&self) -> Result<i64> {
        let count = |cells: &Cells| match cells {
            Cells::Values(values) => values.len() as i64,
            Cells::Array(array) => array.size().first().copied().unwrap_or(0),
        };
        let counts: Vec<i64> = self.columns.iter().map(count).collect();
        let first = counts.first().copied().unwrap_or(0);
        match counts.iter().all(|count| *count == first) {
            true => Ok(first),
            false => Err(Failure::Usage(format!(
                "the arrays of `{}` have different numbers of samples: {counts:?}",
                self.path
            ))),
        }
    }

    fn samples(&self, columns: &[Column], classes: &[Option<Words>]) -> Result<Samples> {
        let count = self.rows()?;
        let read = columns.iter().zip(&self.columns).zip(classes);
        let read = read.map(|((column, cells), words)| {
            let values = match &column.read {
                Read::Number => Values::Tensor(self.numbers(column, cells)?),
                Read::Class(count) => Values::Tensor(self.classes(column, cells, *count, words)?),
                Read::Tensor(sizes) => Values::Tensor(self.tensors(column, cells, sizes)?),
                Read::Picture(folder) => self.pictures(column, cells, Path::new(folder))?,
            };
            Ok((column.field.clone(), values))
        });
        Ok(Samples {
            columns: read.collect::<Result<_>>()?,
            count,
        })
    }

    /// "`birds.csv`, line 17: `grams` is \"heavy\", which is no number"
    fn wrong(&self, column: &Column, row: usize, value: &Value, why: &str) -> Failure {
        let place = match self.lines.get(row) {
            Some(line) => format!("`{}`, line {line}", self.path),
            None => format!("`{}`, sample {row}", self.path),
        };
        let mut shown = value.to_string();
        if shown.chars().count() > 40 {
            shown = shown.chars().take(40).chain(['…']).collect();
        }
        Failure::Usage(format!(
            "{place}: `{}` is {shown}, which {why}",
            column.column
        ))
    }

    fn numbers(&self, column: &Column, cells: &Cells) -> Result<Tensor> {
        match cells {
            Cells::Array(array) => self.tensors(column, &Cells::Array(array.shallow_clone()), &[]),
            Cells::Values(values) => {
                let numbers = values.iter().enumerate().map(|(row, value)| {
                    let number = number(value).map(|n| n as f32);
                    number.ok_or_else(|| self.wrong(column, row, value, "is no number"))
                });
                Ok(Tensor::f_from_slice(
                    &numbers.collect::<Result<Vec<f32>>>()?,
                )?)
            }
        }
    }

    fn classes(
        &self,
        column: &Column,
        cells: &Cells,
        count: u64,
        words: &Option<Words>,
    ) -> Result<Tensor> {
        let numbers = match cells {
            Cells::Array(array) => self.whole_numbers(column, array)?,
            Cells::Values(values) => {
                let class = |(row, value): (usize, &Value)| match words {
                    Some(Words(words)) => {
                        let word = value.as_str().unwrap_or_default();
                        let class = words.iter().position(|known| known == word);
                        let why = "is no class of the training samples";
                        class
                            .map(|class| class as i64)
                            .ok_or_else(|| self.wrong(column, row, value, why))
                    }
                    None => number(value)
                        .filter(|n| n.fract() == 0.0)
                        .map(|n| n as i64)
                        .ok_or_else(|| self.wrong(column, row, value, "is no whole number")),
                };
                values
                    .iter()
                    .enumerate()
                    .map(class)
                    .collect::<Result<_>>()?
            }
        };
        let beyond = numbers.iter().position(|n| !(0..count as i64).contains(n));
        if let Some(row) = beyond {
            let why = format!("is not from 0 to {}, as `class({count})` says", count - 1);
            return Err(self.wrong(column, row, &numbers[row].into(), &why));
        }
        Ok(Tensor::f_from_slice(&numbers)?)
    }

    fn whole_numbers(&self, column: &Column, array: &Tensor) -> Result<Vec<i64>> {
        let flat = array.f_reshape([-1])?;
        if flat.size()[0] != self.rows()? || array.is_floating_point() {
            return Err(Failure::Usage(format!(
                "the array `{}` of `{}` is {:?} of {:?}, but a class is one whole number for each sample",
                column.column,
                self.path,
                array.size(),
                array.kind()
            )));
        }
        Ok(Vec::try_from(flat.f_to_kind(Kind::Int64)?)?)
    }

    /// Numbers of these sizes: bytes stay bytes until they are scaled.
    fn tensors(&self, column: &Column, cells: &Cells, sizes: &[u64]) -> Result<Tensor> {
        let rows = self.rows()?;
        let shape: Vec<i64> = std::iter::once(rows)
            .chain(sizes.iter().map(|size| *size as i64))
            .collect();
        let each: u64 = sizes.iter().product();
        match cells {
            Cells::Array(array) => {
                if array.numel() as u64 != rows as u64 * each {
                    return Err(Failure::Usage(format!(
                        "the array `{}` of `{}` is {:?}, which does not make {shape:?}",
                        column.column,
                        self.path,
                        array.size()
                    )));
                }
                Ok(array.f_reshape(shape.as_slice())?.f_to_kind(Kind::Float)?)
            }
            Cells::Values(values) => {
                let mut all = Vec::with_capacity(values.len() * each as usize);
                for (row, value) in values.iter().enumerate() {
                    let before = all.len();
                    let numbers = flatten(value, &mut all);
                    if !numbers || (all.len() - before) as u64 != each {
                        let why = format!("is no list of {each} numbers");
                        return Err(self.wrong(column, row, value, &why));
                    }
                }
                Ok(Tensor::f_from_slice(&all)?.f_reshape(shape.as_slice())?)
            }
        }
    }

    fn pictures(&self, column: &Column, cells: &Cells, folder: &Path) -> Result<Values> {
        let Cells::Values(values) = cells else {
            return Err(Failure::Usage(format!(
                "the array `{}` of `{}` holds numbers, but `load_image` needs names of files",
                column.column, self.path
            )));
        };
        let mut paths = Vec::with_capacity(values.len());
        for (row, value) in values.iter().enumerate() {
            let path = value.as_str().map(|name| folder.join(name));
            match path {
                Some(path) if path.is_file() => paths.push(path),
                Some(path) => {
                    let why = format!("there is no `{}`", path.display());
                    return Err(self.wrong(column, row, value, &format!("is no file: {why}")));
                }
                None => return Err(self.wrong(column, row, value, "is no name of a file")),
            }
        }
        Ok(Values::Pictures(Rc::new(Pictures::open(paths)?)))
    }
}

/// Adds the numbers of nested lists. False where there is something else.
fn flatten(value: &Value, into: &mut Vec<f32>) -> bool {
    match value {
        Value::Array(values) => values.iter().all(|value| flatten(value, into)),
        Value::Number(number) => {
            into.extend(number.as_f64().map(|n| n as f32));
            true
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests;
