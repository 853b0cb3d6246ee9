//! CIFAR-10's official binary version: `data_batch_1.bin` to `data_batch_5.bin` and `test_batch.bin`.
//!
//! A file is 10,000 records of 3,073 bytes: the label, then 1,024 bytes each of red, green and blue.

use super::source::{Samples, Splits};
use crate::failure::{Failure, Result};
use std::path::Path;

const CLASSES: u8 = 10;
const PIXELS: usize = 3 * 32 * 32;
const RECORD: usize = 1 + PIXELS;
const TRAIN: [&str; 5] = [
    "data_batch_1.bin",
    "data_batch_2.bin",
    "data_batch_3.bin",
    "data_batch_4.bin",
    "data_batch_5.bin",
];
const TEST: &str = "test_batch.bin";

/// Reads the folder, whose files hold `records` each: 10,000 but in tests.
pub fn read(folder: &Path, records: usize) -> Result<Splits> {
    let missing: Vec<_> = TRAIN
        .into_iter()
        .chain([TEST])
        .filter(|name| !folder.join(name).exists())
        .map(|name| format!("`{name}`"))
        .collect();
    if !missing.is_empty() {
        return Err(Failure::Usage(format!(
            "`{}` lacks {}: CIFAR-10's binary version is five files `data_batch_1.bin` … \
             `data_batch_5.bin` and `test_batch.bin`\ncomplete the folder, or remove it to train on \
             the next source",
            folder.display(),
            missing.join(", ")
        )));
    }
    let mut train = Samples::default();
    for name in TRAIN {
        read_file(&folder.join(name), records, &mut train)?;
    }
    let mut test = Samples::default();
    read_file(&folder.join(TEST), records, &mut test)?;
    Ok(Splits { train, test })
}

fn read_file(path: &Path, records: usize, samples: &mut Samples) -> Result<()> {
    let bytes = std::fs::read(path)
        .map_err(|e| Failure::Usage(format!("`{}` cannot be read: {e}", path.display())))?;
    let broken = |what: String| {
        Failure::Usage(format!(
            "`{}` is no file of CIFAR-10's: {what}",
            path.display()
        ))
    };
    let expected = records * RECORD;
    if bytes.len() < expected {
        return Err(broken(format!(
            "it ends at byte {}, in record {}, but {records} records of {RECORD} bytes make {expected} \
             bytes; unpack it again",
            bytes.len(),
            bytes.len() / RECORD
        )));
    }
    if bytes.len() > expected {
        return Err(broken(format!(
            "it goes on after byte {expected}, where {records} records of {RECORD} bytes end; it has {} \
             bytes",
            bytes.len()
        )));
    }
    for (i, record) in bytes.chunks_exact(RECORD).enumerate() {
        let (label, pixels) = (record[0], &record[1..]);
        if label >= CLASSES {
            return Err(broken(format!(
                "byte {} should be the label of record {i}, 0 to 9, but is {label}",
                i * RECORD
            )));
        }
        samples.labels.push(label);
        samples.images.extend_from_slice(pixels);
    }
    Ok(())
}
