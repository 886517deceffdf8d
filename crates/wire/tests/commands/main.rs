//! Commands both ways, and what is returned for them. The octets are those that the dissectors judge.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    missing_docs,
    unreachable_pub,
    reason = "tests"
)]

#[path = "../common/mod.rs"]
#[allow(unused_macros, reason = "other tests use them")]
mod common;
mod draw;
mod returned;
mod values;

use draw::Source;
use jelling_wire::{
    Malformed, Writer,
    hci::{Data, Opcode, command::*},
};
use proptest::prelude::*;
use std::collections::BTreeSet;

/// LE commands without a struct: test modes, isochronous channels, Channel Sounding, and what came after Core 6.0.
fn is_raw(opcode: Opcode) -> bool {
    let test = [0x1d, 0x1e, 0x1f, 0x33, 0x34, 0x4f, 0x50, 0x7b];
    let isochronous = [0x61..=0x6c, 0x6e..=0x73, 0x75..=0x75];
    let sounding = 0x89..=0x96;
    let later = 0x9e..=0xa6;
    let command = opcode.command();
    test.contains(&command)
        || isochronous.iter().any(|range| range.contains(&command))
        || sounding.contains(&command)
        || later.contains(&command)
}

/// Commands of other groups without a struct: they are about audio.
const RAW: [Opcode; 6] = [
    Opcode::NOP,
    Opcode::CONFIGURE_DATA_PATH,
    Opcode::READ_LOCAL_SUPPORTED_CODECS,
    Opcode::READ_LOCAL_SUPPORTED_CODECS_V2,
    Opcode::READ_LOCAL_SUPPORTED_CODEC_CAPABILITIES,
    Opcode::READ_LOCAL_SUPPORTED_CONTROLLER_DELAY,
];

fn octets(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|i| u8::from_str_radix(&hex[i..i + 2], 16).unwrap()).collect()
}

fn write(packet: &CommandPacket<'_>) -> Vec<u8> {
    let mut buffer = [0; 258];
    let mut w = Writer::new(&mut buffer);
    packet.emit(&mut w);
    w.finish().expect("it fits").to_vec()
}

fn rewrite(octets: &[u8]) -> Result<Vec<u8>, Malformed> {
    CommandPacket::parse(octets).map(|packet| write(&packet))
}

#[test]
fn commands_both_ways() {
    let table = include_str!("../../../../interop/packets-commands.tsv");
    let values = values::values();
    assert_eq!(table.lines().count(), values.len());
    for (row, value) in table.lines().zip(values) {
        let [name, "command", hex] = row.split('\t').collect::<Vec<_>>()[..] else { panic!("{row}") };
        let packet = octets(hex);
        common::check(name, &packet, &value, rewrite, |octets, value| {
            CommandPacket::parse(octets).as_ref() == Ok(value)
        });
        // A cut or a lengthened packet whose header says so is no such command either.
        for length in (0..packet.len() - 3).chain([packet.len() - 2]) {
            let mut other = packet.clone();
            other.resize(3 + length, 0);
            other[2] = length as u8;
            if let Ok(again) = rewrite(&other) {
                assert_eq!(again, other, "{name}, {length} octets of parameters");
            }
        }
        assert_eq!(value.opcode().name(), Some(name));
        let length = packet.len() - 3;
        assert!(value.to_string().starts_with(&format!("HCI Command: {} plen {length}", value.opcode())), "{value}");
    }
}

#[test]
fn every_command_is_typed_or_left_raw_on_purpose() {
    let typed: BTreeSet<Opcode> = values::values().iter().map(CommandPacket::opcode).collect();
    for opcode in Opcode::ALL {
        let raw = RAW.contains(opcode) || (opcode.group() == 8 && is_raw(*opcode));
        assert!(raw != typed.contains(opcode), "{opcode}");
    }
    // 0x2004 is not assigned.
    for command in (1..=0x9d).filter(|command| *command != 4) {
        assert!(Opcode::new(8 << 10 | command).name().is_some(), "{command:#06x}");
    }
}

#[test]
fn a_vendors_command_survives() {
    let packet = [1, 0xfc, 1, 9];
    let value = CommandPacket::Unknown { opcode: Opcode::new(0xfc01), parameters: &[9] };
    common::check("vendor", &packet, &value, rewrite, |octets, value| {
        CommandPacket::parse(octets).as_ref() == Ok(value)
    });
    assert_eq!(value.to_string(), "HCI Command: Unknown command (0x3f|0x0001) plen 1 09");
}

