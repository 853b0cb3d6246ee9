//! The texts that are open in the editor, which hide the files of the same path.

use crate::cli::files::Disk;
use crate::ide::Analysis;
use crate::program::load::normal;
use crate::source::Files;
use lsp_types::Uri;
use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What a path in a URI must not contain as it is.
const ESCAPED: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'[')
    .add(b']')
    .add(b'`')
    .add(b'{')
    .add(b'}');

pub struct Document {
    pub uri: Uri,
    pub version: i32,
    text: String,
    analysis: Option<Analysis>,
}

#[derive(Default)]
pub struct Documents {
    open: BTreeMap<PathBuf, Document>,
}

impl Documents {
    pub fn set(&mut self, uri: Uri, version: i32, text: String) {
        self.forget();
        let document = Document {
            version,
            text,
            analysis: None,
            uri,
        };
        self.open.insert(path(&document.uri), document);
    }

    pub fn close(&mut self, uri: &Uri) {
        self.forget();
        self.open.remove(&path(uri));
    }

    /// A file on the disk, or an open text, has changed: all may depend on it.
    pub fn forget(&mut self) {
        for document in self.open.values_mut() {
            document.analysis = None;
        }
    }

    pub fn open(&self) -> impl Iterator<Item = (&PathBuf, &Document)> {
        self.open.iter()
    }

    /// Of an open text.
    pub fn analysis(&mut self, uri: &Uri) -> Option<&Analysis> {
        let path = path(uri);
        if self.open.get(&path)?.analysis.is_none() {
            let analysis = Analysis::of(&Overlay(&self.open), &path).ok()?;
            self.open.get_mut(&path)?.analysis = Some(analysis);
        }
        self.open.get(&path)?.analysis.as_ref()
    }
}

/// The open texts, and the disk behind them.
struct Overlay<'a>(&'a BTreeMap<PathBuf, Document>);

impl Files for Overlay<'_> {
    fn read(&self, path: &Path) -> Result<String, String> {
        match self.0.get(&normal(path)) {
            Some(document) => Ok(document.text.clone()),
            None => Disk.read(path),
        }
    }

    fn exists(&self, path: &Path) -> bool {
        self.0.contains_key(&normal(path)) || Disk.exists(path)
    }

    fn list(&self, folder: &Path) -> Vec<String> {
        Disk.list(folder)
    }
}

/// The file that a URI names. A text that is no file has a path of its own that no file has.
pub fn path(uri: &Uri) -> PathBuf {
    match uri.0.strip_prefix("file://") {
        Some(path) => normal(Path::new(&*percent_decode_str(path).decode_utf8_lossy())),
        None => PathBuf::from(&uri.0),
    }
}

pub fn uri(path: &Path) -> Uri {
    let path = path.to_string_lossy();
    Uri(format!("file://{}", utf8_percent_encode(&path, ESCAPED)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uris_and_paths() {
        let blank = Uri("file:///a%20b/%C3%A9/../hint.kd".into());
        assert_eq!(path(&blank), Path::new("/a b/hint.kd"));
        assert_eq!(uri(Path::new("/a b/é.kd")).0, "file:///a%20b/%C3%A9.kd");
        assert_eq!(path(&uri(Path::new("/50%/x.kd"))), Path::new("/50%/x.kd"));
    }
}
