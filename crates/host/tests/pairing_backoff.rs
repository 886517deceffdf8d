//! Who fails to authenticate again and again has to wait (Vol 3, Part H, 2.3.6).
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
    cases::{Case, Way, is_paired},
    pairing::Bench,
    refused::spoil,
    smp::*,
};

const CHECK_FAILED: u8 = 0x0b;

#[test]
fn who_fails_again_and_again_waits_longer_and_longer() {
    let case = Case::new(Way::Comparison, false);
    let mut bench = Bench::new(Config::new());
    let side = bench.connect(false, 1);
    let attempt = |bench: &mut Bench, wrong: bool| {
        bench.sides[side].said.clear();
        bench.sides[side].events.clear();
        bench.sides[side].peer = Peer::new(true, Bench::address(1), Bench::OWN, 3);
        if wrong {
            spoil(bench, CHECK, 0, |pdu| pdu[1] ^= 1);
        } else {
            bench.spoil = None;
        }
        case.begin(bench, side);
        bench.settle();
        bench.failures(side)
    };
    let mut waits = vec![];
    for _ in 0..12 {
        let mut waited = 0;
        while attempt(&mut bench, true) == [0x09] {
            bench.pass(Duration::from_secs(1));
            waited += 1;
            assert!(waited < 600, "for ever");
        }
        waits.push(waited);
    }
    assert!(waits[0] == 0 && waits.iter().is_sorted() && waits[11] > waits[4] && waits[4] > 0, "{waits:?}");
    // Nobody else has to wait.
    let other = bench.connect(false, 2);
    bench.spoil = None;
    case.begin(&mut bench, other);
    bench.settle();
    is_paired(&mut bench, other, None, &case);
    bench.part(other, 0x13);
    // Another link does not help; and in the end it may.
    bench.part(side, 0x13);
    let side = bench.connect(false, 1);
    case.begin(&mut bench, side);
    bench.settle();
    assert_eq!(bench.failures(side), [0x09]);
    bench.pass(Duration::from_secs(600));
    bench.sides[side].peer = Peer::new(true, Bench::address(1), Bench::OWN, 3);
    bench.sides[side].said.clear();
    case.begin(&mut bench, side);
    bench.settle();
    is_paired(&mut bench, side, None, &case);
}

#[test]
fn a_central_does_not_ask_who_has_to_wait() {
    let case = Case::new(Way::Comparison, true);
    let mut bench = Bench::new(Config::new());
    let side = bench.connect(true, 1);
    for _ in 0..20 {
        bench.sides[side].peer = Peer::new(false, Bench::address(1), Bench::OWN, 3);
        bench.sides[side].peer.believes = true;
        spoil(&mut bench, CHECK, 0, |pdu| pdu[1] ^= 1);
        let settings = case.prepare(&mut bench, side);
        let (now, link) = (bench.now, bench.sides[side].link);
        match bench.core().pair(now, link, &settings) {
            Ok(ticket) => {
                bench.settle();
                let error = Error::PairingFailed(Reason(CHECK_FAILED));
                assert_eq!(bench.core().pair_outcome(ticket), Poll::Ready(Err(error)));
            }
            Err(error) => {
                assert_eq!(error, Error::PairingFailed(Reason(0x09)));
                bench.is_idle();
                return;
            }
        }
    }
    panic!("it never has to wait");
}
