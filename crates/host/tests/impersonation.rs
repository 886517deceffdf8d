//! A peer that says to be another one: somebody who is bonded, us, or an echo of us.
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

use core::task::Poll;
use jelling_host::{
    wire::{Address, AddressKind, Secret, smp::Reason},
    *,
};
use support::{
    cases::{Case, Way, begin, cases, still_pairs},
    pairing::Bench,
    refused::{ended, is_refused, spoil},
    smp::{functions::e, *},
};

/// A resolvable address of whoever has this key (Vol 6, Part B, 1.3.2.2), from a number.
fn resolvable(key: &[u8; 16], number: u8) -> [u8; 7] {
    let prand = [0x40 | number, 0x70, 0x81];
    let mut turned = *key;
    turned.reverse();
    let hash = e(&turned, &[&[0; 13][..], &prand].concat());
    [1, prand[0], prand[1], prand[2], hash[13], hash[14], hash[15]]
}

/// A host that is bonded with peer 1, who is not there.
fn bonded(way: Way) -> (Bench, Bond) {
    let case = Case::new(way, false);
    let (mut bench, side) = case.paired(Config::new());
    let link = bench.sides[side].link;
    let bond = bench.core().bond_of(link).unwrap();
    bench.part(side, 0x13);
    (bench, bond)
}

/// A peer with an address, and the identity that it says to be.
fn impostor(initiates: bool, own: [u8; 7], identity: [u8; 7]) -> Peer {
    let mut peer = Peer::new(initiates, own, Bench::OWN, 5);
    peer.numbers_from(6);
    peer.ours.identity = Some(identity);
    peer
}

#[test]
fn an_address_on_the_air_that_is_an_identity_is_that_of_the_bond() {
    for central in [true, false] {
        for claimed in [Bench::address(1), [0, 0x5c, 1, 2, 3, 4, 5], [0; 7]] {
            let (mut bench, bond) = bonded(Way::JustWorks);
            let peer = impostor(!central, Bench::address(2), claimed);
            let identity_key = peer.ours.identity_key;
            let side = bench.connect_peer(central, peer);
            begin(&mut bench, side, &PairSettings::new());
            bench.settle();
            let link = bench.sides[side].link;
            let new = bench.core().bond_of(link).expect("a bond");
            assert_eq!(new.peer, Bench::known(Bench::address(2)), "{claimed:02x?}");
            // By its IRK it is found under other addresses all the same.
            assert_eq!(new.identity_key.map(|key| key.0), identity_key);
            assert_eq!(bench.core().find_bond(bond.peer), Some(bond), "the bond of the other one is as it was");
            bench.part(side, 0x13);
            let side = bench.connect(central, 2);
            assert!(bench.security(side).bonded);
        }
    }
}

#[test]
fn nobody_is_us() {
    for central in [true, false] {
        let mut bench = Bench::new(Config::new());
        let side = bench.connect_peer(central, impostor(!central, resolvable(&[9; 16], 1), Bench::OWN));
        let ticket = begin(&mut bench, side, &PairSettings::new());
        bench.settle();
        assert_eq!(bench.failures(side), [0x0a]);
        assert_eq!(ended(&mut bench, side, ticket), Some(Error::PairingFailed(Reason(0x0a))));
        assert_eq!(bench.core().bonds().count(), 0);
        still_pairs(&mut bench);
    }
    // A host that hides is its identity too.
    let mut bench = Bench::new(Config { address: OwnAddress::Resolvable, ..Config::new() });
    let info = bench.core().controller().unwrap();
    assert_ne!(info.on_air, info.address);
    let mut peer = impostor(true, resolvable(&[9; 16], 1), Bench::OWN);
    let mut octets = info.on_air.octets;
    octets.reverse();
    peer.other = [&[1][..], &octets].concat().try_into().unwrap();
    let side = bench.connect_peer(false, peer);
    begin(&mut bench, side, &PairSettings::new());
    bench.settle();
    assert_eq!(bench.failures(side), [0x0a]);
    assert_eq!(bench.core().bonds().count(), 0);
}

#[test]
fn the_bond_that_encrypts_another_link_is_not_replaced() {
    for central in [true, false] {
        let (mut bench, bond) = bonded(Way::JustWorks);
        let there = bench.connect(false, 1);
        bench.encrypt(there, [0; 8], [0; 2], bond.peripheral_key.unwrap().key.0);
        bench.settle();
        assert!(bench.security(there).encrypted);
        let link = bench.sides[there].link;
        let before = bench.core().bond_of(link);
        let side = bench.connect_peer(central, impostor(!central, resolvable(&[9; 16], 1), Bench::address(1)));
        let mut settings = PairSettings::new();
        settings.overwrite = Overwrite::Always;
        let ticket = begin(&mut bench, side, &settings);
        bench.settle();
        assert_eq!(bench.failures(side), [0x03]);
        assert_eq!(ended(&mut bench, side, ticket), Some(Error::PairingFailed(Reason(0x03))));
        assert_eq!(bench.core().bond_of(link), before);
        assert!(!bench.security(side).bonded && bench.security(there).bonded);
        // When that link is over it may.
        bench.part(there, 0x13);
        bench.part(side, 0x13);
        let side = bench.connect_peer(central, impostor(!central, resolvable(&[9; 16], 1), Bench::address(1)));
        begin(&mut bench, side, &PairSettings::new());
        bench.settle();
        assert!(bench.security(side).bonded);
        assert_eq!(bench.core().bonds().count(), 1);
    }
}

