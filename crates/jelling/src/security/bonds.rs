//! The bonds that a host has in its slots (Vol 3, Part C, 9.4.4).

use crate::{
    Connection, Device,
    core::Host,
    gate::{Verb, enter},
};
use jelling_host::{Bond, Error};

impl Host<'_> {
    /// The bonds in the slots of `Bonds`, as they are now: copies.
    pub fn bonds(self) -> impl Iterator<Item = Bond> {
        let mut next = 0;
        ::core::iter::from_fn(move || {
            let bond = enter(self.lock, Verb::Look, |core, _, _| core.bonds().nth(next)).flatten();
            next = next.saturating_add(1);
            bond
        })
    }

    /// Forgets the bond of the device with this identity address; `NotBonded` where there is none. A connection that is encrypted with
    /// it stays so until it ends, and is no longer bonded.
    pub fn remove_bond(self, device: Device) -> Result<(), Error> {
        self.ask(|core| core.remove_bond(device.address()))
    }
}

impl Connection<'_> {
    /// The peer's bond, as it is now: a copy. `None` where there is none, or the link is down.
    pub fn bond(&self) -> Option<Bond> {
        enter(self.host.lock, Verb::Look, |core, _, _| core.bond_of(self.id)).flatten()
    }

    /// Who the peer is: the identity address of its bond, else the address that it connected with (Vol 3, Part C, 10.8.2).
    pub fn identity(&self) -> Result<Device, Error> {
        let info = self.host.ask(|core| core.link_info(self.id))?;
        Ok(self.bond().map_or(info.peer, |bond| bond.peer).into())
    }
}
