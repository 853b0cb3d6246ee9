//! CIFAR's official binary versions: a file is a row of records, each a label or two, then 1,024 bytes each of red,
//! green and blue.

use super::samples::{Bytes, Splits};
use crate::failure::{Failure, Result};
use std::path::Path;

const IMAGE: [i64; 3] = [3, 32, 32];
const PIXELS: usize = 3 * 32 * 32;

/// One of the two data sets.
pub struct Version {
    name: &'static str,
    train: &'static [&'static str],
    test: &'static str,
    /// Bytes before the pixels; the last of them is the label.
    labels: usize,
    classes: u8,
    /// In a training file, and in the test file.
    records: (usize, usize),
}

pub const CIFAR10: Version = Version {
    name: "CIFAR-10",
    train: &[
        "data_batch_1.bin",
        "data_batch_2.bin",
        "data_batch_3.bin",
        "data_batch_4.bin",
        "data_batch_5.bin",
    ],
    test: "test_batch.bin",
    labels: 1,
    classes: 10,
    records: (10_000, 10_000),
};

/// Its first label is the coarse one.
pub const CIFAR100: Version = Version {
    name: "CIFAR-100",
    train: &["train.bin"],
    test: "test.bin",
    labels: 2,
    classes: 100,
    records: (50_000, 10_000),
};

pub fn read(folder: &Path, version: &Version) -> Result<Splits> {
    let files = || version.train.iter().chain([&version.test]);
    let missing: Vec<_> = files()
        .filter(|name| !folder.join(name).exists())
        .map(|name| format!("`{name}`"))
        .collect();
    if !missing.is_empty() {
        let all: Vec<_> = files().map(|name| format!("`{name}`")).collect();
        return Err(Failure::Usage(format!(
            "`{}` lacks {}: {}'s binary version is {}\ncomplete the folder, or remove it to train on \
             the next source",
            folder.display(),
            missing.join(", "),
            version.name,
            all.join(", ")
        )));
    }
    let mut train = Bytes::default();
    for name in version.train {
        read_file(&folder.join(name), version, version.records.0, &mut train)?;
    }
    let mut test = Bytes::default();
    read_file(
        &folder.join(version.test),
        version,
        version.records.1,
        &mut test,
    )?;
    Ok(Splits::new(train.samples(IMAGE)?, test.samples(IMAGE)?))
}

fn read_file(path: &Path, version: &Version, records: usize, samples: &mut Bytes) -> Result<()> {
    let bytes = std::fs::read(path)
        .map_err(|e| Failure::Usage(format!("`{}` cannot be read: {e}", path.display())))?;
    let broken = |what: String| {
        let (path, name) = (path.display(), version.name);
        Failure::Usage(format!("`{path}` is no file of {name}'s: {what}"))
    };
    let record = version.labels + PIXELS;
    let expected = records * record;
    if bytes.len() < expected {
        return Err(broken(format!(
            "it ends at byte {}, in record {}, but {records} records of {record} bytes make {expected} \
             bytes; unpack it again",
            bytes.len(),
            bytes.len() / record
        )));
    }
    if bytes.len() > expected {
        return Err(broken(format!(
            "it goes on after byte {expected}, where {records} records of {record} bytes end; it has {} \
             bytes",
            bytes.len()
        )));
    }
    for (i, one) in bytes.chunks_exact(record).enumerate() {
        let (labels, pixels) = one.split_at(version.labels);
        let label = labels[version.labels - 1];
        if label >= version.classes {
            return Err(broken(format!(
                "byte {} should be the label of record {i}, 0 to {}, but is {label}",
                i * record + version.labels - 1,
                version.classes - 1
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
    use crate::data::samples::{Samples, Values};
    use crate::testing::Folder;

    const RECORDS: usize = 3;
    const RECORD: usize = 1 + PIXELS;
    const TEST: &str = CIFAR10.test;
    const SMALL: Version = Version {
        records: (RECORDS, RECORDS),
        ..CIFAR10
    };

    fn folder() -> Folder {
        let folder = Folder::new();
        for (file, name) in CIFAR10.train.iter().chain([&TEST]).enumerate() {
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
        match samples.column("label") {
            Some(Values::Tensor(labels)) => Vec::try_from(labels).unwrap(),
            _ => panic!("no labels"),
        }
    }

    fn refusal(folder: &Folder) -> String {
        let failure = read(&folder.0, &SMALL).err().expect("a broken folder");
        assert_eq!(failure.exit_code(), 2);
        failure.to_string()
    }

    #[test]
    fn files_are_read_in_order() {
        let folder = folder();
        let splits = read(&folder.0, &SMALL).unwrap();
        assert_eq!(
            labels(&splits.train),
            [0, 1, 2, 1, 2, 3, 2, 3, 4, 3, 4, 5, 4, 5, 6]
        );
        assert_eq!(labels(&splits.test), [5, 6, 7]);
        let (Some(Values::Tensor(train)), Some(Values::Tensor(test))) =
            (splits.train.column("image"), splits.test.column("image"))
        else {
            panic!("no pictures");
        };
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

    #[test]
    fn the_fine_label_is_the_second_byte() {
        let folder = Folder::new();
        let record = |coarse, fine| [vec![coarse, fine], vec![7; PIXELS]].concat();
        let train = [record(3, 99), record(1, 5)].concat();
        std::fs::write(folder.0.join("train.bin"), train).unwrap();
        std::fs::write(folder.0.join("test.bin"), record(0, 100)).unwrap();
        let small = Version {
            records: (2, 1),
            ..CIFAR100
        };
        let text = read(&folder.0, &small).err().unwrap().to_string();
        assert!(text.contains("byte 1 should be the label of record 0, 0 to 99, but is 100"));
        std::fs::write(folder.0.join("test.bin"), record(0, 42)).unwrap();
        let splits = read(&folder.0, &small).unwrap();
        assert_eq!(labels(&splits.train), [99, 5]);
        assert_eq!(labels(&splits.test), [42]);
    }
}
