//! `kdc lsp`: the language server, on standard input and output.
//!
//! One thread, no state but the open documents: a text is analysed anew when it, or one that it imports,
//! has changed, which takes milliseconds.

mod convert;
mod documents;
mod features;
mod positions;
mod server;

use super::exit::Exit;
use super::output;
use lsp_server::Connection;

pub fn run() -> Exit {
    let (connection, threads) = Connection::stdio();
    let served = server::serve(&connection);
    drop(connection);
    match served.and_then(|()| threads.join().map_err(Into::into)) {
        Ok(()) => Exit::Ok,
        Err(error) => {
            output::complain(&format!("the language server ends: {error}"));
            Exit::Errors
        }
    }
}

/// For tests, which bring the other end.
pub fn serve(connection: &Connection) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    server::serve(connection)
}