#[test]
fn an_identity_that_is_handed_over_replaces_no_better_bond() {
    for central in [true, false] {
        let (mut bench, bond) = bonded(Way::Comparison);
        let side = bench.connect_peer(central, impostor(!central, resolvable(&[9; 16], 1), Bench::address(1)));
        let ticket = begin(&mut bench, side, &PairSettings::new());
        bench.settle();
        assert_eq!(bench.failures(side), [0x03]);
        assert_eq!(ended(&mut bench, side, ticket), Some(Error::PairingFailed(Reason(0x03))));
        assert_eq!(bench.core().find_bond(bond.peer), Some(bond));
        assert!(!bench.security(side).bonded);
    }
}

#[test]
fn two_bonds_with_one_irk_are_one_peers() {
    // A peer under a private address gives an IRK that another bond has: the two could not be told apart.
    for (way, replaced) in [(Way::Comparison, false), (Way::JustWorks, true)] {
        let (mut bench, bond) = bonded(way);
        while bench.core().take_bond_change().is_some() {}
        let identity_key = bond.identity_key.map(|key| key.0);
        let mut peer = impostor(true, resolvable(&identity_key.unwrap(), 2), Bench::address(2));
        peer.ours.identity_key = identity_key;
        let side = bench.connect_peer(false, peer);
        begin(&mut bench, side, &PairSettings::new());
        bench.settle();
        let changes: Vec<BondChange> = core::iter::from_fn(|| bench.core().take_bond_change()).collect();
        if replaced {
            assert!(bench.security(side).bonded);
            assert_eq!(bench.core().bonds().count(), 1);
            assert!(changes.contains(&BondChange::Removed(bond.peer)), "{changes:?}");
        } else {
            assert_eq!(bench.failures(side), [0x03]);
            assert_eq!(bench.core().find_bond(bond.peer), Some(bond.clone()));
            assert_eq!((bench.core().bonds().count(), changes.len()), (1, 0));
        }
    }
    // One that shows its identity has an IRK that came with its software, or that it has heard from us: it is found without, and
    // the other one stays who it is.
    for central in [true, false] {
        let (mut bench, bond) = bonded(Way::JustWorks);
        let identity_key = bond.identity_key.map(|key| key.0);
        let mut peer = impostor(!central, Bench::address(2), Bench::address(2));
        peer.ours.identity_key = identity_key;
        let side = bench.connect_peer(central, peer);
        begin(&mut bench, side, &PairSettings::new());
        bench.settle();
        let link = bench.sides[side].link;
        let new = bench.core().bond_of(link).expect("a bond");
        assert_eq!((new.peer, new.identity_key), (Bench::known(Bench::address(2)), None));
        assert_eq!(bench.core().find_bond(bond.peer), Some(bond.clone()));
        let private = Bench::known(resolvable(&identity_key.unwrap(), 3));
        assert_eq!(bench.core().find_bond(private), Some(bond));
        bench.part(side, 0x13);
        let side = bench.connect(central, 2);
        assert!(bench.security(side).bonded);
    }
    // Who has none gives one of zeros: that is nobody's.
    let mut bench = Bench::new(Config::new());
    for number in 1..=2 {
        let mut peer = Peer::new(true, Bench::address(number), Bench::OWN, u64::from(number));
        peer.ours.identity_key = Some([0; 16]);
        let side = bench.connect_peer(false, peer);
        begin(&mut bench, side, &PairSettings::new());
        bench.settle();
        assert!(bench.security(side).bonded);
    }
    assert_eq!(bench.core().bonds().count(), 2);
    // A store that has two of them all the same: the one that was used last is meant.
    let mut bench = Bench::new(Config::new());
    for (number, last_use) in [(1, 5), (2, 9), (3, 7)] {
        let mut bond = Bond::new(Bench::known(Bench::address(number)));
        (bond.identity_key, bond.last_use) = (Some(Secret([3; 16])), last_use);
        bench.core().restore_bond(&bond).unwrap();
    }
    let found = bench.core().find_bond(Bench::known(resolvable(&[3; 16], 4))).unwrap();
    assert_eq!(found.peer, Bench::known(Bench::address(2)));
}

