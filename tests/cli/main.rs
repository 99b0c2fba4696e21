//! The integration tests: one crate, one file per tool.
