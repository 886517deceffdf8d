//! What users of aioble rely on, on simulated controllers: the scenarios that aioble tests itself with, what each part of it
//! does, and its defaults, as virtual time and packets show them. What channels of L2CAP do by themselves stands in `tests/l2cap`.
#![cfg(all(feature = "central", feature = "client", feature = "peripheral", feature = "server"))]
#![cfg(all(feature = "sim", not(feature = "sync")))]
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests"
)]

mod support;

mod advertised;
mod captured;
#[cfg(feature = "l2cap")]
mod channels;
mod defaults;
mod descriptors;
mod rounds;
mod temperature;
mod updates;
mod values;

mod advertise;
mod client;
mod connection;
mod device;
mod radio;
mod scan;
mod server;
