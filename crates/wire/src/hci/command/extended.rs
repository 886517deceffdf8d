//! Extended advertising (Vol 4, Part E, 7.8.52 to 7.8.60), and what changes addresses and decides (7.8.122, 7.8.144).

use super::{
    macros::{commands, returns},
    parameter::{List, U24},
};
use crate::{
    Address,
    hci::{Data, Switch},
};

commands! {
    /// Sets the random address of an advertising set (7.8.52).
    LeSetAdvertisingSetRandomAddress = LE_SET_ADVERTISING_SET_RANDOM_ADDRESS {
        /// The set.
        advertising_handle: u8,
        /// Least significant octet first.
        address: [u8; 6],
    } -> ();
    /// How a set advertises (7.8.53).
    LeSetExtendedAdvertisingParameters = LE_SET_EXTENDED_ADVERTISING_PARAMETERS {
        /// The set.
        advertising_handle: u8,
        /// Bit by bit: connectable, scannable, directed, high duty, legacy PDUs, anonymous, with transmit power, decision PDUs,
        /// the address in them, the ADI in them.
        properties: u16,
        /// 625 us each.
        primary_interval_min: U24,
        /// 625 us each.
        primary_interval_max: U24,
        /// Channels 37, 38, 39 from bit 0.
        primary_channel_map: u8,
        /// 0 public, 1 random, 2 and 3 resolvable.
        own_address_kind: u8,
        /// Whom directed advertising is for.
        peer: Address,
        /// Whether the accept list decides.
        filter_policy: u8,
        /// dBm; 127: no preference.
        tx_power: i8,
        /// 1 is 1M, 3 is Coded.
        primary_phy: u8,
        /// Advertising events that the secondary channel may skip.
        secondary_max_skip: u8,
        /// 1 is 1M, 2 is 2M, 3 is Coded.
        secondary_phy: u8,
        /// The advertising SID, 0 to 15.
        sid: u8,
        /// Whether scan requests are reported.
        scan_request_notification: Switch,
    } -> i8;
    /// How a set advertises, with the coding on LE Coded (7.8.53).
    LeSetExtendedAdvertisingParametersV2 = LE_SET_EXTENDED_ADVERTISING_PARAMETERS_V2 {
        /// The set.
        advertising_handle: u8,
        /// Bit by bit: connectable, scannable, directed, high duty, legacy PDUs, anonymous, with transmit power, decision PDUs,
        /// the address in them, the ADI in them.
        properties: u16,
        /// 625 us each.
        primary_interval_min: U24,
        /// 625 us each.
        primary_interval_max: U24,
        /// Channels 37, 38, 39 from bit 0.
        primary_channel_map: u8,
        /// 0 public, 1 random, 2 and 3 resolvable.
        own_address_kind: u8,
        /// Whom directed advertising is for.
        peer: Address,
        /// Whether the accept list decides.
        filter_policy: u8,
        /// dBm; 127: no preference.
        tx_power: i8,
        /// 1 is 1M, 3 is Coded.
        primary_phy: u8,
        /// Advertising events that the secondary channel may skip.
        secondary_max_skip: u8,
        /// 1 is 1M, 2 is 2M, 3 is Coded.
        secondary_phy: u8,
        /// The advertising SID, 0 to 15.
        sid: u8,
        /// Whether scan requests are reported.
        scan_request_notification: Switch,
        /// Coding: 0 no preference, 1 S=2 and 2 S=8 preferred, 3 S=2 and 4 S=8 required.
        primary_phy_options: u8,
        /// As `primary_phy_options`.
        secondary_phy_options: u8,
    } -> i8;
    /// What a set advertises (7.8.54).
    LeSetExtendedAdvertisingData<'a> = LE_SET_EXTENDED_ADVERTISING_DATA {
        /// The set.
        advertising_handle: u8,
        /// 0 a fragment between, 1 the first, 2 the last, 3 all of it, 4 the data as it is.
        operation: u8,
        /// 0 the controller may fragment, 1 it should not.
        fragment_preference: u8,
        /// At most 251 octets of AD structures.
        data: Data<'a>,
    } -> ();
    /// What a set answers a scanner that asks (7.8.55).
    LeSetExtendedScanResponseData<'a> = LE_SET_EXTENDED_SCAN_RESPONSE_DATA {
        /// The set.
        advertising_handle: u8,
        /// 0 a fragment between, 1 the first, 2 the last, 3 all of it, 4 the data as it is.
        operation: u8,
        /// 0 the controller may fragment, 1 it should not.
        fragment_preference: u8,
        /// At most 251 octets of AD structures.
        data: Data<'a>,
    } -> ();
    /// Switches sets (7.8.56).
    LeSetExtendedAdvertisingEnable<'a> = LE_SET_EXTENDED_ADVERTISING_ENABLE {
        /// On or off.
        enable: Switch,
        /// Which; none: all of them are switched off.
        sets: List<'a, AdvertisingSet>,
    } -> ();
    /// Asks for the octets of data that a set can have (7.8.57).
    LeReadMaximumAdvertisingDataLength = LE_READ_MAXIMUM_ADVERTISING_DATA_LENGTH {} -> u16;
    /// Asks for the number of sets that there can be (7.8.58).
    LeReadNumberOfSupportedAdvertisingSets = LE_READ_NUMBER_OF_SUPPORTED_ADVERTISING_SETS {} -> u8;
    /// Removes a set (7.8.59).
    LeRemoveAdvertisingSet = LE_REMOVE_ADVERTISING_SET {
        /// The set.
        advertising_handle: u8,
    } -> ();
    /// Removes all sets (7.8.60).
    LeClearAdvertisingSets = LE_CLEAR_ADVERTISING_SETS {} -> ();
    /// Chooses what changes a set's resolvable address besides time (7.8.122).
    LeSetDataRelatedAddressChanges = LE_SET_DATA_RELATED_ADDRESS_CHANGES {
        /// The set.
        advertising_handle: u8,
        /// Bit 0: its advertising data changes; bit 1: its scan response data.
        reasons: u8,
    } -> ();
    /// What a set's decision PDUs hold (7.8.144).
    LeSetDecisionData<'a> = LE_SET_DECISION_DATA {
        /// The set.
        advertising_handle: u8,
        /// Bit 0: a resolvable tag begins the data.
        kind: u8,
        /// At most 8 octets.
        data: Data<'a>,
    } -> ();
}

returns! {
    /// A set to switch.
    AdvertisingSet {
        /// The set.
        advertising_handle: u8,
        /// 10 ms each; 0: until it is switched off.
        duration: u16,
        /// Extended advertising events; 0: no limit.
        max_events: u8,
    }
}
