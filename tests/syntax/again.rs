//! A text that was read before is read as if it had not been.

use super::source;
use crate::mutate::mutations;
use crate::shipped::shipped;
use kdc::syntax::Readings;
use std::path::Path;

#[test]
fn an_edit_is_read_as_the_whole_text() {
    let files = shipped();
    let each = 2_000usize.div_ceil(files.len());
    for (seed, (path, text)) in files.iter().enumerate() {
        let mut readings = Readings::default();
        // the file is damaged, damaged otherwise, and now and then mended
        for (number, damaged) in mutations(text, seed as u64 + 7).take(each).enumerate() {
            check(&mut readings, &damaged, path);
            if number % 3 == 0 {
                check(&mut readings, text, path);
            }
        }
    }
}

fn check(readings: &mut Readings, text: &str, path: &Path) {
    let source = source(text);
    let (whole, again) = (kdc::syntax::parse(&source), readings.parse(&source));
    assert!(whole.file == again.file, "{}: {text}", path.display());
    assert_eq!(
        whole.diagnostics,
        again.diagnostics,
        "{}: {text}",
        path.display()
    );
}

/// Where a text stands among others does not matter for how it is read, only for its places.
#[test]
fn a_file_with_another_number() {
    let mut readings = Readings::default();
    let mut sources = kdc::source::Sources::default();
    let text =
        "/// One.\nmodel A(n: int = 1) {\n    input x: [N, 4]\n    output y = x -> linear(n)\n}\n";
    for _ in 0..3 {
        let id = sources.add("a.kd".to_owned(), None, text);
        let source = sources.get(id);
        assert_eq!(readings.parse(source).file, kdc::syntax::parse(source).file);
    }
}
