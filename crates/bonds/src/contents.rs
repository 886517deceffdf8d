//! What a store holds, whatever keeps it.

use jelling::{Address, Bond, Identity, security::Record};

/// Our own identity, and bonds: one for each peer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contents {
    /// Our own identity, if there is one.
    pub identity: Option<Identity>,
    /// The bonds, in the order in which they were made.
    pub bonds: Vec<Bond>,
}

impl Contents {
    /// Puts a bond in the place of the one with the same peer.
    pub(crate) fn put(&mut self, bond: &Bond) {
        match self.bonds.iter_mut().find(|known| known.peer == bond.peer) {
            Some(known) => known.clone_from(bond),
            None => self.bonds.push(bond.clone()),
        }
    }

    /// Takes the bond of a peer away.
    pub(crate) fn remove(&mut self, peer: Address) {
        self.bonds.retain(|bond| bond.peer != peer);
    }

    /// Everything, as a host loads it.
    pub(crate) fn each(&self, mut each: impl FnMut(Record)) {
        if let Some(identity) = self.identity {
            each(Record::Identity(identity));
        }
        self.bonds.iter().cloned().map(Record::Bond).for_each(each);
    }
}
