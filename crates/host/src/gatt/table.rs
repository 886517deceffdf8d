//! Looking things up in the table in force: by handle, by range, by type; and each attribute's value as ATT sees it.

use super::attribute::{Attribute, AttributeFlags, Backing, Kind, Subscriber};
use crate::Core;
use core::ops::Range;
use jelling_wire::Writer;

/// The table in force, and the one being registered behind it in the same slots. The default services are a prefix of the one in
/// force: the next table keeps it where it is, or has one of its own.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Table {
    pub(crate) length: u16,
    pub(crate) octets: u16,
    pub(crate) generation: u16,
    pub(crate) building: bool,
    pub(crate) pending: u16,
    pub(crate) pending_octets: u16,
    pub(crate) pending_generation: u16,
    /// The default services: how many attributes, with how many octets.
    pub(crate) defaults: u16,
    pub(crate) default_octets: u16,
    /// What of the table in force the pending one keeps in front: nothing, or the default services.
    pub(crate) kept: u16,
    pub(crate) kept_octets: u16,
    /// The default services that the pending table begins with.
    pub(crate) pending_defaults: u16,
    pub(crate) pending_default_octets: u16,
    /// The Database Hash of the table in force, as it is read.
    #[cfg(feature = "security")]
    pub(crate) hash: [u8; 16],
}

impl Table {
    pub(crate) const NEW: Table = Table {
        length: 0,
        octets: 0,
        generation: 0,
        building: false,
        pending: 0,
        pending_octets: 0,
        pending_generation: 0,
        defaults: 0,
        default_octets: 0,
        kept: 0,
        kept_octets: 0,
        pending_defaults: 0,
        pending_default_octets: 0,
        #[cfg(feature = "security")]
        hash: [0; 16],
    };
}

/// Types of declarations, as they go over the air.
pub(crate) const PRIMARY_SERVICE: [u8; 2] = 0x2800_u16.to_le_bytes();
pub(crate) const SECONDARY_SERVICE: [u8; 2] = 0x2801_u16.to_le_bytes();
pub(crate) const INCLUDE: [u8; 2] = 0x2802_u16.to_le_bytes();
pub(crate) const CHARACTERISTIC: [u8; 2] = 0x2803_u16.to_le_bytes();
pub(crate) const CCCD: [u8; 2] = 0x2902_u16.to_le_bytes();

/// Room for the value of a declaration: of a characteristic with a UUID of 128 bits at most.
pub(crate) const DECLARED: [u8; 19] = [0; 19];

impl Core<'_> {
    /// How many attributes of the table in force have handles below this one.
    #[inline(never)]
    fn count_below(&self, handle: u16) -> usize {
        self.in_force().partition_point(|a| a.handle < handle)
    }

    /// The slot of an attribute of the table in force.
    pub(crate) fn find(&self, handle: u16) -> Option<usize> {
        let at = self.count_below(handle);
        self.in_force().get(at).filter(|a| a.handle == handle).map(|_| at)
    }

    /// The slots of a handle range.
    pub(crate) fn range(&self, start: u16, end: u16) -> Range<usize> {
        let behind = match end.checked_add(1) {
            Some(next) => self.count_below(next),
            None => self.state.table.length.into(),
        };
        self.count_below(start)..behind
    }

    /// The UUID that a slot holds, a service's own or the type of an attribute, in its shortest form.
    pub(crate) fn uuid_of(&self, at: usize) -> &[u8] {
        let Some(attribute) = self.attributes.get(at) else { return &[] };
        if attribute.flags.contains(AttributeFlags::LONG_UUID) {
            let start = usize::from(u16::from_le_bytes(attribute.uuid));
            return self.values.get(start..start.saturating_add(16)).unwrap_or_default();
        }
        &attribute.uuid
    }

    /// An attribute's type, in its shortest form.
    pub(crate) fn type_of(&self, at: usize) -> &[u8] {
        match self.attributes.get(at).map(|a| a.kind) {
            Some(Kind::PrimaryService) => &PRIMARY_SERVICE,
            Some(Kind::SecondaryService) => &SECONDARY_SERVICE,
            Some(Kind::Include) => &INCLUDE,
            Some(Kind::Characteristic) => &CHARACTERISTIC,
            Some(Kind::Cccd) => &CCCD,
            _ => self.uuid_of(at),
        }
    }

    /// The last handle of the group that an attribute begins; its own where it begins none (Vol 3, Part F, 3.4.3.4). Services
    /// and characteristics begin one (Vol 3, Part G, 2.5.3).
    pub(crate) fn group_end(&self, at: usize) -> u16 {
        let Some(attribute) = self.attributes.get(at) else { return 0 };
        let is_characteristic = attribute.kind == Kind::Characteristic;
        if !attribute.is_service() && !is_characteristic {
            return attribute.handle;
        }
        if attribute.is_service() && attribute.other() != 0 {
            return attribute.other();
        }
        let ends = |a: &Attribute| a.is_service() || (is_characteristic && a.kind == Kind::Characteristic);
        let group = self.in_force().iter().skip(at.saturating_add(1)).take_while(|a| !ends(a));
        group.last().map_or(attribute.handle, |a| a.handle)
    }

    /// A value as a link's peer sees it: stored, or `declared` from the table.
    pub(crate) fn value<'v>(&'v self, link: usize, at: usize, declared: &'v mut [u8; 19]) -> &'v [u8] {
        let Some(attribute) = self.attributes.get(at) else { return &[] };
        let mut w = Writer::new(declared);
        match attribute.kind {
            Kind::PrimaryService | Kind::SecondaryService => return self.uuid_of(at),
            Kind::Include => {
                let included = self.find(attribute.other()).unwrap_or(usize::MAX);
                w.u16(attribute.other());
                w.u16(self.group_end(included));
                // Vol 3, Part G, 3.2: the UUID stands there only if it has 16 bits.
                let uuid = self.uuid_of(included);
                if uuid.len() == 2 {
                    w.bytes(uuid);
                }
            }
            Kind::Characteristic => {
                let value = at.saturating_add(1);
                w.u8(attribute.properties.bits());
                w.u16(self.attributes.get(value).map_or(0, Attribute::handle));
                w.bytes(self.uuid_of(value));
            }
            Kind::Cccd => {
                let kinds = self.subscriber(at, link) & (Subscriber::NOTIFY | Subscriber::INDICATE);
                w.u16(kinds.bits().into());
            }
            Kind::Value if attribute.is_client_features() => w.u8(self.client_features(link)),
            Kind::Value | Kind::Descriptor | Kind::Free => return self.stored(at),
        }
        w.finish().unwrap_or_default()
    }

    /// A stored value.
    pub(crate) fn stored(&self, at: usize) -> &[u8] {
        let Some(attribute) = self.attributes.get(at) else { return &[] };
        if let Backing::Constant(constant) = attribute.backing {
            return constant;
        }
        let start = usize::from(attribute.offset);
        self.values.get(start..start.saturating_add(usize::from(attribute.length))).unwrap_or_default()
    }

    /// Appends a value, and no more of it than there is room for.
    pub(crate) fn write_value(&self, link: usize, at: usize, w: &mut Writer<'_>) {
        let mut declared = DECLARED;
        let value = self.value(link, at, &mut declared);
        w.bytes(value.get(..w.room()).unwrap_or(value));
    }

    /// How many octets a value has.
    pub(crate) fn value_length(&self, at: usize) -> usize {
        self.value(0, at, &mut { DECLARED }).len()
    }
}
