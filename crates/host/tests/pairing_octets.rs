//! Every PDU of the Security Manager in every length, in every state of each method and role: at most one Pairing Failed, and a machine
//! that is idle, or goes on as if nothing had come.
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

use jelling_host::*;
use support::{
    cases::{Case, cases, is_paired},
    pairing::Bench,
    refused::ended,
    smp::*,
};

/// A link on which this pairing has come so far.
fn after(case: &Case, steps: usize) -> (Bench, usize, Option<PairTicket>) {
    let mut bench = Bench::constant(Config::new());
    let side = bench.connect(case.central, 1);
    let ticket = case.begin(&mut bench, side);
    (0..steps).for_each(|_| _ = bench.step());
    bench.work();
    (bench, side, ticket)
}

/// Steps at which a PDU can come in: of 20 rounds of a passkey those of the first and the last.
fn states(case: &Case) -> Vec<usize> {
    let (mut bench, side, ticket) = after(case, 0);
    let all = (1..).find(|_| !bench.step()).unwrap();
    is_paired(&mut bench, side, ticket, case);
    let first = if case.central { 0 } else { 1 };
    (first..=all).filter(|state| *state < 12 || state + 10 > all).collect()
}

fn pdu(code: u8, length: usize) -> Vec<u8> {
    let mut pdu = vec![code; length];
    // Not zero, and no value that means something everywhere.
    pdu.iter_mut().skip(1).enumerate().for_each(|(number, octet)| *octet = 0x55 ^ number as u8);
    pdu
}

#[test]
fn what_has_no_meaning_is_ignored_in_every_state() {
    for case in cases() {
        for state in states(&case) {
            let every = std::env::var_os("EVERY_LENGTH").is_some();
            let (mut bench, side, ticket) = after(&case, state);
            let said = bench.sides[side].said.len();
            for code in (0..=255).filter(|code| !(0x01..=0x0e).contains(code)) {
                for length in (1..=70).filter(|length| every || (length + state + usize::from(code)).is_multiple_of(16))
                {
                    bench.say(side, &pdu(code, length));
                }
                bench.work();
            }
            assert_eq!(bench.sides[side].said.len(), said, "{case:?} after {state}");
            bench.settle();
            is_paired(&mut bench, side, ticket, &case);
        }
    }
}

/// One PDU more than belongs there. What may follow: silence, and the pairing goes on; or its end, and at most one word of it.
fn interject(case: &Case, state: usize, pdu: &[u8]) {
    let (mut bench, side, ticket) = after(case, state);
    let was_over = bench.core().bonds().count() == 1;
    let what = format!("{case:?} after {state}: {pdu:02x?}");
    if pdu.first() == Some(&FAILED) {
        // Who gives up says nothing more.
        bench.sides[side].to_host.clear();
        bench.sides[side].listens = false;
        bench.sides[side].peer.stop();
    }
    bench.say(side, pdu);
    bench.settle();
    let failures = bench.failures(side).len();
    assert!(failures <= 1, "{what}: {failures} words");
    if was_over {
        // Nothing is undone by it.
        let security = bench.security(side);
        assert!(security.encrypted && security.bonded, "{what}");
        return bench.is_idle();
    }
    let error = ended(&mut bench, side, ticket);
    let done = bench.sides[side].peer.wait == Wait::Done;
    match error {
        None if failures == 0 && done => {
            is_paired(&mut bench, side, None, case);
        }
        // It was taken for what was due, and what was due then is what is waited for in vain.
        None if failures == 0 => {
            bench.pass(core::time::Duration::from_secs(31));
            assert_eq!(ended(&mut bench, side, ticket), Some(Error::Timeout), "{what}");
        }
        Some(Error::PairingRejected(_)) => assert_eq!(failures, 0, "{what}"),
        Some(Error::PairingFailed(_)) => assert_eq!(failures, 1, "{what}"),
        other => panic!("{what}: {other:?}, {failures} words"),
    }
    if error.is_some() {
        assert_eq!(bench.core().bonds().count(), 0, "{what}");
    }
    bench.is_idle();
}

/// Lengths that are tried: the right one, those beside it, and of all others some, which are others in another state. All of them
/// where `EVERY_LENGTH` is set.
fn lengths(code: u8, state: usize) -> Vec<usize> {
    const RIGHT: [usize; 15] = [0, 7, 7, 17, 17, 2, 17, 11, 17, 8, 17, 2, 65, 17, 2];
    let (right, every) = (RIGHT[usize::from(code)], std::env::var_os("EVERY_LENGTH").is_some());
    let beside = |length: &usize| length.abs_diff(right) <= 1 || [1, 70].contains(length);
    (1..=70)
        .filter(|length| every || beside(length) || (length + state * 5 + usize::from(code)).is_multiple_of(64))
        .collect()
}

fn every_pdu_in_every_state(central: bool) {
    for case in cases().into_iter().filter(|case| case.central == central) {
        for state in states(&case) {
            for code in 0x01..=0x0e {
                for length in lengths(code, state) {
                    interject(&case, state, &pdu(code, length));
                }
            }
            interject(&case, state, &[]);
        }
    }
}

#[test]
fn every_pdu_in_every_state_of_a_central() {
    every_pdu_in_every_state(true);
}

#[test]
fn every_pdu_in_every_state_of_a_peripheral() {
    every_pdu_in_every_state(false);
}
