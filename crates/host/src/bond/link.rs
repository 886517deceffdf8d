//! The bond of a link's peer: found by its address, used when the link is encrypted with its key.

use super::Bond;
use crate::{
    Core,
    event::{Happened, LinkNews},
    link::Link,
};

impl Core<'_> {
    /// The bond of the peer of the link in slot `index`.
    pub(crate) fn bond_at(&self, index: usize) -> Option<&Bond> {
        self.bonds.get(self.bond_slot(index)?)?.bond()
    }

    /// The slot of the bond of a link's peer.
    pub(super) fn bond_slot(&self, index: usize) -> Option<usize> {
        self.links.get(index).filter(|link| link.is_up())?.bond.get().map(usize::from)
    }

    /// A link came up: its peer is looked for among the bonds, by its identity or by every IRK (Vol 3, Part C, 10.8.2.3).
    pub(crate) fn meet_bond(&mut self, index: usize) {
        let Some(link) = self.links.get(index) else { return };
        if let Some(at) = self.bond_slot_of(&link.peer) {
            self.join_bond(index, at);
        }
    }

    /// There is another bond: links without one may be of its peer.
    pub(super) fn find_bonds(&mut self) {
        for index in 0..self.links.len() {
            // Who is encrypted with another key has not shown to be the one whose address it uses.
            let may = |l: &Link| l.is_up() && l.bond.get().is_none() && !l.security.encrypted;
            if self.links.get(index).is_some_and(may) {
                self.meet_bond(index);
                self.tell_security(index);
            }
        }
    }

    /// The peer of a link has the bond in slot `at`.
    #[cfg_attr(
        not(any(feature = "client", feature = "server")),
        expect(unused_variables, reason = "such a host signs nothing")
    )]
    pub(super) fn join_bond(&mut self, index: usize, at: usize) {
        let Some(bond) = self.bonds.get(at).and_then(super::BondSlot::bond) else { return };
        let Some(link) = self.links.get_mut(index) else { return };
        link.bond.set(u8::try_from(at).ok());
        link.security.bonded = true;
        #[cfg(any(feature = "client", feature = "server"))]
        link.signing.restore(bond);
    }

    /// A link has no bond from now on: it was removed, or the link is encrypted with a key that nobody keeps.
    pub(crate) fn leave_bond(&mut self, index: usize) {
        if let Some(link) = self.links.get_mut(index) {
            link.bond.set(None);
            link.uses_bond = false;
            #[cfg(any(feature = "client", feature = "server"))]
            link.signing.forget();
            if core::mem::take(&mut link.security.bonded) {
                self.tell_security(index);
            }
        }
    }

    /// Pairing is complete, and nothing is kept of it: the peer is not the one of a bond, unless it has shown so on this link.
    pub(crate) fn pairing_not_kept(&mut self, index: usize) {
        if self.links.get(index).is_some_and(|link| !link.uses_bond) {
            self.leave_bond(index);
        }
    }

    pub(super) fn tell_security(&mut self, index: usize) {
        if let Some(link) = self.links.get_mut(index) {
            link.happened.insert(Happened::SECURITY);
        }
        self.tell_link(index, LinkNews::LINK);
    }

    /// Changes the bond of a link that is encrypted with its key. What stays as it is is no news.
    #[cfg(feature = "server")]
    #[inline(never)]
    pub(crate) fn change_bond(&mut self, index: usize, change: &dyn Fn(&mut Bond)) {
        let Some(at) = self.bond_slot(index) else { return };
        if self.links.get(index).is_none_or(|link| !link.uses_bond) {
            return;
        }
        let Some(slot) = self.bonds.get_mut(at) else { return };
        let of_client = |bond: &Bond| (bond.client_features, bond.database_hash, bond.subscriptions);
        let before = of_client(slot.bond_mut());
        change(slot.bond_mut());
        if of_client(slot.bond_mut()) != before {
            self.bond_changed(at);
        }
    }

    /// Every link with the peer of a bond signs with the bond's keys.
    #[cfg(any(feature = "client", feature = "server"))]
    pub(super) fn share_signing(&mut self, at: usize) {
        let Some(bond) = self.bonds.get(at).and_then(super::BondSlot::bond) else { return };
        for link in self.links.iter_mut().filter(|link| link.is_up() && link.bond.get().map(usize::from) == Some(at)) {
            link.signing.restore(bond);
        }
    }

    /// A signature was made or verified on a link: its counter is never used again, not after a restart either
    /// (Vol 3, Part H, 2.4.5).
    #[cfg(any(feature = "client", feature = "server"))]
    pub(crate) fn signing_counted(&mut self, index: usize) {
        let Some(at) = self.bond_slot(index) else { return };
        let (Some(link), Some(slot)) = (self.links.get(index), self.bonds.get_mut(at)) else { return };
        link.signing.keep(slot.bond_mut());
        // Another link under the peer's address counts on: what was signed on this one is not said again on that.
        self.share_signing(at);
        self.bond_changed(at);
    }

    /// A link is encrypted with the key of its peer's bond from now on: by that the peer has shown who it is.
    pub(crate) fn on_encrypted(&mut self, index: usize) {
        let Some(at) = self.bond_slot(index) else { return };
        let Some(link) = self.links.get_mut(index) else { return };
        let begins = !core::mem::replace(&mut link.uses_bond, true);
        self.bond_used(at);
        #[cfg(feature = "server")]
        if begins {
            self.restore_client(index);
        }
        #[cfg(not(feature = "server"))]
        let _ = begins;
    }
}
