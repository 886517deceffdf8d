//! What a bonded client finds again on its next link: its subscriptions, its features, and whether it knows the table in force
//! (Vol 3, Part G, 2.5.2.1, 3.3.3.3 and 7.2). Its bond has them, and counts from the moment in which the link is encrypted with its key.

use super::{
    Updates,
    attribute::{Attribute, Kind, Subscriber},
    changed::Changes,
};
use crate::{Core, Subscriptions, fmt::debug};

impl Core<'_> {
    /// The link is encrypted with the key of its bond: who is there is the client that the bond is of. What it has written on this
    /// link already stays as it is.
    pub(crate) fn restore_client(&mut self, index: usize) {
        let Some(bond) = self.bond_at(index) else { return };
        let (features, subscriptions) = (bond.client_features, bond.subscriptions);
        let knows = bond.database_hash == Some(self.state.table.hash);
        // In a table without the characteristic nobody takes part in what it offers; the bond remembers it for another.
        let has_features = self.in_force().iter().any(Attribute::is_client_features);
        if has_features && let Some(link) = self.links.get_mut(index) {
            link.restore_client_features(features);
        }
        for (handle, updates) in subscriptions.iter() {
            self.restore_subscription(index, handle, updates, knows);
        }
        if !knows {
            self.table_differs(index);
        }
        if has_features {
            self.keep_client_features(index);
        }
        self.keep_client(index);
    }

    /// Subscribes a client once more. In another table than it knows, the handle is somebody else's: only Service Changed, which
    /// stays where it is as long as there are bonds (Vol 3, Part G, 7.1), is still what it was.
    fn restore_subscription(&mut self, index: usize, handle: u16, updates: Updates, knows: bool) {
        let Some(at) = self.find(handle).filter(|at| self.attributes.get(*at).is_some_and(|a| a.kind == Kind::Cccd))
        else {
            return;
        };
        let is_same = knows || self.service_changed().is_some_and(|(_, cccd)| cccd == at);
        let before = self.subscriber(at, index);
        if !is_same
            || before.contains(Subscriber::WRITTEN)
            || self.may_subscribe(at, u16::from(updates.bits())).is_err()
        {
            return;
        }
        let kinds = Subscriber::from_bits_truncate(updates.bits());
        if !before.contains(kinds) {
            self.subscribed_by(index, at, kinds);
        }
    }

    /// The table is not the one that the client knows: it is told all of it has changed, as far as it wants to be told.
    fn table_differs(&mut self, index: usize) {
        let Some(link) = self.links.get_mut(index) else { return };
        link.begin_unaware();
        // A confirmation that comes now is of less than that.
        link.changes.remove(Changes::INDICATED);
        self.indicate_change(0x0001, 0xffff, index..index.saturating_add(1));
    }

    /// What a link's client has subscribed to.
    fn subscriptions_of(&self, index: usize) -> Subscriptions {
        let mut all = Subscriptions::NONE;
        for (at, attribute) in self.in_force().iter().enumerate().filter(|(_, a)| a.kind == Kind::Cccd) {
            let updates = Updates::from_bits_truncate(self.subscriber(at, index).bits());
            if !all.set(attribute.handle, updates) {
                debug!("a bond has no room for the subscription by {}: it ends with the link", attribute.handle);
            }
        }
        all
    }

    /// What a bond that is new has of its client: what the client did on this link.
    pub(crate) fn fill_bond(&self, index: usize, bond: &mut crate::Bond) {
        let Some(link) = self.links.get(index) else { return };
        bond.client_features = link.client_features().bits();
        bond.subscriptions = self.subscriptions_of(index);
        bond.database_hash = (!link.changes.contains(Changes::BEHIND)).then_some(self.state.table.hash);
    }

    /// The bond of a link gets what its client subscribed to, and the table that it knows. As long as the client is being told
    /// that the table has changed, the bond is of the table before: a link that ends meanwhile has told nothing.
    pub(super) fn keep_client(&mut self, index: usize) {
        let knows = self.links.get(index).is_some_and(|link| !link.changes.contains(Changes::BEHIND));
        if knows {
            let (subscriptions, hash) = (self.subscriptions_of(index), Some(self.state.table.hash));
            self.change_bond(index, &|bond| (bond.subscriptions, bond.database_hash) = (subscriptions, hash));
        }
    }

    /// A client told what it supports.
    pub(super) fn keep_client_features(&mut self, index: usize) {
        let features = self.client_features(index);
        self.change_bond(index, &|bond| bond.client_features = features);
    }

    /// A client wrote a CCCD.
    pub(super) fn keep_subscription(&mut self, index: usize, at: usize) {
        let Some(handle) = self.attributes.get(at).map(|a| a.handle) else { return };
        let updates = Updates::from_bits_truncate(self.subscriber(at, index).bits());
        let is_service_changed = self.service_changed().is_some_and(|(_, cccd)| cccd == at);
        let unaware = self.links.get(index).is_some_and(crate::link::Link::is_unaware);
        if is_service_changed {
            self.change_bond(index, &|bond| _ = bond.subscriptions.set(handle, updates));
            if updates.is_empty() && !unaware {
                self.caught_up(index);
            }
        } else {
            self.keep_client(index);
        }
    }
}
