//! A peer that answers as it likes: the procedure ends, the link lives, nothing is kept, and the next procedure works.
#![cfg(all(feature = "central", feature = "client", feature = "sim", not(feature = "sync")))]
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

use core::{future::Future, pin::Pin};
use embassy_time::Timer;
use jelling::{ClientCharacteristic, ClientService, Connection, Error, ErrorCode, Host, Updates, Uuid};
use std::collections::BTreeSet;
use support::{Peer, honest, play};

/// What a procedure works on.
#[derive(Clone)]
struct Remote<'d> {
    host: Host<'d>,
    connection: Connection<'d>,
    service: ClientService<'d>,
    characteristic: ClientCharacteristic<'d>,
}

type Ending<'a> = Pin<Box<dyn Future<Output = Result<(), Error>> + 'a>>;
type Procedure = for<'a> fn(&'a Remote<'_>) -> Ending<'a>;

macro_rules! procedure {
    ($remote:ident, $body:expr) => {
        |$remote| Box::pin(async move { $body })
    };
}

/// Every item of a discovery.
macro_rules! all {
    ($discovery:expr) => {{
        let mut discovery = $discovery;
        while discovery.next().await?.is_some() {}
        Ok(())
    }};
}

const VALUE: Uuid = Uuid::new16(honest::CHARACTERISTIC);
const LONG: [u8; 40] = [7; 40];
const HANDLES: [u16; 2] = [honest::VALUE, honest::VALUE];

/// Every procedure of the client, by the name of its section or call.
const PROCEDURES: [(&str, Procedure); 18] = [
    ("services", procedure!(r, all!(r.connection.services(None)))),
    ("service by UUID", procedure!(r, r.connection.service(Uuid::new16(honest::SERVICE)).await.map(drop))),
    ("secondary services", procedure!(r, all!(r.connection.secondary_services()))),
    ("includes", procedure!(r, all!(r.service.includes()))),
    ("characteristics", procedure!(r, all!(r.service.characteristics(None)))),
    ("descriptors", procedure!(r, all!(r.characteristic.descriptors()))),
    ("attributes", procedure!(r, all!(r.connection.attributes(1..=0xffff)))),
    ("read", procedure!(r, r.characteristic.read_into(&mut [0; 512]).await.map(drop))),
    (
        "read by UUID",
        procedure!(r, {
            let mut values = r.connection.read_by_uuid(VALUE);
            while values.next_into(&mut [0; 512]).await?.is_some() {}
            Ok(())
        }),
    ),
    ("read multiple", procedure!(r, r.connection.read_multiple(&HANDLES, &mut [0; 512]).await.map(drop))),
    (
        "read multiple variable",
        procedure!(r, r.connection.read_multiple_variable(&HANDLES, &mut [0; 512]).await.map(drop)),
    ),
    ("write", procedure!(r, r.characteristic.write(&1u16).response().await)),
    ("long write", procedure!(r, r.characteristic.write(&LONG).await)),
    (
        "reliable write",
        procedure!(r, r.connection.reliable_write(&[(r.characteristic, &[1]), (r.characteristic, &LONG)]).await),
    ),
    ("subscribe", procedure!(r, r.characteristic.subscribe(Updates::NOTIFY).await.map(drop))),
    (
        "attribute",
        procedure!(r, {
            let mut attributes = r.service.attributes();
            let Some(attribute) = attributes.next().await? else { return Err(Error::NotFound) };
            attribute.read_into(&mut [0; 512]).await.map(drop)
        }),
    ),
    ("write command", procedure!(r, r.characteristic.write(&1u16).no_response().await)),
    (
        "MTU",
        procedure!(
            r,
            match r.connection.exchange_mtu().await {
                // This side asks once on a link.
                Err(Error::Gatt(ErrorCode::REQUEST_NOT_SUPPORTED)) => Ok(()),
                result => result.map(drop),
            }
        ),
    ),
];

