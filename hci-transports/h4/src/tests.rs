#![allow(clippy::arithmetic_side_effects, reason = "a test")]

use crate::{H4DirectReader, H4Error, H4Reader, H4Writer, NOISE, writer::write};
use core::convert::Infallible;
use embassy_futures::block_on;
use embedded_io_async::{ErrorType, Read, Write};
use jelling_transport::{PacketRead, PacketWrite};
use jelling_wire::{Packet, PacketKind};
use proptest::prelude::*;

/// A device that gives its octets in pieces of `step`.
struct Pieces<'a>(&'a [u8], usize);

impl ErrorType for Pieces<'_> {
    type Error = Infallible;
}

impl Read for Pieces<'_> {
    async fn read(&mut self, buf: &mut [u8]) -> Result<usize, Infallible> {
        let n = self.1.min(buf.len()).min(self.0.len());
        buf[..n].copy_from_slice(&self.0[..n]);
        self.0 = &self.0[n..];
        Ok(n)
    }
}

fn session() -> Vec<(PacketKind, Vec<u8>)> {
    let mut packets = vec![];
    for i in 0..160u8 {
        packets.push((PacketKind::Event, vec![0x0e, 4, 1, 3, 0x0c, i]));
        let mut acl = vec![0x40, 0x20, 12, 0, 8, 0, 4, 0, 0x1b, 0x12, 0x00];
        acl.extend([i, 0x55, 0xaa, 0x0e, 0x0f]);
        packets.push((PacketKind::Acl, acl));
        packets.push((PacketKind::Event, vec![0x13, 5, 1, 0x40, 0, 1, 0]));
    }
    packets
}

fn octets(packets: &[(PacketKind, Vec<u8>)]) -> Vec<u8> {
    packets.iter().flat_map(|(kind, data)| core::iter::once(kind.indicator()).chain(data.iter().copied())).collect()
}

/// Packets, octets skipped, noises told.
type Got = (Vec<(PacketKind, Vec<u8>)>, u32, u32);

fn drain(reader: &mut impl PacketRead<Error = H4Error<Infallible>>) -> (Vec<(PacketKind, Vec<u8>)>, u32) {
    let mut packets = vec![];
    let mut noise = 0;
    let mut buffer = [0; 260];
    loop {
        let got = block_on(reader.read(&mut buffer)).map(|packet| (packet.kind, packet.data.to_vec()));
        match got {
            Ok((kind, data)) => {
                assert!(buffer.starts_with(&data), "a packet stands where its buffer begins");
                packets.push((kind, data));
            }
            Err(H4Error::Noise) => noise += 1,
            Err(H4Error::End) => return (packets, noise),
        }
    }
}

/// What the one reader makes of it, and the other.
fn read_all(wire: &[u8], step: usize) -> [Got; 2] {
    let mut reader = H4Reader::<_, 300>::with_buffer(Pieces(wire, step));
    let (packets, noise) = drain(&mut reader);
    let mut direct = H4DirectReader::new(Pieces(wire, step));
    let (directly, noise_too) = drain(&mut direct);
    [(packets, reader.skipped(), noise), (directly, direct.skipped(), noise_too)]
}

fn both(packets: &[(PacketKind, Vec<u8>)], skipped: u32, noise: u32) -> [Got; 2] {
    [(packets.to_vec(), skipped, noise), (packets.to_vec(), skipped, noise)]
}

#[test]
fn packets_split_anywhere_come_out_whole() {
    let packets = session();
    let wire = octets(&packets);
    for step in 1..40 {
        assert_eq!(read_all(&wire, step), both(&packets, 0, 0), "pieces of {step}");
    }
}

