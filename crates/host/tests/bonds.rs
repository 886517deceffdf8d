//! Bonds in their slots: who is found, who goes, and what the store is told.
#![cfg(all(feature = "peripheral", feature = "server", feature = "security"))]
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
use jelling_host::wire::{Address, AddressKind, Secret};
use jelling_host::*;
use support::{
    raw::Raw,
    slots::{bond, host, identity, key},
};

fn used(number: u8, last_use: u32) -> Bond {
    let mut bond = bond(number);
    bond.last_use = last_use;
    bond
}

/// The numbers of the peers that have a bond in a slot.
fn known(raw: &mut Raw) -> Vec<u8> {
    let mut known: Vec<_> = raw.core().bonds().map(|bond| bond.peer.octets[0]).collect();
    known.sort_unstable();
    known
}

/// What the store is told, in short.
#[derive(Debug, PartialEq, Eq)]
enum Told {
    Saved(u8),
    Removed(u8),
}

fn told(raw: &mut Raw) -> Vec<Told> {
    let mut all = vec![];
    while let Some(change) = raw.core().take_bond_change() {
        all.push(match change {
            BondChange::Saved(bond) => Told::Saved(bond.peer.octets[0]),
            BondChange::Removed(peer) => Told::Removed(peer.octets[0]),
            other => panic!("{other:?}"),
        });
    }
    all
}

/// The peer comes, pairs, and stays.
fn pair(raw: &mut Raw, peer: usize, number: u8) -> Result<(), Error> {
    raw.reconnect_as(peer, identity(number));
    let link = raw.link(peer);
    raw.core().inject_bond(link, bond(number))
}

/// A host with three bonds that the store has, of peers 1, 2 and 3, used in this order, and no link.
fn three() -> Raw {
    let mut raw = host();
    for number in 1..=3 {
        raw.core().restore_bond(&used(number, u32::from(number))).unwrap();
    }
    raw.connect_as(identity(99));
    raw.part(0);
    assert_eq!(told(&mut raw), []);
    raw
}

#[test]
fn a_peer_is_known_by_its_identity() {
    let mut raw = three();
    raw.reconnect_as(0, identity(2));
    let link = raw.link(0);
    assert_eq!(raw.core().bond_of(link), Some(used(2, 2)));
    let security = raw.core().security(link).unwrap();
    assert_eq!(security, Security { bonded: true, ..Security::default() });
    // So the link began: nothing has changed.
    assert_eq!(raw.core().take_link_event(link), Poll::Pending);
    // The same octets as a public address are somebody else's.
    raw.reconnect_as(0, Address::new(AddressKind::Public, identity(2).octets));
    let other = raw.link(0);
    assert_eq!(raw.core().bond_of(other), None);
    assert!(!raw.core().security(other).unwrap().bonded);
    assert_eq!(raw.core().bond_of(link), None);
    // Who only comes changes nothing that would have to be kept.
    assert_eq!(told(&mut raw), []);
}

#[test]
fn a_resolvable_address_is_told_by_the_irk() {
    let resolvable = |irk: [u8; 16], prand: [u8; 3]| {
        let [a, b, c] = toolbox::ah(&irk, &prand);
        Address::new(AddressKind::Random, [a, b, c, prand[0], prand[1], prand[2]])
    };
    let mut raw = host();
    for number in 1..=3 {
        let mut bond = bond(number);
        bond.identity_key = Some(if number == 3 { Secret([0; 16]) } else { Secret([0x50 + number; 16]) });
        raw.core().restore_bond(&bond).unwrap();
    }
    raw.connect_as(resolvable([0x52; 16], [7, 8, 0x49]));
    let link = raw.link(0);
    assert_eq!(raw.core().bond_of(link).unwrap().peer, identity(2));
    assert!(raw.core().security(link).unwrap().bonded);
    assert_eq!(raw.core().find_bond(resolvable([0x51; 16], [1, 2, 0x7f])).unwrap().peer, identity(1));
    // An IRK that nobody has; the IRK of zeros of who has none; and addresses that are not resolvable.
    assert_eq!(raw.core().find_bond(resolvable([0x53; 16], [7, 8, 0x49])), None);
    assert_eq!(raw.core().find_bond(resolvable([0; 16], [7, 8, 0x49])), None);
    assert_eq!(raw.core().find_bond(resolvable([0x51; 16], [7, 8, 0x09])), None);
    assert_eq!(raw.core().find_bond(resolvable([0x51; 16], [7, 8, 0xc9])), None);
    let public = Address::new(AddressKind::Public, resolvable([0x51; 16], [7, 8, 0x49]).octets);
    assert_eq!(raw.core().find_bond(public), None);
}