async fn remote<'d>(host: Host<'d>, connection: Connection<'d>, peer: &Peer<'_>) -> Remote<'d> {
    peer.answers(honest::answer);
    let service = connection.service(Uuid::new16(honest::SERVICE)).await.unwrap();
    let characteristic = service.characteristic(VALUE).await.unwrap();
    assert_eq!((characteristic.value_handle(), characteristic.end_handle()), (honest::VALUE, 0x1f));
    Remote { host, connection, service, characteristic }
}

/// After whatever the peer did: nothing is kept, the link lives, and a procedure works.
async fn is_well(remote: &Remote<'_>, peer: &Peer<'_>, what: &dyn core::fmt::Debug) {
    peer.answers(honest::answer);
    assert_eq!(remote.characteristic.read::<u16>().await, Ok(0x09c4), "after {what:?}");
    assert_eq!(remote.characteristic.write(&LONG).await, Ok(()), "after {what:?}");
    assert!(remote.connection.is_connected(), "{what:?} ended the link");
    let pools = remote.host.pools();
    assert_eq!((pools.blocks.used, pools.queues.used), (0, 0), "{what:?} is kept: {pools:?}");
}

#[test]
fn every_procedure_works_with_an_honest_peer() {
    play(async |host, connection, peer| {
        let remote = remote(host, connection, peer).await;
        for (name, procedure) in PROCEDURES {
            assert_eq!(procedure(&remote).await, Ok(()), "{name}");
        }
        is_well(&remote, peer, &"honesty").await;
    });
}

/// Opcodes of all responses: the next of them ends a request, whatever it holds.
const RESPONSES: [u8; 13] = [0x01, 0x03, 0x05, 0x07, 0x09, 0x0b, 0x0d, 0x0f, 0x11, 0x13, 0x17, 0x19, 0x21];
/// Opcodes of what else a peer may say, some of them unknown: no request ends with it.
const OTHERS: [u8; 8] = [0x1b, 0x1d, 0x1e, 0x23, 0x00, 0x3f, 0x7f, 0xff];

/// PDUs of an opcode, of each length to beyond the MTU, filled with handles at the edges: each handle again and again, and, where
/// a length or a format comes first, one that is right for some entries.
fn pdus(opcode: u8) -> BTreeSet<Vec<u8>> {
    let edges = [0x0000u16, 0x0001, 0x0010, 0x0013, 0x001f, 0x0020, 0xfffe, 0xffff].map(u16::to_le_bytes);
    let mut fillings: Vec<Vec<u8>> = edges.iter().map(|edge| edge.repeat(16)).collect();
    let firsts: &[u8] = match opcode {
        0x05 => &[1, 2],
        0x09 => &[1, 2, 4, 6, 7, 8, 20, 21],
        0x11 => &[6, 20, 21],
        _ => &[],
    };
    for first in firsts {
        for [low, high] in edges {
            fillings.push([&[*first], &*[low, high].repeat(16)].concat());
            // A handle, and the last one.
            fillings.push([&[*first], &*[low, high, 0xff, 0xff].repeat(8)].concat());
        }
    }
    let whole = fillings.iter().map(|filling| [&[opcode], &**filling].concat());
    whole.flat_map(|pdu| (1..=24).map(move |length| pdu[..length].to_vec())).collect()
}

/// Procedures that can be asked for again and again on one link.
fn repeatable() -> impl Iterator<Item = (&'static str, Procedure)> {
    PROCEDURES.into_iter().filter(|(name, _)| *name != "MTU")
}

/// An Error Response that says that there is no more.
fn is_end(answer: &[u8]) -> bool {
    matches!(answer, [0x01, .., 0x0a])
}

