//! Slots, ends and frame buffers that are used again: nothing of an old channel gets into a new one; and how long a peer may take (Vol 3,
//! Part A, 6.2).
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
use jelling_host::{
    wire::{PacketKind, l2cap::Psm},
    *,
};
use std::collections::VecDeque;
use support::channels::{
    ATT, Bench, FAR, PSM,
    far::Far,
    near,
    scene::exchange,
    signals::{self, DISCONNECT, End},
};

/// The peer answers the request to disconnect.
fn lets_go(bench: &mut Bench, channel: ChannelHandle, far: &mut Far) {
    bench.core().release_channel(channel);
    bench.attend(&mut [far]);
    assert!(far.is_over);
}

#[test]
fn ends_are_not_used_again_soon_and_what_comes_late_is_for_nobody() {
    let mut bench = Bench::new(27, 2);
    let (neighbour, mut beside) = bench.open(1, &near(), FAR);
    let mut old: VecDeque<Far> = VecDeque::new();
    for round in 0..300u16 {
        let own = End { cid: 0x40 + round % 0x40, ..FAR };
        let (channel, mut far) =
            if round % 2 == 0 { bench.open(0, &near(), own) } else { bench.accept(0, &near(), own) };
        assert!(old.iter().all(|old| old.host.cid != far.host.cid), "round {round}: an end that was in use of late");
        for late in &old {
            let mut frame = vec![30, 0];
            frame.extend([0xbb; 30]);
            bench.say(0, late.host.cid, &frame);
            // The peer's ends go round too: of those that are in use again these would be for the new channel.
            if late.own.cid != far.own.cid {
                bench.signal(0, &signals::credit(9, late.own.cid, 0xffff));
            }
            bench.signal(0, &signals::disconnected(9, late.own.cid, late.host.cid));
        }
        bench.settle();
        assert!(bench.heard(0).is_empty());
        exchange(&mut bench, channel, &mut far);
        lets_go(&mut bench, channel, &mut far);
        old.push_back(far);
        if old.len() > 30 {
            old.pop_front();
        }
    }
    exchange(&mut bench, neighbour, &mut beside);
    bench.core().release_channel(neighbour);
    bench.is_whole();
}

/// All 64 ends of a link are more than there are slots; both links have their own.
#[test]
fn each_link_has_its_own_ends() {
    let mut bench = Bench::new(27, 2);
    let (one, mut far_one) = bench.open(0, &near(), FAR);
    let (two, mut far_two) = bench.open(1, &near(), FAR);
    // The same number on both links.
    assert_eq!(far_one.host.cid, far_two.host.cid);
    let payload = far_one.segments(b"one")[0].clone();
    far_one.may -= 1;
    bench.say(0, far_one.host.cid, &payload);
    assert_eq!(bench.receive_all(two), (vec![], None));
    assert_eq!(bench.receive_all(one), (vec![b"one".to_vec()], None));
    // Of another link's channel a peer cannot speak.
    bench.attend(&mut [&mut far_one, &mut far_two]);
    let third = bench.open(1, &near(), End { cid: 0x66, ..FAR });
    let answer = bench.answer(0, &signals::disconnect(3, third.1.host.cid, 0x66));
    assert_eq!(answer, signals::invalid_cid(3, third.1.host.cid, 0x66));
    bench.signal(0, &signals::credit(4, 0x66, 0xffff));
    bench.say(0, third.1.host.cid, &[0xff; 40]);
    bench.attend(&mut [&mut far_one, &mut far_two]);
    exchange(&mut bench, one, &mut far_one);
    exchange(&mut bench, two, &mut far_two);
    for channel in [one, two, third.0] {
        bench.core().release_channel(channel);
    }
    bench.is_whole();
}

