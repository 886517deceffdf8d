//! The parts of the `jelling` command that are no program: the file of `jelling serve`.
//!
//! They are a library so that tests and fuzzers reach them. An application uses the crate `jelling`.

pub mod file;
