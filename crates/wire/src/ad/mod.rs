//! AD structures: what advertisements and scan responses are made of (Vol 3, Part C, 11; Supplement, Part A).

mod builder;

pub use builder::{Builder, DoesNotFit};

use crate::{Reader, Uuid, hci::names};

/// The type of an AD structure (Assigned Numbers, 2.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AdType(pub u8);

names! { AdType;
    FLAGS = 0x01, "Flags";
    INCOMPLETE_UUIDS_16 = 0x02, "Incomplete List of 16-bit Service UUIDs";
    COMPLETE_UUIDS_16 = 0x03, "Complete List of 16-bit Service UUIDs";
    INCOMPLETE_UUIDS_32 = 0x04, "Incomplete List of 32-bit Service UUIDs";
    COMPLETE_UUIDS_32 = 0x05, "Complete List of 32-bit Service UUIDs";
    INCOMPLETE_UUIDS_128 = 0x06, "Incomplete List of 128-bit Service UUIDs";
    COMPLETE_UUIDS_128 = 0x07, "Complete List of 128-bit Service UUIDs";
    SHORTENED_NAME = 0x08, "Shortened Local Name";
    COMPLETE_NAME = 0x09, "Complete Local Name";
    TX_POWER = 0x0a, "Tx Power Level";
    SERVICE_DATA_16 = 0x16, "Service Data - 16-bit UUID";
    APPEARANCE = 0x19, "Appearance";
    SERVICE_DATA_32 = 0x20, "Service Data - 32-bit UUID";
    SERVICE_DATA_128 = 0x21, "Service Data - 128-bit UUID";
    URI = 0x24, "URI";
    MANUFACTURER = 0xff, "Manufacturer Specific Data";
}

/// One AD structure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Structure<'a> {
    /// What the octets are.
    pub kind: AdType,
    /// The octets.
    pub data: &'a [u8],
}

/// The structures of an advertisement or a scan response. A length of zero ends them early; one that runs over the end
/// is given up there.
#[derive(Clone, Copy, Debug)]
pub struct Structures<'a> {
    rest: Reader<'a>,
    malformed: bool,
}

impl<'a> Structures<'a> {
    /// The structures of `data`.
    pub const fn new(data: &'a [u8]) -> Self {
        Structures { rest: Reader::new(data), malformed: false }
    }

    /// True once a structure has run over the end.
    pub const fn is_malformed(&self) -> bool {
        self.malformed
    }
}

impl<'a> Iterator for Structures<'a> {
    type Item = Structure<'a>;

    fn next(&mut self) -> Option<Structure<'a>> {
        let length = usize::from(self.rest.u8().ok()?);
        if length == 0 {
            self.rest = Reader::new(&[]);
            return None;
        }
        let Some((kind, data)) = self.rest.bytes(length).ok().and_then(|s| s.split_first()) else {
            self.malformed = true;
            self.rest = Reader::new(&[]);
            return None;
        };
        Some(Structure { kind: AdType(*kind), data })
    }
}

impl<'a> Structure<'a> {
    /// The UUIDs of a list of services; none for other types.
    pub fn uuids(&self) -> impl Iterator<Item = Uuid> + use<'a> {
        let width = match self.kind {
            AdType::INCOMPLETE_UUIDS_16 | AdType::COMPLETE_UUIDS_16 => 2,
            AdType::INCOMPLETE_UUIDS_32 | AdType::COMPLETE_UUIDS_32 => 4,
            AdType::INCOMPLETE_UUIDS_128 | AdType::COMPLETE_UUIDS_128 => 16,
            _ => 0,
        };
        let data: &'a [u8] = if width == 0 { &[] } else { self.data };
        data.chunks_exact(width.max(1)).filter_map(Uuid::from_le_bytes)
    }

    /// Company identifier and data.
    pub fn manufacturer(&self) -> Option<(u16, &'a [u8])> {
        let mut r = Reader::new(self.data);
        (self.kind == AdType::MANUFACTURER).then_some(())?;
        Some((r.u16().ok()?, r.rest()))
    }

    /// Service UUID and data.
    pub fn service_data(&self) -> Option<(Uuid, &'a [u8])> {
        let width = match self.kind {
            AdType::SERVICE_DATA_16 => 2,
            AdType::SERVICE_DATA_32 => 4,
            AdType::SERVICE_DATA_128 => 16,
            _ => return None,
        };
        let mut r = Reader::new(self.data);
        Some((Uuid::from_le_bytes(r.bytes(width).ok()?)?, r.rest()))
    }
}