#[test]
fn lines_of_text() {
    let table = include_str!("../../../../interop/packets-commands.tsv");
    let line = |name: &str| {
        let row = table.lines().find(|row| row.split('\t').next() == Some(name)).unwrap();
        CommandPacket::parse(&octets(row.split('\t').nth(2).unwrap())).unwrap().to_string()
    };
    assert_eq!(
        line("LE Set Extended Advertising Enable"),
        "HCI Command: LE Set Extended Advertising Enable (0x08|0x0039) plen 10 enable On \
         sets [ advertising handle 1 duration 500 max events 9; advertising handle 2 duration 0 max events 0 ]"
    );
    assert_eq!(
        line("LE Set Extended Scan Parameters"),
        "HCI Command: LE Set Extended Scan Parameters (0x08|0x0041) plen 13 own address kind 1 filter policy 0 \
         phys [ 1M: kind Active interval 96 window 48; Coded: kind Passive interval 288 window 144 ]"
    );
    assert_eq!(
        line("LE Write RF Path Compensation"),
        "HCI Command: LE Write RF Path Compensation (0x08|0x004d) plen 4 tx -1.5 dB rx 128.0 dB"
    );
    assert_eq!(
        line("LE Set Periodic Advertising Subevent Data"),
        "HCI Command: LE Set Periodic Advertising Subevent Data (0x08|0x0082) plen 13 advertising handle 1 \
         subevents [ subevent 0 response slot start 1 response slot count 2 data 020106; \
         subevent 1 response slot start 0 response slot count 5 data none ]"
    );
}

#[test]
fn keys_are_not_shown() {
    let key = jelling_wire::Secret(*b"sixteen octets!!");
    let peer = jelling_wire::Address::default();
    let packets = [
        CommandPacket::LeEncrypt(LeEncrypt { key, plaintext: key }),
        CommandPacket::LeLongTermKeyRequestReply(LeLongTermKeyRequestReply { handle: Default::default(), key }),
        CommandPacket::LeAddDeviceToResolvingList(LeAddDeviceToResolvingList { peer, peer_irk: key, local_irk: key }),
    ];
    for packet in packets {
        for text in [packet.to_string(), format!("{packet:?}"), format!("{packet:x?}")] {
            assert!(text.contains("(16 octets)"), "{text}");
            assert!(!text.contains("73, 69") && !text.contains("7369") && !text.contains("115, 105"), "{text}");
        }
    }
}

/// Data as long as the specification allows; one octet more than a packet holds does not become another packet.
#[test]
fn the_longest_data() {
    let data = [7; 256];
    let of = |length: usize| {
        let data = Data(&data[..length]);
        [
            (
                251,
                CommandPacket::LeSetExtendedAdvertisingData(LeSetExtendedAdvertisingData {
                    advertising_handle: 1,
                    operation: 3,
                    fragment_preference: 0,
                    data,
                }),
            ),
            (
                252,
                CommandPacket::LeSetPeriodicAdvertisingData(LeSetPeriodicAdvertisingData {
                    advertising_handle: 1,
                    operation: 3,
                    data,
                }),
            ),
            (
                247,
                CommandPacket::LeSetPeriodicAdvertisingResponseData(LeSetPeriodicAdvertisingResponseData {
                    sync_handle: 1,
                    request_event: 2,
                    request_subevent: 3,
                    response_subevent: 4,
                    response_slot: 5,
                    data,
                }),
            ),
        ]
    };
    for length in 240..=256 {
        for (most, packet) in of(length) {
            let mut buffer = [0; 300];
            let mut w = Writer::new(&mut buffer);
            packet.emit(&mut w);
            assert_eq!(w.is_overflowed(), length > most, "{length}, {}", packet.opcode());
            if let Ok(written) = w.finish() {
                assert_eq!(CommandPacket::parse(written), Ok(packet));
            }
        }
    }
}

proptest! {
    /// Parameters that are valid, or nearly so: a row of the table with octets changed.
    #[test]
    fn any_parameters_of_every_command(
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        tail in proptest::collection::vec(any::<u8>(), 0..6),
    ) {
        for opcode in Opcode::ALL {
            let start = values::values().iter().find(|value| value.opcode() == *opcode).map(write);
            let mut packet = start.unwrap_or_else(|| [&opcode.number().to_le_bytes()[..], &[0]].concat());
            packet.extend(&tail);
            let parameters = packet.len() - 3;
            packet[2] = parameters as u8;
            for (at, octet) in &changes {
                if parameters > 0 {
                    packet[3 + at.index(parameters)] = *octet;
                }
            }
            if let Ok(value) = CommandPacket::parse(&packet) {
                let written = write(&value);
            prop_assert_eq!(CommandPacket::parse(&written), Ok(value));
                prop_assert!(!value.to_string().is_empty());
            }
        }
    }

    #[test]
    fn any_values_of_every_command(octets in proptest::collection::vec(any::<u8>(), 3000)) {
        for value in values::drawn(&mut Source(octets.iter())) {
            let written = write(&value);
            prop_assert_eq!(CommandPacket::parse(&written), Ok(value));
        }
    }
}
