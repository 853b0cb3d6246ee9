//! Columns of classes: whole numbers, or words that are numbered in their order.

use super::tokens::{self, Text, Tokens};
use super::{Cells, Table, number};
use crate::failure::{Failure, Result};
use kdc::plan::{self, Column, Labels, Read, UNCOUNTED};
use serde_json::Value;
use std::collections::BTreeSet;
use tch::{Kind, Tensor};

/// The classes of a column of words, in order.
pub struct Names(Vec<String>);

impl Names {
    /// None for a column of numbers, or of something else.
    pub fn of(table: &Table, column: &Column) -> Result<Option<Names>> {
        let count = match &column.read {
            Read::Class(count) => *count,
            Read::Label(labels) => labels.classes,
            _ => return Ok(None),
        };
        let Cells::Values(values) = table.cells(&column.column)? else {
            return Ok(None);
        };
        let rows = values.iter().enumerate();
        let each: Vec<(usize, &Value)> =
            rows.flat_map(|(row, value)| elements(row, value)).collect();
        if each.iter().all(|(_, value)| number(value).is_some()) {
            return Ok(None);
        }
        let mut words = BTreeSet::new();
        for (row, value) in each {
            match value {
                Value::String(word) => words.insert(word.clone()),
                other => return Err(table.wrong(&column.column, row, other, "is no class")),
            };
        }
        if let Read::Label(labels) = &column.read {
            words.remove(&labels.ignore.to_string());
        }
        if words.len() as u64 > count {
            return Err(Failure::Usage(format!(
                "`{}` has {} different values in the column `{}`, but `class({count})` was said",
                table.path,
                words.len(),
                column.column
            )));
        }
        Ok(Some(Names(words.into_iter().collect())))
    }
}

/// A value, or those of a list.
fn elements(row: usize, value: &Value) -> Vec<(usize, &Value)> {
    match value {
        Value::Array(values) => values.iter().map(|value| (row, value)).collect(),
        one => vec![(row, one)],
    }
}

impl Table {
    pub fn classes(&self, column: &Column, count: u64, names: Option<&Names>) -> Result<Tensor> {
        let name = &column.column;
        self.each(name, |row, value| {
            self.class(name, row, value, count, names)
        })
    }

    /// Classes of which some do not count, one for each sample or for each token.
    pub fn labels(
        &self,
        column: &Column,
        labels: &Labels,
        names: Option<&Names>,
        made: &[Tokens],
    ) -> Result<Tensor> {
        let all = match &labels.words {
            Some(words) => self.of_words(column, labels, names, (words, made))?,
            None => {
                let name = &column.column;
                self.each(name, |row, value| {
                    self.label(name, row, value, labels, names)
                })?
            }
        };
        let counted = all.f_ge(0)?.f_any()?;
        if all.numel() > 0 && !bool::try_from(counted)? {
            return Err(Failure::Usage(format!(
                "no class in the column `{}` of `{}` counts: all are {}",
                column.column, self.path, labels.ignore
            )));
        }
        Ok(all)
    }

    /// What `class` says of each value.
    fn each(&self, name: &str, class: impl Fn(usize, &Value) -> Result<i64>) -> Result<Tensor> {
        let numbers;
        let values = match self.cells(name)? {
            Cells::Values(values) => values,
            Cells::Array(array) => {
                let whole = self.whole_numbers(name, array)?;
                numbers = whole.into_iter().map(Value::from).collect::<Vec<_>>();
                &numbers
            }
        };
        let rows = values.iter().enumerate();
        let classes = rows.map(|(row, value)| class(row, value));
        let classes: Vec<i64> = classes.collect::<Result<_>>()?;
        Ok(Tensor::f_from_slice(&classes)?)
    }

