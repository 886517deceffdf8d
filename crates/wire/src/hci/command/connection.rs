//! Links: how they are made, and their parameters (Vol 4, Part E, 7.8.12 to 7.8.21, 7.8.31, 7.8.66, 7.8.94, 7.8.108, 7.8.123).

use super::{
    macros::{commands, returns},
    parameter::PerPhy,
    returns::ChannelMap,
};
use crate::{
    Address,
    hci::{ConnectionHandle, Status},
};

commands! {
    /// Initiates a connection (7.8.12).
    LeCreateConnection = LE_CREATE_CONNECTION {
        /// 625 us each.
        scan_interval: u16,
        /// 625 us each.
        scan_window: u16,
        /// Whether the accept list decides.
        filter_policy: u8,
        /// To whom.
        peer: Address,
        /// 0 public, 1 random, 2 and 3 resolvable.
        own_address_kind: u8,
        /// 1.25 ms each.
        interval_min: u16,
        /// 1.25 ms each.
        interval_max: u16,
        /// Connection events.
        latency: u16,
        /// 10 ms each.
        supervision_timeout: u16,
        /// 625 us each.
        ce_length_min: u16,
        /// 625 us each.
        ce_length_max: u16,
    } -> ();
    /// Gives it up (7.8.13).
    LeCreateConnectionCancel = LE_CREATE_CONNECTION_CANCEL {} -> ();
    /// Changes a link's parameters (7.8.18).
    LeConnectionUpdate = LE_CONNECTION_UPDATE {
        /// The link.
        handle: ConnectionHandle,
        /// 1.25 ms each.
        interval_min: u16,
        /// 1.25 ms each.
        interval_max: u16,
        /// Connection events.
        latency: u16,
        /// 10 ms each.
        supervision_timeout: u16,
        /// 625 us each.
        ce_length_min: u16,
        /// 625 us each.
        ce_length_max: u16,
    } -> ();
    /// Tells which channels are of no use (7.8.19).
    LeSetHostChannelClassification = LE_SET_HOST_CHANNEL_CLASSIFICATION {
        /// Channel n has bit n, from 0 to 36; 0 is bad.
        map: [u8; 5],
    } -> ();
    /// Asks for the channels of a link (7.8.20).
    LeReadChannelMap = LE_READ_CHANNEL_MAP {
        /// The link.
        handle: ConnectionHandle,
    } -> ChannelMap;
    /// Asks for the peer's features (7.8.21).
    LeReadRemoteFeatures = LE_READ_REMOTE_FEATURES {
        /// The link.
        handle: ConnectionHandle,
    } -> ();
    /// Accepts what the peer asked for (7.8.31).
    LeRemoteConnectionParameterRequestReply = LE_REMOTE_CONNECTION_PARAMETER_REQUEST_REPLY {
        /// The link.
        handle: ConnectionHandle,
        /// 1.25 ms each.
        interval_min: u16,
        /// 1.25 ms each.
        interval_max: u16,
        /// Connection events.
        latency: u16,
        /// 10 ms each.
        supervision_timeout: u16,
        /// 625 us each.
        ce_length_min: u16,
        /// 625 us each.
        ce_length_max: u16,
    } -> ConnectionHandle;
    /// Refuses it (7.8.32).
    LeRemoteConnectionParameterRequestNegativeReply = LE_REMOTE_CONNECTION_PARAMETER_REQUEST_NEGATIVE_REPLY {
        /// The link.
        handle: ConnectionHandle,
        /// Why.
        reason: Status,
    } -> ConnectionHandle;
    /// Initiates a connection, on each PHY (7.8.66).
    LeExtendedCreateConnection = LE_EXTENDED_CREATE_CONNECTION {
        /// 0 to the peer, 1 to whom the accept list holds, without decision PDUs; 2 to the peer by decision PDUs only, 3 to whom the
        /// accept list holds by all PDUs, 4 by all decision PDUs and for others by the accept list.
        filter_policy: u8,
        /// 0 public, 1 random, 2 and 3 resolvable.
        own_address_kind: u8,
        /// To whom.
        peer: Address,
        /// On which PHYs.
        phys: PerPhy<InitiatingParameters>,
    } -> ();
    /// Initiates a connection, also in a subevent of periodic advertising (7.8.66).
    LeExtendedCreateConnectionV2 = LE_EXTENDED_CREATE_CONNECTION_V2 {
        /// The set of ours that advertises periodically; 0xff: none.
        advertising_handle: u8,
        /// Its subevent; 0xff: none.
        subevent: u8,
        /// 0 to the peer, 1 to whom the accept list holds, without decision PDUs; 2 to the peer by decision PDUs only, 3 to whom the
        /// accept list holds by all PDUs, 4 by all decision PDUs and for others by the accept list.
        filter_policy: u8,
        /// 0 public, 1 random, 2 and 3 resolvable.
        own_address_kind: u8,
        /// To whom.
        peer: Address,
        /// On which PHYs.
        phys: PerPhy<InitiatingParameters>,
    } -> ();
    /// Lets the controller use a clock of another accuracy (7.8.94).
    LeModifySleepClockAccuracy = LE_MODIFY_SLEEP_CLOCK_ACCURACY {
        /// 0 more accurate, 1 less accurate.
        action: u8,
    } -> ();
    /// Asks for the accuracy of the peer's clock (7.8.108).
    LeRequestPeerSca = LE_REQUEST_PEER_SCA {
        /// The link.
        handle: ConnectionHandle,
    } -> ();
    /// What peers of new links may ask for (7.8.123).
    LeSetDefaultSubrate = LE_SET_DEFAULT_SUBRATE {
        /// Connection events from one in use to the next, at least.
        subrate_min: u16,
        /// Connection events from one in use to the next, at most.
        subrate_max: u16,
        /// In subrated connection events.
        max_latency: u16,
        /// Connection events in use after one with data.
        continuation_number: u16,
        /// 10 ms each.
        supervision_timeout: u16,
    } -> ();
    /// Changes how many of a link's connection events are in use (7.8.124).
    LeSubrateRequest = LE_SUBRATE_REQUEST {
        /// The link.
        handle: ConnectionHandle,
        /// Connection events from one in use to the next, at least.
        subrate_min: u16,
        /// Connection events from one in use to the next, at most.
        subrate_max: u16,
        /// In subrated connection events.
        max_latency: u16,
        /// Connection events in use after one with data.
        continuation_number: u16,
        /// 10 ms each.
        supervision_timeout: u16,
    } -> ();
    /// Changes the time between packets (7.8.151).
    LeFrameSpaceUpdate = LE_FRAME_SPACE_UPDATE {
        /// The link.
        handle: ConnectionHandle,
        /// Microseconds.
        min: u16,
        /// Microseconds, at most 10000.
        max: u16,
        /// 1M, 2M, Coded from bit 0.
        phys: u8,
        /// Bit by bit: ACL from the central, ACL from the peripheral, MCES, CIS, between streams.
        spacings: u16,
    } -> ();
}

returns! {
    /// How to initiate on one PHY.
    InitiatingParameters {
        /// 625 us each.
        scan_interval: u16,
        /// 625 us each.
        scan_window: u16,
        /// 1.25 ms each.
        interval_min: u16,
        /// 1.25 ms each.
        interval_max: u16,
        /// Connection events.
        latency: u16,
        /// 10 ms each.
        supervision_timeout: u16,
        /// 625 us each.
        ce_length_min: u16,
        /// 625 us each.
        ce_length_max: u16,
    }
}
