//! How one parameter stands in a packet, and in a line of text.

use crate::{
    Address, AddressKind, Malformed, Reader, Writer,
    hci::{AdvertisingKind, ConnectionHandle, LeFeatures, LocalVersion, ScanKind, Secret, Status, Switch},
};
use core::fmt;

/// A parameter: its octets both ways, and how a line shows it.
pub(crate) trait Field: Sized {
    fn take(r: &mut Reader<'_>) -> Result<Self, Malformed>;
    fn emit(&self, w: &mut Writer<'_>);
    fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result;
}

/// A parameter that may stand where it means something only after success: else no value of it is wrong.
pub(crate) trait TakeAfter: Field {
    fn take_after(r: &mut Reader<'_>, status: Status) -> Result<Self, Malformed>;
}

impl TakeAfter for ConnectionHandle {
    fn take_after(r: &mut Reader<'_>, status: Status) -> Result<Self, Malformed> {
        let value = r.u16()?;
        if status.is_success() { ConnectionHandle::parse(value) } else { Ok(ConnectionHandle(value)) }
    }
}

/// ` name `, the name as it stands in the source, with blanks.
pub(crate) fn label(f: &mut fmt::Formatter<'_>, name: &str) -> fmt::Result {
    for word in name.split('_') {
        write!(f, " {word}")?;
    }
    f.write_str(" ")
}

/// ` name value`.
pub(crate) fn show<T: Field>(f: &mut fmt::Formatter<'_>, name: &str, value: &T) -> fmt::Result {
    label(f, name)?;
    value.show(f)
}

/// Octets as hexadecimal digits, in the order in which they stand.
pub(crate) fn hex(f: &mut fmt::Formatter<'_>, octets: &[u8]) -> fmt::Result {
    octets.iter().try_for_each(|octet| write!(f, "{octet:02x}"))
}

macro_rules! integers {
    ($($type:ident)+) => {$(
        impl Field for $type {
            fn take(r: &mut Reader<'_>) -> Result<Self, Malformed> {
                r.$type()
            }
            fn emit(&self, w: &mut Writer<'_>) {
                w.$type(*self);
            }
            fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{self}")
            }
        }
    )+};
}

integers! { u8 i8 u16 u32 }

/// So wide a number is bits.
impl Field for u64 {
    fn take(r: &mut Reader<'_>) -> Result<Self, Malformed> {
        r.u64()
    }
    fn emit(&self, w: &mut Writer<'_>) {
        w.u64(*self);
    }
    fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:#018x}")
    }
}

impl Field for () {
    fn take(_: &mut Reader<'_>) -> Result<Self, Malformed> {
        Ok(())
    }
    fn emit(&self, _: &mut Writer<'_>) {}
    fn show(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        Ok(())
    }
}

impl<const N: usize> Field for [u8; N] {
    fn take(r: &mut Reader<'_>) -> Result<Self, Malformed> {
        r.array()
    }
    fn emit(&self, w: &mut Writer<'_>) {
        w.bytes(self);
    }
    fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        hex(f, self)
    }
}

impl<const N: usize> Field for Secret<N> {
    fn take(r: &mut Reader<'_>) -> Result<Self, Malformed> {
        r.array().map(Secret)
    }
    fn emit(&self, w: &mut Writer<'_>) {
        w.bytes(&self.0);
    }
    fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "({N} octets)")
    }
}

impl Field for Status {
    fn take(r: &mut Reader<'_>) -> Result<Self, Malformed> {
        r.u8().map(Status)
    }
    fn emit(&self, w: &mut Writer<'_>) {
        w.u8(self.0);
    }
    fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl Field for ConnectionHandle {
    fn take(r: &mut Reader<'_>) -> Result<Self, Malformed> {
        ConnectionHandle::parse(r.u16()?)
    }
    fn emit(&self, w: &mut Writer<'_>) {
        w.u16(self.0);
    }
    fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl Field for Address {
    fn take(r: &mut Reader<'_>) -> Result<Self, Malformed> {
        let kind = AddressKind::from_octet(r.u8()?).ok_or(Malformed)?;
        Ok(Address::new(kind, r.array()?))
    }
    fn emit(&self, w: &mut Writer<'_>) {
        w.u8(self.kind as u8);
        w.bytes(&self.octets);
    }
    fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

impl Field for Switch {
    fn take(r: &mut Reader<'_>) -> Result<Self, Malformed> {
        match r.u8()? {
            0 => Ok(Switch::Off),
            1 => Ok(Switch::On),
            _ => Err(Malformed),
        }
    }
    fn emit(&self, w: &mut Writer<'_>) {
        w.u8(*self as u8);
    }
    fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

impl Field for ScanKind {
    fn take(r: &mut Reader<'_>) -> Result<Self, Malformed> {
        match r.u8()? {
            0 => Ok(ScanKind::Passive),
            1 => Ok(ScanKind::Active),
            _ => Err(Malformed),
        }
    }
    fn emit(&self, w: &mut Writer<'_>) {
        w.u8(*self as u8);
    }
    fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

impl Field for AdvertisingKind {
    fn take(r: &mut Reader<'_>) -> Result<Self, Malformed> {
        match r.u8()? {
            0 => Ok(AdvertisingKind::ConnectableUndirected),
            1 => Ok(AdvertisingKind::ConnectableDirectedHighDuty),
            2 => Ok(AdvertisingKind::ScannableUndirected),
            3 => Ok(AdvertisingKind::NonConnectableUndirected),
            4 => Ok(AdvertisingKind::ConnectableDirectedLowDuty),
            _ => Err(Malformed),
        }
    }
    fn emit(&self, w: &mut Writer<'_>) {
        w.u8(*self as u8);
    }
    fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

impl Field for LeFeatures {
    fn take(r: &mut Reader<'_>) -> Result<Self, Malformed> {
        r.u64().map(LeFeatures)
    }
    fn emit(&self, w: &mut Writer<'_>) {
        w.u64(self.0);
    }
    fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#018x}", self.0)
    }
}

crate::show::record_fields! {
    LocalVersion { hci_version: u8, hci_subversion: u16, lmp_version: u8, manufacturer: u16, lmp_subversion: u16 }
}
