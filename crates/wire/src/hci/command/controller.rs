//! The controller as a whole (Vol 4, Part E, 7.8): its masks, features and buffers.

use super::{
    macros::commands,
    returns::{AllFeatures, LeBufferSize, LeBufferSizes},
};
use crate::hci::{ConnectionHandle, LeFeatures, Switch};

commands! {
    /// Chooses the LE events (7.8.1).
    LeSetEventMask = LE_SET_EVENT_MASK {
        /// Subevent n has bit n - 1.
        mask: u64,
    } -> ();
    /// Asks for the LE buffers; zero means those of BR/EDR (7.8.2).
    LeReadBufferSize = LE_READ_BUFFER_SIZE {} -> LeBufferSize;
    /// Asks for the LE features (7.8.3).
    LeReadLocalSupportedFeatures = LE_READ_LOCAL_SUPPORTED_FEATURES {} -> LeFeatures;
    /// Sets the random address (7.8.4).
    LeSetRandomAddress = LE_SET_RANDOM_ADDRESS {
        /// Least significant octet first.
        address: [u8; 6],
    } -> ();
    /// Asks for the states that go together (7.8.27).
    LeReadSupportedStates = LE_READ_SUPPORTED_STATES {} -> u64;
    /// Asks for the buffers for LE and for isochronous data (7.8.2).
    LeReadBufferSizeV2 = LE_READ_BUFFER_SIZE_V2 {} -> LeBufferSizes;
    /// Tells what the host supports (7.8.115).
    LeSetHostFeature = LE_SET_HOST_FEATURE {
        /// A bit of the LE features.
        bit: u8,
        /// On or off.
        enable: Switch,
    } -> ();
    /// Tells what the host supports, with bits beyond the 255th (7.8.115).
    LeSetHostFeatureV2 = LE_SET_HOST_FEATURE_V2 {
        /// A bit of the LE features.
        bit: u16,
        /// On or off.
        enable: Switch,
    } -> ();
    /// Asks for every page of the LE features (7.8.128).
    LeReadAllLocalSupportedFeatures = LE_READ_ALL_LOCAL_SUPPORTED_FEATURES {} -> AllFeatures;
    /// Asks for pages of the peer's features (7.8.129).
    LeReadAllRemoteFeatures = LE_READ_ALL_REMOTE_FEATURES {
        /// The link.
        handle: ConnectionHandle,
        /// The last page wanted, 0 to 10.
        pages: u8,
    } -> ();
}
