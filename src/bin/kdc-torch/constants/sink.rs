//! Where answers go as they come: into memory, into a file, or both.

use super::file::Writer;
use super::table::Table;
use crate::failure::Result;
use std::io;
use tch::Tensor;

pub struct Sink {
    table: Option<Table>,
    writer: Option<Writer>,
    /// Why the file is not written any more.
    failure: Option<io::Error>,
}

impl Sink {
    pub fn new(table: Option<Table>, writer: Option<io::Result<Writer>>) -> Sink {
        let (writer, failure) = match writer.transpose() {
            Ok(writer) => (writer, None),
            Err(e) => (None, Some(e)),
        };
        Sink {
            table,
            writer,
            failure,
        }
    }

    /// Takes values from a row on; whether it takes more.
    pub fn put(&mut self, from: i64, values: &[Tensor]) -> Result<bool> {
        if let Some(table) = &mut self.table {
            table.put(from, values)?;
        }
        if let Some(writer) = &mut self.writer
            && let Err(e) = writer.put(from, values)?
        {
            self.failure = Some(e);
            self.writer = None;
        }
        Ok(self.table.is_some() || self.writer.is_some())
    }

    /// All rows, from memory if they are there, and why there is no file if there was to be one.
    pub fn finish(self) -> (Option<Table>, Option<io::Error>) {
        match self.writer.map(Writer::finish) {
            None => (self.table, self.failure),
            Some(Ok(mapped)) => (self.table.or(Some(mapped)), None),
            Some(Err(e)) => (self.table, Some(e)),
        }
    }
}
