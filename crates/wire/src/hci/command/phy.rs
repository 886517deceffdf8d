//! PHYs and the length of packets (Vol 4, Part E, 7.8.33 to 7.8.35, 7.8.46 to 7.8.49).

use super::{
    macros::commands,
    returns::{DataLength, LinkPhys, MaximumDataLength},
};
use crate::hci::ConnectionHandle;

commands! {
    /// Sets a link's largest packets (7.8.33).
    LeSetDataLength = LE_SET_DATA_LENGTH {
        /// The link.
        handle: ConnectionHandle,
        /// Octets of payload.
        tx_octets: u16,
        /// Microseconds.
        tx_time: u16,
    } -> ConnectionHandle;
    /// Asks for the largest packets of new links (7.8.34).
    LeReadSuggestedDefaultDataLength = LE_READ_SUGGESTED_DEFAULT_DATA_LENGTH {} -> DataLength;
    /// Sets the largest packets of new links (7.8.35).
    LeWriteSuggestedDefaultDataLength = LE_WRITE_SUGGESTED_DEFAULT_DATA_LENGTH {
        /// Octets of payload.
        tx_octets: u16,
        /// Microseconds.
        tx_time: u16,
    } -> ();
    /// Asks for the largest packets there can be (7.8.46).
    LeReadMaximumDataLength = LE_READ_MAXIMUM_DATA_LENGTH {} -> MaximumDataLength;
    /// Asks for a link's PHYs (7.8.47).
    LeReadPhy = LE_READ_PHY {
        /// The link.
        handle: ConnectionHandle,
    } -> LinkPhys;
    /// Chooses the PHYs of new links (7.8.48).
    LeSetDefaultPhy = LE_SET_DEFAULT_PHY {
        /// Bit 0: no preference to send; bit 1: none to receive.
        all_phys: u8,
        /// 1M, 2M, Coded from bit 0.
        tx_phys: u8,
        /// 1M, 2M, Coded from bit 0.
        rx_phys: u8,
    } -> ();
    /// Chooses a link's PHYs (7.8.49).
    LeSetPhy = LE_SET_PHY {
        /// The link.
        handle: ConnectionHandle,
        /// Bit 0: no preference to send; bit 1: none to receive.
        all_phys: u8,
        /// 1M, 2M, Coded from bit 0.
        tx_phys: u8,
        /// 1M, 2M, Coded from bit 0.
        rx_phys: u8,
        /// 0 no preference, 1 S=2, 2 S=8 on the Coded PHY.
        options: u16,
    } -> ();
}
