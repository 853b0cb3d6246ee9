//! Answers on disk, for experiments that share a teacher.
//!
//! After the [head] come each output's rows one after the other, and in the end the CRC-32 of all before it. A file
//! appears under its name when it is whole.

use super::head;
use super::table::{Sheet, Table};
use crate::failure::Result;
use crate::layout;
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use tch::{Device, Kind, Tensor};

const MAGIC: &[u8] = b"kdc answers 1\n";

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    /// All that the answers depend on.
    key: String,
    samples: i64,
    sheets: Vec<Sheet>,
}

impl Head {
    /// Where each output's rows begin, and where they all end.
    fn places(&self, data: u64) -> (Vec<u64>, u64) {
        let mut end = data;
        let mut places = Vec::new();
        for sheet in &self.sheets {
            places.push(end);
            // the next one begins where any kind of number may
            end += (sheet.row_bytes() * self.samples.unsigned_abs()).next_multiple_of(64);
        }
        (places, end)
    }
}

/// The answers in the file, mapped into memory; none if there is no file. The error says why it cannot be
/// used.
pub fn read(path: &Path, key: &str) -> std::result::Result<Option<Table>, String> {
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(e.to_string()),
    };
    let (head, _, data) = head::read::<Head>(&mut file, MAGIC)?;
    if head.key != key {
        return Err(head::OTHER_KEY.into());
    }
    let (places, end) = head.places(data);
    let length = file.metadata().map_err(|e| e.to_string())?.len();
    if length != end + 4 {
        return Err("it is cut off, or longer than it should be".into());
    }
    if !sum_is_right(&mut file, end).map_err(|e| e.to_string())? {
        return Err("its checksum is wrong".into());
    }
    let table = map(path, end, &head, &places).map_err(|e| e.to_string())?;
    Ok(Some(table))
}

fn sum_is_right(file: &mut File, end: u64) -> io::Result<bool> {
    let sum = sum(file, end)?;
    let mut stated = [0; 4];
    file.read_exact(&mut stated)?;
    Ok(sum == u32::from_le_bytes(stated))
}

/// Of the first bytes; the file stands behind them then.
fn sum(file: &mut File, end: u64) -> io::Result<u32> {
    file.seek(SeekFrom::Start(0))?;
    let mut hasher = crc32fast::Hasher::new();
    let mut buffer = vec![0; 1 << 20];
    let mut left = end;
    while left > 0 {
        let part = buffer.len().min(left as usize);
        file.read_exact(&mut buffer[..part])?;
        hasher.update(&buffer[..part]);
        left -= part as u64;
    }
    Ok(hasher.finalize())
}

fn map(path: &Path, end: u64, head: &Head, places: &[u64]) -> Result<Table> {
    let name = path.to_string_lossy();
    let bytes = Tensor::f_from_file(&name, false, end as i64, (Kind::Uint8, Device::Cpu))?;
    let rows = head.sheets.iter().zip(places).map(|(sheet, place)| {
        let length = sheet.row_bytes() as i64 * head.samples;
        let part = bytes.f_narrow(0, *place as i64, length)?;
        Ok(part
            .f_view_dtype(sheet.kind())?
            .f_view(sheet.size(head.samples).as_slice())?)
    });
    Ok(Table {
        rows: rows.collect::<Result<_>>()?,
        sheets: head.sheets.clone(),
    })
}

/// A file that is being written. Dropped before [`Writer::finish`] it leaves nothing behind.
pub struct Writer {
    path: PathBuf,
    temporary: PathBuf,
    file: File,
    head: Head,
    places: Vec<u64>,
    end: u64,
}

impl Writer {
    pub fn new(path: &Path, key: &str, sheets: &[Sheet], samples: i64) -> io::Result<Writer> {
        let head = Head {
            key: key.to_string(),
            samples,
            sheets: sheets.to_vec(),
        };
        let (mut file, temporary) = head::create(path)?;
        let (_, data) = head::write(&mut file, MAGIC, &head)?;
        let (places, end) = head.places(data);
        Ok(Writer {
            path: path.to_path_buf(),
            temporary,
            file,
            head,
            places,
            end,
        })
    }

    /// Writes values from a row on.
    pub fn put(&mut self, from: i64, values: &[Tensor]) -> Result<io::Result<()>> {
        for ((sheet, place), value) in self.head.sheets.iter().zip(&self.places).zip(values) {
            let rows = sheet.rows(value)?;
            let bytes = layout::bytes(&rows)?;
            let written = (self.file).write_all_at(&bytes, place + sheet.row_bytes() * from as u64);
            if written.is_err() {
                return Ok(written);
            }
        }
        Ok(Ok(()))
    }

    /// The file gets its name; what it holds, mapped into memory.
    pub fn finish(mut self) -> io::Result<Table> {
        self.file.set_len(self.end)?;
        let sum = sum(&mut self.file, self.end)?;
        self.file.write_all(&sum.to_le_bytes())?;
        self.file.sync_all()?;
        std::fs::rename(&self.temporary, &self.path)?;
        map(&self.path, self.end, &self.head, &self.places)
            .map_err(|e| io::Error::other(e.to_string()))
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.temporary);
    }
}

/// How many bytes are free where the folder is, or will be.
#[allow(unsafe_code)]
pub fn free_bytes(folder: &Path) -> u64 {
    use std::os::unix::ffi::OsStrExt;
    let there = folder.ancestors().find(|folder| folder.exists());
    let there = there.unwrap_or(Path::new("."));
    let Ok(name) = std::ffi::CString::new(there.as_os_str().as_bytes()) else {
        return 0;
    };
    // SAFETY: `name` is a C string, and statvfs fills the struct that it is given or fails.
    unsafe {
        let mut found: libc::statvfs = std::mem::zeroed();
        match libc::statvfs(name.as_ptr(), &mut found) {
            #[allow(clippy::unnecessary_cast)] // other systems have narrower numbers
            0 => (found.f_bavail as u64).saturating_mul(found.f_frsize as u64),
            _ => 0,
        }
    }
}
