//! A server with a client that is bonded, and what both say of it.

use super::raw::Raw;
use jelling_host::{
    wire::{Address, AddressKind, Uuid},
    *,
};

type Memory = Store<Links<2>, Gatt<128, 2048>, Pool<16, 4>, Scan<1>, Bonds<2>>;

/// Default services: the CCCD of Service Changed, and Client Supported Features.
pub(crate) const CHANGED_CCCD: u16 = 9;
pub(crate) const FEATURES: u16 = 11;
/// The first handle behind the default services, the first value there, and its CCCD.
pub(crate) const OWN: u16 = 16;
pub(crate) const VALUE: u16 = OWN + 2;
pub(crate) const CCCD: u16 = OWN + 3;
/// The peer.
pub(crate) const PEER: Address = Address::new(AddressKind::Random, [1, 2, 3, 4, 5, 0xc6]);

/// A table with so many characteristics, each with a CCCD, behind the default services; gives the first value.
pub(crate) fn register(core: &mut Core<'_>, characteristics: usize) -> AttributeId {
    core.begin_registration().unwrap();
    core.add_default_services().unwrap();
    core.add_service(&ServiceSettings::primary(Uuid::new16(0x181a))).unwrap();
    let properties = Properties::READ | Properties::NOTIFY | Properties::INDICATE;
    let settings = CharacteristicSettings {
        cccd: true,
        ..CharacteristicSettings::new(Uuid::new16(0x2a6e), properties, Storage::Variable(8, b"first"))
    };
    let values: Vec<_> = (0..characteristics).map(|_| core.add_characteristic(&settings).unwrap()).collect();
    core.commit_registration().unwrap();
    values[0]
}

/// A server with one characteristic, and its value.
pub(crate) fn server() -> (Raw, AttributeId) {
    let mut memory: Box<Memory> = Box::new(Store::NEW);
    let value = register(&mut memory.core(), 1);
    (Raw::new(memory, Config::new(), 251, 0), value)
}

/// A server with a client that is connected, encrypted and bonded, of which the store knows.
pub(crate) fn bonded() -> (Raw, AttributeId) {
    let (mut raw, value) = server();
    raw.connect_as(PEER);
    let link = raw.link(0);
    encrypt(&mut raw);
    raw.core().inject_bond(link, Bond::new(PEER)).unwrap();
    assert!(saves(&mut raw) == 1);
    (raw, value)
}

pub(crate) fn encrypt(raw: &mut Raw) {
    let link = raw.link(0);
    raw.core().inject_encryption(link).unwrap();
}

/// The client comes back, and its link is encrypted.
pub(crate) fn back(raw: &mut Raw) {
    raw.reconnect_as(0, PEER);
    encrypt(raw);
}

/// How often the store is to save something by now.
pub(crate) fn saves(raw: &mut Raw) -> usize {
    core::iter::from_fn(|| raw.core().take_bond_change()).count()
}

pub(crate) fn bond(raw: &mut Raw) -> Bond {
    raw.core().find_bond(PEER).unwrap()
}

pub(crate) fn subscriptions(raw: &mut Raw) -> Vec<(u16, u8)> {
    bond(raw).subscriptions.iter().map(|(handle, updates)| (handle, updates.bits())).collect()
}

/// The one answer to what the client says.
pub(crate) fn ask(raw: &mut Raw, pdu: &[u8]) -> Vec<u8> {
    let mut told = raw.ask(0, pdu);
    assert_eq!(told.len(), 1, "{told:02x?}");
    told.remove(0)
}

pub(crate) fn subscribe(raw: &mut Raw, cccd: u16, kinds: u8) {
    let [low, high] = cccd.to_le_bytes();
    assert_eq!(ask(raw, &[0x12, low, high, kinds, 0]), [0x13]);
}

/// The value of a CCCD, as the client reads it.
pub(crate) fn subscribed(raw: &mut Raw, cccd: u16) -> u8 {
    let [low, high] = cccd.to_le_bytes();
    let answer = ask(raw, &[0x0a, low, high]);
    assert_eq!((answer[0], answer[2]), (0x0b, 0), "{answer:02x?}");
    answer[1]
}

/// The range of Service Changed that the client is told, if any. It is not confirmed.
pub(crate) fn changed(raw: &mut Raw) -> Option<[u8; 4]> {
    raw.settle();
    let told = raw.told(0);
    let [indication] = told.as_slice() else {
        assert_eq!(told, [[0; 0]; 0]);
        return None;
    };
    assert_eq!(indication[..3], [0x1d, 8, 0]);
    Some(indication[3..].try_into().unwrap())
}

pub(crate) fn confirm(raw: &mut Raw) {
    assert_eq!(raw.ask(0, &[0x1e]), [[0; 0]; 0]);
}

pub(crate) const ALL: Option<[u8; 4]> = Some([1, 0, 0xff, 0xff]);
