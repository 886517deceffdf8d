//! SDUs each way, however they are cut: all octets, the window, the credits (Vol 3, Part A, 3.4.3, 10.1).
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

use core::task::Poll;
use jelling_host::*;
use support::{
    channels::{
        Bench, FAR,
        far::{Far, segments},
        near,
        signals::{self, End},
    },
    numbers::Numbers,
};

/// Octets of a block.
const BLOCK: usize = 60;

fn sdu(length: usize) -> Vec<u8> {
    (0..length).map(|at| (at * 7 + at / 251 + length) as u8).collect()
}

/// A peer that sends, an application that takes, and what must hold between them.
struct Stream {
    bench: Bench,
    channel: ChannelHandle,
    far: Far,
    /// Octets that the host has reserved for the channel.
    window: usize,
    /// Octets of frames that the peer has sent; those that the application has taken, with the lengths of the SDUs that it has begun.
    sent: usize,
    taken: usize,
    between: bool,
    sdus: Vec<Vec<u8>>,
    partial: Vec<u8>,
}

impl Stream {
    fn new(options: &ChannelOptions) -> Self {
        let mut bench = Bench::new(27, 1);
        let before = bench.used().1;
        let (channel, far) = bench.accept(0, options, FAR);
        let window = (bench.used().1 - before) * BLOCK;
        let (sdus, partial) = (vec![], vec![]);
        Stream { bench, channel, far, window, sent: 0, taken: 0, between: true, sdus, partial }
    }

    /// What the peer may still send has room beside what is held.
    fn holds(&mut self) {
        let held = self.sent - self.taken;
        // No frame is longer than the longest SDU and its length.
        let frame = usize::from(self.far.host.mps).min(usize::from(self.far.host.mtu) + 2);
        let may = self.far.may as usize * frame;
        assert!(held + may <= self.window, "{held} octets held, {may} may come, room for {}", self.window);
        assert!(self.bench.used().1 * BLOCK <= self.window, "more blocks than were reserved");
    }

    fn say(&mut self, payload: &[u8]) {
        assert!(self.far.may > 0);
        self.far.may -= 1;
        self.sent += payload.len();
        self.bench.say(0, self.far.host.cid, payload);
        self.attend();
    }

    /// A frame in packets of any length, between which the application takes. Its room is needed whole from its first octet on.
    fn say_slowly(&mut self, payload: &[u8], numbers: &mut Numbers) {
        assert!(self.far.may > 0);
        self.far.may -= 1;
        self.sent += payload.len();
        let length = u16::try_from(payload.len()).unwrap().to_le_bytes();
        let frame = [&length[..], &self.far.host.cid.to_le_bytes(), payload].concat();
        let mut at = 0;
        while at < frame.len() {
            let end = (at + 1 + numbers.below(60)).min(frame.len());
            self.bench.packet(0, at == 0, &frame[at..end]);
            at = end;
            if numbers.once_in(2) {
                self.take(1 + numbers.below(150));
            }
        }
        self.attend();
    }

    fn attend(&mut self) {
        self.bench.attend(&mut [&mut self.far]);
        assert!(!self.far.is_over, "the host ended the channel");
        self.holds();
    }

    /// The application takes: false when there is nothing.
    fn take(&mut self, room: usize) -> bool {
        let available = self.bench.core().available(self.channel);
        let received = self.bench.receive(self.channel, room);
        let Poll::Ready(received) = received else {
            assert!(available < room, "octets that are not given");
            self.attend();
            return false;
        };
        let (octets, ends) = received.unwrap();
        assert!(!octets.is_empty() || ends || room == 0, "nothing was given");
        if room > 0 {
            // An SDU's length goes with its first octets.
            self.taken += octets.len() + if self.between { 2 } else { 0 };
            self.between = ends;
            self.partial.extend(octets);
            if ends {
                self.sdus.push(core::mem::take(&mut self.partial));
            }
        }
        self.attend();
        true
    }

    /// A peer that sends these frames, and an application that is slow or quick.
    fn carry(&mut self, payloads: &[Vec<u8>], rooms: &mut impl Iterator<Item = usize>, quick: bool) {
        for payload in payloads {
            let mut turns = 0;
            while self.far.may == 0 || quick && turns == 0 {
                turns += 1;
                let took = self.take(rooms.next().unwrap());
                assert!(took || self.far.may > 0, "no credits for an application that has taken all");
            }
            self.say(payload);
        }
        while self.take(rooms.next().unwrap()) {}
    }

