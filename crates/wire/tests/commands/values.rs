//! A value of each command, beside its octets in `interop/packets-commands.tsv`, and values drawn at random.

use crate::draw::Source;
use jelling_wire::{
    Address, AddressKind,
    hci::{AdvertisingKind, ConnectionHandle, Data, ScanKind, Secret, Status, Switch, command::*},
};

const HANDLE: ConnectionHandle = ConnectionHandle(0x0040);
const PEER: Address = Address::new(AddressKind::Random, [0xf5, 0xf4, 0xf3, 0xf2, 0xf1, 0xf0]);
const INITIATING: InitiatingParameters = InitiatingParameters {
    scan_interval: 96,
    scan_window: 48,
    interval_min: 24,
    interval_max: 40,
    latency: 1,
    supervision_timeout: 500,
    ce_length_min: 2,
    ce_length_max: 4,
};
const PHYS: PerPhy<InitiatingParameters> = PerPhy { le_1m: Some(INITIATING), le_2m: None, le_coded: Some(INITIATING) };

macro_rules! rows {
    ($($name:ident { $($field:ident: $value:expr),* })+) => {
        /// The values of the table.
        pub fn values() -> Vec<CommandPacket<'static>> {
            vec![$(CommandPacket::$name($name { $($field: $value),* })),+]
        }

        /// Each command with parameters drawn at random.
        pub fn drawn(_source: &mut Source) -> Vec<CommandPacket<'static>> {
            vec![$(CommandPacket::$name($name { $($field: _source.draw()),* })),+]
        }
    };
}

