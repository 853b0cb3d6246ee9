//! The standard library as files: it lies in the program, and editors open only what lies on the disk.

use crate::source::SourceFile;
use std::fs;
use std::path::{Path, PathBuf};

/// The folder of this version's library among what programs keep for the user; none if the user has no such place.
pub fn folder() -> Option<PathBuf> {
    let set = |name| std::env::var_os(name).map(PathBuf::from);
    let own = set("XDG_CACHE_HOME").filter(|path| path.is_absolute());
    let usual = match cfg!(target_os = "macos") {
        true => "Library/Caches",
        false => ".cache",
    };
    let cache = own.or_else(|| Some(set("HOME")?.join(usual)))?;
    Some(cache.join("kdc").join(env!("CARGO_PKG_VERSION")))
}

/// The file below `folder` that holds a text of the library: written if it is not there, for reading only. None if it
/// cannot be written.
pub fn file(folder: &Path, source: &SourceFile) -> Option<PathBuf> {
    let path = folder.join(source.name.strip_prefix("<kdc>/")?);
    if fs::read(&path).is_ok_and(|text| text == source.text.as_bytes()) {
        return Some(path);
    }
    fs::create_dir_all(path.parent()?).ok()?;
    // Another server may be about to do the same.
    let new = path.with_extension(format!("{}.new", std::process::id()));
    fs::write(&new, source.text.as_bytes()).ok()?;
    let mut permissions = fs::metadata(&new).ok()?.permissions();
    permissions.set_readonly(true);
    fs::set_permissions(&new, permissions).ok()?;
    fs::rename(&new, &path).ok()?;
    Some(path)
}
