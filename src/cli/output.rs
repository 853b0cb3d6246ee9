//! Writing to the standard streams. A reader that has gone away is no error.

use std::io::Write;

#[derive(Clone, Copy, Debug)]
pub enum Stream {
    Out,
    Err,
}

pub fn write(stream: Stream, text: &str) {
    // Whatever the reason, there is nobody left to tell.
    let _ = match stream {
        Stream::Out => std::io::stdout().lock().write_all(text.as_bytes()),
        Stream::Err => std::io::stderr().lock().write_all(text.as_bytes()),
    };
}

/// A complaint about the command itself, as clap words them.
pub fn complain(message: &str) {
    write(Stream::Err, &format!("error: {message}\n"));
}
