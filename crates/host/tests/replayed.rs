//! Signed writes of bonded peers: a counter serves once, whichever link it comes on, and who was forgotten signs nothing.
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
    wire::{Address, AddressKind, Secret, Uuid},
    *,
};
use support::raw::Raw;

type Memory = Store<Links<3>, Gatt<32, 512>, Pool<8, 2>, Scan<1>, Bonds<3>>;

const PEER: Address = Address::new(AddressKind::Random, [1, 0, 0, 0, 0, 0xc0]);

/// A host that is bonded with one peer, which has signed 5 times; and a value of its that takes signed writes.
fn host() -> (Raw, AttributeId) {
    let memory: Box<Memory> = Box::new(Store::NEW);
    let mut raw = Raw::new(memory, Config { signed_writes: true, ..Config::new() }, 251, 0);
    let mut bond = Bond::new(PEER);
    bond.identity_key = Some(Secret([0x51; 16]));
    bond.peripheral_key = Some(LongTermKey { key: Secret([9; 16]), diversifier: 0, random: [0; 8] });
    bond.peer_signing = Some(SigningKey { key: Secret([7; 16]), counter: 5 });
    bond.own_signing = Some(SigningKey { key: Secret([8; 16]), counter: 3 });
    raw.core().restore_bond(&bond).unwrap();
    let mut core = raw.core();
    core.begin_registration().unwrap();
    core.add_service(&ServiceSettings::primary(Uuid::new16(0x181a))).unwrap();
    let properties = Properties::READ | Properties::SIGNED_WRITE;
    let settings = CharacteristicSettings::new(Uuid::new16(0x2a6e), properties, Storage::Variable(8, b"old"));
    let value = core.add_characteristic(&settings).unwrap();
    core.commit_registration().unwrap();
    (raw, value)
}

/// The private address under which the peer comes too.
fn private() -> Address {
    let [a, b, c] = toolbox::ah(&[0x51; 16], &[7, 8, 0x49]);
    Address::new(AddressKind::Random, [a, b, c, 7, 8, 0x49])
}

fn signed(value: &[u8], counter: u32) -> Vec<u8> {
    let mut pdu = [&[0xd2, 3, 0], value].concat();
    let counter = counter.to_le_bytes();
    let message: Vec<u8> = pdu.iter().chain(&counter).rev().copied().collect();
    let code = Core::aes_cmac(&[7; 16], &message);
    pdu.extend(counter);
    pdu.extend(code[..8].iter().rev());
    pdu
}

#[test]
fn what_was_signed_on_one_link_is_not_said_again_on_another() {
    let (mut raw, value) = host();
    // Somebody uses the address that the peer is known by, and listens; the peer comes under a private one.
    raw.connect_as(PEER);
    raw.connect_as(private());
    for (counter, text) in [(5, b"one"), (6, b"two")] {
        assert_eq!(raw.ask(1, &signed(text, counter)), [[0; 0]; 0]);
        assert_eq!(raw.stored(value), text);
    }
    assert_eq!(raw.ask(0, &signed(b"one", 5)), [[0; 0]; 0]);
    assert_eq!(raw.stored(value), b"two");
    assert_eq!(raw.core().counters().signatures_refused, 1);
    // What has not been said yet is.
    assert_eq!(raw.ask(0, &signed(b"six", 7)), [[0; 0]; 0]);
    assert_eq!(raw.stored(value), b"six");
    assert_eq!(raw.ask(1, &signed(b"six", 7)), [[0; 0]; 0]);
    assert_eq!(raw.core().counters().signatures_refused, 2);
    assert_eq!(raw.core().find_bond(PEER).unwrap().peer_signing.unwrap().counter, 8);
}

#[test]
fn no_counter_of_ours_serves_twice_on_two_links() {
    let (mut raw, _) = host();
    raw.connect_as(PEER);
    raw.connect_as(private());
    for (side, next) in [(0, 4), (1, 5), (0, 6), (1, 7)] {
        let link = raw.link(side);
        raw.core().signed_write_command(link, 3, b"x").unwrap();
        raw.settle();
        assert_eq!(raw.core().find_bond(PEER).unwrap().own_signing.unwrap().counter, next);
    }
}

#[test]
fn who_was_forgotten_signs_nothing() {
    let (mut raw, value) = host();
    raw.connect_as(PEER);
    raw.core().remove_bond(PEER).unwrap();
    assert_eq!(raw.ask(0, &signed(b"new", 5)), [[0; 0]; 0]);
    assert_eq!(raw.stored(value), b"old");
    let link = raw.link(0);
    assert_eq!(raw.core().signed_write_command(link, 3, b"x"), Err(Error::NoSigningKey));
}

#[test]
fn a_new_bond_has_new_keys_on_each_link() {
    let (mut raw, value) = host();
    raw.connect_as(PEER);
    raw.connect_as(private());
    let link = raw.link(1);
    let mut bond = raw.core().bond_of(link).unwrap();
    bond.peer_signing = Some(SigningKey { key: Secret([0x77; 16]), counter: 0 });
    raw.core().inject_bond(link, bond).unwrap();
    // The key of the bond before is nobody's, also where the peer uses its other address; and it does not come back.
    assert_eq!(raw.ask(0, &signed(b"new", 5)), [[0; 0]; 0]);
    assert_eq!(raw.stored(value), b"old");
    let kept = raw.core().find_bond(PEER).unwrap().peer_signing.unwrap();
    assert_eq!((kept.key.0, kept.counter), ([0x77; 16], 0));
}
