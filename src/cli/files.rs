//! Files on disk and on standard input.

use crate::program::load::normal;
use crate::source::Files;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

/// What standard input is called in messages.
pub const STDIN: &str = "<stdin>";

/// Nothing that a person writes is larger; a device or a data set given by mistake would fill the memory.
const LARGEST: u64 = 64 << 20;

/// The disk.
pub struct Disk;

impl Files for Disk {
    fn read(&self, path: &Path) -> Result<String, String> {
        if path.is_dir() {
            return Err("it is a folder".into());
        }
        let file = File::open(path).map_err(|error| reason(&error))?;
        text(file)
    }

    fn exists(&self, path: &Path) -> bool {
        path.exists()
    }

    fn list(&self, folder: &Path) -> Vec<String> {
        let folder = match folder.as_os_str().is_empty() {
            true => Path::new("."),
            false => folder,
        };
        let Ok(entries) = fs::read_dir(folder) else {
            return Vec::new();
        };
        let mut names: Vec<String> = entries
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .collect();
        names.sort();
        names
    }
}

/// The disk, and a text that came from standard input.
pub struct Stdin {
    text: Result<String, String>,
}

impl Stdin {
    pub fn read() -> Stdin {
        Stdin {
            text: text(std::io::stdin().lock()),
        }
    }
}

impl Files for Stdin {
    fn read(&self, path: &Path) -> Result<String, String> {
        match path == Path::new(STDIN) {
            true => self.text.clone(),
            false => Disk.read(path),
        }
    }

    fn exists(&self, path: &Path) -> bool {
        path == Path::new(STDIN) || Disk.exists(path)
    }

    fn list(&self, folder: &Path) -> Vec<String> {
        Disk.list(folder)
    }
}

/// The disk, with other texts for some of its files.
#[derive(Default)]
pub struct Overlay {
    texts: BTreeMap<PathBuf, String>,
}

impl Overlay {
    pub fn set(&mut self, path: &Path, text: String) {
        self.texts.insert(normal(path), text);
    }

    pub fn texts(&self) -> impl Iterator<Item = (&PathBuf, &String)> {
        self.texts.iter()
    }
}

impl Files for Overlay {
    fn read(&self, path: &Path) -> Result<String, String> {
        match self.texts.get(&normal(path)) {
            Some(text) => Ok(text.clone()),
            None => Disk.read(path),
        }
    }

    fn exists(&self, path: &Path) -> bool {
        self.texts.contains_key(&normal(path)) || Disk.exists(path)
    }

    fn list(&self, folder: &Path) -> Vec<String> {
        Disk.list(folder)
    }
}

fn text(from: impl Read) -> Result<String, String> {
    let mut bytes = Vec::new();
    from.take(LARGEST + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| reason(&error))?;
    if bytes.len() as u64 > LARGEST {
        return Err(format!("it is larger than {} MiB", LARGEST >> 20));
    }
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        format!(
            "it is no UTF-8 text: byte {at} is 0x{:02x}",
            error.as_bytes()[at]
        )
    })
}

fn reason(error: &std::io::Error) -> String {
    match error.kind() {
        ErrorKind::NotFound => "there is no such file".into(),
        ErrorKind::PermissionDenied => "there is no permission to read it".into(),
        ErrorKind::NotADirectory => "a part of its path is no folder".into(),
        _ => error.to_string(),
    }
}

/// Replaces a file's text in one step, so that nobody ever finds half of it. A link stays a link, and the file
/// keeps its permissions.
pub fn replace(path: &Path, text: &str) -> Result<(), String> {
    let replaced = || {
        let path = fs::canonicalize(path)?;
        let permissions = fs::metadata(&path)?.permissions();
        if permissions.readonly() {
            return Err(ErrorKind::PermissionDenied.into());
        }
        let mut new = path.clone().into_os_string();
        new.push(format!(".{}.new", std::process::id()));
        fs::write(&new, text)
            .and_then(|()| fs::set_permissions(&new, permissions))
            .and_then(|()| fs::rename(&new, &path))
            // What went wrong is told; what is left of it is no matter.
            .inspect_err(|_| drop(fs::remove_file(&new)))
    };
    replaced().map_err(|error| {
        let why = match error.kind() {
            ErrorKind::PermissionDenied => "there is no permission to write it".into(),
            _ => error.to_string(),
        };
        format!("`{}` cannot be written: {why}", path.display())
    })
}

/// The .kd files below a folder, sorted; hidden folders and those of results (`target`, `runs`) left out.
pub fn walk(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        let entries = fs::read_dir(&folder)
            .map_err(|error| format!("cannot read the folder `{}`: {error}", folder.display()))?;
        for entry in entries.flatten() {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            let path = entry.path();
            // Links to folders are not followed: they may lead back.
            let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
            if name.starts_with('.') || (is_folder && ["target", "runs"].contains(&name.as_ref())) {
                continue;
            } else if is_folder {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "kd") && path.is_file()
            {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}
