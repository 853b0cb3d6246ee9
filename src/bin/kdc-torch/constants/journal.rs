//! Answers to views on disk, for later experiments and seeds: they are written as they come.
//!
//! After the [head] come records of one length. Each is the rows of one view, every output's beginning at a multiple of 8
//! bytes, then the number of the view, and the CRC-32 of the head and of all that stands before it in the record.
//! So a record is trusted or not by itself, whatever became of the run that wrote it. Who writes holds
//! the file's lock.

use super::head;
use super::table::Sheet;
use crate::failure::{Failure, Result};
use crate::layout;
use serde::{Deserialize, Serialize};
use std::fs::{File, TryLockError};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
use tch::{Kind, Tensor};

const MAGIC: &[u8] = b"kdc views 1\n";
/// The number of the view, and the checksum with zeros behind it.
const TAIL: usize = 16;
/// That are read at once.
const CHUNK: usize = 1 << 20;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    /// All that the answers depend on.
    key: String,
    sheets: Vec<Sheet>,
}

pub struct Journal {
    file: File,
    pub sheets: Vec<Sheet>,
    /// Of the head's text, with which each record's begins.
    checksum: crc32fast::Hasher,
    /// Where records begin.
    data: u64,
    /// How many there are.
    pub records: i64,
    /// Whether this process may write.
    pub writes: bool,
}

impl Journal {
    /// What an earlier run has left; none if there is no file. The error says why it cannot be used.
    pub fn open(path: &Path, key: &str) -> std::result::Result<Option<Journal>, String> {
        let mut options = File::options();
        let mut file = match options.read(true).write(true).open(path) {
            Ok(file) => file,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(e) => return Err(e.to_string()),
        };
        let (head, text, data) = head::read::<Head>(&mut file, MAGIC)?;
        if head.key != key {
            return Err(head::OTHER_KEY.into());
        }
        let mut journal = Journal::of(file, head.sheets, &text, data);
        journal.take_lock().map_err(|e| e.to_string())?;
        let length = journal.file.metadata().map_err(|e| e.to_string())?.len();
        let records = length.saturating_sub(data) / journal.record() as u64;
        journal.records = records as i64;
        Ok(Some(journal))
    }

    /// An empty one in place of whatever has its path.
    pub fn create(path: &Path, key: &str, sheets: &[Sheet]) -> io::Result<Journal> {
        let head = Head {
            key: key.to_string(),
            sheets: sheets.to_vec(),
        };
        let (mut file, temporary) = head::create(path)?;
        let written = head::write(&mut file, MAGIC, &head).and_then(|(text, data)| {
            let mut journal = Journal::of(file, head.sheets, &text, data);
            journal.take_lock()?;
            std::fs::rename(&temporary, path)?;
            Ok(journal)
        });
        if written.is_err() {
            let _ = std::fs::remove_file(&temporary);
        }
        written
    }

    fn of(file: File, sheets: Vec<Sheet>, text: &[u8], data: u64) -> Journal {
        let mut checksum = crc32fast::Hasher::new();
        checksum.update(text);
        Journal {
            file,
            sheets,
            checksum,
            data,
            records: 0,
            writes: false,
        }
    }

    fn take_lock(&mut self) -> io::Result<()> {
        self.writes = match self.file.try_lock() {
            Ok(()) => true,
            Err(TryLockError::WouldBlock) => false,
            Err(TryLockError::Error(e)) => return Err(e),
        };
        Ok(())
    }

    /// Where each output's rows begin in a record, and where the tail does.
    fn places(&self) -> (Vec<usize>, usize) {
        let mut end = 0;
        let mut places = Vec::new();
        for sheet in &self.sheets {
            places.push(end);
            end += sheet.row_bytes().next_multiple_of(8) as usize;
        }
        (places, end)
    }

    /// The bytes of a record.
    fn record(&self) -> usize {
        self.places().1 + TAIL
    }

