//! Transmit power and path loss (Vol 4, Part E, 7.8.74 to 7.8.76, 7.8.117 to 7.8.121).

use super::{
    macros::commands,
    parameter::Decibels10,
    returns::{EnhancedTransmitPowerLevel, PathCompensation, TransmitPowerRange},
};
use crate::hci::{ConnectionHandle, Switch};

commands! {
    /// Asks for the range of transmit powers (7.8.74).
    LeReadTransmitPower = LE_READ_TRANSMIT_POWER {} -> TransmitPowerRange;
    /// Asks what lies between radio and antenna (7.8.75).
    LeReadRfPathCompensation = LE_READ_RF_PATH_COMPENSATION {} -> PathCompensation;
    /// Tells what lies between radio and antenna (7.8.76).
    LeWriteRfPathCompensation = LE_WRITE_RF_PATH_COMPENSATION {
        /// Gain from radio to antenna, -128 to 128 dB.
        tx: Decibels10,
        /// Gain from antenna to radio, -128 to 128 dB.
        rx: Decibels10,
    } -> ();
    /// Asks for a link's transmit power on a PHY (7.8.117).
    LeEnhancedReadTransmitPowerLevel = LE_ENHANCED_READ_TRANSMIT_POWER_LEVEL {
        /// The link.
        handle: ConnectionHandle,
        /// 1 is 1M, 2 is 2M, 3 is Coded S=8, 4 is Coded S=2.
        phy: u8,
    } -> EnhancedTransmitPowerLevel;
    /// Asks for the peer's transmit power on a PHY (7.8.118).
    LeReadRemoteTransmitPowerLevel = LE_READ_REMOTE_TRANSMIT_POWER_LEVEL {
        /// The link.
        handle: ConnectionHandle,
        /// 1 is 1M, 2 is 2M, 3 is Coded S=8, 4 is Coded S=2.
        phy: u8,
    } -> ();
    /// Where the zones of path loss begin (7.8.119).
    LeSetPathLossReportingParameters = LE_SET_PATH_LOSS_REPORTING_PARAMETERS {
        /// The link.
        handle: ConnectionHandle,
        /// dB; 255: there is no high zone.
        high_threshold: u8,
        /// dB.
        high_hysteresis: u8,
        /// dB.
        low_threshold: u8,
        /// dB.
        low_hysteresis: u8,
        /// Connection events in a zone before it is reported.
        min_time: u16,
    } -> ConnectionHandle;
    /// Switches reports of path loss (7.8.120).
    LeSetPathLossReportingEnable = LE_SET_PATH_LOSS_REPORTING_ENABLE {
        /// The link.
        handle: ConnectionHandle,
        /// On or off.
        enable: Switch,
    } -> ConnectionHandle;
    /// Switches reports of transmit power (7.8.121).
    LeSetTransmitPowerReportingEnable = LE_SET_TRANSMIT_POWER_REPORTING_ENABLE {
        /// The link.
        handle: ConnectionHandle,
        /// Whether changes of ours are reported.
        local: Switch,
        /// Whether changes of the peer's are reported.
        remote: Switch,
    } -> ConnectionHandle;
}