#[test]
fn pairing_bonds_and_the_store_is_told() {
    let mut raw = host();
    raw.connect_as(identity(1));
    let link = raw.link(0);
    raw.core().inject_bond(link, bond(1)).unwrap();
    let Poll::Ready(Ok(ConnectionEvent::SecurityChanged(security))) = raw.core().take_link_event(link) else {
        panic!("no event")
    };
    assert!(security.bonded);
    let events: Vec<_> = core::iter::from_fn(|| raw.core().poll_event()).collect();
    assert!(events.contains(&Event::Bonds), "{events:?}");
    let change = raw.core().bond_change().unwrap();
    assert!(matches!(&change, BondChange::Saved(saved) if saved.peer == identity(1)));
    // Saving may be given up: it is told again, until it is kept.
    assert_eq!(raw.core().bond_change(), Some(change.clone()));
    raw.core().bond_change_kept(&change);
    assert_eq!(raw.core().bond_change(), None);
    // What changes while it is being saved is told after that.
    raw.core().inject_bond(link, bond(1)).unwrap();
    let change = raw.core().bond_change().unwrap();
    raw.core().inject_bond(link, bond(1)).unwrap();
    raw.core().bond_change_kept(&change);
    assert_eq!(told(&mut raw), [Told::Saved(1)]);
    // What is removed while it is being saved is removed after that.
    raw.core().inject_bond(link, bond(1)).unwrap();
    let change = raw.core().bond_change().unwrap();
    raw.core().remove_bond(identity(1)).unwrap();
    raw.core().bond_change_kept(&change);
    assert_eq!(told(&mut raw), [Told::Removed(1)]);
    // What the store never had need not be removed.
    raw.core().inject_bond(link, bond(1)).unwrap();
    raw.core().remove_bond(identity(1)).unwrap();
    assert_eq!(told(&mut raw), []);
    // And what is bonded again while it is being removed is saved after that.
    raw.core().inject_bond(link, bond(1)).unwrap();
    assert_eq!(told(&mut raw), [Told::Saved(1)]);
    raw.core().remove_bond(identity(1)).unwrap();
    let change = raw.core().bond_change().unwrap();
    assert_eq!(change, BondChange::Removed(identity(1)));
    raw.core().inject_bond(link, bond(1)).unwrap();
    raw.core().bond_change_kept(&change);
    assert_eq!(told(&mut raw), [Told::Saved(1)]);
}

#[test]
fn the_least_recently_used_makes_room_and_goes_from_the_store_too() {
    let mut raw = three();
    pair(&mut raw, 0, 4).unwrap();
    assert_eq!(known(&mut raw), [2, 3, 4]);
    assert_eq!(told(&mut raw), [Told::Removed(1), Told::Saved(4)]);
    // It is bonded again before the store has heard of the eviction.
    pair(&mut raw, 0, 5).unwrap();
    pair(&mut raw, 0, 2).unwrap();
    assert_eq!(known(&mut raw), [2, 4, 5]);
    assert_eq!(told(&mut raw), [Told::Removed(3), Told::Saved(5), Told::Saved(2)]);
    // Each replaces the one before, of which the store never heard.
    for number in 6..=20 {
        pair(&mut raw, 0, number).unwrap();
    }
    assert_eq!(known(&mut raw), [18, 19, 20]);
    let told = told(&mut raw);
    assert_eq!(told.len(), 6, "{told:?}");
    for peer in [2, 4, 5] {
        assert!(told[..3].contains(&Told::Removed(peer)), "{told:?}");
    }
    for peer in [18, 19, 20] {
        assert!(told[3..].contains(&Told::Saved(peer)), "{told:?}");
    }
}

#[test]
fn pairing_again_replaces_the_bond_of_the_identity() {
    let mut raw = three();
    // It comes with another address, and distributes the identity that is known.
    raw.reconnect_as(0, Address::new(AddressKind::Random, [1, 2, 3, 4, 5, 0x45]));
    let link = raw.link(0);
    let mut again = bond(2);
    again.peripheral_key = Some(LongTermKey { key: key(0x22), diversifier: 0, random: [0; 8] });
    raw.core().inject_bond(link, again).unwrap();
    assert_eq!(known(&mut raw), [1, 2, 3]);
    assert_eq!(raw.core().bond_of(link).unwrap().peripheral_key.unwrap().key, key(0x22));
    assert_eq!(told(&mut raw), [Told::Saved(2)]);
    assert!(!raw.core().bonds_hold(&key(2).0));
}

