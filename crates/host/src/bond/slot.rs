//! The slot of a bond, and what the store is still to be told of it.

use super::Bond;
use crate::kept::Kept;
use jelling_wire::{Address, AddressKind};

/// Whether what is kept has reached the store.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Saved {
    /// It has.
    #[default]
    Yes,
    /// It is to be saved.
    No,
    /// It is being saved, and has not changed since.
    UnderWay,
}

/// The slot of a bond.
#[derive(Debug)]
pub struct BondSlot {
    pub(super) used: bool,
    pub(super) saved: Saved,
    /// The peer whose bond the store has because of this slot: another than the slot's own is to be removed there.
    pub(super) stored: Kept<Address>,
    pub(super) bond: Bond,
}

impl BondSlot {
    /// A free slot, all zero.
    pub const NEW: BondSlot = BondSlot {
        used: false,
        saved: Saved::Yes,
        stored: Kept::none(Address::new(AddressKind::Public, [0; 6])),
        bond: Bond::NOBODY,
    };

    pub(crate) fn bond(&self) -> Option<&Bond> {
        self.used.then_some(&self.bond)
    }

    #[cfg(any(feature = "client", feature = "server"))]
    pub(super) fn bond_mut(&mut self) -> &mut Bond {
        &mut self.bond
    }

    #[cfg(feature = "seams")]
    pub(crate) fn holds(&self, key: &[u8; 16]) -> bool {
        let bond = &self.bond;
        let long = [bond.central_key, bond.peripheral_key].map(|k| k.map(|k| k.key));
        let signing = [bond.own_signing, bond.peer_signing].map(|k| k.map(|k| k.key));
        long.iter().chain(&signing).chain([&bond.identity_key]).flatten().any(|k| k.0 == *key)
    }

    #[inline(never)]
    pub(super) fn is_of(&self, peer: &Address) -> bool {
        self.bond().is_some_and(|bond| bond.peer == *peer)
    }

    /// The peer whose bond the store has and is to have no more.
    pub(super) fn to_remove(&self) -> Option<Address> {
        self.stored.get().filter(|peer| !self.is_of(peer))
    }

    /// Puts a bond in; the one that was there is wiped.
    pub(super) fn put(&mut self, bond: Bond, saved: Saved) {
        (self.used, self.saved) = (true, saved);
        if saved == Saved::Yes {
            self.stored.set(Some(bond.peer));
        }
        self.bond = bond;
    }

    /// Frees the slot and wipes its keys. What the store has of it is removed there.
    pub(super) fn free(&mut self) {
        (self.used, self.saved) = (false, Saved::Yes);
        self.bond = Bond::NOBODY;
    }
}