#[test]
fn every_response_of_every_length_ends_every_procedure() {
    play(async |host, connection, peer| {
        let remote = remote(host, connection, peer).await;
        for (name, procedure) in repeatable() {
            for answer in RESPONSES.into_iter().flat_map(pdus) {
                let said = answer.clone();
                let is_command = |request: &[u8]| request[0] == 0x52;
                peer.answers(move |request| if is_command(request) { vec![] } else { vec![said.clone()] });
                peer.heard();
                // A simulation in which no time passes is taken for one that spins.
                Timer::after_micros(1).await;
                let result = procedure(&remote).await;
                let heard = peer.heard();
                // A read of 512 octets is 24 requests.
                assert!(heard.len() <= 26, "{name} asks {} times for {answer:x?}", heard.len());
                assert_ne!(result, Err(Error::Timeout), "{name} waits after {answer:x?}");
                // A command is done before it is heard.
                let asked = heard.first().filter(|request| !is_command(request));
                let right = is_end(&answer) || asked.is_none_or(|request| request[0] + 1 == answer[0]);
                assert!(result.is_err() || right, "{name} takes {answer:x?}");
            }
            is_well(&remote, peer, &name).await;
        }
    });
}

#[test]
fn what_is_no_response_ends_no_procedure() {
    play(async |host, connection, peer| {
        let remote = remote(host, connection, peer).await;
        let others = || OTHERS.into_iter().flat_map(pdus).chain([vec![]]);
        for (name, procedure) in repeatable() {
            // Every fifth: each opcode meets with each length.
            for noise in others().step_by(5) {
                Timer::after_micros(1).await;
                let said = noise.clone();
                peer.answers(move |request| match request[0] {
                    // Our refusal of a request, our confirmation.
                    0x01 | 0x1e => vec![],
                    _ => [vec![said.clone()], honest::answer(request)].concat(),
                });
                assert_eq!(procedure(&remote).await, Ok(()), "{name} hears {noise:x?}");
            }
            is_well(&remote, peer, &name).await;
        }
    });
}

#[test]
fn responses_to_no_request_are_counted_and_change_nothing() {
    play(async |host, connection, peer| {
        let remote = remote(host, connection, peer).await;
        let before = host.counters().unexpected;
        let said: Vec<Vec<u8>> = RESPONSES.into_iter().flat_map(pdus).step_by(7).collect();
        for response in &said {
            peer.say(response);
        }
        Timer::after_micros(1).await;
        is_well(&remote, peer, &"responses").await;
        assert_eq!(host.counters().unexpected - before, said.len() as u32);
    });
}

/// Answers one after another, whatever is asked; the last one again and again.
fn in_turn(answers: &'static [&'static [u8]]) -> impl FnMut(&[u8]) -> Vec<Vec<u8>> {
    let mut next = 0;
    move |request| {
        if request[0] == 0x18 && request[1] == 0 {
            return vec![vec![0x19]];
        }
        let answer = answers[next.min(answers.len() - 1)];
        next += 1;
        vec![answer.to_vec()]
    }
}

const NONE: &[u8] = &[0x01, 0x08, 0x11, 0, 0x0a];
const FULL: &[u8] = &[0x0d; 23];

