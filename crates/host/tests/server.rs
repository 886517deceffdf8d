//! What a server gives a peer beside plain values: captured writes, includes, long UUIDs, several values at once.
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
use support::pair::{CCCD, Pair, VALUE};

#[test]
fn captured_writes_wait_until_they_are_taken_and_no_more_than_were_asked_for() {
    let (mut pair, link, peripheral, value) = Pair::connected(27);
    pair.core(1).open_capture(value, 2, 8).unwrap();
    assert_eq!(pair.core(1).take_captured(value, &mut [0; 8]), Poll::Pending);
    let write = |pair: &mut Pair, octets: &[u8]| pair.ask(link, &Pdu::WriteRequest { handle: VALUE, value: octets });
    write(&mut pair, b"one").unwrap();
    write(&mut pair, b"two").unwrap();
    assert_eq!(write(&mut pair, b"three"), Err(Error::Gatt(ErrorCode::INSUFFICIENT_RESOURCES)));
    // A command that finds no room is dropped, and counted.
    let dropped = pair.core(1).counters().values_dropped;
    pair.core(0).write_command(link, VALUE, b"four").unwrap();
    pair.pump();
    assert_eq!(pair.core(1).counters().values_dropped, dropped + 1);
    let mut octets = [0; 8];
    for expected in [&b"one"[..], b"two"] {
        assert_eq!(pair.core(1).take_captured(value, &mut octets), Poll::Ready(Ok((peripheral, 3))));
        assert_eq!(&octets[..3], expected);
    }
    assert_eq!(pair.core(1).take_captured(value, &mut octets), Poll::Pending);
    write(&mut pair, b"five").unwrap();
    assert_eq!(pair.core(1).take_captured(value, &mut octets), Poll::Ready(Ok((peripheral, 4))));
}

/// Puts a table in force: a secondary service of a long UUID, and a primary one that includes it, and itself.
fn include(core: &mut Core<'_>) {
    core.begin_registration().unwrap();
    let service = |uuid, primary| ServiceSettings { uuid, primary, handle: None, end_handle: None };
    core.add_service(&service(Uuid::new128(0x0011_2233), false)).unwrap();
    core.add_service(&service(Uuid::new16(0x180f), true)).unwrap();
    core.add_include(None, 1).unwrap();
    core.add_include(None, 2).unwrap();
    let settings =
        CharacteristicSettings::new(Uuid::new128(0x4455_6677), Properties::READ, Storage::Constant(b"constant"));
    core.add_characteristic(&settings).unwrap();
    core.commit_registration().unwrap();
}

#[test]
fn includes_and_long_uuids_are_discovered() {
    let (mut pair, link, ..) = Pair::connected(251);
    include(&mut pair.core(1));
    let mtu = pair.now;
    let ticket = pair.core(0).exchange_mtu(mtu, link, None).unwrap();
    pair.pump();
    let Poll::Ready(Ok(answer)) = pair.core(0).answer(ticket) else { panic!("no MTU") };
    pair.core(0).free_answer(answer);
    let groups = |kind| Pdu::ReadByGroupTypeRequest { start: 1, end: 0xffff, kind: Uuid::new16(kind) };
    assert_eq!(pair.ask(link, &groups(0x2800)).unwrap(), [0x11, 6, 2, 0, 6, 0, 0x0f, 0x18]);
    let long = 0x0011_2233u128.to_le_bytes();
    assert_eq!(pair.ask(link, &groups(0x2801)).unwrap(), [&[0x11, 20, 1, 0, 1, 0][..], &long].concat());
    // Vol 3, Part G, 3.2: a long UUID does not stand in the declaration of an include.
    let includes = |start| Pdu::ReadByTypeRequest { start, end: 0xffff, kind: Uuid::new16(0x2802) };
    assert_eq!(pair.ask(link, &includes(1)).unwrap(), [0x09, 6, 3, 0, 1, 0, 1, 0]);
    assert_eq!(pair.ask(link, &includes(4)).unwrap(), [0x09, 8, 4, 0, 2, 0, 6, 0, 0x0f, 0x18]);
    let long = 0x4455_6677u128.to_le_bytes();
    let found = pair.ask(link, &Pdu::FindInformationRequest { start: 6, end: 6 }).unwrap();
    assert_eq!(found, [&[0x05, 2, 6, 0][..], &long].concat());
    let read = Pdu::ReadByTypeRequest { start: 1, end: 0xffff, kind: Uuid::new128(0x4455_6677) };
    assert_eq!(pair.ask(link, &read).unwrap(), b"\x09\x0a\x06\x00constant");
}

#[test]
fn several_values_are_read_at_once_and_cut_to_the_mtu() {
    let (mut pair, link, ..) = Pair::connected(27);
    let ask = |pair: &mut Pair, handles: &[u8]| {
        let handles = jelling_host::wire::att::Handles::parse(handles).unwrap();
        pair.ask(link, &Pdu::ReadMultipleVariableRequest { handles })
    };
    let two = ask(&mut pair, &[VALUE as u8, 0, CCCD as u8, 0]).unwrap();
    assert_eq!(two, b"\x21\x05\x00first\x02\x00\x00\x00");
    pair.ask(link, &Pdu::WriteRequest { handle: VALUE, value: b"sixteen octets.." }).unwrap();
    // Vol 3, Part F, 3.4.4.12: the last value is cut, its length is the whole one.
    let cut = ask(&mut pair, &[VALUE as u8, 0, VALUE as u8, 0]).unwrap();
    assert_eq!(cut, b"\x21\x10\x00sixteen octets..\x10\x00si");
    assert_eq!(ask(&mut pair, &[VALUE as u8, 0, 0x99, 0]), Err(Error::Gatt(ErrorCode::INVALID_HANDLE)));
}
