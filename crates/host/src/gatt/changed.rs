//! The table in force has changed while clients work with the old one: who has subscribed to Service Changed is told, and who takes part
//! in robust caching is held back until it knows (Vol 3, Part G, 2.5.2 and 7). What is kept of a client ends with its link, or stands in
//! its bond: see `restored.rs`.

use super::{
    attribute::{Attribute, Backing, Subscriber},
    defaults,
    table::{CHARACTERISTIC, INCLUDE},
};
use crate::{
    Core,
    event::LinkNews,
    link::{Link, Owed},
};
use bitflags::bitflags;
use core::ops::Range;
use jelling_wire::{
    Uuid,
    att::{ErrorCode, Opcode, error_response},
    copy,
};

bitflags! {
    /// A link's client: what it wrote to Client Supported Features, and whether it knows the table in force.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub(crate) struct Changes: u8 {
        /// It wants to be told that it works with an old table.
        const ROBUST_CACHING = 1;
        /// It can have several ATT bearers.
        const ENHANCED_BEARERS = 2;
        /// It takes several values in one notification.
        const MULTIPLE_NOTIFICATIONS = 4;
        /// It wants to be told, and may not know the table in force: "change-unaware".
        const UNAWARE = 8;
        /// It has been told, by Database Out Of Sync or by the Database Hash: its next request shows that it knows.
        const TOLD = 16;
        /// The indication that it has not confirmed is Service Changed, of the table in force.
        const INDICATED = 32;
        /// It has subscribed to Service Changed of the table that is about to go.
        const FOLLOWS = 64;
        /// It is being told that the table has changed, in whichever way: what its bond holds is of the table before.
        const BEHIND = 128;
    }
}

/// The Database Hash, whether or not this host has one.
const DATABASE_HASH: [u8; 2] = 0x2b2a_u16.to_le_bytes();

/// The first octet of Client Supported Features (Vol 3, Part G, 7.2).
const FEATURES: Changes =
    Changes::ROBUST_CACHING.union(Changes::ENHANCED_BEARERS).union(Changes::MULTIPLE_NOTIFICATIONS);

impl Link {
    /// The client takes part in robust caching, and may not know the table in force.
    pub(crate) fn is_unaware(&self) -> bool {
        self.changes.contains(Changes::UNAWARE)
    }

    pub(super) fn client_features(&self) -> Changes {
        self.changes.intersection(FEATURES)
    }

    /// What the client of a bond supports.
    #[cfg(feature = "security")]
    pub(super) fn restore_client_features(&mut self, features: u8) {
        self.changes.insert(Changes::from_bits_truncate(features).intersection(FEATURES));
    }

    /// The client may not know the table in force, if it takes part in robust caching.
    pub(super) fn begin_unaware(&mut self) {
        if self.changes.contains(Changes::ROBUST_CACHING) {
            self.changes.insert(Changes::UNAWARE | Changes::BEHIND);
            self.changes.remove(Changes::TOLD);
        }
    }
}

