//! P-256 by a controller that refuses, fails, is late, says things twice, or says nothing (Vol 4, Part E, 7.8.36 and 7.8.37).
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

use core::{cell::RefCell, time::Duration};
use jelling_host::{
    wire::{PacketKind, hci::Opcode, smp::Reason},
    *,
};
use std::rc::Rc;
use support::{
    cases::{Case, Way, cases, is_paired, still_pairs},
    pairing::{Bench, Curve as Arithmetic},
    refused::ended,
    smp::*,
};

/// What a controller does about one of the two commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum How {
    Well,
    Twice,
    /// Command Status: Unknown HCI Command.
    Refuses,
    /// The event tells Unspecified Error.
    Fails,
    /// The event comes when the test lets it.
    Late,
}

#[derive(Default)]
struct Inside {
    private: [u8; 32],
    keys: u8,
    held: Vec<Vec<u8>>,
    asked: Vec<Opcode>,
}

/// A host whose controller works on P-256, so.
fn bench(key: How, secret: How) -> (Bench, Rc<RefCell<Inside>>) {
    let mut bench = Bench::new(Config { curve: Curve::Controller, ..Config::new() });
    let inside: Rc<RefCell<Inside>> = Rc::default();
    let shared = inside.clone();
    bench.answer = Some(Box::new(move |opcode, parameters| {
        let inside = &mut *shared.borrow_mut();
        let (how, event) = match opcode {
            Opcode::LE_READ_LOCAL_P256_PUBLIC_KEY => {
                inside.keys += 1;
                inside.private = [inside.keys; 32];
                let public = Arithmetic.public_key(&inside.private).unwrap();
                (key, [&[0x3e, 66, 0x08, 0][..], &public.x, &public.y].concat())
            }
            Opcode::LE_GENERATE_DHKEY => {
                let (x, y) = (parameters[..32].try_into().unwrap(), parameters[32..].try_into().unwrap());
                let shared = Arithmetic.shared_secret(&inside.private, &PublicKey { x, y }).unwrap();
                (secret, [&[0x3e, 34, 0x09, 0][..], &shared.0].concat())
            }
            _ => return None,
        };
        inside.asked.push(opcode);
        let [low, high] = opcode.number().to_le_bytes();
        let status = vec![0x0f, 4, if how == How::Refuses { 0x01 } else { 0 }, 1, low, high];
        let failed = || event.iter().enumerate().map(|(at, octet)| if at == 3 { 0x1f } else { *octet }).collect();
        Some(match how {
            How::Well => vec![status, event],
            How::Twice => vec![status, event.clone(), event],
            How::Refuses => vec![status],
            How::Fails => vec![status, failed()],
            How::Late => {
                inside.held.push(event);
                vec![status]
            }
        })
    }));
    (bench, inside)
}

/// The same, once a pairing has begun and goes no further by itself.
fn begun(case: &Case, key: How, secret: How) -> (Bench, Rc<RefCell<Inside>>, usize, Option<PairTicket>) {
    let (mut bench, inside) = bench(key, secret);
    let side = bench.connect(case.central, 1);
    let ticket = case.begin(&mut bench, side);
    bench.settle();
    (bench, inside, side, ticket)
}

fn release(bench: &mut Bench, inside: &RefCell<Inside>) {
    let held = core::mem::take(&mut inside.borrow_mut().held);
    for event in held {
        bench.hear(PacketKind::Event, &event);
        bench.work();
    }
}

fn secure() -> impl Iterator<Item = Case> {
    cases().into_iter().filter(|case| case.secure)
}

#[test]
fn a_controller_that_does_it_or_does_not_pairs_all_the_same() {
    for case in secure() {
        for key in [How::Well, How::Twice, How::Refuses, How::Fails] {
            for secret in [How::Well, How::Twice] {
                let (mut bench, inside, side, ticket) = begun(&case, key, secret);
                is_paired(&mut bench, side, ticket, &case);
                let works = matches!(key, How::Well | How::Twice);
                let told = matches!(case.way, Way::OutOfBand { peer: true, .. });
                let asked = inside.borrow().asked.len();
                assert!(asked == if works { 2 } else { 1 } || told, "{case:?} {key:?} {secret:?}: {asked}");
                bench.answer = None;
                bench.core().configure(Config { link_check: Duration::from_secs(1_000_000), ..Config::new() });
                still_pairs(&mut bench);
            }
        }
    }
}

#[test]
fn a_controller_that_takes_its_time_is_waited_for() {
    for case in secure().filter(|case| !matches!(case.way, Way::OutOfBand { peer: true, .. })) {
        let (mut bench, inside) = bench(How::Late, How::Late);
        let side = bench.connect(case.central, 1);
        let ticket = case.begin(&mut bench, side);
        for _ in 0..2 {
            // What the host can do by itself, and what the peer says, is done by then.
            bench.settle();
            release(&mut bench, &inside);
        }
        bench.settle();
        is_paired(&mut bench, side, ticket, &case);
        let public = Arithmetic.public_key(&inside.borrow().private).unwrap();
        let (mut x, mut y) = bench.sides[side].peer.other_public;
        x.reverse();
        y.reverse();
        assert_eq!(PublicKey { x, y }, public, "{case:?}: the key is the controller's");
    }
}