    fn ends(mut self) {
        self.bench.core().release_channel(self.channel);
        self.bench.is_whole();
    }
}

const LENGTHS: [usize; 20] = [0, 1, 2, 3, 20, 21, 22, 47, 48, 49, 50, 51, 98, 99, 147, 148, 149, 199, 1_000, 5_000];

/// Rooms of an application, over and over.
fn rooms(of: &'static [usize]) -> impl Iterator<Item = usize> {
    of.iter().copied().cycle()
}

#[test]
fn sdus_arrive_however_they_are_cut() {
    for credits in [1, 2, 3, 9] {
        for quick in [false, true] {
            for room in [&[1][..], &[7, 1, 64], &[50], &[6_000], &[200, 3]] {
                let mut stream = Stream::new(&ChannelOptions::new(5_000).mps(50).credits(credits));
                let (mut rooms, mut numbers) = (rooms(room), Numbers(credits.into()));
                let mut expected = vec![];
                for length in LENGTHS {
                    let sdu = sdu(length);
                    let cut = match length {
                        _ if room == [1] && length > 200 => continue,
                        0..=200 => {
                            vec![(50, 50), (2, 50), (3, 1), (2, 1), (2 + numbers.below(48), 1 + numbers.below(50))]
                        }
                        _ => vec![(50, 50), (2, 49)],
                    };
                    for (first, next) in cut {
                        stream.carry(&segments(&sdu, first, next), &mut rooms, quick);
                        expected.push(sdu.clone());
                    }
                }
                assert!(stream.sdus == expected, "{credits} credits, {quick}, {room:?}");
                stream.ends();
            }
        }
    }
}

#[test]
fn the_longest_sdu_goes_through_the_smallest_window() {
    for (mps, credits, first, next) in [(23, 1, 23, 23), (50, 2, 2, 50), (247, 8, 247, 247), (23, 3, 2, 7)] {
        let mut stream = Stream::new(&ChannelOptions::new(0xffff).mps(mps).credits(credits));
        for length in [65_535, 65_534, 65_508] {
            let sdu = sdu(length);
            stream.carry(&segments(&sdu, first, next), &mut rooms(&[300, 23]), true);
            assert!(stream.sdus.pop() == Some(sdu), "{mps} {credits} {length}");
        }
        stream.ends();
    }
}

/// The peer sends all that it may, at once and in frames as long as can be; the application takes whenever it likes, also in the middle
/// of a frame.
#[test]
fn a_greedy_peer_never_finds_less_room_than_it_was_given() {
    for (mtu, mps, credits) in [
        (5_000, 200, 2),
        (5_000, 100, 3),
        (2_000, 247, 4),
        (300, 150, 2),
        (600, 61, 7),
        (0xffff, 23, 5),
        (40, 200, 3),
        (23, 247, 8),
        (23, 25, 2),
        (100, 101, 1),
    ] {
        for seed in 0..40 {
            let mut numbers = Numbers(seed);
            let mut stream = Stream::new(&ChannelOptions::new(mtu).mps(mps).credits(credits));
            let mut expected = vec![];
            for length in [1_500, 0, 199, 198, 1, 2_000, 97, 300] {
                let sdu = sdu(length.min(usize::from(mtu)));
                for payload in stream.far.segments(&sdu) {
                    let mut turns = 0;
                    while stream.far.may == 0 {
                        turns += 1;
                        assert!(turns < 500, "no credits for an application that takes");
                        stream.take(1 + numbers.below(300));
                    }
                    stream.say_slowly(&payload, &mut numbers);
                }
                expected.push(sdu);
            }
            while stream.take(1_000) {}
            assert!(stream.sdus == expected, "{mtu} {mps} {credits}, seed {seed}");
            stream.ends();
        }
    }
}

