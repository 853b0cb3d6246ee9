//! The pages that are generated are those that the code would write now. `KDC_BLESS=1` writes them.

use std::fs;
use std::path::Path;

#[test]
fn the_reference_of_operations_is_current() {
    current(
        "docs/operations.md",
        &kdc::program::ops::reference::markdown(),
    );
}

fn current(page: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(page);
    if std::env::var_os("KDC_BLESS").is_some() {
        fs::write(&path, text).expect("the page can be written");
    }
    let found = fs::read_to_string(&path).unwrap_or_default();
    let differs = found.lines().zip(text.lines()).position(|(a, b)| a != b);
    assert!(
        found == text,
        "{page} is out of date, first in line {}: KDC_BLESS=1 cargo test --test tests docs",
        differs.unwrap_or(found.lines().count().min(text.lines().count())) + 1
    );
}
