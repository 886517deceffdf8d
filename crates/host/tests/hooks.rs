//! Reads and writes on which the application decides: functions, and tasks that answer later.
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
    Uuid,
    att::{ErrorCode, Handles, Pdu},
};
use jelling_host::*;
use support::pair::Pair;

/// Values behind hooks stand at 3, 5, 7.
const VALUES: [u16; 3] = [3, 5, 7];
const REFUSED: ErrorCode = ErrorCode(0x80);

fn never(_: &Access<'_>) -> Result<(), ErrorCode> {
    panic!("the core calls nothing by itself");
}

fn serve(core: &mut Core<'_>, hook: Hook) -> Vec<AttributeId> {
    core.begin_registration().unwrap();
    let service = ServiceSettings::primary(Uuid::new16(0x181a));
    core.add_service(&service).unwrap();
    let settings = CharacteristicSettings {
        hooks: Hooks { read: hook, write: hook },
        ..CharacteristicSettings::new(
            Uuid::new16(0x2a6e),
            Properties::READ | Properties::WRITE | Properties::WRITE_WITHOUT_RESPONSE,
            Storage::Variable(512, b"first"),
        )
    };
    let ids = VALUES.map(|_| core.add_characteristic(&settings).unwrap());
    core.commit_registration().unwrap();
    ids.to_vec()
}

/// What was asked, in its order.
type Asked = Vec<(AccessKind, u16)>;

