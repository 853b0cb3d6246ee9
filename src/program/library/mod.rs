//! The standard library: the `.kd` files of `models/` and `losses/`, embedded in the binary.

pub mod reference;

use super::load::item_name;
use crate::source::Sources;
use crate::syntax;
use crate::syntax::ast::Item;
use std::sync::LazyLock;

include!(concat!(env!("OUT_DIR"), "/library.rs"));

/// A file of the standard library.
pub struct LibraryFile {
    /// `models/lightnn.kd`
    pub path: &'static str,
    pub text: &'static str,
}

/// The libraries that `use` can name.
pub const LIBRARIES: [&str; 2] = ["models", "losses"];

/// The file of a library that offers a name.
pub fn find(library: &str, name: &str) -> Option<&'static LibraryFile> {
    let mut offered = offered(library);
    let (_, file) = offered.find(|(offered, _)| *offered == name)?;
    Some(file)
}

/// What a library offers under a name, and the text that it stands in.
pub fn item(library: &str, name: &str) -> Option<(Sources, Item)> {
    let file = find(library, name)?;
    let mut sources = Sources::default();
    let id = sources.add(file.path.to_string(), None, file.text);
    let file = syntax::parse(sources.get(id)).file;
    let mut items = file.items.iter();
    let item = items.find(|item| item_name(&item.kind).is_some_and(|found| found.text == name))?;
    Some((sources, item.clone()))
}

/// What a library offers.
pub fn names(library: &str) -> impl Iterator<Item = &'static str> {
    offered(library).map(|(name, _)| name)
}

/// All that the libraries offer, each with its file. Editors ask for names at every keystroke.
static OFFERED: LazyLock<Vec<(&str, &LibraryFile)>> = LazyLock::new(|| {
    let files = FILES.iter();
    files
        .flat_map(|file| definitions(file).map(move |name| (name, file)))
        .collect()
});

fn offered(library: &str) -> impl Iterator<Item = (&'static str, &'static LibraryFile)> {
    let all = OFFERED.iter().copied();
    all.filter(move |(_, file)| {
        let rest = file.path.strip_prefix(library);
        rest.is_some_and(|rest| rest.starts_with('/'))
    })
}

/// The models or losses that a file offers, found without parsing it: in the library every definition starts
/// its line. What else it defines is its own.
fn definitions(file: &'static LibraryFile) -> impl Iterator<Item = &'static str> {
    let keyword = match file.path.starts_with("losses/") {
        true => "loss ",
        false => "model ",
    };
    file.text.lines().filter_map(move |line| {
        let rest = line.strip_prefix(keyword)?;
        rest.split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
            .next()
    })
}
