//! What breaks the rules of a channel ends that channel, and nothing else (Vol 3, Part A, 3.4.3, 4.24, 10.1).
#![cfg(all(feature = "central", feature = "client", feature = "peripheral", feature = "server", feature = "security"))]
#![cfg(feature = "l2cap")]
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
use jelling_host::*;
use support::channels::{
    Bench, FAR,
    far::Far,
    near,
    scene::exchange,
    signals::{self, End, Signal},
};

/// What a peer does wrong.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Wrong {
    /// A frame more than it had credits for, of this kind.
    NoCredit {
        following: bool,
    },
    /// An SDU of so many octets.
    SduLength(u16),
    /// A first frame, or a following one, of so many octets.
    FirstSegment(usize),
    NextSegment(usize),
    /// So many octets in the first frame of an SDU of so many.
    MoreThanSaid {
        said: u16,
        there: usize,
    },
    /// An SDU of 60 octets, of which so many come in the second frame.
    MoreThanMissing(usize),
    /// A frame that begins an SDU, without its length.
    NoLength(usize),
    /// So many credits, beside the 20 that there are.
    Credits(u16),
    /// As many as may be, and then these.
    CreditsBehind(u16),
}

const WRONGS: [Wrong; 22] = [
    Wrong::NoCredit { following: false },
    Wrong::NoCredit { following: true },
    Wrong::SduLength(201),
    Wrong::SduLength(0xffff),
    Wrong::FirstSegment(51),
    Wrong::FirstSegment(200),
    Wrong::FirstSegment(202),
    Wrong::FirstSegment(5_000),
    Wrong::NextSegment(51),
    Wrong::NextSegment(100),
    Wrong::NextSegment(5_000),
    Wrong::MoreThanSaid { said: 0, there: 1 },
    Wrong::MoreThanSaid { said: 3, there: 4 },
    Wrong::MoreThanSaid { said: 40, there: 48 },
    Wrong::MoreThanMissing(13),
    Wrong::MoreThanMissing(50),
    Wrong::NoLength(0),
    Wrong::NoLength(1),
    Wrong::Credits(0xffff),
    Wrong::Credits(0xffff - 19),
    Wrong::CreditsBehind(1),
    Wrong::CreditsBehind(0xffff),
];

fn frame(bench: &mut Bench, far: &mut Far, payload: &[u8]) {
    far.may = far.may.saturating_sub(1);
    bench.say(far.peer, far.host.cid, payload);
}

/// Does it, and tells which SDUs were whole before.
fn does(bench: &mut Bench, far: &mut Far, wrong: Wrong) -> Vec<Vec<u8>> {
    let (mps, mtu) = (usize::from(far.host.mps), usize::from(far.host.mtu));
    assert_eq!((mps, mtu, far.may), (50, 200, 3));
    let begun = [&60u16.to_le_bytes()[..], &[9; 48]].concat();
    match wrong {
        Wrong::NoCredit { following: false } => {
            (0..4).for_each(|number| frame(bench, far, &[1, 0, number]));
            return (0..3).map(|number| vec![number]).collect();
        }
        Wrong::NoCredit { following: true } => {
            let payloads = far.segments(&[5; 190]);
            assert_eq!(payloads.len(), 4);
            payloads.iter().for_each(|payload| frame(bench, far, payload));
        }
        Wrong::SduLength(length) => frame(bench, far, &[&length.to_le_bytes()[..], &[1; 10]].concat()),
        Wrong::FirstSegment(length) => {
            let mut payload = [&200u16.to_le_bytes()[..], &[1; 5_000]].concat();
            payload.truncate(length);
            frame(bench, far, &payload);
        }
        Wrong::NextSegment(length) => {
            frame(bench, far, &[&200u16.to_le_bytes()[..], &[1; 10]].concat());
            frame(bench, far, &vec![2; length]);
        }
        Wrong::MoreThanSaid { said, there } => {
            frame(bench, far, &[1, 0, 7]);
            frame(bench, far, &[&said.to_le_bytes()[..], &vec![1; there][..]].concat());
            return vec![vec![7]];
        }
        Wrong::MoreThanMissing(length) => {
            frame(bench, far, &begun);
            frame(bench, far, &vec![2; length]);
        }
        Wrong::NoLength(length) => {
            frame(bench, far, &[2, 0, 7, 8]);
            frame(bench, far, &vec![0; length]);
            return vec![vec![7, 8]];
        }
        Wrong::Credits(credits) => bench.signal(far.peer, &signals::credit(3, far.own.cid, credits)),
        Wrong::CreditsBehind(credits) => {
            bench.signal(far.peer, &signals::credit(3, far.own.cid, 0xffff - 20));
            bench.settle();
            assert!(bench.signals(far.peer).is_empty(), "65,535 credits are allowed");
            bench.signal(far.peer, &signals::credit(4, far.own.cid, credits));
        }
    }
    vec![]
}

