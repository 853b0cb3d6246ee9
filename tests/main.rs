//! The only integration test binary; the cases are files.
