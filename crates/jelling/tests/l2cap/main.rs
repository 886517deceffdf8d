//! L2CAP channels of the face, on simulated controllers: opened, used and ended in each way, and dropped at each point.
#![cfg(all(feature = "central", feature = "peripheral", feature = "l2cap"))]
#![cfg(all(feature = "sim", not(feature = "sync")))]
#![allow(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests"
)]

mod support;

mod cancelled;
mod data;
mod defaults;
mod end;
mod listener;
mod open;
mod refused;
mod runner;
mod stream;
