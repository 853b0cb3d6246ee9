//! Folders of pictures: one for each class, in one for training and one for tests.

use super::files::Pictures;
use super::samples::{Samples, Splits, Values};
use crate::failure::{Failure, Result};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use tch::Tensor;

pub fn read(path: &Path, train: &str, test: &str, classes: u64) -> Result<Splits> {
    let (train, test) = (split(path, train)?, split(path, test)?);
    let names = class_names(&train)?;
    if names.len() as u64 != classes {
        return Err(Failure::Usage(format!(
            "`{}` has {} folders of classes, but `classes: {classes}` was said\nthey are {}",
            train.display(),
            names.len(),
            some(&names)
        )));
    }
    let test_names = class_names(&test)?;
    if let Some(other) = test_names.iter().find(|name| !names.contains(name)) {
        return Err(Failure::Usage(format!(
            "`{}` has a class `{other}` that `{}` lacks",
            test.display(),
            train.display()
        )));
    }
    Ok(Splits {
        train: samples(&train, &names)?,
        test: samples(&test, &names)?,
        class_names: [("label".to_string(), names)].into(),
    })
}

/// The folder of the training or the test pictures.
fn split(path: &Path, name: &str) -> Result<PathBuf> {
    let folder = path.join(name);
    if folder.is_dir() || !path.is_dir() {
        return Ok(folder);
    }
    Err(Failure::Usage(format!(
        "there is no folder `{}`\nthe folders in `{}` are {}\n`train:` and `test:` of `folder` name the two that hold a folder for each class",
        folder.display(),
        path.display(),
        some(&class_names(path)?)
    )))
}

/// The folders in a folder, in the order of their names.
fn class_names(folder: &Path) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for path in entries(folder)? {
        if let (true, Some(name)) = (path.is_dir(), path.file_name()) {
            names.push(name.to_string_lossy().into_owned());
        }
    }
    names.sort();
    Ok(names)
}

/// What a folder holds and does not hide, in order.
fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    let unreadable =
        |e: std::io::Error| Failure::Usage(format!("`{}` cannot be read: {e}", folder.display()));
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        if !entry.file_name().as_encoded_bytes().starts_with(b".") {
            paths.push(entry.path());
        }
    }
    paths.sort();
    Ok(paths)
}

fn samples(folder: &Path, classes: &[String]) -> Result<Samples> {
    let (mut paths, mut labels) = (Vec::new(), Vec::new());
    for (label, class) in classes.iter().enumerate() {
        let folder = folder.join(class);
        if !folder.exists() {
            continue;
        }
        let before = paths.len();
        paths.extend(
            entries(&folder)?
                .into_iter()
                .filter(|path| is_picture(path)),
        );
        labels.resize(paths.len(), label as i64);
        if paths.len() == before {
            return Err(Failure::Usage(format!(
                "`{}` holds no picture, PNG or JPEG",
                folder.display()
            )));
        }
    }
    if paths.is_empty() {
        let folder = folder.display();
        return Err(Failure::Usage(format!("`{folder}` holds no picture")));
    }
    let count = paths.len() as i64;
    Ok(Samples {
        columns: vec![
            (
                "image".into(),
                Values::Pictures(Rc::new(Pictures::open(paths)?)),
            ),
            (
                "label".into(),
                Values::Tensor(Tensor::f_from_slice(&labels)?),
            ),
        ],
        count,
    })
}

fn is_picture(path: &Path) -> bool {
    let extension = path.extension().and_then(|e| e.to_str());
    extension.is_some_and(|e| matches!(e.to_ascii_lowercase().as_str(), "png" | "jpg" | "jpeg"))
}

/// The first few names.
fn some(names: &[String]) -> String {
    const MOST: usize = 8;
    let shown: Vec<_> = names.iter().take(MOST).map(|n| format!("`{n}`")).collect();
    match names.len() {
        0 => "none: the pictures of a class lie in a folder of its name".to_string(),
        n if n > MOST => format!("{} and {} more", shown.join(", "), n - MOST),
        _ => shown.join(", "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Folder;
    use image::{ImageFormat, Rgb, RgbImage};

    /// `train` and `test` with the classes `cat` and `dog`; pictures of one colour, of different sizes.
    fn folder() -> Folder {
        let folder = Folder::new();
        for (split, count) in [("train", 3), ("test", 2)] {
            for (class, red) in [("dog", 200), ("cat", 10)] {
                let path = folder.0.join(split).join(class);
                std::fs::create_dir_all(&path).unwrap();
                for i in 0..count {
                    let picture = RgbImage::from_pixel(8 + i, 6, Rgb([red, i as u8, 77]));
                    let name = path.join(format!("{i}.png"));
                    picture.save_with_format(name, ImageFormat::Png).unwrap();
                }
            }
        }
        folder
    }

    fn refusal(folder: &Folder, classes: u64) -> String {
        let failure = read(&folder.0, "train", "test", classes).err();
        let failure = failure.expect("a broken folder");
        assert_eq!(failure.exit_code(), 2);
        failure.to_string()
    }

    #[test]
    fn classes_are_numbered_by_name_and_pictures_keep_their_size() {
        let folder = folder();
        std::fs::write(folder.0.join("train/cat/.hidden"), "x").unwrap();
        std::fs::write(folder.0.join("train/cat/notes.txt"), "x").unwrap();
        let splits = read(&folder.0, "train", "test", 2).unwrap();
        let Some(Values::Tensor(labels)) = splits.train.column("label") else {
            panic!("labels");
        };
        assert_eq!(Vec::<i64>::try_from(labels).unwrap(), [0, 0, 0, 1, 1, 1]);
        let Some(Values::Pictures(pictures)) = splits.train.column("image") else {
            panic!("pictures");
        };
        let two = pictures.at(&[5, 0]).unwrap();
        assert_eq!(
            (two[0].size(), two[1].size()),
            (vec![3, 6, 10], vec![3, 6, 8])
        );
        let pixel = |channel| two[0].int64_value(&[channel, 5, 9]);
        assert_eq!([pixel(0), pixel(1), pixel(2)], [200, 2, 77]);
        assert_eq!(splits.test.count, 4);
    }

    #[test]
    fn another_number_of_classes_is_told() {
        let text = refusal(&folder(), 3);
        assert!(
            text.contains("has 2 folders of classes, but `classes: 3`"),
            "{text}"
        );
        assert!(text.contains("`cat`, `dog`"), "{text}");
    }

    #[test]
    fn broken_pictures_are_named() {
        let folder = folder();
        let path = folder.0.join("train/dog/1.png");
        let bytes = std::fs::read(&path).unwrap();
        for broken in [&b"no picture"[..], &bytes[..bytes.len() / 2], &[]] {
            std::fs::write(&path, broken).unwrap();
            let text = refusal(&folder, 2);
            assert!(
                text.contains("train/dog/1.png` cannot be read as a picture"),
                "{text}"
            );
        }
    }

    #[test]
    fn missing_folders_and_empty_ones_are_named() {
        let empty = folder();
        std::fs::create_dir(empty.0.join("train/bird")).unwrap();
        assert!(refusal(&empty, 3).contains("train/bird` holds no picture"));
        let more = folder();
        std::fs::create_dir(more.0.join("test/bird")).unwrap();
        assert!(refusal(&more, 2).contains("has a class `bird`"));
        let without = folder();
        std::fs::remove_dir_all(without.0.join("test")).unwrap();
        let text = refusal(&without, 2);
        assert!(text.starts_with("there is no folder `"), "{text}");
        assert!(text.contains("` are `train`\n"), "{text}");
    }
}
