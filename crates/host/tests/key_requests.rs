//! Keys that are asked for, and encryption that is told of, when they are not due: in the middle of phase 3, before the controller has the key,
//! of a key that was asked for earlier.
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

use jelling_host::{
    wire::{PacketKind, smp::Reason},
    *,
};
use support::{
    cases::{Case, Way, begin, cases, is_paired, still_pairs},
    pairing::{Asked, Bench},
    refused::ended,
    smp::*,
};

const NEW: ([u8; 8], [u8; 2]) = ([0; 8], [0; 2]);

/// The host, peripheral, is bonded with peer 1 by Numeric Comparison; the peer is there again. The bond's key.
fn bonded() -> (Bench, usize, [u8; 16]) {
    Case::new(Way::Comparison, false).met_again(Config::new())
}

/// The peer begins to pair anew by Just Works, which the user has agreed to.
fn pairs_anew(bench: &mut Bench, side: usize) {
    bench.sides[side].peer.numbers_from(77);
    let mut settings = PairSettings::new();
    settings.overwrite = Overwrite::Always;
    begin(bench, side, &settings);
}

fn until(bench: &mut Bench, side: usize, wait: Wait) {
    for _ in 0..100 {
        if bench.sides[side].peer.wait == wait {
            return;
        }
        assert!(bench.step());
    }
    panic!("it never comes to {wait:?}");
}

/// The peer's keys have not arrived by then.
fn until_encrypted(bench: &mut Bench, side: usize) {
    while !bench.security(side).encrypted {
        assert!(bench.step());
    }
    assert!(!bench.sides[side].to_host.is_empty() || bench.sides[side].central);
}

#[test]
fn the_key_of_a_bond_is_not_given_while_new_keys_are_handed_over() {
    let (mut bench, side, old) = bonded();
    pairs_anew(&mut bench, side);
    until_encrypted(&mut bench, side);
    bench.encrypt(side, NEW.0, NEW.1, old);
    assert_eq!(bench.sides[side].asked.take(), Some(Asked::Reply { wanted: old, key: None }));
    bench.settle();
    let link = bench.sides[side].link;
    let bond = bench.core().bond_of(link).expect("a bond");
    assert!(!bond.authenticated && !bench.security(side).authenticated);
    // From now on the new one is.
    let new = bond.peripheral_key.unwrap().key.0;
    bench.encrypt(side, NEW.0, NEW.1, new);
    assert_eq!(bench.sides[side].asked, Some(Asked::Reply { wanted: new, key: Some(new) }));
    bench.settle();
    assert!(!bench.security(side).authenticated);
}

#[test]
fn a_key_that_was_asked_for_before_pairing_is_not_the_new_one() {
    let (mut bench, side, old) = bonded();
    bench.holds_encryption = true;
    bench.encrypt(side, NEW.0, NEW.1, old);
    assert_eq!(bench.sides[side].asked.take(), Some(Asked::Reply { wanted: old, key: Some(old) }));
    // The controller has not told of it when the peer pairs.
    pairs_anew(&mut bench, side);
    bench.sides[side].listens = true;
    until(&mut bench, side, Wait::Encryption);
    bench.tell(side, 0, 1);
    // It is encrypted with the old key: nothing is handed over yet.
    assert!(bench.security(side).authenticated);
    assert!(bench.sides[side].said.iter().all(|pdu| pdu[0] != IDENTITY_INFORMATION));
    assert_eq!(bench.last_said(side), Some(CHECK));
    bench.holds_encryption = false;
    bench.sides[side].key = Some(old);
    bench.settle();
    let link = bench.sides[side].link;
    let bond = bench.core().bond_of(link).expect("a bond");
    assert!(!bond.authenticated && !bench.security(side).authenticated);
    assert_ne!(bond.peripheral_key.unwrap().key.0, old);
    bench.is_idle();
}

#[test]
fn keys_are_handed_over_as_long_as_the_link_is_encrypted() {
    for case in cases() {
        let (mut bench, side, ticket) = case.begun(Config::new());
        until_encrypted(&mut bench, side);
        bench.sides[side].to_host.clear();
        let said = bench.sides[side].said.len();
        bench.tell(side, 0, 0);
        assert_eq!(bench.sides[side].said[said..], [[FAILED, 0x08]], "{case:?}");
        assert_eq!(ended(&mut bench, side, ticket), Some(Error::PairingFailed(Reason(0x08))), "{case:?}");
        assert_eq!(bench.security(side), Security::default());
        assert_eq!(bench.core().bonds().count(), 0);
        still_pairs(&mut bench);
    }
}

#[test]
fn a_link_is_not_encrypted_with_a_key_that_the_controller_does_not_have_yet() {
    // As peripheral: the reply has not gone out.
    let (mut bench, side, old) = bonded();
    let mut event = vec![0x3e, 13, 0x05, 0x40, 0];
    event.extend([0; 10]);
    bench.hear(PacketKind::Event, &event);
    bench.hear(PacketKind::Event, &[0x08, 4, 0, 0x40, 0, 1]);
    assert!(!bench.security(side).encrypted);
    // As central: neither has the command.
    let case = Case::new(Way::Comparison, true);
    let (mut bench, central, ticket) = case.begun(Config::new());
    bench.settle();
    is_paired(&mut bench, central, ticket, &case);
    bench.part(central, 0x13);
    let central = bench.connect(true, 1);
    let (now, link) = (bench.now, bench.sides[central].link);
    let ticket = bench.core().encrypt(now, link).unwrap();
    bench.hear(PacketKind::Event, &[0x08, 4, 0, 0x40, 0, 1]);
    bench.hear(PacketKind::Event, &[0x30, 3, 0, 0x40, 0]);
    assert!(!bench.security(central).encrypted);
    assert!(bench.core().pair_outcome(ticket).is_pending());
    bench.work();
    assert!(matches!(bench.sides[central].asked, Some(Asked::Enable { .. })));
    let _ = (side, old);
}

