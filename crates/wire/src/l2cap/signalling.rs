//! Commands of the LE signalling channel, one in a frame (Vol 3, Part A, 4).

pub use super::codes::{Code, ConnectionResult, LeConnectionResult, ReconfigureResult, UpdateResult};

use super::{ChannelId, ChannelIds, Psm};
use crate::{
    Malformed, Reader, Writer,
    hci::field::{Field, hex, show},
};
use core::fmt;

/// Code, identifier and data of a command; its length must be exact, and an identifier of zero is invalid.
pub fn header(octets: &[u8]) -> Result<(Code, u8, &[u8]), Malformed> {
    let mut r = Reader::new(octets);
    let (code, identifier) = (Code(r.u8()?), r.u8()?);
    let length = r.u16()?;
    let data = r.bytes(usize::from(length))?;
    r.finish()?;
    if identifier == 0 { Err(Malformed) } else { Ok((code, identifier, data)) }
}

/// Writes the header, and tells where its length stands.
fn begin(code: Code, identifier: u8, w: &mut Writer<'_>) -> usize {
    w.bytes(&[code.0, identifier, 0, 0]);
    w.len().saturating_sub(2)
}

/// Writes the length of what stands behind it.
fn end(length_at: usize, w: &mut Writer<'_>) {
    let length = w.len().saturating_sub(length_at).saturating_sub(2);
    w.patch_u16(length_at, u16::try_from(length).unwrap_or(u16::MAX));
}

/// Why a command was rejected (4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rejection<'a> {
    /// The command is unknown, or not served.
    NotUnderstood,
    /// The command was longer than the signalling channel takes.
    MtuExceeded {
        /// What it takes.
        mtu: u16,
    },
    /// There is no such channel.
    InvalidCid {
        /// The channel's end on the side of who rejects; 0 when there is none.
        local: ChannelId,
        /// Its end on the side of who asked.
        remote: ChannelId,
    },
    /// A reason that the specification does not know.
    Unknown {
        /// Its number.
        reason: u16,
        /// What it says.
        data: &'a [u8],
    },
}

impl<'a> Rejection<'a> {
    fn take(r: &mut Reader<'a>) -> Result<Self, Malformed> {
        Ok(match r.u16()? {
            0 => Rejection::NotUnderstood,
            1 => Rejection::MtuExceeded { mtu: r.u16()? },
            2 => Rejection::InvalidCid { local: ChannelId(r.u16()?), remote: ChannelId(r.u16()?) },
            reason => Rejection::Unknown { reason, data: r.rest() },
        })
    }

    // As Signal::emit.
    #[inline(always)]
    fn emit(&self, w: &mut Writer<'_>) {
        match *self {
            Rejection::NotUnderstood => w.u16(0),
            Rejection::MtuExceeded { mtu } => {
                w.u16(1);
                w.u16(mtu);
            }
            Rejection::InvalidCid { local, remote } => {
                w.u16(2);
                w.u16(local.0);
                w.u16(remote.0);
            }
            Rejection::Unknown { reason, data } => {
                w.u16(reason);
                w.bytes(data);
            }
        }
    }

    fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Rejection::NotUnderstood => f.write_str(" reason Command not understood (0x0000)"),
            Rejection::MtuExceeded { mtu } => write!(f, " reason Signaling MTU exceeded (0x0001) mtu {mtu}"),
            Rejection::InvalidCid { local, remote } => {
                write!(f, " reason Invalid CID in request (0x0002) local {} remote {}", local.0, remote.0)
            }
            Rejection::Unknown { reason, data } => {
                write!(f, " reason Reserved ({reason:#06x}) ")?;
                hex(f, data)
            }
        }
    }
}

