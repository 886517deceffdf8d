//! The table changes while a client works with it: Service Changed and robust caching (Vol 3, Part G, 2.5.2).
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

use core::task::Poll;
use jelling_host::wire::{
    Uuid,
    att::{ErrorCode, Handles, Pdu},
};
use jelling_host::*;
use support::pair::{Pair, add};

const CHANGED: u16 = 8;
const CHANGED_CCCD: u16 = 9;
const FEATURES: u16 = 11;
/// The first handle behind the default services, and the value there.
const OWN: u16 = if cfg!(feature = "security") { 16 } else { 14 };
const VALUE: u16 = OWN + 2;

const OUT_OF_SYNC: Error = Error::Gatt(ErrorCode::DATABASE_OUT_OF_SYNC);

/// A table with so many services of four attributes behind the default ones; gives its last value.
fn register(core: &mut Core<'_>, services: usize) -> Option<AttributeId> {
    core.begin_registration().unwrap();
    core.add_default_services().unwrap();
    let values: Vec<_> = (0..services).map(|_| add(core, 20)).collect();
    core.commit_registration().unwrap();
    values.last().copied()
}

fn write(pair: &mut Pair, link: LinkId, handle: u16, value: &[u8]) -> Result<(), Error> {
    pair.ask(link, &Pdu::WriteRequest { handle, value }).map(|_| ())
}

fn read(pair: &mut Pair, link: LinkId, handle: u16) -> Result<Vec<u8>, Error> {
    pair.ask(link, &Pdu::ReadRequest { handle }).map(|answer| answer[1..].to_vec())
}

/// The client subscribes to Service Changed: nothing of it is confirmed before it is taken.
fn follow(pair: &mut Pair, link: LinkId) -> QueueId {
    write(pair, link, CHANGED_CCCD, &[2, 0]).unwrap();
    pair.core(0).open_subscription(link, CHANGED, Updates::INDICATE, 1, None, Policy::DropNewest).unwrap()
}

/// The range that was indicated, if any; it is confirmed with this.
fn indicated(pair: &mut Pair, queue: QueueId) -> Option<[u16; 2]> {
    pair.pump();
    let mut value = [0; 8];
    let Poll::Ready(length) = pair.core(0).take_value(queue, &mut value) else { return None };
    assert_eq!(length, Ok(4));
    pair.pump();
    Some([u16::from_le_bytes([value[0], value[1]]), u16::from_le_bytes([value[2], value[3]])])
}

#[test]
fn who_has_subscribed_is_told_what_has_changed() {
    let (mut pair, link, _) = Pair::serving(251, |core| _ = register(core, 1));
    let queue = pair.core(0).open_subscription(link, CHANGED, Updates::INDICATE, 1, None, Policy::DropNewest).unwrap();
    // Who has not subscribed is told nothing.
    register(&mut pair.core(1), 2);
    assert_eq!(indicated(&mut pair, queue), None);
    write(&mut pair, link, CHANGED_CCCD, &[2, 0]).unwrap();
    assert_eq!(indicated(&mut pair, queue), None);
    // As far as either table goes.
    register(&mut pair.core(1), 3);
    assert_eq!(indicated(&mut pair, queue), Some([OWN, OWN + 11]));
    register(&mut pair.core(1), 1);
    assert_eq!(indicated(&mut pair, queue), Some([OWN, OWN + 11]));
    register(&mut pair.core(1), 0);
    assert_eq!(indicated(&mut pair, queue), Some([OWN, OWN + 3]));
    // Nothing but the default services before and after.
    register(&mut pair.core(1), 0);
    assert_eq!(indicated(&mut pair, queue), None);
    // A service that ends behind its attributes.
    let mut core = pair.core(1);
    core.begin_registration().unwrap();
    core.add_default_services().unwrap();
    let settings =
        ServiceSettings { uuid: Uuid::new16(0x181a), primary: true, handle: Some(0x100), end_handle: Some(0x1ff) };
    core.add_service(&settings).unwrap();
    core.commit_registration().unwrap();
    assert_eq!(indicated(&mut pair, queue), Some([OWN, 0x1ff]));
    // No longer subscribed, no longer told.
    write(&mut pair, link, CHANGED_CCCD, &[0, 0]).unwrap();
    register(&mut pair.core(1), 1);
    assert_eq!(indicated(&mut pair, queue), None);
}

#[test]
fn changes_that_wait_are_told_as_one() {
    let (mut pair, link, _) = Pair::serving(251, |core| _ = register(core, 1));
    let queue = follow(&mut pair, link);
    register(&mut pair.core(1), 2);
    pair.pump();
    // The client has not confirmed the first one.
    for services in [5, 1] {
        register(&mut pair.core(1), services);
        pair.pump();
    }
    assert_eq!(indicated(&mut pair, queue), Some([OWN, OWN + 7]));
    assert_eq!(indicated(&mut pair, queue), Some([OWN, OWN + 19]));
    assert_eq!(indicated(&mut pair, queue), None);
}

