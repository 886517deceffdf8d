//! The one error of host and face, and why a host went down.

use core::fmt;
use jelling_wire::{
    ad::{AdType, DoesNotFit},
    att::ErrorCode,
    hci::{Opcode, Status},
    l2cap::signalling::LeConnectionResult,
    smp::Reason,
};

/// What went wrong. Its text is a sentence that says what to do.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Error {
    /// The time given to the operation ran out. What it began has been undone.
    Timeout,
    /// The link is down, or went down while the operation waited.
    Disconnected,
    /// Nothing with that UUID, name or handle.
    NotFound,
    /// The handle belongs to a GATT table that another registration has replaced; or the pairing that a question was for, or an attempt
    /// was of, is over; or the peer does not ask for parameters, or has been answered.
    Stale,
    /// Another operation of this kind is under way, and only one can be.
    Busy,
    /// A table is full.
    Full(Resource),
    /// This field fits neither into what is left of the advertisement nor into the scan response.
    DoesNotFit(AdType),
    /// The peer answered an ATT request with this error (Vol 3, Part F, 3.4.1.1).
    Gatt(ErrorCode),
    /// The peer broke the protocol in answering; the link lives.
    Protocol,
    /// The controller refused a command.
    Refused(Opcode, Status),
    /// The peer refused the connection parameters that it was asked for; or does not know how to be asked: Unsupported Remote
    /// Feature.
    ParametersRefused(Status),
    /// A connection could not be made.
    ConnectionFailed(Status),
    /// The host is down.
    Down(Fault),
    /// The host was stopped while the operation waited.
    Stopped,
    /// An argument is outside its range.
    InvalidArgument(Argument),
    /// The characteristic's properties do not offer the operation; or the pairing does not: keypresses that were not agreed on, random
    /// octets that the controller does not have; or the controller does not, as other PHYs or longer packets.
    NotSupported,
    /// The peer has not subscribed to the characteristic.
    NotSubscribed,
    /// The link lacks the security that the characteristic demands: what the peer would be answered, were it to read.
    NotPermitted(ErrorCode),
    /// The characteristic has no Client Characteristic Configuration descriptor.
    NoCccd,
    /// Pairing failed, and we ended it for this reason (Vol 3, Part H, 3.5.5).
    PairingFailed(Reason),
    /// The peer ended pairing for this reason.
    PairingRejected(Reason),
    /// The peer has lost the key of the bond. Nothing is paired anew by itself.
    BondLost,
    /// There is no bond with the peer.
    NotBonded,
    /// The link could not be encrypted.
    EncryptionFailed(Status),
    /// There is no key of ours with which the peer could verify a signature.
    NoSigningKey,
    /// The octets are no value of the type asked for.
    InvalidValue,
    /// The value is longer than the attribute, the buffer or the MTU allows.
    TooLong,
    /// The L2CAP channel was closed by either side; its link may be up.
    ChannelClosed,
    /// The peer refused the channel for this reason (Vol 3, Part A, 4.23), or serves none: PSM not supported.
    ChannelRefused(LeConnectionResult),
}

impl Error {
    /// All zero, of a table's free slot.
    pub(crate) const ZERO: Error = Error::Down(Fault::Silent(Opcode::NOP));
}

// It is handed back in a register of 32 bits.
const _: () = assert!(size_of::<Result<(), Error>>() == 4);

/// A table or buffer with a size of its own in `Resources`.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Resource {
    /// `Links<N, _>`.
    Links,
    /// The attributes of `Gatt<A, _>`.
    Attributes,
    /// The values of `Gatt<_, V>`.
    Values,
    /// The blocks of `Pool<B, _>`.
    Blocks,
    /// The queues of `Pool<_, Q>`.
    Queues,
    /// Attribute handles: 65,535 of them.
    Handles,
    /// The slots of `Bonds<N>`.
    Bonds,
    /// The slots of `Channels<N, _, _>`.
    Channels,
    /// The 31 octets of an advertisement, or of a scan response, that was given whole.
    AdvertisingData,
}

/// An argument with a range.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Argument {
    /// Scan interval or window: 2.5 ms to 10.24 s, the window not longer than the interval.
    ScanInterval,
    /// Advertising interval: 20 ms to 10.24 s.
    AdvertisingInterval,
    /// Connection interval: 7.5 ms to 4 s, the least not above the greatest.
    ConnectionInterval,
    /// Connection parameters: intervals of 7.5 ms to 4 s, the least not above the greatest; latency of 499 at most; supervision
    /// timeout of 100 ms to 32 s, and more than twice (1 + latency) times the greatest interval.
    ConnectionParameters,
    /// Data length: 27 to 251 octets.
    DataLength,
    /// MTU: 23 to 517.
    Mtu,
    /// A service, characteristic or descriptor handle: ascending, not zero; of an included service: a service's.
    Handle,
    /// The handles of one request: two at least.
    HandleCount,
    /// A bond or our own identity: keys of 7 to 16 octets that are not all zero, the address of an identity public or random static.
    Bond,
    /// A passkey: 0 to 999,999; and the answer to the question that was asked.
    Passkey,
    /// PSM: 0x0001 to 0x00ff.
    Psm,
    /// MTU of a channel: 23 to 65,535.
    ChannelMtu,
    /// MPS of a channel: 23 to 65,533.
    Mps,
    /// The order of a registration: a characteristic belongs to the last service, a descriptor to the last characteristic.
    Order,
}