#[test]
fn the_bond_of_a_connected_peer_stays() {
    let mut raw = three();
    raw.reconnect_as(0, identity(1));
    raw.connect_as(identity(2));
    raw.connect_as(Address::new(AddressKind::Random, [1, 2, 3, 4, 5, 0x45]));
    let link = raw.link(2);
    raw.core().inject_bond(link, bond(4)).unwrap();
    assert_eq!(known(&mut raw), [1, 2, 4]);
    // Each slot is that of a peer who is connected.
    assert_eq!(raw.core().inject_bond(link, bond(5)), Err(Error::Full(Resource::Bonds)));
    pair(&mut raw, 2, 5).unwrap();
    assert_eq!(known(&mut raw), [1, 2, 5]);
    assert_eq!(told(&mut raw), [Told::Removed(3), Told::Saved(5)]);
    let mut raw = three();
    raw.reconnect_as(0, identity(1));
    raw.connect_as(identity(2));
    raw.connect_as(identity(3));
    let link = raw.link(1);
    assert_eq!(raw.core().inject_bond(link, bond(4)), Err(Error::Full(Resource::Bonds)));
    assert_eq!(raw.core().restore_bond(&used(4, 100)), Err(Error::Full(Resource::Bonds)));
    assert_eq!(known(&mut raw), [1, 2, 3]);
    assert_eq!(told(&mut raw), []);
    raw.part(0);
    raw.core().inject_bond(link, bond(4)).unwrap();
    assert_eq!(known(&mut raw), [2, 3, 4]);
}

#[test]
fn the_order_of_use_is_kept_and_flash_is_spared() {
    let mut raw = three();
    let encrypted = |raw: &mut Raw, number| {
        raw.reconnect_as(0, identity(number));
        let link = raw.link(0);
        raw.core().inject_encryption(link).unwrap();
        told(raw)
    };
    // Nobody was used after 3.
    assert_eq!(encrypted(&mut raw, 3), []);
    assert_eq!(encrypted(&mut raw, 1), [Told::Saved(1)]);
    for _ in 0..10 {
        assert_eq!(encrypted(&mut raw, 1), []);
    }
    pair(&mut raw, 0, 4).unwrap();
    assert_eq!(told(&mut raw), [Told::Removed(2), Told::Saved(4)]);
    assert_eq!(encrypted(&mut raw, 3), [Told::Saved(3)]);
    pair(&mut raw, 0, 5).unwrap();
    assert_eq!(known(&mut raw), [3, 4, 5]);
}

#[test]
fn numbers_of_use_come_to_no_end() {
    let mut raw = host();
    for (number, last_use) in [(1, u32::MAX), (2, 7), (3, u32::MAX - 1)] {
        raw.core().restore_bond(&used(number, last_use)).unwrap();
    }
    // 2 is used: the others are numbered anew in their order, and 2 behind them.
    raw.connect_as(identity(2));
    let link = raw.link(0);
    raw.core().inject_encryption(link).unwrap();
    let mut uses: Vec<_> = raw.core().bonds().map(|bond| (bond.last_use, bond.peer.octets[0])).collect();
    uses.sort_unstable();
    assert_eq!(uses.iter().map(|(_, number)| *number).collect::<Vec<_>>(), [3, 1, 2]);
    assert!(uses[2].0 < 10);
    assert_eq!(told(&mut raw).len(), 3);
    pair(&mut raw, 0, 4).unwrap();
    assert_eq!(known(&mut raw), [1, 2, 4]);
    // All alike, and nothing left.
    let mut raw = host();
    for number in 1..=3 {
        raw.core().restore_bond(&used(number, u32::MAX)).unwrap();
    }
    raw.connect_as(identity(2));
    let link = raw.link(0);
    raw.core().inject_encryption(link).unwrap();
    let newest = raw.core().bonds().max_by_key(|bond| bond.last_use).unwrap();
    assert_eq!(newest.peer, identity(2));
}

