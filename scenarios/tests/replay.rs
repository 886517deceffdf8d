//! A session goes the same way twice, and sessions of random octets leave nothing behind.

#![allow(clippy::expect_used, reason = "tests")]

use jelling_scenarios::{fuzz, replay};
use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};

const PACKETS: usize = 10_000;

#[test]
fn a_recorded_session_gives_the_same_octets_again() {
    let (session, peer) = replay::record(1, PACKETS).expect("a session");
    assert!(session.packets >= PACKETS);
    assert_eq!(replay::again(&session, peer), (session.packets, session.hash));
}

#[test]
fn a_session_recorded_twice_is_one_session() {
    let hash = |seed| replay::record(seed, 2_000).expect("a session").0.hash;
    assert_eq!(hash(1), hash(1));
    assert_ne!(hash(1), hash(2));
}

#[test]
fn random_octets_leave_everything_whole() {
    for number in 0..300 {
        let mut octets = vec![0; 400];
        ChaCha8Rng::seed_from_u64(number).fill_bytes(&mut octets);
        fuzz::air(&octets);
    }
}
