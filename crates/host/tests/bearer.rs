//! What may be sent on a bearer: values to subscribers and to others, and nothing of ours after 30 s without an answer.
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
use jelling_host::wire::{
    PacketKind,
    att::{Opcode, Pdu},
};
use jelling_host::*;
use support::pair::{CCCD, Pair, VALUE};

/// The ATT PDUs that a host has sent since the last call.
fn sent(pair: &mut Pair, who: usize) -> Vec<Vec<u8>> {
    let sent = core::mem::take(&mut pair.air.controllers[who].sent);
    let data = sent.into_iter().filter(|(kind, _)| *kind == PacketKind::Acl);
    data.map(|(_, packet)| packet[8..].to_vec()).collect()
}

#[test]
fn a_value_is_told_as_it_stands_or_as_it_is_given_and_to_others_only_by_force() {
    let (mut pair, link, peripheral, id) = Pair::connected(27);
    let now = pair.now;
    let (stored, given) = (Payload::Stored, Payload::Given(b"given"));
    for payload in [stored, given] {
        let refused = Err(Error::NotSubscribed);
        assert_eq!(pair.core(1).notify_as(id, peripheral, payload, Recipient::Subscriber), refused);
        let indicated = pair.core(1).indicate_as(now, id, peripheral, payload, Recipient::Subscriber);
        assert_eq!(indicated, Err(Error::NotSubscribed));
    }
    pair.core(1).notify_as(id, peripheral, stored, Recipient::Anyone).unwrap();
    // One frame at a time.
    assert_eq!(pair.core(1).notify_as(id, peripheral, given, Recipient::Anyone), Err(Error::Busy));
    pair.pump();
    let ticket = pair.core(1).indicate_as(now, id, peripheral, given, Recipient::Anyone).unwrap();
    pair.pump();
    assert_eq!(pair.core(1).confirmed(ticket), Poll::Ready(Ok(())));
    assert_eq!(sent(&mut pair, 1), [b"\x1b\x03\x00first", b"\x1d\x03\x00given"]);
    // Given octets must fit, stored ones are cut.
    pair.ask(link, &Pdu::WriteRequest { handle: CCCD, value: &[1, 0] }).unwrap();
    pair.core(1).write_local(id, &[7; 30]).unwrap();
    sent(&mut pair, 1);
    assert_eq!(pair.core(1).notify(id, peripheral, &[7; 21]), Err(Error::TooLong));
    pair.core(1).notify_as(id, peripheral, stored, Recipient::Subscriber).unwrap();
    pair.pump();
    assert_eq!(sent(&mut pair, 1), [[&[0x1b, 3, 0][..], &[7; 20]].concat()]);
}

/// Vol 3, Part F, 3.3.3.
#[test]
fn after_thirty_seconds_without_an_answer_nothing_of_ours_goes_on_the_bearer() {
    for indicates in [false, true] {
        let (mut pair, link, peripheral, id) = Pair::connected(27);
        pair.ask(link, &Pdu::WriteRequest { handle: CCCD, value: &[3, 0] }).unwrap();
        let now = pair.now;
        // The peer is the host that the PDUs of the other do not reach.
        if indicates {
            pair.core(1).indicate(now, id, peripheral, b"x").unwrap();
        } else {
            pair.core(1).request(now, peripheral, &Pdu::ReadRequest { handle: VALUE }).unwrap();
        }
        let mut buffer = [0; TRANSMIT_BUFFER];
        while pair.core(1).poll_transmit(now, &mut buffer).is_some() {}
        pair.now = now.after(Duration::from_secs(30));
        let now = pair.now;
        pair.core(1).handle_timeout(now);
        let dead = Error::Timeout;
        let request = pair.core(1).request(now, peripheral, &Pdu::ReadRequest { handle: VALUE });
        assert_eq!(request, Err(dead));
        assert_eq!(pair.core(1).write_command(peripheral, VALUE, b"x"), Err(dead));
        assert_eq!(pair.core(1).notify(id, peripheral, b"x"), Err(dead));
        assert_eq!(pair.core(1).indicate(now, id, peripheral, b"x"), Err(dead));
        pair.core(1).update(id, b"x").unwrap();
        pair.pump();
        assert_eq!(sent(&mut pair, 1).iter().filter(|pdu| pdu[0] == Opcode::HANDLE_VALUE_NOTIFICATION.0).count(), 0);
        // The peer's requests are answered all the same.
        assert_eq!(pair.ask(link, &Pdu::ReadRequest { handle: VALUE }).unwrap(), b"\x0bx");
        assert_eq!(pair.core(1).counters().timeouts, 1);
        let told = pair.core(1).take_link_event(peripheral);
        assert_eq!(told, Poll::Ready(Ok(ConnectionEvent::AttTimedOut)));
        assert_eq!(pair.core(1).take_link_event(peripheral), Poll::Pending);
        pair.core(0).disconnect(link);
        pair.pump();
        pair.is_whole();
    }
}