rows! {
    Disconnect { handle: HANDLE, reason: Status::REMOTE_USER_TERMINATED_CONNECTION }
    ReadRemoteVersionInformation { handle: HANDLE }
    SetEventMask { mask: 0x2000_0000_0200_8890 }
    Reset {}
    SetControllerToHostFlowControl { mode: 1 }
    HostBufferSize { acl_length: 251, sco_length: 0, acl_packets: 4, sco_packets: 0 }
    HostCompletedPackets {
        links: List::new(&[
            CompletedOnLink { handle: HANDLE, count: 2 },
            CompletedOnLink { handle: ConnectionHandle(0x41), count: 1 }
        ])
    }
    ReadTransmitPowerLevel { handle: HANDLE, kind: 1 }
    SetEventMaskPage2 { mask: 0x0080_0000 }
    ReadLeHostSupport {}
    WriteLeHostSupport { le_supported_host: Switch::On, unused: 0 }
    ReadAuthenticatedPayloadTimeout { handle: HANDLE }
    WriteAuthenticatedPayloadTimeout { handle: HANDLE, timeout: 3000 }
    ReadLocalVersionInformation {}
    ReadLocalSupportedCommands {}
    ReadLocalSupportedCommandsV2 {}
    ReadLocalSupportedFeatures {}
    ReadBufferSize {}
    ReadBdAddr {}
    ReadRssi { handle: HANDLE }
    LeSetEventMask { mask: 0x000f_ffff }
    LeReadBufferSize {}
    LeReadBufferSizeV2 {}
    LeReadLocalSupportedFeatures {}
    LeSetRandomAddress { address: [6, 5, 4, 3, 2, 0xc1] }
    LeReadSupportedStates {}
    LeSetHostFeature { bit: 38, enable: Switch::On }
    LeSetHostFeatureV2 { bit: 0x0123, enable: Switch::On }
    LeReadAllLocalSupportedFeatures {}
    LeReadAllRemoteFeatures { handle: HANDLE, pages: 10 }
    LeSetAdvertisingParameters {
        interval_min: 160, interval_max: 320, kind: AdvertisingKind::ConnectableUndirected, own_address_kind: 0,
        peer: PEER, channel_map: 7, filter_policy: 3
    }
    LeReadAdvertisingPhysicalChannelTxPower {}
    LeSetAdvertisingData { data: &[2, 1, 6] }
    LeSetScanResponseData { data: &[2, 1, 6] }
    LeSetAdvertisingEnable { enable: Switch::On }
    LeSetScanParameters { kind: ScanKind::Active, interval: 16, window: 8, own_address_kind: 1, filter_policy: 2 }
    LeSetScanEnable { enable: Switch::On, filter_duplicates: Switch::Off }
    LeCreateConnection {
        scan_interval: 96, scan_window: 48, filter_policy: 0, peer: PEER, own_address_kind: 1, interval_min: 6,
        interval_max: 12, latency: 1, supervision_timeout: 100, ce_length_min: 2, ce_length_max: 4
    }
    LeCreateConnectionCancel {}
    LeReadFilterAcceptListSize {}
    LeClearFilterAcceptList {}
    LeAddDeviceToFilterAcceptList { address: PEER }
    LeRemoveDeviceFromFilterAcceptList { address: PEER }
    LeConnectionUpdate {
        handle: HANDLE, interval_min: 6, interval_max: 12, latency: 1, supervision_timeout: 100, ce_length_min: 2,
        ce_length_max: 4
    }
    LeSetHostChannelClassification { map: [0xff, 0xff, 0xff, 0xf0, 0x1f] }
    LeReadChannelMap { handle: HANDLE }
    LeReadRemoteFeatures { handle: HANDLE }
    LeEncrypt { key: Secret([1; 16]), plaintext: Secret([2; 16]) }
    LeRand {}
    LeEnableEncryption { handle: HANDLE, random: [1, 2, 3, 4, 5, 6, 7, 8], diversifier: 0x1234, key: Secret([9; 16]) }
    LeLongTermKeyRequestReply { handle: HANDLE, key: Secret([9; 16]) }
    LeLongTermKeyRequestNegativeReply { handle: HANDLE }
    LeRemoteConnectionParameterRequestReply {
        handle: HANDLE, interval_min: 6, interval_max: 12, latency: 1, supervision_timeout: 100, ce_length_min: 2,
        ce_length_max: 4
    }
    LeRemoteConnectionParameterRequestNegativeReply {
        handle: HANDLE, reason: Status::UNACCEPTABLE_CONNECTION_PARAMETERS
    }
    LeSetDataLength { handle: HANDLE, tx_octets: 251, tx_time: 2120 }
    LeReadSuggestedDefaultDataLength {}
    LeWriteSuggestedDefaultDataLength { tx_octets: 251, tx_time: 2120 }
    LeReadLocalP256PublicKey {}
    LeGenerateDhKey { key_x: [1; 32], key_y: [2; 32] }
    LeGenerateDhKeyV2 { key_x: [1; 32], key_y: [2; 32], kind: 1 }
    LeAddDeviceToResolvingList { peer: PEER, peer_irk: Secret([1; 16]), local_irk: Secret([2; 16]) }
    LeRemoveDeviceFromResolvingList { peer: PEER }
    LeClearResolvingList {}
    LeReadResolvingListSize {}
    LeReadPeerResolvableAddress { peer: PEER }
    LeReadLocalResolvableAddress { peer: PEER }
    LeSetAddressResolutionEnable { enable: Switch::On }
    LeSetResolvablePrivateAddressTimeout { timeout: 900 }
    LeSetPrivacyMode { peer: PEER, mode: 1 }
    LeReadMaximumDataLength {}
    LeReadPhy { handle: HANDLE }
    LeSetDefaultPhy { all_phys: 0, tx_phys: 3, rx_phys: 2 }
    LeSetPhy { handle: HANDLE, all_phys: 1, tx_phys: 2, rx_phys: 4, options: 2 }
    LeSetAdvertisingSetRandomAddress { advertising_handle: 1, address: [6, 5, 4, 3, 2, 0xc1] }
    LeSetExtendedAdvertisingParameters {
        advertising_handle: 1, properties: 0x0013, primary_interval_min: U24::from(0x0800),
        primary_interval_max: U24::new(0x012345).unwrap(), primary_channel_map: 7, own_address_kind: 1, peer: PEER,
        filter_policy: 0, tx_power: -7, primary_phy: 1, secondary_max_skip: 2, secondary_phy: 3, sid: 9,
        scan_request_notification: Switch::On
    }
    LeSetExtendedAdvertisingParametersV2 {
        advertising_handle: 1, properties: 0x0013, primary_interval_min: U24::from(0x0800),
        primary_interval_max: U24::new(0x012345).unwrap(), primary_channel_map: 7, own_address_kind: 1, peer: PEER,
        filter_policy: 0, tx_power: -7, primary_phy: 1, secondary_max_skip: 2, secondary_phy: 3, sid: 9,
        scan_request_notification: Switch::On, primary_phy_options: 3, secondary_phy_options: 4
    }
    LeSetExtendedAdvertisingData { advertising_handle: 1, operation: 3, fragment_preference: 1, data: Data(&[2, 1, 6]) }
    LeSetExtendedScanResponseData { advertising_handle: 1, operation: 3, fragment_preference: 1, data: Data(&[2, 1, 6]) }
    LeSetExtendedAdvertisingEnable {
        enable: Switch::On,
        sets: List::new(&[
            AdvertisingSet { advertising_handle: 1, duration: 500, max_events: 9 },
            AdvertisingSet { advertising_handle: 2, duration: 0, max_events: 0 }
        ])
    }
    LeReadMaximumAdvertisingDataLength {}
    LeReadNumberOfSupportedAdvertisingSets {}
    LeRemoveAdvertisingSet { advertising_handle: 1 }
    LeClearAdvertisingSets {}
    LeSetDataRelatedAddressChanges { advertising_handle: 1, reasons: 3 }
    LeSetDecisionData { advertising_handle: 1, kind: 1, data: Data(&[1, 2, 3, 4, 5, 6, 7]) }
    LeSetPeriodicAdvertisingParameters {
        advertising_handle: 1, interval_min: 6, interval_max: 0x1234, properties: 0x40
    }
    LeSetPeriodicAdvertisingParametersV2 {
        advertising_handle: 1, interval_min: 6, interval_max: 0x1234, properties: 0x40, subevents: 4,
        subevent_interval: 6, response_slot_delay: 2, response_slot_spacing: 3, response_slots: 5
    }
    LeSetPeriodicAdvertisingData { advertising_handle: 1, operation: 3, data: Data(&[2, 1, 6]) }
    LeSetPeriodicAdvertisingEnable { enable: 3, advertising_handle: 1 }
    LeSetPeriodicAdvertisingSubeventData {
        advertising_handle: 1,
        subevents: List::new(&[
            SubeventData { subevent: 0, response_slot_start: 1, response_slot_count: 2, data: Data(&[2, 1, 6]) },
            SubeventData { subevent: 1, response_slot_start: 0, response_slot_count: 5, data: Data(&[]) }
        ])
    }
    LeSetPeriodicAdvertisingResponseData {
        sync_handle: 3, request_event: 0x1234, request_subevent: 1, response_subevent: 2, response_slot: 4,
        data: Data(&[2, 1, 6])
    }
    LeSetExtendedScanParameters {
        own_address_kind: 1, filter_policy: 0,
        phys: PerPhy {
            le_1m: Some(ScanParameters { kind: ScanKind::Active, interval: 96, window: 48 }),
            le_2m: None,
            le_coded: Some(ScanParameters { kind: ScanKind::Passive, interval: 288, window: 144 }),
        }
    }
    LeSetExtendedScanEnable { enable: Switch::On, filter_duplicates: 2, duration: 500, period: 10 }
    LeExtendedCreateConnection { filter_policy: 0, own_address_kind: 1, peer: PEER, phys: PHYS }
    LeExtendedCreateConnectionV2 {
        advertising_handle: 1, subevent: 2, filter_policy: 0, own_address_kind: 1, peer: PEER, phys: PHYS
    }
    LePeriodicAdvertisingCreateSync {
        options: 2, sid: 9, advertiser: PEER, skip: 3, sync_timeout: 1000, cte_kind: 0x10
    }
    LePeriodicAdvertisingCreateSyncCancel {}
    LePeriodicAdvertisingTerminateSync { sync_handle: 3 }
    LeAddDeviceToPeriodicAdvertiserList { advertiser: PEER, sid: 9 }
    LeRemoveDeviceFromPeriodicAdvertiserList { advertiser: PEER, sid: 9 }
    LeClearPeriodicAdvertiserList {}
    LeReadPeriodicAdvertiserListSize {}
    LeReadTransmitPower {}
    LeReadRfPathCompensation {}
    LeWriteRfPathCompensation { tx: Decibels10(-15), rx: Decibels10(1280) }
    LeSetConnectionlessCteTransmitParameters {
        advertising_handle: 1, cte_length: 20, cte_kind: 1, cte_count: 2, antennas: Data(&[0, 1, 2])
    }
    LeSetConnectionlessCteTransmitEnable { advertising_handle: 1, enable: Switch::On }
    LeSetConnectionlessIqSamplingEnable {
        sync_handle: 3, sampling: Switch::On, slot_durations: 2, max_sampled_ctes: 4, antennas: Data(&[0, 1])
    }
    LeSetConnectionCteReceiveParameters { handle: HANDLE, sampling: Switch::On, slot_durations: 1, antennas: Data(&[0, 1]) }
    LeSetConnectionCteTransmitParameters { handle: HANDLE, cte_kinds: 7, antennas: Data(&[0, 1]) }
    LeConnectionCteRequestEnable { handle: HANDLE, enable: Switch::On, interval: 10, cte_length: 20, cte_kind: 0 }
    LeConnectionCteResponseEnable { handle: HANDLE, enable: Switch::On }
    LeReadAntennaInformation {}
    LeSetPeriodicAdvertisingReceiveEnable { sync_handle: 3, enable: 3 }
    LePeriodicAdvertisingSyncTransfer { handle: HANDLE, service_data: 0x1234, sync_handle: 3 }
    LePeriodicAdvertisingSetInfoTransfer { handle: HANDLE, service_data: 0x1234, advertising_handle: 1 }
    LeSetPeriodicAdvertisingSyncTransferParameters {
        handle: HANDLE, mode: 2, skip: 3, sync_timeout: 1000, cte_kind: 0x10
    }
    LeSetDefaultPeriodicAdvertisingSyncTransferParameters { mode: 2, skip: 3, sync_timeout: 1000, cte_kind: 0x10 }
    LeModifySleepClockAccuracy { action: 1 }
    LeRequestPeerSca { handle: HANDLE }
    LeEnhancedReadTransmitPowerLevel { handle: HANDLE, phy: 4 }
    LeReadRemoteTransmitPowerLevel { handle: HANDLE, phy: 2 }
    LeSetPathLossReportingParameters {
        handle: HANDLE, high_threshold: 80, high_hysteresis: 5, low_threshold: 40, low_hysteresis: 3, min_time: 1000
    }
    LeSetPathLossReportingEnable { handle: HANDLE, enable: Switch::On }
    LeSetTransmitPowerReportingEnable { handle: HANDLE, local: Switch::Off, remote: Switch::On }
    LeSetDefaultSubrate {
        subrate_min: 1, subrate_max: 500, max_latency: 3, continuation_number: 2, supervision_timeout: 2000
    }
    LeSubrateRequest {
        handle: HANDLE, subrate_min: 1, subrate_max: 500, max_latency: 3, continuation_number: 2,
        supervision_timeout: 2000
    }
    LeSetDecisionInstructions {
        tests: List::new(&[
            DecisionTest { flags: 3, field: 7, parameters: [1; 16] },
            DecisionTest { flags: 2, field: 6, parameters: [2; 16] }
        ])
    }
    LeSetPeriodicSyncSubevent { sync_handle: 3, properties: 0x40, subevents: Data(&[0, 2]) }
    LeAddDeviceToMonitoredAdvertisersList { address: PEER, rssi_low: -80, rssi_high: -60, timeout: 5 }
    LeRemoveDeviceFromMonitoredAdvertisersList { address: PEER }
    LeClearMonitoredAdvertisersList {}
    LeReadMonitoredAdvertisersListSize {}
    LeEnableMonitoringAdvertisers { enable: Switch::On }
    LeFrameSpaceUpdate { handle: HANDLE, min: 60, max: 150, phys: 3, spacings: 3 }
}
