//! Events (Vol 4, Part E, 7.7).

mod address;
mod codes;
mod connection;
mod extended;
mod fields;
mod lists;
mod show;
mod table;

pub use address::ReportedAddress;
pub use codes::{EventCode, Subevent};
pub use connection::{ConnectionComplete, EnhancedConnectionComplete, EnhancedConnectionCompleteV2};
pub use extended::{DataStatus, ExtendedAdvertisingReport, PeriodicAdvertisingResponse};
pub use lists::{
    AdvertisingReport, AdvertisingReports, CompletedPackets, DirectedAdvertisingReport, DirectedAdvertisingReports,
    ExtendedAdvertisingReports, IqSamples, List, PeriodicAdvertisingResponses,
};

use super::{
    ConnectionHandle, Data, Opcode, Secret, Status,
    field::TakeAfter,
    parameter::{Parameter, pair},
};
use crate::{Malformed, Reader, Writer};
use core::fmt;
use table::{done, events, take};

events! {
    plain {
        /// 7.7.5.
        DisconnectionComplete = DISCONNECTION_COMPLETE { status: Status, handle: ConnectionHandle, reason: Status };
        /// 7.7.8; 1 is AES-CCM.
        EncryptionChange = ENCRYPTION_CHANGE { status: Status, handle: ConnectionHandle, enabled: u8 };
        /// 7.7.12.
        ReadRemoteVersionInformationComplete = READ_REMOTE_VERSION_INFORMATION_COMPLETE {
            status: Status, handle: ConnectionHandle, version: u8, manufacturer: u16, subversion: u16,
        };
        /// 7.7.14; the first return parameter is nearly always a status.
        CommandComplete = COMMAND_COMPLETE { credits: u8, opcode: Opcode, return_parameters: &'a [u8] };
        /// 7.7.15.
        CommandStatus = COMMAND_STATUS { status: Status, credits: u8, opcode: Opcode };
        /// 7.7.16.
        HardwareError = HARDWARE_ERROR { code: u8 };
        /// 7.7.19.
        NumberOfCompletedPackets = NUMBER_OF_COMPLETED_PACKETS (packets: CompletedPackets<'a>);
        /// 7.7.26.
        DataBufferOverflow = DATA_BUFFER_OVERFLOW { link_type: u8 };
        /// 7.7.39.
        EncryptionKeyRefreshComplete = ENCRYPTION_KEY_REFRESH_COMPLETE { status: Status, handle: ConnectionHandle };
        /// 7.7.75.
        AuthenticatedPayloadTimeoutExpired = AUTHENTICATED_PAYLOAD_TIMEOUT_EXPIRED { handle: ConnectionHandle };
        /// 7.7.8, version 2; the key's size in octets.
        EncryptionChangeV2 = ENCRYPTION_CHANGE_V2 {
            status: Status, handle: ConnectionHandle, enabled: u8, key_size: u8,
        };
    }
    le {
        /// 7.7.65.1.
        LeConnectionComplete = CONNECTION_COMPLETE (complete: ConnectionComplete);
        /// 7.7.65.2.
        LeAdvertisingReport = ADVERTISING_REPORT (reports: AdvertisingReports<'a>);
        /// 7.7.65.3; units as in LE Connection Update.
        LeConnectionUpdateComplete = CONNECTION_UPDATE_COMPLETE {
            status: Status, handle: ConnectionHandle, interval: u16, latency: u16, supervision_timeout: u16,
        };
        /// 7.7.65.4.
        LeReadRemoteFeaturesComplete = READ_REMOTE_FEATURES_COMPLETE {
            status: Status, handle: ConnectionHandle, features: u64,
        };
        /// 7.7.65.5.
        LeLongTermKeyRequest = LONG_TERM_KEY_REQUEST { handle: ConnectionHandle, random: [u8; 8], diversifier: u16 };
        /// 7.7.65.6; units as in LE Connection Update.
        LeRemoteConnectionParameterRequest = REMOTE_CONNECTION_PARAMETER_REQUEST {
            handle: ConnectionHandle, interval_min: u16, interval_max: u16, latency: u16, supervision_timeout: u16,
        };
        /// 7.7.65.7; octets and microseconds.
        LeDataLengthChange = DATA_LENGTH_CHANGE {
            handle: ConnectionHandle, tx_octets: u16, tx_time: u16, rx_octets: u16, rx_time: u16,
        };
        /// 7.7.65.8; least significant octet first.
        LeReadLocalP256PublicKeyComplete = READ_LOCAL_P256_PUBLIC_KEY_COMPLETE {
            status: Status, key_x: &'a [u8; 32], key_y: &'a [u8; 32],
        };
        /// 7.7.65.9; least significant octet first.
        LeGenerateDhKeyComplete = GENERATE_DHKEY_COMPLETE { status: Status, key: Secret<32> };
        /// 7.7.65.10.
        LeEnhancedConnectionComplete = ENHANCED_CONNECTION_COMPLETE (complete: EnhancedConnectionComplete);
        /// 7.7.65.11.
        LeDirectedAdvertisingReport = DIRECTED_ADVERTISING_REPORT (reports: DirectedAdvertisingReports<'a>);
        /// 7.7.65.12; 1 is 1M, 2 is 2M, 3 is Coded.
        LePhyUpdateComplete = PHY_UPDATE_COMPLETE { status: Status, handle: ConnectionHandle, tx_phy: u8, rx_phy: u8 };
        /// 7.7.65.13.
        LeExtendedAdvertisingReport = EXTENDED_ADVERTISING_REPORT (reports: ExtendedAdvertisingReports<'a>);
        /// 7.7.65.14; 1.25 ms each.
        LePeriodicAdvertisingSyncEstablished = PERIODIC_ADVERTISING_SYNC_ESTABLISHED {
            status: Status, sync_handle: u16, sid: u8, address [status]: ReportedAddress, phy: u8, interval: u16,
            clock_accuracy: u8,
        };
        /// 7.7.65.15; dBm, 127 where not known.
        LePeriodicAdvertisingReport = PERIODIC_ADVERTISING_REPORT {
            sync_handle: u16, tx_power: i8, rssi: i8, cte_type: u8, data_status: DataStatus, data: Data<'a>,
        };
        /// 7.7.65.16.
        LePeriodicAdvertisingSyncLost = PERIODIC_ADVERTISING_SYNC_LOST { sync_handle: u16 };
        /// 7.7.65.17.
        LeScanTimeout = SCAN_TIMEOUT {};
        /// 7.7.65.18; the handle is of the connection that ended the set, if `status` is success.
        LeAdvertisingSetTerminated = ADVERTISING_SET_TERMINATED {
            status: Status, advertising_handle: u8, handle [status]: ConnectionHandle, completed_events: u8,
        };
        /// 7.7.65.19.
        LeScanRequestReceived = SCAN_REQUEST_RECEIVED { advertising_handle: u8, scanner: ReportedAddress };
        /// 7.7.65.20; 0 is #1, 1 is #2.
        LeChannelSelectionAlgorithm = CHANNEL_SELECTION_ALGORITHM { handle: ConnectionHandle, algorithm: u8 };
        /// 7.7.65.21; tenths of a dBm, slots of 1 or 2 us.
        LeConnectionlessIqReport = CONNECTIONLESS_IQ_REPORT {
            sync_handle: u16, channel: u8, rssi: i16, rssi_antenna: u8, cte_type: u8, slot_durations: u8,
            packet_status: u8, event_counter: u16, samples: IqSamples<'a>,
        };
        /// 7.7.65.22; tenths of a dBm, slots of 1 or 2 us.
        LeConnectionIqReport = CONNECTION_IQ_REPORT {
            handle: ConnectionHandle, rx_phy: u8, channel: u8, rssi: i16, rssi_antenna: u8, cte_type: u8,
            slot_durations: u8, packet_status: u8, event_counter: u16, samples: IqSamples<'a>,
        };
        /// 7.7.65.23.
        LeCteRequestFailed = CTE_REQUEST_FAILED { status: Status, handle: ConnectionHandle };
        /// 7.7.65.24; 1.25 ms each.
        LePeriodicAdvertisingSyncTransferReceived = PERIODIC_ADVERTISING_SYNC_TRANSFER_RECEIVED {
            status: Status, handle: ConnectionHandle, service_data: u16, sync_handle: u16, sid: u8,
            address [status]: ReportedAddress, phy: u8, interval: u16, clock_accuracy: u8,
        };
        /// 7.7.65.31; 0 is 251 to 500 ppm, 7 is at most 20 ppm.
        LeRequestPeerScaComplete = REQUEST_PEER_SCA_COMPLETE {
            status: Status, handle: ConnectionHandle, clock_accuracy: u8,
        };
        /// 7.7.65.32; dB, 0xff where not known; 0 low, 1 middle, 2 high.
        LePathLossThreshold = PATH_LOSS_THRESHOLD { handle: ConnectionHandle, path_loss: u8, zone: u8 };
        /// 7.7.65.33; 0 ours changed, 1 the peer's changed, 2 the peer's was read; dBm and dB.
        LeTransmitPowerReporting = TRANSMIT_POWER_REPORTING {
            status: Status, handle: ConnectionHandle, reason: u8, phy: u8, tx_power: i8, limits: u8, delta: i8,
        };
        /// 7.7.65.35; connection events and 10 ms each.
        LeSubrateChange = SUBRATE_CHANGE {
            status: Status, handle: ConnectionHandle, subrate_factor: u16, latency: u16, continuation_number: u16,
            supervision_timeout: u16,
        };
        /// 7.7.65.14, version 2: with subevents and response slots, 1.25 ms and 0.125 ms each.
        LePeriodicAdvertisingSyncEstablishedV2 = PERIODIC_ADVERTISING_SYNC_ESTABLISHED_V2 {
            status: Status, sync_handle: u16, sid: u8, address [status]: ReportedAddress, phy: u8, interval: u16,
            clock_accuracy: u8, subevents: u8, subevent_interval: u8, response_slot_delay: u8, response_slot_spacing: u8,
        };
        /// 7.7.65.15, version 2.
        LePeriodicAdvertisingReportV2 = PERIODIC_ADVERTISING_REPORT_V2 {
            sync_handle: u16, tx_power: i8, rssi: i8, cte_type: u8, event_counter: u16, subevent: u8,
            data_status: DataStatus, data: Data<'a>,
        };
        /// 7.7.65.24, version 2: with subevents and response slots, 1.25 ms and 0.125 ms each.
        LePeriodicAdvertisingSyncTransferReceivedV2 = PERIODIC_ADVERTISING_SYNC_TRANSFER_RECEIVED_V2 {
            status: Status, handle: ConnectionHandle, service_data: u16, sync_handle: u16, sid: u8,
            address [status]: ReportedAddress, phy: u8, interval: u16, clock_accuracy: u8, subevents: u8,
            subevent_interval: u8, response_slot_delay: u8, response_slot_spacing: u8,
        };
        /// 7.7.65.36.
        LePeriodicAdvertisingSubeventDataRequest = PERIODIC_ADVERTISING_SUBEVENT_DATA_REQUEST {
            advertising_handle: u8, subevent_start: u8, subevent_count: u8,
        };
        /// 7.7.65.37; 0 where our packet was sent, 1 where it was not.
        LePeriodicAdvertisingResponseReport = PERIODIC_ADVERTISING_RESPONSE_REPORT {
            advertising_handle: u8, subevent: u8, tx_status: u8, responses: PeriodicAdvertisingResponses<'a>,
        };
        /// 7.7.65.10, version 2.
        LeEnhancedConnectionCompleteV2 = ENHANCED_CONNECTION_COMPLETE_V2 (complete: EnhancedConnectionCompleteV2);
        /// 7.7.65.38; the pages of the feature set, the first of 8 octets, the others of 24.
        LeReadAllRemoteFeaturesComplete = READ_ALL_REMOTE_FEATURES_COMPLETE {
            status: Status, handle: ConnectionHandle, max_remote_page: u8, max_valid_page: u8, features: &'a [u8; 248],
        };
        /// 7.7.65.47; 0 where its signal became weak or went, 1 where it is strong.
        LeMonitoredAdvertisersReport = MONITORED_ADVERTISERS_REPORT { address: ReportedAddress, condition: u8 };
        /// 7.7.65.48; by 0 our host, 1 our controller, 2 the peer; microseconds; PHYs and spacings bit by bit.
        LeFrameSpaceUpdateComplete = FRAME_SPACE_UPDATE_COMPLETE {
            status: Status, handle: ConnectionHandle, initiator: u8, frame_space: u16, phys: u8, spacing_types: u16,
        };
        /// 7.7.65.50 of Core 6.2; 125 us each, connection events, 10 ms each.
        LeConnectionRateChange = CONNECTION_RATE_CHANGE {
            status: Status, handle: ConnectionHandle, interval: u16, subrate_factor: u16, latency: u16,
            continuation_number: u16, supervision_timeout: u16,
        };
    }
}
