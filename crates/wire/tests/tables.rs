//! Packets as tables of (name, octets, value), checked both ways. The octets are from the specification's figures and from
//! captures of other hosts and controllers.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    missing_docs,
    reason = "tests"
)]

#[macro_use]
mod common;

use common::check;
use jelling_wire::{
    Address, AddressKind, Malformed, Writer,
    hci::{
        AdvertisingKind, ConnectionHandle, Opcode, Role, ScanKind, Secret, Status, Switch,
        acl::{AclPacket, Boundary},
        command::{self, CommandPacket},
        event::{AdvertisingReports, CompletedPackets, ConnectionComplete, Event},
    },
};

const HANDLE: ConnectionHandle = ConnectionHandle(0x0040);
const PEER: Address = Address::new(AddressKind::Random, [0xf5, 0xf4, 0xf3, 0xf2, 0xf1, 0xf0]);

fn complete() -> ConnectionComplete {
    ConnectionComplete {
        status: Status::SUCCESS,
        handle: HANDLE,
        role: Role::Peripheral,
        peer: PEER,
        interval: 24,
        latency: 0,
        supervision_timeout: 42,
        clock_accuracy: 0,
    }
}

table!(
    events,
    Event,
    [
        (
            "disconnection",
            [0x05, 4, 0, 0x40, 0, 0x13],
            Event::DisconnectionComplete {
                status: Status::SUCCESS,
                handle: HANDLE,
                reason: Status::REMOTE_USER_TERMINATED_CONNECTION
            }
        ),
        (
            "remote version",
            [0x0c, 8, 0, 0x40, 0, 0x0c, 0xe0, 0, 1, 0],
            Event::ReadRemoteVersionInformationComplete {
                status: Status::SUCCESS,
                handle: HANDLE,
                version: 12,
                manufacturer: 0xe0,
                subversion: 1
            }
        ),
        (
            "command complete",
            [0x0e, 4, 1, 3, 0x0c, 0],
            Event::CommandComplete { credits: 1, opcode: Opcode::RESET, return_parameters: &[0] }
        ),
        (
            "command status",
            [0x0f, 4, 0, 1, 6, 4],
            Event::CommandStatus { status: Status::SUCCESS, credits: 1, opcode: Opcode::DISCONNECT }
        ),
        ("hardware error", [0x10, 1, 7], Event::HardwareError { code: 7 }),
        (
            "encryption on",
            [0x08, 4, 0, 0x40, 0, 1],
            Event::EncryptionChange { status: Status::SUCCESS, handle: HANDLE, enabled: 1 }
        ),
        (
            "key refreshed",
            [0x30, 3, 0, 0x40, 0],
            Event::EncryptionKeyRefreshComplete { status: Status::SUCCESS, handle: HANDLE }
        ),
        (
            "public key",
            [&[0x3e, 66, 0x08, 0][..], &[1; 32], &[2; 32]].concat(),
            Event::LeReadLocalP256PublicKeyComplete { status: Status::SUCCESS, key_x: &[1; 32], key_y: &[2; 32] }
        ),
        (
            "Diffie-Hellman key",
            [&[0x3e, 34, 0x09, 0][..], &[3; 32]].concat(),
            Event::LeGenerateDhKeyComplete { status: Status::SUCCESS, key: Secret([3; 32]) }
        ),
        (
            "completed packets",
            [0x13, 5, 1, 0x40, 0, 2, 0],
            Event::NumberOfCompletedPackets(CompletedPackets::parse(&[1, 0x40, 0, 2, 0]).unwrap())
        ),
        ("buffer overflow", [0x1a, 1, 1], Event::DataBufferOverflow { link_type: 1 }),
        (
            "connection",
            [0x3e, 19, 1, 0, 0x40, 0, 1, 1, 0xf5, 0xf4, 0xf3, 0xf2, 0xf1, 0xf0, 24, 0, 0, 0, 42, 0, 0],
            Event::LeConnectionComplete(complete())
        ),
        (
            "report",
            [0x3e, 15, 2, 1, 0, 1, 0xf5, 0xf4, 0xf3, 0xf2, 0xf1, 0xf0, 3, 2, 1, 6, 0xc8],
            Event::LeAdvertisingReport(
                AdvertisingReports::parse(&[1, 0, 1, 0xf5, 0xf4, 0xf3, 0xf2, 0xf1, 0xf0, 3, 2, 1, 6, 0xc8]).unwrap()
            )
        ),
        (
            "update",
            [0x3e, 10, 3, 0, 0x40, 0, 24, 0, 0, 0, 42, 0],
            Event::LeConnectionUpdateComplete {
                status: Status::SUCCESS,
                handle: HANDLE,
                interval: 24,
                latency: 0,
                supervision_timeout: 42
            }
        ),
        (
            "remote features",
            [0x3e, 12, 4, 0, 0x40, 0, 1, 0, 0, 0, 0, 0, 0, 0],
            Event::LeReadRemoteFeaturesComplete { status: Status::SUCCESS, handle: HANDLE, features: 1 }
        ),
        (
            "key request",
            [0x3e, 13, 5, 0x40, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0],
            Event::LeLongTermKeyRequest { handle: HANDLE, random: [1, 2, 3, 4, 5, 6, 7, 8], diversifier: 9 }
        ),
        (
            "parameter request",
            [0x3e, 11, 6, 0x40, 0, 6, 0, 12, 0, 1, 0, 100, 0],
            Event::LeRemoteConnectionParameterRequest {
                handle: HANDLE,
                interval_min: 6,
                interval_max: 12,
                latency: 1,
                supervision_timeout: 100
            }
        ),
        (
            "data length",
            [0x3e, 11, 7, 0x40, 0, 251, 0, 0x48, 8, 251, 0, 0x48, 8],
            Event::LeDataLengthChange { handle: HANDLE, tx_octets: 251, tx_time: 2120, rx_octets: 251, rx_time: 2120 }
        ),
        (
            "enhanced connection",
            [
                0x3e, 31, 10, 0, 0x40, 0, 1, 1, 0xf5, 0xf4, 0xf3, 0xf2, 0xf1, 0xf0, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2,
                24, 0, 0, 0, 42, 0, 0
            ],
            Event::LeEnhancedConnectionComplete(complete(), [1; 6], [2; 6])
        ),
        (
            "PHY",
            [0x3e, 6, 12, 0, 0x40, 0, 2, 1],
            Event::LePhyUpdateComplete { status: Status::SUCCESS, handle: HANDLE, tx_phy: 2, rx_phy: 1 }
        ),
        ("unknown LE", [0x3e, 2, 0x7e, 9], Event::LeUnknown { subevent: 0x7e, parameters: &[9] }),
        ("unknown", [0xff, 2, 1, 2], Event::Unknown { code: 0xff, parameters: &[1, 2] }),
    ]
);