#[test]
fn a_store_with_more_bonds_than_slots_keeps_them() {
    let mut raw = three();
    // What was used after one in the slots takes its place, and the store is to forget neither.
    raw.core().restore_bond(&used(5, 5)).unwrap();
    assert_eq!(known(&mut raw), [2, 3, 5]);
    assert_eq!(raw.core().restore_bond(&used(1, 1)), Err(Error::Full(Resource::Bonds)));
    assert_eq!(known(&mut raw), [2, 3, 5]);
    // One that is there is as it is.
    raw.core().restore_bond(&used(2, 9)).unwrap();
    assert_eq!(raw.core().find_bond(identity(2)).unwrap().last_use, 2);
    assert_eq!(told(&mut raw), []);
    // One that was removed is there again where it is restored, and the store keeps it.
    raw.core().remove_bond(identity(3)).unwrap();
    assert!(raw.core().is_being_removed(identity(3)) && !raw.core().is_being_removed(identity(2)));
    raw.core().restore_bond(&used(3, 3)).unwrap();
    assert!(!raw.core().is_being_removed(identity(3)));
    assert_eq!((known(&mut raw), told(&mut raw)), (vec![2, 3, 5], vec![]));
    // What the store has not saved yet does not go.
    for number in [2, 3, 5] {
        pair(&mut raw, 0, number).unwrap();
    }
    raw.part(0);
    assert_eq!(raw.core().restore_bond(&used(6, 1000)), Err(Error::Full(Resource::Bonds)));
    assert_eq!(told(&mut raw).len(), 3);
    raw.core().restore_bond(&used(6, 1000)).unwrap();
    assert_eq!(known(&mut raw), [3, 5, 6]);
    assert_eq!(told(&mut raw), []);
}

#[test]
fn a_bond_that_is_restored_late_is_that_of_a_link() {
    let mut raw = host();
    raw.connect_as(identity(1));
    raw.connect_as(identity(2));
    let [link, other] = [raw.link(0), raw.link(1)];
    // The second is encrypted with a key that nobody keeps: whoever it is has not shown to be 2.
    let security = Security { encrypted: true, key_size: 16, ..Security::default() };
    raw.core().inject_security(other, security).unwrap();
    let _ = raw.core().take_link_event(other);
    for number in 1..=2 {
        raw.core().restore_bond(&bond(number)).unwrap();
    }
    assert!(raw.core().security(link).unwrap().bonded);
    assert!(
        matches!(raw.core().take_link_event(link), Poll::Ready(Ok(ConnectionEvent::SecurityChanged(s))) if s.bonded)
    );
    assert_eq!(raw.core().security(other), Ok(security));
    assert_eq!(raw.core().take_link_event(other), Poll::Pending);
}

#[test]
fn who_is_forgotten_is_no_longer_bonded() {
    let mut raw = three();
    raw.reconnect_as(0, identity(2));
    let link = raw.link(0);
    raw.core().inject_encryption(link).unwrap();
    let before = raw.core().security(link).unwrap();
    assert!(before.encrypted && before.bonded);
    while raw.core().take_link_event(link).is_ready() {}
    let _ = told(&mut raw);
    assert!(raw.core().bonds_hold(&key(2).0));
    raw.core().remove_bond(identity(2)).unwrap();
    // The link is what it was, but for that.
    let after = Security { bonded: false, ..before };
    assert_eq!(raw.core().security(link), Ok(after));
    let event = raw.core().take_link_event(link);
    assert_eq!(event, Poll::Ready(Ok(ConnectionEvent::SecurityChanged(after))));
    assert_eq!(raw.core().bond_of(link), None);
    assert!(!raw.core().bonds_hold(&key(2).0), "keys are wiped");
    assert_eq!(told(&mut raw), [Told::Removed(2)]);
    assert_eq!(raw.core().remove_bond(identity(2)), Err(Error::NotBonded));
    assert_eq!(known(&mut raw), [1, 3]);
}

#[test]
fn counters_of_signatures_are_kept() {
    let mut raw = host();
    let mut signing = bond(1);
    signing.peer_signing = Some(SigningKey { key: key(7), counter: 5 });
    raw.core().restore_bond(&signing).unwrap();
    let config = Config { signed_writes: true, ..Config::new() };
    raw.core().configure(config);
    let mut core = raw.core();
    core.begin_registration().unwrap();
    core.add_service(&ServiceSettings::primary(wire::Uuid::new16(0x181a))).unwrap();
    let properties = Properties::READ | Properties::SIGNED_WRITE;
    let settings = CharacteristicSettings::new(wire::Uuid::new16(0x2a6e), properties, Storage::Variable(8, b"old"));
    let value = core.add_characteristic(&settings).unwrap();
    core.commit_registration().unwrap();
    raw.connect_as(identity(1));
    let mut signed = vec![0xd2, 3, 0, b'n', b'e', b'w'];
    let counter = 6u32.to_le_bytes();
    let message: Vec<u8> = signed.iter().chain(&counter).rev().copied().collect();
    let code = Core::aes_cmac(&[7; 16], &message);
    signed.extend(counter);
    signed.extend(code[..8].iter().rev());
    assert_eq!(raw.ask(0, &signed), [[0; 0]; 0]);
    assert_eq!(raw.stored(value), b"new");
    assert_eq!(told(&mut raw), [Told::Saved(1)]);
    assert_eq!(raw.core().find_bond(identity(1)).unwrap().peer_signing.unwrap().counter, 7);
}
