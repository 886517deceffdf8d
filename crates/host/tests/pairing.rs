//! Each method of pairing, in both kinds and both roles, against a second Security Manager; and encryption with what came of it.
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
use jelling_host::{wire::Secret, *};
use support::{
    cases::{Case, Way, begin, cases, is_paired, still_pairs},
    pairing::Bench,
    smp::*,
};

#[test]
fn each_method_pairs_in_both_roles_and_the_bond_encrypts_in_both() {
    for case in cases() {
        let (mut bench, side) = case.paired(Config::new());
        assert!(bench.failures(side).is_empty());
        // The peer comes back, in the same role and in the other, with the keys it has.
        let peer = &bench.sides[side].peer;
        let (ours, theirs) = (peer.ours.clone(), peer.theirs.clone());
        let both = peer.key.map(|key| ([0; 8], [0; 2], key));
        let apart = |handed: &Handed| handed.long_term.map(|(key, diversifier, random)| (random, diversifier, key));
        // Who is central encrypts with the key that the other handed over.
        let for_host_as_central = if case.secure { both } else { apart(&ours) };
        let for_peer_as_central = if case.secure { both } else { apart(&theirs) };
        for central in [case.central, !case.central] {
            for side in 0..bench.sides.len() {
                if bench.sides[side].up {
                    bench.part(side, 0x13);
                }
            }
            let side = bench.connect(central, 1);
            assert!(!bench.security(side).encrypted && bench.security(side).bonded, "{case:?}");
            let (now, link) = (bench.now, bench.sides[side].link);
            if central {
                bench.sides[side].old_keys.extend(for_host_as_central);
                let ticket = bench.core().encrypt(now, link).unwrap();
                bench.settle();
                assert!(matches!(bench.core().pair_outcome(ticket), Poll::Ready(Ok(_))), "{case:?}");
            } else {
                let (random, diversifier, key) = for_peer_as_central.unwrap();
                bench.encrypt(side, random, diversifier, key);
                bench.settle();
            }
            let security = bench.security(side);
            assert_eq!(
                (security.encrypted, security.authenticated, security.secure_connections, security.bonded),
                (true, case.is_authenticated(), case.secure, true),
                "{case:?}"
            );
            assert!(bench.sides[side].said.is_empty(), "nothing is paired anew");
            bench.is_idle();
        }
        still_pairs(&mut bench);
    }
}

#[test]
fn a_peripheral_that_pairs_asks_its_central_to_begin() {
    for case in cases().into_iter().filter(|case| !case.central) {
        let mut bench = Bench::new(Config { pairing: None, ..Config::new() });
        let side = bench.connect(false, 1);
        let settings = case.prepare(&mut bench, side);
        let (now, link) = (bench.now, bench.sides[side].link);
        let ticket = bench.core().pair(now, link, &settings).unwrap();
        bench.settle();
        let requirements = BONDING | if settings.mitm { MITM } else { 0 } | if case.secure { SC } else { 0 };
        assert_eq!(bench.sides[side].said[0], [SECURITY_REQUEST, requirements]);
        is_paired(&mut bench, side, Some(ticket), &case);
    }
}

#[test]
fn a_pairing_without_a_bond_is_encrypted_and_leaves_none() {
    for central in [true, false] {
        for host_bonds in [true, false] {
            let case = Case::new(Way::JustWorks, central);
            let mut bench = Bench::new(Config::new());
            let side = bench.connect(central, 1);
            let mut settings = case.prepare(&mut bench, side);
            settings.bond = host_bonds;
            bench.sides[side].peer.features.requirements = if host_bonds { SC } else { SC | BONDING };
            begin(&mut bench, side, &settings);
            bench.settle();
            let security = bench.security(side);
            assert!(security.encrypted && !security.bonded, "{security:?}");
            let link = bench.sides[side].link;
            assert!(bench.core().bond_of(link).is_none());
            assert_eq!(bench.sides[side].peer.wait, Wait::Done);
            bench.is_idle();
        }
    }
}

#[test]
fn keys_are_handed_over_as_both_agreed() {
    let kinds: &[bool] = if cfg!(feature = "legacy-pairing") { &[true, false] } else { &[true] };
    for (secure, central) in kinds.iter().flat_map(|secure| [(*secure, true), (*secure, false)]) {
        for keys in 0..64 {
            let case = Case { way: Way::JustWorks, secure, central };
            let mut bench = Bench::new(Config { signed_writes: true, ..Config::new() });
            let side = bench.connect(central, 1);
            let settings = case.prepare(&mut bench, side);
            let peer = &mut bench.sides[side].peer;
            (peer.features.initiator_keys, peer.features.responder_keys) = (keys & 7, keys >> 3);
            begin(&mut bench, side, &settings);
            bench.settle();
            assert_eq!(bench.sides[side].peer.wait, Wait::Done, "{secure} {central} {keys:#04x}");
            assert!(bench.security(side).encrypted);
            bench.is_idle();
            let link = bench.sides[side].link;
            let bond = bench.core().bond_of(link);
            // Without any key that encrypts there is nothing to come back with.
            assert_eq!(bond.is_some(), secure || keys & (ENC_KEY | ENC_KEY << 3) != 0, "{keys:#04x}");
            let Some(bond) = bond else { continue };
            let peer = &bench.sides[side].peer;
            let (handed_by_peer, handed_by_host) = if central { (keys >> 3, keys & 7) } else { (keys & 7, keys >> 3) };
            assert_eq!(bond.identity_key.is_some(), handed_by_peer & ID_KEY != 0);
            assert_eq!(
                bond.peer_signing.map(|k| k.key.0),
                peer.ours.signing.filter(|_| handed_by_peer & SIGN_KEY != 0)
            );
            assert_eq!(bond.own_signing.map(|k| k.key.0), peer.theirs.signing);
            assert_eq!(bond.own_signing.is_some(), handed_by_host & SIGN_KEY != 0);
        }
    }
}

