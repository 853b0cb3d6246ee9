//! NumPy arrays: a zip archive of `.npy` files, each a line that describes the array, then its bytes.

use super::{Cells, Part, unreadable, without};
use crate::failure::{Failure, Result};
use std::fs::File;
use std::io::Read;
use tch::{Kind, Tensor};
use zip::ZipArchive;

/// `\x93NUMPY`, a version, and the length of the description.
const MAGIC: &[u8] = b"\x93NUMPY";

pub fn read(path: &str, columns: &[&str]) -> Result<Part> {
    let file = File::open(path).map_err(|e| unreadable(path, e))?;
    let mut archive = ZipArchive::new(file).map_err(|e| unreadable(path, e))?;
    let cells = columns.iter().map(|column| {
        let stored = archive
            .file_names()
            .find(|file| array_name(file) == *column);
        let Some(stored) = stored.map(String::from) else {
            return Err(without(path, column, archive.file_names().map(array_name)));
        };
        let mut bytes = Vec::new();
        let mut entry = archive.by_name(&stored).map_err(|e| unreadable(path, e))?;
        entry
            .read_to_end(&mut bytes)
            .map_err(|e| unreadable(path, format!("`{column}`: {e}")))?;
        array(&bytes).map(Cells::Array).map_err(|why| {
            Failure::Usage(format!(
                "the array `{column}` of `{path}` cannot be read: {why}"
            ))
        })
    });
    Ok(Part {
        path: path.to_string(),
        row: "sample",
        rows: Vec::new(),
        columns: cells.collect::<Result<_>>()?,
    })
}

fn array_name(file: &str) -> &str {
    file.strip_suffix(".npy").unwrap_or(file)
}

/// The array of an `.npy` file, or why there is none.
fn array(bytes: &[u8]) -> std::result::Result<Tensor, String> {
    let cut_off = || "it ends in its head".to_string();
    if !bytes.starts_with(MAGIC) {
        return Err("it does not start as an `.npy` file does".into());
    }
    let (length, start) = match bytes.get(6).ok_or_else(cut_off)? {
        1 => {
            let two = bytes.get(8..10).ok_or_else(cut_off)?;
            (usize::from(two[0]) | usize::from(two[1]) << 8, 10)
        }
        _ => {
            let four = bytes.get(8..12).and_then(|b| b.try_into().ok());
            (u32::from_le_bytes(four.ok_or_else(cut_off)?) as usize, 12)
        }
    };
    let end = start + length;
    let head = bytes.get(start..end).ok_or_else(cut_off)?;
    let head = std::str::from_utf8(head).map_err(|e| e.to_string())?;
    if entry(head, "fortran_order") != Some("False") {
        return Err("its numbers are stored by columns; save it in C order".into());
    }
    let kind = entry(head, "descr").unwrap_or_default();
    let kind = kind_of(kind).ok_or_else(|| format!("its numbers are of the type {kind}"))?;
    let shape = entry(head, "shape").and_then(sizes);
    let shape = shape.ok_or("its shape is not stated")?;
    let data = &bytes[end..];
    let wanted = shape
        .iter()
        .try_fold(kind.elt_size_in_bytes(), |product, size| {
            product.checked_mul(usize::try_from(*size).ok()?)
        });
    if wanted != Some(data.len()) {
        return Err(format!("it is {shape:?}, but has {} bytes", data.len()));
    }
    Tensor::f_from_data_size(data, &shape, kind).map_err(|e| e.to_string())
}

/// What stands behind `'key':` in the description, a Python dictionary.
fn entry<'h>(head: &'h str, key: &str) -> Option<&'h str> {
    let (_, rest) = head.split_once(&format!("'{key}':"))?;
    let rest = rest.trim_start();
    let end = match rest.starts_with('(') {
        true => rest.find(')')? + 1,
        false => rest.find([',', '}'])?,
    };
    Some(rest[..end].trim().trim_matches('\''))
}

fn sizes(tuple: &str) -> Option<Vec<i64>> {
    let inner = tuple.strip_prefix('(')?.strip_suffix(')')?;
    let sizes = inner
        .split(',')
        .map(str::trim)
        .filter(|size| !size.is_empty());
    sizes.map(|size| size.parse().ok()).collect()
}

fn kind_of(description: &str) -> Option<Kind> {
    Some(match description {
        "|u1" | "<u1" => Kind::Uint8,
        "|i1" | "<i1" => Kind::Int8,
        "|b1" => Kind::Bool,
        "<i2" => Kind::Int16,
        "<i4" => Kind::Int,
        "<i8" => Kind::Int64,
        "<f2" => Kind::Half,
        "<f4" => Kind::Float,
        "<f8" => Kind::Double,
        _ => return None,
    })
}
