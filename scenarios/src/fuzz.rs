//! What fuzz targets do with any octets, and what they want of it. The targets of cargo-fuzz in `fuzz/` call these; tests play the
//! corpus and random octets through the same.
//!
//! Each panics where something is wrong: a fuzzer looks for that.
#![allow(clippy::panic, clippy::missing_panics_doc, reason = "what a fuzzer looks for")]

mod air;
mod codec;
mod connected;
mod data;
mod h4;
pub mod seeds;
mod serve;
mod tape;
mod thin;

pub use air::air;
pub use codec::{acl, att, command, event, signalling, smp};
pub use connected::connected;
pub use data::{ad, btsnoop};
pub use h4::h4;
pub use serve::serve;

/// A target: its name and what it does.
pub type Target = (&'static str, fn(&[u8]));

/// Every target.
pub const TARGETS: [Target; 12] = [
    ("acl", acl),
    ("ad", ad),
    ("air", air),
    ("att", att),
    ("btsnoop", btsnoop),
    ("command", command),
    ("connected", connected),
    ("event", event),
    ("h4", h4),
    ("serve", serve),
    ("signalling", signalling),
    ("smp", smp),
];

/// A panic on purpose, which `cargo xtask fuzz --planted` wants each target to find. There is none without the feature `planted`.
fn plant(found: bool) {
    assert!(!(cfg!(feature = "planted") && found), "planted");
}

/// The first four octets as a number, which a fuzzer can find by watching comparisons.
fn word(octets: &[u8]) -> u32 {
    octets.first_chunk().map_or(0, |octets| u32::from_le_bytes(*octets))
}

/// The number that plants wait for. No capture holds it.
const PLANTED: u32 = 0xb19b_00b5;
