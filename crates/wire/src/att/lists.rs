//! PDUs that are lists: validated once, then walked.

use crate::{Malformed, Reader, Uuid, Writer};

/// Handles of a Read Multiple request: at least two (3.4.4.7).
#[derive(Clone, Copy, Debug)]
pub struct Handles<'a> {
    octets: &'a [u8],
    numbers: &'a [u16],
}

impl<'a> Handles<'a> {
    /// From octets, two each.
    pub fn parse(octets: &'a [u8]) -> Result<Self, Malformed> {
        let fits = octets.len() >= 4 && octets.len().is_multiple_of(2);
        if fits { Ok(Handles { octets, numbers: &[] }) } else { Err(Malformed) }
    }

    /// Of numbers; none where there are fewer than two.
    pub fn new(numbers: &'a [u16]) -> Option<Self> {
        (numbers.len() >= 2).then_some(Handles { octets: &[], numbers })
    }

    /// Each handle.
    pub fn iter(&self) -> impl Iterator<Item = u16> + use<'a> {
        let mut r = Reader::new(self.octets);
        core::iter::from_fn(move || r.u16().ok()).chain(self.numbers.iter().copied())
    }

    pub(super) fn emit(&self, w: &mut Writer<'_>) {
        w.bytes(self.octets);
        self.numbers.iter().for_each(|handle| w.u16(*handle));
    }

    /// Octets in a PDU.
    pub(super) fn length(&self) -> usize {
        self.octets.len().saturating_add(self.numbers.len().saturating_mul(2))
    }
}

impl PartialEq for Handles<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Eq for Handles<'_> {}

/// Handles and types of Find Information Response: all of one size (3.4.3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Information<'a> {
    wide: bool,
    octets: &'a [u8],
}

impl<'a> Information<'a> {
    /// From the format octet and the entries.
    pub fn parse(octets: &'a [u8]) -> Result<Self, Malformed> {
        let mut r = Reader::new(octets);
        let (wide, entry) = match r.u8()? {
            1 => (false, 4),
            2 => (true, 18),
            _ => return Err(Malformed),
        };
        let octets = r.rest();
        if octets.is_empty() || !octets.len().is_multiple_of(entry) {
            Err(Malformed)
        } else {
            Ok(Information { wide, octets })
        }
    }

    /// Each handle and its type.
    pub fn iter(&self) -> impl Iterator<Item = (u16, Uuid)> + use<'a> {
        let mut r = Reader::new(self.octets);
        let width = if self.wide { 16 } else { 2 };
        core::iter::from_fn(move || Some((r.u16().ok()?, Uuid::from_le_bytes(r.bytes(width).ok()?)?)))
    }

    pub(super) fn emit(&self, w: &mut Writer<'_>) {
        w.u8(if self.wide { 2 } else { 1 });
        w.bytes(self.octets);
    }

    /// Octets in a PDU.
    pub(super) fn length(&self) -> usize {
        self.octets.len().saturating_add(1)
    }
}

/// Handles of Find By Type Value Response: found, and the end of its group (3.4.3.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HandleRanges<'a>(&'a [u8]);

impl<'a> HandleRanges<'a> {
    /// From octets, four each.
    pub fn parse(octets: &'a [u8]) -> Result<Self, Malformed> {
        if octets.is_empty() || !octets.len().is_multiple_of(4) { Err(Malformed) } else { Ok(HandleRanges(octets)) }
    }

    /// Each attribute and the end of its group.
    pub fn iter(&self) -> impl Iterator<Item = (u16, u16)> + use<'a> {
        let mut r = Reader::new(self.0);
        core::iter::from_fn(move || Some((r.u16().ok()?, r.u16().ok()?)))
    }

    pub(super) fn octets(&self) -> &'a [u8] {
        self.0
    }
}

/// The length octet, and entries of that length: at least one, of `least` octets or more.
fn equal(octets: &[u8], least: u8) -> Result<(u8, &[u8]), Malformed> {
    let mut r = Reader::new(octets);
    let length = r.u8()?;
    let octets = r.rest();
    let whole = octets.len().checked_rem(usize::from(length)) == Some(0);
    if length < least || octets.is_empty() || !whole { Err(Malformed) } else { Ok((length, octets)) }
}

