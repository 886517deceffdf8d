//! What the core tells: which slot has news. The news itself stays in the slot until a verb takes it.

use crate::{
    Error,
    gap::{ConnectionParameters, DataLength, LinkPhy},
    security::Security,
};
use bitflags::bitflags;
use core::time::Duration;
use jelling_wire::smp::Keypress;

/// A slot has news. Equal events coalesce, and the order across slots is not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Event {
    /// The host came up, went down or was stopped.
    Host,
    /// A report waits, or scanning ended.
    Scan,
    /// Advertising began, ended or led to a connection.
    Advertising,
    /// The initiator made a connection, failed or is free again.
    Initiator,
    /// This link came up, went down or changed its parameters or MTU.
    Link(u8),
    /// This link can take another frame, and somebody had found that it could not: `Busy`.
    Transmit(u8),
    /// This link's ATT client has an answer, or is free again and somebody had found that it was not.
    Client(u8),
    /// This link's indication was confirmed or ended.
    Indication(u8),
    /// The attribute with this handle was written or subscribed to by a peer; of captured writes the queue tells.
    Attribute(u16),
    /// This queue holds a value or was closed.
    Queue(u8),
    /// A channel was opened, received something or ended; or another one came to who listens in this slot.
    #[cfg(feature = "l2cap")]
    Channel(u8),
    /// A channel can send again, or has sent all, and somebody had found that it could not, or had not: `Busy`.
    #[cfg(feature = "l2cap")]
    ChannelRoom(u8),
    /// A bond, or our own identity, is to be saved or removed: see `bond_change`.
    Bonds,
    /// Pool blocks were given back, and somebody had found too few.
    Pool,
    /// The user has something to do: a passkey or a comparison.
    #[cfg(feature = "security")]
    Passkey,
    /// There is arithmetic to do: `poll_job`.
    #[cfg(feature = "security")]
    Jobs,
}

/// What happened to a host beside any call. Only the latest is kept until it is taken.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum HostEvent {
    /// The controller or the transport failed: all links are lost. The host is being brought up again, or will be when its
    /// transport is back.
    Lost(crate::Fault),
    /// The host is up again after this, with its GATT table, and advertising if it did before.
    Recovered(crate::Fault),
    /// It could not be brought up again. The next operation tries once more.
    Failed(crate::Fault),
}

/// What happened to a connection beside any call. Each kind is told once, as it is by then.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum ConnectionEvent {
    /// The parameters of the connection changed (Vol 4, Part E, 7.7.65.3).
    ParametersChanged {
        /// The connection interval.
        interval: Duration,
        /// Connection events the peripheral may skip.
        latency: u16,
        /// How long the connection survives silence.
        supervision_timeout: Duration,
    },
    /// The peer asks for these parameters, and [`ParameterPolicy::Ask`](crate::ParameterPolicy) leaves it to the application:
    /// `answer_parameters`, within 29 s.
    ParametersRequested(ConnectionParameters),
    /// The PHYs changed, by either side (Vol 4, Part E, 7.7.65.12).
    PhyChanged(LinkPhy),
    /// The length of packets changed, by either side (Vol 4, Part E, 7.7.65.7). What controllers do by themselves at the beginning of a
    /// connection is not told.
    DataLengthChanged(DataLength),
    /// The ATT MTU changed, by either side's exchange (Vol 3, Part F, 3.4.2).
    MtuChanged(u16),
    /// The security of the connection changed.
    SecurityChanged(Security),
    /// A pairing that no call of ours waits for failed: [`Error::PairingFailed`] or [`Error::PairingRejected`] with the reason,
    /// `Timeout` after 30 s of silence, `Disconnected` where the connection is being ended.
    PairingFailed(Error),
    /// The peer has lost the key of the bond: it refused to encrypt with it, or wants to pair as if there was none. The bond
    /// stays until another takes its place, or it is removed.
    BondLost,
    /// The peer wants the connection secured (Security Request, Vol 3, Part H, 3.6.7), and there is no bond whose key would do: pair,
    /// if the user wants to.
    SecurityRequested,
    /// How far the passkey is typed in at the peer (Vol 3, Part H, 3.5.8).
    Keypress(Keypress),
    /// The peer left a request or an indication without an answer for 30 s: nothing more can be asked, written, notified or
    /// indicated on this connection (Vol 3, Part F, 3.3.3). To go on, disconnect and connect again.
    AttTimedOut,
}

bitflags! {
    /// What `take_link_event` has to tell.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub(crate) struct Happened: u16 {
        const PARAMETERS = 1;
        const MTU = 2;
        const SECURITY = 4;
        const ATT_TIMED_OUT = 8;
        const PAIRING_FAILED = 16;
        const BOND_LOST = 32;
        const SECURITY_REQUESTED = 64;
        const KEYPRESS = 128;
        const PARAMETERS_WANTED = 256;
        const DATA_LENGTH = 512;
        const PHY = 1024;
    }
}

bitflags! {
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub(crate) struct HostNews: u16 {
        const HOST = 1;
        const SCAN = 2;
        const ADVERTISING = 4;
        const INITIATOR = 8;
        const LINKS = 16;
        const ATTRIBUTES = 32;
        const QUEUES = 64;
        const POOL = 128;
        const PASSKEY = 256;
        const BONDS = 512;
        const JOBS = 1024;
        const CHANNELS = 2048;
    }
}

bitflags! {
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub(crate) struct LinkNews: u8 {
        const LINK = 1;
        const TRANSMIT = 2;
        const CLIENT = 4;
        const INDICATION = 8;
    }
}
