//! Bonds in the flash of a microcontroller.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests"
)]
#![allow(missing_docs, unreachable_pub, reason = "tests")]

mod foreign;
mod interrupted;
mod nor;
mod plain;
mod power;
mod rules;
mod support;
mod wear;
