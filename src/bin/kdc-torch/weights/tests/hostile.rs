//! Files that lie, want to run something, or are damaged: a clear refusal each.

use super::{fixture, named, net, refused};
use crate::testing::{Folder, alone};
use crate::weights::read;
use kdc::plan::WeightsFile;
use std::fs::File;
use std::io::Write;
use std::path::Path;

/// A file whose pickle is `data`, as torch.save lays it out.
fn archive(folder: &Folder, data: &[u8], storage: Option<&[u8]>) -> WeightsFile {
    let path = folder.0.join("hostile.pt");
    let mut zip = zip::ZipWriter::new(File::create(&path).unwrap());
    let stored =
        zip::write::FileOptions::default().compression_method(zip::CompressionMethod::Stored);
    zip.start_file("archive/data.pkl", stored).unwrap();
    zip.write_all(data).unwrap();
    if let Some(storage) = storage {
        zip.start_file("archive/data/0", stored).unwrap();
        zip.write_all(storage).unwrap();
    }
    zip.finish().unwrap();
    named(path)
}

/// `{"w": tensor}` over storage 0, with the numbers of its description.
fn tensor(numel: &[u8], offset: &[u8], size: &[u8], stride: &[u8]) -> Vec<u8> {
    let parts: [&[u8]; 9] = [
        b"\x80\x02}X\x01\0\0\0wctorch._utils\n_rebuild_tensor_v2\n((X\x07\0\0\0storagectorch\nFloatStorage\nX\x01\0\0\0",
        b"0X\x03\0\0\0cpu",
        numel,
        b"tQ",
        offset,
        size,
        stride,
        b"\x89ccollections\nOrderedDict\n)RtR",
        b"s.",
    ];
    parts.concat()
}

const FOUR: &[u8] = b"K\x04";
const HUGE: &[u8] = b"\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7f";

#[test]
fn pickles_that_want_to_run_something_are_refused() {
    let _alone = alone();
    let folder = Folder::new();
    for (pickle, name) in [
        (
            &b"\x80\x02cos\nsystem\nX\x04\0\0\0true\x85R."[..],
            "os.system",
        ),
        (
            b"\x80\x02cbuiltins\neval\nX\x01\0\0\x001\x85R.",
            "builtins.eval",
        ),
        (
            b"\x80\x04\x8c\x05posix\x8c\x06system\x93\x8c\x04true\x85R.",
            "posix.system",
        ),
        (
            b"\x80\x02ctorch.nn.modules.linear\nLinear\n)\x81.",
            "torch.nn.modules.linear.Linear",
        ),
        (b"\x80\x02c__builtin__\ngetattr\n.", "__builtin__.getattr"),
    ] {
        let text = refused(&archive(&folder, pickle, None), &net());
        assert!(text.contains(&format!("it names `{name}`")), "{text}");
    }
    assert!(refused(&fixture("module.pt"), &net()).contains("torch.nn.modules.linear.Linear"));
}

#[test]
fn pickles_that_lie_are_refused() {
    let _alone = alone();
    let folder = Folder::new();
    let whole = tensor(FOUR, b"K\x00", b"K\x04\x85", b"K\x01\x85");
    let bytes = [0; 16];
    let loaded = read("net", &archive(&folder, &whole, Some(&bytes))).unwrap();
    assert_eq!(loaded[0].1.size(), [4]);

    let negative = b"J\xff\xff\xff\xff";
    let beyond = "reaches beyond its storage";
    for (pickle, words) in [
        (tensor(FOUR, b"K\x01", b"K\x04\x85", b"K\x01\x85"), beyond),
        (tensor(FOUR, b"K\x00", b"K\x04\x85", b"K\x02\x85"), beyond),
        (tensor(FOUR, negative, b"K\x04\x85", b"K\x01\x85"), beyond),
        (
            tensor(FOUR, b"K\x00", b"K\x04\x85", b"K\x01K\x01\x86"),
            beyond,
        ),
        (
            tensor(
                FOUR,
                b"K\x00",
                &[HUGE, HUGE, b"\x86"].concat(),
                b"K\x00K\x00\x86",
            ),
            beyond,
        ),
        (
            tensor(
                FOUR,
                b"K\x00",
                &[HUGE, b"\x85"].concat(),
                &[HUGE, b"\x85"].concat(),
            ),
            beyond,
        ),
        (
            tensor(
                FOUR,
                b"K\x00",
                &[negative, &b"\x85"[..]].concat(),
                b"K\x01\x85",
            ),
            "unknown way",
        ),
        (
            tensor(HUGE, b"K\x00", b"K\x04\x85", b"K\x01\x85"),
            "should hold 9223372036854775807 numbers",
        ),
        (
            tensor(b"K\x05", b"K\x00", b"K\x04\x85", b"K\x01\x85"),
            "should hold 5 numbers",
        ),
        (
            tensor(b"N", b"K\x00", b"K\x04\x85", b"K\x01\x85"),
            "unknown way",
        ),
    ] {
        let text = refused(&archive(&folder, &pickle, Some(&bytes)), &net());
        assert!(text.contains(words), "{words} is not in\n{text}");
    }
    let text = refused(&archive(&folder, &whole, None), &net());
    assert!(text.contains("archive/data/0"), "{text}");
}