#[test]
fn a_key_is_as_long_as_both_can_have_it() {
    for case in cases().into_iter().filter(|case| case.way == Way::JustWorks) {
        for size in 7..=16 {
            let mut bench = Bench::new(Config::new());
            let side = bench.connect(case.central, 1);
            let mut settings = case.prepare(&mut bench, side);
            settings.key_size = 7;
            bench.sides[side].peer.features.max_key_size = size;
            begin(&mut bench, side, &settings);
            bench.settle();
            assert_eq!(bench.security(side).key_size, size, "{case:?}");
            let is_cut = |key: &[u8; 16]| key[usize::from(size)..].iter().all(|octet| *octet == 0);
            assert!(is_cut(&bench.sides[side].key.unwrap()), "{case:?} {size}");
            let link = bench.sides[side].link;
            let bond = bench.core().bond_of(link).unwrap();
            assert_eq!(bond.key_size, size);
            // Those of legacy pairing are as long as the one that was made (Vol 3, Part H, 2.4.4.1).
            for key in [bond.central_key, bond.peripheral_key] {
                let Secret(key) = key.unwrap().key;
                assert!(is_cut(&key) && key != [0; 16], "{case:?} {size}");
            }
            if let Some((key, ..)) = bench.sides[side].peer.theirs.long_term {
                assert!(is_cut(&key), "{case:?} {size}");
            }
        }
    }
}

#[test]
fn keypresses_go_to_and_fro_where_both_want_them() {
    let case = Case::new(Way::HostTypes, true);
    let mut bench = Bench::new(Config::new());
    let side = bench.connect(true, 1);
    let mut settings = case.prepare(&mut bench, side);
    settings.keypress = true;
    bench.sides[side].peer.features.requirements |= KEYPRESSES;
    let ticket = begin(&mut bench, side, &settings);
    bench.holds_user = true;
    bench.settle();
    let (question, _) = bench.sides[side].question.expect("a question");
    bench.core().send_keypress(question, wire::smp::Keypress::ENTRY_STARTED).unwrap();
    bench.work();
    assert_eq!(bench.sides[side].said.last().unwrap()[..], [KEYPRESS, 0]);
    assert!(bench.ask(side, &[KEYPRESS, 4]).is_empty());
    assert!(bench.sides[side].events.contains(&ConnectionEvent::Keypress(wire::smp::Keypress::ENTRY_COMPLETED)));
    bench.holds_user = false;
    bench.settle();
    is_paired(&mut bench, side, ticket, &case);
}

#[test]
fn links_pair_at_once_and_do_not_mix() {
    for seed in 1..9 {
        let mut bench = Bench::seeded(Config::new(), seed);
        let all = cases();
        // One that needs a key pair out of band is enough: there is one such key pair.
        let few = all.into_iter().filter(|case| !matches!(case.way, Way::OutOfBand { peer: true, .. }) || !case.secure);
        let few: Vec<Case> = few.collect();
        let mut paired = vec![];
        for number in 0..support::pairing::LINKS {
            let case = few[(seed as usize * support::pairing::LINKS + number) % few.len()];
            let side = bench.connect(case.central, number as u8 + 1);
            let ticket = case.begin(&mut bench, side);
            paired.push((case, side, ticket));
        }
        bench.settle();
        for (case, side, ticket) in paired {
            is_paired(&mut bench, side, ticket, &case);
        }
        still_pairs(&mut bench);
    }
}

#[test]
fn a_job_that_takes_long_holds_nothing_else_up() {
    for central in [true, false] {
        let case = Case::new(Way::JustWorks, central);
        let (mut bench, side, ticket) = case.begun(Config::new());
        bench.holds_jobs = true;
        let mut jobs = 0;
        loop {
            bench.settle();
            // Nothing is due but the job.
            bench.pass(Duration::from_secs(5));
            if !bench.run_job() {
                break;
            }
            jobs += 1;
        }
        assert!((2..=3).contains(&jobs), "{jobs}");
        is_paired(&mut bench, side, ticket, &case);
    }
}

#[test]
fn a_keypress_that_was_not_agreed_on_or_means_nothing_ends_it() {
    for case in cases().into_iter().filter(|case| matches!(case.way, Way::HostShows | Way::HostTypes)) {
        for (agreed, value) in [(false, 0), (true, 5), (true, 0xff)] {
            let mut bench = Bench::new(Config::new());
            let side = bench.connect(case.central, 1);
            let mut settings = case.prepare(&mut bench, side);
            settings.keypress = true;
            if agreed {
                bench.sides[side].peer.features.requirements |= KEYPRESSES;
            }
            let ticket = begin(&mut bench, side, &settings);
            bench.holds_user = true;
            bench.settle();
            bench.ask(side, &[KEYPRESS, value]);
            assert_eq!(bench.failures(side), [0x0a], "{case:?}");
            let error = Error::PairingFailed(wire::smp::Reason(0x0a));
            assert_eq!(support::refused::ended(&mut bench, side, ticket), Some(error));
            still_pairs(&mut bench);
        }
    }
}
