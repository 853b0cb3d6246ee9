//! Columns of numbers and of names of pictures.

use super::{Cells, Table, number};
use crate::data::files::Pictures;
use crate::data::samples::Values;
use crate::failure::{Failure, Result};
use kdc::plan::Column;
use serde_json::Value;
use std::path::Path;
use std::rc::Rc;
use tch::{Kind, Tensor};

impl Table {
    pub fn numbers(&self, column: &Column) -> Result<Tensor> {
        match self.cells(&column.column)? {
            Cells::Array(_) => self.tensors(column, &[]),
            Cells::Values(values) => {
                let numbers = values.iter().enumerate().map(|(row, value)| {
                    let number = number(value).map(|n| n as f32);
                    number.ok_or_else(|| self.wrong(&column.column, row, value, "is no number"))
                });
                Ok(Tensor::f_from_slice(
                    &numbers.collect::<Result<Vec<f32>>>()?,
                )?)
            }
        }
    }

    /// Numbers of these sizes: bytes stay bytes until they are scaled.
    pub fn tensors(&self, column: &Column, sizes: &[u64]) -> Result<Tensor> {
        let rows = self.rows as i64;
        let shape: Vec<i64> = std::iter::once(rows)
            .chain(sizes.iter().map(|size| *size as i64))
            .collect();
        let each: u64 = sizes.iter().product();
        match self.cells(&column.column)? {
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
                        return Err(self.wrong(&column.column, row, value, &why));
                    }
                }
                Ok(Tensor::f_from_slice(&all)?.f_reshape(shape.as_slice())?)
            }
        }
    }

    pub fn pictures(&self, column: &Column, folder: &Path) -> Result<Values> {
        let Cells::Values(values) = self.cells(&column.column)? else {
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
                    return Err(self.wrong(
                        &column.column,
                        row,
                        value,
                        &format!("is no file: {why}"),
                    ));
                }
                None => return Err(self.wrong(&column.column, row, value, "is no name of a file")),
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