/// A client that takes part in robust caching.
fn robust() -> (Pair, LinkId, LinkId) {
    let (mut pair, link, peripheral) = Pair::serving(251, |core| _ = register(core, 1));
    write(&mut pair, link, FEATURES, &[1]).unwrap();
    (pair, link, peripheral)
}

#[test]
fn requests_to_an_old_table_are_refused_once() {
    let kind = |short| Uuid::new16(short);
    let octets = [VALUE as u8, 0, CHANGED_CCCD as u8, 0];
    let handles = Handles::parse(&octets).unwrap();
    let all = |short| Pdu::ReadByTypeRequest { start: 1, end: 0xffff, kind: kind(short) };
    let part = |short| Pdu::ReadByTypeRequest { start: 2, end: 0xffff, kind: kind(short) };
    let refused = [
        Pdu::ReadRequest { handle: VALUE },
        Pdu::ReadBlobRequest { handle: VALUE, offset: 1 },
        Pdu::ReadMultipleRequest { handles },
        Pdu::ReadMultipleVariableRequest { handles },
        Pdu::WriteRequest { handle: VALUE, value: b"value" },
        Pdu::PrepareWriteRequest { handle: VALUE, offset: 0, value: b"value" },
        part(0x2a00),
        Pdu::ReadByTypeRequest { start: 1, end: 0xfffe, kind: kind(0x2b29) },
    ];
    let served = [
        Pdu::FindInformationRequest { start: 1, end: 0xffff },
        Pdu::FindByTypeValueRequest { start: 1, end: 0xffff, kind: 0x2800, value: &[0x1a, 0x18] },
        Pdu::ReadByGroupTypeRequest { start: 1, end: 0xffff, kind: kind(0x2800) },
        part(0x2803),
        all(0x2a00),
        Pdu::ExecuteWriteRequest { flags: 0 },
        Pdu::ExchangeMtuRequest { mtu: 100 },
    ];
    for request in served {
        let (mut pair, link, _) = robust();
        register(&mut pair.core(1), 1);
        assert!(pair.ask(link, &request).is_ok(), "{request}");
        assert_eq!(read(&mut pair, link, VALUE), Err(OUT_OF_SYNC), "after {request}");
    }
    for request in refused {
        let (mut pair, link, _) = robust();
        assert!(pair.ask(link, &request).is_ok(), "{request}");
        pair.ask(link, &Pdu::ExecuteWriteRequest { flags: 0 }).unwrap();
        register(&mut pair.core(1), 1);
        assert_eq!(pair.ask(link, &request), Err(OUT_OF_SYNC), "{request}");
        // Another change, and it is refused again; after that not.
        register(&mut pair.core(1), 1);
        assert_eq!(pair.ask(link, &request), Err(OUT_OF_SYNC), "{request}");
        assert!(pair.ask(link, &request).is_ok(), "{request}");
        assert!(pair.ask(link, &request).is_ok(), "{request}");
        // Who takes no part in it is never refused.
        let (mut pair, link, _) = Pair::serving(251, |core| _ = register(core, 1));
        register(&mut pair.core(1), 1);
        assert!(pair.ask(link, &request).is_ok(), "{request}");
    }
}

#[cfg(feature = "security")]
#[test]
fn who_reads_the_hash_knows_the_table_with_its_next_request() {
    let (mut pair, link, peripheral) = robust();
    let value = register(&mut pair.core(1), 1).unwrap();
    let hash = Pdu::ReadByTypeRequest { start: 1, end: 0xffff, kind: Uuid::new16(0x2b2a) };
    assert!(pair.ask(link, &hash).is_ok());
    // Not before that: a notification is still held back.
    let notify = |pair: &mut Pair| pair.core(1).notify_as(value, peripheral, Payload::Given(b"new"), Recipient::Anyone);
    assert_eq!(notify(&mut pair), Err(Error::Busy));
    assert_eq!(read(&mut pair, link, VALUE).unwrap(), b"first");
    assert_eq!(notify(&mut pair), Ok(()));
}

