//! Keys that are handed over in another way than was agreed, and what a controller tells of encryption: nothing counts that is not due.
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
use jelling_host::{
    wire::{hci::Status, smp::Reason},
    *,
};
use support::{
    cases::{Case, Way, begin, cases, is_paired, still_pairs},
    pairing::{Asked, Bench},
    refused::ended,
    smp::*,
};

/// Just Works, in both kinds and roles.
fn plain() -> Vec<Case> {
    cases().into_iter().filter(|case| case.way == Way::JustWorks).collect()
}

/// A pairing in which all keys are handed over, up to the point at which the peer's are due. What it would say.
fn before_the_keys(case: &Case) -> (Bench, usize, Option<PairTicket>, Vec<Vec<u8>>) {
    before_the_keys_of(case, Peer::new(!case.central, Bench::address(1), Bench::OWN, 1000))
}

fn before_the_keys_of(case: &Case, peer: Peer) -> (Bench, usize, Option<PairTicket>, Vec<Vec<u8>>) {
    let mut bench = Bench::new(Config { signed_writes: true, ..Config::new() });
    let side = bench.connect_peer(case.central, peer);
    let settings = case.prepare(&mut bench, side);
    let peer = &mut bench.sides[side].peer;
    (peer.features.initiator_keys, peer.features.responder_keys) = (7, 7);
    let ticket = begin(&mut bench, side, &settings);
    for _ in 0..100 {
        let keys: Vec<Vec<u8>> = bench.sides[side].to_host.iter().cloned().collect();
        let first = keys.first().map(|pdu| pdu[0]);
        if matches!(first, Some(ENCRYPTION_INFORMATION | IDENTITY_INFORMATION)) {
            bench.sides[side].to_host.clear();
            assert_eq!(keys.len(), if case.secure { 3 } else { 5 });
            return (bench, side, ticket, keys);
        }
        assert!(bench.step(), "{case:?}");
    }
    panic!("{case:?} has no keys");
}

/// No key counts: neither now nor when the peer comes back.
fn nothing_is_kept(bench: &mut Bench, side: usize, what: &str) {
    assert_eq!(bench.core().bonds().count(), 0, "{what}");
    if bench.sides[side].up {
        let security = bench.security(side);
        assert!(security.encrypted && !security.bonded, "{what}: {security:?}");
    }
    bench.is_idle();
    still_pairs(bench);
}

#[test]
fn keys_in_another_order_are_refused_and_none_is_kept() {
    for case in plain() {
        let (.., keys) = before_the_keys(&case);
        for first in 0..keys.len() {
            for second in (0..keys.len()).filter(|second| *second != first) {
                let (mut bench, side, ticket, mut keys) = before_the_keys(&case);
                keys.swap(first, second);
                bench.sides[side].to_host.extend(keys);
                bench.settle();
                let what = format!("{case:?} {first} {second}");
                assert_eq!(bench.failures(side), [0x08], "{what}");
                assert_eq!(ended(&mut bench, side, ticket), Some(Error::PairingFailed(Reason(0x08))), "{what}");
                nothing_is_kept(&mut bench, side, &what);
            }
        }
    }
}

#[test]
fn a_key_that_does_not_come_is_waited_for_and_none_is_kept() {
    for case in plain() {
        let (.., keys) = before_the_keys(&case);
        for come in 0..keys.len() {
            let (mut bench, side, ticket, keys) = before_the_keys(&case);
            bench.sides[side].to_host.extend(keys.into_iter().take(come));
            bench.settle();
            assert_eq!(ended(&mut bench, side, ticket), None);
            assert_eq!(bench.core().bonds().count(), 0);
            bench.pass(Duration::from_secs(31));
            let what = format!("{case:?} {come}");
            assert_eq!(ended(&mut bench, side, ticket), Some(Error::Timeout), "{what}");
            nothing_is_kept(&mut bench, side, &what);
        }
    }
}

