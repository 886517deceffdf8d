//! Pairing, encryption and bonds of two hosts of ours in the simulator.
#![cfg(all(feature = "central", feature = "client", feature = "peripheral", feature = "server"))]
#![cfg(all(feature = "security", feature = "sim", not(feature = "sync")))]
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests"
)]

#[path = "../support/mod.rs"]
mod scripted;
mod support;

mod addresses;
mod cancelled;
mod defaults;
mod failures;
mod jobs;
mod keep;
mod keypresses;
#[cfg(feature = "legacy-pairing")]
mod legacy;
mod lost;
mod methods;
mod oob;
mod patience;
mod permissions;
mod policy;
mod privacy;
mod reconnect;
mod several;