/// A peer has all its credits used up by an SDU's length: it is given others.
#[test]
fn a_frame_with_only_the_length_uses_no_credit_up() {
    for credits in [1, 2] {
        let mut stream = Stream::new(&ChannelOptions::new(500).mps(50).credits(credits));
        for _ in 0..20 {
            stream.carry(&[vec![3, 0], vec![1], vec![2, 3]], &mut rooms(&[10]), false);
            assert_eq!(stream.sdus.pop().unwrap(), [1, 2, 3]);
            stream.carry(&[vec![0, 0]], &mut rooms(&[10]), false);
            assert_eq!(stream.sdus.pop().unwrap(), []);
        }
        stream.ends();
    }
}

/// No credit comes before something is taken, and all come back in the end.
#[test]
fn credits_come_as_octets_are_taken() {
    let mut stream = Stream::new(&near());
    let payload = [&48u16.to_le_bytes()[..], &[1; 48]].concat();
    for round in 0..50 {
        (0..3).for_each(|_| stream.say(&payload));
        assert_eq!(stream.far.may, 0, "round {round}");
        // Of one SDU.
        assert_eq!(stream.bench.core().available(stream.channel), 48);
        while stream.take(48) {}
        assert_eq!(stream.far.may, 3, "round {round}");
    }
    assert_eq!(stream.sdus.len(), 150);
    stream.ends();
}

/// Who waits is told when there is something for him: an SDU to its end, or what fills his buffer.
#[test]
fn a_reader_is_told_once_for_an_sdu() {
    let sdu = sdu(300);
    for (room, credits, told) in
        [(300, 8, [false, false, true]), (200, 8, [false, true, true]), (300, 2, [false, false, true])]
    {
        let mut bench = Bench::new(251, 1);
        let (channel, mut far) = bench.accept(0, &ChannelOptions::new(300).mps(120).credits(credits), FAR);
        assert!(bench.receive(channel, room).is_pending());
        bench.settle();
        bench.events.clear();
        for (payload, told) in far.segments(&sdu).into_iter().zip(told) {
            assert!(far.may > 0, "{room} {credits}");
            far.may -= 1;
            bench.say(0, far.host.cid, &payload);
            bench.attend(&mut [&mut far]);
            let news = bench.events.drain(..).filter(|e| *e == Event::Channel(channel.index())).count();
            assert_eq!(news, usize::from(told), "{room} {credits}");
        }
        assert!(bench.receive(channel, room).is_ready(), "{room} {credits}");
    }
}

/// Zero initial credits: one comes when somebody waits, and another for each frame that was taken.
#[test]
fn without_initial_credits_each_comes_for_who_takes() {
    let mut bench = Bench::new(27, 1);
    let (channel, mut far) = bench.accept(0, &near().credits(0), FAR);
    bench.attend(&mut [&mut far]);
    assert_eq!((far.host.credits, far.may), (0, 0));
    let mut octets = vec![];
    for payload in far.segments(&sdu(200)).into_iter().chain(far.segments(&[])).chain(far.segments(b"end")) {
        for _ in 0..3 {
            while let Poll::Ready(received) = bench.receive(channel, 20) {
                octets.extend(received.unwrap().0);
            }
            bench.attend(&mut [&mut far]);
            assert_eq!(far.may, 1);
        }
        far.may -= 1;
        bench.say(0, far.host.cid, &payload);
        bench.attend(&mut [&mut far]);
        // Another may come for an SDU that is not there to its end.
        assert!(far.may <= 1, "{} credits", far.may);
    }
    octets.extend(bench.receive_all(channel).0.concat());
    assert_eq!(octets, [sdu(200), b"end".to_vec()].concat());
    bench.core().release_channel(channel);
    bench.is_whole();
}