macro_rules! signals {
    ($($(#[$doc:meta])* $name:ident = $code:ident { $($field:ident: $type:ty),+ $(,)? })+) => {
        /// A signalling command.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[allow(missing_docs, reason = "fields are named as in the section of the specification that each variant cites")]
        pub enum Signal<'a> {
            /// 4.1.
            CommandReject { identifier: u8, reason: Rejection<'a> },
            $($(#[$doc])* $name { identifier: u8, $($field: $type),+ },)+
            /// A command that this crate does not take apart.
            Unknown { code: Code, identifier: u8, data: &'a [u8] },
        }

        impl<'a> Signal<'a> {
            /// As [`parse`](Signal::parse), for one who serves some commands alone: the others are `Unknown`, and no code
            /// for them gets into the program.
            #[inline(always)]
            pub fn parse_among(octets: &'a [u8], among: impl Fn(Code) -> bool) -> Result<Self, Malformed> {
                let (code, identifier, data) = header(octets)?;
                let mut r = Reader::new(data);
                let signal = match code {
                    Code::COMMAND_REJECT if among(Code::COMMAND_REJECT) => {
                        Signal::CommandReject { identifier, reason: Rejection::take(&mut r)? }
                    }
                    $(Code::$code if among(Code::$code) => {
                        Signal::$name { identifier, $($field: <$type>::take(&mut r)?),+ }
                    })+
                    code => Signal::Unknown { code, identifier, data: r.rest() },
                };
                r.finish()?;
                Ok(signal)
            }

            /// The command's code.
            #[inline]
            pub const fn code(&self) -> Code {
                match self {
                    Signal::CommandReject { .. } => Code::COMMAND_REJECT,
                    $(Signal::$name { .. } => Code::$code,)+
                    Signal::Unknown { code, .. } => *code,
                }
            }

            /// What joins a response to its request.
            #[inline]
            pub const fn identifier(&self) -> u8 {
                match self {
                    Signal::CommandReject { identifier, .. } | Signal::Unknown { identifier, .. } => *identifier,
                    $(Signal::$name { identifier, .. } => *identifier,)+
                }
            }

            /// Writes the command.
            // Inlined, so that who writes one command gets the code for that one.
            #[inline(always)]
            pub fn emit(&self, w: &mut Writer<'_>) {
                let length_at = begin(self.code(), self.identifier(), w);
                match self {
                    Signal::CommandReject { reason, .. } => reason.emit(w),
                    $(Signal::$name { $($field),+, .. } => { $($field.emit(w);)+ })+
                    Signal::Unknown { data, .. } => w.bytes(data),
                }
                end(length_at, w);
            }

            fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self {
                    Signal::CommandReject { reason, .. } => reason.show(f)?,
                    $(Signal::$name { $($field),+, .. } => { $(show(f, stringify!($field), $field)?;)+ })+
                    Signal::Unknown { data, .. } => {
                        f.write_str(" ")?;
                        hex(f, data)?;
                    }
                }
                Ok(())
            }
        }
    };
}

signals! {
    /// 4.6.
    DisconnectionRequest = DISCONNECTION_REQUEST { destination: ChannelId, source: ChannelId }
    /// 4.7.
    DisconnectionResponse = DISCONNECTION_RESPONSE { destination: ChannelId, source: ChannelId }
    /// 4.20: 1.25 ms, connection events, 10 ms.
    ConnectionParameterUpdateRequest = CONNECTION_PARAMETER_UPDATE_REQUEST {
        interval_min: u16,
        interval_max: u16,
        latency: u16,
        timeout: u16,
    }
    /// 4.21.
    ConnectionParameterUpdateResponse = CONNECTION_PARAMETER_UPDATE_RESPONSE { result: UpdateResult }
    /// 4.22.
    LeCreditBasedConnectionRequest = LE_CREDIT_BASED_CONNECTION_REQUEST {
        psm: Psm,
        source: ChannelId,
        mtu: u16,
        mps: u16,
        credits: u16,
    }
    /// 4.23: all is 0 when the channel is refused.
    LeCreditBasedConnectionResponse = LE_CREDIT_BASED_CONNECTION_RESPONSE {
        destination: ChannelId,
        mtu: u16,
        mps: u16,
        credits: u16,
        result: LeConnectionResult,
    }
    /// 4.24: the channel's end on the side of who sends this.
    FlowControlCreditIndication = FLOW_CONTROL_CREDIT_INDICATION { source: ChannelId, credits: u16 }
    /// 4.25: one channel at least.
    CreditBasedConnectionRequest = CREDIT_BASED_CONNECTION_REQUEST {
        psm: Psm,
        mtu: u16,
        mps: u16,
        credits: u16,
        sources: ChannelIds,
    }
    /// 4.26: as many channels as were asked for, 0 for each that is refused. Zephyr names none when the request was malformed.
    CreditBasedConnectionResponse = CREDIT_BASED_CONNECTION_RESPONSE {
        mtu: u16,
        mps: u16,
        credits: u16,
        result: ConnectionResult,
        destinations: ChannelIds,
    }
    /// 4.27: one channel at least, by its end on the side of who sends this.
    CreditBasedReconfigureRequest = CREDIT_BASED_RECONFIGURE_REQUEST { mtu: u16, mps: u16, destinations: ChannelIds }
    /// 4.28.
    CreditBasedReconfigureResponse = CREDIT_BASED_RECONFIGURE_RESPONSE { result: ReconfigureResult }
}

impl<'a> Signal<'a> {
    /// Takes the one command of a frame apart. An identifier of zero is invalid.
    pub fn parse(octets: &'a [u8]) -> Result<Self, Malformed> {
        match Self::parse_among(octets, |_| true)? {
            Signal::CreditBasedConnectionRequest { sources: ids, .. }
            | Signal::CreditBasedReconfigureRequest { destinations: ids, .. }
                if ids.as_slice().is_empty() =>
            {
                Err(Malformed)
            }
            signal => Ok(signal),
        }
    }

    /// Octets after the header.
    fn data_length(&self) -> usize {
        match self {
            Signal::CommandReject { reason: Rejection::Unknown { data, .. }, .. } => data.len().saturating_add(2),
            Signal::Unknown { data, .. } => data.len(),
            _ => {
                let mut buffer = [0; 32];
                let mut w = Writer::new(&mut buffer);
                self.emit(&mut w);
                w.len().saturating_sub(4)
            }
        }
    }
}

impl fmt::Display for Signal<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LE L2CAP: {} ident {} len {}", self.code(), self.identifier(), self.data_length())?;
        self.show(f)
    }
}
