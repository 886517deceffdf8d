//! What Command Complete returns, both ways.

use crate::common;
use jelling_wire::{
    Writer,
    hci::{ConnectionHandle, LeFeaturePages, LeFeatures, LocalVersion, Opcode, Secret, Status, Switch, command::*},
};
use std::collections::BTreeSet;

const HANDLE: ConnectionHandle = ConnectionHandle(0x0040);

/// `OPCODE = octets after the status, value`.
macro_rules! rows {
    ($($opcode:ident = $octets:expr, $value:expr;)+) => {
        fn rows() -> Vec<(Opcode, Vec<u8>, Returned<'static>)> {
            vec![$((Opcode::$opcode, [&[0][..], &$octets].concat(), $value)),+]
        }
    };
}

rows! {
    READ_LOCAL_VERSION_INFORMATION = [13, 1, 0, 14, 0x59, 0, 0x34, 0x12],
        Returned::ReadLocalVersionInformation(LocalVersion {
            hci_version: 13, hci_subversion: 1, lmp_version: 14, manufacturer: 0x0059, lmp_subversion: 0x1234,
        });
    READ_LOCAL_SUPPORTED_COMMANDS = [0x20; 64], Returned::ReadLocalSupportedCommands([0x20; 64]);
    READ_LOCAL_SUPPORTED_FEATURES = [0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11],
        Returned::ReadLocalSupportedFeatures(0x1122_3344_5566_7788);
    READ_BUFFER_SIZE = [0xfd, 3, 64, 8, 0, 1, 0],
        Returned::ReadBufferSize(BufferSize { acl_length: 1021, sco_length: 64, acl_packets: 8, sco_packets: 1 });
    READ_BD_ADDR = [6, 5, 4, 3, 2, 0xc1], Returned::ReadBdAddr([6, 5, 4, 3, 2, 0xc1]);
    READ_RSSI = [0x40, 0, 0xc4], Returned::ReadRssi(Rssi { handle: HANDLE, rssi: -60 });
    READ_TRANSMIT_POWER_LEVEL = [0x40, 0, 0xec],
        Returned::ReadTransmitPowerLevel(TransmitPowerLevel { handle: HANDLE, level: -20 });
    READ_LE_HOST_SUPPORT = [1, 0],
        Returned::ReadLeHostSupport(LeHostSupport { le_supported_host: Switch::On, unused: 0 });
    READ_AUTHENTICATED_PAYLOAD_TIMEOUT = [0x40, 0, 0xb8, 0x0b],
        Returned::ReadAuthenticatedPayloadTimeout(AuthenticatedPayloadTimeout { handle: HANDLE, timeout: 3000 });
    WRITE_AUTHENTICATED_PAYLOAD_TIMEOUT = [0x40, 0], Returned::WriteAuthenticatedPayloadTimeout(HANDLE);
    READ_LOCAL_SUPPORTED_COMMANDS_V2 = [0x20; 251], Returned::ReadLocalSupportedCommandsV2([0x20; 251]);
    LE_READ_BUFFER_SIZE = [0xfb, 0, 6], Returned::LeReadBufferSize(LeBufferSize { acl_length: 251, acl_packets: 6 });
    LE_READ_LOCAL_SUPPORTED_FEATURES = [0x21, 0, 0, 0, 0, 0, 0, 0x80],
        Returned::LeReadLocalSupportedFeatures(LeFeatures(0x8000_0000_0000_0021));
    LE_READ_SUPPORTED_STATES = [0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11],
        Returned::LeReadSupportedStates(0x1122_3344_5566_7788);
    LE_READ_BUFFER_SIZE_V2 = [0xfb, 0, 6, 0, 2, 3],
        Returned::LeReadBufferSizeV2(LeBufferSizes {
            acl_length: 251, acl_packets: 6, iso_length: 512, iso_packets: 3,
        });
    LE_READ_ALL_LOCAL_SUPPORTED_FEATURES = [&[1][..], &[3; 248]].concat(),
        Returned::LeReadAllLocalSupportedFeatures(AllFeatures { max_page: 1, features: LeFeaturePages([3; 248]) });
    LE_READ_ADVERTISING_PHYSICAL_CHANNEL_TX_POWER = [0xf9], Returned::LeReadAdvertisingPhysicalChannelTxPower(-7);
    LE_READ_FILTER_ACCEPT_LIST_SIZE = [9], Returned::LeReadFilterAcceptListSize(9);
    LE_READ_MONITORED_ADVERTISERS_LIST_SIZE = [9], Returned::LeReadMonitoredAdvertisersListSize(9);
    LE_READ_CHANNEL_MAP = [0x40, 0, 0xff, 0xff, 0xff, 0xf0, 0x1f],
        Returned::LeReadChannelMap(ChannelMap { handle: HANDLE, map: [0xff, 0xff, 0xff, 0xf0, 0x1f] });
    LE_REMOTE_CONNECTION_PARAMETER_REQUEST_REPLY = [0x40, 0],
        Returned::LeRemoteConnectionParameterRequestReply(HANDLE);
    LE_REMOTE_CONNECTION_PARAMETER_REQUEST_NEGATIVE_REPLY = [0x40, 0],
        Returned::LeRemoteConnectionParameterRequestNegativeReply(HANDLE);
    LE_ENCRYPT = [7; 16], Returned::LeEncrypt(Secret([7; 16]));
    LE_RAND = [1, 2, 3, 4, 5, 6, 7, 8], Returned::LeRand([1, 2, 3, 4, 5, 6, 7, 8]);
    LE_LONG_TERM_KEY_REQUEST_REPLY = [0x40, 0], Returned::LeLongTermKeyRequestReply(HANDLE);
    LE_LONG_TERM_KEY_REQUEST_NEGATIVE_REPLY = [0x40, 0], Returned::LeLongTermKeyRequestNegativeReply(HANDLE);
    LE_READ_RESOLVING_LIST_SIZE = [9], Returned::LeReadResolvingListSize(9);
    LE_READ_PEER_RESOLVABLE_ADDRESS = [6, 5, 4, 3, 2, 0xc1],
        Returned::LeReadPeerResolvableAddress([6, 5, 4, 3, 2, 0xc1]);
    LE_READ_LOCAL_RESOLVABLE_ADDRESS = [6, 5, 4, 3, 2, 0xc1],
        Returned::LeReadLocalResolvableAddress([6, 5, 4, 3, 2, 0xc1]);
    LE_SET_DATA_LENGTH = [0x40, 0], Returned::LeSetDataLength(HANDLE);
    LE_READ_SUGGESTED_DEFAULT_DATA_LENGTH = [0xfb, 0, 0x48, 8],
        Returned::LeReadSuggestedDefaultDataLength(DataLength { tx_octets: 251, tx_time: 2120 });
    LE_READ_MAXIMUM_DATA_LENGTH = [0xfb, 0, 0x48, 8, 0xfc, 0, 0x90, 0x42],
        Returned::LeReadMaximumDataLength(MaximumDataLength {
            tx_octets: 251, tx_time: 2120, rx_octets: 252, rx_time: 17040,
        });
    LE_READ_PHY = [0x40, 0, 2, 3], Returned::LeReadPhy(LinkPhys { handle: HANDLE, tx_phy: 2, rx_phy: 3 });
    LE_SET_EXTENDED_ADVERTISING_PARAMETERS = [0xf9], Returned::LeSetExtendedAdvertisingParameters(-7);
    LE_SET_EXTENDED_ADVERTISING_PARAMETERS_V2 = [0xf9], Returned::LeSetExtendedAdvertisingParametersV2(-7);
    LE_READ_MAXIMUM_ADVERTISING_DATA_LENGTH = [0x72, 6], Returned::LeReadMaximumAdvertisingDataLength(0x0672);
    LE_READ_NUMBER_OF_SUPPORTED_ADVERTISING_SETS = [9], Returned::LeReadNumberOfSupportedAdvertisingSets(9);
    LE_SET_PERIODIC_ADVERTISING_PARAMETERS_V2 = [9], Returned::LeSetPeriodicAdvertisingParametersV2(9);
    LE_SET_PERIODIC_ADVERTISING_SUBEVENT_DATA = [9], Returned::LeSetPeriodicAdvertisingSubeventData(9);
    LE_SET_PERIODIC_ADVERTISING_RESPONSE_DATA = [0x72, 6], Returned::LeSetPeriodicAdvertisingResponseData(0x0672);
    LE_READ_PERIODIC_ADVERTISER_LIST_SIZE = [9], Returned::LeReadPeriodicAdvertiserListSize(9);
    LE_PERIODIC_ADVERTISING_SYNC_TRANSFER = [0x40, 0], Returned::LePeriodicAdvertisingSyncTransfer(HANDLE);
    LE_PERIODIC_ADVERTISING_SET_INFO_TRANSFER = [0x40, 0], Returned::LePeriodicAdvertisingSetInfoTransfer(HANDLE);
    LE_SET_PERIODIC_ADVERTISING_SYNC_TRANSFER_PARAMETERS = [0x40, 0],
        Returned::LeSetPeriodicAdvertisingSyncTransferParameters(HANDLE);
    LE_SET_PERIODIC_SYNC_SUBEVENT = [0x72, 6], Returned::LeSetPeriodicSyncSubevent(0x0672);
    LE_SET_CONNECTIONLESS_IQ_SAMPLING_ENABLE = [0x72, 6], Returned::LeSetConnectionlessIqSamplingEnable(0x0672);
    LE_SET_CONNECTION_CTE_RECEIVE_PARAMETERS = [0x40, 0], Returned::LeSetConnectionCteReceiveParameters(HANDLE);
    LE_SET_CONNECTION_CTE_TRANSMIT_PARAMETERS = [0x40, 0], Returned::LeSetConnectionCteTransmitParameters(HANDLE);
    LE_CONNECTION_CTE_REQUEST_ENABLE = [0x40, 0], Returned::LeConnectionCteRequestEnable(HANDLE);
    LE_CONNECTION_CTE_RESPONSE_ENABLE = [0x40, 0], Returned::LeConnectionCteResponseEnable(HANDLE);
    LE_READ_ANTENNA_INFORMATION = [7, 4, 12, 20],
        Returned::LeReadAntennaInformation(AntennaInformation {
            sampling_rates: 7, antennas: 4, max_pattern_length: 12, max_cte_length: 20,
        });
    LE_READ_TRANSMIT_POWER = [0xec, 8], Returned::LeReadTransmitPower(TransmitPowerRange { min: -20, max: 8 });
    LE_READ_RF_PATH_COMPENSATION = [0xf1, 0xff, 0, 5],
        Returned::LeReadRfPathCompensation(PathCompensation { tx: Decibels10(-15), rx: Decibels10(1280) });
    LE_ENHANCED_READ_TRANSMIT_POWER_LEVEL = [0x40, 0, 4, 0xf9, 8],
        Returned::LeEnhancedReadTransmitPowerLevel(EnhancedTransmitPowerLevel {
            handle: HANDLE, phy: 4, current: -7, max: 8,
        });
    LE_SET_PATH_LOSS_REPORTING_PARAMETERS = [0x40, 0], Returned::LeSetPathLossReportingParameters(HANDLE);
    LE_SET_PATH_LOSS_REPORTING_ENABLE = [0x40, 0], Returned::LeSetPathLossReportingEnable(HANDLE);
    LE_SET_TRANSMIT_POWER_REPORTING_ENABLE = [0x40, 0], Returned::LeSetTransmitPowerReportingEnable(HANDLE);
}

