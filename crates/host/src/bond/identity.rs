//! Who we are to our peers: what must be the same after a restart, or they do not find us again.

use super::{BondChange, slot::Saved};
use crate::{
    Core,
    error::{Argument, Error},
    event::HostNews,
};
use jelling_wire::{Address, AddressKind, Secret};

/// Our own identity, as a store keeps it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The random static address that was drawn; none where none was needed yet.
    pub address: Option<Address>,
    /// Our IRK, least significant octet first; zeros where none was drawn yet.
    pub identity_key: Secret<16>,
}

/// What is kept of bonds beside their slots.
#[derive(Debug)]
pub(crate) struct Bonding {
    pub(crate) identity_key: Secret<16>,
    /// Whether our own identity has reached the store.
    pub(super) identity: Saved,
    /// The latest use of any bond.
    pub(super) last_use: u32,
}

impl Bonding {
    pub(crate) const NEW: Bonding = Bonding { identity_key: Secret([0; 16]), identity: Saved::Yes, last_use: 0 };
}

impl Core<'_> {
    /// Our own identity, as far as it was drawn or restored.
    pub fn identity(&self) -> Identity {
        let address = self.state.static_address.get().map(|octets| Address::new(AddressKind::Random, octets));
        Identity { address, identity_key: self.state.bonding.identity_key }
    }

    /// Our own identity as a store kept it. The address counts from the next bring-up on, so this belongs before the first one. What it
    /// does not have stays as it is.
    ///
    /// `InvalidArgument` where the address is not a random static one; then nothing is changed.
    pub fn restore_identity(&mut self, identity: &Identity) -> Result<(), Error> {
        if identity.address.is_some_and(|address| !address.is_static_random()) {
            return Err(Error::InvalidArgument(Argument::Bond));
        }
        if let Some(address) = identity.address {
            self.state.static_address.set(Some(address.octets));
        }
        let key = self.state.bonding.identity_key;
        if identity.identity_key != Secret([0; 16]) && identity.identity_key != key {
            self.state.bonding.identity_key = identity.identity_key;
            // Peers tell the address on air by the new one.
            self.renew_private_address();
        }
        // What was drawn and is not in the store is to go there with the rest.
        let is_whole = self.identity() == *identity;
        self.state.bonding.identity = Saved::Yes;
        if !is_whole {
            self.identity_changed();
        }
        Ok(())
    }

    /// True until our IRK was drawn or restored.
    pub(crate) fn lacks_identity_key(&self) -> bool {
        self.state.bonding.identity_key == Secret([0; 16])
    }

    /// An address or an IRK was drawn.
    pub(crate) fn identity_changed(&mut self) {
        self.state.bonding.identity = Saved::No;
        self.state.news |= HostNews::BONDS;
    }

    /// The change of our identity that the store has not kept yet.
    pub(super) fn identity_change(&mut self) -> Option<BondChange> {
        if self.state.bonding.identity == Saved::Yes {
            return None;
        }
        self.state.bonding.identity = Saved::UnderWay;
        Some(BondChange::Identity(self.identity()))
    }
}
