//! CIFAR-10's official binary version: `data_batch_1.bin` to `data_batch_5.bin` and `test_batch.bin`.
//!
//! A file is 10,000 records of 3,073 bytes: the label, then 1,024 bytes each of red, green and blue.

use super::source::{Bytes, Splits};
use crate::failure::{Failure, Result};
use std::path::Path;

const CLASSES: u8 = 10;
const IMAGE: [i64; 3] = [3, 32, 32];
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
    let mut train = Bytes::default();
    for name in TRAIN {
        read_file(&folder.join(name), records, &mut train)?;
    }
    let mut test = Bytes::default();
    read_file(&folder.join(TEST), records, &mut test)?;
    Ok(Splits {
        train: train.samples(IMAGE)?,
        test: test.samples(IMAGE)?,
    })
}

fn read_file(path: &Path, records: usize, samples: &mut Bytes) -> Result<()> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::source::Samples;
    use crate::testing::Folder;

    const RECORDS: usize = 3;

    fn folder() -> Folder {
        let folder = Folder::new();
        for (file, name) in TRAIN.into_iter().chain([TEST]).enumerate() {
            let mut bytes = Vec::new();
            for record in 0..RECORDS {
                bytes.push(((file + record) % 10) as u8);
                bytes.extend([(10 * file + record) as u8; PIXELS]);
            }
            std::fs::write(folder.0.join(name), bytes).unwrap();
        }
        folder
    }

    fn labels(samples: &Samples) -> Vec<i64> {
        Vec::try_from(samples.column("label").expect("it is there")).unwrap()
    }

    fn refusal(folder: &Folder) -> String {
        let failure = read(&folder.0, RECORDS).err().expect("a broken folder");
        assert_eq!(failure.exit_code(), 2);
        failure.to_string()
    }

    #[test]
    fn files_are_read_in_order() {
        let folder = folder();
        let splits = read(&folder.0, RECORDS).unwrap();
        assert_eq!(
            labels(&splits.train),
            [0, 1, 2, 1, 2, 3, 2, 3, 4, 3, 4, 5, 4, 5, 6]
        );
        assert_eq!(labels(&splits.test), [5, 6, 7]);
        let (train, test) = (splits.train.column("image"), splits.test.column("image"));
        let (train, test) = (train.unwrap(), test.unwrap());
        assert_eq!(train.size(), [15, 3, 32, 32]);
        assert_eq!(train.int64_value(&[4, 0, 0, 0]), 11);
        assert_eq!(test.int64_value(&[0, 2, 31, 31]), 50);
    }

    #[test]
    fn a_missing_file_is_named() {
        let folder = folder();
        std::fs::remove_file(folder.0.join("data_batch_3.bin")).unwrap();
        assert!(refusal(&folder).contains("lacks `data_batch_3.bin`"));
    }

    #[test]
    fn a_truncated_file_is_named_with_its_end() {
        let folder = folder();
        let path = folder.0.join("data_batch_2.bin");
        let bytes = std::fs::read(&path).unwrap();
        std::fs::write(&path, &bytes[..RECORD + 10]).unwrap();
        let text = refusal(&folder);
        assert!(text.contains("data_batch_2.bin"), "{text}");
        assert!(text.contains("ends at byte 3083, in record 1"), "{text}");
        std::fs::write(&path, [bytes, vec![0]].concat()).unwrap();
        assert!(refusal(&folder).contains("goes on after byte 9219"));
    }

    #[test]
    fn a_wrong_label_is_named_with_its_place() {
        let folder = folder();
        let path = folder.0.join(TEST);
        let mut bytes = std::fs::read(&path).unwrap();
        bytes[2 * RECORD] = 17;
        std::fs::write(&path, bytes).unwrap();
        let text = refusal(&folder);
        assert!(text.contains("test_batch.bin"), "{text}");
        assert!(text.contains("byte 6146 should be the label of record 2, 0 to 9, but is 17"));
    }
}
