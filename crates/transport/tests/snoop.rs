//! What the snoop records, and what it keeps to itself.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    missing_docs,
    reason = "tests"
)]

use core::{cell::RefCell, convert::Infallible};
use embassy_futures::block_on;
use jelling_transport::{
    Direction, PacketRead, PacketWrite, Snoop, SnoopSink,
    btsnoop::{FILE_HEADER, Records},
};
use jelling_wire::{Packet, PacketKind};
use proptest::prelude::*;

struct Ring(RefCell<Vec<u8>>);

impl SnoopSink for Ring {
    fn unix_micros(&self) -> u64 {
        1_700_000_000_000_000
    }
    fn write(&self, pieces: &[&[u8]]) {
        self.0.borrow_mut().extend(pieces.concat());
    }
}

struct Echo(Vec<(PacketKind, Vec<u8>)>);

impl PacketWrite for Echo {
    type Error = Infallible;
    async fn write(&mut self, packet: Packet<'_>) -> Result<(), Infallible> {
        self.0.push((packet.kind, packet.data.to_vec()));
        Ok(())
    }
}

impl PacketRead for Echo {
    type Error = ();
    async fn read<'b>(&mut self, buffer: &'b mut [u8]) -> Result<Packet<'b>, ()> {
        let (kind, data) = self.0.pop().ok_or(())?;
        buffer[..data.len()].copy_from_slice(&data);
        Ok(Packet::new(kind, &buffer[..data.len()]))
    }
}

fn recorded(packet: Packet<'_>, secrets: bool) -> Vec<u8> {
    let ring = Ring(RefCell::new(FILE_HEADER.to_vec()));
    let snoop = Snoop::new(Echo(vec![]), &ring);
    let mut snoop = if secrets { snoop.with_secrets() } else { snoop };
    block_on(snoop.write(packet)).unwrap();
    let file = ring.0.take();
    let record = Records::parse(&file).unwrap().next().unwrap().unwrap();
    assert_eq!((record.direction, record.packet.kind), (Direction::ToController, packet.kind));
    assert_eq!(record.unix_micros, 1_700_000_000_000_000);
    record.packet.data.to_vec()
}

#[test]
fn keys_are_blanked_and_nothing_else() {
    let with = |kind, head: &[u8], key: usize, tail: &[u8]| (kind, head.to_vec(), key, tail.to_vec());
    let acl = |code: u8| [0x40, 0, 21, 0, 17, 0, 6, 0, code];
    let table = [
        with(PacketKind::Command, &[0x19, 0x20, 28, 0x40, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9], 16, &[]),
        with(PacketKind::Command, &[0x1a, 0x20, 18, 0x40, 0], 16, &[]),
        with(PacketKind::Command, &[0x17, 0x20, 32], 32, &[]),
        with(PacketKind::Command, &[0x27, 0x20, 39, 0, 1, 2, 3, 4, 5, 6], 32, &[]),
        with(PacketKind::Event, &[0x0e, 12, 1, 0x18, 0x20, 0], 8, &[]),
        with(PacketKind::Acl, &acl(0x06), 16, &[]),
        with(PacketKind::Acl, &acl(0x08), 16, &[]),
        with(PacketKind::Acl, &acl(0x0a), 16, &[]),
        with(PacketKind::Acl, &acl(0x03), 0, &[7; 16]),
        with(PacketKind::Command, &[0x03, 0x0c, 0], 0, &[]),
    ];
    for (kind, head, key, tail) in table {
        let whole = [&head[..], &vec![0xaa; key], &tail].concat();
        let blanked = [&head[..], &vec![0; key], &tail].concat();
        assert_eq!(recorded(Packet::new(kind, &whole), false), blanked);
        assert_eq!(recorded(Packet::new(kind, &whole), true), whole);
    }
}

/// What a capture of these ACL packets has, without the record headers.
fn captured(packets: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let ring = Ring(RefCell::new(FILE_HEADER.to_vec()));
    let mut snoop = Snoop::new(Echo(vec![]), &ring);
    for packet in packets {
        block_on(snoop.write(Packet::new(PacketKind::Acl, packet))).unwrap();
    }
    let file = ring.0.take();
    Records::parse(&file).unwrap().map(|record| record.unwrap().packet.data.to_vec()).collect()
}

