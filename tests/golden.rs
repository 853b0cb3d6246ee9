//! Files that hold what comes out. `KDC_BLESS=1` writes them anew; read them before they are committed.

use std::fs;
use std::path::Path;

/// Whether files are to be written and not compared.
pub fn blessed() -> bool {
    std::env::var_os("KDC_BLESS").is_some()
}

/// The file is what comes out.
pub fn hold(path: impl AsRef<Path>, text: &str) {
    let path = path.as_ref();
    if blessed() {
        fs::write(path, text).expect("the file can be written");
    }
    let found = fs::read_to_string(path).unwrap_or_default();
    let lines = found.lines().zip(text.lines());
    let same = lines.take_while(|(old, new)| old == new).count();
    assert!(
        found == text,
        "{} is out of date, first in line {} (KDC_BLESS=1 rewrites it)",
        path.display(),
        same + 1
    );
}
