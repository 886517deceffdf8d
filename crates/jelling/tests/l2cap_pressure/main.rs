//! L2CAP channels under pressure: slow readers, peers that flood or starve a channel, controllers that complete nothing, and many
//! links and channels at once. What one of them does costs the others nothing, memory is bounded, and each wait ends when it should.
#![cfg(all(feature = "central", feature = "client", feature = "peripheral", feature = "server", feature = "l2cap"))]
#![cfg(all(feature = "sim", not(feature = "sync")))]
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests"
)]

mod raw;
mod support;

mod completing;
mod credits;
mod fair;
mod flood;
mod ram;
mod slow;
