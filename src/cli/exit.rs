//! How kdc ends.

use std::process::ExitCode;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exit {
    Ok = 0,
    /// The file has errors.
    Errors = 1,
    /// Wrong usage, or a file that cannot be read.
    Usage = 2,
    /// The engine is missing or does not fit.
    NoEngine = 3,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit as u8)
    }
}
