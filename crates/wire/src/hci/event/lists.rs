//! Events that are lists: validated once, then walked without a check.

use super::ReportedAddress;
use crate::{
    Address, AddressKind, Malformed, Reader, Writer,
    hci::{
        ConnectionHandle, Data,
        field::Field,
        parameter::{Parameter, pair},
    },
};
use core::{fmt, marker::PhantomData, ops::RangeInclusive};

/// A count, and as many entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct List<'a, T> {
    count: u8,
    octets: &'a [u8],
    entries: PhantomData<T>,
}

/// What a [`List`] is made of.
pub trait Entry<'a>: Parameter<'a> {
    #[doc(hidden)]
    const COUNTS: RangeInclusive<u8>;
}

impl<'a, T: Entry<'a>> List<'a, T> {
    /// From the count and the entries, one after the other; their length must be exact.
    pub fn parse(parameters: &'a [u8]) -> Result<Self, Malformed> {
        let mut r = Reader::new(parameters);
        let list = <Self as Parameter>::take(&mut r)?;
        r.finish()?;
        Ok(list)
    }

    /// Each entry.
    pub fn iter(&self) -> impl Iterator<Item = T> + use<'a, T> {
        let mut r = Reader::new(self.octets);
        core::iter::from_fn(move || T::take(&mut r).ok())
    }
}

impl<'a, T: Entry<'a>> Parameter<'a> for List<'a, T> {
    fn take(r: &mut Reader<'a>) -> Result<Self, Malformed> {
        let count = r.u8()?;
        if !T::COUNTS.contains(&count) {
            return Err(Malformed);
        }
        let octets = r.rest();
        let mut entries = Reader::new(octets);
        for _ in 0..count {
            T::take(&mut entries)?;
        }
        // Every list ends its event.
        entries.finish()?;
        Ok(List { count, octets, entries: PhantomData })
    }
    fn emit(&self, w: &mut Writer<'_>) {
        w.u8(self.count);
        w.bytes(self.octets);
    }
    fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.iter().try_for_each(|entry| entry.show(f))
    }
}

/// Number Of Completed Packets (Vol 4, Part E, 7.7.19): each link and how many of its packets are done.
pub type CompletedPackets<'a> = List<'a, (ConnectionHandle, u16)>;
/// LE Advertising Report (7.7.65.2).
pub type AdvertisingReports<'a> = List<'a, AdvertisingReport<'a>>;
/// LE Directed Advertising Report (7.7.65.11).
pub type DirectedAdvertisingReports<'a> = List<'a, DirectedAdvertisingReport>;
/// LE Extended Advertising Report (7.7.65.13).
pub type ExtendedAdvertisingReports<'a> = List<'a, super::ExtendedAdvertisingReport<'a>>;
/// The responses of LE Periodic Advertising Response Report (7.7.65.37).
pub type PeriodicAdvertisingResponses<'a> = List<'a, super::PeriodicAdvertisingResponse<'a>>;
/// The samples of LE Connection IQ Report and LE Connectionless IQ Report (7.7.65.21, 7.7.65.22): in-phase and quadrature.
pub type IqSamples<'a> = List<'a, (i8, i8)>;

impl<'a> Parameter<'a> for (ConnectionHandle, u16) {
    fn take(r: &mut Reader<'a>) -> Result<Self, Malformed> {
        Ok((<ConnectionHandle as Field>::take(r)?, r.u16()?))
    }
    fn emit(&self, w: &mut Writer<'_>) {
        Field::emit(&self.0, w);
        w.u16(self.1);
    }
    fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        pair(f, "handle", &self.0)?;
        pair(f, "count", &self.1)
    }
}

impl Entry<'_> for (ConnectionHandle, u16) {
    const COUNTS: RangeInclusive<u8> = 0..=u8::MAX;
}

impl<'a> Parameter<'a> for (i8, i8) {
    fn take(r: &mut Reader<'a>) -> Result<Self, Malformed> {
        Ok((r.i8()?, r.i8()?))
    }
    fn emit(&self, w: &mut Writer<'_>) {
        w.i8(self.0);
        w.i8(self.1);
    }
    fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, " {},{}", self.0, self.1)
    }
}

impl Entry<'_> for (i8, i8) {
    // 7.7.65.21: none at all, or 9 to 82 of them.
    const COUNTS: RangeInclusive<u8> = 0..=82;
}

/// One report of legacy advertising.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AdvertisingReport<'a> {
    /// 0 ADV_IND, 1 ADV_DIRECT_IND, 2 ADV_SCAN_IND, 3 ADV_NONCONN_IND, 4 SCAN_RSP.
    pub kind: u8,
    /// Who.
    pub address: Address,
    /// What.
    pub data: &'a [u8],
    /// dBm; 127: not known.
    pub rssi: i8,
}

impl<'a> Parameter<'a> for AdvertisingReport<'a> {
    fn take(r: &mut Reader<'a>) -> Result<Self, Malformed> {
        let kind = r.u8()?;
        let address_kind = AddressKind::from_octet(r.u8()?).ok_or(Malformed)?;
        let address = Address::new(address_kind, r.array()?);
        let length = r.u8()?;
        if kind > 4 || length > 31 {
            return Err(Malformed);
        }
        Ok(AdvertisingReport { kind, address, data: r.bytes(usize::from(length))?, rssi: r.i8()? })
    }
    fn emit(&self, w: &mut Writer<'_>) {
        w.u8(self.kind);
        Field::emit(&self.address, w);
        Parameter::emit(&Data(self.data), w);
        w.i8(self.rssi);
    }
    fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        pair(f, "type", &self.kind)?;
        pair(f, "address", &self.address)?;
        pair(f, "data", &self.data)?;
        pair(f, "rssi", &self.rssi)
    }
}

impl<'a> Entry<'a> for AdvertisingReport<'a> {
    const COUNTS: RangeInclusive<u8> = 1..=25;
}

/// One report of directed advertising to a resolvable address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DirectedAdvertisingReport {
    /// Who.
    pub address: ReportedAddress,
    /// For whom.
    pub target: ReportedAddress,
    /// dBm; 127: not known.
    pub rssi: i8,
}

/// ADV_DIRECT_IND, the one type there is (7.7.65.11).
const DIRECTED: u8 = 1;

impl Field for DirectedAdvertisingReport {
    fn take(r: &mut Reader<'_>) -> Result<Self, Malformed> {
        if r.u8()? != DIRECTED {
            return Err(Malformed);
        }
        Ok(DirectedAdvertisingReport {
            address: <ReportedAddress as Field>::take(r)?,
            target: <ReportedAddress as Field>::take(r)?,
            rssi: r.i8()?,
        })
    }
    fn emit(&self, w: &mut Writer<'_>) {
        w.u8(DIRECTED);
        Field::emit(&self.address, w);
        Field::emit(&self.target, w);
        w.i8(self.rssi);
    }
    fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        pair(f, "address", &self.address)?;
        pair(f, "target", &self.target)?;
        pair(f, "rssi", &self.rssi)
    }
}

impl Entry<'_> for DirectedAdvertisingReport {
    const COUNTS: RangeInclusive<u8> = 1..=25;
}
