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
        // Libtorch's threads are those of OpenMP; where the compiler has none, one does all the work.
        let threads = cfg!(target_os = "linux");
        if threads {
            shim.flag("-fopenmp");
        }
        source("shim.h");
        shim.files(["shim.cc", "autograd.cc"].map(source));
        shim.compile("kdc_shim");
        let out = PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo sets it"));
        let archive = out.join("libkdc_shim.a");
        println!("cargo:rustc-link-arg-bin=kdc-torch={}", archive.display());
        if threads {
            println!("cargo:rustc-link-arg-bin=kdc-torch=-lgomp");
        }
        if let Some(graphs) = build_graphs(torch, lib, &out) {
            println!("cargo:rustc-env=KDC_CUDA_GRAPHS={}", graphs.display());
        }
    }

    /// The library that needs CUDA, where libtorch has its CUDA half and the headers of CUDA's runtime are there.
    fn build_graphs(torch: &Path, lib: &Path, out: &Path) -> Option<PathBuf> {
        let headers = cuda_headers(torch)?;
        if !lib.join("libtorch_cuda.so").exists() {
            return None;
        }
        let product = out.join("libkdc_cuda.so");
        let mut build = compiler(torch);
        build.includes(headers).cargo_metadata(false);
        let linked = build
            .get_compiler()
            .to_command()
            .arg(source("graph.cc"))
            .args(["-shared", "-o"])
            .arg(&product)
            .arg(format!("-L{}", lib.display()))
            .args(["-ltorch_cuda", "-lc10_cuda", "-ltorch_cpu", "-lc10"])
            .status();
        if linked.is_ok_and(|status| status.success()) {
            return Some(product);
        }
        println!(
            "cargo:warning=training steps cannot become CUDA graphs: graph.cc does not compile"
        );
        None
    }

    /// Where `cuda_runtime_api.h` and the headers that it includes are: pip's packages put them beside libtorch, or
    /// `cargo xtask` into `.libtorch/cuda`.
    fn cuda_headers(torch: &Path) -> Option<Vec<PathBuf>> {
        let root = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it"));
        let beside = std::fs::canonicalize(torch).ok()?.parent()?.to_path_buf();
        let folders = [beside, root.join(".libtorch/cuda")];
        let folders = folders.map(|folder| folder.join("nvidia/cu13/include"));
        let there: Vec<PathBuf> = folders.into_iter().filter(|f| f.exists()).collect();
        for folder in &there {
            println!("cargo:rerun-if-changed={}", folder.display());
        }
        let has = |file: &str| there.iter().any(|folder| folder.join(file).exists());
        (has("cuda_runtime_api.h") && has("crt/host_defines.h")).then_some(there)
    }

    fn compiler(torch: &Path) -> cc::Build {
        let mut build = cc::Build::new();
        build
            .cpp(true)
            .pic(true)
            .std("c++17")
            .warnings(false)
            .include(torch.join("include"))
            .include(torch.join("include/torch/csrc/api/include"));
        build
    }

    fn source(name: &str) -> PathBuf {
        let path = Path::new("src/bin/kdc-torch").join(name);
        println!("cargo:rerun-if-changed={}", path.display());
        path
    }
}
