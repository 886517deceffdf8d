//! What a bond and an identity can be, and what is shown of them.
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

use jelling_host::wire::{Address, AddressKind, Secret};
use jelling_host::*;
use support::{
    raw::Raw,
    slots::{Memory, bond, host, key},
};
#[test]
fn what_no_pairing_makes_is_refused() {
    let mut raw = host();
    let refused = Err(Error::InvalidArgument(Argument::Bond));
    for size in [0, 6, 17, 255] {
        let mut bond = bond(1);
        bond.key_size = size;
        assert_eq!(raw.core().restore_bond(&bond), refused, "{size}");
    }
    for top in [0x00, 0x45, 0x80] {
        let bond = Bond::new(Address::new(AddressKind::Random, [1, 2, 3, 4, 5, top]));
        assert_eq!(raw.core().restore_bond(&bond), refused, "{top:#x}");
        let identity = Identity { address: Some(bond.peer), identity_key: key(1) };
        assert_eq!(raw.core().restore_identity(&identity), refused, "{top:#x}");
    }
    let identity = Identity { address: Some(Address::new(AddressKind::Public, [1; 6])), identity_key: key(1) };
    assert_eq!(raw.core().restore_identity(&identity), refused);
    assert_eq!(raw.core().identity(), Identity { address: None, identity_key: key(0) });
    assert_eq!(raw.core().bonds().count(), 0);
}

#[test]
fn the_address_that_was_drawn_is_the_same_after_a_restart() {
    let config = Config { address: OwnAddress::RandomStatic, ..Config::new() };
    let memory: Box<Memory> = Box::new(Store::NEW);
    let mut raw = Raw::new(memory, config, 251, 0);
    let drawn = raw.core().controller().unwrap().address;
    let Some(BondChange::Identity(identity)) = raw.core().take_bond_change() else { panic!("not told") };
    assert_eq!(identity.address, Some(drawn));
    assert_eq!(raw.core().take_bond_change(), None);
    // Another one than the controller would draw.
    let mut other = identity;
    other.address = Some(Address::new(AddressKind::Random, [1, 2, 3, 4, 5, 0xc6]));
    other.identity_key = key(9);
    let mut memory: Box<Memory> = Box::new(Store::NEW);
    memory.core().restore_identity(&other).unwrap();
    let mut raw = Raw::new(memory, config, 251, 0);
    assert_eq!(raw.core().controller().unwrap().address, other.address.unwrap());
    assert_eq!((raw.core().identity(), raw.core().take_bond_change()), (other, None));
    // A store without an address: the one that is drawn goes there.
    let mut memory: Box<Memory> = Box::new(Store::NEW);
    memory.core().restore_identity(&Identity { address: None, identity_key: key(9) }).unwrap();
    let mut raw = Raw::new(memory, config, 251, 0);
    let whole = Identity { address: Some(drawn), identity_key: key(9) };
    assert_eq!(raw.core().take_bond_change(), Some(BondChange::Identity(whole)));
    // What was drawn since is not lost when the store is read once more.
    raw.core().restore_identity(&Identity { address: None, identity_key: key(0) }).unwrap();
    assert_eq!(raw.core().identity(), whole);
}

#[test]
fn no_key_is_shown() {
    let mut bond = bond(0xa7);
    let key = Secret([0xa7; 16]);
    bond.central_key = Some(LongTermKey { key, diversifier: 1, random: [2; 8] });
    bond.identity_key = Some(key);
    (bond.own_signing, bond.peer_signing) =
        (Some(SigningKey { key, counter: 1 }), Some(SigningKey { key, counter: 1 }));
    let identity = Identity { address: None, identity_key: key };
    let changes = [BondChange::Saved(bond.clone()), BondChange::Identity(identity)];
    let mut memory: Box<Memory> = Box::new(Store::NEW);
    memory.core().restore_bond(&bond).unwrap();
    memory.core().restore_identity(&identity).unwrap();
    let text = format!("{bond:?} {bond:#?} {identity:?} {changes:?} {memory:?}");
    for shown in ["167, 167", "a7, a7", "a7a7", "A7A7"] {
        assert!(!text.contains(shown), "{shown} in {text}");
    }
}

#[test]
fn subscriptions_are_sixteen_in_the_order_of_handles() {
    let mut subscriptions = Subscriptions::NONE;
    for handle in (1..=16).rev() {
        assert!(subscriptions.set(handle * 3, Updates::NOTIFY));
    }
    let full = subscriptions;
    assert!(!subscriptions.set(100, Updates::NOTIFY), "there is no room");
    assert!(!subscriptions.set(0, Updates::NOTIFY), "no attribute has handle 0");
    assert_eq!(subscriptions, full);
    assert_eq!(
        subscriptions.iter().map(|(handle, _)| handle).collect::<Vec<_>>(),
        (1..=16).map(|h| h * 3).collect::<Vec<_>>()
    );
    assert!(subscriptions.set(9, Updates::INDICATE));
    assert_eq!((subscriptions.get(9), subscriptions.get(10)), (Updates::INDICATE, Updates::empty()));
    assert!(subscriptions.set(3, Updates::empty()) && subscriptions.set(100, Updates::NOTIFY));
    assert_eq!((subscriptions.iter().count(), subscriptions.get(3)), (16, Updates::empty()));
    for (handle, _) in full.iter().chain([(100, Updates::NOTIFY)]) {
        assert!(subscriptions.set(handle, Updates::empty()));
    }
    assert_eq!(subscriptions, Subscriptions::NONE);
}
