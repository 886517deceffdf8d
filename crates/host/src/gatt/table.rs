//! Looking things up in the table in force: by handle, by range, by type; and each attribute's value as ATT sees it.

use super::attribute::{Attribute, AttributeFlags, Backing, Kind, Subscriber};
use crate::Core;
use core::ops::Range;
use jelling_wire::{Reader, Uuid, Writer};

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

pub(crate) const PRIMARY_SERVICE: Uuid = Uuid::new16(0x2800);
pub(crate) const SECONDARY_SERVICE: Uuid = Uuid::new16(0x2801);
pub(crate) const INCLUDE: Uuid = Uuid::new16(0x2802);
pub(crate) const CHARACTERISTIC: Uuid = Uuid::new16(0x2803);
pub(crate) const CCCD: Uuid = Uuid::new16(0x2902);

impl Core<'_> {
    /// The slot of an attribute of the table in force.
    pub(crate) fn find(&self, handle: u16) -> Option<usize> {
        let table = self.attributes.get(..usize::from(self.state.table.length))?;
        table.binary_search_by_key(&handle, |a| a.handle).ok()
    }

    /// The slots of a handle range.
    pub(crate) fn range(&self, start: u16, end: u16) -> Range<usize> {
        let table = self.attributes.get(..usize::from(self.state.table.length)).unwrap_or_default();
        table.partition_point(|a| a.handle < start)..table.partition_point(|a| a.handle <= end)
    }

    /// The UUID that a slot holds: a service's, or an attribute's type.
    pub(crate) fn uuid_of(&self, at: usize) -> Option<Uuid> {
        let attribute = self.attributes.get(at)?;
        if attribute.flags.contains(AttributeFlags::LONG_UUID) {
            let start = usize::from(attribute.uuid);
            return Uuid::from_le_bytes(self.values.get(start..start.saturating_add(16))?);
        }
        Some(Uuid::new16(attribute.uuid))
    }

    /// An attribute's handle and type.
    pub(crate) fn attribute_type(&self, at: usize) -> Option<(u16, Uuid)> {
        let attribute = self.attributes.get(at)?;
        let uuid = match attribute.kind {
            Kind::Free => return None,
            Kind::PrimaryService => PRIMARY_SERVICE,
            Kind::SecondaryService => SECONDARY_SERVICE,
            Kind::Include => INCLUDE,
            Kind::Characteristic => CHARACTERISTIC,
            Kind::Cccd => CCCD,
            Kind::Value | Kind::Descriptor => self.uuid_of(at)?,
        };
        Some((attribute.handle, uuid))
    }

    /// The last handle of the group that an attribute begins; its own where it begins none (Vol 3, Part F, 3.4.3.4). Services
    /// and characteristics begin one (Vol 3, Part G, 2.5.3).
    pub(crate) fn group_end(&self, at: usize) -> u16 {
        let Some(attribute) = self.attributes.get(at) else { return 0 };
        let is_characteristic = attribute.kind == Kind::Characteristic;
        if !attribute.is_service() && !is_characteristic {
            return attribute.handle;
        }
        if attribute.is_service() && attribute.other != 0 {
            return attribute.other;
        }
        let ends = |a: &Attribute| a.is_service() || (is_characteristic && a.kind == Kind::Characteristic);
        let table = self.attributes.get(..usize::from(self.state.table.length)).unwrap_or_default();
        let group = table.iter().skip(at.saturating_add(1)).take_while(|a| !ends(a));
        group.last().map_or(attribute.handle, |a| a.handle)
    }

    /// Octets of a declaration's value, made from the table; `None` where the value is stored.
    fn declared(&self, at: usize, link: usize, w: &mut Writer<'_>) -> Option<()> {
        let attribute = self.attributes.get(at)?;
        match attribute.kind {
            Kind::PrimaryService | Kind::SecondaryService => self.uuid_of(at)?.with_le_bytes(|octets| w.bytes(octets)),
            Kind::Include => {
                let included = self.find(attribute.other)?;
                w.u16(attribute.other);
                w.u16(self.group_end(included));
                // Vol 3, Part G, 3.2: the UUID stands there only if it has 16 bits.
                if let Some(short) = self.uuid_of(included).and_then(|uuid| uuid.as_u16()) {
                    w.u16(short);
                }
            }
            Kind::Characteristic => {
                let value = at.saturating_add(1);
                w.u8(attribute.properties.bits());
                w.u16(self.attributes.get(value)?.handle);
                self.uuid_of(value)?.with_le_bytes(|octets| w.bytes(octets));
            }
            Kind::Cccd => {
                let octet = self.values.get(usize::from(attribute.offset).saturating_add(link));
                let subscriber = Subscriber::from_bits_truncate(octet.copied().unwrap_or(0));
                w.u16(u16::from((subscriber & (Subscriber::NOTIFY | Subscriber::INDICATE)).bits()));
            }
            Kind::Value if attribute.is_client_features() => w.u8(self.client_features(link)),
            Kind::Value | Kind::Descriptor | Kind::Free => return None,
        }
        Some(())
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

    /// Appends up to `most` octets of a value from `offset` on, and no more than there is room for.
    pub(crate) fn write_value(&self, link: usize, at: usize, offset: usize, most: usize, w: &mut Writer<'_>) {
        let mut octets = [0; 20];
        let mut declared = Writer::new(&mut octets);
        let value = match self.declared(at, link, &mut declared) {
            Some(()) => declared.written(),
            None => self.stored(at),
        };
        let rest = value.get(offset..).unwrap_or_default();
        let part = rest.len().min(most).min(w.room());
        w.bytes(rest.get(..part).unwrap_or_default());
    }

    /// How many octets a value has.
    pub(crate) fn value_length(&self, at: usize) -> usize {
        let mut octets = [0; 20];
        let mut declared = Writer::new(&mut octets);
        match self.declared(at, 0, &mut declared) {
            Some(()) => declared.len(),
            None => self.stored(at).len(),
        }
    }

    /// True when a value, as a link's peer sees it, is this one.
    pub(crate) fn value_equals(&self, link: usize, at: usize, value: &[u8]) -> bool {
        let mut octets = [0; 20];
        let mut declared = Writer::new(&mut octets);
        match self.declared(at, link, &mut declared) {
            // A service is found by either form of its UUID.
            Some(()) if self.attributes.get(at).is_some_and(|a| a.is_service()) => {
                let mut reader = Reader::new(value);
                Uuid::from_le_bytes(reader.rest()) == self.uuid_of(at)
            }
            Some(()) => declared.written() == value,
            None => self.stored(at) == value,
        }
    }
}
