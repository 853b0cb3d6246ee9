//! Columns of tokens that are made already: lists of whole numbers.

use super::tokens::{Rows, Text};
use super::{Cells, Table, whole};
use crate::failure::{Failure, Result};
use kdc::plan::Tokenizer;
use serde_json::Value;
use std::borrow::Cow;
use tch::{Kind, Tensor};

/// Puts each list into a row.
pub fn fill(
    table: &Table,
    column: &str,
    tokenizer: &Tokenizer,
    rows: &mut Rows,
) -> Result<Vec<Text>> {
    let mut texts = Vec::new();
    for (row, value) in table.lists(column)?.iter().enumerate() {
        let given = tokens(table, column, tokenizer, (row, value))?;
        let padding = tokenizer.padding.map(|padding| padding as i64);
        let last = given.iter().rposition(|id| Some(*id) != padding);
        let ids = &given[..last.map_or(0, |last| last + 1)];
        if ids.is_empty() {
            return Err(table.wrong(column, row, value, "holds no token"));
        }
        rows.fill(ids, padding.unwrap_or(0));
        texts.push(Text {
            words: (0..ids.len() as u32).map(Some).collect(),
            count: Some(given.len()),
        });
    }
    Ok(texts)
}

fn tokens(
    table: &Table,
    column: &str,
    tokenizer: &Tokenizer,
    (row, value): (usize, &Value),
) -> Result<Vec<i64>> {
    let Value::Array(list) = value else {
        return Err(table.wrong(column, row, value, "is no list of whole numbers"));
    };
    let token = |value: &Value| {
        let id = whole(value).ok_or("is no whole number".to_string());
        let id = id.and_then(|id| match (0..tokenizer.vocab as i64).contains(&id) {
            true => Ok(id),
            false => Err(format!(
                "is not from 0 to {}, as `tokens({})` says",
                tokenizer.vocab - 1,
                tokenizer.vocab
            )),
        });
        id.map_err(|why| table.wrong(column, row, value, &why))
    };
    list.iter().map(token).collect()
}

impl Table {
    /// A column of lists. An array is one where its samples have one dimension, of whole numbers.
    pub fn lists(&self, column: &str) -> Result<Cow<'_, [Value]>> {
        let array = match self.cells(column)? {
            Cells::Values(values) => return Ok(Cow::Borrowed(values)),
            Cells::Array(array) => array,
        };
        if array.size().len() != 2 || array.is_floating_point() {
            return Err(Failure::Usage(format!(
                "the array `{column}` of `{}` is {:?} of {:?}, but a list of whole numbers is needed for each sample",
                self.path,
                array.size(),
                array.kind()
            )));
        }
        let list = |row: Tensor| {
            let row = Vec::<i64>::try_from(row.f_to_kind(Kind::Int64)?)?;
            Ok(Value::from(row))
        };
        let rows = (0..array.size()[0]).map(|row| list(array.f_get(row)?));
        Ok(Cow::Owned(rows.collect::<Result<_>>()?))
    }
}
