//! Writes to a value that writes add to, and to one that cuts them.
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
use support::pair::Pair;

fn serve(core: &mut Core<'_>, hook: Hook, storage: Storage<'_>) -> AttributeId {
    core.begin_registration().unwrap();
    let service = ServiceSettings::primary(Uuid::new16(0x181a));
    core.add_service(&service).unwrap();
    let settings = CharacteristicSettings {
        hooks: Hooks { read: Hook::DOOR, write: hook },
        append: true,
        ..CharacteristicSettings::new(Uuid::new16(0x2a6e), Properties::READ | Properties::WRITE, storage)
    };
    let id = core.add_characteristic(&settings).unwrap();
    core.open_capture(id, 2, 16).unwrap();
    core.commit_registration().unwrap();
    id
}

#[test]
fn parts_are_added_behind_what_is_there() {
    let (mut pair, link, peripheral, _) = Pair::connected(27);
    let id = serve(&mut pair.core(1), Hook::DEFERRED, Storage::Variable(16, b"old"));
    let now = pair.now;
    let prepare = |pair: &mut Pair, offset, value| {
        pair.ask(link, &Pdu::PrepareWriteRequest { handle: id.handle(), offset, value }).unwrap();
    };
    let execute = Pdu::ExecuteWriteRequest { flags: 1 };
    prepare(&mut pair, 0, b"new");
    prepare(&mut pair, 3, b"er");
    let ticket = pair.core(0).request(now, link, &execute).unwrap();
    pair.pump();
    let Poll::Ready(Ok(question)) = pair.core(1).take_question(id, AccessKind::Write) else { panic!("nobody asks") };
    let mut octets = [0; 16];
    assert_eq!(pair.core(1).question_value(question, &mut octets), Ok(8));
    assert_eq!(&octets[..8], b"oldnewer");
    pair.core(1).answer_question(now, question, Ok(())).unwrap();
    pair.pump();
    let Poll::Ready(Ok(answer)) = pair.core(0).answer(ticket) else { panic!("no answer") };
    pair.core(0).free_answer(answer);
    assert_eq!(pair.core(1).read_local(id, &mut octets), Ok(8));
    assert_eq!(&octets[..8], b"oldnewer");
    // What was written is what was added.
    assert_eq!(pair.core(1).take_captured(id, &mut octets), Poll::Ready(Ok((peripheral, 5))));
    assert_eq!(&octets[..5], b"newer");
    // Room and offsets are judged there too.
    for (offset, value, code) in
        [(0, &[7; 9][..], ErrorCode::INVALID_ATTRIBUTE_VALUE_LENGTH), (1, b"x", ErrorCode::INVALID_OFFSET)]
    {
        prepare(&mut pair, offset, value);
        assert_eq!(pair.ask(link, &execute), Err(Error::Gatt(code)));
        assert_eq!(pair.core(1).read_local(id, &mut octets), Ok(8));
    }
}

#[test]
fn what_is_too_long_is_cut_where_that_is_wanted() {
    let (mut pair, link, ..) = Pair::connected(27);
    let id = serve(&mut pair.core(1), Hook::DOOR, Storage::Cut(8, b"old"));
    let value = |pair: &mut Pair| {
        let mut octets = [0; 16];
        let length = pair.core(1).read_local(id, &mut octets).unwrap();
        octets[..length].to_vec()
    };
    pair.ask(link, &Pdu::WriteRequest { handle: id.handle(), value: b"and new" }).unwrap();
    assert_eq!(value(&mut pair), b"oldand n");
    let mut octets = [0; 16];
    assert!(matches!(pair.core(1).take_captured(id, &mut octets), Poll::Ready(Ok((_, 5)))));
    let parts = [(0, &b"der a"[..]), (5, b"nd older"), (13, b"!"), (14, b"")];
    for count in 2..=parts.len() {
        pair.core(1).write_local(id, b"ol").unwrap();
        for (offset, part) in &parts[..count] {
            pair.ask(link, &Pdu::PrepareWriteRequest { handle: id.handle(), offset: *offset, value: part }).unwrap();
        }
        pair.ask(link, &Pdu::ExecuteWriteRequest { flags: 1 }).unwrap();
        assert_eq!(value(&mut pair), b"older an", "{count}");
        assert!(matches!(pair.core(1).take_captured(id, &mut octets), Poll::Ready(Ok((_, 6)))), "{count}");
    }
    // The application's own values are its own matter.
    assert_eq!(pair.core(1).write_local(id, &[7; 9]), Err(Error::TooLong));
}
