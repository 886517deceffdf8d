//! What a pairing depends on beside its method: addresses, what each side prefers, what was said out of band, what the controller draws.
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
    wire::{Address, AddressKind, smp::Reason},
    *,
};
use support::{
    cases::{Case, Way, begin, cases, is_paired, own_oob, still_pairs},
    pairing::Bench,
    refused::{ended, is_refused},
    smp::{functions::e, *},
};

/// A resolvable address of whoever has this key (Vol 6, Part B, 1.3.2.2), from three octets.
fn resolvable(key: &[u8; 16], number: u8) -> [u8; 7] {
    let prand = [0x40 | number, 0x70, 0x81];
    let block = [&[0; 13][..], &prand].concat();
    let mut key = *key;
    key.reverse();
    let hash = e(&key, &block);
    [1, prand[0], prand[1], prand[2], hash[13], hash[14], hash[15]]
}

#[test]
fn a_peer_with_a_resolvable_address_is_found_again_under_another() {
    for case in cases() {
        let mut bench = Bench::new(Config::new());
        // The values of pairing are made with the addresses on the air, whoever the peer is.
        let mut peer = Peer::new(!case.central, Bench::address(1), Bench::OWN, 5);
        let identity_key = peer.ours.identity_key.unwrap();
        peer.own = resolvable(&identity_key, 1);
        let side = bench.connect_peer(case.central, peer);
        let ticket = case.begin(&mut bench, side);
        bench.settle();
        is_paired(&mut bench, side, ticket, &case);
        let link = bench.sides[side].link;
        let bond = bench.core().bond_of(link).unwrap();
        assert_eq!(bond.peer, Bench::known(Bench::address(1)));
        bench.part(side, 0x13);
        let stranger = Peer::new(!case.central, resolvable(&[9; 16], 2), Bench::OWN, 6);
        let side = bench.connect_peer(case.central, stranger);
        assert!(!bench.security(side).bonded, "{case:?}");
        bench.part(side, 0x13);
        let peer = Peer::new(!case.central, resolvable(&identity_key, 3), Bench::OWN, 7);
        let side = bench.connect_peer(case.central, peer);
        assert!(bench.security(side).bonded, "{case:?}");
        let key = if case.central { bond.central_key } else { bond.peripheral_key }.unwrap();
        let [low, high] = key.diversifier.to_le_bytes();
        if case.central {
            bench.sides[side].old_keys.push((key.random, [low, high], key.key.0));
            let (now, link) = (bench.now, bench.sides[side].link);
            let ticket = bench.core().encrypt(now, link).unwrap();
            bench.settle();
            assert!(matches!(bench.core().pair_outcome(ticket), Poll::Ready(Ok(_))), "{case:?}");
        } else {
            bench.encrypt(side, key.random, [low, high], key.key.0);
            bench.settle();
        }
        assert!(bench.security(side).encrypted && bench.security(side).bonded, "{case:?}");
        bench.is_idle();
    }
}

#[test]
fn a_host_with_a_random_address_pairs_as_it() {
    let own = Address::new(AddressKind::Random, [1, 2, 3, 4, 5, 0xd6]);
    for case in cases() {
        let mut bench = Bench::new(Config { address: OwnAddress::Fixed(own), ..Config::new() });
        let seven = [1, 0xd6, 5, 4, 3, 2, 1];
        let side = bench.connect_peer(case.central, Peer::new(!case.central, Bench::address(1), seven, 5));
        let ticket = case.begin(&mut bench, side);
        bench.settle();
        assert!(bench.security(side).encrypted && bench.sides[side].peer.wait == Wait::Done, "{case:?}");
        assert!(ticket.is_none_or(|ticket| bench.core().pair_outcome(ticket).is_ready()));
        assert_eq!(bench.sides[side].peer.theirs.identity, Some(seven));
    }
}

#[cfg(feature = "legacy-pairing")]
#[test]
fn what_both_can_is_what_they_do() {
    for central in [true, false] {
        for (prefers, peer_can, done) in [
            (LeSecure::Required, true, Some(true)),
            (LeSecure::Required, false, None),
            (LeSecure::Preferred, true, Some(true)),
            (LeSecure::Preferred, false, Some(false)),
            (LeSecure::Off, true, Some(false)),
            (LeSecure::Off, false, Some(false)),
        ] {
            let case = Case { way: Way::JustWorks, secure: done.unwrap_or(true), central };
            let mut bench = Bench::new(Config::new());
            let side = bench.connect(central, 1);
            let mut settings = case.prepare(&mut bench, side);
            settings.le_secure = prefers;
            bench.sides[side].peer.features.requirements = BONDING | if peer_can { SC } else { 0 };
            let ticket = begin(&mut bench, side, &settings);
            match done {
                Some(_) => {
                    bench.settle();
                    is_paired(&mut bench, side, ticket, &case);
                }
                None => is_refused(&mut bench, side, ticket, 0x03, "legacy"),
            }
        }
    }
}

#[test]
fn secure_connections_only_mode_does_not_encrypt_with_a_weaker_bond() {
    for case in cases().into_iter().filter(|case| case.way == Way::JustWorks || !case.secure) {
        let (mut bench, side) = case.paired(Config::new());
        bench.part(side, 0x13);
        let config = bench.core().config();
        bench.core().configure(Config { secure_connections_only: true, ..config });
        let side = bench.connect(case.central, 1);
        let (now, link) = (bench.now, bench.sides[side].link);
        let bond = bench.core().bond_of(link).unwrap();
        let key = if case.central { bond.central_key } else { bond.peripheral_key }.unwrap();
        let diversifier = key.diversifier.to_le_bytes();
        if case.central {
            bench.sides[side].old_keys.push((key.random, diversifier, key.key.0));
            if let Ok(ticket) = bench.core().encrypt(now, link) {
                bench.settle();
                assert!(matches!(bench.core().pair_outcome(ticket), Poll::Ready(Err(_))), "{case:?}");
            }
        } else {
            bench.encrypt(side, key.random, diversifier, key.key.0);
            bench.settle();
            assert_eq!(bench.sides[side].refused, 1, "{case:?}");
        }
        assert!(!bench.security(side).encrypted, "{case:?}");
        bench.is_idle();
    }
}

