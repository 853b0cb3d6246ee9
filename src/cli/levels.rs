//! What `--deny` and `--allow` make of warnings.

use super::args::Denied;
use crate::diag::{Code, Diagnostic, Severity};

/// What is said of one code outweighs what is said of all warnings.
pub struct Levels<'a> {
    deny: &'a [Denied],
    allow: &'a [Code],
}

impl<'a> Levels<'a> {
    /// Fails if a code is both denied and allowed.
    pub fn new(deny: &'a [Denied], allow: &'a [Code]) -> Result<Levels<'a>, String> {
        let both = allow
            .iter()
            .find(|code| deny.contains(&Denied::One(**code)));
        match both {
            Some(code) => Err(format!("{code} is both denied and allowed")),
            None => Ok(Levels { deny, allow }),
        }
    }

    /// The diagnostics that are reported, each with the severity that it counts as.
    pub fn apply(&self, mut diagnostics: Vec<Diagnostic>) -> Vec<Diagnostic> {
        diagnostics.retain(|diagnostic| !self.allow.contains(&diagnostic.code));
        for diagnostic in &mut diagnostics {
            let denied = |denied: &Denied| match denied {
                Denied::Warnings => true,
                Denied::One(code) => *code == diagnostic.code,
            };
            if self.deny.iter().any(denied) {
                diagnostic.severity = Severity::Error;
            }
        }
        diagnostics
    }
}
