//! The peer of the pairing tests pairs with itself, each method in both kinds: what holds the host to the specification must fit it.
#![cfg(feature = "security")]
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    missing_docs,
    reason = "tests"
)]

#[path = "support/smp/mod.rs"]
#[allow(dead_code, reason = "it uses a part of it")]
mod smp;

use smp::*;

const INITIATOR: [u8; 7] = [0, 0x56, 0x12, 0x37, 0x37, 0xbf, 0xce];
const RESPONDER: [u8; 7] = [1, 0xc7, 0x13, 0x70, 0x2d, 0xcf, 0xc1];

/// Both users do what they are to do; PDUs go to and fro until there are none.
fn play(sides: &mut [Peer; 2]) {
    let mut queues = [sides[0].begin(), vec![]];
    for _ in 0..500 {
        for who in 0..2 {
            for pdu in core::mem::take(&mut queues[who]) {
                let answer = sides[1 - who].hear(&pdu);
                queues[1 - who].extend(answer);
            }
        }
        for who in 0..2 {
            let answer = match (sides[who].user, sides[1 - who].user) {
                (Some(User::TypeIn), Some(User::Show(passkey))) => sides[who].type_in(passkey),
                (Some(User::TypeIn), _) => sides[who].type_in(123_456),
                (Some(User::Compare(digits)), Some(User::Compare(others))) => {
                    assert_eq!(digits, others);
                    sides[who].compare()
                }
                (Some(User::Compare(_)), None) => sides[who].compare(),
                _ => continue,
            };
            queues[who].extend(answer);
        }
        if queues.iter().all(Vec::is_empty) {
            if sides.iter().any(|side| side.wait != Wait::Encryption) {
                return;
            }
            assert!(sides[0].key.is_some() && sides[0].key == sides[1].key);
            queues[1] = sides[1].encrypted();
            queues[0] = sides[0].encrypted();
        }
    }
    panic!("they never come to rest");
}

fn sides(secure: bool) -> [Peer; 2] {
    let mut sides = [Peer::new(true, INITIATOR, RESPONDER, 1), Peer::new(false, RESPONDER, INITIATOR, 2)];
    for side in &mut sides {
        side.features.requirements = BONDING | if secure { SC } else { 0 };
        side.features.initiator_keys = 7;
        side.features.responder_keys = 7;
    }
    sides
}

#[test]
fn each_pair_of_capabilities_pairs() {
    for secure in [true, false] {
        let mut methods = vec![];
        for io in 0..25 {
            let mut sides = sides(secure);
            for (side, io) in sides.iter_mut().zip([io / 5, io % 5]) {
                side.features.io = io;
                side.features.requirements |= MITM;
            }
            play(&mut sides);
            let [initiator, responder] = &sides;
            assert_eq!((initiator.wait, responder.wait), (Wait::Done, Wait::Done), "{:?}", initiator.method);
            assert_eq!(initiator.theirs.identity_key, responder.ours.identity_key);
            assert_eq!(initiator.theirs.signing, responder.ours.signing);
            assert_eq!((initiator.theirs.identity, responder.theirs.identity), (Some(RESPONDER), Some(INITIATOR)));
            assert_eq!(initiator.theirs.long_term, responder.ours.long_term.filter(|_| !secure));
            methods.push(initiator.method);
        }
        let count = |method| methods.iter().filter(|m| **m == method).count();
        // Table 2.8.
        assert_eq!(count(Method::Comparison), if secure { 4 } else { 0 });
        assert_eq!(count(Method::Passkey { initiator_shows: false, responder_shows: false }), 1);
        assert_eq!(count(Method::JustWorks), if secure { 12 } else { 13 });
    }
}

#[test]
fn data_out_of_band_pair_whoever_has_them() {
    for (initiator, responder) in [(true, true), (true, false), (false, true)] {
        let mut sides = sides(true);
        let told = [0, 1].map(|who: usize| sides[who].tells_out_of_band());
        if initiator {
            sides[0].knows_out_of_band(told[1].0, told[1].1);
        }
        if responder {
            sides[1].knows_out_of_band(told[0].0, told[0].1);
        }
        play(&mut sides);
        assert!(sides.iter().all(|side| side.wait == Wait::Done && side.method == Method::OutOfBand));
    }
    let mut sides = sides(false);
    for side in &mut sides {
        side.features.oob = 1;
        side.tk_oob = Some([9; 16]);
    }
    play(&mut sides);
    assert!(sides.iter().all(|side| side.wait == Wait::Done && side.method == Method::OutOfBand));
}

#[test]
fn a_wrong_bit_is_found_in_its_round() {
    for round in 0..20 {
        let mut sides = sides(true);
        for (side, io) in sides.iter_mut().zip([KEYBOARD_ONLY, DISPLAY_ONLY]) {
            side.features.io = io;
            side.features.requirements |= MITM;
        }
        sides[0].wrong_round = Some(round);
        play(&mut sides);
        assert_eq!((sides[1].sent_failure, sides[0].got_failure, sides[1].round), (Some(4), Some(4), round));
    }
}