fn write(returned: &Returned<'_>) -> Vec<u8> {
    let mut buffer = [0; 258];
    let mut w = Writer::new(&mut buffer);
    returned.emit(&mut w);
    w.finish().expect("it fits").to_vec()
}

#[test]
fn returns_both_ways() {
    for (opcode, octets, value) in rows() {
        let rewrite = |octets: &[u8]| Returned::parse(opcode, octets).map(|returned| write(&returned));
        common::check(opcode.name().unwrap(), &octets, &value, rewrite, |octets, value| {
            Returned::parse(opcode, octets).as_ref() == Ok(value)
        });
        assert!(value.to_string().starts_with(" status Success (0x00) "), "{value}");
        assert!(!value.to_string().contains("  "), "{value}");
    }
}

#[test]
fn every_typed_return_has_a_row() {
    let rows: BTreeSet<Opcode> = rows().iter().map(|(opcode, ..)| *opcode).collect();
    let typed = |opcode: &&Opcode| {
        let is_typed = |length| !matches!(Returned::parse(**opcode, &[0; 256][..length]), Ok(Returned::Status { .. }));
        (1..=255).any(is_typed)
    };
    assert_eq!(Opcode::ALL.iter().filter(typed).copied().collect::<BTreeSet<_>>(), rows);
}