    /// The class of a word stands at the word's first token.
    fn of_words(
        &self,
        column: &Column,
        labels: &Labels,
        names: Option<&Names>,
        (words, made): (&plan::Words, &[Tokens]),
    ) -> Result<Tensor> {
        let name = &column.column;
        let found = tokens::find(made, &words.column, &words.tokenizer);
        let found = found.ok_or_else(|| Failure::Bug("words without tokens".into()))?;
        let Cells::Values(values) = self.cells(name)? else {
            return Err(Failure::Usage(format!(
                "the array `{name}` of `{}` holds numbers, but `align` takes a list for each text",
                self.path
            )));
        };
        let length = words.tokenizer.length as usize;
        let mut all = Vec::with_capacity(values.len() * length);
        for (row, (value, text)) in values.iter().zip(&found.texts).enumerate() {
            let Value::Array(classes) = value else {
                return Err(self.wrong(name, row, value, "is no list of classes"));
            };
            self.as_many(name, row, value, (classes.len(), text, &words.column))?;
            let classes: Vec<i64> = classes
                .iter()
                .map(|class| self.label(name, row, class, labels, names))
                .collect::<Result<_>>()?;
            let mut before = None;
            for place in 0..length {
                let word = text.words.get(place).copied().flatten();
                all.push(match word {
                    Some(word) if Some(word) != before => classes[word as usize],
                    _ => UNCOUNTED,
                });
                before = word.or(before);
            }
        }
        let size = [values.len() as i64, length as i64];
        Ok(Tensor::f_from_slice(&all)?.f_reshape(size)?)
    }

    fn as_many(
        &self,
        name: &str,
        row: usize,
        value: &Value,
        (classes, text, column): (usize, &Text, &str),
    ) -> Result<()> {
        let why = match text.count {
            Some(words) if words == classes => return Ok(()),
            Some(words) => format!("has {classes} classes, but `{column}` has {words} words"),
            None => {
                format!("belongs to words, but `{column}` is one string; make it a list of words")
            }
        };
        Err(self.wrong(name, row, value, &why))
    }

    /// A class, or [`UNCOUNTED`].
    fn label(
        &self,
        name: &str,
        row: usize,
        value: &Value,
        labels: &Labels,
        names: Option<&Names>,
    ) -> Result<i64> {
        match number(value) == Some(labels.ignore as f64) {
            true => Ok(UNCOUNTED),
            false => self.class(name, row, value, labels.classes, names),
        }
    }

    fn class(
        &self,
        name: &str,
        row: usize,
        value: &Value,
        count: u64,
        names: Option<&Names>,
    ) -> Result<i64> {
        if let Some(Names(names)) = names {
            let word = value.as_str().unwrap_or_default();
            let class = names.binary_search_by(|known| known.as_str().cmp(word));
            let why = "is no class of the training samples";
            return class
                .map(|class| class as i64)
                .map_err(|_| self.wrong(name, row, value, why));
        }
        let whole = number(value).filter(|n| n.fract() == 0.0);
        let class = whole.map(|n| n as i64);
        let class = class.ok_or_else(|| self.wrong(name, row, value, "is no whole number"))?;
        match (0..count as i64).contains(&class) {
            true => Ok(class),
            false => Err(self.beyond(name, row, &class.into(), count)),
        }
    }

    fn beyond(&self, name: &str, row: usize, class: &Value, count: u64) -> Failure {
        let why = format!("is not from 0 to {}, as `class({count})` says", count - 1);
        self.wrong(name, row, class, &why)
    }

    fn whole_numbers(&self, name: &str, array: &Tensor) -> Result<Vec<i64>> {
        let flat = array.f_reshape([-1])?;
        if flat.size()[0] != self.rows as i64 || array.is_floating_point() {
            return Err(Failure::Usage(format!(
                "the array `{name}` of `{}` is {:?} of {:?}, but a class is one whole number for each sample",
                self.path,
                array.size(),
                array.kind()
            )));
        }
        Ok(Vec::try_from(flat.f_to_kind(Kind::Int64)?)?)
    }
}
