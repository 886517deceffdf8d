use crate::{ADVERTISER, HANDLE, PUBLIC, common::check};
use jelling_wire::{
    Malformed, Writer,
    hci::{
        ConnectionHandle, Role, Secret, Status,
        event::{
            ConnectionComplete, EnhancedConnectionComplete, EnhancedConnectionCompleteV2, Event, IqSamples,
            ReportedAddress,
        },
    },
};

const COMPLETE: ConnectionComplete = ConnectionComplete {
    status: Status::SUCCESS,
    handle: HANDLE,
    role: Role::Peripheral,
    peer: ADVERTISER,
    interval: 24,
    latency: 1,
    supervision_timeout: 42,
    clock_accuracy: 5,
};
const IDENTITY: ReportedAddress = ReportedAddress { kind: ReportedAddress::PUBLIC_IDENTITY, octets: PUBLIC.octets };
const LOCAL: [u8; 6] = [0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0x42];
const PEER: [u8; 6] = [0xbb, 0xbb, 0xbb, 0xbb, 0xbb, 0x43];

const FEATURES: [u8; 248] = {
    let mut features = [0; 248];
    features[0] = 0xff;
    features[7] = 0x80;
    features[8] = 0x03;
    features
};

rows! {
    [
        "LE Connection Complete", "3e13010040000101f5f4f3f2f1f0180001002a0005",
        Event::LeConnectionComplete(COMPLETE)
    ],
    [
        "a connection that failed, of parameters without meaning", "3e13013cffff0109ffffffffffffffffffffffffff",
        Event::LeConnectionComplete(ConnectionComplete {
            status: Status::ADVERTISING_TIMEOUT,
            handle: ConnectionHandle(0xffff),
            role: Role::Peripheral,
            peer: ReportedAddress { kind: 9, octets: [0xff; 6] },
            interval: 0xffff,
            latency: 0xffff,
            supervision_timeout: 0xffff,
            clock_accuracy: 0xff
        })
    ],
    [
        "LE Connection Update Complete", "3e0a03004000180001002a00",
        Event::LeConnectionUpdateComplete {
            status: Status::SUCCESS,
            handle: HANDLE,
            interval: 24,
            latency: 1,
            supervision_timeout: 42
        }
    ],
    [
        "LE Read Remote Used Features", "3e0c04004000ff59010000000080",
        Event::LeReadRemoteFeaturesComplete {
            status: Status::SUCCESS,
            handle: HANDLE,
            features: 0x8000_0000_0001_59ff
        }
    ],
    [
        "LE Long Term Key Request", "3e0d0540000102030405060708090a",
        Event::LeLongTermKeyRequest { handle: HANDLE, random: [1, 2, 3, 4, 5, 6, 7, 8], diversifier: 0x0a09 }
    ],
    [
        "LE Remote Connection Parameter Request", "3e0b06400006000c0001006400",
        Event::LeRemoteConnectionParameterRequest {
            handle: HANDLE,
            interval_min: 6,
            interval_max: 12,
            latency: 1,
            supervision_timeout: 100
        }
    ],
    [
        "LE Data Length Change", "3e0b074000fb0048081b004801",
        Event::LeDataLengthChange { handle: HANDLE, tx_octets: 251, tx_time: 2120, rx_octets: 27, rx_time: 328 }
    ],
    [
        "LE Read Local P-256 Public Key Complete",
        "3e420800010101010101010101010101010101010101010101010101010101010101010102020202020202020202020202020202\
         02020202020202020202020202020202",
        Event::LeReadLocalP256PublicKeyComplete { status: Status::SUCCESS, key_x: &[1; 32], key_y: &[2; 32] }
    ],
    [
        "LE Generate DHKey Complete",
        "3e2209000303030303030303030303030303030303030303030303030303030303030303",
        Event::LeGenerateDhKeyComplete { status: Status::SUCCESS, key: Secret([3; 32]) }
    ],
    [
        "LE Enhanced Connection Complete",
        "3e1f0a0040000002554433221100aaaaaaaaaa42bbbbbbbbbb43180001002a0005",
        Event::LeEnhancedConnectionComplete(EnhancedConnectionComplete {
            connection: ConnectionComplete { role: Role::Central, peer: IDENTITY, ..COMPLETE },
            local_resolvable: LOCAL,
            peer_resolvable: PEER
        })
    ],
    [
        "LE PHY Update Complete", "3e060c0040000201",
        Event::LePhyUpdateComplete { status: Status::SUCCESS, handle: HANDLE, tx_phy: 2, rx_phy: 1 }
    ],
    [
        "LE Channel Selection Algorithm", "3e0414400001",
        Event::LeChannelSelectionAlgorithm { handle: HANDLE, algorithm: 1 }
    ],
    [
        "LE Connection IQ Report", "3e20164000021f40fe000102013412090102030405060708090a0b0c0d0e0f101112",
        Event::LeConnectionIqReport {
            handle: HANDLE,
            rx_phy: 2,
            channel: 0x1f,
            rssi: -448,
            rssi_antenna: 0,
            cte_type: 1,
            slot_durations: 2,
            packet_status: 1,
            event_counter: 0x1234,
            samples: IqSamples::parse(&[9, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18]).unwrap()
        }
    ],
    [
        "LE CTE Request Failed", "3e0417004000",
        Event::LeCteRequestFailed { status: Status::SUCCESS, handle: HANDLE }
    ],
    [
        "LE Request Peer SCA Complete", "3e051f00400005",
        Event::LeRequestPeerScaComplete { status: Status::SUCCESS, handle: HANDLE, clock_accuracy: 5 }
    ],
    [
        "LE Path Loss Threshold", "3e052040003702",
        Event::LePathLossThreshold { handle: HANDLE, path_loss: 55, zone: 2 }
    ],
    [
        "LE Transmit Power Reporting", "3e09210040000201f902fc",
        Event::LeTransmitPowerReporting {
            status: Status::SUCCESS,
            handle: HANDLE,
            reason: 2,
            phy: 1,
            tx_power: -7,
            limits: 2,
            delta: -4
        }
    ],
    [
        "LE Subrate Change", "3e0c230040000400010002002a00",
        Event::LeSubrateChange {
            status: Status::SUCCESS,
            handle: HANDLE,
            subrate_factor: 4,
            latency: 1,
            continuation_number: 2,
            supervision_timeout: 42
        }
    ],
    [
        "LE Enhanced Connection Complete v2",
        "3e22290040000101f5f4f3f2f1f0aaaaaaaaaa42bbbbbbbbbb43180001002a000503ff0f",
        Event::LeEnhancedConnectionCompleteV2(EnhancedConnectionCompleteV2 {
            enhanced: EnhancedConnectionComplete {
                connection: COMPLETE,
                local_resolvable: LOCAL,
                peer_resolvable: PEER
            },
            advertising_handle: 3,
            sync_handle: 0x0fff
        })
    ],
    [
        "LE Read All Remote Features Complete",
        "3efe2b0040000101ff0000000000008003000000000000000000000000000000000000000000000000000000000000000000\
         0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000\
         0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000\
         0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000\
         0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000\
         000000000000",
        Event::LeReadAllRemoteFeaturesComplete {
            status: Status::SUCCESS,
            handle: HANDLE,
            max_remote_page: 1,
            max_valid_page: 1,
            features: &FEATURES
        }
    ],
    [
        "LE Frame Space Update Complete", "3e0a35004000023f00030300",
        Event::LeFrameSpaceUpdateComplete {
            status: Status::SUCCESS,
            handle: HANDLE,
            initiator: 2,
            frame_space: 63,
            phys: 3,
            spacing_types: 3
        }
    ],
    [
        "LE Connection Rate Change", "3e0e370040003c000400010002002a00",
        Event::LeConnectionRateChange {
            status: Status::SUCCESS,
            handle: HANDLE,
            interval: 60,
            subrate_factor: 4,
            latency: 1,
            continuation_number: 2,
            supervision_timeout: 42
        }
    ],
}
