//! What the application decides for one client is not told to another, whatever its functions do meanwhile.
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
use jelling_host::wire::{Uuid, att::ErrorCode};
use jelling_host::*;
use support::raw::{Raw, Word};

type Memory = Store<Links<2, 247>, Gatt<24, 2048>, Pool<16, 2>, Scan<1>>;

/// Values behind a hook, and one that a peer is told of.
const VALUES: [u8; 2] = [3, 5];
const TOLD: u8 = 7;

fn called(_: &Access<'_>) -> Result<(), ErrorCode> {
    panic!("the core calls nothing by itself");
}

/// The value that a client is to read: its number, as many times.
fn own(client: u8, length: usize) -> Vec<u8> {
    vec![b'0' + client; length]
}

fn set<const LENGTH: usize>(core: &mut Core<'_>, question: QuestionId) -> Result<(), ErrorCode> {
    let value = own(question.link().index(), LENGTH);
    core.write_local(question.attribute(), &value).map_err(|_| ErrorCode(0x80))
}

fn serve(core: &mut Core<'_>, read: Hook) -> Vec<AttributeId> {
    core.begin_registration().unwrap();
    let service = ServiceSettings::primary(Uuid::new16(0x181a));
    core.add_service(&service).unwrap();
    let mut settings = CharacteristicSettings {
        hooks: Hooks { read, write: Hook::DOOR },
        ..CharacteristicSettings::new(
            Uuid::new16(0x2a6e),
            Properties::READ | Properties::NOTIFY,
            Storage::Variable(512, b""),
        )
    };
    let mut ids: Vec<_> = VALUES.iter().map(|_| core.add_characteristic(&settings).unwrap()).collect();
    (settings.hooks, settings.uuid, settings.cccd) = (Hooks::DOOR, Uuid::new16(0x2a6f), true);
    ids.push(core.add_characteristic(&settings).unwrap());
    core.commit_registration().unwrap();
    ids
}

/// Two clients with an MTU of 247, each of which has subscribed to what is told.
fn clients(acl_length: u16, read: Hook) -> (Raw, Vec<AttributeId>) {
    let mut raw = Raw::new(Box::new(Memory::NEW), Config::new(), acl_length, 2);
    let ids = serve(&mut raw.core(), read);
    for peer in 0..2 {
        raw.ask(peer, &[0x02, 247, 0]);
        raw.ask(peer, &[0x12, TOLD + 1, 0, 1, 0]);
    }
    (raw, ids)
}

/// The transmit buffers of these clients' links are in use.
fn occupy(raw: &mut Raw, id: AttributeId, occupied: [bool; 2]) {
    for peer in [0, 1] {
        let link = raw.link(peer);
        if occupied[peer] {
            raw.core().notify(id, link, b"!").unwrap();
        }
    }
}

/// What each client is told beside the notification.
fn answers(raw: &mut Raw) -> [Vec<Vec<u8>>; 2] {
    [0, 1].map(|peer| raw.told(peer).into_iter().filter(|pdu| pdu[0] != 0x1b).collect())
}

const OCCUPIED: [[bool; 2]; 4] = [[false, false], [true, false], [false, true], [true, true]];

#[test]
fn what_a_function_sets_for_one_client_is_not_read_by_another_whatever_waits() {
    for (acl_length, length) in [(27, 3), (251, 3), (27, 200), (251, 200)] {
        for occupied in OCCUPIED {
            let (mut raw, ids) = clients(acl_length, Hook::call(called));
            raw.word = if length == 3 { set::<3> } else { set::<200> };
            // Two values in one request: the first is set for the same client as the second.
            let requests: [&[u8]; 2] = [&[0x0a, VALUES[0], 0], &[0x0e, VALUES[0], 0, VALUES[1], 0]];
            for (values, request) in requests.into_iter().enumerate() {
                occupy(&mut raw, ids[2], occupied);
                raw.say(0, request);
                raw.say(1, request);
                raw.settle();
                let expected = [0, 1].map(|client| {
                    let mut octets = [&[request[0] + 1][..], &own(client, length * (values + 1))].concat();
                    octets.truncate(247);
                    vec![octets]
                });
                assert_eq!(answers(&mut raw), expected, "{acl_length} {length} {occupied:?} {request:?}");
            }
            raw.is_whole(0);
        }
    }
}

