//! Channels between two hosts: opened, filled, emptied, closed (Vol 3, Part A, 3.4.3, 4.22-4.24, 10.1).
#![cfg(all(feature = "central", feature = "client", feature = "peripheral", feature = "server", feature = "l2cap"))]
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    missing_docs,
    reason = "tests"
)]

mod support;

use core::task::Poll;
use jelling_host::{
    wire::{Packet, PacketKind, l2cap::Psm},
    *,
};
use support::pair::Pair;

const PSM: Psm = Psm(0x80);

/// Two hosts with a channel between them.
fn opened(acl: u16, ours: &ChannelOptions, theirs: &ChannelOptions) -> (Pair, [LinkId; 2], [ChannelHandle; 2]) {
    let (mut pair, central, peripheral) = Pair::serving(acl, |_| ());
    let listens = pair.core(1).accept_channel(peripheral, PSM, theirs).unwrap();
    let asks = pair.core(0).open_channel(central, PSM, ours).unwrap();
    assert!(pair.core(0).channel(asks).is_pending());
    assert!(pair.core(1).channel(listens).is_pending());
    pair.pump();
    for (who, handle) in [(0, asks), (1, listens)] {
        assert!(matches!(pair.core(who).channel(handle), Poll::Ready(Ok(_))));
    }
    (pair, [central, peripheral], [asks, listens])
}

/// Sends an SDU as far as it goes; octets of it that are left.
fn send(pair: &mut Pair, who: usize, handle: ChannelHandle, sdu: &[u8], done: &mut usize) -> Result<bool, Error> {
    loop {
        let frame = match pair.core(who).free_frame(handle) {
            Err(Error::Busy) => return Ok(false),
            frame => frame?,
        };
        let mut octets = core::mem::replace(&mut pair.frames[who][usize::from(frame)], [0; 255]);
        let sent = pair.core(who).send_frame(handle, sdu, *done, &mut octets);
        pair.frames[who][usize::from(frame)] = octets;
        *done += sent?;
        if *done == sdu.len() {
            return Ok(true);
        }
    }
}

/// Carries an SDU over, taken with a buffer of so many octets.
fn carry(pair: &mut Pair, from: usize, handles: [ChannelHandle; 2], sdu: &[u8], room: usize) -> Vec<u8> {
    carry_on(pair, from, handles, (sdu, 0), room)
}

/// The rest of an SDU of which so much is sent.
fn carry_on(
    pair: &mut Pair,
    from: usize,
    handles: [ChannelHandle; 2],
    (sdu, mut done): (&[u8], usize),
    room: usize,
) -> Vec<u8> {
    let (mut got, mut is_sent) = (Vec::new(), false);
    for _ in 0..20_000 {
        if !is_sent {
            is_sent = send(pair, from, handles[from], sdu, &mut done).unwrap();
        }
        pair.pump();
        let mut buffer = vec![0; room];
        while let Poll::Ready(received) = pair.core(1 - from).receive(handles[1 - from], &mut buffer) {
            let received = received.unwrap();
            got.extend_from_slice(&buffer[..received.length]);
            if received.ends {
                assert!(is_sent, "an SDU ends with its last octet");
                return got;
            }
        }
    }
    panic!("{} octets of {} came", got.len(), sdu.len());
}

fn octets(length: usize) -> Vec<u8> {
    (0..length).map(|i| (i * 7 + i / 251) as u8).collect()
}

#[test]
fn sdus_of_every_length_go_both_ways_whole_whatever_cuts_them() {
    for acl in [27, 251] {
        for (mps, credits) in [(23, 1), (23, 4), (64, 2), (247, 1), (247, 4), (1000, 0)] {
            let options = ChannelOptions::new(2048).mps(mps).credits(credits);
            let (mut pair, _, handles) = opened(acl, &options, &options);
            for length in [0, 1, 20, 21, 22, 23, 44, 45, 62, 245, 246, 247, 248, 492, 1000, 2048] {
                for room in [1, 100, 4096] {
                    let sdu = octets(length);
                    assert_eq!(carry(&mut pair, 0, handles, &sdu, room), sdu, "{acl} {mps} {credits} {length} {room}");
                    assert_eq!(carry(&mut pair, 1, handles, &sdu, room), sdu);
                }
            }
            for (who, handle) in (0..).zip(handles) {
                pair.core(who).release_channel(handle);
                pair.pump();
            }
            for who in 0..2 {
                let pools = pair.core(who).pools();
                assert_eq!((pools.channels.used, pools.blocks.used), (0, 0));
                assert_eq!(pair.core(who).counters(), Counters::default());
            }
        }
    }
}