#[test]
fn handles_of_old_channels_are_nobodys() {
    let mut bench = Bench::new(27, 1);
    let link = bench.link(0);
    let mut last: Option<(ChannelHandle, ListenerHandle)> = None;
    // The generation goes round.
    for _ in 0..66_000u32 {
        let mut core = bench.core();
        let listener = core.listen(Psm(PSM), &near()).unwrap();
        let channel = core.open_channel(link, Psm(PSM), &near()).unwrap();
        if let Some((old, gone)) = last {
            assert!(old != channel && old.index() == channel.index());
            assert!(matches!(core.channel(old), Poll::Ready(Err(_))));
            core.release_channel(old);
            core.close_channel(old);
            core.unlisten(gone);
            assert!(core.channel_closed(old).is_ready());
            assert!(matches!(core.take_channel(gone), Poll::Ready(Err(_))));
            assert!(matches!(core.receive(old, &mut [0; 4]), Poll::Ready(Err(_))));
            assert!(core.free_frame(old).is_err());
            assert!(core.channel(channel).is_pending() && core.take_channel(listener).is_pending());
        }
        core.unlisten(listener);
        core.release_channel(channel);
        last = Some((channel, listener));
    }
    bench.settle();
    assert!(bench.heard(0).is_empty());
    bench.is_whole();
}

#[test]
fn a_request_that_is_not_answered_ends_after_thirty_seconds() {
    let mut bench = Bench::new(27, 1);
    let (channel, identifier, host) = bench.begin(0, &near());
    bench.pass(Duration::from_millis(29_999));
    assert!(bench.core().channel(channel).is_pending());
    bench.pass(Duration::from_millis(1));
    assert_eq!(bench.core().channel(channel), Poll::Ready(Err(Error::Timeout)));
    assert!(bench.core().channel_closed(channel).is_ready());
    assert_eq!(bench.core().counters().timeouts, 1);
    // An answer that comes late opens nothing; the host may say so.
    for signal in bench.ask(0, &signals::connected(identifier, &FAR, 0)) {
        assert_eq!(signal, signals::disconnect(signal.identifier, FAR.cid, host.cid));
    }
    bench.say(0, host.cid, &[1, 0, 7]);
    bench.settle();
    assert_eq!(bench.core().channel(channel), Poll::Ready(Err(Error::Timeout)));
    bench.core().release_channel(channel);
    bench.pass(Duration::from_secs(3));
    assert_eq!(bench.used(), (0, 0));
    let (again, mut far) = bench.open(0, &near(), End { cid: 0x55, ..FAR });
    exchange(&mut bench, again, &mut far);
    bench.core().release_channel(again);
    bench.is_whole();
}

#[test]
fn a_request_to_disconnect_that_is_not_answered_ends_after_two_seconds() {
    for released in [false, true] {
        let mut bench = Bench::new(27, 1);
        let (channel, far) = bench.open(0, &near(), FAR);
        if released {
            bench.core().release_channel(channel);
        } else {
            bench.core().close_channel(channel);
        }
        bench.settle();
        let asked = bench.signals(0);
        assert_eq!(asked, [signals::disconnect(asked[0].identifier, FAR.cid, far.host.cid)]);
        bench.pass(Duration::from_millis(1_999));
        assert_eq!(bench.core().pools().channels.used, 1);
        // What does not answer it does not.
        let wrong = [
            signals::disconnected(asked[0].identifier ^ 0x55, FAR.cid, far.host.cid),
            signals::disconnected(asked[0].identifier, far.host.cid, FAR.cid),
            signals::disconnected(asked[0].identifier, FAR.cid, far.host.cid ^ 1),
            signals::disconnected(asked[0].identifier, FAR.cid ^ 1, far.host.cid),
            signals::not_understood(asked[0].identifier ^ 0x55),
        ];
        for signal in wrong {
            assert!(bench.ask(0, &signal).is_empty());
            assert_eq!(bench.core().pools().channels.used, 1);
        }
        bench.pass(Duration::from_millis(1));
        assert!(bench.core().channel_closed(channel).is_ready());
        assert_eq!(bench.used().0, usize::from(!released));
        bench.core().release_channel(channel);
        assert_eq!(bench.used(), (0, 0));
        assert!(bench.ask(0, &signals::disconnected(asked[0].identifier, FAR.cid, far.host.cid)).is_empty());
        bench.is_whole();
    }
}

