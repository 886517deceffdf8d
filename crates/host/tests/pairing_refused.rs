//! Pairings with a peer that cheats or cannot: each is refused with its reason, and leaves nothing.
#![cfg(all(feature = "central", feature = "client", feature = "peripheral", feature = "server", feature = "security"))]
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    missing_docs,
    reason = "tests"
)]

mod support;

use jelling_host::{wire::smp::Reason, *};
use support::{
    cases::{Case, Way, begin, cases, is_paired, still_pairs},
    pairing::Bench,
    refused::{ended, is_ended, is_refused, nothing_is_left, spoil},
    smp::{functions::negative, functions::turn, *},
};

const INVALID_PARAMETERS: u8 = 0x0a;
const REQUIREMENTS: u8 = 0x03;
const CONFIRM_FAILED: u8 = 0x04;
const KEY_SIZE: u8 = 0x06;
const CHECK_FAILED: u8 = 0x0b;
const COMPARISON_FAILED: u8 = 0x0c;

/// Cases of LE Secure Connections.
fn secure() -> impl Iterator<Item = Case> {
    cases().into_iter().filter(|case| case.secure)
}

#[test]
fn our_own_key_is_no_key_of_a_peer_whatever_its_y() {
    // As responder the peer has seen our key before it gives its own.
    for case in secure().filter(|case| case.central) {
        for mirrored in [false, true] {
            let mut bench = Bench::new(Config::new());
            let side = bench.connect(true, 1);
            bench.sides[side].peer.believes = true;
            bench.spoil = Some(Box::new(move |peer, pdu| {
                if pdu[0] != PUBLIC_KEY {
                    return vec![pdu];
                }
                let (x, y) = peer.other_public;
                let (x, y) = if mirrored { negative(&(x, y)).unwrap() } else { (x, y) };
                vec![[&[PUBLIC_KEY][..], &turn(&x), &turn(&y)].concat()]
            }));
            let ticket = case.begin(&mut bench, side);
            is_refused(&mut bench, side, ticket, INVALID_PARAMETERS, &format!("{case:?} {mirrored}"));
        }
    }
}

#[test]
fn a_key_that_is_no_point_is_refused() {
    let file: serde_json::Value = serde_json::from_str(include_str!("vectors/crypto.json")).unwrap();
    let octets = |value: &serde_json::Value| {
        let digits = value.as_str().unwrap();
        let mut octets: Vec<u8> =
            (0..64).step_by(2).map(|i| u8::from_str_radix(&digits[i..i + 2], 16).unwrap()).collect();
        octets.reverse();
        octets
    };
    let vectors = file["vectors"].as_array().unwrap();
    let points = vectors.iter().filter(|v| v["function"] == "p256_point_valid" && v["output"]["valid"] == false);
    let points: Vec<Vec<u8>> =
        points.map(|v| [&[PUBLIC_KEY][..], &octets(&v["input"]["x"]), &octets(&v["input"]["y"])].concat()).collect();
    assert_eq!(points.len(), 9);
    for case in secure() {
        for point in &points {
            let mut bench = Bench::new(Config::new());
            let side = bench.connect(case.central, 1);
            let mut settings = case.prepare(&mut bench, side);
            if let Some(PeerOob::SecureConnections { confirm, random }) = &mut settings.oob {
                // Out of band it was said to be the key.
                let x: [u8; 32] = point[1..33].try_into().unwrap();
                *confirm = toolbox::f4(&x, &x, random, 0);
            }
            let ticket = begin(&mut bench, side, &settings);
            let point = point.clone();
            let named = format!("{case:?} {point:02x?}");
            spoil(&mut bench, PUBLIC_KEY, 0, move |pdu| pdu.clone_from(&point));
            is_refused(&mut bench, side, ticket, INVALID_PARAMETERS, &named);
        }
    }
}

#[test]
fn the_debug_key_is_refused_or_worth_nothing() {
    for case in secure() {
        for (allowed, mirrored) in [(false, false), (false, true), (true, false)] {
            let mut bench = Bench::new(Config { debug_keys: allowed, ..Config::new() });
            let side = bench.connect(case.central, 1);
            bench.sides[side].peer.use_private(DEBUG_PRIVATE);
            if mirrored {
                // The same secret: it is made of X alone.
                let peer = &mut bench.sides[side].peer;
                peer.public = negative(&peer.public).unwrap();
            }
            let ticket = case.begin(&mut bench, side);
            if !allowed {
                is_refused(&mut bench, side, ticket, INVALID_PARAMETERS, &format!("{case:?}"));
                continue;
            }
            bench.settle();
            let security = bench.security(side);
            assert!(security.encrypted && !security.authenticated && !security.bonded, "{case:?}: {security:?}");
            assert_eq!(bench.core().bonds().count(), 0, "{case:?}");
            bench.is_idle();
            still_pairs(&mut bench);
        }
    }
}

