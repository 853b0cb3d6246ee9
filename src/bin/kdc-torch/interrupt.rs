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
    #[cfg(test)]
    tests::count();
    REQUESTED.load(Ordering::SeqCst)
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use std::sync::atomic::AtomicI64;

    static LEFT: AtomicI64 = AtomicI64::new(i64::MAX);

    /// As if Ctrl-C had been pressed, or not.
    pub fn pretend(pressed: bool) {
        LEFT.store(i64::MAX, Ordering::SeqCst);
        REQUESTED.store(pressed, Ordering::SeqCst);
    }

    /// As if it were pressed once it has been asked for so many times.
    pub fn pretend_after(times: i64) {
        LEFT.store(times, Ordering::SeqCst);
    }

    pub(super) fn count() {
        if LEFT.fetch_sub(1, Ordering::SeqCst) == 1 {
            REQUESTED.store(true, Ordering::SeqCst);
        }
    }
}
