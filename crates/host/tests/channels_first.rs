//! The first frame of a channel goes behind the answer that it is open: before that the peer knows nothing of it (Vol 3, Part A, 4.23).
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

/// Channels that the frames of a host went to since the last call.
fn channels(pair: &mut Pair, who: usize) -> Vec<u16> {
    let sent = core::mem::take(&mut pair.air.controllers[who].sent);
    let data = sent.into_iter().filter(|(kind, _)| *kind == PacketKind::Acl);
    data.map(|(_, packet)| u16::from_le_bytes([packet[6], packet[7]])).collect()
}

#[test]
fn a_frame_of_a_channel_goes_behind_the_answer_that_it_is_open() {
    let options = ChannelOptions::new(100);
    let (mut pair, central, peripheral) = Pair::serving(251, |_| ());
    for number in 0..2 {
        let listens = pair.core(1).accept_channel(peripheral, PSM, &options).unwrap();
        let asks = pair.core(0).open_channel(central, PSM, &options).unwrap();
        let now = pair.now;
        let mut buffer = [0; TRANSMIT_BUFFER];
        while let Some(request) = pair.core(0).poll_transmit(now, &mut buffer).and_then(Transmit::packet) {
            pair.air.take(0, request);
        }
        while let Some((kind, octets)) = pair.air.controllers[1].to_host.pop_front() {
            pair.core(1).handle_packet(now, Packet::new(kind, &octets));
        }
        let Poll::Ready(Ok(_)) = pair.core(1).channel(listens) else { panic!("the request has not come") };
        channels(&mut pair, 1);
        if number == 0 {
            // Then the last frame of the link is an answer, and the next one a channel's, if any has one.
            pair.pump();
            continue;
        }
        let frame = usize::from(pair.core(1).free_frame(listens).unwrap());
        let mut octets = [0; 255];
        assert_eq!(pair.core(1).send_frame(listens, b"at once", 0, &mut octets), Ok(7));
        pair.frames[1][frame] = octets;
        pair.pump();
        assert_eq!(channels(&mut pair, 1), [5, 0x40 + number], "the answer, then the frame");
        let mut came = [0; 10];
        assert_eq!(pair.core(0).receive(asks, &mut came), Poll::Ready(Ok(Received { length: 7, ends: true })));
    }
}
