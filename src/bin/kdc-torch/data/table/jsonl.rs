//! An object on each line.

use super::{Cells, Part, unreadable, without};
use crate::failure::{Failure, Result};
use serde_json::{Map, Value};
use std::fs::File;
use std::io::{BufRead, BufReader};

pub fn read(path: &str, columns: &[&str]) -> Result<Part> {
    let file = File::open(path).map_err(|e| unreadable(path, e))?;
    let mut cells = vec![Vec::new(); columns.len()];
    let mut lines = Vec::new();
    for (line, number) in BufReader::new(file).lines().zip(1u64..) {
        let line = line.map_err(|e| unreadable(path, format!("line {number}: {e}")))?;
        if line.trim().is_empty() {
            continue;
        }
        let mut object: Map<String, Value> =
            serde_json::from_str(&line).map_err(|e| broken(path, number, &e))?;
        for (cells, column) in cells.iter_mut().zip(columns) {
            let Some(value) = object.get_mut(*column) else {
                let there = without(path, column, object.keys().map(String::as_str));
                return Err(Failure::Usage(format!("line {number} of {there}")));
            };
            cells.push(value.take());
        }
        lines.push(number);
    }
    Ok(Part {
        path: path.to_string(),
        row: "line",
        rows: lines,
        columns: cells.into_iter().map(Cells::Values).collect(),
    })
}

/// Of a line that is no object. The error counts lines from this one on.
fn broken(path: &str, line: u64, error: &serde_json::Error) -> Failure {
    if error.is_data() {
        return Failure::Usage(format!("`{path}`, line {line} is JSON, but no object"));
    }
    let told = error.to_string();
    let why = told.split(" at line ").next().unwrap_or_default();
    let at = error.column();
    Failure::Usage(format!(
        "`{path}`, line {line} is no JSON object: {why}, at character {at}"
    ))
}
