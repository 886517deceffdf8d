//! Answers where something is scarce or in the wrong order: no blocks, two requests at once, other links, other tables.
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
    att::{ErrorCode, Pdu},
};
use jelling_host::*;
use support::raw::Raw;

/// Values stand at 3, 6 and so on, each with its CCCD behind it.
fn serve(core: &mut Core<'_>, hooks: Hooks, count: usize) -> Vec<AttributeId> {
    core.begin_registration().unwrap();
    let service = ServiceSettings::primary(Uuid::new16(0x181a));
    core.add_service(&service).unwrap();
    let settings = CharacteristicSettings {
        hooks,
        cccd: true,
        ..CharacteristicSettings::new(Uuid::new16(0x2a6e), Properties::all(), Storage::Variable(512, b"first"))
    };
    let ids = (0..count).map(|_| core.add_characteristic(&settings).unwrap()).collect();
    core.commit_registration().unwrap();
    ids
}

fn function(_: &Access<'_>) -> Result<(), ErrorCode> {
    panic!("the core calls nothing by itself");
}

const HOOKED: Hooks = Hooks { read: Hook::call(function), write: Hook::call(function) };

/// A host with as many blocks and peers, whose MTU is the largest.
fn host<const BLOCKS: usize>(acl_length: u16, peers: usize) -> Raw {
    let memory: Box<Store<Links<2, 517>, Gatt<32, 8192>, Pool<BLOCKS, 2>, Scan<1>>> = Box::new(Store::NEW);
    let mut raw = Raw::new(memory, Config::new(), acl_length, peers);
    for peer in 0..peers {
        assert_eq!(raw.ask(peer, &[0x02, 0x05, 0x02]), [[0x03, 0x05, 0x02]]);
    }
    raw
}

fn write(handle: u8, value: &[u8]) -> Vec<u8> {
    [&[0x12, handle, 0], value].concat()
}

fn error(request: u8, handle: u8, code: ErrorCode) -> Vec<Vec<u8>> {
    vec![vec![0x01, request, handle, 0, code.0]]
}

#[test]
fn as_many_values_as_a_request_can_name_are_asked_about_once_each() {
    let mut raw = host::<16>(251, 1);
    serve(&mut raw.core(), HOOKED, 1);
    raw.word = |core, question| {
        let mut count = [0; 2];
        core.read_local(question.attribute(), &mut count).unwrap();
        let count = u16::from_le_bytes(count) + 1;
        core.write_local(question.attribute(), &count.to_le_bytes()).map_err(|_| ErrorCode::UNLIKELY_ERROR)
    };
    let id = serve(&mut raw.core(), HOOKED, 1)[0];
    raw.core().write_local(id, &[0, 0]).unwrap();
    let request = [&[0x0e][..], &[3, 0].repeat(258)].concat();
    let told = raw.ask(0, &request);
    assert_eq!(told, [[&[0x0f][..], &[2, 1].repeat(258)].concat()]);
    assert_eq!(raw.stored(id), 258u16.to_le_bytes());
    raw.is_whole(0);
}

#[test]
fn a_subscription_is_found_by_the_value_that_the_asking_peer_has() {
    let mut raw = host::<16>(27, 2);
    serve(&mut raw.core(), Hooks::DOOR, 2);
    assert_eq!(raw.ask(1, &[0x12, 7, 0, 1, 0]), [[0x13]]);
    let find = |on| [0x06, 1, 0, 0xff, 0xff, 0x02, 0x29, on, 0];
    assert_eq!(raw.ask(0, &find(0)), [[0x07, 4, 0, 4, 0, 7, 0, 7, 0]]);
    assert_eq!(raw.ask(0, &find(1)), error(0x06, 1, ErrorCode::ATTRIBUTE_NOT_FOUND));
    assert_eq!(raw.ask(1, &find(0)), [[0x07, 4, 0, 4, 0]]);
    assert_eq!(raw.ask(1, &find(1)), [[0x07, 7, 0, 7, 0]]);
    raw.is_whole(0);
}