#[test]
fn each_value_with_another_bit_ends_it() {
    for case in cases() {
        let rounds: &[usize] = if matches!(case.way, Way::HostShows | Way::HostTypes | Way::BothType) && case.secure {
            &[0, 1, 10, 19]
        } else {
            &[0]
        };
        let codes: &[u8] = if case.secure { &[CONFIRM, RANDOM, CHECK] } else { &[CONFIRM, RANDOM] };
        for code in codes {
            for round in rounds.iter().filter(|round| *code != CHECK || **round == 0) {
                for how in 0..3 {
                    let (mut bench, side, ticket) = case.begun(Config::new());
                    let changed = std::rc::Rc::new(core::cell::Cell::new(false));
                    let told = changed.clone();
                    spoil(&mut bench, *code, *round, move |pdu| {
                        told.set(true);
                        match how {
                            0 => pdu[1] ^= 1,
                            1 => pdu[16] ^= 0x80,
                            _ => pdu[1..].fill(0),
                        }
                    });
                    // The peer's own PDUs that were queued before are sent too.
                    bench.settle();
                    if !changed.get() {
                        // Not every method has a confirm value of each side.
                        assert_eq!(*code, CONFIRM, "{case:?}");
                        is_paired(&mut bench, side, ticket, &case);
                        continue;
                    }
                    is_ended(
                        &mut bench,
                        side,
                        ticket,
                        &[CONFIRM_FAILED, CHECK_FAILED, COMPARISON_FAILED],
                        &format!("{case:?} {code} {round} {how}"),
                    );
                }
            }
        }
    }
}

#[test]
fn the_host_finds_a_wrong_value_when_the_peer_finds_nothing() {
    for case in cases() {
        let codes: &[u8] = if case.secure { &[RANDOM, CHECK] } else { &[RANDOM] };
        for code in codes {
            let (mut bench, side, ticket) = case.begun(Config::new());
            bench.sides[side].peer.believes = true;
            spoil(&mut bench, *code, 0, |pdu| pdu[1] ^= 1);
            bench.settle();
            let error = ended(&mut bench, side, ticket);
            let expected = [CONFIRM_FAILED, CHECK_FAILED, COMPARISON_FAILED]
                .map(|reason| Some(Error::PairingFailed(Reason(reason))));
            assert!(expected.contains(&error), "{case:?} {code}: {error:?}");
            nothing_is_left(&mut bench, side, &format!("{case:?} {code}"));
        }
    }
}

#[test]
fn a_wrong_passkey_is_found_in_its_round() {
    let ways = [Way::HostShows, Way::HostTypes, Way::BothType];
    for case in secure().filter(|case| ways.contains(&case.way)) {
        for round in 0..20 {
            for believes in [true, false] {
                let (mut bench, side, ticket) = case.begun(Config::new());
                bench.sides[side].peer.wrong_round = Some(round);
                bench.sides[side].peer.believes = believes;
                bench.settle();
                let confirms = bench.sides[side].said.iter().filter(|pdu| pdu[0] == CONFIRM).count();
                // The responder shows its random value only to one who knows the bit.
                let randoms = bench.sides[side].said.iter().filter(|pdu| pdu[0] == RANDOM).count();
                let shown = usize::from(round) + usize::from(case.central);
                assert_eq!((confirms, randoms), (usize::from(round) + 1, shown), "{case:?}");
                is_ended(&mut bench, side, ticket, &[CONFIRM_FAILED], &format!("{case:?} {round}"));
            }
        }
    }
}

#[test]
fn a_wrong_passkey_is_found_by_legacy_pairing_too() {
    let ways = [Way::HostShows, Way::HostTypes, Way::BothType];
    for case in cases().into_iter().filter(|case| !case.secure && ways.contains(&case.way)) {
        let (mut bench, side, ticket) = case.begun(Config::new());
        bench.holds_user = true;
        bench.settle();
        let now = bench.now;
        match bench.sides[side].question.unwrap() {
            (question, PasskeyAction::Input) => {
                if bench.sides[side].peer.user == Some(User::TypeIn) {
                    let answers = bench.sides[side].peer.type_in(1);
                    bench.send(side, answers);
                }
                let wrong = (bench.sides[side].peer.passkey.unwrap() + 1) % 1_000_000;
                bench.core().answer_passkey(now, question, PasskeyAnswer::Input(wrong)).unwrap();
            }
            (_, PasskeyAction::Display(passkey)) => {
                let answers = bench.sides[side].peer.type_in((passkey + 1) % 1_000_000);
                bench.send(side, answers);
            }
            other => panic!("{other:?}"),
        }
        is_ended(&mut bench, side, ticket, &[CONFIRM_FAILED], &format!("{case:?}"));
    }
}

#[test]
fn data_out_of_band_of_another_device_are_found_wrong() {
    let knows = |case: &Case| matches!(case.way, Way::OutOfBand { host: true, .. });
    for case in secure().filter(knows) {
        for which in 0..2 {
            let mut bench = Bench::new(Config::new());
            let side = bench.connect(case.central, 1);
            let mut settings = case.prepare(&mut bench, side);
            let Some(PeerOob::SecureConnections { confirm, random }) = &mut settings.oob else { panic!("no data") };
            if which == 0 {
                confirm[3] ^= 1
            } else {
                random[3] ^= 1
            }
            let ticket = begin(&mut bench, side, &settings);
            is_refused(&mut bench, side, ticket, CONFIRM_FAILED, &format!("{case:?}"));
        }
    }
}

