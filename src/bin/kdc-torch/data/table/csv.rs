//! Parts with commas.

use super::{Cells, Part, unreadable, without};
use crate::failure::Result;
use serde_json::Value;

pub fn read(path: &str, columns: &[&str]) -> Result<Part> {
    let mut reader = csv::Reader::from_path(path).map_err(|e| unreadable(path, e))?;
    let head = reader.headers().map_err(|e| unreadable(path, e))?.clone();
    let places = columns.iter().map(|column| {
        let place = head.iter().position(|name| name.trim() == *column);
        place.ok_or_else(|| without(path, column, head.iter()))
    });
    let places = places.collect::<Result<Vec<usize>>>()?;
    let mut cells = vec![Vec::new(); columns.len()];
    let mut lines = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|e| unreadable(path, e))?;
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
