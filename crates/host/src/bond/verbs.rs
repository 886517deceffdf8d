//! Bonds are looked up, restored from the store, made by pairing, and removed. There is one for each identity.

use super::{Bond, BondSlot, slot::Saved};
use crate::{
    Core,
    error::{Error, Resource},
    event::HostNews,
    fmt::warning,
    link::LinkId,
};
use jelling_wire::Address;

impl Core<'_> {
    /// Copies of the bonds in the slots.
    pub fn bonds(&self) -> impl Iterator<Item = Bond> + '_ {
        self.bonds.iter().filter_map(BondSlot::bond).cloned()
    }

    /// The bond of a link's peer.
    pub fn bond_of(&self, id: LinkId) -> Option<Bond> {
        self.link(id).ok()?;
        self.bond_at(usize::from(id.index)).cloned()
    }

    /// The bond of a peer, by its identity or a resolvable address of it.
    pub fn find_bond(&self, address: Address) -> Option<Bond> {
        let at = self.bond_slot_of(&address)?;
        self.bonds.get(at).and_then(BondSlot::bond).cloned()
    }

    /// Forgets a peer, by its identity: its keys are wiped, and the store is told. A link that is encrypted with them stays so until
    /// it ends, and is no longer bonded. `NotBonded` where no slot has the peer.
    pub fn remove_bond(&mut self, peer: Address) -> Result<(), Error> {
        let at = self.bonds.iter().position(|slot| slot.is_of(&peer)).ok_or(Error::NotBonded)?;
        self.free_bond(at);
        Ok(())
    }

    /// True where the store is still to be told that the bond of this peer is gone.
    pub fn is_being_removed(&self, peer: Address) -> bool {
        self.bonds.iter().any(|slot| slot.to_remove() == Some(peer))
    }

    /// Puts a bond into a slot as a store kept it. One that is in a slot already is newer, and stays. One that was removed is
    /// there again, and the store is not told to remove it: see `is_being_removed`.
    ///
    /// Where the slots are full, the bond that was used least recently goes, of those that the store has and whose peers are not
    /// connected; the store keeps it. `Full` where that is the new one itself, `InvalidArgument` for what no pairing makes.
    pub fn restore_bond(&mut self, bond: &Bond) -> Result<(), Error> {
        bond.check()?;
        self.state.bonding.last_use = self.state.bonding.last_use.max(bond.last_use);
        if self.bonds.iter().any(|slot| slot.is_of(&bond.peer)) {
            return Ok(());
        }
        let at = match self.free_bond_slot(&bond.peer) {
            Some(at) => at,
            None => {
                let oldest = self.least_used(|slot| slot.saved == Saved::Yes && slot.bond.last_use < bond.last_use);
                let Some(at) = oldest else {
                    warning!("no slot for the bond with {}: raise `Bonds` in Resources", bond.peer);
                    return Err(Error::Full(Resource::Bonds));
                };
                self.free_bond(at);
                // It stays in the store.
                if let Some(slot) = self.bonds.get_mut(at) {
                    slot.stored.set(None);
                }
                at
            }
        };
        self.put_bond(at, bond.clone(), Saved::Yes);
        self.find_bonds();
        Ok(())
    }

    /// True where a peer with another identity has the IRK of a bond.
    pub(crate) fn shares_identity_key(&self, bond: &Bond) -> bool {
        self.bonds.iter().filter_map(BondSlot::bond).any(|other| other.peer != bond.peer && other.is_same_peer(bond))
    }

    /// Whether a bond that pairing on a link has made may take the place of those with the same peer: none of them encrypts another
    /// link, whose peer it then is; and, where that is asked for, none is better.
    pub(crate) fn may_replace_bonds(&self, index: usize, bond: &Bond, strict: bool) -> bool {
        let mut same =
            self.bonds.iter().enumerate().filter(|(_, slot)| slot.bond().is_some_and(|b| b.is_same_peer(bond)));
        !same.any(|(at, slot)| {
            let others = self.links.iter().enumerate().filter(|(other, link)| *other != index && link.is_up());
            let in_use =
                others.into_iter().any(|(_, link)| link.uses_bond && link.bond.get().map(usize::from) == Some(at));
            in_use || (strict && slot.bond().is_some_and(|old| bond.level().is_weaker_than(&old.level())))
        })
    }

    /// Pairing with the peer of a link is complete: its bond takes the place of one with the same identity, or of the least recently
    /// used whose peer is not connected, which goes from the store too. What the peer wrote on this link is part of it.
    pub(crate) fn keep_bond(&mut self, index: usize, mut bond: Bond) -> Result<(), Error> {
        bond.check()?;
        // One that the peer has under another identity goes.
        for at in 0..self.bonds.len() {
            let old = self.bonds.get(at).and_then(BondSlot::bond);
            if old.is_some_and(|old| old.peer != bond.peer && old.is_same_peer(&bond)) {
                self.free_bond(at);
            }
        }
        let same = self.bonds.iter().position(|slot| slot.is_of(&bond.peer));
        let free = same.or_else(|| self.free_bond_slot(&bond.peer)).or_else(|| self.least_used(|_| true));
        let at = free.ok_or(Error::Full(Resource::Bonds))?;
        if same.is_none() {
            self.free_bond(at);
        }
        bond.last_use = self.next_use();
        #[cfg(feature = "server")]
        self.fill_bond(index, &mut bond);
        self.put_bond(at, bond, Saved::No);
        self.state.news |= HostNews::BONDS;
        self.join_bond(index, at);
        #[cfg(any(feature = "client", feature = "server"))]
        self.share_signing(at);
        if let Some(link) = self.links.get_mut(index) {
            link.uses_bond = link.security.encrypted;
        }
        self.tell_security(index);
        Ok(())
    }

    /// The slot of the bond that an address belongs to.
    pub(crate) fn bond_slot_of(&self, address: &Address) -> Option<usize> {
        let by_identity = self.bonds.iter().position(|slot| slot.is_of(address));
        by_identity.or_else(|| {
            let bonds = self.bonds.iter().enumerate().filter_map(|(at, slot)| Some((at, slot.bond()?)));
            // A store may have two with one IRK: the one that was used last is meant.
            bonds.filter(|(_, bond)| bond.is_of(address)).max_by_key(|(_, bond)| bond.last_use).map(|(at, _)| at)
        })
    }

    /// A free slot: best the one that knows that the store has the peer.
    fn free_bond_slot(&self, peer: &Address) -> Option<usize> {
        let known = self.bonds.iter().position(|slot| !slot.used && slot.stored.get() == Some(*peer));
        let unused = || self.bonds.iter().position(|slot| !slot.used && slot.stored.get().is_none());
        known.or_else(unused).or_else(|| self.bonds.iter().position(|slot| !slot.used))
    }

    /// The slot that was used least recently, of those that may go and whose peer is not connected.
    fn least_used(&self, may_go: impl Fn(&BondSlot) -> bool) -> Option<usize> {
        let idle = self.bonds.iter().enumerate().filter(|(at, slot)| may_go(slot) && !self.is_bond_connected(*at));
        idle.min_by_key(|(_, slot)| slot.bond.last_use).map(|(at, _)| at)
    }

    fn is_bond_connected(&self, at: usize) -> bool {
        self.links.iter().any(|link| link.is_up() && link.bond.get().map(usize::from) == Some(at))
    }

    fn put_bond(&mut self, at: usize, bond: Bond, saved: Saved) {
        // The store has one bond of this peer, whichever slot it was in: none of them removes it any more.
        for (other, slot) in self.bonds.iter_mut().enumerate() {
            if other != at && slot.stored.get() == Some(bond.peer) {
                slot.stored.set(None);
            }
        }
        if let Some(slot) = self.bonds.get_mut(at) {
            slot.put(bond, saved);
        }
    }

    fn free_bond(&mut self, at: usize) {
        let Some(slot) = self.bonds.get_mut(at).filter(|slot| slot.used) else { return };
        slot.free();
        self.state.news |= HostNews::BONDS;
        for index in 0..self.links.len() {
            if self.links.get(index).is_some_and(|l| l.bond.get().map(usize::from) == Some(at)) {
                self.withdraw_key(index);
                self.leave_bond(index);
            }
        }
    }

    /// The bond is the one that was used last. Only a change of the order is news, or flash would be worn by every link.
    pub(super) fn bond_used(&mut self, at: usize) {
        let Some(last_use) = self.bonds.get(at).and_then(BondSlot::bond).map(|bond| bond.last_use) else { return };
        let mut bonds = self.bonds.iter().enumerate();
        if bonds.all(|(other, slot)| other == at || !slot.used || slot.bond.last_use < last_use) {
            return;
        }
        let next = self.next_use();
        if let Some(slot) = self.bonds.get_mut(at) {
            slot.bond.last_use = next;
        }
        self.bond_changed(at);
    }

    /// A number greater than that of every bond. Where there is none, they are numbered anew in their order.
    fn next_use(&mut self) -> u32 {
        if self.state.bonding.last_use == u32::MAX {
            self.renumber_bonds();
        }
        self.state.bonding.last_use = self.state.bonding.last_use.saturating_add(1);
        self.state.bonding.last_use
    }

    fn renumber_bonds(&mut self) {
        let mut count = 0;
        // Those that have their number have one up to the count, and the others greater ones.
        while let Some(next) = self.bonds.iter().map(|slot| slot.bond.last_use).filter(|last| *last > count).min() {
            count = count.saturating_add(1);
            for slot in self.bonds.iter_mut().filter(|slot| slot.bond.last_use == next) {
                slot.bond.last_use = count;
                slot.saved = Saved::No;
            }
        }
        self.state.bonding.last_use = count;
    }
}
