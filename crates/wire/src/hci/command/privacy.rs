//! Privacy (Vol 4, Part E, 7.8.38 to 7.8.45, 7.8.77).

use super::macros::commands;
use crate::{
    Address,
    hci::{Secret, Switch},
};

commands! {
    /// Adds to the resolving list (7.8.38).
    LeAddDeviceToResolvingList = LE_ADD_DEVICE_TO_RESOLVING_LIST {
        /// The peer's identity.
        peer: Address,
        /// The peer's IRK, least significant octet first.
        peer_irk: Secret<16>,
        /// Our IRK for this peer, least significant octet first.
        local_irk: Secret<16>,
    } -> ();
    /// Takes from the resolving list (7.8.39).
    LeRemoveDeviceFromResolvingList = LE_REMOVE_DEVICE_FROM_RESOLVING_LIST {
        /// The peer's identity.
        peer: Address,
    } -> ();
    /// Empties the resolving list (7.8.40).
    LeClearResolvingList = LE_CLEAR_RESOLVING_LIST {} -> ();
    /// Asks for the size of the resolving list (7.8.41).
    LeReadResolvingListSize = LE_READ_RESOLVING_LIST_SIZE {} -> u8;
    /// Asks for the resolvable private address that a peer uses (7.8.42).
    LeReadPeerResolvableAddress = LE_READ_PEER_RESOLVABLE_ADDRESS {
        /// The peer's identity.
        peer: Address,
    } -> [u8; 6];
    /// Asks for the resolvable private address that we use for a peer (7.8.43).
    LeReadLocalResolvableAddress = LE_READ_LOCAL_RESOLVABLE_ADDRESS {
        /// The peer's identity.
        peer: Address,
    } -> [u8; 6];
    /// Switches resolution (7.8.44).
    LeSetAddressResolutionEnable = LE_SET_ADDRESS_RESOLUTION_ENABLE {
        /// On or off.
        enable: Switch,
    } -> ();
    /// Sets how long a resolvable private address is used (7.8.45).
    LeSetResolvablePrivateAddressTimeout = LE_SET_RESOLVABLE_PRIVATE_ADDRESS_TIMEOUT {
        /// Seconds, 1 to 3600.
        timeout: u16,
    } -> ();
    /// Chooses whether a peer may use its identity address (7.8.77).
    LeSetPrivacyMode = LE_SET_PRIVACY_MODE {
        /// The peer's identity.
        peer: Address,
        /// 0 network privacy: it may not; 1 device privacy: it may.
        mode: u8,
    } -> ();
}
