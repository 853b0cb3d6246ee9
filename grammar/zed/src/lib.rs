//! Tells Zed how to start `kdc lsp`.

use zed_extension_api::{self as zed, Command, LanguageServerId, Result, Worktree};

struct Kd;

impl zed::Extension for Kd {
    fn new() -> Kd {
        Kd
    }

    fn language_server_command(&mut self, _: &LanguageServerId, worktree: &Worktree) -> Result<Command> {
        let program = worktree.which("kdc").ok_or(
            "the program `kdc` is not on PATH: build it with `cargo install --path . --no-default-features` in kdc's folder",
        )?;
        Ok(Command {
            command: program,
            args: vec!["lsp".to_string()],
            env: Vec::new(),
        })
    }
}

zed::register_extension!(Kd);