#[test]
fn a_key_twice_or_one_that_was_not_agreed_on_is_refused() {
    for case in plain() {
        let (.., keys) = before_the_keys(&case);
        for twice in 0..keys.len() - 1 {
            let (mut bench, side, ticket, mut keys) = before_the_keys(&case);
            keys.insert(twice, keys[twice].clone());
            bench.sides[side].to_host.extend(keys);
            bench.settle();
            let what = format!("{case:?} {twice}");
            assert_eq!(ended(&mut bench, side, ticket), Some(Error::PairingFailed(Reason(0x08))), "{what}");
            nothing_is_kept(&mut bench, side, &what);
        }
        // After all of them the pairing is over; what comes then changes nothing of it.
        let (mut bench, side, _, keys) = before_the_keys(&case);
        let again = keys.clone();
        bench.sides[side].to_host.extend(keys);
        bench.settle();
        let link = bench.sides[side].link;
        let bond = bench.core().bond_of(link).expect("a bond");
        for mut key in again {
            key[2] ^= 1;
            bench.sides[side].said.clear();
            bench.ask(side, &key);
            assert!(bench.failures(side).len() <= 1);
            assert_eq!(bench.core().bond_of(link), Some(bond.clone()), "{case:?}");
        }
    }
    // A long term key of LE Secure Connections is made by both: none is handed over.
    for central in [true, false] {
        let (mut bench, side, ticket, _) = before_the_keys(&Case::new(Way::JustWorks, central));
        bench.ask(side, &[ENCRYPTION_INFORMATION; 17]);
        assert_eq!(ended(&mut bench, side, ticket), Some(Error::PairingFailed(Reason(0x08))));
        nothing_is_kept(&mut bench, side, "a long term key");
    }
}

#[test]
fn an_identity_is_public_or_random_static() {
    for case in plain() {
        for (kind, last, good) in [
            (0, 0x00, true),
            (0, 0xff, true),
            (1, 0xc0, true),
            (1, 0xff, true),
            (1, 0x3f, false),
            (1, 0x7f, false),
            (1, 0x80, false),
            (2, 0xc0, false),
            (3, 0xc0, false),
            (0xff, 0xc0, false),
        ] {
            // A private address on the air tells nothing.
            let peer = Peer::new(!case.central, [1, 0x45, 6, 7, 8, 9, 1], Bench::OWN, 1000);
            let (mut bench, side, ticket, mut keys) = before_the_keys_of(&case, peer);
            let identity = keys.iter_mut().find(|pdu| pdu[0] == IDENTITY_ADDRESS).unwrap();
            (identity[1], identity[7]) = (kind, last);
            bench.sides[side].to_host.extend(keys);
            bench.settle();
            if good {
                let link = bench.sides[side].link;
                let peer = bench.core().bond_of(link).unwrap().peer;
                assert_eq!((peer.kind as u8, peer.octets[5]), (kind, last), "{case:?}");
                bench.is_idle();
            } else {
                assert_eq!(bench.failures(side), [0x0a], "{case:?} {kind} {last:#04x}");
                assert_eq!(ended(&mut bench, side, ticket), Some(Error::PairingFailed(Reason(0x0a))));
                nothing_is_kept(&mut bench, side, "an identity");
            }
        }
    }
}

#[test]
fn keys_before_the_link_is_encrypted_are_refused() {
    for case in plain() {
        for step in 1..40 {
            let (mut bench, side, ticket) = case.begun(Config::new());
            (0..step).for_each(|_| _ = bench.step());
            if bench.sides[side].key.is_some() {
                assert!(step > 2, "{case:?}");
                break;
            }
            if bench.sides[side].peer.wait == Wait::Nothing {
                continue;
            }
            bench.sides[side].to_host.clear();
            bench.ask(side, &[&[IDENTITY_INFORMATION][..], &[7; 16]].concat());
            while bench.run_job() {}
            assert_eq!(bench.failures(side), [0x08], "{case:?} after {step}");
            assert_eq!(ended(&mut bench, side, ticket), Some(Error::PairingFailed(Reason(0x08))));
            assert_eq!(bench.core().bonds().count(), 0);
        }
    }
}

