//! Events written, and named.

use super::{ConnectionComplete, Event, code};
use crate::{Writer, hci::field::Field};
use core::fmt;

fn connection(complete: &ConnectionComplete, addresses: Option<(&[u8; 6], &[u8; 6])>, w: &mut Writer<'_>) {
    complete.status.emit(w);
    complete.handle.emit(w);
    w.u8(complete.role as u8);
    complete.peer.emit(w);
    if let Some((own, peer)) = addresses {
        w.bytes(own);
        w.bytes(peer);
    }
    w.u16(complete.interval);
    w.u16(complete.latency);
    w.u16(complete.supervision_timeout);
    w.u8(complete.clock_accuracy);
}

macro_rules! fields {
    ($w:ident: $($field:expr),+) => {{ $(Field::emit($field, $w);)+ }};
}

impl Event<'_> {
    /// The event code.
    pub fn code(&self) -> u8 {
        match self {
            Event::DisconnectionComplete { .. } => code::DISCONNECTION_COMPLETE,
            Event::EncryptionChange { .. } => code::ENCRYPTION_CHANGE,
            Event::EncryptionKeyRefreshComplete { .. } => code::ENCRYPTION_KEY_REFRESH_COMPLETE,
            Event::ReadRemoteVersionInformationComplete { .. } => code::READ_REMOTE_VERSION_INFORMATION_COMPLETE,
            Event::CommandComplete { .. } => code::COMMAND_COMPLETE,
            Event::CommandStatus { .. } => code::COMMAND_STATUS,
            Event::HardwareError { .. } => code::HARDWARE_ERROR,
            Event::NumberOfCompletedPackets(_) => code::NUMBER_OF_COMPLETED_PACKETS,
            Event::DataBufferOverflow { .. } => code::DATA_BUFFER_OVERFLOW,
            Event::Unknown { code, .. } => *code,
            _ => code::LE_META,
        }
    }

    /// The subevent code of an LE event.
    pub fn subevent(&self) -> Option<u8> {
        Some(match self {
            Event::LeConnectionComplete(_) => 0x01,
            Event::LeAdvertisingReport(_) => 0x02,
            Event::LeConnectionUpdateComplete { .. } => 0x03,
            Event::LeReadRemoteFeaturesComplete { .. } => 0x04,
            Event::LeLongTermKeyRequest { .. } => 0x05,
            Event::LeRemoteConnectionParameterRequest { .. } => 0x06,
            Event::LeDataLengthChange { .. } => 0x07,
            Event::LeReadLocalP256PublicKeyComplete { .. } => 0x08,
            Event::LeGenerateDhKeyComplete { .. } => 0x09,
            Event::LeEnhancedConnectionComplete(..) => 0x0a,
            Event::LePhyUpdateComplete { .. } => 0x0c,
            Event::LeUnknown { subevent, .. } => *subevent,
            _ => return None,
        })
    }

    /// Writes the whole packet.
    pub fn emit(&self, w: &mut Writer<'_>) {
        let start = w.len();
        w.u8(self.code());
        w.u8(0);
        if let Some(subevent) = self.subevent() {
            w.u8(subevent);
        }
        self.emit_parameters(w);
        let length = w.len().saturating_sub(start).saturating_sub(2);
        w.patch_u8(start.saturating_add(1), u8::try_from(length).unwrap_or(u8::MAX));
    }

    fn emit_parameters(&self, w: &mut Writer<'_>) {
        match self {
            Event::DisconnectionComplete { status, handle, reason } => fields!(w: status, handle, reason),
            Event::EncryptionChange { status, handle, enabled } => fields!(w: status, handle, enabled),
            Event::EncryptionKeyRefreshComplete { status, handle } => fields!(w: status, handle),
            Event::LeReadLocalP256PublicKeyComplete { status, key_x, key_y } => {
                status.emit(w);
                w.bytes(*key_x);
                w.bytes(*key_y);
            }
            Event::LeGenerateDhKeyComplete { status, key } => fields!(w: status, key),
            Event::ReadRemoteVersionInformationComplete { status, handle, version, manufacturer, subversion } => {
                fields!(w: status, handle, version, manufacturer, subversion);
            }
            Event::CommandComplete { credits, opcode, return_parameters } => {
                fields!(w: credits, &opcode.0);
                w.bytes(return_parameters);
            }
            Event::CommandStatus { status, credits, opcode } => fields!(w: status, credits, &opcode.0),
            Event::HardwareError { code } => w.u8(*code),
            Event::NumberOfCompletedPackets(packets) => {
                w.u8(u8::try_from(packets.octets.len() / 4).unwrap_or(u8::MAX));
                w.bytes(packets.octets);
            }
            Event::DataBufferOverflow { link_type } => w.u8(*link_type),
            Event::LeConnectionComplete(complete) => connection(complete, None, w),
            Event::LeEnhancedConnectionComplete(complete, own, peer) => connection(complete, Some((own, peer)), w),
            Event::LeAdvertisingReport(reports) => {
                w.u8(u8::try_from(reports.iter().count()).unwrap_or(u8::MAX));
                w.bytes(reports.octets);
            }
            Event::LeConnectionUpdateComplete { status, handle, interval, latency, supervision_timeout } => {
                fields!(w: status, handle, interval, latency, supervision_timeout);
            }
            Event::LeReadRemoteFeaturesComplete { status, handle, features } => fields!(w: status, handle, features),
            Event::LeLongTermKeyRequest { handle, random, diversifier } => fields!(w: handle, random, diversifier),
            Event::LeRemoteConnectionParameterRequest {
                handle,
                interval_min,
                interval_max,
                latency,
                supervision_timeout,
            } => fields!(w: handle, interval_min, interval_max, latency, supervision_timeout),
            Event::LeDataLengthChange { handle, tx_octets, tx_time, rx_octets, rx_time } => {
                fields!(w: handle, tx_octets, tx_time, rx_octets, rx_time);
            }
            Event::LePhyUpdateComplete { status, handle, tx_phy, rx_phy } => fields!(w: status, handle, tx_phy, rx_phy),
            Event::LeUnknown { parameters, .. } | Event::Unknown { parameters, .. } => w.bytes(parameters),
        }
    }
}

