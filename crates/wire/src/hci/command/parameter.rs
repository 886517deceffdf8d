//! Parameters of commands that are more than one number: lists, and one record for each PHY.

use crate::{
    Malformed, Reader, Writer,
    hci::{field::Field, parameter::Parameter},
};
use core::{fmt, iter};

/// Records after their number: those of a packet, or a slice of one's own.
#[derive(Clone, Copy)]
pub struct List<'a, T>(Source<'a, T>);

#[derive(Clone, Copy)]
enum Source<'a, T> {
    Octets(&'a [u8]),
    Records(&'a [T]),
}

impl<'a, T> List<'a, T> {
    /// The list of these records. A list that is too long for a packet makes its [`Writer`] overflow.
    pub const fn new(records: &'a [T]) -> Self {
        List(Source::Records(records))
    }
}

impl<'a, T: Parameter<'a> + Copy> List<'a, T> {
    /// The records.
    pub fn iter(&self) -> impl Iterator<Item = T> + 'a {
        let (octets, records): (&[u8], &[T]) = match self.0 {
            Source::Octets(octets) => (octets, &[]),
            Source::Records(records) => (&[], records),
        };
        let mut r = Reader::new(octets);
        // They were all taken once when the packet was parsed.
        iter::from_fn(move || if r.is_empty() { None } else { T::take(&mut r).ok() }).chain(records.iter().copied())
    }
}

impl<'a, T: Parameter<'a> + Copy + PartialEq> PartialEq for List<'a, T> {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl<'a, T: Parameter<'a> + Copy + Eq> Eq for List<'a, T> {}

impl<'a, T: Parameter<'a> + Copy + fmt::Debug> fmt::Debug for List<'a, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl<'a, T: Parameter<'a> + Copy> Parameter<'a> for List<'a, T> {
    fn take(r: &mut Reader<'a>) -> Result<Self, Malformed> {
        let count = r.u8()?;
        let mut start = *r;
        for _ in 0..count {
            T::take(r)?;
        }
        let octets = start.bytes(start.remaining().saturating_sub(r.remaining()))?;
        Ok(List(Source::Octets(octets)))
    }
    fn emit(&self, w: &mut Writer<'_>) {
        let at = w.len();
        w.u8(0);
        let mut count = 0usize;
        for record in self.iter() {
            record.emit(w);
            count = count.saturating_add(1);
        }
        w.patch_u8(at, u8::try_from(count).unwrap_or(u8::MAX));
    }
    fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "[";
        for record in self.iter() {
            f.write_str(separator)?;
            record.show(f)?;
            separator = ";";
        }
        f.write_str(if separator == "[" { "none" } else { " ]" })
    }
}

/// A bit for each PHY, then a record for each bit that is set (7.8.64, 7.8.66).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PerPhy<T> {
    /// For LE 1M.
    pub le_1m: Option<T>,
    /// For LE 2M; nobody scans on it.
    pub le_2m: Option<T>,
    /// For LE Coded.
    pub le_coded: Option<T>,
}

impl<T> PerPhy<T> {
    const fn slots(&self) -> [(u8, &str, &Option<T>); 3] {
        [(1, "1M", &self.le_1m), (2, "2M", &self.le_2m), (4, "Coded", &self.le_coded)]
    }
}

impl<T: Field> Field for PerPhy<T> {
    fn take(r: &mut Reader<'_>) -> Result<Self, Malformed> {
        let phys = r.u8()?;
        if phys & !7 != 0 {
            return Err(Malformed);
        }
        let mut take = |bit| if phys & bit == 0 { Ok(None) } else { T::take(r).map(Some) };
        Ok(PerPhy { le_1m: take(1)?, le_2m: take(2)?, le_coded: take(4)? })
    }
    fn emit(&self, w: &mut Writer<'_>) {
        let slots = self.slots();
        w.u8(slots.iter().filter(|(.., record)| record.is_some()).fold(0, |phys, (bit, ..)| phys | bit));
        slots.iter().filter_map(|(.., record)| record.as_ref()).for_each(|record| record.emit(w));
    }
    fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "[";
        for (_, name, record) in self.slots() {
            if let Some(record) = record {
                write!(f, "{separator} {name}:")?;
                record.show(f)?;
                separator = ";";
            }
        }
        f.write_str(if separator == "[" { "none" } else { " ]" })
    }
}

/// A number of three octets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct U24(u32);

impl U24 {
    /// `None` for more than 0xffffff.
    pub const fn new(value: u32) -> Option<Self> {
        if value <= 0x00ff_ffff { Some(U24(value)) } else { None }
    }

    /// The number.
    pub const fn value(self) -> u32 {
        self.0
    }
}

impl From<u16> for U24 {
    fn from(value: u16) -> Self {
        U24(u32::from(value))
    }
}

impl Field for U24 {
    fn take(r: &mut Reader<'_>) -> Result<Self, Malformed> {
        r.u24().map(U24)
    }
    fn emit(&self, w: &mut Writer<'_>) {
        w.u24(self.0);
    }
    fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// Tenths of a decibel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Decibels10(pub i16);

impl Field for Decibels10 {
    fn take(r: &mut Reader<'_>) -> Result<Self, Malformed> {
        r.array().map(|octets| Decibels10(i16::from_le_bytes(octets)))
    }
    fn emit(&self, w: &mut Writer<'_>) {
        w.bytes(&self.0.to_le_bytes());
    }
    fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (sign, size) = (if self.0 < 0 { "-" } else { "" }, self.0.unsigned_abs());
        write!(f, "{sign}{}.{} dB", size / 10, size % 10)
    }
}
