//! The standard library: the `.kd` files of `models/` and `losses/`, embedded in the binary.

include!(concat!(env!("OUT_DIR"), "/library.rs"));

/// A file of the standard library.
pub struct LibraryFile {
    /// `models/lightnn.kd`
    pub path: &'static str,
    pub text: &'static str,
}

/// The libraries that `use` can name.
pub const LIBRARIES: [&str; 2] = ["models", "losses"];

/// The file of a library that defines a name.
pub fn find(library: &str, name: &str) -> Option<&'static LibraryFile> {
    files(library).find(|file| definitions(file).any(|defined| defined == name))
}

/// What a library defines.
pub fn names(library: &str) -> impl Iterator<Item = &'static str> {
    files(library).flat_map(definitions)
}

fn files(library: &str) -> impl Iterator<Item = &'static LibraryFile> {
    FILES.iter().filter(move |file| {
        file.path
            .strip_prefix(library)
            .is_some_and(|rest| rest.starts_with('/'))
    })
}

/// The models, losses and functions that a file defines, found without parsing it: in the library every
/// definition starts its line.
fn definitions(file: &'static LibraryFile) -> impl Iterator<Item = &'static str> {
    file.text.lines().filter_map(|line| {
        let rest = ["model ", "loss ", "fn "]
            .iter()
            .find_map(|keyword| line.strip_prefix(keyword))?;
        rest.split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
            .next()
    })
}
