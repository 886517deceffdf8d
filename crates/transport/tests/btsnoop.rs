//! Files of btsnoop, written and read.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    missing_docs,
    reason = "tests"
)]

use jelling_transport::{
    Direction,
    btsnoop::{Datalink, FILE_HEADER, FileError, Record, Records, Truncated, record_header},
};
use jelling_wire::{Packet, PacketKind};
use proptest::prelude::*;

type Owned = (Direction, u64, PacketKind, Vec<u8>);

fn file(packets: &[Owned]) -> Vec<u8> {
    let mut file = FILE_HEADER.to_vec();
    for (direction, micros, kind, data) in packets {
        file.extend(record_header(*direction, Packet::new(*kind, data), 0, *micros));
        file.extend(data);
    }
    file
}

/// A file of another datalink, of records with these flags and octets; `original` octets long each.
fn foreign(datalink: u32, records: &[(u32, &[u8])], original: u32) -> Vec<u8> {
    let mut file = [&FILE_HEADER[..12], &datalink.to_be_bytes()].concat();
    for (flags, data) in records {
        let length = u32::try_from(data.len()).unwrap();
        for word in [original.max(length), length, *flags, 7] {
            file.extend(word.to_be_bytes());
        }
        // The first second of 2000, as btmon has it.
        file.extend(0x00e0_3ab4_4a67_6000_u64.to_be_bytes());
        file.extend(*data);
    }
    file
}

fn read(file: &[u8]) -> Vec<Record<'_>> {
    Records::parse(file).unwrap().map(Result::unwrap).collect()
}

#[test]
fn what_is_no_file_is_told_why() {
    let with = |at: usize, octet: u8| {
        let mut header = FILE_HEADER;
        header[at] = octet;
        Records::parse(&header).map(|_| ())
    };
    assert_eq!(with(0, b'x'), Err(FileError::NotBtsnoop));
    assert_eq!(with(7, 1), Err(FileError::NotBtsnoop));
    assert_eq!(with(11, 2), Err(FileError::Version(2)));
    assert_eq!(with(15, 0xec), Err(FileError::Datalink(1004)));
    for length in 0..FILE_HEADER.len() {
        assert_eq!(Records::parse(&FILE_HEADER[..length]).map(|_| ()), Err(FileError::NotBtsnoop), "{length}");
    }
    assert_eq!(Records::parse(&FILE_HEADER).unwrap().datalink(), Datalink::H4);
    let told = FileError::Datalink(1004).to_string();
    assert_eq!(told, "btsnoop of datalink 1004: expected 1001 (HCI), 1002 (H4) or 2001 (Linux monitor)");
}

#[test]
fn a_file_without_indicators_has_its_kinds_in_the_flags() {
    let file = foreign(1001, &[(2, &[3, 0x0c, 0]), (3, &[0x0e, 1, 0]), (0, &[1]), (1, &[2])], 0);
    let kinds: Vec<_> = read(&file).iter().map(|r| (r.direction, r.packet.kind)).collect();
    use Direction::{FromController, ToController};
    let acl = PacketKind::Acl;
    let expected = [
        (ToController, PacketKind::Command),
        (FromController, PacketKind::Event),
        (ToController, acl),
        (FromController, acl),
    ];
    assert_eq!(kinds, expected);
}

#[test]
fn the_linux_monitor_notes_more_than_packets() {
    let adapter = 1 << 16;
    let records =
        [(adapter, &b"new index"[..]), (adapter | 2, &[3, 0x0c, 0]), (0xffff_000d, b"note"), (adapter | 19, &[9])];
    let file = foreign(2001, &records, 0);
    let mut records = Records::parse(&file).unwrap();
    let first = records.next().unwrap().unwrap();
    assert_eq!(
        (first.direction, first.packet),
        (Direction::ToController, Packet::new(PacketKind::Command, &[3, 0x0c, 0]))
    );
    assert_eq!((first.unix_micros, first.drops), (946_684_800_000_000, 7));
    let second = records.next().unwrap().unwrap();
    assert_eq!((second.direction, second.packet.kind), (Direction::FromController, PacketKind::Iso));
    assert_eq!((records.next(), records.skipped()), (None, 2));
}

#[test]
fn octets_of_no_kind_are_passed_over_and_cut_packets_told() {
    let file = foreign(1002, &[(0, &[]), (0, &[9, 9]), (1, &[4, 0x0e])], 60);
    let mut records = Records::parse(&file).unwrap();
    let record = records.next().unwrap().unwrap();
    assert_eq!((record.packet, record.missing), (Packet::new(PacketKind::Event, &[0x0e]), 58));
    assert_eq!((records.next(), records.skipped()), (None, 2));
}

fn packet() -> impl Strategy<Value = Owned> {
    let direction = prop_oneof![Just(Direction::ToController), Just(Direction::FromController)];
    let kind = (1u8..=5).prop_map(|i| PacketKind::from_indicator(i).unwrap());
    (direction, 0..1_u64 << 60, kind, proptest::collection::vec(any::<u8>(), 0..300))
}

proptest! {
    #[test]
    fn what_is_written_is_read(packets in proptest::collection::vec(packet(), 0..20)) {
        let file = file(&packets);
        let owned = |r: &Record<'_>| (r.direction, r.unix_micros, r.packet.kind, r.packet.data.to_vec());
        prop_assert_eq!(read(&file).iter().map(owned).collect::<Vec<_>>(), packets);
        prop_assert!(read(&file).iter().all(|r| r.drops == 0 && r.missing == 0));
    }

    #[test]
    fn a_cut_file_gives_its_whole_records_and_says_where_it_ends(
        packets in proptest::collection::vec(packet(), 1..8),
        cut in any::<proptest::sample::Index>(),
    ) {
        let whole = file(&packets);
        let length = FILE_HEADER.len() + cut.index(whole.len() - FILE_HEADER.len());
        let ends: Vec<usize> = (0..=packets.len()).map(|n| file(&packets[..n]).len()).collect();
        let complete = ends.iter().filter(|end| **end <= length).count() - 1;
        let mut records = Records::parse(&whole[..length]).unwrap();
        for expected in &packets[..complete] {
            prop_assert_eq!(records.next().unwrap().unwrap().packet.data, &expected.3[..]);
        }
        let record = u32::try_from(complete).unwrap() + 1;
        let end = (ends[complete] != length).then_some(Err(Truncated { record }));
        prop_assert_eq!((records.next(), records.next()), (end, None));
    }

    #[test]
    fn no_octets_make_it_panic_or_invent(
        datalink in prop_oneof![Just(1001u32), Just(1002), Just(2001)],
        octets in proptest::collection::vec(any::<u8>(), 0..200),
    ) {
        let file = [&FILE_HEADER[..12], &datalink.to_be_bytes(), &octets].concat();
        let mut records = Records::parse(&file).unwrap();
        let held: usize = records.by_ref().flatten().map(|r| r.packet.data.len()).sum();
        prop_assert!(held <= octets.len());
        prop_assert_eq!(records.next(), None);
    }
}