/// A peer's SDU may be longer than what room there is for: it is given in parts.
#[test]
fn the_longest_sdu_goes_through_a_small_window() {
    let options = ChannelOptions::new(u16::MAX).mps(247).credits(2);
    let (mut pair, _, handles) = opened(251, &options, &options);
    let sdu = octets(65_535);
    assert_eq!(carry(&mut pair, 0, handles, &sdu, 512), sdu);
    let too_long = pair.core(0).send_frame(handles[0], &octets(65_536), 0, &mut [0; 255]);
    assert_eq!(too_long, Err(Error::TooLong));
}

/// The credits that are given while a segment has come in part are for what has room beside all of it.
#[test]
fn a_segment_that_comes_has_its_room_whole() {
    const MPS: usize = 247;
    const TAKEN: usize = 345;
    let options = ChannelOptions::new(u16::MAX).mps(247).credits(8);
    let (mut pair, _, handles) = opened(27, &options, &options);
    let (sdu, mut done, mut got) = (octets(65_535), 0, vec![0; TAKEN]);
    // Seven segments are there, and some of the eighth.
    while pair.core(1).available(handles[1]) < 7 * MPS - 2 {
        send(&mut pair, 0, handles[0], &sdu, &mut done).unwrap();
        assert!(pair.step());
    }
    (0..2).for_each(|_| _ = pair.step());
    let taken = pair.core(1).receive(handles[1], &mut got);
    assert_eq!(taken, Poll::Ready(Ok(Received { length: TAKEN, ends: false })));
    // All that there is credit for.
    for _ in 0..500 {
        send(&mut pair, 0, handles[0], &sdu, &mut done).unwrap();
        pair.step();
    }
    assert!(pair.core(1).is_channel_open(handles[1]), "a peer that does what it may is turned away");
    let rest = carry_on(&mut pair, 0, handles, (&sdu, done), 1000);
    got.extend(rest);
    assert_eq!(got, sdu);
}

#[test]
fn what_came_is_there_after_the_end_by_either_side() {
    let options = ChannelOptions::new(512).credits(4);
    for closes in 0..2 {
        let (mut pair, _, handles) = opened(27, &options, &options);
        for sdu in [&octets(100)[..], &[], &octets(5)] {
            assert_eq!(send(&mut pair, 0, handles[0], sdu, &mut 0), Ok(true));
            pair.pump();
        }
        pair.core(closes).close_channel(handles[closes]);
        pair.pump();
        for (who, handle) in (0..).zip(handles) {
            assert!(pair.core(who).channel_closed(handle).is_ready());
        }
        assert_eq!(send(&mut pair, 0, handles[0], &[1], &mut 0), Err(Error::ChannelClosed));
        let mut buffer = [0; 200];
        for length in [100, 0, 5] {
            let taken = pair.core(1).receive(handles[1], &mut buffer);
            assert_eq!(taken, Poll::Ready(Ok(Received { length, ends: true })));
            assert_eq!(buffer[..length], octets(length));
        }
        assert_eq!(pair.core(1).receive(handles[1], &mut buffer), Poll::Ready(Err(Error::ChannelClosed)));
        for (who, handle) in (0..).zip(handles) {
            pair.core(who).release_channel(handle);
            let pools = pair.core(who).pools();
            assert_eq!((pools.channels.used, pools.blocks.used), (0, 0));
        }
    }
}

