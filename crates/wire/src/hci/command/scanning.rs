//! Scanning, legacy and extended, and the accept list (Vol 4, Part E, 7.8.10 to 7.8.17, 7.8.64, 7.8.65); advertisers that the
//! controller watches for (7.8.144 to 7.8.150).

use super::{
    macros::{commands, returns},
    parameter::{List, PerPhy},
};
use crate::{
    Address,
    hci::{ScanKind, Switch},
};

commands! {
    /// How to scan (7.8.10).
    LeSetScanParameters = LE_SET_SCAN_PARAMETERS {
        /// Whether to ask for scan responses.
        kind: ScanKind,
        /// 625 us each.
        interval: u16,
        /// 625 us each.
        window: u16,
        /// 0 public, 1 random, 2 and 3 resolvable.
        own_address_kind: u8,
        /// Whether the accept list decides.
        filter_policy: u8,
    } -> ();
    /// Switches scanning (7.8.11).
    LeSetScanEnable = LE_SET_SCAN_ENABLE {
        /// On or off.
        enable: Switch,
        /// Whether each device is reported once.
        filter_duplicates: Switch,
    } -> ();
    /// Asks for the size of the accept list (7.8.14).
    LeReadFilterAcceptListSize = LE_READ_FILTER_ACCEPT_LIST_SIZE {} -> u8;
    /// Empties the accept list (7.8.15).
    LeClearFilterAcceptList = LE_CLEAR_FILTER_ACCEPT_LIST {} -> ();
    /// Adds to the accept list (7.8.16).
    LeAddDeviceToFilterAcceptList = LE_ADD_DEVICE_TO_FILTER_ACCEPT_LIST {
        /// Whom.
        address: Address,
    } -> ();
    /// Takes from the accept list (7.8.17).
    LeRemoveDeviceFromFilterAcceptList = LE_REMOVE_DEVICE_FROM_FILTER_ACCEPT_LIST {
        /// Whom.
        address: Address,
    } -> ();
    /// How to scan, on each PHY (7.8.64).
    LeSetExtendedScanParameters = LE_SET_EXTENDED_SCAN_PARAMETERS {
        /// 0 public, 1 random, 2 and 3 resolvable.
        own_address_kind: u8,
        /// Bit 0: the accept list decides; bit 1: directed to addresses that do not resolve, too; bits 2 and 3: which decision
        /// PDUs.
        filter_policy: u8,
        /// 1M and Coded.
        phys: PerPhy<ScanParameters>,
    } -> ();
    /// Switches extended scanning (7.8.65).
    LeSetExtendedScanEnable = LE_SET_EXTENDED_SCAN_ENABLE {
        /// On or off.
        enable: Switch,
        /// 0 every report, 1 each device once, 2 once in each period.
        filter_duplicates: u8,
        /// 10 ms each; 0: until it is switched off.
        duration: u16,
        /// 1.28 s each; 0: scanning is continuous.
        period: u16,
    } -> ();
    /// Sets what decision PDUs are tested for (7.8.145).
    LeSetDecisionInstructions<'a> = LE_SET_DECISION_INSTRUCTIONS {
        /// The tests, in groups.
        tests: List<'a, DecisionTest>,
    } -> ();
    /// Adds to the advertisers that are watched for (7.8.146).
    LeAddDeviceToMonitoredAdvertisersList = LE_ADD_DEVICE_TO_MONITORED_ADVERTISERS_LIST {
        /// Whom.
        address: Address,
        /// dBm: below it for the timeout, the advertiser has gone.
        rssi_low: i8,
        /// dBm: from it on, the advertiser is there.
        rssi_high: i8,
        /// Seconds.
        timeout: u8,
    } -> ();
    /// Takes from the advertisers that are watched for (7.8.147).
    LeRemoveDeviceFromMonitoredAdvertisersList = LE_REMOVE_DEVICE_FROM_MONITORED_ADVERTISERS_LIST {
        /// Whom.
        address: Address,
    } -> ();
    /// Empties the list of advertisers that are watched for (7.8.148).
    LeClearMonitoredAdvertisersList = LE_CLEAR_MONITORED_ADVERTISERS_LIST {} -> ();
    /// Asks for the size of that list (7.8.149).
    LeReadMonitoredAdvertisersListSize = LE_READ_MONITORED_ADVERTISERS_LIST_SIZE {} -> u8;
    /// Switches the watch (7.8.150).
    LeEnableMonitoringAdvertisers = LE_ENABLE_MONITORING_ADVERTISERS {
        /// On or off.
        enable: Switch,
    } -> ();
}

returns! {
    /// How to scan on one PHY.
    ScanParameters {
        /// Whether to ask for scan responses.
        kind: ScanKind,
        /// 625 us each.
        interval: u16,
        /// 625 us each.
        window: u16,
    }
    /// One test of a decision PDU.
    DecisionTest {
        /// Bit 0: a new group of tests begins; bit 1: passed when the field is there and the check holds; bit 2: when it is there
        /// and the check fails; bit 3: when it is not there.
        flags: u8,
        /// 0 the resolvable tag, 6 the advertising mode, 7 the RSSI, 8 the path loss, 9 the advertiser's address, 0x11 to 0x18 and
        /// 0x21 to 0x28 arbitrary data of 1 to 8 octets, exactly and at least.
        field: u8,
        /// What to compare with, by the field.
        parameters: [u8; 16],
    }
}
