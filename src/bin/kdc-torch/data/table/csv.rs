//! Parts with commas.

use super::{Cells, Part, unreadable, without};
use crate::failure::{Failure, Result};
use serde_json::Value;

pub fn read(path: &str, columns: &[&str]) -> Result<Part> {
    let mut reader = csv::Reader::from_path(path).map_err(|e| broken(path, &e))?;
    let head = reader.headers().map_err(|e| broken(path, &e))?.clone();
    if head.is_empty() {
        return Err(unreadable(
            path,
            "it is empty, and its first row is to name the columns",
        ));
    }
    let places = columns.iter().map(|column| {
        let place = head.iter().position(|name| name.trim() == *column);
        place.ok_or_else(|| match head.iter().collect::<Vec<_>>().as_slice() {
            [one] if one.contains([';', '\t']) => unreadable(
                path,
                format!("its first row is `{one}`, but commas are to separate the columns"),
            ),
            _ => without(path, column, head.iter()),
        })
    });
    let places = places.collect::<Result<Vec<usize>>>()?;
    let mut cells = vec![Vec::new(); columns.len()];
    let mut lines = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|e| broken(path, &e))?;
        lines.push(record.position().map_or(0, csv::Position::line));
        for (cells, place) in cells.iter_mut().zip(&places) {
            // a record of another length than the head is an error already
            let text = record.get(*place).unwrap_or_default();
            cells.push(Value::String(text.to_string()));
        }
    }
    Ok(Part {
        path: path.to_string(),
        row: "line",
        rows: lines,
        columns: cells.into_iter().map(Cells::Values).collect(),
    })
}

fn broken(path: &str, error: &csv::Error) -> Failure {
    let line = error.position().map_or(0, csv::Position::line);
    match error.kind() {
        csv::ErrorKind::UnequalLengths {
            expected_len, len, ..
        } => unreadable(
            path,
            format!(
                "the row that begins on line {line} has not {expected_len} values, but {len}\n\
                 a value with a comma in it needs quotes, and a quote that is opened must be closed"
            ),
        ),
        csv::ErrorKind::Utf8 { .. } => unreadable(path, format!("line {line} is no text in UTF-8")),
        _ => unreadable(path, error),
    }
}