macro_rules! equal_entries {
    ($(#[$doc:meta])* $name:ident, $least:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct $name<'a> {
            length: u8,
            octets: &'a [u8],
        }

        impl<'a> $name<'a> {
            /// From the length octet and the entries, each of that length.
            pub fn parse(octets: &'a [u8]) -> Result<Self, Malformed> {
                equal(octets, $least).map(|(length, octets)| $name { length, octets })
            }

            /// Octets of each entry.
            pub fn entry_length(&self) -> usize {
                usize::from(self.length)
            }

            pub(super) fn emit(&self, w: &mut Writer<'_>) {
                w.u8(self.length);
                w.bytes(self.octets);
            }

            /// Octets in a PDU.
            pub(super) fn length(&self) -> usize {
                self.octets.len().saturating_add(1)
            }
        }
    };
}

equal_entries! {
    /// Handles and values of Read By Type Response, all of one length (3.4.4.2).
    AttributeData, 2
}
equal_entries! {
    /// Handles, ends of groups and values of Read By Group Type Response, all of one length (3.4.4.10).
    GroupData, 4
}

impl<'a> AttributeData<'a> {
    /// Each handle and value.
    pub fn iter(&self) -> impl Iterator<Item = (u16, &'a [u8])> + use<'a> {
        let mut r = Reader::new(self.octets);
        let width = usize::from(self.length).saturating_sub(2);
        core::iter::from_fn(move || Some((r.u16().ok()?, r.bytes(width).ok()?)))
    }
}

impl<'a> GroupData<'a> {
    /// Each handle, the end of its group, and value.
    pub fn iter(&self) -> impl Iterator<Item = (u16, u16, &'a [u8])> + use<'a> {
        let mut r = Reader::new(self.octets);
        let width = usize::from(self.length).saturating_sub(4);
        core::iter::from_fn(move || Some((r.u16().ok()?, r.u16().ok()?, r.bytes(width).ok()?)))
    }
}

/// Values of Read Multiple Variable Response; the last may be cut at the end of the PDU (3.4.4.12).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LengthValues<'a>(&'a [u8]);

impl<'a> LengthValues<'a> {
    /// From octets: a length, then a value.
    pub fn parse(octets: &'a [u8]) -> Result<Self, Malformed> {
        let mut r = Reader::new(octets);
        while !r.is_empty() {
            let length = usize::from(r.u16()?);
            r.bytes(length.min(r.remaining()))?;
        }
        Ok(LengthValues(octets))
    }

    /// Each value, with the length the server told.
    pub fn iter(&self) -> impl Iterator<Item = (u16, &'a [u8])> + use<'a> {
        let mut r = Reader::new(self.0);
        core::iter::from_fn(move || {
            let length = r.u16().ok()?;
            Some((length, r.bytes(usize::from(length).min(r.remaining())).ok()?))
        })
    }

    pub(super) fn octets(&self) -> &'a [u8] {
        self.0
    }
}

/// Values of Multiple Handle Value Notification, all whole (3.4.7.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HandleLengthValues<'a>(&'a [u8]);

impl<'a> HandleLengthValues<'a> {
    /// From octets: handle, length, value; at least one.
    pub fn parse(octets: &'a [u8]) -> Result<Self, Malformed> {
        let mut r = Reader::new(octets);
        if r.is_empty() {
            return Err(Malformed);
        }
        while !r.is_empty() {
            r.u16()?;
            let length = usize::from(r.u16()?);
            r.bytes(length)?;
        }
        Ok(HandleLengthValues(octets))
    }

    /// Each handle and value.
    pub fn iter(&self) -> impl Iterator<Item = (u16, &'a [u8])> + use<'a> {
        let mut r = Reader::new(self.0);
        core::iter::from_fn(move || {
            let handle = r.u16().ok()?;
            let length = usize::from(r.u16().ok()?);
            Some((handle, r.bytes(length).ok()?))
        })
    }

    pub(super) fn octets(&self) -> &'a [u8] {
        self.0
    }
}
