//! What crosses on its way, comes too often, or comes too late: requests for security, answers of users, refusals.
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

use core::{task::Poll, time::Duration};
use jelling_host::{wire::smp::Reason, *};
use support::{
    cases::{Case, Way, begin, cases, is_paired, still_pairs},
    pairing::{Asked, Bench},
    refused::ended,
    smp::*,
};

const EACH: [u8; 2] = [SECURITY_REQUEST, BONDING | MITM | SC];

/// A central with a bond of Numeric Comparison, whose peer is there again.
fn bonded() -> (Bench, usize, [u8; 16]) {
    Case::new(Way::Comparison, true).met_again(Config::new())
}

#[test]
fn requests_for_security_are_followed_once_however_many_come() {
    let (mut bench, side, key) = bonded();
    bench.sides[side].old_keys.push(([0; 8], [0; 2], key));
    bench.holds_encryption = true;
    for _ in 0..100 {
        bench.say(side, &EACH);
    }
    bench.settle();
    // The bench would not take LE Enable Encryption twice.
    assert!(matches!(bench.sides[side].asked, Some(Asked::Enable { .. })));
    for _ in 0..100 {
        assert!(bench.ask(side, &EACH).is_empty());
    }
    bench.holds_encryption = false;
    bench.settle();
    assert!(bench.security(side).encrypted);
    bench.sides[side].events.clear();
    for _ in 0..100 {
        assert!(bench.ask(side, &EACH).is_empty());
    }
    bench.settle();
    assert!(bench.sides[side].asked.is_none() && bench.sides[side].events.is_empty());
    // Of a peer that has no bond, or one that is too weak, the application is told; nothing is begun.
    let stranger = bench.connect(true, 2);
    for _ in 0..100 {
        assert!(bench.ask(stranger, &EACH).is_empty());
    }
    assert!(bench.sides[stranger].events.iter().all(|event| *event == ConnectionEvent::SecurityRequested));
    bench.is_idle();
    still_pairs(&mut bench);
}

#[test]
fn a_weak_bond_is_not_what_a_request_for_protection_asks_for() {
    let case = Case::new(Way::JustWorks, true);
    let (mut bench, side) = case.paired(Config::new());
    bench.part(side, 0x13);
    let side = bench.connect(true, 1);
    assert!(bench.ask(side, &EACH).is_empty());
    assert_eq!(bench.sides[side].events, [ConnectionEvent::SecurityRequested]);
    assert!(bench.sides[side].asked.is_none());
    bench.say(side, &[SECURITY_REQUEST, BONDING]);
    bench.work();
    assert!(matches!(bench.sides[side].asked, Some(Asked::Enable { .. })));
}

#[test]
fn a_request_for_security_crosses_what_the_central_begins() {
    // Central: it has begun to pair, or to encrypt, and the peer asks for it.
    for case in cases().into_iter().filter(|case| case.central) {
        let (mut bench, side, ticket) = case.begun(Config::new());
        bench.say(side, &EACH);
        bench.work();
        bench.say(side, &EACH);
        bench.settle();
        is_paired(&mut bench, side, ticket, &case);
    }
    let (mut bench, side, key) = bonded();
    bench.sides[side].old_keys.push(([0; 8], [0; 2], key));
    let (now, link) = (bench.now, bench.sides[side].link);
    let ticket = bench.core().encrypt(now, link).unwrap();
    bench.say(side, &EACH);
    bench.settle();
    assert!(matches!(bench.core().pair_outcome(ticket), Poll::Ready(Ok(security)) if security.authenticated));
    // Peripheral: it wants to ask when the central begins.
    for case in cases().into_iter().filter(|case| !case.central) {
        let mut bench = Bench::new(Config { pairing: None, ..Config::new() });
        let side = bench.connect(false, 1);
        let settings = case.prepare(&mut bench, side);
        let request = bench.sides[side].peer.begin();
        let (now, link) = (bench.now, bench.sides[side].link);
        let ticket = bench.core().pair(now, link, &settings).unwrap();
        bench.say(side, &request[0]);
        bench.settle();
        assert!(bench.sides[side].said.iter().all(|pdu| pdu[0] != SECURITY_REQUEST), "{case:?}");
        is_paired(&mut bench, side, Some(ticket), &case);
    }
    // And when it has asked, the central has begun to encrypt.
    let case = Case::new(Way::Comparison, false);
    let (mut bench, side) = case.paired(Config::new());
    let key = bench.sides[side].key.unwrap();
    bench.part(side, 0x13);
    let side = bench.connect(false, 1);
    bench.sides[side].listens = false;
    let (now, link) = (bench.now, bench.sides[side].link);
    let ticket = bench.core().pair(now, link, &case.settings()).unwrap();
    bench.encrypt(side, [0; 8], [0; 2], key);
    bench.settle();
    assert!(matches!(bench.core().pair_outcome(ticket), Poll::Ready(Ok(security)) if security.bonded));
    bench.is_idle();
}

