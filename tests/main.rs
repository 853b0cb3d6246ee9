//! The only integration test binary; the cases are files.

#[cfg(target_os = "linux")]
mod binaries;
mod cmd;
mod docs;
mod format;
mod golden;
mod grammars;
#[cfg(unix)]
mod handover;
mod laws;
mod lsp;
mod models;
mod mutate;
mod pictures;
mod plans;
mod programs;
mod pytorch;
mod render;
mod repairs;
mod sarif;
mod shipped;
mod syntax;
mod ui;
mod unsaved;