#[test]
fn a_secret_that_is_not_worked_out_ends_the_pairing() {
    for case in secure().filter(|case| !matches!(case.way, Way::OutOfBand { peer: true, .. })) {
        for secret in [How::Refuses, How::Fails] {
            let (mut bench, _, side, ticket) = begun(&case, How::Well, secret);
            assert_eq!(bench.failures(side), [0x08], "{case:?} {secret:?}");
            assert_eq!(ended(&mut bench, side, ticket), Some(Error::PairingFailed(Reason(0x08))));
            assert!(!bench.security(side).encrypted && bench.core().bonds().count() == 0);
            bench.is_idle();
        }
    }
}

#[test]
fn an_event_that_does_not_come_ends_one_pairing_and_the_host_does_the_next() {
    for (key, secret) in [(How::Late, How::Well), (How::Well, How::Late)] {
        for central in [true, false] {
            let case = Case::new(Way::JustWorks, central);
            let (mut bench, inside, side, ticket) = begun(&case, key, secret);
            assert_eq!(inside.borrow().held.len(), 1);
            bench.pass(Duration::from_secs(31));
            assert_eq!(ended(&mut bench, side, ticket), Some(Error::Timeout));
            bench.part(side, 0x13);
            let asked = inside.borrow().asked.len();
            let side = bench.connect(central, 1);
            let ticket = case.begin(&mut bench, side);
            bench.settle();
            is_paired(&mut bench, side, ticket, &case);
            assert_eq!(inside.borrow().asked.len(), asked, "it has not answered the last one");
            // It comes after all: it is nobody's, and the controller may work again.
            let unexpected = bench.core().counters().unexpected;
            release(&mut bench, &inside);
            assert!(bench.core().counters().unexpected <= unexpected + 1);
            let bond = bench.core().bonds().next().unwrap();
            bench.core().remove_bond(bond.peer).unwrap();
            bench.part(side, 0x13);
            let side = bench.connect(central, 1);
            case.begin(&mut bench, side);
            bench.settle();
            release(&mut bench, &inside);
            bench.settle();
            let what = format!("{key:?} {secret:?} {central}");
            assert!(bench.security(side).bonded, "{what}");
            assert!(inside.borrow().asked.len() > asked, "{what}");
        }
    }
}

#[test]
fn what_was_asked_for_one_pairing_is_not_given_to_the_next() {
    for (key, secret) in [(How::Late, How::Well), (How::Well, How::Late)] {
        for central in [true, false] {
            let case = Case::new(Way::JustWorks, central);
            let (mut bench, inside, side, ticket) = begun(&case, key, secret);
            bench.ask(side, &[FAILED, 0x08]);
            assert!(ended(&mut bench, side, ticket).is_some());
            let mut peer = Peer::new(!central, Bench::address(1), Bench::OWN, 8);
            peer.numbers_from(9);
            bench.sides[side].peer = peer;
            bench.sides[side].begin_anew();
            bench.sides[side].said.clear();
            bench.holds_jobs = true;
            let ticket = case.begin(&mut bench, side);
            bench.settle();
            release(&mut bench, &inside);
            bench.holds_jobs = false;
            bench.settle();
            is_paired(&mut bench, side, ticket, &case);
        }
    }
}

#[test]
fn one_link_has_the_controller_and_the_others_have_the_host() {
    let (mut bench, inside) = bench(How::Late, How::Late);
    let case = Case::new(Way::Comparison, false);
    let sides: Vec<usize> = (1..=3).map(|number| bench.connect(false, number)).collect();
    for side in &sides {
        case.begin(&mut bench, *side);
    }
    bench.settle();
    for side in &sides[1..] {
        is_paired_but_one(&mut bench, *side);
    }
    // The link that has it ends in the middle, and another takes its place.
    release(&mut bench, &inside);
    bench.settle();
    bench.part(sides[0], 0x13);
    let side = bench.connect(false, 9);
    case.begin(&mut bench, side);
    bench.settle();
    release(&mut bench, &inside);
    bench.settle();
    is_paired(&mut bench, side, None, &case);
}

fn is_paired_but_one(bench: &mut Bench, side: usize) {
    let security = bench.security(side);
    assert!(security.encrypted && security.authenticated && security.bonded);
}

#[test]
fn events_that_nobody_asked_for_change_nothing() {
    for case in secure().filter(|case| case.way == Way::JustWorks) {
        for step in 0..30 {
            let (mut bench, _) = bench(How::Late, How::Late);
            bench.answer = None;
            bench.core().configure(Config { link_check: Duration::from_secs(1_000_000), ..Config::new() });
            let side = bench.connect(case.central, 1);
            let ticket = case.begin(&mut bench, side);
            (0..step).for_each(|_| _ = bench.step());
            let public = Arithmetic.public_key(&[5; 32]).unwrap();
            bench.hear(PacketKind::Event, &[&[0x3e, 66, 0x08, 0][..], &public.x, &public.y].concat());
            bench.hear(PacketKind::Event, &[&[0x3e, 34, 0x09, 0][..], &[0; 32]].concat());
            bench.hear(PacketKind::Event, &[&[0x3e, 34, 0x09, 0x1f][..], &[0xff; 32]].concat());
            bench.settle();
            is_paired(&mut bench, side, ticket, &case);
        }
    }
}
