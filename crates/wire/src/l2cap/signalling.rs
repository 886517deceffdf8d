//! Commands of the LE signalling channel, one in a frame (Vol 3, Part A, 4).

use crate::{Malformed, Reader, Writer};
use core::fmt;

/// A signalling command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "fields are named as in the section of the specification that each variant cites")]
pub enum Signal<'a> {
    /// 4.1.
    CommandReject { identifier: u8, reason: u16, data: &'a [u8] },
    /// 4.20: 1.25 ms, connection events, 10 ms.
    ConnectionParameterUpdateRequest {
        identifier: u8,
        interval_min: u16,
        interval_max: u16,
        latency: u16,
        timeout: u16,
    },
    /// 4.21: 0 accepted, 1 rejected.
    ConnectionParameterUpdateResponse { identifier: u8, result: u16 },
    /// A command that this crate does not take apart.
    Unknown { code: u8, identifier: u8, data: &'a [u8] },
}

const COMMAND_REJECT: u8 = 0x01;
const PARAMETER_UPDATE_REQUEST: u8 = 0x12;
const PARAMETER_UPDATE_RESPONSE: u8 = 0x13;

impl<'a> Signal<'a> {
    /// Takes the one command of a frame apart. An identifier of zero is invalid.
    pub fn parse(octets: &'a [u8]) -> Result<Self, Malformed> {
        let mut r = Reader::new(octets);
        let (code, identifier) = (r.u8()?, r.u8()?);
        let length = r.u16()?;
        let data = r.bytes(usize::from(length))?;
        r.finish()?;
        if identifier == 0 {
            return Err(Malformed);
        }
        let mut r = Reader::new(data);
        let signal = match code {
            COMMAND_REJECT => Signal::CommandReject { identifier, reason: r.u16()?, data: r.rest() },
            PARAMETER_UPDATE_REQUEST => Signal::ConnectionParameterUpdateRequest {
                identifier,
                interval_min: r.u16()?,
                interval_max: r.u16()?,
                latency: r.u16()?,
                timeout: r.u16()?,
            },
            PARAMETER_UPDATE_RESPONSE => Signal::ConnectionParameterUpdateResponse { identifier, result: r.u16()? },
            code => Signal::Unknown { code, identifier, data: r.rest() },
        };
        r.finish()?;
        Ok(signal)
    }

    /// Writes the command.
    pub fn emit(&self, w: &mut Writer<'_>) {
        let start = w.len();
        let (code, identifier) = match self {
            Signal::CommandReject { identifier, .. } => (COMMAND_REJECT, identifier),
            Signal::ConnectionParameterUpdateRequest { identifier, .. } => (PARAMETER_UPDATE_REQUEST, identifier),
            Signal::ConnectionParameterUpdateResponse { identifier, .. } => (PARAMETER_UPDATE_RESPONSE, identifier),
            Signal::Unknown { code, identifier, .. } => (*code, identifier),
        };
        w.u8(code);
        w.u8(*identifier);
        w.u16(0);
        match self {
            Signal::CommandReject { reason, data, .. } => {
                w.u16(*reason);
                w.bytes(data);
            }
            Signal::ConnectionParameterUpdateRequest { interval_min, interval_max, latency, timeout, .. } => {
                w.u16(*interval_min);
                w.u16(*interval_max);
                w.u16(*latency);
                w.u16(*timeout);
            }
            Signal::ConnectionParameterUpdateResponse { result, .. } => w.u16(*result),
            Signal::Unknown { data, .. } => w.bytes(data),
        }
        let length = w.len().saturating_sub(start).saturating_sub(4);
        w.patch_u16(start.saturating_add(2), u16::try_from(length).unwrap_or(u16::MAX));
    }
}

impl fmt::Display for Signal<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Signal::CommandReject { identifier, reason, .. } => {
                write!(f, "LE L2CAP: Command Reject (0x01) ident {identifier} reason {reason:#06x}")
            }
            Signal::ConnectionParameterUpdateRequest { identifier, interval_min, interval_max, latency, timeout } => {
                write!(
                    f,
                    "LE L2CAP: Connection Parameter Update Request (0x12) ident {identifier} min {interval_min} max {interval_max} latency {latency} timeout {timeout}"
                )
            }
            Signal::ConnectionParameterUpdateResponse { identifier, result } => {
                write!(
                    f,
                    "LE L2CAP: Connection Parameter Update Response (0x13) ident {identifier} result {result:#06x}"
                )
            }
            Signal::Unknown { code, identifier, data } => {
                write!(f, "LE L2CAP: Unknown ({code:#04x}) ident {identifier} len {}", data.len())
            }
        }
    }
}
