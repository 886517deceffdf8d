//! Bonds with everything in them, and stores of them.
#![allow(dead_code, reason = "each test uses a part of it")]

use embassy_futures::block_on;
use jelling::{Address, AddressKind, Bond, Identity, LongTermKey, Secret, SigningKey, Updates};
use jelling_bonds::{BondStore, JsonFile};
use std::path::Path;

pub(crate) fn random(number: u8) -> Address {
    Address::new(AddressKind::Random, [number, 0x22, 0x33, 0x44, 0x55, 0xc6])
}

fn key(number: u8) -> Secret<16> {
    Secret(core::array::from_fn(|at| number.wrapping_mul(17).wrapping_add(at as u8)))
}

/// A bond with everything.
pub(crate) fn whole(number: u8) -> Bond {
    let mut bond = Bond::new(random(number));
    (bond.authenticated, bond.secure_connections, bond.key_size) = (true, false, 7);
    bond.central_key = Some(LongTermKey { key: key(1), diversifier: 0x1234, random: [1, 2, 3, 4, 5, 6, 7, 8] });
    bond.peripheral_key = Some(LongTermKey { key: key(2), diversifier: 0xffff, random: [0xff; 8] });
    bond.identity_key = Some(key(3));
    bond.own_signing = Some(SigningKey { key: key(4), counter: 0 });
    bond.peer_signing = Some(SigningKey { key: key(5), counter: u32::MAX });
    (bond.client_features, bond.database_hash, bond.last_use) = (7, Some([0xab; 16]), u32::MAX);
    for (handle, kinds) in [(9, 2), (19, 1), (0xffff, 3)] {
        assert!(bond.subscriptions.set(handle, Updates::from_bits_truncate(kinds)));
    }
    bond
}

/// A bond with next to nothing.
pub(crate) fn bare() -> Bond {
    Bond::new(Address::new(AddressKind::Public, [1, 2, 3, 4, 5, 6]))
}

pub(crate) fn identity() -> Identity {
    Identity { address: Some(random(0x0f)), identity_key: key(9) }
}

/// A file with an identity, a whole bond and a bare one.
pub(crate) fn filled(path: &Path) -> JsonFile {
    let mut file = JsonFile::open(path).unwrap();
    block_on(async {
        file.save_identity(&identity()).await.unwrap();
        file.save(&whole(1)).await.unwrap();
        file.save(&bare()).await.unwrap();
    });
    file
}

/// A folder that is gone with the test.
pub(crate) fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}
