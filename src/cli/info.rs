//! `kdc info` and `kdc --version`.

use super::engine;
use super::exit::Exit;
use super::output::{self, Stream};
use crate::plan;

pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Operating system and processor.
pub fn platform() -> String {
    format!("{} {}", std::env::consts::OS, std::env::consts::ARCH)
}

pub fn version() -> Exit {
    output::write(Stream::Out, &format!("kdc {VERSION}\n"));
    Exit::Ok
}

pub fn run() -> Exit {
    let engine = match engine::find() {
        Ok(path) => path.display().to_string(),
        Err(_) => "not found".into(),
    };
    let text = format!(
        "kdc          {VERSION}\nplatform     {}\nplan format  {}\nengine       {engine}\n",
        platform(),
        plan::FORMAT
    );
    output::write(Stream::Out, &text);
    Exit::Ok
}