#[test]
fn what_hostile_answers_lead_to() {
    use Error::{Gatt, InvalidValue, Protocol, TooLong};
    let handle = Gatt(ErrorCode::INVALID_HANDLE);
    let table: &[(&str, &str, &[&[u8]], Result<(), Error>)] = &[
        ("an error of another request", "read", &[&[0x01, 0x12, 0x13, 0, 0x01]], Err(Protocol)),
        ("an error of this request", "read", &[&[0x01, 0x0a, 0x13, 0, 0x01]], Err(handle)),
        ("an error that is cut", "read", &[&[0x01, 0x0a, 0x13, 0]], Err(Protocol)),
        ("the answer to another request", "read", &[&[0x0d, 1]], Err(Protocol)),
        ("an answer beyond the MTU", "read", &[&[0x0b; 24]], Err(Protocol)),
        ("a value without an end", "read", &[&[0x0b; 23], FULL], Err(Protocol)),
        ("a value that ends with its PDU", "read", &[&[0x0b; 23], &[0x01, 0x0c, 0x13, 0, 0x0b]], Ok(())),
        ("a server without long values", "read", &[&[0x0b; 23], &[0x01, 0x0c, 0x13, 0, 0x06]], Ok(())),
        (
            "a part that may not be read",
            "read",
            &[&[0x0b; 23], &[0x01, 0x0c, 0x13, 0, 0x05]],
            Err(Gatt(ErrorCode::INSUFFICIENT_AUTHENTICATION)),
        ),
        ("a service again", "services", &[&[0x11, 6, 0x10, 0, 0x1f, 0, 0x1a, 0x18]], Err(Protocol)),
        (
            "a service that ends before it begins",
            "services",
            &[&[0x11, 6, 0x10, 0, 0x0f, 0, 0x1a, 0x18]],
            Err(Protocol),
        ),
        ("a service at handle 0", "services", &[&[0x11, 6, 0, 0, 0x0f, 0, 0x1a, 0x18]], Err(Protocol)),
        (
            "services that overlap",
            "services",
            &[&[0x11, 6, 0x10, 0, 0x1f, 0, 0x1a, 0x18, 0x1f, 0, 0x2f, 0, 0x1a, 0x18]],
            Err(Protocol),
        ),
        (
            "a service after the last handle",
            "services",
            &[&[0x11, 6, 0x10, 0, 0xff, 0xff, 0x1a, 0x18, 0xff, 0xff, 0xff, 0xff, 0x1a, 0x18]],
            Err(Protocol),
        ),
        ("services of no such length", "services", &[&[0x11, 8, 0x10, 0, 0x1f, 0, 0x1a, 0x18, 1, 2]], Err(Protocol)),
        ("services that are cut", "services", &[&[0x11, 6, 0x10, 0, 0x1f, 0, 0x1a]], Err(Protocol)),
        ("a service by UUID again", "service by UUID", &[&[0x07, 0x10, 0, 0x0f, 0]], Err(Protocol)),
        ("a characteristic again", "characteristics", &[&[0x09, 7, 0x12, 0, 2, 0x13, 0, 0x6e, 0x2a]], Err(Protocol)),
        (
            "a value before its declaration",
            "characteristics",
            &[&[0x09, 7, 0x12, 0, 2, 0x12, 0, 0x6e, 0x2a]],
            Err(Protocol),
        ),
        (
            "a value beyond the service",
            "characteristics",
            &[&[0x09, 7, 0x12, 0, 2, 0x20, 0, 0x6e, 0x2a]],
            Err(Protocol),
        ),
        (
            "a characteristic after the last",
            "characteristics",
            &[&[0x09, 7, 0x12, 0, 2, 0x1f, 0, 0x6e, 0x2a, 0x13, 0, 2, 0x1f, 0, 0x6e, 0x2a]],
            Err(Protocol),
        ),
        ("an include again", "includes", &[&[0x09, 8, 0x11, 0, 0x20, 0, 0x2f, 0, 0x0f, 0x18]], Err(Protocol)),
        ("an include of handle 0", "includes", &[&[0x09, 8, 0x11, 0, 0, 0, 0x2f, 0, 0x0f, 0x18], NONE], Err(Protocol)),
        (
            "an include that ends before",
            "includes",
            &[&[0x09, 8, 0x11, 0, 0x20, 0, 0x1f, 0, 0x0f, 0x18], NONE],
            Err(Protocol),
        ),
        (
            "an include beyond the service",
            "includes",
            &[&[0x09, 8, 0x20, 0, 0x20, 0, 0x2f, 0, 0x0f, 0x18], NONE],
            Err(Protocol),
        ),
        (
            "an include of 16 bits without a UUID",
            "includes",
            &[&[0x09, 6, 0x11, 0, 0x20, 0, 0x2f, 0], &[0x0b, 0x0f, 0x18]],
            Err(Protocol),
        ),
        (
            "an include whose UUID may not be read",
            "includes",
            &[&[0x09, 6, 0x11, 0, 0x20, 0, 0x2f, 0], &[0x01, 0x0a, 0x20, 0, 0x01]],
            Err(handle),
        ),
        (
            "an include of 128 bits",
            "includes",
            &[
                &[0x09, 6, 0x11, 0, 0x20, 0, 0x2f, 0],
                &[0x0b, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16],
                NONE,
            ],
            Ok(()),
        ),
        ("a descriptor again", "descriptors", &[&[0x05, 1, 0x14, 0, 2, 0x29]], Err(Protocol)),
        ("a descriptor of another form", "descriptors", &[&[0x05, 3, 0x14, 0, 2, 0x29]], Err(Protocol)),
        ("an attribute before the first", "attribute", &[&[0x05, 1, 0x0f, 0, 2, 0x29]], Err(Protocol)),
        ("a value by UUID again", "read by UUID", &[&[0x09, 4, 0x13, 0, 1, 2]], Err(Protocol)),
        (
            "values by UUID that do not ascend",
            "read by UUID",
            &[&[0x09, 4, 0x13, 0, 1, 2, 0x12, 0, 1, 2]],
            Err(Protocol),
        ),
        ("an entry shorter than a handle", "read by UUID", &[&[0x09, 1, 0x13]], Err(Protocol)),
        ("values that are cut", "read multiple variable", &[&[0x21, 2, 0, 1, 2, 2, 0, 1]], Err(Protocol)),
        ("a value that lies of its length", "read multiple variable", &[&[0x21, 0xff, 0xff, 1, 2]], Err(Protocol)),
        ("half a length", "read multiple variable", &[&[0x21, 2, 0, 1, 2, 2]], Err(Protocol)),
        ("fewer values", "read multiple variable", &[&[0x21, 2, 0, 1, 2]], Err(Protocol)),
        ("more values", "read multiple variable", &[&[0x21, 1, 0, 1, 1, 0, 2, 1, 0, 3]], Err(Protocol)),
        (
            "the last value cut by the MTU",
            "read multiple variable",
            &[&[0x21, 2, 0, 1, 2, 99, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]],
            Ok(()),
        ),
        (
            "no value but the first fits",
            "read multiple variable",
            &[&[0x21, 18, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18]],
            Ok(()),
        ),
        ("the answer to Read Multiple", "read multiple variable", &[&[0x0f, 1, 2]], Err(Protocol)),
        ("the answer with lengths", "read multiple", &[&[0x21, 1, 0, 1, 1, 0, 1]], Err(Protocol)),
        ("an answer that holds more than it may", "write", &[&[0x13, 0]], Err(Protocol)),
        (
            "an echo of another handle",
            "long write",
            &[&[0x17, 0x14, 0, 0, 0, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7]],
            Err(Protocol),
        ),
        (
            "an echo of another offset",
            "long write",
            &[&[0x17, 0x13, 0, 1, 0, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7]],
            Err(Protocol),
        ),
        (
            "an echo whose last octet differs",
            "long write",
            &[&[0x17, 0x13, 0, 0, 0, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8]],
            Err(Protocol),
        ),
        (
            "an echo that is cut",
            "long write",
            &[&[0x17, 0x13, 0, 0, 0, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7]],
            Err(Protocol),
        ),
        ("an echo that goes on", "reliable write", &[&[0x17, 0x13, 0, 0, 0, 1, 1]], Err(Protocol)),
        (
            "a full queue",
            "reliable write",
            &[&[0x17, 0x13, 0, 0, 0, 1], &[0x01, 0x16, 0x13, 0, 0x09]],
            Err(Gatt(ErrorCode::PREPARE_QUEUE_FULL)),
        ),
        (
            "a queue that cannot be executed",
            "reliable write",
            &[
                &[0x17, 0x13, 0, 0, 0, 1],
                &[0x17, 0x13, 0, 0, 0, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7],
                &[0x17, 0x13, 0, 18, 0, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7],
                &[0x17, 0x13, 0, 36, 0, 7, 7, 7, 7],
                &[0x01, 0x18, 0x13, 0, 0x0d],
            ],
            Err(Gatt(ErrorCode::INVALID_ATTRIBUTE_VALUE_LENGTH)),
        ),
        (
            "a CCCD that may not be written",
            "subscribe",
            &[&[0x05, 1, 0x14, 0, 2, 0x29], &[0x01, 0x12, 0x14, 0, 0x05]],
            Err(Gatt(ErrorCode::INSUFFICIENT_AUTHENTICATION)),
        ),
        ("no CCCD", "subscribe", &[&[0x01, 0x04, 0x14, 0, 0x0a]], Err(Error::NoCccd)),
    ];
    play(async |host, connection, peer| {
        let remote = remote(host, connection, peer).await;
        for (what, name, answers, expected) in table {
            let (_, procedure) = PROCEDURES.iter().find(|(n, _)| n == name).expect("a procedure");
            peer.answers(in_turn(answers));
            assert_eq!(procedure(&remote).await, *expected, "{name}: {what}");
            is_well(&remote, peer, what).await;
        }
        // What is no value of the type asked for, and what the buffer is too short for, are the application's to hear of.
        peer.answers(in_turn(&[&[0x0b, 1, 2, 3]]));
        assert_eq!(remote.characteristic.read::<u16>().await, Err(InvalidValue));
        assert_eq!(remote.characteristic.read_into(&mut [0; 2]).await, Err(TooLong));
        peer.answers(in_turn(&[&[0x0f, 1, 2, 3, 4]]));
        assert_eq!(remote.connection.read_multiple(&HANDLES, &mut [0; 3]).await, Err(TooLong));
        is_well(&remote, peer, &"values").await;
    });
}

