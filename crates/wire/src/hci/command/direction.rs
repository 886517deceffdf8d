//! Constant tone extensions, for direction finding (Vol 4, Part E, 7.8.80 to 7.8.87).

use super::{macros::commands, returns::AntennaInformation};
use crate::hci::{ConnectionHandle, Data, Switch};

commands! {
    /// What periodic advertising transmits (7.8.80).
    LeSetConnectionlessCteTransmitParameters<'a> = LE_SET_CONNECTIONLESS_CTE_TRANSMIT_PARAMETERS {
        /// The set.
        advertising_handle: u8,
        /// 8 us each, 2 to 20.
        cte_length: u8,
        /// 0 AoA, 1 AoD of 1 us, 2 AoD of 2 us.
        cte_kind: u8,
        /// Extensions in each periodic interval.
        cte_count: u8,
        /// Antennas in the order of switching.
        antennas: Data<'a>,
    } -> ();
    /// Switches it (7.8.81).
    LeSetConnectionlessCteTransmitEnable = LE_SET_CONNECTIONLESS_CTE_TRANSMIT_ENABLE {
        /// The set.
        advertising_handle: u8,
        /// On or off.
        enable: Switch,
    } -> ();
    /// Switches sampling of periodic advertising (7.8.82).
    LeSetConnectionlessIqSamplingEnable<'a> = LE_SET_CONNECTIONLESS_IQ_SAMPLING_ENABLE {
        /// The periodic advertising train.
        sync_handle: u16,
        /// On or off.
        sampling: Switch,
        /// 1 or 2 us.
        slot_durations: u8,
        /// Extensions to sample in each periodic interval; 0: all.
        max_sampled_ctes: u8,
        /// Antennas in the order of switching.
        antennas: Data<'a>,
    } -> u16;
    /// How to sample on a link (7.8.83).
    LeSetConnectionCteReceiveParameters<'a> = LE_SET_CONNECTION_CTE_RECEIVE_PARAMETERS {
        /// The link.
        handle: ConnectionHandle,
        /// On or off.
        sampling: Switch,
        /// 1 or 2 us.
        slot_durations: u8,
        /// Antennas in the order of switching.
        antennas: Data<'a>,
    } -> ConnectionHandle;
    /// What a link may transmit (7.8.84).
    LeSetConnectionCteTransmitParameters<'a> = LE_SET_CONNECTION_CTE_TRANSMIT_PARAMETERS {
        /// The link.
        handle: ConnectionHandle,
        /// AoA, AoD of 1 us, AoD of 2 us from bit 0.
        cte_kinds: u8,
        /// Antennas in the order of switching.
        antennas: Data<'a>,
    } -> ConnectionHandle;
    /// Switches requests to the peer (7.8.85).
    LeConnectionCteRequestEnable = LE_CONNECTION_CTE_REQUEST_ENABLE {
        /// The link.
        handle: ConnectionHandle,
        /// On or off.
        enable: Switch,
        /// Connection events; 0: once.
        interval: u16,
        /// 8 us each, 2 to 20.
        cte_length: u8,
        /// 0 AoA, 1 AoD of 1 us, 2 AoD of 2 us.
        cte_kind: u8,
    } -> ConnectionHandle;
    /// Switches answers to the peer's requests (7.8.86).
    LeConnectionCteResponseEnable = LE_CONNECTION_CTE_RESPONSE_ENABLE {
        /// The link.
        handle: ConnectionHandle,
        /// On or off.
        enable: Switch,
    } -> ConnectionHandle;
    /// Asks for the antennas (7.8.87).
    LeReadAntennaInformation = LE_READ_ANTENNA_INFORMATION {} -> AntennaInformation;
}
