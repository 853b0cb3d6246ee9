//! What the programs load when they start, read from their files. Linux only.

use std::collections::BTreeSet;
use std::fs;

/// The libraries that a 64-bit little-endian ELF file names as needed.
fn needed(program: &str) -> BTreeSet<String> {
    const DYNAMIC_SECTION: usize = 6;
    const NEEDED: usize = 1;
    let elf = fs::read(program).unwrap();
    assert_eq!(
        elf[..6],
        *b"\x7fELF\x02\x01",
        "{program} is another kind of file"
    );
    let number = |at: usize, bytes: usize| {
        let bytes = &elf[at..at + bytes];
        bytes
            .iter()
            .rev()
            .fold(0, |n, byte| n << 8 | usize::from(*byte))
    };
    let (table, entry, count) = (number(0x28, 8), number(0x3a, 2), number(0x3c, 2));
    let section = |index: usize| {
        let header = table + index * entry;
        let [kind, link] = [4, 0x28].map(|field| number(header + field, 4));
        let [offset, size] = [0x18, 0x20].map(|field| number(header + field, 8));
        (kind, link, offset, size)
    };
    let (_, strings, offset, size) = (0..count)
        .map(section)
        .find(|(kind, ..)| *kind == DYNAMIC_SECTION)
        .expect("programs are linked dynamically");
    let (_, _, names, _) = section(strings);
    let name = |at: usize| {
        let text = elf[names + at..].split(|byte| *byte == 0).next().unwrap();
        String::from_utf8(text.to_vec()).unwrap()
    };
    (offset..offset + size)
        .step_by(16)
        .filter(|entry| number(*entry, 8) == NEEDED)
        .map(|entry| name(number(entry + 8, 8)))
        .collect()
}

#[test]
fn kdc_loads_no_libtorch() {
    let needed = needed(env!("CARGO_BIN_EXE_kdc"));
    assert!(needed.contains("libc.so.6"), "{needed:?}");
    for part in ["torch", "c10", "cuda"] {
        assert!(!needed.iter().any(|name| name.contains(part)), "{needed:?}");
    }
}

/// Else the test above might pass because libtorch is no longer a library of its own.
#[cfg(feature = "torch")]
#[test]
fn the_engine_does() {
    let needed = needed(env!("CARGO_BIN_EXE_kdc-torch"));
    assert!(
        needed.iter().any(|name| name.contains("torch_cpu")),
        "{needed:?}"
    );
}
