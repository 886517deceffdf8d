//! Which PDUs a write is, and that nothing is left half written at the peer: dropped, out of time, two at once, at another MTU.
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

use core::{cell::RefCell, time::Duration};
use embassy_futures::join::{join, join3};
use embassy_time::Timer;
use jelling::{ClientCharacteristic, Connection, Error, Properties, Uuid};
use std::rc::Rc;
use support::{Peer, honest, play};

/// The characteristic, with these properties.
async fn find<'d>(connection: &Connection<'d>, peer: &Peer<'_>, properties: Properties) -> ClientCharacteristic<'d> {
    peer.answers(move |request| {
        let mut answers = honest::answer(request);
        if let [0x09, 7, 0x12, 0, declared, ..] = &mut *answers[0] {
            *declared = properties.bits();
        }
        answers
    });
    let service = connection.service(Uuid::new16(honest::SERVICE)).await.unwrap();
    let found = service.characteristic(Uuid::new16(honest::CHARACTERISTIC)).await.unwrap();
    assert_eq!(found.properties(), properties);
    peer.answers(honest::answer);
    peer.heard();
    found
}

/// A server's queue of prepared writes, and what was executed: handle, offset and octets of each part.
#[derive(Default)]
struct Queue {
    prepared: Vec<Vec<u8>>,
    executed: Vec<Vec<u8>>,
}

impl Queue {
    fn hear(&mut self, request: &[u8]) {
        match request {
            [0x16, part @ ..] => self.prepared.push(part.to_vec()),
            [0x18, 0] => self.prepared.clear(),
            [0x18, _] => self.executed.append(&mut self.prepared),
            _ => {}
        }
    }

    /// The value that was executed.
    fn value(&self) -> Vec<u8> {
        let mut value = vec![];
        for part in &self.executed {
            assert_eq!(usize::from(u16::from_le_bytes([part[2], part[3]])), value.len(), "{:x?}", self.executed);
            value.extend(&part[4..]);
        }
        value
    }
}

/// A value of so many octets, none like the one before.
fn value(length: usize) -> Vec<u8> {
    (0..length).map(|i| i as u8).collect()
}

#[derive(Clone, Copy, Debug)]
enum Choice {
    None,
    Response,
    NoResponse,
}