#[test]
fn an_echo_of_our_confirm_value_is_no_answer() {
    // The passkey is not needed for it (Vol 3, Part H, 2.3.5.5, as corrected by erratum 24491).
    for case in cases().into_iter().filter(|case| case.central && !case.secure) {
        let mut bench = Bench::new(Config::new());
        let side = bench.connect(true, 1);
        let ticket = case.begin(&mut bench, side);
        // The peer's own word does not arrive; what the host says comes back to it.
        bench.spoil = Some(Box::new(|_, pdu| if matches!(pdu[0], CONFIRM | RANDOM) { vec![] } else { vec![pdu] }));
        let mut heard = 0;
        for _ in 0..60 {
            bench.step();
            let said = bench.sides[side].said[heard..].to_vec();
            heard += said.len();
            for pdu in said.iter().filter(|pdu| matches!(pdu[0], CONFIRM | RANDOM)) {
                bench.say(side, pdu);
            }
        }
        bench.settle();
        is_refused(&mut bench, side, ticket, 0x04, &format!("{case:?}"));
    }
}

#[test]
fn a_long_term_key_of_zeros_is_none() {
    for case in cases().into_iter().filter(|case| !case.secure && case.way == Way::JustWorks) {
        let (mut bench, side, ticket) = case.begun(Config::new());
        spoil(&mut bench, ENCRYPTION_INFORMATION, 0, |pdu| pdu[1..].fill(0));
        bench.settle();
        assert_eq!(ended(&mut bench, side, ticket), Some(Error::PairingFailed(Reason(0x0a))), "{case:?}");
        assert_eq!(bench.core().bonds().count(), 0);
    }
    // A store that was overwritten with zeros.
    let mut bench = Bench::new(Config::new());
    let zeros = Some(LongTermKey { key: Secret([0; 16]), diversifier: 0, random: [0; 8] });
    let mut bond = Bond::new(Address::new(AddressKind::Public, [1; 6]));
    bond.peripheral_key = zeros;
    assert_eq!(bench.core().restore_bond(&bond), Err(Error::InvalidArgument(Argument::Bond)));
    (bond.peripheral_key, bond.central_key) = (None, zeros);
    assert_eq!(bench.core().restore_bond(&bond), Err(Error::InvalidArgument(Argument::Bond)));
}

#[test]
fn a_long_term_key_is_as_long_as_was_agreed_on_whatever_the_peer_gives() {
    for case in cases().into_iter().filter(|case| !case.secure && case.way == Way::JustWorks) {
        let mut bench = Bench::new(Config::new());
        let side = bench.connect(case.central, 1);
        let mut settings = case.prepare(&mut bench, side);
        settings.key_size = 7;
        bench.sides[side].peer.features.max_key_size = 9;
        begin(&mut bench, side, &settings);
        spoil(&mut bench, ENCRYPTION_INFORMATION, 0, |pdu| pdu[1..].fill(0x77));
        bench.settle();
        let link = bench.sides[side].link;
        let bond = bench.core().bond_of(link).expect("a bond");
        let key = bond.central_key.unwrap().key.0;
        assert_eq!((key, bond.key_size), ([&[0x77; 9][..], &[0; 7]].concat().try_into().unwrap(), 9), "{case:?}");
    }
}

#[test]
fn who_is_bonded_already_is_told_so_once() {
    let (mut bench, bond) = bonded(Way::JustWorks);
    // The same peer again, that has lost its keys: one bond, the new one.
    let mut peer = Peer::new(true, Bench::address(1), Bench::OWN, 8);
    peer.numbers_from(9);
    let side = bench.connect_peer(false, peer);
    begin(&mut bench, side, &PairSettings::new());
    bench.settle();
    let link = bench.sides[side].link;
    let new = bench.core().bond_of(link).unwrap();
    assert_eq!(new.peer, bond.peer);
    assert_ne!(new.peripheral_key, bond.peripheral_key);
    assert_eq!(bench.core().bonds().count(), 1);
    let lost = bench.sides[side].events.iter().filter(|event| **event == ConnectionEvent::BondLost).count();
    assert_eq!(lost, 1);
    assert_eq!(bench.core().take_passkey_action(), Poll::Pending);
}

#[test]
fn a_bond_is_not_replaced_by_one_that_is_no_better_without_a_word() {
    // Whatever the peer says that it wants: what comes of it counts.
    for requirements in [BONDING | SC, BONDING | SC | MITM] {
        let (mut bench, bond) = bonded(Way::JustWorks);
        let mut peer = Peer::new(true, Bench::address(1), Bench::OWN, 8);
        peer.numbers_from(9);
        peer.features.requirements = requirements;
        let side = bench.connect_peer(false, peer);
        begin(&mut bench, side, &PairSettings::new());
        bench.settle();
        let link = bench.sides[side].link;
        assert_ne!(bench.core().bond_of(link).unwrap().peripheral_key, bond.peripheral_key);
        assert!(bench.sides[side].events.contains(&ConnectionEvent::BondLost), "{requirements:#04x}");
    }
    // One that is better is what the peer wanted more for.
    let (mut bench, _) = bonded(Way::JustWorks);
    let side = bench.connect(false, 1);
    Case::new(Way::Comparison, false).begin(&mut bench, side);
    bench.settle();
    assert!(bench.security(side).authenticated);
    assert!(!bench.sides[side].events.contains(&ConnectionEvent::BondLost));
}