/// A frame in fragments of these lengths; the last takes the rest.
fn fragments(handle: u8, frame: &[u8], lengths: &[usize]) -> Vec<Vec<u8>> {
    let mut rest = frame;
    let mut packets = vec![];
    for length in lengths.iter().copied().chain([usize::MAX]) {
        let (piece, after) = rest.split_at(length.min(rest.len()));
        let flags = if packets.is_empty() { 0x20 } else { 0x10 };
        packets.push([&[handle, flags, piece.len() as u8, 0], piece].concat());
        rest = after;
    }
    packets
}

fn key(code: u8) -> Vec<u8> {
    [&[17, 0, 6, 0, code][..], &[0xaa; 16]].concat()
}

/// Payloads one after the other.
fn joined(packets: &[Vec<u8>]) -> Vec<u8> {
    packets.iter().flat_map(|packet| packet[4..].to_vec()).collect()
}

#[test]
fn a_key_that_comes_in_fragments_is_blanked_wherever_it_is_cut() {
    for code in [0x06, 0x08, 0x0a] {
        let blanked = [&key(code)[..5], &[0; 16]].concat();
        for first in 0..=21 {
            for second in 0..=21 - first {
                let packets = fragments(7, &key(code), &[first, second]);
                assert_eq!(joined(&captured(&packets)), blanked, "{code:#x} cut at {first} and {}", first + second);
            }
        }
    }
    // Octet by octet.
    assert_eq!(joined(&captured(&fragments(7, &key(6), &[1; 20]))), [&key(6)[..5], &[0; 16]].concat());
}

#[test]
fn fragments_of_links_do_not_mix_and_other_frames_are_kept() {
    let attribute = [&[17, 0, 4, 0, 6][..], &[0xbb; 16]].concat();
    let random = key(0x04);
    let (one, two) = (fragments(1, &key(6), &[3]), fragments(2, &attribute, &[3]));
    let three = fragments(3, &random, &[3]);
    let mixed = [&one[0], &two[0], &three[0], &two[1], &three[1], &one[1]].map(Clone::clone);
    let captured = captured(&mixed);
    assert_eq!(joined(&[captured[1].clone(), captured[3].clone()]), attribute);
    assert_eq!(joined(&[captured[2].clone(), captured[4].clone()]), random);
    assert_eq!(joined(&[captured[0].clone(), captured[5].clone()]), [&key(6)[..5], &[0; 16]].concat());
}

#[test]
fn a_frame_that_was_cut_off_is_no_part_of_the_next() {
    let half = fragments(1, &key(6), &[8]).remove(0);
    let value = [&[17, 0, 4, 0, 0x1b][..], &[0xbb; 16]].concat();
    let packets = [vec![half], fragments(1, &value, &[8])].concat();
    assert_eq!(joined(&captured(&packets)[1..]), value);
}

#[test]
fn with_more_links_than_places_keys_are_blanked_all_the_same() {
    let links: Vec<_> = (0..20).map(|handle| fragments(handle, &key(8), &[2])).collect();
    let begun = links.iter().map(|link| link[0].clone());
    let packets: Vec<_> = begun.chain(links.iter().map(|link| link[1].clone())).collect();
    for packet in &captured(&packets)[20..] {
        assert!(!packet.contains(&0xaa), "{packet:02x?}");
    }
}

#[test]
fn what_is_read_is_recorded_as_the_controllers() {
    let ring = Ring(RefCell::new(FILE_HEADER.to_vec()));
    let mut snoop = Snoop::new(Echo(vec![(PacketKind::Event, vec![0x10, 1, 0])]), &ring);
    assert_eq!(block_on(snoop.read(&mut [0; 20])).unwrap().data, [0x10, 1, 0]);
    let file = ring.0.take();
    let records: Vec<_> = Records::parse(&file).unwrap().map(Result::unwrap).collect();
    assert_eq!((records.len(), records[0].direction), (1, Direction::FromController));
    // The flags that other tools expect: from the controller, and an event.
    assert_eq!(file[24..28], [0, 0, 0, 3]);
}

proptest! {
    #[test]
    fn any_file_does_no_harm(mut octets: Vec<u8>, header: bool) {
        if header {
            octets.splice(0..0, FILE_HEADER);
        }
        if let Ok(records) = Records::parse(&octets) {
            prop_assert!(records.count() <= octets.len());
        }
    }

    #[test]
    fn any_packet_is_recorded_at_its_length(octets in proptest::collection::vec(any::<u8>(), 0..60), kind in 1u8..6) {
        let kind = PacketKind::from_indicator(kind).unwrap();
        prop_assert_eq!(recorded(Packet::new(kind, &octets), false).len(), octets.len());
    }
}