#[test]
fn encryption_that_nobody_asked_for_is_worth_nothing() {
    for case in cases() {
        for step in 0..100 {
            let (mut bench, side, ticket) = case.begun(Config::new());
            (0..step).for_each(|_| _ = bench.step());
            if bench.sides[side].asked.is_some() || bench.sides[side].key.is_some() {
                assert!(step > 2, "{case:?}");
                break;
            }
            // Once, twice, as a refresh, as a failure.
            for (status, enabled) in [(0, 1), (0, 1), (0, 2), (6, 0), (6, 1), (0, 0), (0x3d, 0)] {
                // That it fails is news where the key is made.
                if bench.sides[side].peer.wait == Wait::Encryption && (status != 0 || enabled == 0) {
                    continue;
                }
                bench.tell(side, status, enabled);
                assert!(!bench.security(side).encrypted, "{case:?} after {step}: {status} {enabled}");
            }
            bench.refresh(side, 0);
            assert!(!bench.security(side).encrypted, "{case:?} after {step}");
            bench.settle();
            is_paired(&mut bench, side, ticket, &case);
        }
    }
}

#[test]
fn encryption_that_fails_ends_the_pairing() {
    for case in cases() {
        for status in [0x06, 0x08, 0x12, 0x1f, 0x22] {
            let (mut bench, side, ticket) = case.begun(Config::new());
            bench.holds_encryption = true;
            bench.settle();
            assert!(bench.sides[side].asked.take().is_some(), "{case:?}");
            bench.tell(side, status, 0);
            let error = Error::EncryptionFailed(Status(status));
            assert_eq!(ended(&mut bench, side, ticket), Some(error), "{case:?} {status:#04x}");
            assert!(!bench.security(side).encrypted);
            assert_eq!(bench.core().bonds().count(), 0);
            still_pairs(&mut bench);
        }
        // The link ends of a wrong key (Connection Terminated due to MIC Failure).
        let (mut bench, side, ticket) = case.begun(Config::new());
        bench.holds_encryption = true;
        bench.settle();
        bench.part(side, 0x3d);
        if let Some(ticket) = ticket {
            assert_eq!(bench.core().pair_outcome(ticket), Poll::Ready(Err(Error::Disconnected)));
        }
        assert_eq!(bench.core().bonds().count(), 0);
        still_pairs(&mut bench);
    }
}

#[test]
fn encryption_is_told_twice_and_ends_and_the_level_drops_with_it() {
    for case in cases() {
        let (mut bench, side) = case.paired(Config::new());
        let level = bench.security(side);
        bench.tell(side, 0, 1);
        bench.refresh(side, 0);
        assert_eq!(bench.security(side), level, "{case:?}");
        // A refresh that fails leaves it as it was; the controller ends the link if it must.
        bench.refresh(side, 0x22);
        assert_eq!(bench.security(side), level, "{case:?}");
        bench.sides[side].events.clear();
        bench.tell(side, 0, 0);
        let dropped = Security { bonded: true, ..Security::default() };
        assert_eq!(bench.security(side), dropped, "{case:?}");
        assert_eq!(bench.sides[side].events, [ConnectionEvent::SecurityChanged(dropped)], "{case:?}");
        // And nobody says that it is encrypted again without a key of ours.
        bench.tell(side, 0, 1);
        assert_eq!(bench.security(side), dropped, "{case:?}");
        bench.is_idle();
        still_pairs(&mut bench);
    }
}

