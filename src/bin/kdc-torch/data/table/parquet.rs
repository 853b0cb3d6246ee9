//! Parquet files: numbers, truth values, strings and lists of them.

use super::{Cells, Part, unreadable, without};
use crate::failure::{Failure, Result};
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;
use parquet::schema::types::Type;
use serde_json::Value;
use std::fs::File;

pub fn read(path: &str, columns: &[&str]) -> Result<Part> {
    let file = File::open(path).map_err(|e| unreadable(path, e))?;
    let reader = SerializedFileReader::new(file).map_err(|e| {
        unreadable(
            path,
            format!("it is no Parquet file, or not all of one: {e}"),
        )
    })?;
    let schema = reader.metadata().file_metadata().schema();
    let there = schema.get_fields();
    for column in columns {
        if !there.iter().any(|field| field.name() == *column) {
            return Err(without(path, column, there.iter().map(|f| f.name())));
        }
    }
    let wanted = there.iter().filter(|field| columns.contains(&field.name()));
    let projection = Type::group_type_builder(schema.name())
        .with_fields(wanted.cloned().collect())
        .build()
        .map_err(|e| unreadable(path, e))?;
    let mut cells = vec![Vec::new(); columns.len()];
    let mut rows_read = 0;
    let rows = reader.get_row_iter(Some(projection));
    for (row, number) in rows.map_err(|e| unreadable(path, e))?.zip(1u64..) {
        let row = row.map_err(|e| unreadable(path, format!("row {number}: {e}")))?;
        rows_read = number;
        for (name, field) in row.get_column_iter() {
            let value = value(field).ok_or_else(|| {
                Failure::Usage(format!(
                    "`{path}`, row {number}: `{name}` is {field}\n\
                     a column holds numbers, truth values, strings, or lists of them"
                ))
            })?;
            if let Some(place) = columns.iter().position(|column| column == name) {
                cells[place].push(value);
            }
        }
    }
    Ok(Part {
        path: path.to_string(),
        row: "row",
        rows: (1..=rows_read).collect(),
        columns: cells.into_iter().map(Cells::Values).collect(),
    })
}

/// None for what no column holds. A truth value is 1 or 0.
fn value(field: &Field) -> Option<Value> {
    Some(match field {
        Field::Null => Value::Null,
        Field::Bool(truth) => u8::from(*truth).into(),
        Field::Byte(n) => (*n).into(),
        Field::Short(n) => (*n).into(),
        Field::Int(n) => (*n).into(),
        Field::Long(n) => (*n).into(),
        Field::UByte(n) => (*n).into(),
        Field::UShort(n) => (*n).into(),
        Field::UInt(n) => (*n).into(),
        Field::ULong(n) => (*n).into(),
        Field::Float16(x) => x.to_f64().into(),
        Field::Float(x) => f64::from(*x).into(),
        Field::Double(x) => (*x).into(),
        Field::Str(text) => text.as_str().into(),
        Field::ListInternal(list) => {
            let elements: Option<Vec<Value>> = list.elements().iter().map(value).collect();
            Value::Array(elements?)
        }
        _ => return None,
    })
}