#[test]
fn what_breaks_the_rules_ends_its_channel_alone() {
    for wrong in WRONGS {
        for piece in [1, 3, 27] {
            for (ours, answers) in [(true, true), (false, true), (false, false)] {
                ends_alone(wrong, piece, ours, answers);
            }
        }
    }
}

fn ends_alone(wrong: Wrong, piece: usize, ours: bool, answers: bool) {
    let what = || format!("{wrong:?} in pieces of {piece}, {ours} {answers}");
    let mut bench = Bench::new(27, 2);
    let beside = End { cid: 0x0051, ..FAR };
    let (neighbour, mut near_by) = bench.open(0, &near(), beside);
    let (other, mut far_off) = bench.accept(1, &near(), FAR);
    let (channel, mut far) = if ours { bench.open(0, &near(), FAR) } else { bench.accept(0, &near(), FAR) };
    let before = bench.used();
    bench.piece = piece;
    let whole = does(&mut bench, &mut far, wrong);
    bench.piece = 27;
    bench.settle();
    let asked = bench.signals(0);
    assert_eq!(asked.len(), 1, "{}: {asked:x?}", what());
    let Signal { identifier, .. } = asked[0];
    assert_eq!(asked[0], signals::disconnect(identifier, far.own.cid, far.host.cid), "{}", what());
    assert!(bench.used().1 <= before.1, "{}: more than was reserved", what());
    // Octets that were whole are read, and then there is an end.
    let (sdus, error) = bench.receive_all(channel);
    assert_eq!((sdus, error), (whole, Some(Error::ChannelClosed)), "{}", what());
    assert_eq!(bench.send(channel, b"more", 0), Err(Error::ChannelClosed), "{}", what());
    let flushed = bench.core().flushed(channel);
    assert_eq!(flushed, Poll::Ready(Err(Error::ChannelClosed)), "{}", what());
    // What is still on its way is for nobody.
    bench.say(0, far.host.cid, &[1, 0, 1]);
    bench.say(0, far.host.cid, &[0; 300]);
    bench.signal(0, &signals::credit(5, far.own.cid, 1));
    bench.signal(0, &signals::credit(6, far.own.cid, 0xffff));
    bench.settle();
    assert!(bench.signals(0).is_empty(), "{}", what());
    assert_eq!(bench.receive(channel, 10), Poll::Ready(Err(Error::ChannelClosed)), "{}", what());
    exchange(&mut bench, neighbour, &mut near_by);
    exchange(&mut bench, other, &mut far_off);
    bench.att_goes_on(0);
    if answers {
        assert!(bench.ask(0, &signals::disconnected(identifier, far.own.cid, far.host.cid)).is_empty());
    } else {
        // RTX.
        bench.pass(Duration::from_secs(2));
    }
    assert!(bench.core().channel_closed(channel).is_ready(), "{}", what());
    bench.core().release_channel(channel);
    bench.settle();
    assert!(bench.signals(0).is_empty(), "{}", what());
    assert_eq!(bench.used().0, 2, "{}", what());
    // Another one takes its place.
    let (again, mut far) = bench.accept(0, &near(), FAR);
    exchange(&mut bench, again, &mut far);
    exchange(&mut bench, neighbour, &mut near_by);
    for channel in [again, neighbour, other] {
        bench.core().release_channel(channel);
    }
    bench.is_whole();
}