#[test]
fn a_key_is_given_for_what_it_goes_by_and_for_nothing_else() {
    for case in cases().into_iter().filter(|case| !case.central) {
        let (mut bench, side) = case.paired(Config::new());
        let (random, diversifier, key) = match &bench.sides[side].peer.theirs.long_term {
            Some((key, diversifier, random)) => (*random, *diversifier, *key),
            None => ([0; 8], [0; 2], bench.sides[side].key.unwrap()),
        };
        bench.part(side, 0x13);
        let side = bench.connect(false, 1);
        let mut wrong =
            vec![(random, [diversifier[0] ^ 1, diversifier[1]]), (random, [diversifier[0], diversifier[1] ^ 0x80])];
        for octet in 0..8 {
            let mut other = random;
            other[octet] ^= 1;
            wrong.push((other, diversifier));
        }
        if !case.secure {
            wrong.push(([0; 8], [0; 2]));
        }
        for (number, (random, diversifier)) in wrong.into_iter().enumerate() {
            bench.encrypt(side, random, diversifier, key);
            assert_eq!(
                bench.sides[side].asked.take().map(|asked| matches!(asked, Asked::Reply { key: None, .. })),
                Some(true)
            );
            assert_eq!(bench.sides[side].refused, number as u32 + 1);
            assert!(!bench.security(side).encrypted);
        }
        bench.encrypt(side, random, diversifier, key);
        bench.settle();
        assert!(bench.security(side).encrypted, "{case:?}");
        // Somebody else gets none.
        let other = bench.connect(false, 2);
        bench.encrypt(other, random, diversifier, key);
        assert_eq!(bench.sides[other].refused, 1);
        assert!(!bench.security(other).encrypted);
        bench.part(other, 0x13);
        bench.is_idle();
    }
}

#[test]
fn no_key_is_given_before_both_have_made_it() {
    for case in cases().into_iter().filter(|case| !case.central) {
        for step in 0..200 {
            let (mut bench, side, _) = case.begun(Config::new());
            (0..step).for_each(|_| _ = bench.step());
            if bench.sides[side].asked.is_some() || bench.sides[side].key.is_some() {
                assert!(step > 2, "{case:?}");
                break;
            }
            if bench.sides[side].peer.wait == Wait::Encryption {
                continue;
            }
            bench.encrypt(side, [0; 8], [0; 2], [7; 16]);
            assert_eq!(bench.sides[side].refused, 1, "{case:?} after {step}");
            assert!(!bench.security(side).encrypted);
            // The request was refused, and the pairing goes on.
            bench.sides[side].asked = None;
            bench.settle();
            is_paired(&mut bench, side, None, &case);
        }
    }
}

#[test]
fn a_bond_that_the_peer_has_lost_is_told_and_kept() {
    for case in cases().into_iter().filter(|case| case.central) {
        let (mut bench, side) = case.paired(Config::new());
        bench.part(side, 0x13);
        let side = bench.connect(true, 1);
        let (now, link) = (bench.now, bench.sides[side].link);
        let ticket = bench.core().encrypt(now, link).unwrap();
        bench.settle();
        assert_eq!(bench.core().pair_outcome(ticket), Poll::Ready(Err(Error::BondLost)));
        assert!(bench.sides[side].events.contains(&ConnectionEvent::BondLost));
        assert!(bench.sides[side].said.is_empty() && bench.core().bond_of(link).is_some(), "{case:?}");
        // Forgotten here too, it pairs anew.
        let peer = bench.core().bond_of(link).unwrap().peer;
        bench.core().remove_bond(peer).unwrap();
        let ticket = case.begin(&mut bench, side);
        bench.settle();
        is_paired(&mut bench, side, ticket, &case);
    }
}

#[test]
fn a_security_request_is_followed_with_a_bond_and_told_without_one() {
    let case = Case::new(Way::Comparison, true);
    let (mut bench, side, ticket) = case.begun(Config::new());
    // While a pairing goes on it asks for nothing new.
    bench.step();
    assert!(bench.ask(side, &[SECURITY_REQUEST, BONDING | MITM | SC]).is_empty());
    bench.settle();
    is_paired(&mut bench, side, ticket, &case);
    let key = bench.sides[side].key.unwrap();
    bench.part(side, 0x13);
    let side = bench.connect(true, 1);
    bench.sides[side].old_keys.push(([0; 8], [0; 2], key));
    bench.say(side, &[SECURITY_REQUEST, BONDING | MITM | SC]);
    bench.settle();
    assert!(bench.security(side).encrypted && bench.sides[side].said.is_empty());
    // Nobody else has a bond.
    let other = bench.connect(true, 2);
    bench.say(other, &[SECURITY_REQUEST, BONDING]);
    bench.settle();
    assert!(bench.sides[other].events.contains(&ConnectionEvent::SecurityRequested));
    assert!(bench.sides[other].said.is_empty() && !bench.security(other).encrypted);
    bench.is_idle();
    still_pairs(&mut bench);
}