/// Repeated a thousand times over a storage of four numbers: as large as a view, not as large as its size says.
#[test]
fn a_view_that_repeats_its_numbers_takes_no_memory() {
    let _alone = alone();
    let folder = Folder::new();
    let size = b"\x8a\x06\0\0\0\0\0\x01\x85";
    let file = archive(
        &folder,
        &tensor(FOUR, b"K\x00", size, b"K\x00\x85"),
        Some(&[0; 16]),
    );
    let loaded = read("net", &file).unwrap();
    assert_eq!(loaded[0].1.size(), [1 << 40]);
    let text = refused(&file, &[("w".into(), vec![4])]);
    assert!(
        text.contains("w is [4] here and [1099511627776] in the file"),
        "{text}"
    );
}

#[test]
fn pickles_that_are_damaged_or_endless_are_refused() {
    let _alone = alone();
    let folder = Folder::new();
    let nested = |open: &[u8], count: usize| [&b"\x80\x02"[..], &open.repeat(count), b"."].concat();
    let deep = [
        &b"\x80\x02"[..],
        &b"]".repeat(100_000),
        &b"a".repeat(99_999),
        b".",
    ]
    .concat();
    // each list holds the one before twice
    let laughs = [
        b"\x80\x02]".to_vec(),
        b"q\0](h\0h\0e".repeat(64),
        b".".to_vec(),
    ]
    .concat();
    for (pickle, words) in [
        (&b""[..], "ends in the middle"),
        (b"\x80", "ends in the middle"),
        (b"\x80\x02", "ends in the middle"),
        (b"\x80\x02.", "stack runs empty"),
        (b"\x80\x02(.", "stack runs empty"),
        (b"\x80\x02t.", "a mark is missing"),
        (b"\x80\x02h\x05.", "an object that it never made"),
        (b"\x80\x02X\xff\xff\xff\xffabc.", "ends in the middle"),
        (
            b"\x80\x02\x8d\xff\xff\xff\xff\xff\xff\xff\xffabc.",
            "ends in the middle",
        ),
        (b"\x80\x02\x8b\xff\xff\xff\x7f.", "ends in the middle"),
        (b"\x80\x02\xff.", "the instruction 0xff"),
        (b"\x80\x02K\x01)R.", "no function"),
        (b"\x80\x02K\x01Q.", "described in an unknown way"),
        (b"\x80\x02K\x01K\x02a.", "neither a list nor a dict"),
        (b"\x80\x02X\x01\0\0\0\xff.", "no text"),
        (b"\x80\x02K\x01.", "holds no state dict"),
        (
            b"\x80\x02}X\x01\0\0\0aK\x01s.",
            "no state dict is among `a`",
        ),
        (&nested(b"N", 4_000_001), "more than 4000000 objects"),
        (&deep, "holds no state dict"),
        (&laughs, "holds no state dict"),
    ] {
        let text = refused(&archive(&folder, pickle, None), &net());
        assert!(text.contains(words), "{words} is not in\n{text}");
    }
}

#[test]
fn every_truncation_of_a_file_is_refused() {
    let _alone = alone();
    let folder = Folder::new();
    let path = folder.0.join("short.pt");
    for name in ["state.pt", "legacy.pth", "expected.safetensors"] {
        let bytes = std::fs::read(fixture(name).path).unwrap();
        let path = path.with_extension(Path::new(name).extension().unwrap());
        for length in (0..bytes.len()).step_by(37) {
            std::fs::write(&path, &bytes[..length]).unwrap();
            refused(&named(path.clone()), &net());
        }
    }
}

/// Whatever byte is changed: an answer, and never a panic.
#[test]
fn damaged_files_are_read_to_an_answer() {
    let _alone = alone();
    let folder = Folder::new();
    let path = folder.0.join("damaged.pt");
    for name in ["state.pt", "legacy.pth"] {
        let bytes = std::fs::read(fixture(name).path).unwrap();
        for at in (0..bytes.len()).step_by(11) {
            let mut damaged = bytes.clone();
            damaged[at] ^= 0x55;
            std::fs::write(&path, damaged).unwrap();
            let _ = read("net", &named(path.clone()));
        }
    }
}

#[test]
fn compressed_archives_are_refused() {
    let _alone = alone();
    let folder = Folder::new();
    let file = archive(&folder, b"\x80\x02}.", None);
    // the central directory says how each entry is packed
    let mut bytes = std::fs::read(&file.path).unwrap();
    let at = bytes.windows(4).position(|w| w == b"PK\x01\x02").unwrap();
    bytes[at + 10] = 8;
    std::fs::write(&file.path, bytes).unwrap();
    let text = refused(&file, &net());
    assert!(text.contains("cannot be read"), "{text}");
}