#[test]
fn a_long_request_that_cannot_be_kept_is_refused_and_nobody_is_asked() {
    for busy in [false, true] {
        let mut raw = host::<1>(251, 1);
        let ids = serve(&mut raw.core(), HOOKED, 2);
        raw.word = |_, question| panic!("asked about {question:?}");
        assert_eq!(raw.ask(0, &[0x12, 4, 0, 1, 0]), [[0x13]]);
        let long = write(3, &[7; 80]);
        let told = if busy { raw.ask_behind(0, ids[0], &long) } else { raw.ask(0, &long) };
        assert_eq!(told, error(0x12, 0, ErrorCode::INSUFFICIENT_RESOURCES), "busy: {busy}");
        // A command is dropped, and counted.
        let dropped = raw.core().counters().values_dropped;
        assert!(raw.ask(0, &[&[0x52, 3, 0][..], &[7; 80]].concat()).is_empty());
        assert_eq!(raw.core().counters().values_dropped, dropped + 1);
        assert_eq!(raw.stored(ids[0]), b"first");
        // What fits is asked about.
        raw.word = |_, _| Ok(());
        assert_eq!(raw.ask(0, &write(3, &[7; 40])), [[0x13]]);
        assert_eq!(raw.stored(ids[0]), [7; 40]);
        raw.is_whole(0);
    }
}

#[test]
fn parts_beyond_the_blocks_are_refused_and_the_others_stay() {
    for busy in [false, true] {
        let mut raw = host::<2>(251, 2);
        let ids = serve(&mut raw.core(), Hooks::DOOR, 2);
        let prepare = |handle, octets: &[u8]| [&[0x16, handle, 0, 0, 0], octets].concat();
        let ask = |raw: &mut Raw, peer: usize, pdu: &[u8]| {
            if !busy {
                return raw.ask(peer, pdu);
            }
            assert_eq!(raw.ask(peer, &[0x12, 7, 0, 1, 0]), [[0x13]]);
            raw.ask_behind(peer, ids[1], pdu)
        };
        let repeated = |pdu: &[u8]| vec![[&[0x17], &pdu[1..]].concat()];
        let (first, second, third) = (prepare(3, &[1; 54]), prepare(3, &[2; 50]), prepare(3, &[3; 5]));
        assert_eq!(ask(&mut raw, 0, &first), repeated(&first));
        assert_eq!(ask(&mut raw, 1, &second), repeated(&second));
        assert_eq!(ask(&mut raw, 0, &third), error(0x16, 3, ErrorCode::PREPARE_QUEUE_FULL));
        // Four octets are left in the block of the second peer: less than a part.
        assert_eq!(ask(&mut raw, 1, &third), error(0x16, 3, ErrorCode::PREPARE_QUEUE_FULL));
        assert_eq!(ask(&mut raw, 0, &[0x18, 1]), [[0x19]]);
        assert_eq!(raw.stored(ids[0]), [1; 54]);
        // There is room again, and the other's parts stand.
        assert_eq!(ask(&mut raw, 1, &[&[0x16, 3, 0, 50, 0][..], &[3; 5]].concat())[0][0], 0x17);
        assert_eq!(ask(&mut raw, 1, &[0x18, 1]), [[0x19]]);
        assert_eq!(raw.stored(ids[0]), [&[2; 50][..], &[3; 5]].concat());
        // Parts of a peer that leaves are gone, and a fresh one has none.
        assert_eq!(ask(&mut raw, 0, &first), repeated(&first));
        raw.part(0);
        assert_eq!(raw.core().pools().blocks.used, 0);
        raw.is_whole(0);
    }
}