#[test]
fn a_refusal_of_what_does_not_go_on_changes_nothing() {
    // Idle, while a bond's key encrypts, and when a pairing is over.
    let (mut bench, side, key) = bonded();
    assert!(bench.ask(side, &[FAILED, 0x08]).is_empty());
    bench.sides[side].old_keys.push(([0; 8], [0; 2], key));
    let (now, link) = (bench.now, bench.sides[side].link);
    let ticket = bench.core().encrypt(now, link).unwrap();
    bench.say(side, &[FAILED, 0x08]);
    bench.work();
    assert!(bench.ask(side, &[FAILED, 0x05]).is_empty());
    bench.settle();
    assert!(matches!(bench.core().pair_outcome(ticket), Poll::Ready(Ok(security)) if security.encrypted));
    let bond = bench.core().bond_of(link);
    assert!(bench.ask(side, &[FAILED, 0x08]).is_empty());
    assert!(bench.security(side).bonded && bench.core().bond_of(link) == bond);
    assert!(!bench.sides[side].events.iter().any(|event| matches!(event, ConnectionEvent::PairingFailed(_))));
    // A central that refuses what a peripheral asks for.
    let side = bench.connect(false, 3);
    bench.sides[side].listens = false;
    let link = bench.sides[side].link;
    let ticket = bench.core().pair(now, link, &PairSettings::new()).unwrap();
    bench.work();
    assert!(bench.ask(side, &[FAILED, 0x05]).is_empty());
    assert_eq!(bench.core().pair_outcome(ticket), Poll::Ready(Err(Error::PairingRejected(Reason(5)))));
    bench.is_idle();
}

#[test]
fn an_answer_of_an_earlier_pairing_is_none_of_the_next() {
    for case in cases().into_iter().filter(|case| matches!(case.way, Way::Comparison | Way::HostTypes)) {
        let (mut bench, side, ticket) = case.begun(Config::new());
        bench.holds_user = true;
        bench.settle();
        let (stale, _) = bench.sides[side].question.expect("a question");
        bench.ask(side, &[FAILED, 0x01]);
        assert!(ended(&mut bench, side, ticket).is_some());
        let mut peer = Peer::new(!case.central, Bench::address(1), Bench::OWN, 8);
        peer.numbers_from(9);
        bench.sides[side].peer = peer;
        bench.sides[side].begin_anew();
        bench.sides[side].said.clear();
        let ticket = case.begin(&mut bench, side);
        bench.settle();
        let (question, _) = bench.sides[side].question.expect("another question");
        let now = bench.now;
        for answer in [PasskeyAnswer::Confirm, PasskeyAnswer::Input(0), PasskeyAnswer::Reject] {
            assert_eq!(bench.core().answer_passkey(now, stale, answer), Err(Error::Stale), "{case:?}");
        }
        assert!(!bench.core().passkey_is_open(stale) && bench.core().passkey_is_open(question));
        assert_eq!(bench.core().send_keypress(stale, wire::smp::Keypress(0)), Err(Error::Stale));
        bench.holds_user = false;
        bench.settle();
        is_paired(&mut bench, side, ticket, &case);
        assert_eq!(bench.core().answer_passkey(now, question, PasskeyAnswer::Reject), Err(Error::Stale));
        assert!(bench.security(side).bonded);
    }
}

