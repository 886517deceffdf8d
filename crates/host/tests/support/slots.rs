//! A host with three slots for bonds, and bonds with peers that have a number.

use super::raw::Raw;
use jelling_host::{
    wire::{Address, AddressKind, Secret},
    *,
};

pub(crate) type Memory = Store<Links<3>, Gatt<32, 512>, Pool<8, 2>, Scan<1>, Bonds<3>>;

pub(crate) fn host() -> Raw {
    let memory: Box<Memory> = Box::new(Store::NEW);
    let mut raw = Raw::new(memory, Config::new(), 251, 0);
    assert_eq!(raw.core().take_bond_change(), None);
    raw
}

/// A random static address.
pub(crate) fn identity(number: u8) -> Address {
    Address::new(AddressKind::Random, [number, 0, 0, 0, 0, 0xc0])
}

pub(crate) fn key(number: u8) -> Secret<16> {
    Secret([number; 16])
}

pub(crate) fn bond(number: u8) -> Bond {
    let mut bond = Bond::new(identity(number));
    bond.peripheral_key = Some(LongTermKey { key: key(number), diversifier: 0, random: [0; 8] });
    // There is no table.
    bond.database_hash = Some([0; 16]);
    bond
}
