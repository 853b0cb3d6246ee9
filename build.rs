//! Lets the engine, and only the engine, find libtorch when it starts.

use std::path::Path;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
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
}