#[test]
fn an_octet_lost_added_or_changed_costs_a_few_packets_and_no_more() {
    let packets = session();
    let wire = octets(&packets);
    let tail = &packets[packets.len() - 45..];
    for at in 0..wire.len() / 4 {
        let mut dropped = wire.clone();
        dropped.remove(at);
        let mut added = wire.clone();
        added.insert(at, 0x5a);
        let mut changed = wire.clone();
        changed[at] ^= 0xff;
        for (what, octets) in [("dropped", dropped), ("added", added), ("changed", changed)] {
            for (got, _, noise) in read_all(&octets, 64) {
                assert!(got.ends_with(tail), "octet {at} {what}: the end of the session was lost");
                assert_eq!(noise, 0, "octet {at} {what}: taken for noise");
            }
        }
    }
}

#[test]
fn a_dropped_read_loses_nothing() {
    struct Stutter<'a>(&'a [u8], bool);
    impl ErrorType for Stutter<'_> {
        type Error = Infallible;
    }
    impl Read for Stutter<'_> {
        async fn read(&mut self, buf: &mut [u8]) -> Result<usize, Infallible> {
            self.1 = !self.1;
            if self.1 {
                core::future::pending::<()>().await;
            }
            buf[0] = self.0[0];
            self.0 = &self.0[1..];
            Ok(1)
        }
    }
    let packets = session();
    let wire = octets(&packets[..3]);
    let mut reader = H4Reader::new(Stutter(&wire, false));
    let mut got = vec![];
    let mut buffer = [0; 260];
    while got.len() < 3 {
        let read = reader.read(&mut buffer);
        if let core::task::Poll::Ready(Ok(packet)) = embassy_futures::poll_once(read) {
            got.push((packet.kind, packet.data.to_vec()));
        }
    }
    assert_eq!(got, packets[..3]);
}

#[test]
fn noise_is_told_each_time_its_amount_has_come_and_what_follows_is_read() {
    let packets = session();
    let noise = |n: u32| [0xa5, 0x04, 0x77, 0x5a].into_iter().cycle().take(n as usize).collect::<Vec<u8>>();
    for (amount, told) in [(NOISE - 1, 0), (NOISE, 1), (2 * NOISE - 2, 1), (2 * NOISE - 1, 2)] {
        for step in [1, 13, 300] {
            let wire = [octets(&packets[..3]), noise(amount), octets(&packets[3..])].concat();
            assert_eq!(read_all(&wire, step), both(&packets, amount, told), "{amount} octets in pieces of {step}");
        }
    }
}

#[test]
fn nothing_is_told_of_noise_while_the_answer_of_reset_is_looked_for() {
    let wire = [vec![0xff; 5 * NOISE as usize], octets(&session()[..1])].concat();
    let mut reader = H4Reader::<_, 300>::with_buffer(Pieces(&wire, 100));
    reader.begin_anew();
    let mut buffer = [0; 260];
    assert_eq!(block_on(reader.read(&mut buffer)).map(|p| p.data.len()), Ok(6));
    assert_eq!(reader.skipped(), 5 * NOISE);
    let mut direct = H4DirectReader::new(Pieces(&wire, 100));
    direct.begin_anew();
    assert_eq!(block_on(direct.read(&mut buffer)).map(|p| p.data.len()), Ok(6));
    assert_eq!(direct.skipped(), 5 * NOISE);
}

#[test]
fn a_kind_or_a_length_that_cannot_be_is_skipped_to_the_next_packet() {
    let packets = session();
    let before = octets(&packets[..2]);
    let after = octets(&packets[2..]);
    let nonsense: [(&str, &[u8]); 7] = [
        ("no kind", &[0x00]),
        ("a command", &[0x01, 0x03, 0x0c, 0x00]),
        ("synchronous data", &[0x03, 0x40, 0x00, 0x01, 0x55]),
        ("an event that nobody asked for", &[0x04, 0x77, 0x01, 0x55]),
        ("data longer than any buffer", &[0x02, 0x40, 0x20, 0xff, 0xff]),
        ("data of no handle", &[0x02, 0xff, 0x2f, 0x01, 0x00, 0x55]),
        ("broadcast data", &[0x02, 0x40, 0x60, 0x01, 0x00, 0x55]),
    ];
    for (what, octets) in nonsense {
        let wire = [before.as_slice(), octets, &after].concat();
        assert_eq!(read_all(&wire, 64), both(&packets, octets.len() as u32, 0), "{what}");
    }
}