/// A frame in two packets cut anywhere, in packets of one length, in any packets; those of another link between them.
#[test]
fn frames_come_in_packets_of_any_length() {
    let mut bench = Bench::new(27, 2);
    let (one, mut far_one) = bench.accept(0, &near(), FAR);
    let (two, mut far_two) = bench.open(1, &near(), End { cid: 0x60, ..FAR });
    let mut numbers = Numbers(7);
    let length = 54;
    let mut cuts: Vec<Vec<usize>> = (1..length).map(|at| vec![at, length - at]).collect();
    cuts.extend((1..=length).map(|each| vec![each; length.div_ceil(each)]));
    cuts.extend((0..200).map(|_| (0..length).map(|_| 1 + numbers.below(12)).collect()));
    for (round, cut) in cuts.iter().enumerate() {
        let sdus = [sdu(48), sdu(48).into_iter().rev().collect::<Vec<u8>>()];
        let frames = [&far_one, &far_two].map(|far| [&[50, 0][..], &far.host.cid.to_le_bytes(), &[48, 0]].concat());
        let frames = [[frames[0].clone(), sdus[0].clone()].concat(), [frames[1].clone(), sdus[1].clone()].concat()];
        let mut at = 0;
        for (number, piece) in cut.iter().enumerate() {
            let end = (at + piece).min(length);
            if at < end {
                bench.packet(0, number == 0, &frames[0][at..end]);
                bench.packet(1, number == 0, &frames[1][at..end]);
            }
            at = end;
        }
        assert_eq!(at, length);
        assert_eq!(bench.receive_all(one), (vec![sdus[0].clone()], None), "round {round}");
        assert_eq!(bench.receive_all(two), (vec![sdus[1].clone()], None), "round {round}");
        far_one.may -= 1;
        far_two.may -= 1;
        bench.attend(&mut [&mut far_one, &mut far_two]);
        assert_eq!((far_one.may, far_two.may), (3, 3), "round {round}, {cut:?}");
    }
    bench.core().release_channel(one);
    bench.core().release_channel(two);
    bench.is_whole();
}

/// A frame that another one cuts off is no frame; the channel cannot know what is missing and may end, but gives nothing wrong.
#[test]
fn a_frame_that_is_cut_off_is_never_half_an_sdu() {
    for at in 1..54 {
        let mut bench = Bench::new(27, 1);
        let (channel, mut far) = bench.accept(0, &near(), FAR);
        let before = bench.used().1;
        let frame = [&[50, 0][..], &far.host.cid.to_le_bytes(), &[48, 0], &[1; 48]].concat();
        bench.packet(0, true, &frame[..at]);
        bench.pieces(0, &[&[50, 0][..], &far.host.cid.to_le_bytes(), &[48, 0], &[2; 48]].concat(), |_| 27);
        let (sdus, _) = bench.receive_all(channel);
        assert!(sdus.iter().all(|sdu| sdu[..] == [2; 48]), "cut off at {at}: {sdus:?}");
        assert!(bench.used().1 <= before, "cut off at {at}: {:?}", bench.used());
        bench.attend(&mut [&mut far]);
        bench.core().release_channel(channel);
        bench.attend(&mut [&mut far]);
        bench.is_whole();
    }
}

/// An answer of the host, and its frames, for each size that a peer may name.
#[test]
fn the_host_sends_what_the_peer_takes() {
    for acl_length in [27, 251] {
        for mps in [23, 24, 25, 64, 247, 248, 1_000, 65_533] {
            for each in [1u16, 7, 1_000] {
                let mut bench = Bench::new(acl_length, 1);
                let own = End { mtu: 0xffff, mps, credits: 0, ..FAR };
                let (channel, mut far) = bench.accept(0, &near(), own);
                let lengths =
                    if each == 1_000 { &[0, 1, 21, 22, 245, 246, 65_535][..] } else { &[0, 1, 20, 21, 22, 600] };
                for &length in lengths {
                    let sdu = sdu(length);
                    let (mut done, mut whole) = bench.send(channel, &sdu, 0).unwrap();
                    bench.attend(&mut [&mut far]);
                    while !whole {
                        if far.host_may == 0 {
                            assert!(
                                each == 1_000 || bench.core().flushed(channel).is_ready(),
                                "a frame that has not gone"
                            );
                            far.host_may += u32::from(each);
                            bench.signal(0, &signals::credit(3, far.own.cid, each));
                        }
                        let before = done;
                        (done, whole) = bench.send(channel, &sdu, done).unwrap();
                        assert!(
                            done > before || length == 0 && whole,
                            "{length} octets: no progress with {} credits, mps {mps}, each {each}, {done}",
                            far.host_may
                        );
                        bench.attend(&mut [&mut far]);
                    }
                    bench.attend(&mut [&mut far]);
                    assert!(far.sdus.pop() == Some(sdu), "{mps} {each} {length}");
                    assert_eq!(bench.core().flushed(channel), Poll::Ready(Ok(())));
                }
                bench.core().release_channel(channel);
                bench.is_whole();
            }
        }
    }
}