#[test]
fn failures_and_commands_that_return_no_more() {
    let failed = Returned::Status { status: Status::UNKNOWN_CONNECTION_IDENTIFIER, rest: &[0x40, 0, 0] };
    assert_eq!(Returned::parse(Opcode::READ_RSSI, &[2, 0x40, 0, 0]), Ok(failed));
    assert_eq!(failed.to_string(), " status Unknown Connection Identifier (0x02) 400000");
    let done = Returned::Status { status: Status::SUCCESS, rest: &[] };
    assert_eq!(Returned::parse(Opcode::RESET, &[0]), Ok(done));
    assert_eq!(done.to_string(), " status Success (0x00)");
    assert_eq!(Returned::parse(Opcode::NOP, &[]), Ok(Returned::Nothing));
    assert_eq!(Returned::Nothing.to_string(), "");
    for returned in [failed, done, Returned::Nothing] {
        assert_eq!(Returned::parse(Opcode::RESET, &write(&returned)), Ok(returned));
    }
}

#[test]
fn lines_of_text() {
    let line = |opcode| rows().into_iter().find(|row| row.0 == opcode).unwrap().2.to_string();
    assert_eq!(line(Opcode::READ_RSSI), " status Success (0x00) handle 64 rssi -60");
    assert_eq!(line(Opcode::LE_READ_RESOLVING_LIST_SIZE), " status Success (0x00) size 9");
    assert_eq!(line(Opcode::LE_READ_RF_PATH_COMPENSATION), " status Success (0x00) tx -1.5 dB rx 128.0 dB");
    assert_eq!(line(Opcode::LE_ENCRYPT), " status Success (0x00) ciphertext (16 octets)");
}

#[test]
fn features_of_every_page() {
    let mut pages = [0; 248];
    pages[0] = 1;
    pages[7] = 0x80;
    pages[8] = 3;
    let features = LeFeaturePages(pages);
    let names: Vec<&str> = features.names().collect();
    assert_eq!(names, ["LE Encryption", "LL Extended Feature Set", "Monitoring Advertisers", "Frame Space Update"]);
    assert!(features.contains(65) && !features.contains(66) && !features.contains(248 * 8));
    let names: Vec<&str> = LeFeatures(1 << 63 | 1 << 47).names().collect();
    assert_eq!(names, ["Channel Sounding (Host Support)", "LL Extended Feature Set"]);
    assert_eq!(format!("{features:?}"), "LeFeaturePages(010000000000008003)");
}