#[test]
fn after_an_error_a_discovery_has_no_more() {
    play(async |host, connection, peer| {
        let remote = remote(host, connection, peer).await;
        // The first characteristic is held until its end is known; what follows makes no sense.
        peer.answers(in_turn(&[
            &[0x09, 7, 0x11, 0, 2, 0x12, 0, 0x6e, 0x2a],
            &[0x09, 7, 0x12, 0, 2, 0x13, 0, 0x6e, 0x2a],
        ]));
        let mut found = remote.service.characteristics(None);
        assert_eq!(found.next().await.unwrap_err(), Error::Protocol);
        assert!(found.next().await.unwrap().is_none());
        drop(found);
        is_well(&remote, peer, &"a discovery").await;
    });
}

#[test]
fn the_mtu_of_an_exchange_is_what_both_can() {
    let mut answers: Vec<(Vec<u8>, Result<u16, Error>)> = vec![
        (vec![0x01, 0x02, 0, 0, 0x06], Err(Error::Gatt(ErrorCode::REQUEST_NOT_SUPPORTED))),
        (vec![0x01, 0x04, 0, 0, 0x06], Err(Error::Protocol)),
        (vec![0x03], Err(Error::Protocol)),
        (vec![0x03, 100], Err(Error::Protocol)),
        (vec![0x03, 100, 0, 0], Err(Error::Protocol)),
    ];
    for (theirs, both) in
        [(0, 23), (1, 23), (22, 23), (23, 23), (24, 24), (516, 516), (517, 517), (518, 517), (0xffff, 517)]
    {
        let [low, high] = u16::to_le_bytes(theirs);
        answers.push((vec![0x03, low, high], Ok(both)));
    }
    for (answer, expected) in answers {
        play(async |host, connection, peer| {
            let remote = remote(host, connection, peer).await;
            let mut said = Some(answer.clone());
            peer.answers(move |_| said.take().into_iter().collect());
            assert_eq!(remote.connection.exchange_mtu().await, expected, "{answer:x?}");
            assert_eq!(remote.connection.mtu(), Ok(expected.unwrap_or(23)));
            is_well(&remote, peer, &answer).await;
        });
    }
}
