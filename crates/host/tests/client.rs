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
fn a_bearer_that_an_indication_has_ended_says_so_to_everyone_whatever_it_owes() {
    let (mut pair, link, peripheral, id) = Pair::connected(27);
    pair.ask(link, &Pdu::WriteRequest { handle: CCCD, value: &[2, 0] }).unwrap();
    let now = pair.now;
    let mut core = pair.core(1);
    let queue = core.open_subscription(peripheral, VALUE, Updates::NOTIFY, 1, None, Policy::DropOldest).unwrap();
    let prepared = core.begin_prepared(peripheral).unwrap();
    core.indicate(now, id, peripheral, b"x").unwrap();
    // The peer hears nothing of it.
    let mut buffer = [0; TRANSMIT_BUFFER];
    while pair.core(1).poll_transmit(now, &mut buffer).is_some() {}
    let request = Pdu::ReadRequest { handle: VALUE };
    let due = now.after(Duration::from_secs(30));
    let mut core = pair.core(1);
    core.handle_timeout(due);
    core.close_subscription(queue, Some(CCCD));
    core.cancel_prepared(prepared);
    assert_eq!(core.request(due, peripheral, &request), Err(Error::Timeout));
    assert_eq!(core.begin_prepared(peripheral), Err(Error::Timeout));
}

#[test]
fn a_dead_bearer_says_so_to_everyone_in_the_line() {
    let (mut pair, link, ..) = Pair::connected(27);
    pair.air.controllers[0].silent = true;
    let (now, request) = (pair.now, Pdu::ReadRequest { handle: VALUE });
    pair.core(0).request(now, link, &request).unwrap();
    let mut turns = [None; 3];
    for turn in &mut turns {
        assert_eq!(pair.core(0).in_turn(link, turn, |core| core.request(now, link, &request)), Err(Error::Busy));
    }
    let due = now.after(Duration::from_secs(30));
    pair.core(0).handle_timeout(due);
    // The first one, who does not come, keeps nobody waiting.
    let [_, others @ ..] = &mut turns;
    for turn in others.iter_mut().rev() {
        assert_eq!(pair.core(0).in_turn(link, turn, |core| core.request(due, link, &request)), Err(Error::Timeout));
        assert_eq!(*turn, None);
    }
}

#[test]
fn a_line_of_nobody_who_comes_keeps_nobody_waiting() {
    let (mut pair, link, ..) = Pair::connected(27);
    let (now, request) = (pair.now, Pdu::ReadRequest { handle: VALUE });
    let first = pair.core(0).request(now, link, &request).unwrap();
    // All places are taken, and none of those who have one asks again.
    let mut turns = [None; 16];
    for turn in &mut turns {
        assert_eq!(pair.core(0).in_turn(link, turn, |core| core.request(now, link, &request)), Err(Error::Busy));
        assert!(turn.is_some());
    }
    let mut late = None;
    assert_eq!(pair.core(0).in_turn(link, &mut late, |core| core.request(now, link, &request)), Err(Error::Busy));
    assert_eq!(late, None);
    pair.pump();
    let Poll::Ready(Ok(answer)) = pair.core(0).answer(first) else { panic!("no answer") };
    pair.core(0).free_answer(answer);
    while pair.core(0).poll_event().is_some() {}
    for _ in 0..17 * 16 {
        match pair.core(0).in_turn(link, &mut late, |core| core.request(now, link, &request)) {
            Ok(_) => return,
            Err(error) => assert_eq!(error, Error::Busy),
        }
        assert!(pair.core(0).poll_event().is_some(), "nobody would ask again");
        while pair.core(0).poll_event().is_some() {}
    }
    panic!("it is nobody's turn");
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
