//! What a server answers, octet by octet: scripts in `script/*.att`, played while its transmit buffer is free and while it is not.
#![cfg(all(feature = "peripheral", feature = "server"))]
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    clippy::unwrap_used,
    missing_docs,
    reason = "tests"
)]

mod support;
mod script {
    pub(crate) mod play;
    pub(crate) mod table;
}

use script::play::{Mode, play};

/// Plays a file in each mode.
fn play_all(name: &str, file: &str, least: usize) {
    for acl_length in [27, 251] {
        for busy in [false, true] {
            let cases = play(name, file, Mode { acl_length, busy });
            assert!(cases >= least, "{name} has {cases} cases");
        }
    }
}

#[test]
fn attributes_are_found() {
    play_all("find", include_str!("script/find.att"), 20);
}

#[test]
fn values_are_read() {
    play_all("read", include_str!("script/read.att"), 20);
}

#[test]
fn values_are_written() {
    play_all("write", include_str!("script/write.att"), 15);
}

#[test]
fn prepared_writes_are_carried_out_as_a_whole_or_not_at_all() {
    play_all("prepared", include_str!("script/prepared.att"), 20);
}

#[test]
fn what_is_malformed_unknown_or_out_of_place() {
    play_all("odd", include_str!("script/odd.att"), 13);
}
