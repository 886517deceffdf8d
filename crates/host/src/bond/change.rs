//! What the store is told: what it does not have yet, one record after the other.

use super::{Bond, Identity, slot::Saved};
use crate::{Core, event::HostNews};
use jelling_wire::Address;

/// Something for the store to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BondChange {
    /// Save this bond, in the place of the one with the same peer.
    Saved(Bond),
    /// Remove the bond of this peer: it was removed, or had to make room for another. Nothing to do where there is none.
    Removed(Address),
    /// Save our own identity.
    Identity(Identity),
}

impl Core<'_> {
    /// The next change that the store has not kept. It is told again and again, as it is by then, until `bond_change_kept`: so none
    /// is lost when saving one is given up.
    pub fn bond_change(&mut self) -> Option<BondChange> {
        // Without our identity a bond is of no use; and what is removed makes room.
        if let Some(change) = self.identity_change() {
            return Some(change);
        }
        if let Some(peer) = self.bonds.iter().find_map(|slot| slot.to_remove()) {
            return Some(BondChange::Removed(peer));
        }
        let slot = self.bonds.iter_mut().find(|slot| slot.used && slot.saved != Saved::Yes)?;
        slot.saved = Saved::UnderWay;
        // From now on the store may have it.
        slot.stored.set(Some(slot.bond.peer));
        Some(BondChange::Saved(slot.bond.clone()))
    }

    /// The store has done what `bond_change` told last.
    pub fn bond_change_kept(&mut self, change: &BondChange) {
        match change {
            BondChange::Identity(_) if self.state.bonding.identity == Saved::UnderWay => {
                self.state.bonding.identity = Saved::Yes;
            }
            BondChange::Identity(_) => {}
            BondChange::Saved(bond) => {
                let slot = self.bonds.iter_mut().find(|slot| slot.is_of(&bond.peer));
                if let Some(slot) = slot.filter(|slot| slot.saved == Saved::UnderWay) {
                    slot.saved = Saved::Yes;
                }
            }
            BondChange::Removed(peer) => {
                for slot in self.bonds.iter_mut().filter(|slot| slot.stored.get() == Some(*peer)) {
                    slot.stored.set(None);
                    // It is there again: what was saved before is gone.
                    if slot.is_of(peer) {
                        slot.saved = Saved::No;
                    }
                }
            }
        }
        if self.has_bond_change() {
            self.state.news |= HostNews::BONDS;
        }
    }

    /// The next change, for a store that cannot fail: it counts as kept.
    pub fn take_bond_change(&mut self) -> Option<BondChange> {
        let change = self.bond_change()?;
        self.bond_change_kept(&change);
        Some(change)
    }

    fn has_bond_change(&self) -> bool {
        let unsaved =
            self.bonds.iter().any(|slot| (slot.used && slot.saved == Saved::No) || slot.to_remove().is_some());
        unsaved || self.state.bonding.identity == Saved::No
    }

    /// What a slot keeps has changed.
    pub(super) fn bond_changed(&mut self, at: usize) {
        if let Some(slot) = self.bonds.get_mut(at) {
            slot.saved = Saved::No;
            self.state.news |= HostNews::BONDS;
        }
    }
}