/// What came of a request while questions were answered one after the other: allowed, refused, and in what order they came.
fn play(
    pair: &mut Pair,
    link: LinkId,
    request: &Pdu<'_>,
    mut word: impl FnMut(&mut Core<'_>, QuestionId) -> Result<(), ErrorCode>,
) -> (Asked, Result<Vec<u8>, Error>) {
    let now = pair.now;
    let ticket = pair.core(0).request(now, link, request).unwrap();
    let mut asked = vec![];
    loop {
        pair.pump();
        let Some((question, _)) = pair.core(1).poll_question() else { break };
        asked.push((question.kind(), question.attribute().handle()));
        assert_eq!(pair.core(0).answer(ticket), Poll::Pending, "the peer waits");
        let word = word(&mut pair.core(1), question);
        pair.core(1).answer_question(now, question, word).unwrap();
        // One word for one question.
        assert_eq!(pair.core(1).answer_question(now, question, Ok(())), Err(Error::Timeout));
    }
    let Poll::Ready(answer) = pair.core(0).answer(ticket) else { panic!("no answer to {request}") };
    let answer = answer.map(|answer| {
        let mut octets = vec![0; answer.len()];
        pair.core(0).read_answer(&answer, 0, &mut octets);
        pair.core(0).free_answer(answer);
        octets
    });
    (asked, answer)
}

fn stored(core: &mut Core<'_>, id: AttributeId) -> Vec<u8> {
    let mut octets = [0; 512];
    let length = core.read_local(id, &mut octets).unwrap();
    octets[..length].to_vec()
}

#[test]
fn a_function_is_asked_for_each_read_in_the_order_of_the_request_and_may_set_the_value() {
    for acl_length in [27, 251] {
        let (mut pair, link, ..) = Pair::connected(acl_length);
        let ids = serve(&mut pair.core(1), Hook::call(never));
        let read = |handle| (AccessKind::Read, handle);
        let (asked, answer) = play(&mut pair, link, &Pdu::ReadRequest { handle: 5 }, |core, question| {
            core.write_local(question.attribute(), b"second").map_err(|_| REFUSED)
        });
        assert_eq!((asked, answer.unwrap()), (vec![read(5)], b"\x0bsecond".to_vec()));
        let handles = [7, 0, 3, 0, 7, 0];
        let handles = Handles::parse(&handles).unwrap();
        let request = Pdu::ReadMultipleRequest { handles };
        let mut count = 0;
        let (asked, answer) = play(&mut pair, link, &request, |core, question| {
            count += 1;
            core.write_local(question.attribute(), &[count]).unwrap();
            Ok(())
        });
        // The value of the third is set between: it is what all read of it.
        assert_eq!((asked, answer.unwrap()), (vec![read(7), read(3), read(7)], vec![0x0f, 3, 2, 3]));
        // A refusal ends it, with its handle.
        let (asked, answer) =
            play(&mut pair, link, &request, |_, q| if q.attribute().handle() == 3 { Err(REFUSED) } else { Ok(()) });
        assert_eq!((asked, answer), (vec![read(7), read(3)], Err(Error::Gatt(REFUSED))));
        // Read By Type gives what comes before a refusal; an error only for the first.
        ids.iter().for_each(|id| pair.core(1).write_local(*id, b"x").unwrap());
        let by_type = Pdu::ReadByTypeRequest { start: 1, end: 0xffff, kind: Uuid::new16(0x2a6e) };
        let refuse = |which| {
            move |_: &mut Core<'_>, q: QuestionId| if q.attribute().handle() == which { Err(REFUSED) } else { Ok(()) }
        };
        assert_eq!(play(&mut pair, link, &by_type, refuse(7)).1.unwrap(), b"\x09\x03\x03\x00x\x05\x00x");
        assert_eq!(play(&mut pair, link, &by_type, refuse(3)).1, Err(Error::Gatt(REFUSED)));
        // What a read may give is not found by the value that is stored.
        let find = Pdu::FindByTypeValueRequest { start: 1, end: 0xffff, kind: 0x2a6e, value: b"x" };
        assert_eq!(pair.ask(link, &find), Err(Error::Gatt(ErrorCode::ATTRIBUTE_NOT_FOUND)));
        // A refusal with no code is Unlikely Error.
        let (_, answer) = play(&mut pair, link, &Pdu::ReadRequest { handle: 5 }, |_, _| Err(ErrorCode(0)));
        assert_eq!(answer, Err(Error::Gatt(ErrorCode::UNLIKELY_ERROR)));
        pair.core(0).disconnect(link);
        pair.pump();
        pair.is_whole();
    }
}

#[test]
fn a_function_sees_what_is_to_be_written_and_nothing_is_before_it_agrees() {
    let (mut pair, link, ..) = Pair::connected(27);
    let ids = serve(&mut pair.core(1), Hook::call(never));
    let now = pair.now;
    let mtu = pair.core(0).exchange_mtu(now, link, None).unwrap();
    pair.pump();
    let Poll::Ready(Ok(answer)) = pair.core(0).answer(mtu) else { panic!("no MTU") };
    pair.core(0).free_answer(answer);
    // Short, and too long for the slot itself.
    for value in [&b"short"[..], &[7; 200]] {
        let (asked, answer) = play(&mut pair, link, &Pdu::WriteRequest { handle: 3, value }, |core, question| {
            let mut octets = [0; 512];
            let length = core.question_value(question, &mut octets).unwrap();
            assert_eq!(&octets[..length], value);
            assert_ne!(stored(core, question.attribute()), value);
            Ok(())
        });
        assert_eq!((asked, answer.unwrap()), (vec![(AccessKind::Write, 3)], vec![0x13]));
        assert_eq!(stored(&mut pair.core(1), ids[0]), value);
        let (_, answer) = play(&mut pair, link, &Pdu::WriteRequest { handle: 3, value: b"no" }, |_, _| Err(REFUSED));
        assert_eq!(answer, Err(Error::Gatt(REFUSED)));
        assert_eq!(stored(&mut pair.core(1), ids[0]), value);
    }
    // A command: nothing is answered, and no second one waits behind it.
    for (word, expected) in [(Err(REFUSED), &[7; 200][..]), (Ok(()), b"command")] {
        let dropped = pair.core(1).counters().values_dropped;
        for value in [&b"command"[..], b"another"] {
            pair.core(0).write_command(link, 3, value).unwrap();
            pair.pump();
        }
        assert_eq!(pair.core(1).counters().values_dropped, dropped + 1);
        let (question, _) = pair.core(1).poll_question().unwrap();
        pair.core(1).answer_question(now, question, word).unwrap();
        assert_eq!(stored(&mut pair.core(1), ids[0]), expected);
        assert!(pair.core(1).poll_question().is_none());
    }
    // Prepared: each attribute is asked about once, as its value would be, and one refusal leaves all as it was.
    let prepare = |pair: &mut Pair, handle, offset, value| {
        pair.ask(link, &Pdu::PrepareWriteRequest { handle, offset, value }).unwrap();
    };
    for refused in [Some(7), None] {
        prepare(&mut pair, 5, 0, b"one");
        prepare(&mut pair, 7, 5, b" and more");
        prepare(&mut pair, 5, 3, b"two");
        let (asked, answer) = play(&mut pair, link, &Pdu::ExecuteWriteRequest { flags: 1 }, |core, question| {
            let mut octets = [0; 16];
            let length = core.question_value(question, &mut octets).unwrap();
            let handle = question.attribute().handle();
            assert_eq!(&octets[..length], if handle == 5 { &b"onetwo"[..] } else { b"first and more" });
            if refused == Some(handle) { Err(REFUSED) } else { Ok(()) }
        });
        assert_eq!(asked, [(AccessKind::Write, 5), (AccessKind::Write, 7)]);
        let [five, seven] = [ids[1], ids[2]].map(|id| stored(&mut pair.core(1), id));
        match refused {
            Some(_) => {
                assert_eq!(answer, Err(Error::Gatt(REFUSED)));
                assert_eq!([five, seven], [b"first", b"first"]);
            }
            None => {
                assert_eq!(answer.unwrap(), [0x19]);
                assert_eq!((&five[..], &seven[..]), (&b"onetwo"[..], &b"first and more"[..]));
            }
        }
        // The queue is empty either way.
        assert_eq!(pair.ask(link, &Pdu::ExecuteWriteRequest { flags: 1 }).unwrap(), [0x19]);
    }
    pair.core(0).disconnect(link);
    pair.pump();
    pair.is_whole();
}

#[test]
fn a_task_answers_later_and_the_link_goes_on_meanwhile() {
    let (mut pair, link, peripheral, _) = Pair::connected(27);
    let ids = serve(&mut pair.core(1), Hook::DEFERRED);
    let now = pair.now;
    let take = |core: &mut Core<'_>, at: usize, kind| core.take_question(ids[at], kind);
    let ticket = pair.core(0).request(now, link, &Pdu::ReadRequest { handle: 3 }).unwrap();
    pair.pump();
    assert!(pair.core(1).poll_question().is_none(), "it is for no function");
    assert_eq!(take(&mut pair.core(1), 0, AccessKind::Write), Poll::Pending);
    assert_eq!(take(&mut pair.core(1), 1, AccessKind::Read), Poll::Pending);
    let Poll::Ready(Ok(question)) = take(&mut pair.core(1), 0, AccessKind::Read) else { panic!("nobody is asked") };
    assert_eq!((question.link(), question.offset()), (peripheral, 0));
    assert_eq!(take(&mut pair.core(1), 0, AccessKind::Read), Poll::Pending, "once");
    // Requests of the other side are answered, and so are commands that need no word; a second request is too early.
    let back = pair.core(1).request(now, peripheral, &Pdu::ReadRequest { handle: 1 }).unwrap();
    pair.pump();
    assert!(matches!(pair.core(1).answer(back), Poll::Ready(Err(Error::Gatt(_)))));
    pair.core(1).answer_question(now, question, Ok(())).unwrap();
    pair.pump();
    let Poll::Ready(Ok(answer)) = pair.core(0).answer(ticket) else { panic!("no answer") };
    pair.core(0).free_answer(answer);

    // Without a word the peer is answered before it gives up.
    let ticket = pair.core(0).request(now, link, &Pdu::WriteRequest { handle: 5, value: b"late" }).unwrap();
    pair.core(0).write_command(link, 7, b"late").unwrap_err();
    pair.pump();
    pair.core(0).write_command(link, 7, b"late").unwrap();
    pair.pump();
    let Poll::Ready(Ok(late)) = take(&mut pair.core(1), 1, AccessKind::Write) else { panic!("nobody is asked") };
    assert_eq!(pair.core(1).poll_timeout(), Some(now.after(Duration::from_secs(29))));
    pair.now = now.after(Duration::from_secs(29));
    let now = pair.now;
    let timeouts = pair.core(1).counters().timeouts;
    pair.core(1).handle_timeout(now);
    pair.pump();
    assert_eq!(pair.core(1).counters().timeouts, timeouts + 2);
    assert_eq!(pair.core(0).answer(ticket), Poll::Ready(Err(Error::Gatt(ErrorCode::UNLIKELY_ERROR))));
    assert_eq!(pair.core(1).answer_question(now, late, Ok(())), Err(Error::Timeout));
    for id in &ids {
        assert_eq!(stored(&mut pair.core(1), *id), b"first");
    }

    // A peer that leaves takes its question along, and a new table is asked about anew.
    let ticket = pair.core(0).request(now, link, &Pdu::ReadRequest { handle: 3 }).unwrap();
    pair.pump();
    let Poll::Ready(Ok(old)) = take(&mut pair.core(1), 0, AccessKind::Read) else { panic!("nobody is asked") };
    let new = serve(&mut pair.core(1), Hook::DEFERRED);
    pair.pump();
    assert_eq!(pair.core(1).answer_question(now, old, Ok(())), Err(Error::Timeout));
    let Poll::Ready(Ok(question)) = pair.core(1).take_question(new[0], AccessKind::Read) else { panic!("not anew") };
    pair.core(0).disconnect(link);
    pair.pump();
    assert_eq!(pair.core(1).answer_question(now, question, Ok(())), Err(Error::Disconnected));
    assert!(matches!(pair.core(0).answer(ticket), Poll::Ready(Err(Error::Disconnected))));
    pair.is_whole();
}

#[test]
fn all_the_words_that_a_request_needs_come_within_29_s() {
    let ends = Duration::from_secs(29);
    for registers in [false, true] {
        let (mut pair, link, ..) = Pair::connected(27);
        let mut ids = serve(&mut pair.core(1), Hook::DEFERRED);
        let begin = pair.now;
        let handles = [3, 0, 5, 0];
        let request = Pdu::ReadMultipleRequest { handles: Handles::parse(&handles).unwrap() };
        let ticket = pair.core(0).request(begin, link, &request).unwrap();
        pair.pump();
        pair.now = begin.after(Duration::from_secs(20));
        let now = pair.now;
        if registers {
            ids = serve(&mut pair.core(1), Hook::DEFERRED);
        } else {
            let taken = pair.core(1).take_question(ids[0], AccessKind::Read);
            let Poll::Ready(Ok(question)) = taken else { panic!("nobody is asked") };
            pair.core(1).answer_question(now, question, Ok(())).unwrap();
        }
        pair.pump();
        // The next question has what is left of the time.
        let asked = ids[usize::from(!registers)];
        assert!(matches!(pair.core(1).take_question(asked, AccessKind::Read), Poll::Ready(Ok(_))));
        assert_eq!(pair.core(1).poll_timeout(), Some(begin.after(ends)), "{registers}");
        pair.now = begin.after(ends);
        let now = pair.now;
        pair.core(1).handle_timeout(now);
        pair.pump();
        assert_eq!(pair.core(0).answer(ticket), Poll::Ready(Err(Error::Gatt(ErrorCode::UNLIKELY_ERROR))));
        // Nothing is due any more, and the next request has its own time.
        assert!(pair.core(1).poll_timeout().is_none_or(|due| due > now.after(ends)));
        let ticket = pair.core(0).request(now, link, &Pdu::ReadRequest { handle: 3 }).unwrap();
        pair.pump();
        assert_eq!(pair.core(1).poll_timeout(), Some(now.after(ends)));
        pair.core(0).abandon_request(ticket);
        pair.core(0).disconnect(link);
        pair.pump();
        pair.is_whole();
    }
}