/// Where frames may be longer than SDUs, none that is has room.
#[test]
fn a_frame_longer_than_any_sdu_ends_its_channel() {
    for (mtu, mps) in [(23, 247), (40, 100), (100, 103), (23, 65_533)] {
        for said in [0, 1, mtu - 1, mtu] {
            for length in [mtu + 3, mps.min(mtu + 60), mps.min(1_000)] {
                for piece in [1, 7, 27] {
                    let mut bench = Bench::new(27, 1);
                    let (neighbour, mut near_by) = bench.open(0, &near(), End { cid: 0x0051, ..FAR });
                    let (channel, far) = bench.accept(0, &ChannelOptions::new(mtu).mps(mps).credits(2), FAR);
                    let before = bench.used().1;
                    bench.piece = piece;
                    let mut payload = vec![4; usize::from(length)];
                    payload[..2].copy_from_slice(&said.to_le_bytes());
                    bench.say(0, far.host.cid, &payload);
                    bench.piece = 27;
                    assert!(bench.used().1 <= before);
                    bench.settle();
                    let asked = bench.signals(0);
                    let identifier = asked.first().map_or(0, |signal| signal.identifier);
                    let what = format!("{mtu} {mps} {said} {length} {piece}");
                    assert_eq!(asked, [signals::disconnect(identifier, far.own.cid, far.host.cid)], "{what}");
                    assert_eq!(bench.receive_all(channel), (vec![], Some(Error::ChannelClosed)), "{what}");
                    bench.core().release_channel(channel);
                    exchange(&mut bench, neighbour, &mut near_by);
                    bench.core().release_channel(neighbour);
                    bench.is_whole();
                }
            }
        }
    }
}

/// A frame with no octets in the middle of an SDU says nothing: the channel ends, or goes on and has its credit back.
#[test]
fn an_empty_frame_in_the_middle_is_no_way_to_stop_a_channel() {
    let mut bench = Bench::new(27, 1);
    let (channel, mut far) = bench.accept(0, &near(), FAR);
    frame(&mut bench, &mut far, &[5, 0, 1, 2]);
    frame(&mut bench, &mut far, &[]);
    bench.settle();
    for _ in 0..50 {
        bench.attend(&mut [&mut far]);
        if far.is_over {
            break;
        }
        assert!(far.may > 0, "no credits for an application that reads");
        frame(&mut bench, &mut far, &[]);
        bench.settle();
        let received = bench.receive(channel, 9);
        assert!(received.is_pending(), "{received:?}");
    }
    bench.core().release_channel(channel);
    bench.attend(&mut [&mut far]);
    bench.is_whole();
}

/// A peer that sends without end and reads nothing has no more of the host than it was given.
#[test]
fn a_flood_ends_the_channel_once() {
    let mut bench = Bench::new(27, 2);
    let (channel, far) = bench.accept(0, &near(), FAR);
    let (other, mut far_off) = bench.open(1, &near(), FAR);
    let before = bench.used();
    for _ in 0..1_000 {
        bench.say(0, far.host.cid, &[48, 0].iter().copied().chain([3; 48]).collect::<Vec<_>>());
        bench.signal(0, &signals::credit(3, far.own.cid, 0xffff));
        assert!(bench.used().1 <= before.1);
    }
    bench.settle();
    let asked = bench.signals(0);
    assert_eq!(asked, [signals::disconnect(asked[0].identifier, far.own.cid, far.host.cid)]);
    exchange(&mut bench, other, &mut far_off);
    bench.att_goes_on(0);
    let (sdus, error) = bench.receive_all(channel);
    assert!(sdus.len() <= 3 && sdus.iter().all(|sdu| sdu[..] == [3; 48]), "{sdus:?}");
    assert_eq!(error, Some(Error::ChannelClosed));
    bench.core().release_channel(channel);
    bench.core().release_channel(other);
    bench.is_whole();
}
