//! How one parameter stands in a packet.

use super::{BufferSize, ChannelMap, DataLength, LeBufferSize, LinkPhys, MaximumDataLength, Rssi};
use crate::{
    Address, AddressKind, Malformed, Reader, Writer,
    hci::{AdvertisingKind, ConnectionHandle, LeFeatures, LocalVersion, ScanKind, Secret, Status, Switch},
};

/// A parameter: its octets both ways.
pub(crate) trait Field: Sized {
    fn take(r: &mut Reader<'_>) -> Result<Self, Malformed>;
    fn emit(&self, w: &mut Writer<'_>);
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
        }
    )+};
}

integers! { u8 i8 u16 u32 u64 }

impl Field for () {
    fn take(_: &mut Reader<'_>) -> Result<Self, Malformed> {
        Ok(())
    }
    fn emit(&self, _: &mut Writer<'_>) {}
}

impl<const N: usize> Field for [u8; N] {
    fn take(r: &mut Reader<'_>) -> Result<Self, Malformed> {
        r.array()
    }
    fn emit(&self, w: &mut Writer<'_>) {
        w.bytes(self);
    }
}

impl<const N: usize> Field for Secret<N> {
    fn take(r: &mut Reader<'_>) -> Result<Self, Malformed> {
        r.array().map(Secret)
    }
    fn emit(&self, w: &mut Writer<'_>) {
        w.bytes(&self.0);
    }
}

impl Field for Status {
    fn take(r: &mut Reader<'_>) -> Result<Self, Malformed> {
        r.u8().map(Status)
    }
    fn emit(&self, w: &mut Writer<'_>) {
        w.u8(self.0);
    }
}

impl Field for ConnectionHandle {
    fn take(r: &mut Reader<'_>) -> Result<Self, Malformed> {
        ConnectionHandle::parse(r.u16()?)
    }
    fn emit(&self, w: &mut Writer<'_>) {
        w.u16(self.0 & 0x0fff);
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
}

impl Field for LeFeatures {
    fn take(r: &mut Reader<'_>) -> Result<Self, Malformed> {
        r.u64().map(LeFeatures)
    }
    fn emit(&self, w: &mut Writer<'_>) {
        w.u64(self.0);
    }
}

macro_rules! records {
    ($($name:ident { $($field:ident: $type:ty),+ })+) => {$(
        impl Field for $name {
            fn take(r: &mut Reader<'_>) -> Result<Self, Malformed> {
                Ok($name { $($field: <$type>::take(r)?,)+ })
            }
            fn emit(&self, w: &mut Writer<'_>) {
                $(self.$field.emit(w);)+
            }
        }
    )+};
}

records! {
    LocalVersion { hci_version: u8, hci_subversion: u16, lmp_version: u8, manufacturer: u16, lmp_subversion: u16 }
    BufferSize { acl_length: u16, sco_length: u8, acl_packets: u16, sco_packets: u16 }
    LeBufferSize { acl_length: u16, acl_packets: u8 }
    Rssi { handle: ConnectionHandle, rssi: i8 }
    ChannelMap { handle: ConnectionHandle, map: [u8; 5] }
    LinkPhys { handle: ConnectionHandle, tx_phy: u8, rx_phy: u8 }
    DataLength { tx_octets: u16, tx_time: u16 }
    MaximumDataLength { tx_octets: u16, tx_time: u16, rx_octets: u16, rx_time: u16 }
}
