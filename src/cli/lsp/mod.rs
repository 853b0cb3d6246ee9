//! `kdc lsp`: the language server, on standard input and output.
//!
//! One thread, no state but the open documents: a text is analysed anew when it, or one that it imports,
//! has changed, which takes milliseconds.

mod convert;
mod documents;
mod features;
mod library;
mod positions;
mod requests;
mod server;
mod tokens;

use super::exit::Exit;
use super::output;
use lsp_server::Connection;
use std::path::PathBuf;

pub fn run() -> Exit {
    let (connection, threads) = Connection::stdio();
    let served = server::serve(&connection, library::folder());
    drop(connection);
    match served.and_then(|()| threads.join().map_err(Into::into)) {
        Ok(()) => Exit::Ok,
        Err(error) => {
            output::complain(&format!("the language server ends: {error}"));
            Exit::Errors
        }
    }
}

/// For tests, which bring the other end, and a folder where the library's files may be put.
pub fn serve(
    connection: &Connection,
    library: PathBuf,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    server::serve(connection, Some(library))
}