/// What the characteristic offers, the builder's choice, octets, and the opcodes or the error.
type Row = (Properties, Choice, usize, Result<&'static [u8], Error>);

#[test]
fn which_pdus_a_write_is() {
    use Choice::{NoResponse, Response};
    use Error::{NotSupported, TooLong};
    let (read, write, command) = (Properties::READ, Properties::WRITE, Properties::WRITE_WITHOUT_RESPONSE);
    let long: &'static [u8] = &[0x16, 0x16, 0x18];
    let table: [Row; 21] = [
        // aioble's choice: answered if the characteristic offers Write and not Write Without Response.
        (write, Choice::None, 20, Ok(&[0x12])),
        (command, Choice::None, 20, Ok(&[0x52])),
        (write | command, Choice::None, 20, Ok(&[0x52])),
        (read, Choice::None, 1, Err(NotSupported)),
        (write, Choice::None, 0, Ok(&[0x12])),
        (command, Choice::None, 0, Ok(&[0x52])),
        // What is longer than MTU - 3 is never cut.
        (write, Choice::None, 21, Ok(long)),
        (write | command, Choice::None, 21, Ok(long)),
        (command, Choice::None, 21, Err(TooLong)),
        (write | command, Choice::None, 512, Ok(&[0x16; 29])),
        (write | command, Choice::None, 513, Err(TooLong)),
        (write, Response, 20, Ok(&[0x12])),
        (write | command, Response, 20, Ok(&[0x12])),
        (write | command, Response, 36, Ok(long)),
        (write | command, Response, 513, Err(TooLong)),
        (command, Response, 1, Err(NotSupported)),
        (command, NoResponse, 20, Ok(&[0x52])),
        (write | command, NoResponse, 20, Ok(&[0x52])),
        (write | command, NoResponse, 21, Err(TooLong)),
        (write, NoResponse, 1, Err(NotSupported)),
        (read, NoResponse, 1, Err(NotSupported)),
    ];
    play(async |_, connection, peer| {
        for (properties, choice, length, expected) in table {
            let characteristic = find(&connection, peer, properties).await;
            let octets = value(length);
            let write = characteristic.write(&octets[..]);
            let result = match choice {
                Choice::None => write.await,
                Response => write.response().await,
                NoResponse => write.no_response().await,
            };
            // A command is on its way when its call is done.
            Timer::after_millis(1).await;
            let what = format!("{properties:?}, {choice:?}, {length} octets");
            let heard = peer.heard();
            let opcodes: Vec<u8> = heard.iter().map(|pdu| pdu[0]).collect();
            match expected {
                Ok(expected) => {
                    assert_eq!(result, Ok(()), "{what}");
                    assert!(opcodes.starts_with(expected), "{what}: {opcodes:x?}");
                    let mut queue = Queue::default();
                    heard.iter().for_each(|pdu| queue.hear(pdu));
                    let written = if expected[0] == 0x16 { queue.value() } else { heard[0][3..].to_vec() };
                    assert_eq!(written, octets, "{what}");
                }
                Err(error) => assert_eq!((result, &*opcodes), (Err(error), &[][..]), "{what}"),
            }
        }
    });
}

/// Plays a write that ends in the middle, and wants nothing prepared at the peer before the next one is whole.
async fn ends_midway(connection: &Connection<'_>, peer: &Peer<'_>, give_up_at: usize, late: bool) {
    let characteristic = find(connection, peer, Properties::WRITE).await;
    let queue = Rc::new(RefCell::new(Queue::default()));
    let (seen, said) = (queue.clone(), Rc::new(RefCell::new(None)));
    let (last, mut count) = (said.clone(), 0);
    peer.answers(move |request| {
        seen.borrow_mut().hear(request);
        count += 1;
        let answers = honest::answer(request);
        if count == give_up_at {
            // The answer comes when the write has been given up.
            *last.borrow_mut() = Some(answers[0].clone());
            return vec![];
        }
        answers
    });
    let long = value(60);
    let write = characteristic.write(&long[..]).timeout(Duration::from_millis(50));
    if late {
        assert_eq!(write.await, Err(Error::Timeout));
    } else {
        // Dropped while the peer has not answered.
        let end = connection.timeout(Some(Duration::from_millis(10)), write).await;
        assert_eq!(end, Err(Error::Timeout));
    }
    assert_eq!(queue.borrow().prepared.len(), give_up_at.min(4));
    peer.say(&said.take().expect("a request went out"));
    Timer::after_millis(1).await;
    assert!(queue.borrow().prepared.is_empty(), "given up at {give_up_at}, and the peer keeps the beginning");
    queue.take();
    assert_eq!(characteristic.write(&long[..40]).await, Ok(()));
    assert_eq!(queue.borrow().value(), &long[..40]);
}

#[test]
fn a_long_write_that_is_given_up_leaves_nothing_prepared() {
    for give_up_at in 1..=4 {
        for late in [false, true] {
            play(async |_, connection, peer| ends_midway(&connection, peer, give_up_at, late).await);
        }
    }
}

#[test]
fn long_writes_at_once_do_not_mix() {
    play(async |_, connection, peer| {
        let characteristic = find(&connection, peer, Properties::WRITE | Properties::READ).await;
        let queue = Rc::new(RefCell::new(Queue::default()));
        let seen = queue.clone();
        peer.answers(move |request| {
            let mut queue = seen.borrow_mut();
            queue.hear(request);
            if request == [0x18, 1] {
                let value = queue.value();
                assert!([40, 50, 60].contains(&value.len()), "mixed: {:x?}", queue.executed);
                queue.executed.clear();
            }
            honest::answer(request)
        });
        let [a, b, c] = [40, 50, 60].map(value);
        let reliable = [(characteristic, &*c)];
        let writes = join3(
            async { assert_eq!(characteristic.write(&a[..]).await, Ok(())) },
            async { assert_eq!(characteristic.write(&b[..]).await, Ok(())) },
            async { assert_eq!(connection.reliable_write(&reliable).await, Ok(())) },
        );
        // Other requests get between.
        let reads = async {
            for _ in 0..5 {
                assert_eq!(characteristic.read::<u16>().await, Ok(0x09c4));
            }
        };
        join(writes, reads).await;
        let opcodes: Vec<u8> = peer.heard().iter().map(|pdu| pdu[0]).collect();
        assert_eq!(opcodes.iter().filter(|opcode| **opcode == 0x18).count(), 3);
        let first = opcodes.iter().position(|opcode| *opcode == 0x0a).expect("a read");
        assert!(opcodes[first..].contains(&0x16), "the reads had to wait for the writes: {opcodes:x?}");
        assert!(queue.borrow().prepared.is_empty());
    });
}

/// The peer exchanges the MTU after so many of our requests, before it answers.
fn exchanging(after: usize, mut answer: impl FnMut(&[u8]) -> Vec<Vec<u8>>) -> impl FnMut(&[u8]) -> Vec<Vec<u8>> {
    let mut count = 0;
    move |request| {
        if request[0] == 0x03 {
            return vec![];
        }
        count += 1;
        let exchange = (count == after).then(|| vec![0x02, 100, 0]);
        exchange.into_iter().chain(answer(request)).collect()
    }
}

#[test]
fn the_peer_may_exchange_the_mtu_in_the_middle_of_a_long_write() {
    for after in 1..=5 {
        play(async |_, connection, peer| {
            let characteristic = find(&connection, peer, Properties::WRITE).await;
            let queue = Rc::new(RefCell::new(Queue::default()));
            let seen = queue.clone();
            peer.answers(exchanging(after, move |request| {
                seen.borrow_mut().hear(request);
                honest::answer(request)
            }));
            let long = value(60);
            assert_eq!(characteristic.write(&long[..]).await, Ok(()), "after {after}");
            assert_eq!(queue.borrow().value(), long, "after {after}");
        });
    }
}

#[test]
fn the_peer_may_exchange_the_mtu_in_the_middle_of_a_long_read() {
    let whole = value(150);
    for after in 1..=7 {
        for answers_at_the_new_mtu in [false, true] {
            play(async |_, connection, peer| {
                let characteristic = find(&connection, peer, Properties::READ).await;
                let (octets, mut count) = (whole.clone(), 0);
                peer.answers(exchanging(after, move |request| {
                    count += 1;
                    let new = count > after || (count == after && answers_at_the_new_mtu);
                    let offset = if request[0] == 0x0c { usize::from(request[3]) } else { 0 };
                    let part = &octets[offset..octets.len().min(offset + if new { 99 } else { 22 })];
                    vec![[&[request[0] + 1], part].concat()]
                }));
                let mut buffer = [0; 512];
                let length = characteristic.read_into(&mut buffer).await.unwrap();
                assert_eq!(buffer[..length], whole, "after {after}");
            });
        }
    }
}

#[test]
fn a_reliable_write_is_refused_here_where_it_makes_no_sense() {
    play(async |_, connection, peer| {
        let readable = find(&connection, peer, Properties::READ).await;
        let reliable = find(&connection, peer, Properties::READ | Properties::EXTENDED).await;
        let long = [0; 513];
        assert_eq!(connection.reliable_write(&[(reliable, &[1]), (readable, &[1])]).await, Err(Error::NotSupported));
        assert_eq!(connection.reliable_write(&[]).await, Ok(()));
        assert_eq!(peer.heard(), [vec![0x18, 1]], "an empty queue is executed");
        assert_eq!(connection.reliable_write(&[(reliable, &long)]).await, Err(Error::TooLong));
        assert_eq!(connection.reliable_write(&[(reliable, &[]), (reliable, &[1])]).await, Ok(()));
        let heard = peer.heard();
        assert_eq!(heard, [vec![0x16, 0x13, 0, 0, 0], vec![0x16, 0x13, 0, 0, 0, 1], vec![0x18, 1]]);
        connection.disconnect().await.unwrap();
        assert_eq!(connection.reliable_write(&[(reliable, &[1])]).await, Err(Error::Disconnected));
    });
}
