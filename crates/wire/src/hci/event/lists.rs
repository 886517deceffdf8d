//! Events that are lists: validated once, then walked without a check.

use crate::{Address, AddressKind, Malformed, Reader, hci::ConnectionHandle};

/// Number Of Completed Packets (Vol 4, Part E, 7.7.19).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CompletedPackets<'a> {
    pub(super) octets: &'a [u8],
}

impl<'a> CompletedPackets<'a> {
    /// From the event's parameters: a count, then handle and number of each link.
    pub fn parse(parameters: &'a [u8]) -> Result<Self, Malformed> {
        let mut r = Reader::new(parameters);
        let count = r.u8()?;
        let packets = CompletedPackets { octets: r.rest() };
        if packets.octets.len() != usize::from(count).saturating_mul(4) {
            return Err(Malformed);
        }
        let mut r = Reader::new(packets.octets);
        for _ in 0..count {
            ConnectionHandle::parse(r.u16()?)?;
            r.u16()?;
        }
        Ok(packets)
    }

    /// Each link and how many of its packets are done.
    pub fn iter(&self) -> impl Iterator<Item = (ConnectionHandle, u16)> + use<'a> {
        let mut r = Reader::new(self.octets);
        core::iter::from_fn(move || Some((ConnectionHandle(r.u16().ok()? & 0x0fff), r.u16().ok()?)))
    }
}

/// LE Advertising Report (7.7.65.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AdvertisingReports<'a> {
    pub(super) octets: &'a [u8],
}

/// One report.
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

fn report<'a>(r: &mut Reader<'a>) -> Result<AdvertisingReport<'a>, Malformed> {
    let kind = r.u8()?;
    let address_kind = AddressKind::from_octet(r.u8()?).ok_or(Malformed)?;
    let address = Address::new(address_kind, r.array()?);
    let length = r.u8()?;
    if kind > 4 || length > 31 {
        return Err(Malformed);
    }
    Ok(AdvertisingReport { kind, address, data: r.bytes(usize::from(length))?, rssi: r.i8()? })
}

impl<'a> AdvertisingReports<'a> {
    /// From the parameters after the subevent: a count of 1 to 25, then the reports one after the other.
    pub fn parse(parameters: &'a [u8]) -> Result<Self, Malformed> {
        let mut r = Reader::new(parameters);
        let count = r.u8()?;
        if !(1..=25).contains(&count) {
            return Err(Malformed);
        }
        let reports = AdvertisingReports { octets: r.rest() };
        let mut r = Reader::new(reports.octets);
        for _ in 0..count {
            report(&mut r)?;
        }
        r.finish()?;
        Ok(reports)
    }

    /// Each report.
    pub fn iter(&self) -> impl Iterator<Item = AdvertisingReport<'a>> + use<'a> {
        let mut r = Reader::new(self.octets);
        core::iter::from_fn(move || report(&mut r).ok())
    }
}