#[test]
fn a_key_shorter_than_the_floor_is_refused() {
    for (case, floor) in cases().into_iter().flat_map(|case| [(case, 16), (case, 9)]) {
        for size in 7..floor {
            let mut bench = Bench::new(Config::new());
            let side = bench.connect(case.central, 1);
            let mut settings = case.prepare(&mut bench, side);
            settings.key_size = floor;
            bench.sides[side].peer.features.max_key_size = size;
            let ticket = begin(&mut bench, side, &settings);
            is_refused(&mut bench, side, ticket, KEY_SIZE, &format!("{case:?} {size} below {floor}"));
        }
    }
}

#[test]
fn nothing_weaker_than_what_is_asked_for_is_made() {
    for central in [true, false] {
        let just_works = Case::new(Way::JustWorks, central);
        // Legacy pairing, where LE Secure Connections is required.
        let mut bench = Bench::new(Config::new());
        let side = bench.connect(central, 1);
        let settings = just_works.prepare(&mut bench, side);
        bench.sides[side].peer.features.requirements = BONDING;
        let ticket = begin(&mut bench, side, &settings);
        is_refused(&mut bench, side, ticket, REQUIREMENTS, "legacy");
        // Nobody's word, where somebody's is required.
        let mut bench = Bench::new(Config::new());
        let side = bench.connect(central, 1);
        let mut settings = just_works.prepare(&mut bench, side);
        (settings.mitm, settings.io) = (true, wire::smp::IoCapability::KEYBOARD_DISPLAY);
        let ticket = begin(&mut bench, side, &settings);
        is_refused(&mut bench, side, ticket, REQUIREMENTS, "no protection against a man in the middle");
        // Secure Connections Only mode, whatever the settings say.
        let only = Config { secure_connections_only: true, ..Config::new() };
        let mut bench = Bench::new(only);
        let side = bench.connect(central, 1);
        let mut settings = just_works.prepare(&mut bench, side);
        settings.key_size = 7;
        let ticket = begin(&mut bench, side, &settings);
        is_refused(&mut bench, side, ticket, REQUIREMENTS, "Just Works in Secure Connections Only mode");
        let case = Case::new(Way::Comparison, central);
        let mut bench = Bench::new(only);
        let side = bench.connect(central, 1);
        let mut settings = case.prepare(&mut bench, side);
        settings.key_size = 7;
        bench.sides[side].peer.features.max_key_size = 15;
        let ticket = begin(&mut bench, side, &settings);
        is_refused(&mut bench, side, ticket, KEY_SIZE, "a short key in Secure Connections Only mode");
    }
    // Pairing that the host does not allow.
    let mut bench = Bench::new(Config { pairing: None, ..Config::new() });
    let side = bench.connect(false, 1);
    let request = bench.sides[side].peer.begin();
    bench.send(side, request);
    bench.settle();
    assert_eq!(bench.failures(side), [0x05]);
    nothing_is_left(&mut bench, side, "not allowed");
}

#[test]
fn reserved_values_are_refused_and_reserved_bits_are_not() {
    for central in [true, false] {
        let case = Case::new(Way::JustWorks, central);
        let code = if central { RESPONSE } else { REQUEST };
        let reserved = [(1, 5..=255_u8), (2, 2..=255), (4, 0..=6), (4, 17..=255)];
        for (at, values) in reserved {
            for value in values {
                let mut bench = Bench::new(Config::new());
                let side = bench.connect(central, 1);
                spoil(&mut bench, code, 0, move |pdu| pdu[at] = value);
                let ticket = case.begin(&mut bench, side);
                bench.settle();
                assert_eq!(bench.failures(side), [INVALID_PARAMETERS], "octet {at} is {value}");
                assert_eq!(ended(&mut bench, side, ticket), Some(Error::PairingFailed(Reason(INVALID_PARAMETERS))));
                nothing_is_left(&mut bench, side, "reserved");
            }
        }
        // The peer itself says so, and makes its check of it.
        let mut bench = Bench::new(Config::new());
        let side = bench.connect(central, 1);
        let settings = case.prepare(&mut bench, side);
        bench.sides[side].peer.features.requirements |= 0xc0;
        bench.sides[side].peer.features.initiator_keys |= 0xf8;
        bench.sides[side].peer.features.responder_keys |= 0xf8;
        let ticket = begin(&mut bench, side, &settings);
        bench.settle();
        is_paired(&mut bench, side, ticket, &case);
    }
}

#[test]
fn a_response_with_keys_that_nobody_asked_for_is_refused() {
    for octet in [5, 6] {
        let case = Case::new(Way::JustWorks, true);
        let mut bench = Bench::new(Config::new());
        let side = bench.connect(true, 1);
        spoil(&mut bench, RESPONSE, 0, move |pdu| pdu[octet] |= SIGN_KEY);
        let ticket = case.begin(&mut bench, side);
        is_refused(&mut bench, side, ticket, INVALID_PARAMETERS, "keys");
    }
}