impl Core<'_> {
    /// What a link's client supports, as it wrote it.
    pub(crate) fn client_features(&self, link: usize) -> u8 {
        self.links.get(link).map_or(0, |l| l.client_features().bits())
    }

    /// What a client's write to Client Supported Features sets, if it may. Bits that mean nothing, and octets behind the first, are
    /// not kept.
    pub(crate) fn may_support(&self, link: usize, value: &[u8]) -> Result<Changes, ErrorCode> {
        let &first = value.first().ok_or(ErrorCode::INVALID_ATTRIBUTE_VALUE_LENGTH)?;
        let wanted = Changes::from_bits_truncate(first).intersection(FEATURES);
        // Vol 3, Part G, 7.2: a client shall not clear a bit that it has set.
        let set = Changes::from_bits_truncate(self.client_features(link));
        if wanted.contains(set) { Ok(wanted) } else { Err(ErrorCode::VALUE_NOT_ALLOWED) }
    }

    /// A client tells what it supports.
    pub(crate) fn set_client_features(&mut self, link: usize, value: &[u8]) -> Result<(), ErrorCode> {
        let wanted = self.may_support(link, value)?;
        if let Some(slot) = self.links.get_mut(link) {
            slot.changes.insert(wanted);
        }
        #[cfg(feature = "security")]
        self.keep_client_features(link);
        Ok(())
    }

    pub(super) fn in_force(&self) -> &[Attribute] {
        self.attributes.get(..usize::from(self.state.table.length)).unwrap_or_default()
    }

    /// The last handle of the table in force; 0 where there is none.
    pub(super) fn last_handle(&self) -> u16 {
        self.in_force().iter().rposition(Attribute::is_service).map_or(0, |at| self.group_end(at))
    }

    /// Service Changed of the table in force, and its CCCD.
    pub(super) fn service_changed(&self) -> Option<(usize, usize)> {
        let at = self.in_force().iter().position(|a| a.is_value_of(defaults::SERVICE_CHANGED))?;
        Some((at, self.cccd_of(at)?))
    }

    /// Another table is about to take the place of the one in force: notes who has subscribed to Service Changed, whose handle it gives.
    pub(super) fn note_followers(&mut self) -> Option<u16> {
        let (at, cccd) = self.service_changed()?;
        for index in 0..self.links.len() {
            let follows = self.subscriber(cccd, index).contains(Subscriber::INDICATE);
            if let Some(link) = self.links.get_mut(index) {
                link.changes.set(Changes::FOLLOWS, follows);
            }
        }
        self.attributes.get(at).map(|a| a.handle)
    }

    /// The other table is in force: who has subscribed to Service Changed still has, if it is where it was. It tells of this change too.
    /// What came for the old table is not carried out.
    pub(super) fn leave_table(&mut self, followed: Option<u16>) {
        let same = self.service_changed().filter(|(at, _)| self.attributes.get(*at).map(|a| a.handle) == followed);
        for index in 0..self.links.len() {
            self.lose_requests(index);
            let Some(link) = self.links.get_mut(index) else { return };
            let follows = link.changes.contains(Changes::FOLLOWS);
            link.changes.remove(Changes::FOLLOWS);
            if let (true, Some((_, cccd))) = (follows, same) {
                let subscriber = self.subscriber(cccd, index);
                self.set_subscriber(cccd, index, subscriber | Subscriber::INDICATE);
            }
        }
        self.state.work = true;
    }

    /// A table has taken the place of one whose last handle was `before`.
    pub(super) fn table_changed(&mut self, before: u16) {
        let kept = usize::from(self.state.table.kept).checked_sub(1).and_then(|at| self.attributes.get(at));
        let start = kept.map_or(0, |a| a.handle).saturating_add(1);
        let end = before.max(self.last_handle());
        if end < start {
            return;
        }
        let has_features = self.in_force().iter().any(Attribute::is_client_features);
        for index in 0..self.links.len() {
            let Some(link) = self.links.get_mut(index) else { return };
            if !has_features {
                link.changes = Changes::empty();
            } else if link.is_up() {
                link.begin_unaware();
            }
            // A confirmation that comes now is of what was indicated before this.
            link.changes.remove(Changes::INDICATED);
            self.supersede_request(index);
        }
        self.indicate_change(start, end, 0..self.links.len());
        // Who is not told of it works with the table in force.
        #[cfg(feature = "security")]
        for index in 0..self.links.len() {
            self.keep_client(index);
        }
    }

    /// Owes an indication of Service Changed to each subscriber among these links (Vol 3, Part G, 7.1).
    pub(super) fn indicate_change(&mut self, start: u16, end: u16, links: Range<usize>) {
        let Some((at, cccd)) = self.service_changed() else { return };
        let waiting = (0..self.links.len()).any(|link| self.subscriber(cccd, link).contains(Subscriber::PENDING));
        let Some(attribute) = self.attributes.get_mut(at) else { return };
        if !matches!(attribute.backing, Backing::Arena) || attribute.capacity < 4 {
            return;
        }
        attribute.length = 4;
        let at = usize::from(attribute.offset);
        let Some(range) = self.values.get_mut(at..at.saturating_add(4)) else { return };
        let (mut start, mut end) = (start, end);
        if let (true, &[s0, s1, e0, e1]) = (waiting, &*range) {
            // Someone has not been told of the last change yet: one range for both.
            start = start.min(u16::from_le_bytes([s0, s1]));
            end = end.max(u16::from_le_bytes([e0, e1]));
        }
        let ([s0, s1], [e0, e1]) = (start.to_le_bytes(), end.to_le_bytes());
        copy(range, &[s0, s1, e0, e1]);
        for index in links {
            let subscriber = self.subscriber(cccd, index);
            if subscriber.contains(Subscriber::INDICATE)
                && let Some(link) = self.links.get_mut(index)
            {
                link.owed.insert(Owed::UPDATES);
                link.changes.insert(Changes::BEHIND);
                self.state.work = true;
                self.set_subscriber(cccd, index, subscriber | Subscriber::PENDING);
            }
        }
    }

    /// The answer to a request of a client that may not know the table in force, where it is not to be served (2.5.2.1). Of a long request
    /// the first octets do.
    pub(crate) fn out_of_sync(&mut self, index: usize, request: &[u8]) -> Option<[u8; 5]> {
        let link = self.links.get_mut(index).filter(|l| l.is_unaware())?;
        if link.changes.contains(Changes::TOLD) {
            self.now_aware(index);
            return None;
        }
        let (&[opcode, low, high], rest) = request.split_first_chunk::<3>()?;
        // The handle, or the first one.
        let (opcode, handle) = (Opcode(opcode), u16::from_le_bytes([low, high]));
        match opcode {
            Opcode::READ_REQUEST
            | Opcode::READ_BLOB_REQUEST
            | Opcode::READ_MULTIPLE_REQUEST
            | Opcode::READ_MULTIPLE_VARIABLE_REQUEST
            | Opcode::WRITE_REQUEST
            | Opcode::PREPARE_WRITE_REQUEST => {}
            Opcode::READ_BY_TYPE_REQUEST => {
                let (end, kind) = rest.split_first_chunk::<2>()?;
                let kind = Uuid::shortest(kind);
                if kind == INCLUDE || kind == CHARACTERISTIC {
                    return None;
                }
                if handle == 0x0001 && *end == [0xff, 0xff] {
                    if kind == DATABASE_HASH {
                        link.changes.insert(Changes::TOLD);
                    }
                    return None;
                }
            }
            // Discovery, the MTU, and what has no handle.
            _ => return None,
        }
        link.changes.insert(Changes::TOLD);
        Some(error_response(opcode, handle, ErrorCode::DATABASE_OUT_OF_SYNC))
    }

    /// The client knows the table in force; what was held back goes now.
    fn now_aware(&mut self, index: usize) {
        let Some(link) = self.links.get_mut(index) else { return };
        link.changes.remove(Changes::UNAWARE | Changes::TOLD | Changes::BEHIND);
        #[cfg(feature = "security")]
        self.keep_client(index);
        if let Some(id) = self.link_id(index) {
            self.retry_updates(id);
        }
        self.tell_link(index, LinkNews::TRANSMIT);
    }

    /// True when a value is not to be told now: its client may take it for another one's (2.5.2.1).
    pub(crate) fn is_withheld(&self, index: usize, at: usize) -> bool {
        self.links.get(index).is_some_and(Link::is_unaware)
            && self.attributes.get(at).is_none_or(|a| !a.is_value_of(defaults::SERVICE_CHANGED))
    }

    /// An indication of the value in slot `at` goes out.
    pub(crate) fn indication_begun(&mut self, index: usize, at: usize) {
        let changed = self.attributes.get(at).is_some_and(|a| a.is_value_of(defaults::SERVICE_CHANGED));
        if changed && let Some(link) = self.links.get_mut(index) {
            link.changes.insert(Changes::INDICATED);
        }
    }

    /// Our indication was confirmed.
    pub(crate) fn indication_confirmed(&mut self, index: usize) {
        let Some(link) = self.links.get_mut(index) else { return };
        let changed = link.changes.contains(Changes::INDICATED);
        link.changes.remove(Changes::INDICATED);
        if changed && link.is_unaware() {
            self.now_aware(index);
        } else if changed {
            self.caught_up(index);
        }
    }

    /// Who does not take part in robust caching knows the table in force, or no longer wants to be told.
    pub(super) fn caught_up(&mut self, index: usize) {
        let Some(link) = self.links.get_mut(index).filter(|l| l.changes.contains(Changes::BEHIND)) else { return };
        link.changes.remove(Changes::BEHIND);
        #[cfg(feature = "security")]
        self.keep_client(index);
    }
}
