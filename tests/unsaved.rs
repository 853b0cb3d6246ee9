//! A text that has not been saved.

use kdc::cli::files::Disk;
use kdc::source::Files;
use std::path::Path;

/// Stands at [`PATH`], beside the examples, and not on the disk.
pub struct Unsaved(pub String);

pub const PATH: &str = "examples/unsaved.kd";

impl Files for Unsaved {
    fn read(&self, path: &Path) -> Result<String, String> {
        match path == Path::new(PATH) {
            true => Ok(self.0.clone()),
            false => Disk.read(path),
        }
    }

    fn exists(&self, path: &Path) -> bool {
        Disk.exists(path)
    }

    fn list(&self, folder: &Path) -> Vec<String> {
        Disk.list(folder)
    }
}