/// Rejected, whatever the reason: as good as closed, or refused (4.1).
#[test]
fn requests_that_are_rejected_end_their_channel() {
    for reason in [&[0][..], &[1, 23], &[2, 0, 0], &[2, FAR.cid, 0x40], &[3], &[0xffff]] {
        let mut bench = Bench::new(27, 1);
        let (channel, identifier, _) = bench.begin(0, &near());
        let reject = |identifier| signals::Signal::new(signals::REJECT, identifier, reason);
        assert!(bench.ask(0, &reject(identifier)).is_empty());
        let state = bench.core().channel(channel);
        assert!(matches!(state, Poll::Ready(Err(Error::ChannelRefused(_) | Error::Protocol))), "{state:?} {reason:?}");
        bench.core().release_channel(channel);
        assert_eq!(bench.used(), (0, 0));
        let (channel, _) = bench.open(0, &near(), FAR);
        bench.core().close_channel(channel);
        bench.settle();
        let asked = bench.signals(0);
        assert!(bench.ask(0, &reject(asked[0].identifier)).is_empty());
        assert!(bench.core().channel_closed(channel).is_ready(), "{reason:?}");
        bench.core().release_channel(channel);
        assert_eq!(bench.used(), (0, 0));
        bench.is_whole();
    }
}

/// Who has let go before the answer came leaves the peer no channel that nobody has.
#[test]
fn a_success_for_who_has_let_go_is_disconnected() {
    for (releases, waits) in [(true, 0), (true, 20), (false, 0), (false, 20)] {
        let mut bench = Bench::new(27, 1);
        let (channel, identifier, host) = bench.begin(0, &near());
        if releases {
            bench.core().release_channel(channel);
        } else {
            bench.core().close_channel(channel);
        }
        bench.pass(Duration::from_secs(waits));
        let asked = bench.ask(0, &signals::connected(identifier, &FAR, 0));
        assert_eq!(asked.len(), 1, "{releases} {asked:x?}");
        assert_eq!(asked[0], signals::disconnect(asked[0].identifier, FAR.cid, host.cid));
        assert!(bench.ask(0, &signals::disconnected(asked[0].identifier, FAR.cid, host.cid)).is_empty());
        assert!(bench.core().channel_closed(channel).is_ready());
        bench.core().release_channel(channel);
        assert_eq!(bench.used(), (0, 0));
        bench.is_whole();
    }
}

/// A frame buffer that the transport is writing is nobody's, whatever becomes of its channel meanwhile.
#[test]
fn a_buffer_that_is_being_written_is_not_given_out() {
    for end in 0..5 {
        let mut bench = Bench::new(27, 2);
        let (channel, far) = bench.open(0, &near(), FAR);
        bench.send(channel, &[0xaa; 40], 0).unwrap();
        let mut parts = 0;
        loop {
            let now = bench.now;
            let mut buffer = [0; TRANSMIT_BUFFER];
            let part = match bench.core().poll_transmit(now, &mut buffer) {
                Some(Transmit::Part(part)) => part,
                Some(Transmit::Packet(_)) => continue,
                None => break,
            };
            parts += 1;
            // While the transport writes this, the application does what it can.
            match (end, parts) {
                (0, _) => {}
                (1, 2) => bench.core().release_channel(channel),
                (2, 2) => bench.hear(PacketKind::Event, &[0x05, 4, 0, 0x40, 0, 0x13]),
                (3, 2) => bench.hear(PacketKind::Event, &[0x10, 1, 7]),
                (4, 2) => {
                    let request = signals::disconnect(3, far.host.cid, far.own.cid);
                    bench.signal(0, &request);
                    bench.core().release_channel(channel);
                }
                _ => {}
            }
            if end == 2 || end == 3 {
                bench.core().release_channel(channel);
            }
            let link = bench.link(1);
            let mut others = vec![channel];
            while let Ok(other) = bench.core().open_channel(link, Psm(PSM), &near().credits(1)) {
                others.push(other);
            }
            for other in others {
                while let Ok(number) = bench.core().free_frame(other) {
                    assert_ne!(number, part.frame(), "end {end}, part {parts}");
                    let mut frame = [0; 255];
                    if bench.core().send_frame(other, &[0xbb; 30], 0, &mut frame).is_err() {
                        break;
                    }
                }
                if other != channel {
                    bench.core().release_channel(other);
                }
            }
            if parts > 50 {
                break;
            }
        }
        assert!(parts >= 2, "end {end}: {parts} parts");
    }
}

