//! Rows of answers: one for each sample, or for each view of one that has come up.

use crate::failure::{Failure, Result};
use crate::layout;
use crate::shim;
use kdc::plan::cache::Store;
use serde::{Deserialize, Serialize};
use tch::{Device, Kind, Tensor};

/// How one output's rows are kept. They come back as they were given, strides included: a sum over them adds
/// in the same order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sheet {
    /// Of a row, as it is kept.
    pub shape: Vec<i64>,
    kind: Number,
    /// The channels of a pixel lie side by side: a row `[C, H, W]` is kept as `[H, W, C]`.
    channels_last: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Number {
    F32,
    F16,
    Bf16,
    I64,
    Bool,
}

impl Sheet {
    /// For values like this one, of which the first dimension counts the samples.
    pub fn of(value: &Tensor, store: Store) -> Result<Sheet> {
        let kind = match (value.kind(), store) {
            (Kind::Float, Store::F32) => Number::F32,
            (Kind::Float, Store::F16) => Number::F16,
            (Kind::Float, Store::Bf16) | (Kind::BFloat16, _) => Number::Bf16,
            (Kind::Int64, _) => Number::I64,
            (Kind::Bool, _) => Number::Bool,
            (other, _) => {
                return Err(Failure::Bug(format!(
                    "a teacher gives numbers of kind {other:?}"
                )));
            }
        };
        let channels_last = layout::is_channels_last(value)?;
        let mut sheet = Sheet {
            shape: Vec::new(),
            kind,
            channels_last,
        };
        sheet.shape = sheet.rows(value)?.size().split_off(1);
        Ok(sheet)
    }

    pub fn kind(&self) -> Kind {
        match self.kind {
            Number::F32 => Kind::Float,
            Number::F16 => Kind::Half,
            Number::Bf16 => Kind::BFloat16,
            Number::I64 => Kind::Int64,
            Number::Bool => Kind::Bool,
        }
    }

    pub fn row_bytes(&self) -> u64 {
        let elements = self.shape.iter().map(|n| n.unsigned_abs());
        let elements = elements.fold(1, u64::saturating_mul);
        elements.saturating_mul(self.kind().elt_size_in_bytes() as u64)
    }

    /// A value as its rows are kept.
    pub fn rows(&self, value: &Tensor) -> Result<Tensor> {
        let rows = match self.channels_last {
            true => layout::pixels(value)?,
            false => value.shallow_clone(),
        };
        Ok(rows.f_to_kind(self.kind())?.f_contiguous()?)
    }

    /// Kept rows as the value that they were.
    pub fn value(&self, rows: &Tensor) -> Result<Tensor> {
        let rows = match self.kind {
            Number::F16 | Number::Bf16 => rows.f_to_kind(Kind::Float)?,
            _ => rows.shallow_clone(),
        };
        Ok(match self.channels_last {
            true => rows.f_permute([0, 3, 1, 2])?,
            false => rows,
        })
    }

    /// The largest of the finite numbers that become infinite when they are kept.
    fn overflow(&self, value: &Tensor) -> Result<Option<f64>> {
        if self.kind != Number::F16 {
            return Ok(None);
        }
        let infinite = value.f_to_kind(Kind::Half)?.f_isinf()?;
        let lost = value.f_masked_select(&infinite.f_logical_and(&value.f_isfinite()?)?)?;
        match lost.numel() {
            0 => Ok(None),
            _ => Ok(Some(lost.f_abs()?.f_max()?.f_double_value(&[])?)),
        }
    }

    /// The size of that many rows.
    pub fn size(&self, rows: i64) -> Vec<i64> {
        [&[rows], self.shape.as_slice()].concat()
    }
}

/// Of so many rows of all outputs.
pub fn bytes(sheets: &[Sheet], rows: u64) -> u64 {
    let row: u64 = sheets.iter().map(Sheet::row_bytes).sum();
    row.saturating_mul(rows)
}

/// Why values cannot be kept as the sheets say, where they cannot.
pub fn unkept(sheets: &[Sheet], values: &[Tensor]) -> Result<Option<String>> {
    for (sheet, value) in sheets.iter().zip(values) {
        if let Some(largest) = sheet.overflow(value)? {
            return Ok(Some(format!(
                "an answer holds {largest}, and f16 ends at 65504; `store: bf16` would hold it"
            )));
        }
    }
    Ok(None)
}

/// Rows of all outputs.
pub struct Table {
    pub sheets: Vec<Sheet>,
    /// Of each output, where there is room for all of them.
    pub rows: Vec<Tensor>,
}

impl Table {
    /// Room for so many rows. What is not written takes no memory yet.
    pub fn empty(sheets: &[Sheet], rows: i64, device: Device) -> Result<Table> {
        let room = |sheet: &Sheet| Tensor::f_empty(sheet.size(rows), (sheet.kind(), device));
        let all = sheets.iter().map(room);
        Ok(Table {
            sheets: sheets.to_vec(),
            rows: all.collect::<std::result::Result<_, _>>()?,
        })
    }

    /// Writes values from a row on.
    pub fn put(&mut self, from: i64, values: &[Tensor]) -> Result<()> {
        let rows = self.sheets.iter().zip(values);
        let rows = rows.map(|(sheet, value)| sheet.rows(value));
        self.put_rows(from, &rows.collect::<Result<Vec<_>>>()?)
    }

    /// Writes rows as they are kept.
    pub fn put_rows(&mut self, from: i64, rows: &[Tensor]) -> Result<()> {
        for (all, rows) in self.rows.iter().zip(rows) {
            let mut place = all.f_narrow(0, from, rows.size()[0])?;
            place.f_copy_(rows)?;
        }
        Ok(())
    }

    /// Makes room for some rows behind those that are written: half as much again where it is too little.
    pub fn make_room(&mut self, written: i64, more: i64) -> Result<()> {
        let Some(first) = self.rows.first() else {
            return Ok(());
        };
        let room = first.size()[0];
        if written + more <= room {
            return Ok(());
        }
        let room = (written + more).max(room / 2 * 3);
        let larger = Table::empty(&self.sheets, room, first.device())?;
        let before = std::mem::replace(self, larger).rows;
        let before = before.iter().map(|rows| rows.f_narrow(0, 0, written));
        self.put_rows(0, &before.collect::<std::result::Result<Vec<_>, _>>()?)
    }

    /// The values of the rows at the places, which `index` holds on the device, there.
    pub fn at(&self, places: &[i64], index: &Tensor) -> Result<Vec<Tensor>> {
        let rows = self.sheets.iter().zip(&self.rows);
        rows.map(|(sheet, rows)| {
            let chosen = match rows.device() == index.device() {
                true => rows.f_index_select(0, index)?,
                // a mapped file
                false => rows.f_index_select(0, &Tensor::f_from_slice(places)?)?,
            };
            sheet.value(&shim::upload(&chosen, index.device())?)
        })
        .collect()
    }
}
