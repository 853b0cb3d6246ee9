//! Parts with commas.

use super::{Cells, Part, unreadable, without};
use crate::failure::{Failure, Result};
use serde_json::Value;

pub fn read(path: &str, columns: &[&str]) -> Result<Part> {
    let bytes = std::fs::read(path).map_err(|e| unreadable(path, e))?;
    let broken = |error: csv::Error| broken(path, &bytes, &error);
    let mut reader = csv::Reader::from_reader(bytes.as_slice());
    let head = reader.headers().map_err(broken)?.clone();
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
    let (mut lines, mut line, mut counted) = (Vec::new(), 1, 0);
    for record in reader.records() {
        let record = record.map_err(broken)?;
        let begins = begins(&bytes, record.position());
        line += line_ends(&bytes[counted..begins]);
        counted = begins;
        lines.push(line);
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

/// Where a record begins: the reader's position lies before the line ends in front of it.
fn begins(bytes: &[u8], position: Option<&csv::Position>) -> usize {
    let at = position.map_or(0, |position| position.byte() as usize);
    let rest = bytes.get(at..).unwrap_or_default();
    let skipped = rest.iter().take_while(|byte| matches!(byte, b'\r' | b'\n'));
    bytes.len().min(at) + skipped.count()
}

fn line_ends(bytes: &[u8]) -> u64 {
    bytes.iter().filter(|byte| **byte == b'\n').count() as u64
}

fn broken(path: &str, bytes: &[u8], error: &csv::Error) -> Failure {
    let line = 1 + line_ends(&bytes[..begins(bytes, error.position())]);
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
