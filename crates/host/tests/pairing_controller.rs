//! P-256 by the controller: it has one key pair, takes its time, refuses, and tells what nobody asked for.
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

use core::time::Duration;
use jelling_host::{
    wire::{PacketKind, smp::Reason},
    *,
};
use support::{
    cases::{Case, Way, cases, is_paired, still_pairs},
    pairing::{Bench, LINKS},
    refused::ended,
    smp::*,
};

const BY_CONTROLLER: Config = Config { curve: Curve::Controller, ..Config::new() };

/// Those in which the key pair is not one of which the peer was told out of band.
fn fresh() -> impl Iterator<Item = Case> {
    cases().into_iter().filter(|case| case.secure && !matches!(case.way, Way::OutOfBand { peer: true, .. }))
}

#[test]
fn each_method_pairs_with_the_controller_s_key() {
    for case in cases() {
        let (mut bench, _) = case.paired(BY_CONTROLLER);
        let by_host = !case.secure || matches!(case.way, Way::OutOfBand { peer: true, .. });
        if by_host {
            // As initiator it is asked before the peer has said that it knows another key.
            assert!(bench.curve_count <= 1, "{case:?}");
        } else {
            assert_eq!(bench.curve_count, 2, "{case:?}");
        }
        still_pairs(&mut bench);
    }
}

#[test]
fn links_that_pair_at_once_share_one_key_pair_with_nobody() {
    for case in fresh() {
        let mut bench = Bench::new(BY_CONTROLLER);
        let mut paired = vec![];
        for number in 1..=LINKS as u8 {
            let side = bench.connect(case.central, number);
            paired.push((side, case.begin(&mut bench, side)));
        }
        bench.settle();
        let mut keys = std::collections::HashSet::new();
        for (side, ticket) in paired {
            is_paired(&mut bench, side, ticket, &case);
            let said = &bench.sides[side].said;
            assert!(keys.insert(said.iter().find(|pdu| pdu[0] == PUBLIC_KEY).unwrap().clone()), "{case:?}");
        }
    }
}

/// Steps of a pairing by the controller, until it is over.
fn at_each_step(case: &Case, mut act: impl FnMut(&mut Bench, usize, Option<PairTicket>, usize)) {
    for steps in 0..14 {
        let (mut bench, side, ticket) = case.begun(BY_CONTROLLER);
        (0..steps).for_each(|_| _ = bench.step());
        bench.work();
        if bench.core().bonds().count() == 1 {
            return;
        }
        if ticket.is_some() || steps > 0 {
            act(&mut bench, side, ticket, steps);
        }
    }
}

#[test]
fn what_the_controller_tells_when_the_pairing_is_over_is_for_nobody() {
    for case in fresh() {
        for how in 0..3 {
            at_each_step(&case, |bench, side, ticket, step| {
                bench.holds_curve = true;
                match how {
                    0 => bench.part(side, 0x08),
                    1 => {
                        bench.ask(side, &[FAILED, 0x08]);
                        bench.sides[side].listens = false;
                        bench.sides[side].to_host.clear();
                        bench.sides[side].peer.stop();
                        assert_eq!(ended(bench, side, ticket), Some(Error::PairingRejected(Reason(0x08))));
                    }
                    _ => {
                        bench.sides[side].to_host.clear();
                        bench.sides[side].listens = false;
                        (bench.holds_user, bench.holds_encryption) = (true, true);
                        while bench.step() {}
                        bench.sides[side].peer.stop();
                        bench.pass(Duration::from_secs(31));
                        assert_eq!(ended(bench, side, ticket), Some(Error::Timeout), "{case:?} after {step}");
                    }
                }
                // Another pairs while the controller still works for the first.
                let other = bench.connect(case.central, 2);
                let ticket = case.begin(bench, other);
                (bench.holds_user, bench.holds_encryption) = (false, false);
                bench.settle();
                bench.holds_curve = false;
                bench.settle();
                is_paired(bench, other, ticket, &case);
                if bench.sides[side].asked.is_some() && bench.sides[side].up {
                    bench.conclude(side);
                }
                still_pairs(bench);
            });
        }
    }
}

#[test]
fn a_controller_without_a_key_leaves_it_to_the_host() {
    for case in fresh() {
        let (mut bench, side, ticket) = case.begun(BY_CONTROLLER);
        bench.curve_status = 0x1f;
        bench.settle();
        is_paired(&mut bench, side, ticket, &case);
        assert_eq!(bench.curve_count, 1, "it is not asked again in this pairing");
    }
}

#[test]
fn a_controller_without_a_secret_ends_the_pairing() {
    for case in fresh() {
        let (mut bench, side, ticket) = case.begun(BY_CONTROLLER);
        while bench.curve_count < 2 {
            assert!(bench.step(), "{case:?}");
            bench.work();
        }
        bench.curve_status = 0x1f;
        bench.settle();
        let error = ended(&mut bench, side, ticket);
        assert!(matches!(error, Some(Error::PairingFailed(_))), "{case:?}: {error:?}");
        assert_eq!(bench.failures(side).len(), 1, "{case:?}");
        assert!(!bench.security(side).encrypted);
        bench.curve_status = 0;
        still_pairs(&mut bench);
    }
}

#[test]
fn what_nobody_asked_the_controller_for_changes_nothing() {
    for case in cases() {
        at_each_step(&case, |bench, side, ticket, _| {
            // Nothing is asked just now: a key and a secret, good and bad.
            if !bench.curve_asked.is_empty() {
                return;
            }
            for status in [0, 0x1f] {
                let key = [&[0x3e, 66, 0x08, status][..], &[7; 64]].concat();
                let secret = [&[0x3e, 34, 0x09, status][..], &[7; 32]].concat();
                for event in [key, secret] {
                    bench.hear(PacketKind::Event, &event);
                    bench.work();
                }
            }
            bench.settle();
            is_paired(bench, side, ticket, &case);
        });
    }
}

#[test]
fn a_point_off_the_curve_never_reaches_the_controller() {
    for case in fresh() {
        let mut bench = Bench::new(BY_CONTROLLER);
        let side = bench.connect(case.central, 1);
        support::refused::spoil(&mut bench, PUBLIC_KEY, 0, |pdu| pdu[64] ^= 1);
        let ticket = case.begin(&mut bench, side);
        bench.settle();
        assert_eq!(ended(&mut bench, side, ticket), Some(Error::PairingFailed(Reason(0x0a))), "{case:?}");
        assert!(bench.curve_count <= 1, "{case:?}");
        still_pairs(&mut bench);
    }
}
