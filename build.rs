//! Embeds the standard library, and lets the engine, and only the engine, find libtorch when it starts.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    embed_library();
    link_engine();
}

/// Writes the table of `models/*.kd` and `losses/*.kd` that `program::library` includes.
fn embed_library() {
    let root = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    let mut table = String::from("static FILES: &[LibraryFile] = &[\n");
    for library in ["models", "losses"] {
        println!("cargo:rerun-if-changed={library}");
        let mut files: Vec<PathBuf> = std::fs::read_dir(root.join(library))
            .expect("the library's folders are part of the package")
            .map(|entry| entry.expect("a readable folder").path())
            .filter(|path| path.extension().is_some_and(|e| e == "kd"))
            .collect();
        files.sort();
        for file in files {
            let name = file
                .file_name()
                .expect("a file")
                .to_string_lossy()
                .into_owned();
            writeln!(
                table,
                "    LibraryFile {{ path: \"{library}/{name}\", text: include_str!({:?}) }},",
                file.display().to_string()
            )
            .expect("writing to a string");
        }
    }
    table.push_str("];\n");
    let out = PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo sets it"));
    std::fs::write(out.join("library.rs"), table).expect("OUT_DIR is writable");
}

fn link_engine() {
    // Set by torch-sys, which the feature `torch` makes a direct dependency.
    let Ok(lib) = std::env::var("DEP_TCH_LIBTORCH_LIB") else {
        return;
    };
    let version =
        std::fs::read_to_string(Path::new(&lib).join("../version.py")).unwrap_or_default();
    assert!(
        version.is_empty() || version.contains("'2.11.0"),
        "kdc needs PyTorch 2.11.0, but {lib} holds another:\n{version}"
    );
    // For that binary alone: an rpath on all would make `kdc` map libtorch at every start.
    println!("cargo:rustc-link-arg-bin=kdc-torch=-Wl,--enable-new-dtags,-rpath,{lib}");
    #[cfg(feature = "torch")]
    shim::build(Path::new(&lib));
}

/// The engine's C++: what libtorch has and tch does not pass on.
#[cfg(feature = "torch")]
mod shim {
    use std::path::{Path, PathBuf};

    pub fn build(lib: &Path) {
        let torch = lib.parent().expect("a folder in libtorch's");
        let mut shim = compiler(torch);
        // Said to cargo here, for the engine alone.
        shim.cargo_metadata(false);
        shim.file(source("shim.cc")).compile("kdc_shim");
        let out = PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo sets it"));
        let archive = out.join("libkdc_shim.a");
        println!("cargo:rustc-link-arg-bin=kdc-torch={}", archive.display());
    }

    fn compiler(torch: &Path) -> cc::Build {
        let mut build = cc::Build::new();
        build
            .cpp(true)
            .pic(true)
            .std("c++17")
            .warnings(false)
            .include(torch.join("include"));
        build
    }

    fn source(name: &str) -> PathBuf {
        let path = Path::new("src/bin/kdc-torch").join(name);
        println!("cargo:rerun-if-changed={}", path.display());
        path
    }
}