impl fmt::Display for Event<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HCI Event: ")?;
        match self {
            Event::DisconnectionComplete { status, handle, reason } => {
                write!(f, "Disconnect Complete: {status}, handle {}, reason {reason}", handle.0)
            }
            Event::EncryptionChange { status, handle, enabled } => {
                write!(f, "Encryption Change: {status}, handle {}, encryption {enabled}", handle.0)
            }
            Event::EncryptionKeyRefreshComplete { status, handle } => {
                write!(f, "Encryption Key Refresh Complete: {status}, handle {}", handle.0)
            }
            Event::LeReadLocalP256PublicKeyComplete { status, .. } => {
                write!(f, "LE Read Local P-256 Public Key Complete: {status}")
            }
            Event::LeGenerateDhKeyComplete { status, .. } => write!(f, "LE Generate DHKey Complete: {status}"),
            Event::ReadRemoteVersionInformationComplete { status, handle, .. } => {
                write!(f, "Read Remote Version Complete: {status}, handle {}", handle.0)
            }
            Event::CommandComplete { credits, opcode, return_parameters } => {
                write!(f, "Command Complete: {opcode} ncmd {credits}")?;
                match return_parameters.first() {
                    Some(status) => write!(f, ", {}", crate::hci::Status(*status)),
                    None => Ok(()),
                }
            }
            Event::CommandStatus { status, credits, opcode } => {
                write!(f, "Command Status: {opcode} ncmd {credits}, {status}")
            }
            Event::HardwareError { code } => write!(f, "Hardware Error: {code:#04x}"),
            Event::NumberOfCompletedPackets(packets) => {
                f.write_str("Number of Completed Packets:")?;
                packets.iter().try_for_each(|(handle, count)| write!(f, " handle {} count {count}", handle.0))
            }
            Event::DataBufferOverflow { link_type } => write!(f, "Data Buffer Overflow: link type {link_type}"),
            Event::LeConnectionComplete(c) | Event::LeEnhancedConnectionComplete(c, ..) => {
                write!(
                    f,
                    "LE Connection Complete: {}, handle {}, {:?}, peer {:?}",
                    c.status, c.handle.0, c.role, c.peer
                )
            }
            Event::LeAdvertisingReport(reports) => {
                f.write_str("LE Advertising Report:")?;
                reports.iter().try_for_each(|r| {
                    write!(f, " type {} {:?} {} octets {} dBm", r.kind, r.address, r.data.len(), r.rssi)
                })
            }
            Event::LeConnectionUpdateComplete { status, handle, .. } => {
                write!(f, "LE Connection Update Complete: {status}, handle {}", handle.0)
            }
            Event::LeReadRemoteFeaturesComplete { status, handle, .. } => {
                write!(f, "LE Read Remote Used Features: {status}, handle {}", handle.0)
            }
            Event::LeLongTermKeyRequest { handle, .. } => write!(f, "LE Long Term Key Request: handle {}", handle.0),
            Event::LeRemoteConnectionParameterRequest { handle, .. } => {
                write!(f, "LE Remote Connection Parameter Request: handle {}", handle.0)
            }
            Event::LeDataLengthChange { handle, tx_octets, rx_octets, .. } => {
                write!(f, "LE Data Length Change: handle {}, tx {tx_octets}, rx {rx_octets}", handle.0)
            }
            Event::LePhyUpdateComplete { status, handle, tx_phy, rx_phy } => {
                write!(f, "LE PHY Update Complete: {status}, handle {}, tx {tx_phy}, rx {rx_phy}", handle.0)
            }
            Event::LeUnknown { subevent, parameters } => {
                write!(f, "LE Meta Event: subevent {subevent:#04x} plen {}", parameters.len())
            }
            Event::Unknown { code, parameters } => write!(f, "Unknown event {code:#04x} plen {}", parameters.len()),
        }
    }
}