#[test]
fn a_second_request_before_the_answer_has_none_and_harms_nothing() {
    let mut raw = host::<16>(27, 1);
    let ids = serve(&mut raw.core(), Hooks::DOOR, 2);
    assert_eq!(raw.ask(0, &[0x12, 4, 0, 1, 0]), [[0x13]]);
    // While a notification goes out, the first one waits; the second one breaks the protocol (3.3.2).
    let (unexpected, link) = (raw.core().counters().unexpected, raw.link(0));
    raw.core().notify(ids[0], link, b"!").unwrap();
    raw.say(0, &[0x0a, 3, 0]);
    for second in [&write(6, b"second")[..], &[0x0a, 6, 0], &[0x3f], &[0x0a], &[0x12, 3, 0, 1]] {
        raw.say(0, second);
    }
    raw.settle();
    assert_eq!(raw.told(0), [&b"\x1b\x03\x00!"[..], b"\x0bfirst"]);
    assert_eq!(raw.core().counters().unexpected, unexpected + 4);
    assert_eq!([raw.stored(ids[0]), raw.stored(ids[1])], [b"first", b"first"]);
    // An Execute that is malformed and too early does not touch the queue.
    assert_eq!(raw.ask(0, &[0x16, 3, 0, 0, 0, b'x'])[0][0], 0x17);
    raw.core().notify(ids[0], link, b"!").unwrap();
    raw.say(0, &[0x0a, 3, 0]);
    raw.say(0, &[0x18, 2]);
    raw.settle();
    assert_eq!(raw.told(0).len(), 2);
    assert_eq!(raw.ask(0, &[0x18, 1]), [[0x19]]);
    assert_eq!(raw.stored(ids[0]), b"x");
    raw.is_whole(0);
}

#[test]
fn of_several_parts_for_a_cccd_the_last_one_counts_and_one_that_is_refused_refuses_all() {
    let mut raw = host::<16>(27, 1);
    let mut core = raw.core();
    core.begin_registration().unwrap();
    core.add_service(&ServiceSettings::primary(Uuid::new16(0x181a))).unwrap();
    let properties = Properties::READ | Properties::NOTIFY;
    let settings = CharacteristicSettings {
        cccd: true,
        ..CharacteristicSettings::new(Uuid::new16(0x2a6e), properties, Storage::Fixed(b"first"))
    };
    core.add_characteristic(&settings).unwrap();
    core.commit_registration().unwrap();
    let refused = error(0x18, 4, ErrorCode::VALUE_NOT_ALLOWED);
    for (parts, answer, kept) in [
        ([0, 1], vec![vec![0x19]], 1),
        // Indications are not offered.
        ([2, 0], refused.clone(), 1),
        ([0, 2], refused, 1),
        ([1, 0], vec![vec![0x19]], 0),
    ] {
        for part in parts {
            assert_eq!(raw.ask(0, &[0x16, 4, 0, 0, 0, part, 0]), [[0x17, 4, 0, 0, 0, part, 0]]);
        }
        assert_eq!(raw.ask(0, &[0x18, 1]), answer, "{parts:?}");
        assert_eq!(raw.ask(0, &[0x0a, 4, 0]), [[0x0b, kept, 0]], "{parts:?}");
    }
    raw.is_whole(0);
}

#[test]
fn a_part_whose_answer_waits_while_the_table_changes_is_not_told_to_be_there() {
    let mut raw = host::<16>(27, 1);
    let ids = serve(&mut raw.core(), Hooks::DOOR, 1);
    assert_eq!(raw.ask(0, &[0x12, 4, 0, 1, 0]), [[0x13]]);
    let link = raw.link(0);
    raw.core().notify(ids[0], link, b"!").unwrap();
    raw.say(0, &[0x16, 3, 0, 0, 0, b'o', b'l', b'd']);
    let ids = serve(&mut raw.core(), Hooks::DOOR, 1);
    raw.settle();
    assert_eq!(raw.told(0)[1..], error(0x16, 3, ErrorCode::UNLIKELY_ERROR));
    assert_eq!(raw.ask(0, &[0x18, 1]), error(0x18, 0, ErrorCode::UNLIKELY_ERROR));
    assert_eq!(raw.stored(ids[0]), b"first");
    // A request that waits is answered from the new table.
    assert_eq!(raw.ask(0, &[0x12, 4, 0, 1, 0]), [[0x13]]);
    raw.core().notify(ids[0], link, b"!").unwrap();
    raw.say(0, &[0x0a, 6, 0]);
    serve(&mut raw.core(), Hooks::DOOR, 2);
    raw.settle();
    assert_eq!(raw.told(0)[1..], [b"\x0bfirst"]);
    // Another peer's queue has nothing to do with it, nor has the next link of this one.
    raw.part(0);
    raw.is_whole(0);
}