/// Why the host is down.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Fault {
    /// The controller did not answer this command in time.
    Silent(Opcode),
    /// The controller refused this command while it was brought up.
    BringUp(Opcode, Status),
    /// The controller's answer to this command during bring-up made no sense.
    Nonsense(Opcode),
    /// The controller has no buffers for LE data.
    NoBuffers,
    /// The controller reported a hardware error.
    Hardware(u8),
    /// The transport closed or failed.
    TransportClosed,
    /// The controller restarted by itself.
    Restarted,
    /// What came from the controller made no sense for so long that it had to be reset (Vol 4, Part A, 4).
    Noise,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::Silent(opcode) => {
                write!(f, "the controller does not answer {opcode}: check port, baud rate and flow control")
            }
            Fault::BringUp(opcode, status) => write!(f, "the controller refused {opcode}: {status}"),
            Fault::Nonsense(opcode) => {
                write!(f, "the controller's answer to {opcode} makes no sense: is this an LE controller?")
            }
            Fault::NoBuffers => f.write_str("the controller has no buffers for LE data"),
            Fault::Hardware(code) => write!(f, "the controller reported hardware error {code:#04x}"),
            Fault::TransportClosed => f.write_str("the connection to the controller is closed"),
            Fault::Noise => f.write_str("what comes from the controller makes no sense: check baud rate and RTS/CTS"),
            Fault::Restarted => f.write_str("the controller restarted: check its power supply"),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Timeout => f.write_str("timed out"),
            Error::Disconnected => f.write_str("the link is down"),
            Error::NotFound => f.write_str("not found"),
            Error::Stale => f.write_str("what it was for is over: a GATT table that has been replaced, a pairing that has ended, or a question that was answered"),
            Error::Busy => f.write_str("another operation of this kind is under way"),
            Error::Full(resource) => f.write_str(match resource {
                Resource::Links => "no free link: raise `links` in Resources",
                Resource::Attributes => "no free attribute: raise the attributes of `Gatt` in Resources",
                Resource::Values => "no room for values: raise the octets of `Gatt` in Resources",
                Resource::Blocks => "no free block: raise the blocks of `Pool` in Resources",
                Resource::Queues => "no free queue: raise the queues of `Pool` in Resources",
                Resource::Bonds => {
                    "no free bond: raise `Bonds` in Resources, remove a bond, or disconnect a peer that has one"
                }
                Resource::Channels => "no free channel: raise `Channels` in Resources",
                Resource::Handles => "no attribute handle is left",
                Resource::AdvertisingData => "an advertisement or a scan response has at most 31 octets",
            }),
            Error::DoesNotFit(kind) => DoesNotFit(*kind).fmt(f),
            Error::Gatt(code) => write!(f, "the peer answered {code}"),
            Error::Protocol => f.write_str("the peer broke the protocol"),
            Error::Refused(opcode, status) => write!(f, "the controller refused {opcode}: {status}"),
            Error::ParametersRefused(status) => write!(f, "the peer refused the connection parameters: {status}"),
            Error::ConnectionFailed(status) => write!(f, "no connection: {status}"),
            Error::Down(fault) => fault.fmt(f),
            Error::Stopped => f.write_str("the host was stopped"),
            Error::InvalidArgument(argument) => f.write_str(match argument {
                Argument::ScanInterval => {
                    "scan interval and window are 2.5 ms to 10.24 s, the window not longer than the interval"
                }
                Argument::AdvertisingInterval => "the advertising interval is 20 ms to 10.24 s",
                Argument::ConnectionInterval => {
                    "the connection interval is 7.5 ms to 4 s, the least not above the greatest"
                }
                Argument::ConnectionParameters => {
                    "connection intervals are 7.5 ms to 4 s, the latency at most 499, the supervision timeout 100 ms to 32 s and more than twice (1 + latency) intervals"
                }
                Argument::DataLength => "the data length is 27 to 251 octets",
                Argument::Mtu => "the MTU is 23 to 517",
                Argument::Handle => "handles ascend and are not zero, and an include is of a service",
                Argument::HandleCount => "several values are read by two handles at least",
                Argument::Bond => {
                    "a bond has keys of 7 to 16 octets that are not all zero, and its identity a public or random static address"
                }
                Argument::Passkey => "a passkey is 0 to 999999, and answers the question that was asked",
                Argument::Psm => "a PSM is 0x0001 to 0x00ff",
                Argument::ChannelMtu => "the MTU of a channel is 23 to 65535",
                Argument::Mps => "the MPS of a channel is 23 to 65533",
                Argument::Order => {
                    "a characteristic belongs to the last service, a descriptor to the last characteristic"
                }
            }),
            Error::NotSupported => f.write_str("the characteristic, the pairing or the controller does not offer this operation"),
            Error::NotSubscribed => f.write_str("the peer has not subscribed to the characteristic"),
            Error::NotPermitted(code) => {
                write!(
                    f,
                    "the link lacks the security that the characteristic demands ({code}): pair first, or authorise the peer"
                )
            }
            Error::NoCccd => f.write_str("the characteristic has no Client Characteristic Configuration descriptor"),
            Error::PairingFailed(reason) => write!(f, "pairing failed: {reason}"),
            Error::PairingRejected(reason) => write!(f, "the peer ended pairing: {reason}"),
            Error::BondLost => {
                f.write_str("the peer has lost the key of the bond: remove the bond here too, and pair again")
            }
            Error::NotBonded => f.write_str("there is no bond with the peer: pair first"),
            Error::EncryptionFailed(status) => write!(f, "the link could not be encrypted: {status}"),
            Error::NoSigningKey => f.write_str("there is no key to sign with: bond with the peer first"),
            Error::InvalidValue => f.write_str("the octets are no value of this type"),
            Error::TooLong => f.write_str("the value is too long"),
            Error::ChannelClosed => f.write_str("the channel is closed"),
            Error::ChannelRefused(result) => write!(f, "the peer refused the channel: {result}"),
        }
    }
}

impl core::error::Error for Error {}