#[test]
fn nothing_but_service_changed_is_told_to_who_does_not_know_the_table() {
    let (mut pair, link, peripheral) = robust();
    let queue = follow(&mut pair, link);
    let notified = pair.core(0).open_subscription(link, VALUE, Updates::NOTIFY, 4, None, Policy::DropNewest).unwrap();
    let value = register(&mut pair.core(1), 1).unwrap();
    pair.pump();
    let now = pair.now;
    // aioble's notifications need no subscription; they wait.
    let tell = |pair: &mut Pair| pair.core(1).notify_as(value, peripheral, Payload::Given(b"new"), Recipient::Anyone);
    assert_eq!(tell(&mut pair), Err(Error::Busy));
    let indicate =
        pair.core(1).indicate_as(now, value, peripheral, Payload::Given(b"new"), Recipient::Anyone).unwrap_err();
    assert_eq!(indicate, Error::Busy);
    // Commands are ignored.
    let ignored = pair.core(1).counters().unexpected;
    pair.core(0).write_command(link, VALUE, b"lost").unwrap();
    pair.pump();
    assert_eq!(pair.core(1).counters().unexpected, ignored + 1);
    // The table changes again before the client confirms: what it confirms then is the old indication.
    register(&mut pair.core(1), 2);
    let value = register(&mut pair.core(1), 1).unwrap();
    assert_eq!(indicated(&mut pair, queue), Some([OWN, OWN + 3]));
    let tell = |pair: &mut Pair| pair.core(1).notify_as(value, peripheral, Payload::Given(b"new"), Recipient::Anyone);
    assert_eq!(tell(&mut pair), Err(Error::Busy));
    assert_eq!(indicated(&mut pair, queue), Some([OWN, OWN + 7]));
    // Now it knows.
    assert_eq!(tell(&mut pair), Ok(()));
    pair.pump();
    let mut octets = [0; 8];
    assert_eq!(pair.core(0).take_value(notified, &mut octets), Poll::Ready(Ok(3)));
    pair.core(0).write_command(link, VALUE, b"kept").unwrap();
    pair.pump();
    assert_eq!(read(&mut pair, link, VALUE).unwrap(), b"kept");
}

#[test]
fn a_request_that_waited_while_the_table_changed_is_refused_too() {
    for features in [0, 1] {
        let deferring = |core: &mut Core<'_>| {
            core.begin_registration().unwrap();
            core.add_default_services().unwrap();
            let service = ServiceSettings::primary(Uuid::new16(0x181a));
            core.add_service(&service).unwrap();
            let settings = CharacteristicSettings {
                hooks: Hooks { read: Hook::DEFERRED, write: Hook::DEFERRED },
                ..CharacteristicSettings::new(
                    Uuid::new16(0x2a6e),
                    Properties::READ | Properties::WRITE,
                    Storage::Variable(100, b"old"),
                )
            };
            core.add_characteristic(&settings).unwrap();
            core.commit_registration().unwrap();
        };
        let long = [7; 60];
        for request in [Pdu::ReadRequest { handle: VALUE }, Pdu::WriteRequest { handle: VALUE, value: &long }] {
            let (mut pair, link, _) = Pair::serving(251, deferring);
            let now = pair.now;
            let ticket = pair.core(0).exchange_mtu(now, link, None).unwrap();
            pair.pump();
            let Poll::Ready(Ok(answer)) = pair.core(0).answer(ticket) else { panic!("no MTU") };
            pair.core(0).free_answer(answer);
            write(&mut pair, link, FEATURES, &[features]).unwrap();
            let ticket = pair.core(0).request(now, link, &request).unwrap();
            pair.pump();
            assert_eq!(pair.core(0).answer(ticket), Poll::Pending, "{request}");
            register(&mut pair.core(1), 1);
            pair.pump();
            let Poll::Ready(answer) = pair.core(0).answer(ticket) else { panic!("no answer to {request}") };
            if features == 1 {
                assert_eq!(answer, Err(OUT_OF_SYNC), "{request}");
            } else {
                // Carried out on the new table, where it is too long.
                let too_long = Error::Gatt(ErrorCode::INVALID_ATTRIBUTE_VALUE_LENGTH);
                let is_read = matches!(request, Pdu::ReadRequest { .. });
                assert_eq!(answer.as_ref().err(), (!is_read).then_some(&too_long), "{request}");
                answer.into_iter().for_each(|answer| pair.core(0).free_answer(answer));
            }
            assert_eq!(read(&mut pair, link, VALUE).unwrap(), b"first", "{request}");
            assert_eq!(pair.core(1).pools().blocks.used, 0, "{request}");
        }
    }
}

#[test]
fn what_is_kept_of_a_client_ends_with_its_link_and_with_the_characteristic() {
    let (mut pair, link, _) = robust();
    // A table without Client Supported Features: nobody can have said that he takes part.
    let mut core = pair.core(1);
    core.begin_registration().unwrap();
    add(&mut core, 20);
    core.commit_registration().unwrap();
    assert_eq!(read(&mut pair, link, 3).unwrap(), b"first");
    register(&mut pair.core(1), 1);
    assert_eq!(read(&mut pair, link, FEATURES).unwrap(), [0]);
    write(&mut pair, link, FEATURES, &[1]).unwrap();
    register(&mut pair.core(1), 1);
    let adv = pair.core(1).advertise(&support::pair::advertising()).unwrap();
    pair.core(0).disconnect(link);
    pair.pump();
    let address = jelling_host::wire::Address::new(jelling_host::wire::AddressKind::Public, support::Air::address(1));
    let connect = pair.core(0).connect(&ConnectSettings::new(address)).unwrap();
    pair.pump();
    let Poll::Ready(Ok(link)) = pair.core(0).connected(connect) else { panic!("no link") };
    assert!(matches!(pair.core(1).advertised(adv), Poll::Ready(Ok(_))));
    assert_eq!(read(&mut pair, link, FEATURES).unwrap(), [0]);
}
