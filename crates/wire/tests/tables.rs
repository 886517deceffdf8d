//! Packets as tables of (name, octets, value). The octets are from the specification's figures and from
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
        AdvertisingKind, ConnectionHandle, Opcode, ScanKind, Secret, Status, Switch,
        acl::{AclPacket, Boundary},
        command::{self, CommandPacket},
    },
};

const HANDLE: ConnectionHandle = ConnectionHandle(0x0040);
const PEER: Address = Address::new(AddressKind::Random, [0xf5, 0xf4, 0xf3, 0xf2, 0xf1, 0xf0]);

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