#[test]
fn a_lost_link_is_told_behind_what_came_and_leaves_nothing() {
    let options = ChannelOptions::new(512);
    let (mut pair, links, handles) = opened(27, &options, &options);
    assert_eq!(send(&mut pair, 0, handles[0], &octets(300), &mut 0), Ok(true));
    pair.pump();
    pair.core(0).disconnect(links[0]);
    pair.pump();
    let mut buffer = [0; 512];
    let whole = Received { length: 300, ends: true };
    assert_eq!(pair.core(1).receive(handles[1], &mut buffer), Poll::Ready(Ok(whole)));
    assert_eq!(pair.core(1).receive(handles[1], &mut buffer), Poll::Ready(Err(Error::Disconnected)));
    assert_eq!(pair.core(0).free_frame(handles[0]), Err(Error::Disconnected));
    for (who, handle) in (0..).zip(handles) {
        pair.core(who).release_channel(handle);
    }
    pair.is_whole();
}

#[test]
fn who_listens_takes_channels_of_any_link_until_the_table_is_full() {
    let options = ChannelOptions::new(64).credits(1);
    let (mut pair, central, _) = Pair::serving(251, |_| ());
    let listener = pair.core(1).listen(PSM, &options).unwrap();
    assert_eq!(pair.core(1).listen(PSM, &options), Err(Error::Busy));
    let asks: Vec<_> = (0..4).map(|_| pair.core(0).open_channel(central, PSM, &options).unwrap()).collect();
    pair.pump();
    let taken: Vec<_> = (0..3)
        .map(|_| match pair.core(1).take_channel(listener) {
            Poll::Ready(Ok(handle)) => handle,
            other => panic!("{other:?}"),
        })
        .collect();
    assert!(pair.core(1).take_channel(listener).is_pending());
    let refused = wire::l2cap::signalling::LeConnectionResult::NO_RESOURCES;
    assert_eq!(pair.core(0).channel(asks[3]), Poll::Ready(Err(Error::ChannelRefused(refused))));
    for (ours, theirs) in asks.iter().zip(taken) {
        assert_eq!(carry(&mut pair, 0, [*ours, theirs], &octets(64), 64), octets(64));
        assert_eq!(carry(&mut pair, 1, [*ours, theirs], &octets(9), 64), octets(9));
    }
    pair.core(1).unlisten(listener);
    let again = pair.core(0).open_channel(central, PSM, &options);
    assert_eq!(again, Err(Error::Full(Resource::Channels)));
    pair.core(0).release_channel(asks[3]);
    let again = pair.core(0).open_channel(central, PSM, &options).unwrap();
    pair.pump();
    let unknown = wire::l2cap::signalling::LeConnectionResult::PSM_NOT_SUPPORTED;
    assert_eq!(pair.core(0).channel(again), Poll::Ready(Err(Error::ChannelRefused(unknown))));
}

#[test]
fn packets_of_a_frame_go_at_once_where_nobody_else_waits_and_not_behind_their_link() {
    let options = ChannelOptions::new(512);
    let (mut pair, links, handles) = opened(27, &options, &options);
    let now = pair.now;
    assert_eq!(send(&mut pair, 0, handles[0], &octets(100), &mut 0), Ok(true));
    let mut buffer = [0; TRANSMIT_BUFFER];
    let Some(Transmit::Part(part)) = pair.core(0).poll_transmit(now, &mut buffer) else { panic!("no frame") };
    assert_eq!(part.following(), None);
    let mut part = part;
    pair.core(0).extend_part(&mut part);
    // 106 octets in packets of 27, with headers of 4, for a controller that holds three of them.
    assert_eq!(pair.core(0).pools().controller_buffers.used, 3);
    let frame = usize::from(part.frame());
    let (mut next, mut sent) = (Some(part), Vec::new());
    while let Some(part) = next {
        sent.extend_from_slice(&part.packet(&mut pair.frames[0][frame]).data[4..]);
        next = part.following();
    }
    // Length, channel, length of the SDU, and as much of it as went.
    assert_eq!((sent.len(), &sent[..2], &sent[4..6], &sent[6..]), (81, &[102, 0][..], &[100, 0][..], &octets(75)[..]));
    assert!(!pair.core(0).is_part_lost(&part));
    pair.core(0).handle_packet(now, Packet::new(PacketKind::Event, &[0x05, 4, 0, 0x40, 0, 0x13]));
    assert!(pair.core(0).link_info(links[0]).is_err());
    assert!(pair.core(0).is_part_lost(&part));
    assert_eq!(pair.core(0).poll_transmit(now, &mut buffer), None);
}
