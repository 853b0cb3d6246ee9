//! Memory, as Linux tells of it; elsewhere nothing is known.

use std::fs;

/// How many bytes could still be taken.
pub fn available() -> Option<u64> {
    bytes("/proc/meminfo", "MemAvailable:")
}

/// The most bytes that this process has held so far.
pub fn peak() -> Option<u64> {
    bytes("/proc/self/status", "VmHWM:")
}

fn bytes(file: &str, key: &str) -> Option<u64> {
    let text = fs::read_to_string(file).ok()?;
    let number = text.lines().find_map(|line| line.strip_prefix(key))?;
    let kilobytes: u64 = number.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes * 1024)
}
