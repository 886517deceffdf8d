//! What Command Complete returns after the status, where it is more than one number.

use super::{macros::returns, parameter::Decibels10};
use crate::hci::{ConnectionHandle, LeFeaturePages, Switch};

returns! {
    /// Answer of Read Buffer Size.
    BufferSize {
        /// Octets of data in an ACL packet.
        acl_length: u16,
        /// Octets of data in a synchronous packet.
        sco_length: u8,
        /// ACL packets the controller holds.
        acl_packets: u16,
        /// Synchronous packets the controller holds.
        sco_packets: u16,
    }
    /// Answer of LE Read Buffer Size.
    LeBufferSize {
        /// Octets of data in an ACL packet; 0: ask Read Buffer Size.
        acl_length: u16,
        /// ACL packets the controller holds; 0: ask Read Buffer Size.
        acl_packets: u8,
    }
    /// Answer of Read RSSI.
    Rssi {
        /// The link.
        handle: ConnectionHandle,
        /// dBm; 127: not known.
        rssi: i8,
    }
    /// Answer of LE Read Channel Map.
    ChannelMap {
        /// The link.
        handle: ConnectionHandle,
        /// Channel n has bit n, from 0 to 36; 1 is in use.
        map: [u8; 5],
    }
    /// Answer of LE Read PHY.
    LinkPhys {
        /// The link.
        handle: ConnectionHandle,
        /// 1 is 1M, 2 is 2M, 3 is Coded.
        tx_phy: u8,
        /// 1 is 1M, 2 is 2M, 3 is Coded.
        rx_phy: u8,
    }
    /// Answer of LE Read Suggested Default Data Length.
    DataLength {
        /// Octets of payload.
        tx_octets: u16,
        /// Microseconds.
        tx_time: u16,
    }
    /// Answer of LE Read Maximum Data Length.
    MaximumDataLength {
        /// Octets of payload, sent.
        tx_octets: u16,
        /// Microseconds, sent.
        tx_time: u16,
        /// Octets of payload, received.
        rx_octets: u16,
        /// Microseconds, received.
        rx_time: u16,
    }
    /// Answer of Read Transmit Power Level.
    TransmitPowerLevel {
        /// The link.
        handle: ConnectionHandle,
        /// dBm.
        level: i8,
    }
    /// Answer of Read LE Host Support.
    LeHostSupport {
        /// On or off.
        le_supported_host: Switch,
        /// Without meaning.
        unused: u8,
    }
    /// Answer of Read Authenticated Payload Timeout.
    AuthenticatedPayloadTimeout {
        /// The link.
        handle: ConnectionHandle,
        /// 10 ms each.
        timeout: u16,
    }
    /// Answer of `LE Read Buffer Size [v2]`.
    LeBufferSizes {
        /// Octets of data in an ACL packet; 0: ask Read Buffer Size.
        acl_length: u16,
        /// ACL packets the controller holds; 0: ask Read Buffer Size.
        acl_packets: u8,
        /// Octets of data in an ISO packet; 0: none.
        iso_length: u16,
        /// ISO packets the controller holds; 0: none.
        iso_packets: u8,
    }
    /// Answer of LE Read All Local Supported Features.
    AllFeatures {
        /// The last page with a feature.
        max_page: u8,
        /// The features.
        features: LeFeaturePages,
    }
    /// Answer of LE Read Transmit Power.
    TransmitPowerRange {
        /// dBm.
        min: i8,
        /// dBm.
        max: i8,
    }
    /// Answer of LE Read RF Path Compensation.
    PathCompensation {
        /// Gain from radio to antenna.
        tx: Decibels10,
        /// Gain from antenna to radio.
        rx: Decibels10,
    }
    /// Answer of LE Enhanced Read Transmit Power Level.
    EnhancedTransmitPowerLevel {
        /// The link.
        handle: ConnectionHandle,
        /// 1 is 1M, 2 is 2M, 3 is Coded S=8, 4 is Coded S=2.
        phy: u8,
        /// dBm; 127: not known.
        current: i8,
        /// dBm.
        max: i8,
    }
    /// Answer of LE Read Antenna Information.
    AntennaInformation {
        /// Slots of 1 us, bit by bit: AoD transmission, AoD reception, AoA reception.
        sampling_rates: u8,
        /// How many, at most 75.
        antennas: u8,
        /// Antennas in a switching pattern.
        max_pattern_length: u8,
        /// 8 us each.
        max_cte_length: u8,
    }
}