#[test]
fn a_question_is_answered_once() {
    for case in cases().into_iter().filter(|case| matches!(case.way, Way::Comparison | Way::HostTypes)) {
        let (mut bench, side, ticket) = case.begun(Config::new());
        bench.holds_user = true;
        bench.settle();
        let (now, (question, action)) = (bench.now, bench.sides[side].question.take().expect("a question"));
        let (answer, other) = match action {
            PasskeyAction::Compare(_) => (PasskeyAnswer::Confirm, PasskeyAnswer::Reject),
            _ => (PasskeyAnswer::Input(bench.sides[side].peer.passkey.unwrap()), PasskeyAnswer::Input(1)),
        };
        bench.core().answer_passkey(now, question, answer).unwrap();
        assert_eq!(bench.core().answer_passkey(now, question, other), Err(Error::Stale), "{case:?}");
        bench.holds_user = false;
        bench.settle();
        is_paired(&mut bench, side, ticket, &case);
    }
}

#[test]
fn passkeys_have_six_digits_zeros_in_front_among_them() {
    for passkey in [0, 1, 42, 99_999, 100_000, 999_999] {
        for central in [true, false] {
            let case = Case::new(Way::BothType, central);
            let (mut bench, side, ticket) = case.begun(Config::new());
            bench.holds_user = true;
            bench.settle();
            let (now, (question, _)) = (bench.now, bench.sides[side].question.take().expect("a question"));
            let pdus = bench.sides[side].peer.type_in(passkey);
            bench.send(side, pdus);
            bench.core().answer_passkey(now, question, PasskeyAnswer::Input(passkey)).unwrap();
            bench.settle();
            is_paired(&mut bench, side, ticket, &case);
        }
    }
}

#[test]
fn keypresses_that_were_not_agreed_on_end_the_pairing() {
    for (ours, theirs) in [(false, false), (true, false), (false, true)] {
        let case = Case::new(Way::HostShows, false);
        let mut bench = Bench::new(Config::new());
        let side = bench.connect(false, 1);
        let mut settings = case.prepare(&mut bench, side);
        settings.keypress = ours;
        bench.sides[side].peer.features.requirements |= if theirs { KEYPRESSES } else { 0 };
        begin(&mut bench, side, &settings);
        bench.holds_user = true;
        bench.settle();
        assert_eq!(bench.ask(side, &[KEYPRESS, 0]), [[FAILED, 0x0a]]);
        bench.work();
        assert!(!bench.sides[side].events.iter().any(|event| matches!(event, ConnectionEvent::Keypress(_))));
        still_pairs(&mut bench);
    }
}

#[test]
fn a_peer_that_stays_under_the_address_of_another_keeps_nobody_who_is_bonded_out() {
    // It fails again and again; who has the bond's key does not have to wait for that.
    let case = Case::new(Way::Comparison, false);
    let (mut bench, side) = case.paired(Config::new());
    let key = bench.sides[side].key.unwrap();
    bench.part(side, 0x13);
    for number in 0..10 {
        let side = bench.connect(false, 1);
        bench.sides[side].peer.numbers_from(number);
        support::refused::spoil(&mut bench, CHECK, 0, |pdu| pdu[1] ^= 1);
        case.begin(&mut bench, side);
        bench.settle();
        assert_eq!(bench.failures(side).len(), 1);
        bench.part(side, 0x13);
    }
    bench.spoil = None;
    let side = bench.connect(false, 1);
    bench.encrypt(side, [0; 8], [0; 2], key);
    bench.settle();
    let security = bench.security(side);
    assert!(security.encrypted && security.authenticated && security.bonded);
    bench.pass(Duration::from_secs(1));
    bench.is_idle();
}
