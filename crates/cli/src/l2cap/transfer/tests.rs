//! The ends of a transfer, on a channel of queues, in virtual time.

use super::{Duplex, End, Sent, echo, exchange, take};
use crate::l2cap::{
    files::{Sink, Source},
    progress::{Shown, Tally},
};
use jelling::Error;
use std::{
    cell::RefCell,
    collections::VecDeque,
    future::{Future, pending},
    path::{Path, PathBuf},
    time::Duration,
};
use tokio::time::Instant;

const SECOND: Duration = Duration::from_secs(1);

/// What the peer does next, each thing after a time.
enum Peer {
    Says(Duration, &'static [u8]),
    /// A part of an SDU of which more comes.
    Begins(&'static [u8]),
    Ends(Duration, Error),
}

/// A channel whose peer acts by a script, and takes so many SDUs.
#[derive(Default)]
struct Script {
    peer: RefCell<VecDeque<Peer>>,
    sent: RefCell<Vec<Vec<u8>>>,
    room: Option<usize>,
    /// What sending ends with when there is no more room; never, if nothing.
    refuses: Option<Error>,
}

impl Script {
    fn new(peer: impl IntoIterator<Item = Peer>) -> Self {
        Script { peer: RefCell::new(peer.into_iter().collect()), ..Script::default() }
    }

    fn has(&self) -> Vec<u8> {
        self.sent.borrow().concat()
    }
}

impl Duplex for Script {
    async fn send(&self, sdu: &[u8]) -> Result<(), Error> {
        if self.room == Some(self.sent.borrow().len()) {
            return match self.refuses {
                Some(error) => Err(error),
                None => pending().await,
            };
        }
        self.sent.borrow_mut().push(sdu.to_vec());
        Ok(())
    }

    async fn flush(&self) -> Result<(), Error> {
        Ok(())
    }

    async fn receive(&self, buffer: &mut [u8]) -> Result<(usize, bool), Error> {
        let wait = match self.peer.borrow().front() {
            Some(Peer::Says(wait, _) | Peer::Ends(wait, _)) => Some(*wait),
            Some(Peer::Begins(_)) => Some(Duration::ZERO),
            None => None,
        };
        let Some(wait) = wait else { return pending().await };
        tokio::time::sleep(wait).await;
        let step = self.peer.borrow_mut().pop_front().unwrap();
        let (octets, ends) = match step {
            Peer::Says(_, octets) => (octets, true),
            Peer::Begins(octets) => (octets, false),
            Peer::Ends(_, error) => {
                self.peer.borrow_mut().push_front(Peer::Ends(Duration::ZERO, error));
                return Err(error);
            }
        };
        buffer[..octets.len()].copy_from_slice(octets);
        Ok((octets.len(), ends))
    }
}

/// What a transfer left behind.
struct Outcome {
    end: anyhow::Result<End>,
    received: Vec<u8>,
    took: Duration,
}

fn in_virtual_time<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    runtime.block_on(work)
}

fn file(folder: &Path, octets: &[u8]) -> PathBuf {
    let path = folder.join("input");
    std::fs::write(&path, octets).unwrap();
    path
}

fn run(channel: &Script, input: &[u8], sdu: usize) -> Outcome {
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("output");
    let mut source = Source::open(Some(&file(folder.path(), input))).unwrap();
    let mut sink = Sink::open(Some(&output)).unwrap();
    let tally = Tally::new(Shown::Nothing);
    let (end, took) = in_virtual_time(async {
        let begin = Instant::now();
        let end = exchange(channel, &mut source, &mut sink, (sdu, SECOND), &tally).await;
        (end, begin.elapsed())
    });
    let received = std::fs::read(output).unwrap();
    assert_eq!(tally.octets_received(), received.len() as u64);
    assert_eq!(tally.octets_sent(), channel.has().len() as u64);
    Outcome { end, received, took }
}

#[test]
fn everything_is_sent_in_sdus_and_then_it_is_quiet() {
    let input: Vec<u8> = (0..200_000u32).map(|i| (i % 251) as u8).collect();
    for (length, sdu) in [(0, 100), (1, 100), (100, 100), (101, 100), (200_000, 1_000), (200_000, 65_535), (7, 1)] {
        let channel = Script::new([]);
        let outcome = run(&channel, &input[..length], sdu);
        assert_eq!(outcome.end.unwrap(), End::Quiet);
        assert_eq!(outcome.took, SECOND);
        assert!(channel.has() == input[..length], "{length} in {sdu}");
        let sent = channel.sent.borrow();
        assert_eq!(sent.len(), length.div_ceil(sdu), "{length} in {sdu}");
        assert!(sent.iter().rev().skip(1).all(|one| one.len() == sdu), "{length} in {sdu}");
    }
}

#[test]
fn what_comes_begins_the_waiting_anew() {
    let part = SECOND * 9 / 10;
    let channel = Script::new([Peer::Says(part, b"one"), Peer::Says(part, b""), Peer::Says(part, b"two")]);
    let outcome = run(&channel, b"x", 100);
    assert_eq!(outcome.end.unwrap(), End::Quiet);
    assert_eq!(outcome.received, b"onetwo");
    assert_eq!(outcome.took, part * 3 + SECOND);
}

#[test]
fn while_not_everything_is_sent_nobody_grows_impatient() {
    let mut channel = Script::new([Peer::Says(SECOND * 100, b"late"), Peer::Ends(SECOND, Error::ChannelClosed)]);
    channel.room = Some(1);
    let outcome = run(&channel, b"xyz", 1);
    assert_eq!(outcome.end.unwrap(), End::Closed(Sent::Part));
    assert_eq!(outcome.received, b"late");
    assert_eq!(outcome.took, SECOND * 101);
}

#[test]
fn the_peer_closes() {
    let channel = Script::new([Peer::Says(SECOND / 2, b"bye"), Peer::Ends(SECOND / 2, Error::ChannelClosed)]);
    let outcome = run(&channel, b"xyz", 1);
    assert_eq!(outcome.end.unwrap(), End::Closed(Sent::All));
    assert_eq!(outcome.received, b"bye");
    assert_eq!(outcome.took, SECOND);
}

#[test]
fn sending_that_fails_leaves_what_came_before_the_end() {
    for (error, end) in [
        (Error::ChannelClosed, End::Closed(Sent::Part)),
        (Error::Disconnected, End::Failed(Error::Disconnected, Sent::Part)),
    ] {
        let mut channel = Script::new([Peer::Says(SECOND, b"last words"), Peer::Ends(SECOND, error)]);
        (channel.room, channel.refuses) = (Some(1), Some(error));
        let outcome = run(&channel, b"xyz", 1);
        assert_eq!(outcome.end.unwrap(), end);
        assert_eq!(outcome.received, b"last words");
    }
}

#[test]
fn the_link_ends_after_everything_was_sent() {
    let channel = Script::new([Peer::Ends(SECOND / 2, Error::Disconnected)]);
    assert_eq!(run(&channel, b"xyz", 1).end.unwrap(), End::Failed(Error::Disconnected, Sent::All));
}

#[test]
fn an_output_that_is_full_is_an_error() {
    let channel = Script::new([Peer::Says(Duration::ZERO, b"octets")]);
    let tally = Tally::new(Shown::Nothing);
    let mut sink = Sink::open(Some(Path::new("/dev/full"))).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut source = Source::open(Some(&file(folder.path(), b""))).unwrap();
    let end = in_virtual_time(exchange(&channel, &mut source, &mut sink, (1, SECOND), &tally));
    assert_eq!(end.unwrap_err().to_string(), "/dev/full cannot be written: No space left on device");
}

#[test]
fn what_is_taken_is_counted_and_written() {
    let script = [Peer::Begins(b"on"), Peer::Says(SECOND, b"e"), Peer::Ends(SECOND, Error::ChannelClosed)];
    let channel = Script::new(script);
    let tally = Tally::new(Shown::Nothing);
    let end = in_virtual_time(take(&channel, &mut Sink::none(), &tally));
    assert_eq!((end.unwrap(), tally.octets_received()), (End::Closed(Sent::All), 3));
}

#[test]
fn an_echo_keeps_sdus_and_those_that_are_too_long_come_in_parts() {
    let channel = Script::new([
        Peer::Says(SECOND, b"one"),
        Peer::Says(SECOND, b""),
        Peer::Begins(b"half "),
        Peer::Says(SECOND, b"whole"),
        Peer::Begins(b"never whole"),
        Peer::Ends(SECOND, Error::ChannelClosed),
    ]);
    let tally = Tally::new(Shown::Nothing);
    assert_eq!(in_virtual_time(echo(&channel, 8, &tally)), End::Closed(Sent::All));
    assert_eq!(*channel.sent.borrow(), [&b"one"[..], b"", b"half who", b"le"]);
    assert_eq!((tally.octets_received(), tally.octets_sent()), (24, 13));
}