#[test]
fn an_answer_longer_than_any_mtu_ends_its_request() {
    for acl_length in [27, 251] {
        let mut raw = host::<16>(acl_length, 1);
        let (now, link) = (raw.now, raw.link(0));
        let ticket = raw.core().request(now, link, &Pdu::ReadRequest { handle: 3 }).unwrap();
        raw.settle();
        assert_eq!(raw.told(0), [[0x0a, 3, 0]]);
        raw.say(0, &[&[0x0b][..], &[0; 517]].concat());
        assert_eq!(raw.core().answer(ticket), Poll::Ready(Err(Error::Protocol)));
        raw.is_whole(0);
    }
}

#[test]
fn a_key_that_only_a_write_needs_keeps_nobody_from_subscribing() {
    let mut raw = host::<16>(27, 1);
    let mut core = raw.core();
    core.begin_registration().unwrap();
    let service = ServiceSettings::primary(Uuid::new16(0x181a));
    core.add_service(&service).unwrap();
    for permissions in [Permissions::READ | Permissions::WRITE_ENCRYPTED, Permissions::READ_ENCRYPTED] {
        let settings = CharacteristicSettings {
            protection: Protection { permissions: Some(permissions), key_size: 16 },
            cccd: true,
            ..CharacteristicSettings::new(Uuid::new16(0x2a6e), Properties::all(), Storage::Fixed(b"value"))
        };
        core.add_characteristic(&settings).unwrap();
    }
    core.commit_registration().unwrap();
    assert_eq!(raw.ask(0, &[0x0a, 3, 0]), [b"\x0bvalue"]);
    assert_eq!(raw.ask(0, &[0x0a, 4, 0]), [[0x0b, 0, 0]]);
    assert_eq!(raw.ask(0, &[0x12, 4, 0, 1, 0]), [[0x13]]);
    // What may not be read may not be subscribed to.
    assert_eq!(raw.ask(0, &[0x0a, 7, 0]), [[0x0b, 0, 0]]);
    assert_eq!(raw.ask(0, &[0x12, 7, 0, 1, 0]), error(0x12, 7, ErrorCode::INSUFFICIENT_AUTHENTICATION));
    let short = Security { encrypted: true, key_size: 15, ..Security::default() };
    let link = raw.link(0);
    raw.core().inject_security(link, short).unwrap();
    assert_eq!(raw.ask(0, &[0x12, 7, 0, 1, 0]), error(0x12, 7, ErrorCode::ENCRYPTION_KEY_SIZE_TOO_SHORT));
    raw.core().inject_security(link, Security { key_size: 16, ..short }).unwrap();
    assert_eq!(raw.ask(0, &[0x12, 7, 0, 1, 0]), [[0x13]]);
    raw.is_whole(0);
}

#[test]
fn a_long_value_is_read_from_every_octet_on_in_every_mtu() {
    let value: Vec<u8> = (0..512u16).map(|i| (i % 251) as u8).collect();
    for mtu in [23, 24, 185, 247, 512, 517u16] {
        let memory: Box<Store<Links<1, 517>, Gatt<8, 1024>, Pool<4, 2>, Scan<1>>> = Box::new(Store::NEW);
        let mut raw = Raw::new(memory, Config { mtu, ..Config::new() }, 27, 1);
        let id = serve(&mut raw.core(), Hooks::DOOR, 1)[0];
        raw.core().write_local(id, &value).unwrap();
        assert_eq!(raw.ask(0, &[0x02, 0x05, 0x02]), [[&[0x03][..], &mtu.to_le_bytes()].concat()]);
        let room = usize::from(mtu) - 1;
        assert_eq!(raw.ask(0, &[0x0a, 3, 0]), [[&[0x0b][..], &value[..room.min(512)]].concat()]);
        for offset in 0..=512usize {
            let [low, high] = (offset as u16).to_le_bytes();
            let part = &value[offset..(offset + room).min(512)];
            assert_eq!(raw.ask(0, &[0x0c, 3, 0, low, high]), [[&[0x0d][..], part].concat()], "{mtu}, {offset}");
        }
        assert_eq!(raw.ask(0, &[0x0c, 3, 0, 0x01, 0x02]), error(0x0c, 3, ErrorCode::INVALID_OFFSET));
        raw.is_whole(0);
    }
}
