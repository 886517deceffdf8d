//! What fuzz targets do with any octets, and what they want of it. The targets of cargo-fuzz in `fuzz/` call these; tests play the
//! corpus and random octets through the same.
//!
//! Each panics where something is wrong: a fuzzer looks for that.
#![allow(clippy::panic, clippy::missing_panics_doc, reason = "what a fuzzer looks for")]

mod air;
mod codec;
mod connected;
mod data;
mod ending;
mod h4;
mod pairing;
pub mod seeds;
mod serve;
mod tape;
mod thin;

pub use air::air;
pub use codec::{acl, att, command, event, signalling, smp};
pub use connected::connected;
pub use data::{ad, btsnoop};
pub use h4::h4;
pub use pairing::pairing;
pub use serve::serve;

/// A target: its name and what it does.
pub type Target = (&'static str, fn(&[u8]));

/// Every target.
pub const TARGETS: [Target; 13] = [
    ("acl", acl),
    ("ad", ad),
    ("air", air),
    ("att", att),
    ("btsnoop", btsnoop),
    ("command", command),
    ("connected", connected),
    ("event", event),
    ("h4", h4),
    ("pairing", pairing),
    ("serve", serve),
    ("signalling", signalling),
    ("smp", smp),
];

/// A panic on purpose, which `cargo xtask fuzz --planted` wants each target to find. There is none without the feature `planted`.
fn plant(found: bool) {
    assert!(!(cfg!(feature = "planted") && found), "planted");
}

/// Whether octets begin with the one that plants wait for. A fuzzer that watches coverage comes to it by two bits at a time.
fn is_planted(octets: &[u8]) -> bool {
    const PLANTED: u8 = 0x7e;
    let Some(first) = octets.first().filter(|_| cfg!(feature = "planted")) else { return false };
    // Not one comparison but four, whatever the compiler thinks of it.
    [0, 2, 4, 6].into_iter().all(|bit| core::hint::black_box((first ^ PLANTED) >> bit & 3) == 0)
}