/// A table of three values with CCCDs, behind the default services.
fn three(core: &mut Core<'_>) -> [AttributeId; 3] {
    core.begin_registration().unwrap();
    core.add_default_services().unwrap();
    let service = ServiceSettings::primary(wire::Uuid::new16(0x181a));
    core.add_service(&service).unwrap();
    let settings = CharacteristicSettings {
        cccd: true,
        ..CharacteristicSettings::new(wire::Uuid::new16(0x2a6e), Properties::NOTIFY, Storage::Variable(8, b""))
    };
    let ids = [(); 3].map(|()| core.add_characteristic(&settings).unwrap());
    core.commit_registration().unwrap();
    ids
}

/// Vol 3, Part F, 3.4.7.4; Part G, 7.2.
#[test]
fn several_values_go_in_one_notification_where_the_client_takes_them() {
    let (mut pair, link, peripheral, _) = Pair::connected(27);
    let [a, b, c] = three(&mut pair.core(1));
    let values: [(AttributeId, &[u8]); 3] = [(a, b"one"), (b, b"two"), (c, b"and three")];
    assert_eq!(pair.core(1).notify_several(peripheral, &[]), Ok(0));
    assert_eq!(pair.core(1).notify_several(peripheral, &values), Err(Error::NotSubscribed));
    for id in [a, b, c] {
        pair.ask(link, &Pdu::WriteRequest { handle: id.handle() + 1, value: &[1, 0] }).unwrap();
    }
    sent(&mut pair, 1);
    // One at a time, as long as the client has not said that it takes more.
    assert_eq!(pair.core(1).notify_several(peripheral, &values), Ok(1));
    assert_eq!(pair.core(1).notify_several(peripheral, &values), Err(Error::Busy));
    pair.pump();
    let [low, high] = a.handle().to_le_bytes();
    assert_eq!(sent(&mut pair, 1), [[&[0x1b, low, high][..], b"one"].concat()]);
    let features = Pdu::ReadByTypeRequest { start: 1, end: 0xffff, kind: wire::Uuid::new16(0x2b29) };
    let found = pair.ask(link, &features).unwrap();
    let handle = u16::from_le_bytes([found[2], found[3]]);
    pair.ask(link, &Pdu::WriteRequest { handle, value: &[4] }).unwrap();
    sent(&mut pair, 1);
    // The MTU is 23: two fit, and the third, which is alone, goes as it always did.
    assert_eq!(pair.core(1).notify_several(peripheral, &values), Ok(2));
    pair.pump();
    assert_eq!(pair.core(1).notify_several(peripheral, &values[2..]), Ok(1));
    pair.pump();
    let [b0, b1] = b.handle().to_le_bytes();
    let [c0, c1] = c.handle().to_le_bytes();
    let both = [&[0x23, low, high, 3, 0][..], b"one", &[b0, b1, 3, 0], b"two"].concat();
    assert_eq!(sent(&mut pair, 1), [both, [&[0x1b, c0, c1][..], b"and three"].concat()]);
    // A first value that is too long for two is judged alone.
    assert_eq!(pair.core(1).notify_several(peripheral, &[(a, &[7; 21]), (b, b"two")]), Err(Error::TooLong));
}