#[test]
fn events_of_an_le_host_are_no_noise_and_all_others_are() {
    let known = [0x03, 0x05, 0x08, 0x0c, 0x0e, 0x0f, 0x10, 0x13, 0x1a, 0x20, 0x30, 0x3e, 0x48, 0x57, 0x59, 0xff];
    for code in 0..=255 {
        let [(packets, ..), (directly, ..)] = read_all(&[0x04, code, 0x01, 0x55], 64);
        assert_eq!(packets.len(), usize::from(known.contains(&code)), "{code:#04x}");
        assert_eq!(packets, directly);
    }
}

#[test]
fn a_packet_is_written_with_its_indicator() {
    let mut out = [0u8; 400];
    let data = [7u8; 300];
    let mut writer = H4Writer::new(&mut out[..]);
    block_on(writer.write(Packet::new(PacketKind::Command, &[0x03, 0x0c, 0x00]))).unwrap();
    block_on(writer.write(Packet::new(PacketKind::Acl, &data))).unwrap();
    assert_eq!(out[..5], [0x01, 0x03, 0x0c, 0x00, 0x02]);
    assert_eq!(out[5..305], data);
}

#[test]
fn a_packet_is_the_same_in_however_many_writes() {
    let data: Vec<u8> = (0..=255).collect();
    let packet = Packet::new(PacketKind::Acl, &data);
    let (mut one, mut some, mut all) = ([0u8; 260], [0u8; 260], [0u8; 260]);
    block_on(write::<_, 1>(&mut &mut one[..], packet)).unwrap();
    block_on(write::<_, 100>(&mut &mut some[..], packet)).unwrap();
    block_on(write::<_, 264>(&mut &mut all[..], packet)).unwrap();
    assert_eq!(one[..257], [&[0x02], &data[..]].concat());
    assert_eq!((one, some), (all, all));
}

#[test]
fn what_was_read_ahead_in_the_search_for_the_answer_of_reset_is_not_lost() {
    let packets = session();
    // The beginning of an answer, and the answer within what it would have been.
    let wire = [&[0x13, 0x04, 0x0e, 0x04, 0x0e][..], &octets(&packets[..4])].concat();
    for step in 1..20 {
        let mut reader = H4DirectReader::new(Pieces(&wire, step));
        reader.begin_anew();
        assert_eq!(drain(&mut reader), (packets[..4].to_vec(), 0));
        assert_eq!(reader.skipped(), 5);
    }
}

proptest! {
    #[test]
    fn any_octets_do_no_harm(octets: Vec<u8>, step in 1..70usize) {
        for (packets, skipped, _) in read_all(&octets, step) {
            let kept: usize = packets.iter().map(|(_, data)| data.len() + 1).sum();
            prop_assert!(kept + skipped as usize <= octets.len());
        }
    }
}

/// A driver that says it took so many octets, each time.
struct Says(Vec<usize>, Vec<u8>);

impl ErrorType for Says {
    type Error = Infallible;
}

impl Write for Says {
    async fn write(&mut self, buf: &[u8]) -> Result<usize, Infallible> {
        let taken = if self.0.is_empty() { buf.len() } else { self.0.remove(0) };
        self.1.extend(&buf[..taken.min(buf.len())]);
        Ok(taken)
    }
    async fn flush(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}

#[test]
fn a_driver_that_takes_nothing_or_too_much_is_no_reason_to_panic() {
    let reset = Packet::new(PacketKind::Command, &[3, 0x0c, 0]);
    for (takes, wire) in [
        (vec![0, 2, 0, 0, 1], [1, 3, 0x0c, 0].as_slice()),
        (vec![1, 700], &[1, 3, 0x0c, 0]),
        (vec![usize::MAX], &[1, 3, 0x0c, 0]),
    ] {
        let mut device = Says(takes, vec![]);
        block_on(H4Writer::new(&mut device).write(reset)).unwrap();
        assert_eq!(device.1, wire);
    }
}