    fn place_of(&self, row: i64) -> u64 {
        self.data + row as u64 * self.record() as u64
    }

    fn sum(&self, record: &[u8]) -> u32 {
        let mut checksum = self.checksum.clone();
        checksum.update(record);
        checksum.finalize()
    }

    /// Where its checksum is right.
    fn view_of(&self, record: &[u8]) -> Option<u64> {
        let (summed, rest) = record.split_at(record.len() - TAIL + 8);
        let (view, sum) = (summed.last_chunk()?, rest.first_chunk()?);
        let is_right = u32::from_le_bytes(*sum) == self.sum(summed);
        is_right.then(|| u64::from_le_bytes(*view))
    }

    /// Writes the answers to views behind those that are there.
    pub fn append(&mut self, views: &[u64], values: &[Tensor]) -> Result<io::Result<()>> {
        let ((places, tail), length) = (self.places(), self.record());
        let mut records = vec![0; views.len() * length];
        for ((sheet, place), value) in self.sheets.iter().zip(places).zip(values) {
            let bytes = layout::bytes(&sheet.rows(value)?)?;
            let rows = bytes.chunks_exact(sheet.row_bytes().max(1) as usize);
            for (record, row) in records.chunks_exact_mut(length).zip(rows) {
                record[place..place + row.len()].copy_from_slice(row);
            }
        }
        for (record, view) in records.chunks_exact_mut(length).zip(views) {
            record[tail..tail + 8].copy_from_slice(&view.to_le_bytes());
            let sum = self.sum(&record[..tail + 8]);
            record[tail + 8..tail + 12].copy_from_slice(&sum.to_le_bytes());
        }
        let written = (self.file).write_all_at(&records, self.place_of(self.records));
        if written.is_ok() {
            self.records += views.len() as i64;
        }
        Ok(written)
    }

    /// Goes through all records, some at a time. `take` gets the row of the first, which view each is, where
    /// its checksum is right, and the outputs' rows as they are kept.
    pub fn each(
        &self,
        mut take: impl FnMut(i64, &[Option<u64>], &[Tensor]) -> Result<()>,
    ) -> Result<()> {
        let length = self.record();
        let at_once = (CHUNK / length).max(1) as i64;
        let mut row = 0;
        while row < self.records {
            let count = at_once.min(self.records - row);
            let mut records = vec![0; count as usize * length];
            read(&self.file, &mut records, self.place_of(row))?;
            let views = records.chunks_exact(length);
            let views: Vec<Option<u64>> = views.map(|record| self.view_of(record)).collect();
            take(row, &views, &self.rows(&records)?)?;
            row += count;
        }
        Ok(())
    }

    /// The outputs' rows as they are kept.
    pub fn at(&self, rows: &[i64]) -> Result<Vec<Tensor>> {
        let length = self.record();
        let mut records = vec![0; rows.len() * length];
        for (record, row) in records.chunks_exact_mut(length).zip(rows) {
            read(&self.file, record, self.place_of(*row))?;
        }
        self.rows(&records)
    }

    fn rows(&self, records: &[u8]) -> Result<Vec<Tensor>> {
        let length = self.record();
        let count = (records.len() / length) as i64;
        let all = Tensor::f_from_data_size(records, &[count, length as i64], Kind::Uint8)?;
        let rows = self
            .sheets
            .iter()
            .zip(self.places().0)
            .map(|(sheet, place)| {
                let bytes = all.f_narrow(1, place as i64, sheet.row_bytes() as i64)?;
                let numbers = bytes.f_contiguous()?.f_view_dtype(sheet.kind())?;
                Ok(numbers.f_view(sheet.size(count).as_slice())?)
            });
        rows.collect()
    }
}

fn read(file: &File, bytes: &mut [u8], place: u64) -> Result<()> {
    let read = file.read_exact_at(bytes, place);
    read.map_err(|e| Failure::Training(format!("the teachers' answers cannot be read back: {e}")))
}
