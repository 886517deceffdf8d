//! Bonds with everything in them, and what a store should hold.

use crate::nor::{Nor, Off, Random};
use embassy_futures::block_on;
use jelling::{
    Address, AddressKind, Bond, Identity, LongTermKey, Secret, SigningKey, Updates,
    security::{BondStore, Record},
};
use jelling_bonds::{Flash, FlashError};
use std::collections::BTreeMap;

pub type Store<const WORD: usize, const PAGE: usize> = Flash<Nor<WORD, PAGE>>;

/// What a store has: the identity, and the bonds by peer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Held {
    pub identity: Option<Identity>,
    pub bonds: BTreeMap<[u8; 6], Bond>,
}

pub fn peer(number: u8) -> Address {
    let kind = if number.is_multiple_of(2) { AddressKind::Public } else { AddressKind::Random };
    Address::new(kind, [number, 1, 2, 3, 4, 0xc5])
}

/// A bond with a peer, another for each `variant`. Each field is there in some of them.
pub fn bond(number: u8, variant: u64) -> Bond {
    let mut random = Random(variant);
    let mut bond = Bond::new(peer(number));
    let bits = random.next();
    (bond.authenticated, bond.secure_connections) = (bits & 1 != 0, bits & 2 != 0);
    bond.key_size = 7 + (bits >> 8) as u8 % 10;
    (bond.client_features, bond.last_use) = ((bits >> 16) as u8, (bits >> 24) as u32);
    let mut octet = || random.next() as u8;
    let long = LongTermKey {
        key: Secret([0; 16].map(|_: u8| octet())),
        diversifier: (bits >> 7) as u16,
        random: [0; 8].map(|_: u8| octet()),
    };
    let signing = SigningKey { key: Secret([0; 16].map(|_: u8| octet())), counter: (bits >> 13) as u32 };
    bond.central_key = (bits & 4 != 0).then_some(long);
    bond.peripheral_key = (bits & 8 != 0).then_some(LongTermKey { diversifier: 7, ..long });
    bond.identity_key = (bits & 16 != 0).then_some(Secret([0; 16].map(|_: u8| octet())));
    bond.own_signing = (bits & 32 != 0).then_some(signing);
    bond.peer_signing = (bits & 64 != 0).then_some(SigningKey { counter: 9, ..signing });
    bond.database_hash = (bits & 128 != 0).then(|| [0; 16].map(|_: u8| octet()));
    for handle in 0..(bits >> 40) as u16 % 17 {
        let kinds = [Updates::NOTIFY, Updates::INDICATE, Updates::all()][usize::from(handle) % 3];
        assert!(bond.subscriptions.set(0xffff - 3 * handle, kinds));
    }
    bond
}

pub fn identity(variant: u8) -> Identity {
    let address = (!variant.is_multiple_of(3)).then(|| Address::new(AddressKind::Random, [variant, 1, 2, 3, 4, 0xc5]));
    Identity { address, identity_key: Secret([variant; 16]) }
}

pub fn open<const WORD: usize, const PAGE: usize>(flash: Nor<WORD, PAGE>) -> Store<WORD, PAGE> {
    let range = flash.range();
    Flash::new(flash, range).unwrap()
}

/// What a store gives: each peer once.
pub fn load<const WORD: usize, const PAGE: usize>(store: &mut Store<WORD, PAGE>) -> Result<Held, FlashError<Off>> {
    let mut held = Held::default();
    let mut each = |record: Record| match record {
        Record::Identity(identity) => assert!(held.identity.replace(identity).is_none() && held.bonds.is_empty()),
        Record::Bond(bond) => assert!(held.bonds.insert(bond.peer.octets, bond).is_none(), "a peer twice"),
    };
    block_on(store.load(&mut each))?;
    Ok(held)
}

/// What is done to a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    Save(u8, u64),
    Remove(u8),
    Identity(u8),
    Erase,
}

impl Action {
    /// Any, with one of so many peers: rarely an erasure of everything.
    pub fn random(random: &mut Random, peers: usize) -> Self {
        let number = random.below(peers) as u8;
        match random.below(24) {
            0 => Action::Erase,
            1..=2 => Action::Identity(random.next() as u8),
            3..=6 => Action::Remove(number),
            _ => Action::Save(number, random.next()),
        }
    }

    pub fn run<const WORD: usize, const PAGE: usize>(
        self,
        store: &mut Store<WORD, PAGE>,
    ) -> Result<(), FlashError<Off>> {
        match self {
            Action::Save(number, variant) => block_on(store.save(&bond(number, variant))),
            Action::Remove(number) => block_on(store.remove(peer(number))),
            Action::Identity(variant) => block_on(store.save_identity(&identity(variant))),
            Action::Erase => block_on(store.erase()),
        }
    }

    pub fn model(self, held: &mut Held) {
        match self {
            Action::Save(number, variant) => _ = held.bonds.insert(peer(number).octets, bond(number, variant)),
            Action::Remove(number) => _ = held.bonds.remove(&peer(number).octets),
            Action::Identity(variant) => held.identity = Some(identity(variant)),
            Action::Erase => *held = Held::default(),
        }
    }
}
