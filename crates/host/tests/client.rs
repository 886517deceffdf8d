//! The client's side of a bearer: who fills the peer's queue of prepared writes, what goes first, what happens beside a call.
#![cfg(all(feature = "central", feature = "client", feature = "peripheral", feature = "server"))]
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

use core::{task::Poll, time::Duration};
use jelling_host::{
    wire::{Packet, PacketKind, att::Pdu},
    *,
};
use support::pair::{CCCD, Pair, VALUE};

fn prepare(pair: &mut Pair, link: LinkId, offset: u16, value: &[u8]) {
    let echo = pair.ask(link, &Pdu::PrepareWriteRequest { handle: VALUE, offset, value }).unwrap();
    assert_eq!(echo[5..], *value);
}

/// ATT opcodes that host 0 sent, from a packet on.
fn opcodes(pair: &Pair, from: usize) -> Vec<u8> {
    let sent = pair.air.controllers[0].sent[from..].iter();
    sent.filter(|(kind, data)| *kind == PacketKind::Acl && data[6] == 4).map(|(_, data)| data[8]).collect()
}

#[test]
fn the_queue_of_prepared_writes_belongs_to_one() {
    let (mut pair, link, ..) = Pair::connected(27);
    let first = pair.core(0).begin_prepared(link).unwrap();
    assert_eq!(pair.core(0).begin_prepared(link), Err(Error::Busy));
    prepare(&mut pair, link, 0, b"one");
    pair.core(0).cancel_prepared(first);
    assert_eq!(pair.core(0).begin_prepared(link), Err(Error::Busy), "the peer has not been told");
    pair.pump();
    let second = pair.core(0).begin_prepared(link).unwrap();
    // An old ticket gives nothing back.
    pair.core(0).finish_prepared(first);
    assert_eq!(pair.core(0).begin_prepared(link), Err(Error::Busy));
    prepare(&mut pair, link, 0, b"two");
    pair.ask(link, &Pdu::ExecuteWriteRequest { flags: 1 }).unwrap();
    pair.core(0).finish_prepared(second);
    assert_eq!(pair.ask(link, &Pdu::ReadRequest { handle: VALUE }).unwrap(), b"\x0btwo");
    assert!(pair.core(0).begin_prepared(link).is_ok());
}

#[test]
fn what_was_left_behind_goes_before_the_next_request() {
    let (mut pair, link, _, value) = Pair::connected(27);
    let queue = pair.core(0).open_subscription(link, VALUE, Updates::NOTIFY, 1, None, Policy::DropOldest).unwrap();
    pair.ask(link, &Pdu::WriteRequest { handle: CCCD, value: &[1, 0] }).unwrap();
    let ticket = pair.core(0).begin_prepared(link).unwrap();
    prepare(&mut pair, link, 0, b"half");
    let sent = pair.air.controllers[0].sent.len();
    let now = pair.now;
    pair.core(0).close_subscription(queue, Some(CCCD));
    pair.core(0).cancel_prepared(ticket);
    // A task that asks and asks would never let them through.
    assert_eq!(pair.core(0).request(now, link, &Pdu::ReadRequest { handle: VALUE }), Err(Error::Busy));
    pair.pump();
    assert_eq!(opcodes(&pair, sent), [0x18, 0x12], "the cancel, then the CCCD");
    assert_eq!(pair.ask(link, &Pdu::ReadRequest { handle: VALUE }).unwrap(), b"\x0bfirst");
    pair.ask(link, &Pdu::ExecuteWriteRequest { flags: 1 }).unwrap();
    assert_eq!(pair.ask(link, &Pdu::ReadRequest { handle: VALUE }).unwrap(), b"\x0bfirst", "nothing was prepared");
    assert_eq!(pair.core(1).read_local(value, &mut []), Ok(5));
}

#[test]
fn a_dead_bearer_says_so_whatever_it_owes() {
    let (mut pair, link, ..) = Pair::connected(27);
    let ticket = pair.core(0).begin_prepared(link).unwrap();
    pair.air.controllers[0].silent = true;
    let now = pair.now;
    let request = Pdu::PrepareWriteRequest { handle: VALUE, offset: 0, value: b"x" };
    let asked = pair.core(0).request(now, link, &request).unwrap();
    pair.core(0).cancel_prepared(ticket);
    pair.core(0).abandon_request(asked);
    pair.pump();
    let due = now.after(Duration::from_secs(30));
    pair.core(0).handle_timeout(due);
    assert_eq!(pair.core(0).request(due, link, &request), Err(Error::Timeout));
    pair.air.part([0x08, 0x08]);
    pair.air.controllers[0].silent = false;
    pair.pump();
    assert_eq!(pair.core(0).begin_prepared(link), Err(Error::Disconnected));
    pair.is_whole();
}

#[test]
fn what_happens_beside_a_call_is_told_once_and_as_it_is_by_then() {
    let (mut pair, central, peripheral, _) = Pair::connected(27);
    assert_eq!(pair.core(0).take_link_event(central), Poll::Pending);
    let now = pair.now;
    pair.core(0).exchange_mtu(now, central, None).map(|t| pair.core(0).abandon_request(t)).unwrap();
    pair.pump();
    for (who, link) in [(0, central), (1, peripheral)] {
        assert_eq!(pair.core(who).take_link_event(link), Poll::Ready(Ok(ConnectionEvent::MtuChanged(247))));
        assert_eq!(pair.core(who).take_link_event(link), Poll::Pending);
    }
    // LE Connection Update Complete, refused once and twice with success: the last one is what is so.
    for (status, interval) in [(0x3b, 80), (0, 8), (0, 16)] {
        let update = [0x3e, 10, 0x03, status, 0x40, 0, interval, 0, 4, 0, 200, 0];
        pair.core(0).handle_packet(now, Packet::new(PacketKind::Event, &update));
    }
    let changed = ConnectionEvent::ParametersChanged {
        interval: Duration::from_millis(20),
        latency: 4,
        supervision_timeout: Duration::from_secs(2),
    };
    assert_eq!(pair.core(0).take_link_event(central), Poll::Ready(Ok(changed)));
    assert_eq!(pair.core(0).take_link_event(central), Poll::Pending);
    pair.core(1).disconnect(peripheral);
    pair.pump();
    assert_eq!(pair.core(0).take_link_event(central), Poll::Ready(Err(Error::Disconnected)));
}
