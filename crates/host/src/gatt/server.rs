//! Values of the server: read and written by the application, and by peers through the door of permissions.

use super::{
    AccessKind, Properties,
    attribute::{AttributeFlags, Backing, Kind, Subscriber},
};
use crate::{
    Core,
    att::Slot,
    error::Error,
    event::HostNews,
    link::{LinkId, Owed},
};
use core::task::Poll;
use jelling_wire::{Uuid, att::ErrorCode, copy};

/// An attribute as a handle names it: its number, and in which of the successive tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct AttributeId {
    pub(crate) handle: u16,
    pub(crate) generation: u16,
}

impl AttributeId {
    /// The attribute handle.
    pub const fn handle(self) -> u16 {
        self.handle
    }
}

impl Core<'_> {
    /// The slot that a handle names, in the table in force or in the one being registered.
    pub(crate) fn attribute(&self, id: AttributeId) -> Result<usize, Error> {
        let table = &self.state.table;
        if id.generation == table.generation && table.length != 0 {
            return self.find(id.handle).ok_or(Error::Stale);
        }
        if table.building && id.generation == table.pending_generation {
            let at = self.pending().iter().position(|a| a.handle == id.handle).ok_or(Error::Stale)?;
            return Ok(at.saturating_add(table.length.into()));
        }
        Err(Error::Stale)
    }

    /// The UUID of an attribute: a service's own, a value's or descriptor's type.
    pub fn attribute_uuid(&self, id: AttributeId) -> Result<Uuid, Error> {
        self.attribute(id).and_then(|at| Uuid::from_le_bytes(self.uuid_of(at)).ok_or(Error::Stale))
    }

    /// A characteristic's properties.
    pub fn attribute_properties(&self, id: AttributeId) -> Result<Properties, Error> {
        let at = self.attribute(id)?;
        self.attributes.get(at).map(|a| a.properties).ok_or(Error::Stale)
    }

    /// Copies a value and tells its whole length.
    pub fn read_local(&self, id: AttributeId, target: &mut [u8]) -> Result<usize, Error> {
        let value = self.stored(self.attribute(id)?);
        copy(target, value);
        Ok(value.len())
    }

    /// Sets a value; no peer is told. `TooLong` where there is no room for it, `InvalidValue` where it is shorter than a value of fixed
    /// length, `NotSupported` where the value is a constant.
    pub fn write_local(&mut self, id: AttributeId, value: &[u8]) -> Result<(), Error> {
        let at = self.attribute(id)?;
        let attribute = self.attributes.get(at).ok_or(Error::Stale)?;
        let capacity = usize::from(attribute.capacity);
        if matches!(attribute.backing, Backing::Constant(_)) {
            return Err(Error::NotSupported);
        }
        if value.len() > capacity {
            return Err(Error::TooLong);
        }
        if value.len() != capacity && !attribute.flags.contains(AttributeFlags::VARIABLE) {
            return Err(Error::InvalidValue);
        }
        self.replace(at, value);
        Ok(())
    }

    pub(super) fn replace(&mut self, at: usize, value: &[u8]) {
        let Some(attribute) = self.attributes.get_mut(at) else { return };
        attribute.length = u16::try_from(value.len()).unwrap_or(0);
        let start = usize::from(attribute.offset);
        copy(self.values.get_mut(start..start.saturating_add(value.len())).unwrap_or_default(), value);
    }

    /// A peer's write of a whole value, by the request or the command in `slot`.
    pub(crate) fn write_from_peer(
        &mut self,
        link: usize,
        slot: Slot,
        handle: u16,
        value: &[u8],
    ) -> Result<(), ErrorCode> {
        let at = self.find(handle).ok_or(ErrorCode::INVALID_HANDLE)?;
        self.may_write(link, at)?;
        let attribute = self.attributes.get(at).ok_or(ErrorCode::INVALID_HANDLE)?;
        if attribute.is_of_link() {
            return self.put_from_peer(link, at, 0, value);
        }
        let variable = attribute.flags.contains(AttributeFlags::VARIABLE);
        let start = attribute.base();
        let capacity = usize::from(attribute.capacity);
        let is_longer = start.saturating_add(value.len()) > capacity;
        if (is_longer && !attribute.flags.contains(AttributeFlags::CUTS)) || (!variable && value.len() != capacity) {
            return Err(ErrorCode::INVALID_ATTRIBUTE_VALUE_LENGTH);
        }
        self.has_room_to_capture(at)?;
        self.admit(link, slot, at, AccessKind::Write, 0)?;
        self.put_from_peer(link, at, start, value)
    }

    /// Puts what a peer wrote into a value, from `start` on; what is too much is cut, and a variable value ends with it.
    pub(crate) fn put_from_peer(
        &mut self,
        link: usize,
        at: usize,
        start: usize,
        octets: &[u8],
    ) -> Result<(), ErrorCode> {
        let Some(attribute) = self.attributes.get_mut(at) else { return Err(ErrorCode::INVALID_HANDLE) };
        if attribute.kind == Kind::Cccd {
            return self.subscribe_peer(link, at, octets);
        }
        if attribute.is_client_features() {
            return self.set_client_features(link, octets);
        }
        let room = usize::from(attribute.capacity).saturating_sub(start);
        let octets = octets.get(..room).unwrap_or(octets);
        let end = start.saturating_add(octets.len());
        if attribute.flags.contains(AttributeFlags::VARIABLE) {
            attribute.length = u16::try_from(end).unwrap_or(0);
        }
        let offset = usize::from(attribute.offset);
        copy(self.values.get_mut(offset.saturating_add(start)..).unwrap_or_default(), octets);
        self.captured(at, link, octets);
        self.note_writer(at, link);
        Ok(())
    }

    fn note_writer(&mut self, at: usize, link: usize) {
        let (Some(writer), Some(attribute)) = (self.link_id(link), self.attributes.get_mut(at)) else { return };
        attribute.writer = writer.to_octets();
        attribute.flags.insert(AttributeFlags::WRITTEN);
        // A captured write is told by its queue.
        if attribute.queue == 0 {
            attribute.flags.insert(AttributeFlags::NEWS);
            self.state.news |= HostNews::ATTRIBUTES;
        }
    }

    /// Who wrote since the last call, if anyone; the value is the attribute's. With a capture queue use `captured_write`.
    pub fn take_written(&mut self, id: AttributeId) -> Poll<Result<LinkId, Error>> {
        let at = match self.attribute(id) {
            Ok(at) => at,
            Err(error) => return Poll::Ready(Err(error)),
        };
        match self.attributes.get_mut(at) {
            Some(attribute) if attribute.flags.contains(AttributeFlags::WRITTEN) => {
                attribute.flags.remove(AttributeFlags::WRITTEN);
                Poll::Ready(Ok(LinkId::from_octets(attribute.writer)))
            }
            _ => Poll::Pending,
        }
    }

    /// A peer's write to a CCCD.
    fn subscribe_peer(&mut self, link: usize, at: usize, value: &[u8]) -> Result<(), ErrorCode> {
        let Ok(octets) = <[u8; 2]>::try_from(value) else { return Err(ErrorCode::INVALID_ATTRIBUTE_VALUE_LENGTH) };
        let wanted = u16::from_le_bytes(octets);
        self.may_subscribe(at, wanted)?;
        let mut kinds = Subscriber::empty();
        kinds.set(Subscriber::NOTIFY, wanted & 1 != 0);
        kinds.set(Subscriber::INDICATE, wanted & 2 != 0);
        self.subscribed_by(link, at, kinds | Subscriber::WRITTEN);
        #[cfg(feature = "security")]
        self.keep_subscription(link, at);
        Ok(())
    }

    /// A peer has subscribed by the CCCD in slot `at`, by a write or by its bond: the application is told.
    pub(super) fn subscribed_by(&mut self, link: usize, at: usize, kinds: Subscriber) {
        let mut subscriber = kinds | Subscriber::CHANGED;
        if subscriber.intersects(Subscriber::NOTIFY | Subscriber::INDICATE) {
            // Who subscribes once more is still owed what it has not been told.
            subscriber |= self.subscriber(at, link).intersection(Subscriber::PENDING);
        }
        self.set_subscriber(at, link, subscriber);
        if let Some(value) = self.cccd_value(at)
            && let Some(attribute) = self.attributes.get_mut(value)
        {
            attribute.flags.insert(AttributeFlags::NEWS);
            self.state.news |= HostNews::ATTRIBUTES;
        }
    }

    /// Whether a CCCD may have this value: what the characteristic does not offer is refused, and one that belongs to no
    /// characteristic takes anything.
    pub(crate) fn may_subscribe(&self, at: usize, wanted: u16) -> Result<(), ErrorCode> {
        let value = self.cccd_value(at).and_then(|value| self.attributes.get(value));
        let offered = value.map_or(Properties::empty(), |a| a.properties);
        let lacks = |bit, property| wanted & bit != 0 && !offered.contains(property);
        if !offered.is_empty() && (lacks(1, Properties::NOTIFY) || lacks(2, Properties::INDICATE)) {
            return Err(ErrorCode::VALUE_NOT_ALLOWED);
        }
        Ok(())
    }

    /// The value that a CCCD is about.
    pub(crate) fn cccd_value(&self, cccd: usize) -> Option<usize> {
        let before = self.attributes.get(..cccd)?;
        let distance = before.iter().rev().position(|a| a.kind == Kind::Value || a.is_service())?;
        let at = cccd.checked_sub(distance.checked_add(1)?)?;
        self.attributes.get(at).filter(|a| a.kind == Kind::Value).map(|_| at)
    }

    /// The CCCD of a value.
    pub(crate) fn cccd_of(&self, value: usize) -> Option<usize> {
        let start = value.checked_add(1)?;
        let rest = self.attributes.get(start..usize::from(self.state.table.length))?;
        let own = rest.iter().take_while(|a| matches!(a.kind, Kind::Descriptor | Kind::Cccd));
        let distance = own.clone().position(|a| a.kind == Kind::Cccd)?;
        start.checked_add(distance)
    }

    #[inline(never)]
    pub(crate) fn subscriber(&self, cccd: usize, link: usize) -> Subscriber {
        let offset = self.attributes.get(cccd).map_or(0, |a| usize::from(a.offset));
        Subscriber::from_bits_truncate(self.values.get(offset.saturating_add(link)).copied().unwrap_or(0))
    }

    pub(crate) fn set_subscriber(&mut self, cccd: usize, link: usize, subscriber: Subscriber) {
        let offset = self.attributes.get(cccd).map_or(0, |a| usize::from(a.offset));
        if let Some(octet) = self.values.get_mut(offset.saturating_add(link)) {
            *octet = subscriber.bits();
        }
    }

    /// What a peer subscribed to: a CCCD belongs to a link here (Vol 3, Part G, 3.3.3.3).
    pub(crate) fn forget_subscriber(&mut self, id: LinkId) {
        for at in 0..usize::from(self.state.table.length) {
            if self.attributes.get(at).is_some_and(|a| a.kind == Kind::Cccd) {
                self.set_subscriber(at, usize::from(id.index), Subscriber::empty());
            }
        }
        if let Ok(link) = self.link_mut(id) {
            link.owed.remove(Owed::UPDATES);
        }
    }
}
