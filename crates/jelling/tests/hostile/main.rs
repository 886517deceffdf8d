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

mod procedures;
#[path = "../support/mod.rs"]
mod support;
mod table;

use embassy_time::Timer;
use jelling::{Error, ErrorCode};
use procedures::{PROCEDURES, Procedure, is_well, remote};
use std::collections::BTreeSet;
use support::{honest, play};
use table::in_turn;

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
            peer.answers(honest::answer);
            peer.heard();
            assert_eq!(procedure(&remote).await, Ok(()), "{name}");
            let expected: BTreeSet<u8> = peer.heard().iter().map(|request| request[0] + 1).chain([0x01]).collect();
            // What is no answer to its requests ends on one and the same path: of those every fifth, which is some at each length.
            let step = |opcode| if expected.contains(&opcode) { 1 } else { 5 };
            for answer in RESPONSES.into_iter().flat_map(|opcode| pdus(opcode).into_iter().step_by(step(opcode))) {
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
