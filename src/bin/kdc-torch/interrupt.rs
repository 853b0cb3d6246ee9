//! Ctrl-C: the first finishes the step and saves, the second stops at once.

use crate::failure::{Failure, Result};
use std::sync::atomic::{AtomicBool, Ordering};

static REQUESTED: AtomicBool = AtomicBool::new(false);

pub fn install() -> Result<()> {
    ctrlc::set_handler(|| {
        if REQUESTED.swap(true, Ordering::SeqCst) {
            #[allow(clippy::exit)] // The second time there is nothing to wait for.
            std::process::exit(130);
        }
    })
    .map_err(|e| Failure::Engine(format!("Ctrl-C cannot be caught: {e}")))
}

pub fn requested() -> bool {
    REQUESTED.load(Ordering::SeqCst)
}

/// As if Ctrl-C had been pressed, or not.
#[cfg(test)]
pub fn pretend(pressed: bool) {
    REQUESTED.store(pressed, Ordering::SeqCst);
}
