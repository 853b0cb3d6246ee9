//! How files of answers begin: a line that says what they are, the length of the head as 8 little-endian bytes,
//! the head as JSON, zeros up to a multiple of 4096.

use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

/// So that rows of every kind lie where memory can be mapped.
const PAGE: u64 = 4096;
/// Of a head; no program is as long.
const LONGEST: u64 = 64 << 20;

/// Why a file cannot be used whose key is another one.
pub const OTHER_KEY: &str = "it holds the answers to something else";

/// The head, its text, and where the data begin. The error says why the file cannot be used.
pub fn read<T: DeserializeOwned>(
    file: &mut File,
    magic: &[u8],
) -> Result<(T, Vec<u8>, u64), String> {
    let foreign = |_| "it is no file of answers of this version".to_string();
    let mut start = vec![0; magic.len() + 8];
    file.read_exact(&mut start).map_err(foreign)?;
    let (stated, length) = start.split_at(magic.len());
    let length = u64::from_le_bytes(length.try_into().unwrap_or_default());
    if stated != magic || length > LONGEST {
        return Err(foreign(io::Error::other("")));
    }
    let mut text = Vec::new();
    let read = file.take(length).read_to_end(&mut text);
    read.map_err(foreign)?;
    let head = serde_json::from_slice(&text).map_err(|e| foreign(e.into()))?;
    Ok((head, text, data(magic, length)))
}

/// Gives the head's text, and where the data begin.
pub fn write<T: Serialize>(file: &mut File, magic: &[u8], head: &T) -> io::Result<(Vec<u8>, u64)> {
    let text = serde_json::to_vec(head)?;
    let length = text.len() as u64;
    file.write_all(magic)?;
    file.write_all(&length.to_le_bytes())?;
    file.write_all(&text)?;
    let data = data(magic, length);
    file.set_len(data)?;
    Ok((text, data))
}

fn data(magic: &[u8], length: u64) -> u64 {
    (magic.len() as u64 + 8 + length).next_multiple_of(PAGE)
}

/// A new file for reading and writing that is to have this path when it is whole; its folder is made. Gives the path
/// that it has until then.
pub fn create(path: &Path) -> io::Result<(File, PathBuf)> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let temporary = path.with_extension(format!("{}.tmp", std::process::id()));
    let mut options = File::options();
    let options = options.read(true).write(true).create(true).truncate(true);
    Ok((options.open(&temporary)?, temporary))
}