/// Who listens goes on through a controller that fails; channels of before do not.
#[test]
fn who_listens_outlives_a_reset_of_the_controller() {
    let mut bench = Bench::new(27, 2);
    let listener = bench.core().listen(Psm(PSM), &near()).unwrap();
    bench.connects(0, PSM, FAR);
    let Poll::Ready(Ok(old)) = bench.core().take_channel(listener) else { panic!("no channel") };
    let other = bench.connects(1, PSM, FAR);
    bench.say(1, other.host.cid, &other.segments(b"lost")[0]);
    bench.hear(PacketKind::Event, &[0x10, 1, 7]);
    bench.settle();
    assert_eq!(bench.core().power(), Power::Up);
    assert!(bench.core().channel_closed(old).is_ready());
    assert!(matches!(bench.receive(old, 9), Poll::Ready(Err(Error::Disconnected | Error::Down(_)))));
    bench.core().release_channel(old);
    // What had come whole and was not taken may still be.
    if let Poll::Ready(Ok(left)) = bench.core().take_channel(listener) {
        assert_eq!(bench.receive_all(left).0, [b"lost"]);
        bench.core().release_channel(left);
    }
    assert_eq!(bench.used(), (1, 0));
    bench.reconnect(0);
    let mut far = bench.connects(0, PSM, FAR);
    let Poll::Ready(Ok(channel)) = bench.core().take_channel(listener) else { panic!("no channel") };
    exchange(&mut bench, channel, &mut far);
    bench.core().release_channel(channel);
    bench.core().unlisten(listener);
    bench.is_whole();
}

/// Channels take turns with ATT and with each other: none waits behind all frames of another.
#[test]
fn channels_and_att_take_turns() {
    let mut bench = Bench::new(27, 1);
    let many = End { credits: 1_000, mtu: 2_000, ..FAR };
    let (one, _) = bench.open(0, &near(), many);
    let (two, _) = bench.open(0, &near(), End { cid: 0x51, ..many });
    let mut order: Vec<u16> = vec![];
    let (mut done_one, mut done_two) = (0, 0);
    for _ in 0..30 {
        for (channel, done) in [(one, &mut done_one), (two, &mut done_two)] {
            if let Ok((more, whole)) = bench.send(channel, &[3; 1_500], *done) {
                *done = if whole { 0 } else { more };
            }
        }
        bench.say(0, ATT, &[0x0a, 3, 0]);
        bench.settle();
        order.extend(bench.heard(0).into_iter().map(|(cid, _)| cid));
    }
    let count = |cid: u16| order.iter().filter(|heard| **heard == cid).count();
    assert_eq!(count(ATT), 30);
    assert!(count(FAR.cid).abs_diff(count(0x51)) <= 2, "{} and {}", count(FAR.cid), count(0x51));
    let longest = order.chunk_by(|a, b| a == b).map(<[u16]>::len).max();
    assert!(longest <= Some(2), "{longest:?} frames in a row: {order:x?}");
    bench.core().release_channel(one);
    bench.core().release_channel(two);
    bench.settle();
    assert!(bench.signals(0).iter().all(|signal| signal.code == DISCONNECT));
    bench.is_whole();
}
