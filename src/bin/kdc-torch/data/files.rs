//! Pictures in files, PNG or JPEG: looked at when the data are opened, kept if there is room, else read for each
//! batch.

use crate::failure::{Failure, Result};
use crate::layout;
use image::{ImageReader, ImageResult};
use kdc::hash::Fnv;
use std::path::{Path, PathBuf};
use std::thread;
use tch::Tensor;

/// How many bytes of pixels are kept in memory.
const KEPT: u64 = 2 << 30;

pub struct Pictures {
    paths: Vec<PathBuf>,
    /// Height and width of each.
    sizes: Vec<(u32, u32)>,
    /// `[3, H, W]`, bytes.
    kept: Option<Vec<Tensor>>,
}

impl Pictures {
    /// Refuses what is no picture, by its name.
    pub fn open(paths: Vec<PathBuf>) -> Result<Pictures> {
        let sizes = parallel(&paths, |path| {
            let (width, height) = reader(path)?.into_dimensions()?;
            Ok((height, width))
        })?;
        let pixels = sizes.iter().map(|(h, w)| u64::from(*h) * u64::from(*w));
        let fits = 3 * pixels.sum::<u64>() <= KEPT;
        let mut pictures = Pictures {
            paths,
            sizes,
            kept: None,
        };
        if fits {
            let all: Vec<i64> = (0..pictures.paths.len() as i64).collect();
            pictures.kept = Some(pictures.read(&all)?);
        }
        Ok(pictures)
    }

    pub fn none() -> Pictures {
        Pictures {
            paths: Vec::new(),
            sizes: Vec::new(),
            kept: None,
        }
    }

    /// Those at the given places, `[3, H, W]` bytes each.
    pub fn at(&self, places: &[i64]) -> Result<Vec<Tensor>> {
        match &self.kept {
            Some(kept) => Ok(places
                .iter()
                .map(|place| kept[*place as usize].shallow_clone())
                .collect()),
            None => self.read(places),
        }
    }

    fn read(&self, places: &[i64]) -> Result<Vec<Tensor>> {
        let paths: Vec<&PathBuf> = places.iter().map(|p| &self.paths[*p as usize]).collect();
        let decoded = parallel(&paths, |path| Ok(reader(path)?.decode()?.to_rgb8()))?;
        let tensors = decoded.into_iter().map(|picture| {
            let (width, height) = (i64::from(picture.width()), i64::from(picture.height()));
            Ok(Tensor::f_from_slice(picture.as_raw())?
                .f_view([height, width, 3])?
                .f_permute([2, 0, 1])?
                .f_contiguous()?)
        });
        tensors.collect()
    }

    pub fn hash(&self, hash: &mut Fnv) -> Result<()> {
        for (path, (height, width)) in self.paths.iter().zip(&self.sizes) {
            hash.write(path.as_os_str().as_encoded_bytes());
            hash.write(&height.to_le_bytes());
            hash.write(&width.to_le_bytes());
        }
        for picture in self.kept.iter().flatten() {
            hash.write(&layout::bytes(picture)?);
        }
        Ok(())
    }
}

fn reader(path: &Path) -> ImageResult<ImageReader<std::io::BufReader<std::fs::File>>> {
    Ok(ImageReader::open(path)?.with_guessed_format()?)
}

/// What `read` makes of each path, on all cores; or the first failure, with the file's name.
fn parallel<P: AsRef<Path> + Sync, T: Send>(
    paths: &[P],
    read: impl Fn(&Path) -> ImageResult<T> + Sync,
) -> Result<Vec<T>> {
    let one = |path: &P| {
        let path = path.as_ref();
        read(path).map_err(|error| {
            Failure::Usage(format!(
                "`{}` cannot be read as a picture: {error}",
                path.display()
            ))
        })
    };
    let threads = thread::available_parallelism().map_or(1, |n| n.get());
    let share = paths.len().div_ceil(threads).max(1);
    let parts: Vec<Result<Vec<T>>> = thread::scope(|scope| {
        let workers: Vec<_> = paths
            .chunks(share)
            .map(|part| scope.spawn(move || part.iter().map(one).collect()))
            .collect();
        workers
            .into_iter()
            .map(|worker| {
                worker
                    .join()
                    .unwrap_or_else(|_| Err(Failure::Bug("a picture's decoder panicked".into())))
            })
            .collect()
    });
    let mut all = Vec::with_capacity(paths.len());
    for part in parts {
        all.extend(part?);
    }
    Ok(all)
}