table!(
    commands,
    CommandPacket,
    [
        ("reset", [3, 0x0c, 0], CommandPacket::Reset(command::Reset {})),
        (
            "disconnect",
            [6, 4, 3, 0x40, 0, 0x13],
            CommandPacket::Disconnect(command::Disconnect {
                handle: HANDLE,
                reason: Status::REMOTE_USER_TERMINATED_CONNECTION
            })
        ),
        (
            "event mask",
            [1, 0x0c, 8, 0x90, 0x88, 0, 2, 0, 0, 0, 0x20],
            CommandPacket::SetEventMask(command::SetEventMask { mask: 0x2000_0000_0200_8890 })
        ),
        (
            "host buffers",
            [0x33, 0x0c, 7, 251, 0, 0, 4, 0, 0, 0],
            CommandPacket::HostBufferSize(command::HostBufferSize {
                acl_length: 251,
                sco_length: 0,
                acl_packets: 4,
                sco_packets: 0
            })
        ),
        (
            "advertising parameters",
            [6, 0x20, 15, 0xa0, 0, 0xa0, 0, 0, 0, 1, 0xf5, 0xf4, 0xf3, 0xf2, 0xf1, 0xf0, 7, 0],
            CommandPacket::LeSetAdvertisingParameters(command::LeSetAdvertisingParameters {
                interval_min: 160,
                interval_max: 160,
                kind: AdvertisingKind::ConnectableUndirected,
                own_address_kind: 0,
                peer: PEER,
                channel_map: 7,
                filter_policy: 0
            })
        ),
        (
            "advertising data",
            [
                8, 0x20, 32, 3, 2, 1, 6, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
                0, 0
            ],
            CommandPacket::LeSetAdvertisingData(command::LeSetAdvertisingData { data: &[2, 1, 6] })
        ),
        (
            "scan parameters",
            [0x0b, 0x20, 7, 1, 0x10, 0, 0x10, 0, 0, 0],
            CommandPacket::LeSetScanParameters(command::LeSetScanParameters {
                kind: ScanKind::Active,
                interval: 16,
                window: 16,
                own_address_kind: 0,
                filter_policy: 0
            })
        ),
        (
            "scan enable",
            [0x0c, 0x20, 2, 1, 0],
            CommandPacket::LeSetScanEnable(command::LeSetScanEnable {
                enable: Switch::On,
                filter_duplicates: Switch::Off
            })
        ),
        (
            "create connection",
            [
                0x0d, 0x20, 25, 0x60, 0, 0x30, 0, 0, 1, 0xf5, 0xf4, 0xf3, 0xf2, 0xf1, 0xf0, 0, 0x18, 0, 0x28, 0, 0, 0,
                0xf4, 1, 0, 0, 0, 0
            ],
            CommandPacket::LeCreateConnection(command::LeCreateConnection {
                scan_interval: 96,
                scan_window: 48,
                filter_policy: 0,
                peer: PEER,
                own_address_kind: 0,
                interval_min: 24,
                interval_max: 40,
                latency: 0,
                supervision_timeout: 500,
                ce_length_min: 0,
                ce_length_max: 0
            })
        ),
        ("cancel", [0x0e, 0x20, 0], CommandPacket::LeCreateConnectionCancel(command::LeCreateConnectionCancel {})),
        (
            "connection update",
            [0x13, 0x20, 14, 0x40, 0, 6, 0, 12, 0, 0, 0, 100, 0, 0, 0, 0, 0],
            CommandPacket::LeConnectionUpdate(command::LeConnectionUpdate {
                handle: HANDLE,
                interval_min: 6,
                interval_max: 12,
                latency: 0,
                supervision_timeout: 100,
                ce_length_min: 0,
                ce_length_max: 0
            })
        ),
        (
            "parameter refusal",
            [0x21, 0x20, 3, 0x40, 0, 0x3b],
            CommandPacket::LeRemoteConnectionParameterRequestNegativeReply(
                command::LeRemoteConnectionParameterRequestNegativeReply {
                    handle: HANDLE,
                    reason: Status::UNACCEPTABLE_CONNECTION_PARAMETERS
                }
            )
        ),
        (
            "channel classification",
            [0x14, 0x20, 5, 0xff, 0xff, 0xff, 0xff, 0x1f],
            CommandPacket::LeSetHostChannelClassification(command::LeSetHostChannelClassification {
                map: [0xff, 0xff, 0xff, 0xff, 0x1f]
            })
        ),
        (
            "channel map",
            [0x15, 0x20, 2, 0x40, 0],
            CommandPacket::LeReadChannelMap(command::LeReadChannelMap { handle: HANDLE })
        ),
        (
            "encrypt",
            [&[0x17, 0x20, 32][..], &[1; 16], &[2; 16]].concat(),
            CommandPacket::LeEncrypt(command::LeEncrypt { key: Secret([1; 16]), plaintext: Secret([2; 16]) })
        ),
        (
            "enable encryption",
            [&[0x19, 0x20, 28, 0x40, 0, 1, 2, 3, 4, 5, 6, 7, 8, 0x34, 0x12][..], &[9; 16]].concat(),
            CommandPacket::LeEnableEncryption(command::LeEnableEncryption {
                handle: HANDLE,
                random: [1, 2, 3, 4, 5, 6, 7, 8],
                diversifier: 0x1234,
                key: Secret([9; 16])
            })
        ),
        (
            "long term key",
            [&[0x1a, 0x20, 18, 0x40, 0][..], &[9; 16]].concat(),
            CommandPacket::LeLongTermKeyRequestReply(command::LeLongTermKeyRequestReply {
                handle: HANDLE,
                key: Secret([9; 16])
            })
        ),
        ("public key", [0x25, 0x20, 0], CommandPacket::LeReadLocalP256PublicKey(command::LeReadLocalP256PublicKey {})),
        (
            "Diffie-Hellman key",
            [&[0x26, 0x20, 64][..], &[1; 32], &[2; 32]].concat(),
            CommandPacket::LeGenerateDhKey(command::LeGenerateDhKey { key_x: [1; 32], key_y: [2; 32] })
        ),
        ("PHY", [0x30, 0x20, 2, 0x40, 0], CommandPacket::LeReadPhy(command::LeReadPhy { handle: HANDLE })),
        (
            "default PHY",
            [0x31, 0x20, 3, 0, 3, 2],
            CommandPacket::LeSetDefaultPhy(command::LeSetDefaultPhy { all_phys: 0, tx_phys: 3, rx_phys: 2 })
        ),
        (
            "set PHY",
            [0x32, 0x20, 7, 0x40, 0, 1, 2, 4, 2, 0],
            CommandPacket::LeSetPhy(command::LeSetPhy {
                handle: HANDLE,
                all_phys: 1,
                tx_phys: 2,
                rx_phys: 4,
                options: 2
            })
        ),
        (
            "data length",
            [0x22, 0x20, 6, 0x40, 0, 251, 0, 0x48, 8],
            CommandPacket::LeSetDataLength(command::LeSetDataLength { handle: HANDLE, tx_octets: 251, tx_time: 2120 })
        ),
        (
            "default data length",
            [0x24, 0x20, 4, 251, 0, 0x48, 8],
            CommandPacket::LeWriteSuggestedDefaultDataLength(command::LeWriteSuggestedDefaultDataLength {
                tx_octets: 251,
                tx_time: 2120
            })
        ),
        ("vendor", [1, 0xfc, 1, 9], CommandPacket::Unknown { opcode: Opcode(0xfc01), parameters: &[9] }),
    ]
);

table!(
    acl,
    AclPacket,
    [
        (
            "from the controller",
            [0x40, 0x20, 2, 0, 1, 2],
            AclPacket { handle: HANDLE, boundary: Boundary::FirstFlushable, broadcast: 0, data: &[1, 2] }
        ),
        (
            "continued",
            [0x40, 0x10, 1, 0, 1],
            AclPacket { handle: HANDLE, boundary: Boundary::Continuing, broadcast: 0, data: &[1] }
        ),
    ]
);

#[test]
fn what_is_malformed() {
    let events: [(&str, &[u8]); 5] = [
        ("length lies", &[0x10, 2, 7]),
        ("a handle out of range", &[0x05, 4, 0, 0, 0x0f, 0x13]),
        ("count lies", &[0x13, 5, 2, 0x40, 0, 1, 0]),
        ("report of 32 octets", &[0x3e, 12, 2, 1, 0, 0, 1, 2, 3, 4, 5, 6, 32, 0]),
        ("address type", &[0x3e, 12, 2, 1, 0, 9, 1, 2, 3, 4, 5, 6, 0, 0]),
    ];
    for (name, octets) in events {
        assert_eq!(Event::parse(octets), Err(Malformed), "{name}");
    }
}