#[test]
fn what_a_task_answers_one_client_is_not_read_by_another_whatever_waits() {
    for occupied in OCCUPIED {
        let (mut raw, ids) = clients(251, Hook::DEFERRED);
        for peer in [0, 1] {
            raw.say(peer, &[0x0a, VALUES[0], 0]);
        }
        raw.settle();
        occupy(&mut raw, ids[2], occupied);
        let now = raw.now;
        while let Poll::Ready(question) = raw.core().take_question(ids[0], AccessKind::Read) {
            let question = question.unwrap();
            raw.core().write_local(ids[0], &own(question.link().index(), 200)).unwrap();
            raw.core().answer_question(now, question, Ok(())).unwrap();
        }
        raw.settle();
        let expected = [0, 1].map(|client| vec![[&[0x0b][..], &own(client, 200)].concat()]);
        assert_eq!(answers(&mut raw), expected, "{occupied:?}");
        raw.is_whole(0);
    }
}

#[test]
fn an_answer_that_has_to_wait_without_a_block_is_refused() {
    let (mut raw, ids) = clients(251, Hook::DEFERRED);
    raw.say(0, &[0x0a, VALUES[0], 0]);
    raw.settle();
    occupy(&mut raw, ids[2], [true, false]);
    raw.core().open_capture(ids[2], 16, 1).unwrap();
    let pools = raw.core().pools();
    assert_eq!(pools.blocks.used, pools.blocks.total);
    let Poll::Ready(Ok(question)) = raw.core().take_question(ids[0], AccessKind::Read) else { panic!("no question") };
    let now = raw.now;
    raw.core().write_local(ids[0], &own(0, 200)).unwrap();
    raw.core().answer_question(now, question, Ok(())).unwrap();
    raw.settle();
    assert_eq!(answers(&mut raw)[0], [[0x01, 0x0a, 0, 0, 0x11]]);
}

#[test]
fn what_is_not_in_force_yet_gets_no_question_and_is_told_to_nobody() {
    let (mut raw, ids) = clients(251, Hook::DEFERRED);
    let now = raw.now;
    raw.say(0, &[0x0a, VALUES[0], 0]);
    raw.settle();
    let link = raw.link(0);
    let mut core = raw.core();
    core.begin_registration().unwrap();
    let service = ServiceSettings::primary(Uuid::new16(0x181a));
    core.add_service(&service).unwrap();
    let settings = CharacteristicSettings {
        hooks: Hooks { read: Hook::DEFERRED, write: Hook::DOOR },
        cccd: true,
        ..CharacteristicSettings::new(Uuid::new16(0x2a6e), Properties::READ, Storage::Variable(20, b"later"))
    };
    let pending = core.add_characteristic(&settings).unwrap();
    assert_eq!(pending.handle(), ids[0].handle());
    assert_eq!(core.take_question(pending, AccessKind::Read), Poll::Pending);
    for recipient in [Recipient::Subscriber, Recipient::Anyone] {
        let refused = Err(Error::NotSubscribed);
        assert_eq!(core.notify_as(pending, link, Payload::Stored, recipient), refused);
        assert_eq!(core.indicate_as(now, pending, link, Payload::Stored, recipient).map(|_| ()), refused);
    }
    assert!(core.take_question(ids[0], AccessKind::Read).is_ready());
}

thread_local! {
    /// The value that functions tell.
    static TELLING: core::cell::Cell<Option<AttributeId>> = const { core::cell::Cell::new(None) };
}

#[test]
fn a_function_may_do_as_it_likes_and_the_peer_is_answered_once() {
    type Case = (Word, &'static [&'static [u8]]);
    let cases: [Case; 4] = [
        (
            |core, q| {
                core.notify(TELLING.get().unwrap(), q.link(), b"!").unwrap();
                set::<3>(core, q)
            },
            &[&[0x1b, TOLD, 0, b'!'], b"\x0b000"],
        ),
        (
            |core, q| {
                core.update(TELLING.get().unwrap(), b"?").unwrap();
                set::<3>(core, q)
            },
            &[b"\x0b000", &[0x1b, TOLD, 0, b'?']],
        ),
        (
            |core, q| {
                core.disconnect(q.link());
                set::<3>(core, q)
            },
            &[b"\x0b000"],
        ),
        (
            |core, q| {
                core.begin_registration().unwrap();
                set::<3>(core, q)?;
                core.discard_registration();
                Ok(())
            },
            &[b"\x0b000"],
        ),
    ];
    for (case, (word, expected)) in cases.into_iter().enumerate() {
        let (mut raw, ids) = clients(251, Hook::call(called));
        TELLING.set(Some(ids[2]));
        raw.word = word;
        let answers = raw.ask(0, &[0x0a, VALUES[0], 0]);
        assert_eq!(answers, expected, "{case}");
    }
}