#[test]
fn a_key_is_asked_for_twice() {
    let (mut bench, side, key) = bonded();
    for _ in 0..2 {
        bench.encrypt(side, NEW.0, NEW.1, key);
        assert_eq!(bench.sides[side].asked, Some(Asked::Reply { wanted: key, key: Some(key) }));
    }
    bench.settle();
    let level = bench.security(side);
    assert!(level.encrypted && level.authenticated && level.bonded);
    // A refresh, and one that goes wrong.
    bench.encrypt(side, NEW.0, NEW.1, key);
    bench.settle();
    assert_eq!(bench.security(side), level);
    bench.encrypt(side, NEW.0, NEW.1, key);
    bench.sides[side].asked = None;
    bench.refresh(side, 0x22);
    assert_eq!(bench.security(side), level);
    // The same while a new key is due.
    bench.part(side, 0x13);
    let side = bench.connect(false, 2);
    bench.holds_encryption = true;
    Case::new(Way::JustWorks, false).begin(&mut bench, side);
    bench.settle();
    let new = bench.sides[side].peer.key.unwrap();
    bench.encrypt(side, NEW.0, NEW.1, new);
    assert_eq!(bench.sides[side].asked, Some(Asked::Reply { wanted: new, key: Some(new) }));
    bench.holds_encryption = false;
    bench.settle();
    assert!(bench.security(side).bonded);
}

#[test]
fn a_pairing_that_has_failed_leaves_no_key() {
    for case in cases().into_iter().filter(|case| !case.central) {
        let (mut bench, side, _) = case.begun(Config::new());
        bench.holds_encryption = true;
        until(&mut bench, side, Wait::Encryption);
        bench.work();
        bench.ask(side, &[FAILED, 0x08]);
        let key = bench.sides[side].peer.key.unwrap();
        bench.encrypt(side, NEW.0, NEW.1, key);
        assert_eq!(bench.sides[side].asked.take(), Some(Asked::Reply { wanted: key, key: None }), "{case:?}");
        bench.tell(side, 0, 1);
        assert!(!bench.security(side).encrypted);
        bench.is_idle();
    }
}

#[test]
fn who_is_forgotten_while_it_encrypts_gets_no_key() {
    let (mut bench, side, _) = bonded();
    let mut event = vec![0x3e, 13, 0x05, 0x40, 0];
    event.extend([0; 10]);
    bench.hear(PacketKind::Event, &event);
    bench.core().remove_bond(Bench::known(Bench::address(1))).unwrap();
    bench.hear(PacketKind::Event, &[0x08, 4, 0, 0x40, 0, 1]);
    assert!(!bench.security(side).encrypted);
    let before = bench.commands.len();
    let mut buffer = [0; TRANSMIT_BUFFER];
    let now = bench.now;
    let packet =
        bench.core().poll_transmit(now, &mut buffer).and_then(|t| t.packet()).map(|packet| packet.data.to_vec());
    // LE Long Term Key Request Negative Reply.
    assert_eq!(packet.map(|packet| packet[..2].to_vec()), Some(vec![0x1b, 0x20]));
    assert_eq!(bench.commands.len(), before);
    // As central: the encryption that has not begun does not begin.
    let case = Case::new(Way::Comparison, true);
    let (mut bench, central, ticket) = case.begun(Config::new());
    bench.settle();
    is_paired(&mut bench, central, ticket, &case);
    bench.part(central, 0x13);
    let central = bench.connect(true, 1);
    let (now, link) = (bench.now, bench.sides[central].link);
    let ticket = bench.core().encrypt(now, link).unwrap();
    bench.core().remove_bond(Bench::known(Bench::address(1))).unwrap();
    bench.settle();
    assert_eq!(bench.sides[central].asked, None);
    assert_eq!(bench.core().pair_outcome(ticket), core::task::Poll::Ready(Err(Error::NotBonded)));
    bench.is_idle();
}

#[test]
fn a_central_is_asked_for_no_key() {
    // A request that a controller has no reason to make begins nothing.
    let case = Case::new(Way::Comparison, true);
    let (mut bench, side) = case.paired(Config::new());
    bench.part(side, 0x13);
    let side = bench.connect(true, 1);
    let mut event = vec![0x3e, 13, 0x05, 0x40, 0];
    event.extend([0; 10]);
    bench.hear(PacketKind::Event, &event);
    bench.work();
    assert_eq!(bench.sides[side].asked, None);
    assert!(!bench.security(side).encrypted);
    bench.hear(PacketKind::Event, &[0x08, 4, 0, 0x40, 0, 1]);
    assert!(!bench.security(side).encrypted);
    // Nor while a new key is made.
    let other = bench.connect(true, 2);
    bench.holds_encryption = true;
    case.begin(&mut bench, other);
    for _ in 0..100 {
        let handle = 0x41;
        event[3] = handle;
        bench.hear(PacketKind::Event, &event);
        if !bench.step() {
            break;
        }
    }
    assert!(matches!(bench.sides[other].asked, Some(Asked::Enable { .. })));
    bench.holds_encryption = false;
    bench.settle();
    assert!(bench.security(other).bonded);
}
