//! The texts that are open in the editor, which hide the files of the same path.

use crate::cli::files::Disk;
use crate::ide::Analysis;
use crate::program::load::normal;
use crate::source::Files;
use crate::syntax::Readings;
use lsp_types::Uri;
use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
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
    analysed: Option<Analysed>,
}

struct Analysed {
    analysis: Analysis,
    /// All files and folders that it looked at, whether they are there or not.
    behind: BTreeSet<PathBuf>,
}

#[derive(Default)]
pub struct Documents {
    open: BTreeMap<PathBuf, Document>,
    readings: Readings,
}

impl Documents {
    /// A text that is open from now on.
    pub fn open(&mut self, uri: Uri, version: i32, text: String) {
        self.forget();
        let document = Document {
            version,
            text,
            analysed: None,
            uri,
        };
        self.open.insert(path(&document.uri), document);
    }

    /// What depends on the text is analysed anew when it is asked for.
    pub fn change(&mut self, uri: &Uri, version: i32, text: String) {
        let path = path(uri);
        let Some(document) = self.open.get_mut(&path) else {
            return;
        };
        document.version = version;
        document.text = text;
        for document in self.open.values_mut() {
            document
                .analysed
                .take_if(|known| known.behind.contains(&path));
        }
    }

    pub fn close(&mut self, uri: &Uri) {
        let path = path(uri);
        self.forget();
        self.open.remove(&path);
        self.readings.forget(&path.display().to_string());
    }

    /// Which files there are has changed: all may depend on it.
    pub fn forget(&mut self) {
        for document in self.open.values_mut() {
            document.analysed = None;
        }
    }

    pub fn iter(&self) -> impl Iterator<Item = &Document> {
        self.open.values()
    }

    /// Of an open text.
    pub fn analysis(&mut self, uri: &Uri) -> Option<&Analysis> {
        let path = path(uri);
        if self.open.get(&path)?.analysed.is_none() {
            let files = Overlay::of(&self.open);
            let analysis = Analysis::of(&files, &path, &mut self.readings).ok()?;
            let behind = files.behind.into_inner();
            self.open.get_mut(&path)?.analysed = Some(Analysed { analysis, behind });
        }
        Some(&self.open.get(&path)?.analysed.as_ref()?.analysis)
    }

    /// What can be said of an open text with a look at the files around it.
    pub fn with_files<T>(
        &mut self,
        uri: &Uri,
        answer: impl FnOnce(&Analysis, &dyn Files) -> T,
    ) -> Option<T> {
        self.analysis(uri)?;
        let analysed = self.open.get(&path(uri))?.analysed.as_ref()?;
        Some(answer(&analysed.analysis, &Overlay::of(&self.open)))
    }
}

/// The open texts, and the disk behind them. It notes what it is asked for.
struct Overlay<'a> {
    open: &'a BTreeMap<PathBuf, Document>,
    behind: RefCell<BTreeSet<PathBuf>>,
}

impl<'a> Overlay<'a> {
    fn of(open: &'a BTreeMap<PathBuf, Document>) -> Overlay<'a> {
        Overlay {
            open,
            behind: RefCell::default(),
        }
    }

    fn note(&self, path: &Path) -> Option<&Document> {
        let path = normal(path);
        let document = self.open.get(&path);
        self.behind.borrow_mut().insert(path);
        document
    }
}

impl Files for Overlay<'_> {
    fn read(&self, path: &Path) -> Result<String, String> {
        match self.note(path) {
            Some(document) => Ok(document.text.clone()),
            None => Disk.read(path),
        }
    }

    fn exists(&self, path: &Path) -> bool {
        self.note(path).is_some() || Disk.exists(path)
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
