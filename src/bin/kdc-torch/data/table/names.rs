//! What classes are called: as `names` lists them, or else the words of a column in their order.

use super::{Cells, Table, number};
use crate::failure::{Failure, Result};
use kdc::plan::{Column, Read};
use serde_json::Value;
use std::collections::{BTreeSet, HashMap};

/// The names of all classes.
pub struct Names {
    pub names: Vec<String>,
    places: HashMap<String, i64>,
    /// Whether the experiment lists them. Then the column may hold numbers as well.
    listed: bool,
}

impl Names {
    /// None for a column of numbers, or of something else.
    pub fn of(table: &Table, column: &Column) -> Result<Option<Names>> {
        let (count, ignore) = match &column.read {
            Read::Class(count) => (*count, None),
            Read::Label(labels) => (labels.classes, Some(labels.ignore as f64)),
            _ => return Ok(None),
        };
        if !column.names.is_empty() {
            return Ok(Some(Names::new(column.names.clone(), true)));
        }
        let Cells::Values(values) = table.cells(&column.column)? else {
            return Ok(None);
        };
        let rows = values.iter().enumerate();
        let each = rows.flat_map(|(row, value)| elements(row, value));
        let counted = each.filter(|(_, value)| ignore.is_none() || number(value) != ignore);
        let (numbers, words): (Vec<_>, Vec<_>) =
            counted.partition(|(_, value)| number(value).is_some());
        match (numbers.first(), words.first()) {
            (_, None) => return Ok(None),
            (None, _) => {}
            (Some(number), Some(word)) => {
                let (odd, why) = match words.len() <= numbers.len() {
                    true => (word, "is no number, as others in this column are"),
                    false => (number, "is no word, as others in this column are"),
                };
                let repair = "if all of them are names, list them: `class(…, names: […])`";
                let why = format!("{why}\n{repair}");
                return Err(table.wrong(&column.column, odd.0, odd.1, &why));
            }
        }
        let mut names = BTreeSet::new();
        for (row, value) in words {
            match value.as_str().filter(|word| !word.trim().is_empty()) {
                Some(word) => names.insert(word.to_string()),
                None => return Err(table.wrong(&column.column, row, value, "is no class")),
            };
        }
        if names.len() as u64 > count {
            return Err(Failure::Usage(format!(
                "`{}` has {} different values in the column `{}`, but `class({count})` was said",
                table.path,
                names.len(),
                column.column
            )));
        }
        Ok(Some(Names::new(names.into_iter().collect(), false)))
    }

    fn new(names: Vec<String>, listed: bool) -> Names {
        let places = names.iter().cloned().zip(0..);
        Names {
            places: places.collect(),
            names,
            listed,
        }
    }

    /// The class that a word names; none for a number that stands for itself. Else why it is none.
    pub fn class(&self, value: &Value) -> std::result::Result<Option<i64>, &'static str> {
        let known = match value {
            Value::String(word) => self.places.get(word),
            other => self.places.get(&other.to_string()),
        };
        match known {
            Some(class) => Ok(Some(*class)),
            None if !self.listed => Err("is no class of the training samples"),
            // 3 is the fourth class only where no class is called by a number
            None if number(value).is_some() && !self.have_numbers() => Ok(None),
            None => Err("is none of the `names` of the classes"),
        }
    }

    fn have_numbers(&self) -> bool {
        let mut names = self.names.iter();
        names.any(|name| name.trim().parse::<f64>().is_ok())
    }
}

/// A value, or those of a list.
fn elements(row: usize, value: &Value) -> Vec<(usize, &Value)> {
    match value {
        Value::Array(values) => values.iter().map(|value| (row, value)).collect(),
        one => vec![(row, one)],
    }
}
