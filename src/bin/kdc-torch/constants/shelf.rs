//! Where the answers to views go as they come up: into memory, into a file, or both. Rows have the same numbers in
//! both.

use super::journal::Journal;
use super::table::{Sheet, Table, unkept};
use crate::failure::Result;
use crate::shim;
use std::collections::HashMap;
use tch::{Device, Tensor};

pub struct Shelf {
    sheets: Vec<Sheet>,
    memory: Option<Table>,
    journal: Option<Journal>,
    /// The row of each view that is there.
    rows: HashMap<u64, i64>,
    /// How many rows there are.
    count: i64,
    /// Whether there may be more.
    pub open: bool,
    device: Device,
}

impl Shelf {
    /// With the views of the journal, read into memory if they are to be there.
    pub fn new(
        sheets: &[Sheet],
        in_memory: bool,
        journal: Option<Journal>,
        device: Device,
    ) -> Result<Shelf> {
        let count = journal.as_ref().map_or(0, |journal| journal.records);
        let mut memory = match in_memory {
            true => Some(Table::empty(sheets, count, device)?),
            false => None,
        };
        let mut rows = HashMap::new();
        if let Some(journal) = &journal {
            journal.each(|first, views, values| {
                let known = (first..)
                    .zip(views)
                    .filter_map(|(row, view)| Some(((*view)?, row)));
                rows.extend(known);
                memory
                    .iter_mut()
                    .try_for_each(|table| table.put_rows(first, values))
            })?;
        }
        let writes = journal.as_ref().is_some_and(|journal| journal.writes);
        Ok(Shelf {
            sheets: sheets.to_vec(),
            journal: journal.filter(|_| writes || !in_memory),
            memory,
            rows,
            count,
            open: in_memory || writes,
            device,
        })
    }

    /// How many views are there.
    pub fn views(&self) -> usize {
        self.rows.len()
    }

    pub fn holds(&self, view: u64) -> bool {
        self.rows.contains_key(&view)
    }

    /// Takes the answers to views. Says what it cannot do any more.
    pub fn put(&mut self, views: &[u64], values: &[Tensor]) -> Result<Option<String>> {
        if let Some(why) = unkept(&self.sheets, values)? {
            return Ok(Some(self.close(&why)));
        }
        let mut remark = None;
        if let Some(journal) = &mut self.journal
            && let Err(e) = journal.append(views, values)?
        {
            let why = format!("the file of views cannot be written: {e}");
            if self.memory.is_none() {
                return Ok(Some(self.close(&why)));
            }
            self.journal = None;
            remark = Some(format!("{why}; new ones are kept in memory alone"));
        }
        if let Some(table) = &mut self.memory {
            table.make_room(self.count, views.len() as i64)?;
            table.put(self.count, values)?;
        }
        self.rows.extend(views.iter().copied().zip(self.count..));
        self.count += views.len() as i64;
        Ok(remark)
    }

    fn close(&mut self, why: &str) -> String {
        self.open = false;
        format!("the teachers answer new views in each step: {why}")
    }

    /// Those of the views; none unless all are there.
    pub fn at(&self, views: &[u64]) -> Result<Option<Vec<Tensor>>> {
        let rows: Option<Vec<i64>> = views.iter().map(|v| self.rows.get(v).copied()).collect();
        let Some(rows) = rows else {
            return Ok(None);
        };
        let values = match (&self.memory, &self.journal) {
            (Some(table), _) => {
                let index = shim::upload(&Tensor::f_from_slice(&rows)?, self.device)?;
                table.at(&rows, &index)?
            }
            (None, Some(journal)) => {
                let rows = self.sheets.iter().zip(journal.at(&rows)?);
                let value = |(sheet, rows): (&Sheet, Tensor)| {
                    sheet.value(&shim::upload(&rows, self.device)?)
                };
                rows.map(value).collect::<Result<_>>()?
            }
            (None, None) => return Ok(None),
        };
        Ok(Some(values))
    }
}