#[test]
fn who_says_that_it_knows_us_out_of_band_must_have_been_told() {
    for central in [true, false] {
        let case = Case::new(Way::JustWorks, central);
        let mut bench = Bench::new(Config::new());
        let side = bench.connect(central, 1);
        let settings = case.prepare(&mut bench, side);
        bench.sides[side].peer.features.oob = 1;
        let ticket = begin(&mut bench, side, &settings);
        is_refused(&mut bench, side, ticket, 0x02, "it was told nothing");
    }
}

#[test]
fn what_is_told_out_of_band_serves_once() {
    let case = Case::new(Way::OutOfBand { host: false, peer: true }, false);
    let mut bench = Bench::new(Config::new());
    let first = own_oob(&mut bench);
    assert_eq!(own_oob(&mut bench), first, "until it has served");
    let side = bench.connect(false, 1);
    let ticket = case.begin(&mut bench, side);
    bench.settle();
    is_paired(&mut bench, side, ticket, &case);
    let second = own_oob(&mut bench);
    assert!(second.confirm != first.confirm && second.random != first.random);
    // Who was told of the first cannot pair with it again, nor another who has overheard it.
    bench.part(side, 0x13);
    let side = bench.connect(false, 2);
    bench.sides[side].peer.knows_out_of_band(first.confirm, first.random);
    let mut settings = case.settings();
    settings.mitm = true;
    begin(&mut bench, side, &settings);
    bench.settle();
    assert!(ended(&mut bench, side, None).is_some() && !bench.security(side).encrypted);
}

#[test]
fn no_two_pairings_have_a_key_pair_a_nonce_or_a_passkey_in_common() {
    let mut seen = std::collections::HashSet::new();
    for case in cases() {
        let mut bench = Bench::seeded(Config::new(), seen.len() as u64 + 1);
        for seed in 0..2 {
            let side = bench.connect(case.central, 1);
            bench.sides[side].peer.numbers_from(seed);
            case.begin(&mut bench, side);
            bench.settle();
            assert!(bench.security(side).encrypted);
            for pdu in bench.sides[side].said.iter().filter(|pdu| [PUBLIC_KEY, RANDOM, CONFIRM].contains(&pdu[0])) {
                assert!(seen.insert(pdu.clone()), "{case:?} says {pdu:02x?} again");
            }
            bench.part(side, 0x13);
            let peer = bench.core().bonds().next().unwrap().peer;
            bench.core().remove_bond(peer).unwrap();
        }
    }
    assert!(seen.len() > 100);
}

#[test]
fn a_number_that_is_no_private_key_is_drawn_anew() {
    for central in [true, false] {
        for (octet, draws) in [(0x00, 4), (0xff, 4), (0x00, 8), (0xff, 40)] {
            let case = Case::new(Way::Comparison, central);
            let mut bench = Bench::new(Config::new());
            let side = bench.connect(central, 1);
            bench.draws(vec![Some(vec![octet; 8]); draws]);
            let ticket = case.begin(&mut bench, side);
            bench.settle();
            is_paired(&mut bench, side, ticket, &case);
        }
    }
}

#[test]
fn a_controller_that_draws_nothing_ends_the_pairing() {
    for central in [true, false] {
        let case = Case::new(Way::Comparison, central);
        let mut bench = Bench::new(Config::new());
        let side = bench.connect(central, 1);
        bench.draws(vec![None; 1000]);
        let ticket = case.begin(&mut bench, side);
        bench.settle();
        assert_eq!(ended(&mut bench, side, ticket), Some(Error::PairingFailed(Reason(0x08))));
        bench.draws(vec![]);
        still_pairs(&mut bench);
    }
}

#[test]
fn a_pairing_waits_for_its_turn_in_the_buffer() {
    // A link whose transmit buffer is never free for long: each PDU of the pairing waits for one of ATT.
    for case in cases() {
        let (mut bench, side, ticket) = case.begun(Config::new());
        let link = bench.sides[side].link;
        for number in 0..400 {
            if number % 3 == 0 {
                let _ = bench.core().write_command(link, 3, b"value");
            }
            if !bench.step() && number > 10 {
                break;
            }
        }
        bench.settle();
        is_paired(&mut bench, side, ticket, &case);
    }
}

#[test]
fn each_link_has_its_own_time() {
    let case = Case::new(Way::HostTypes, false);
    let mut bench = Bench::new(Config::new());
    bench.holds_user = true;
    let mut sides = vec![];
    for number in 1..=3 {
        let side = bench.connect(false, number);
        case.begin(&mut bench, side);
        bench.settle();
        assert!(bench.sides[side].question.is_some());
        sides.push(side);
        bench.pass(Duration::from_secs(10));
    }
    for (number, side) in sides.iter().enumerate() {
        assert_eq!(ended(&mut bench, *side, None), (number == 0).then_some(Error::Timeout));
    }
    bench.holds_user = false;
    bench.settle();
    for side in &sides[1..] {
        is_paired(&mut bench, *side, None, &case);
    }
    still_pairs(&mut bench);
}
