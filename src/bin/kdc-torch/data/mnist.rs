//! MNIST's official files, unpacked. All numbers of their heads are of four bytes, the highest first.

use super::samples::{Bytes, Splits};
use crate::failure::{Failure, Result};
use std::path::Path;

const IMAGES: u32 = 0x0803;
const LABELS: u32 = 0x0801;
const SIDE: u32 = 28;

pub fn read(folder: &Path) -> Result<Splits> {
    let split = |name: &str| {
        let images = idx(&folder.join(format!("{name}-images-idx3-ubyte")), IMAGES)?;
        let path = folder.join(format!("{name}-labels-idx1-ubyte"));
        let labels = idx(&path, LABELS)?;
        if let Some(at) = labels.iter().position(|label| *label > 9) {
            return Err(broken(
                &path,
                format!("label {at} is {}, not 0 to 9", labels[at]),
            ));
        }
        let pixels = (SIDE * SIDE) as usize;
        if images.len() != labels.len() * pixels {
            return Err(broken(
                &path,
                format!(
                    "it has {} labels, but there are {} pictures",
                    labels.len(),
                    images.len() / pixels
                ),
            ));
        }
        Bytes { images, labels }.samples([1, i64::from(SIDE), i64::from(SIDE)])
    };
    Ok(Splits::new(split("train")?, split("t10k")?))
}

fn broken(path: &Path, what: String) -> Failure {
    let path = path.display();
    Failure::Usage(format!("`{path}` is no file of MNIST's: {what}"))
}

/// The bytes after the head, which says how many there are.
fn idx(path: &Path, magic: u32) -> Result<Vec<u8>> {
    let packed = path.with_extension("gz").exists();
    let bytes = std::fs::read(path).map_err(|e| {
        let hint = match packed {
            true => "\nunpack the `.gz` beside it",
            false => "",
        };
        Failure::Usage(format!("`{}` cannot be read: {e}{hint}", path.display()))
    })?;
    let number = |at: usize| {
        let four = bytes.get(4 * at..4 * at + 4)?;
        four.try_into().map(u32::from_be_bytes).ok()
    };
    if number(0) != Some(magic) {
        return Err(broken(
            path,
            "it starts with other bytes; is it unpacked?".into(),
        ));
    }
    let dimensions = (magic & 0xff) as usize;
    let sizes: Option<Vec<u32>> = (1..=dimensions).map(number).collect();
    let sizes = sizes.ok_or_else(|| broken(path, "it ends in its head".into()))?;
    if dimensions == 3 && sizes[1..] != [SIDE, SIDE] {
        let what = format!("its pictures are {}×{}, not 28×28", sizes[1], sizes[2]);
        return Err(broken(path, what));
    }
    let data = &bytes[4 * (1 + dimensions)..];
    let expected: u64 = sizes.iter().map(|size| u64::from(*size)).product();
    if data.len() as u64 != expected {
        let what = format!(
            "it has {} bytes after its head, which says {expected}",
            data.len()
        );
        return Err(broken(path, what));
    }
    Ok(data.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::samples::Values;
    use crate::testing::Folder;

    fn idx_file(magic: u32, sizes: &[u32], data: &[u8]) -> Vec<u8> {
        let head = [magic].into_iter().chain(sizes.iter().copied());
        let mut bytes: Vec<u8> = head.flat_map(u32::to_be_bytes).collect();
        bytes.extend(data);
        bytes
    }

    fn folder() -> Folder {
        let folder = Folder::new();
        for (name, count) in [("train", 3u8), ("t10k", 2)] {
            let pixels: Vec<u8> = (0..count).flat_map(|i| [i; 784]).collect();
            let images = idx_file(IMAGES, &[count.into(), 28, 28], &pixels);
            let labels: Vec<u8> = (0..count).map(|i| 9 - i).collect();
            let labels = idx_file(LABELS, &[count.into()], &labels);
            std::fs::write(folder.0.join(format!("{name}-images-idx3-ubyte")), images).unwrap();
            std::fs::write(folder.0.join(format!("{name}-labels-idx1-ubyte")), labels).unwrap();
        }
        folder
    }

    fn refusal(folder: &Folder) -> String {
        read(&folder.0).err().expect("a broken folder").to_string()
    }

    #[test]
    fn pictures_and_labels_are_read() {
        let splits = read(&folder().0).unwrap();
        let (Some(Values::Tensor(image)), Some(Values::Tensor(label))) =
            (splits.train.column("image"), splits.train.column("label"))
        else {
            panic!("tensors");
        };
        assert_eq!(image.size(), [3, 1, 28, 28]);
        assert_eq!(image.int64_value(&[2, 0, 27, 27]), 2);
        assert_eq!(Vec::<i64>::try_from(label).unwrap(), [9, 8, 7]);
        assert_eq!(splits.test.count, 2);
    }

    #[test]
    fn what_is_wrong_with_a_file_is_told() {
        let folder = folder();
        let path = folder.0.join("train-labels-idx1-ubyte");
        for (bytes, expected) in [
            (
                idx_file(LABELS, &[3], &[1, 2]),
                "has 2 bytes after its head, which says 3",
            ),
            (idx_file(LABELS, &[3], &[1, 2, 10]), "label 2 is 10"),
            (
                idx_file(LABELS, &[2], &[1, 2]),
                "has 2 labels, but there are 3 pictures",
            ),
            (
                idx_file(IMAGES, &[3], &[1, 2, 3]),
                "starts with other bytes",
            ),
            (vec![0, 0, 8], "starts with other bytes"),
            (vec![0, 0, 8, 1, 0], "ends in its head"),
        ] {
            std::fs::write(&path, bytes).unwrap();
            let text = refusal(&folder);
            assert!(
                text.contains(expected) && text.contains("train-labels"),
                "{text}"
            );
        }
        std::fs::remove_file(&path).unwrap();
        std::fs::write(path.with_extension("gz"), []).unwrap();
        assert!(refusal(&folder).contains("unpack the `.gz`"));
    }
}
