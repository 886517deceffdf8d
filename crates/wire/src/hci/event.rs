//! Events (Vol 4, Part E, 7.7).

mod emit;
mod lists;

pub use lists::{AdvertisingReport, AdvertisingReports, CompletedPackets};

use super::{ConnectionHandle, Opcode, Role, Secret, Status, field::Field};
use crate::{Address, Malformed, Reader};

/// LE Connection Complete and the enhanced one (7.7.65.1, 7.7.65.10). Only `status` counts when it is an error.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ConnectionComplete {
    /// Whether there is a link.
    pub status: Status,
    /// The link.
    pub handle: ConnectionHandle,
    /// Our role.
    pub role: Role,
    /// The peer.
    pub peer: Address,
    /// 1.25 ms each.
    pub interval: u16,
    /// Connection events.
    pub latency: u16,
    /// 10 ms each.
    pub supervision_timeout: u16,
    /// 0 is 500 ppm, 7 is 20 ppm.
    pub clock_accuracy: u8,
}

/// An event, taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "fields are named as in the section of the specification that each variant cites")]
pub enum Event<'a> {
    /// 7.7.5.
    DisconnectionComplete { status: Status, handle: ConnectionHandle, reason: Status },
    /// 7.7.8; 1 is AES-CCM.
    EncryptionChange { status: Status, handle: ConnectionHandle, enabled: u8 },
    /// 7.7.12.
    ReadRemoteVersionInformationComplete {
        status: Status,
        handle: ConnectionHandle,
        version: u8,
        manufacturer: u16,
        subversion: u16,
    },
    /// 7.7.14; the first return parameter is nearly always a status.
    CommandComplete { credits: u8, opcode: Opcode, return_parameters: &'a [u8] },
    /// 7.7.15.
    CommandStatus { status: Status, credits: u8, opcode: Opcode },
    /// 7.7.16.
    HardwareError { code: u8 },
    /// 7.7.19.
    NumberOfCompletedPackets(CompletedPackets<'a>),
    /// 7.7.26.
    DataBufferOverflow { link_type: u8 },
    /// 7.7.39.
    EncryptionKeyRefreshComplete { status: Status, handle: ConnectionHandle },
    /// 7.7.65.1.
    LeConnectionComplete(ConnectionComplete),
    /// 7.7.65.2.
    LeAdvertisingReport(AdvertisingReports<'a>),
    /// 7.7.65.3; units as in LE Connection Update.
    LeConnectionUpdateComplete {
        status: Status,
        handle: ConnectionHandle,
        interval: u16,
        latency: u16,
        supervision_timeout: u16,
    },
    /// 7.7.65.4.
    LeReadRemoteFeaturesComplete { status: Status, handle: ConnectionHandle, features: u64 },
    /// 7.7.65.5.
    LeLongTermKeyRequest { handle: ConnectionHandle, random: [u8; 8], diversifier: u16 },
    /// 7.7.65.6; units as in LE Connection Update.
    LeRemoteConnectionParameterRequest {
        handle: ConnectionHandle,
        interval_min: u16,
        interval_max: u16,
        latency: u16,
        supervision_timeout: u16,
    },
    /// 7.7.65.7; octets and microseconds.
    LeDataLengthChange { handle: ConnectionHandle, tx_octets: u16, tx_time: u16, rx_octets: u16, rx_time: u16 },
    /// 7.7.65.8; least significant octet first.
    LeReadLocalP256PublicKeyComplete { status: Status, key_x: &'a [u8; 32], key_y: &'a [u8; 32] },
    /// 7.7.65.9; least significant octet first.
    LeGenerateDhKeyComplete { status: Status, key: Secret<32> },
    /// 7.7.65.10: with our and the peer's resolvable address.
    LeEnhancedConnectionComplete(ConnectionComplete, [u8; 6], [u8; 6]),
    /// 7.7.65.12; 1 is 1M, 2 is 2M, 3 is Coded.
    LePhyUpdateComplete { status: Status, handle: ConnectionHandle, tx_phy: u8, rx_phy: u8 },
    /// A subevent that this crate does not take apart.
    LeUnknown { subevent: u8, parameters: &'a [u8] },
    /// An event that this crate does not take apart.
    Unknown { code: u8, parameters: &'a [u8] },
}

pub(super) mod code {
    pub(crate) const DISCONNECTION_COMPLETE: u8 = 0x05;
    pub(crate) const ENCRYPTION_CHANGE: u8 = 0x08;
    pub(crate) const READ_REMOTE_VERSION_INFORMATION_COMPLETE: u8 = 0x0c;
    pub(crate) const COMMAND_COMPLETE: u8 = 0x0e;
    pub(crate) const COMMAND_STATUS: u8 = 0x0f;
    pub(crate) const HARDWARE_ERROR: u8 = 0x10;
    pub(crate) const NUMBER_OF_COMPLETED_PACKETS: u8 = 0x13;
    pub(crate) const DATA_BUFFER_OVERFLOW: u8 = 0x1a;
    pub(crate) const ENCRYPTION_KEY_REFRESH_COMPLETE: u8 = 0x30;
    pub(crate) const LE_META: u8 = 0x3e;
}

fn connection(r: &mut Reader<'_>, addresses: usize) -> Result<(ConnectionComplete, [u8; 6], [u8; 6]), Malformed> {
    let status = Status(r.u8()?);
    let handle = r.u16()?;
    let role = r.u8()?;
    let kind = r.u8()?;
    let octets = r.array()?;
    let (mut own, mut peer) = ([0; 6], [0; 6]);
    if addresses == 2 {
        own = r.array()?;
        peer = r.array()?;
    }
    let (interval, latency, supervision_timeout, clock_accuracy) = (r.u16()?, r.u16()?, r.u16()?, r.u8()?);
    r.finish()?;
    let role = if role == 1 { Role::Peripheral } else { Role::Central };
    if !status.is_success() {
        return Ok((ConnectionComplete { status, role, ..ConnectionComplete::default() }, own, peer));
    }
    let handle = ConnectionHandle::parse(handle)?;
    let kind = crate::AddressKind::from_octet(kind).ok_or(Malformed)?;
    let peer_address = Address::new(kind, octets);
    let complete = ConnectionComplete {
        status,
        handle,
        role,
        peer: peer_address,
        interval,
        latency,
        supervision_timeout,
        clock_accuracy,
    };
    Ok((complete, own, peer))
}

impl<'a> Event<'a> {
    /// Takes a whole event packet apart; its length must be exact.
    pub fn parse(octets: &'a [u8]) -> Result<Self, Malformed> {
        let mut r = Reader::new(octets);
        let code = r.u8()?;
        let length = r.u8()?;
        let parameters = r.bytes(usize::from(length))?;
        r.finish()?;
        let mut r = Reader::new(parameters);
        let r = &mut r;
        let event = match code {
            code::DISCONNECTION_COMPLETE => Event::DisconnectionComplete {
                status: Status(r.u8()?),
                handle: ConnectionHandle::take(r)?,
                reason: Status(r.u8()?),
            },
            code::ENCRYPTION_CHANGE => Event::EncryptionChange {
                status: Status(r.u8()?),
                handle: ConnectionHandle::take(r)?,
                enabled: r.u8()?,
            },
            code::ENCRYPTION_KEY_REFRESH_COMPLETE => {
                Event::EncryptionKeyRefreshComplete { status: Status(r.u8()?), handle: ConnectionHandle::take(r)? }
            }
            code::READ_REMOTE_VERSION_INFORMATION_COMPLETE => Event::ReadRemoteVersionInformationComplete {
                status: Status(r.u8()?),
                handle: ConnectionHandle::take(r)?,
                version: r.u8()?,
                manufacturer: r.u16()?,
                subversion: r.u16()?,
            },
            code::COMMAND_COMPLETE => {
                Event::CommandComplete { credits: r.u8()?, opcode: Opcode(r.u16()?), return_parameters: r.rest() }
            }
            code::COMMAND_STATUS => {
                Event::CommandStatus { status: Status(r.u8()?), credits: r.u8()?, opcode: Opcode(r.u16()?) }
            }
            code::HARDWARE_ERROR => Event::HardwareError { code: r.u8()? },
            code::NUMBER_OF_COMPLETED_PACKETS => Event::NumberOfCompletedPackets(CompletedPackets::parse(r.rest())?),
            code::DATA_BUFFER_OVERFLOW => Event::DataBufferOverflow { link_type: r.u8()? },
            code::LE_META => return Self::parse_le(r),
            code => Event::Unknown { code, parameters: r.rest() },
        };
        r.finish()?;
        Ok(event)
    }

    fn parse_le(r: &mut Reader<'a>) -> Result<Self, Malformed> {
        let event = match r.u8()? {
            0x01 => Event::LeConnectionComplete(connection(r, 0)?.0),
            0x02 => Event::LeAdvertisingReport(AdvertisingReports::parse(r.rest())?),
            0x03 => Event::LeConnectionUpdateComplete {
                status: Status(r.u8()?),
                handle: ConnectionHandle::take(r)?,
                interval: r.u16()?,
                latency: r.u16()?,
                supervision_timeout: r.u16()?,
            },
            0x04 => Event::LeReadRemoteFeaturesComplete {
                status: Status(r.u8()?),
                handle: ConnectionHandle::take(r)?,
                features: r.u64()?,
            },
            0x05 => Event::LeLongTermKeyRequest {
                handle: ConnectionHandle::take(r)?,
                random: r.array()?,
                diversifier: r.u16()?,
            },
            0x06 => Event::LeRemoteConnectionParameterRequest {
                handle: ConnectionHandle::take(r)?,
                interval_min: r.u16()?,
                interval_max: r.u16()?,
                latency: r.u16()?,
                supervision_timeout: r.u16()?,
            },
            0x07 => Event::LeDataLengthChange {
                handle: ConnectionHandle::take(r)?,
                tx_octets: r.u16()?,
                tx_time: r.u16()?,
                rx_octets: r.u16()?,
                rx_time: r.u16()?,
            },
            0x08 => Event::LeReadLocalP256PublicKeyComplete {
                status: Status(r.u8()?),
                key_x: r.chunk()?,
                key_y: r.chunk()?,
            },
            0x09 => Event::LeGenerateDhKeyComplete { status: Status(r.u8()?), key: Secret(r.array()?) },
            0x0a => {
                let (complete, own, peer) = connection(r, 2)?;
                Event::LeEnhancedConnectionComplete(complete, own, peer)
            }
            0x0c => Event::LePhyUpdateComplete {
                status: Status(r.u8()?),
                handle: ConnectionHandle::take(r)?,
                tx_phy: r.u8()?,
                rx_phy: r.u8()?,
            },
            subevent => Event::LeUnknown { subevent, parameters: r.rest() },
        };
        r.finish()?;
        Ok(event)
    }
}
