//! Columns of classes: whole numbers, or words.

use super::names::Names;
use super::tokens::{self, Text, Tokens};
use super::{Cells, Table, number, whole};
use crate::failure::{Failure, Result};
use kdc::plan::{self, Column, Labels, TokenizerKind, UNCOUNTED};
use serde_json::Value;
use tch::{Kind, Tensor};

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
        let values = self.lists(name)?;
        let length = words.tokenizer.length as usize;
        let mut all = Vec::with_capacity(values.len() * length);
        for (row, (value, text)) in values.iter().zip(&found.texts).enumerate() {
            let Value::Array(classes) = value else {
                return Err(self.wrong(name, row, value, "is no list of classes"));
            };
            self.as_many(name, row, value, (classes.len(), text, words))?;
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
        (classes, text, plan::Words { column, tokenizer }): (usize, &Text, &plan::Words),
    ) -> Result<()> {
        let parts = match tokenizer.kind {
            TokenizerKind::Ready => "tokens",
            _ => "words",
        };
        let why = match text.count {
            Some(count) if count == classes => return Ok(()),
            Some(count) => format!("has {classes} classes, but `{column}` has {count} {parts}"),
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
        let named = names.map_or(Ok(None), |names| names.class(value));
        if let Some(class) = named.map_err(|why| self.wrong(name, row, value, why))? {
            return Ok(class);
        }
        let class =
            whole(value).ok_or_else(|| self.wrong(name, row, value, "is no whole number"))?;
        match (0..count as i64).contains(&class) {
            true => Ok(class),
            false => Err(self.beyond(name, row, &class.into(), count)),
        }
    }

    fn beyond(&self, name: &str, row: usize, class: &Value, count: u64) -> Failure {
        let mut why = format!("is not from 0 to {}, as `class({count})` says", count - 1);
        if class.as_u64() == Some(count) {
            let list = "class(3, names: [\"1\", \"2\", \"3\"])";
            why +=
                &format!("\nclasses are counted from 0; where they are not, list them: `{list}`");
        }
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
