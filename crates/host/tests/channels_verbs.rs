//! What verbs of channels say to arguments out of range, tables that are full, handles that are old; who listens, and to whom.
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
    wire::l2cap::{Psm, signalling::LeConnectionResult},
    *,
};
use support::channels::{
    BLOCKS, Bench, FAR, PSM, SLOTS, near,
    scene::exchange,
    signals::{self, CONNECTED, End},
};

#[test]
fn arguments_have_ranges() {
    let mut bench = Bench::new(27, 1);
    let link = bench.link(0);
    let mut each = |psm: u16, options: ChannelOptions| {
        let mut core = bench.core();
        let errors = [
            core.open_channel(link, Psm(psm), &options).err(),
            core.accept_channel(link, Psm(psm), &options).err(),
            core.listen(Psm(psm), &options).err(),
        ];
        assert_eq!(core.pools().channels.used, 0);
        errors
    };
    let invalid = |argument| [Some(Error::InvalidArgument(argument)); 3];
    for psm in [0, 0x100, 0x180, 0xffff] {
        assert_eq!(each(psm, near()), invalid(Argument::Psm), "{psm:#x}");
    }
    for mtu in [0, 1, 22] {
        assert_eq!(each(PSM, ChannelOptions::new(mtu)), invalid(Argument::ChannelMtu), "{mtu}");
    }
    for mps in [0, 22, 65_534, 65_535] {
        assert_eq!(each(PSM, near().mps(mps)), invalid(Argument::Mps), "{mps}");
    }
    bench.is_whole();
    for (psm, options) in [(1, near()), (0xff, near()), (PSM, near().mps(23)), (PSM, ChannelOptions::new(23).mps(23))] {
        let mut bench = Bench::new(27, 1);
        let link = bench.link(0);
        let listener = bench.core().listen(Psm(psm), &options).unwrap();
        let opened = bench.core().open_channel(link, Psm(psm), &options).unwrap();
        bench.core().unlisten(listener);
        bench.core().release_channel(opened);
        bench.settle();
        bench.is_whole();
    }
}

#[test]
fn an_sdu_longer_than_the_peer_takes_is_not_begun() {
    let mut bench = Bench::new(27, 1);
    let (channel, mut far) = bench.open(0, &near(), End { mtu: 30, ..FAR });
    let Poll::Ready(Ok(info)) = bench.core().channel(channel) else { panic!("not open") };
    assert_eq!((info.peer_mtu, info.peer_mps, info.our_mtu, info.our_mps), (30, 64, 200, 50));
    for length in [31, 1_000, 65_535, 65_536, 70_000] {
        assert_eq!(bench.send(channel, &vec![0; length], 0), Err(Error::TooLong), "{length}");
    }
    bench.settle();
    assert!(bench.heard(0).is_empty());
    assert_eq!(bench.send(channel, &[1; 30], 0), Ok((30, true)));
    bench.attend(&mut [&mut far]);
    assert_eq!(far.sdus, [[1; 30]]);
    bench.core().release_channel(channel);
    bench.is_whole();
}

#[test]
fn no_slot_and_no_blocks_are_errors_here_and_results_there() {
    let mut bench = Bench::new(27, 2);
    let link = bench.link(0);
    let listener = bench.core().listen(Psm(PSM), &near()).unwrap();
    let mut fars = vec![];
    for cid in 0x40..0x40 + SLOTS as u16 - 1 {
        fars.push(bench.connects(0, PSM, End { cid, ..FAR }));
    }
    let full = Error::Full(Resource::Channels);
    assert_eq!(bench.core().open_channel(link, Psm(PSM), &near()).err(), Some(full));
    assert_eq!(bench.core().accept_channel(link, Psm(PSM), &near()).err(), Some(full));
    assert_eq!(bench.core().listen(Psm(PSM + 1), &near()).err(), Some(full));
    for peer in 0..2 {
        let answer = bench.answer(peer, &signals::connect(9, PSM, &End { cid: 0x7f, ..FAR }));
        assert_eq!((answer.code, &answer.fields[..]), (CONNECTED, &[0, 0, 0, 0, 4][..]));
    }
    // In the order in which they came.
    for far in &mut fars {
        let Poll::Ready(Ok(channel)) = bench.core().take_channel(listener) else { panic!("no channel") };
        exchange(&mut bench, channel, far);
        bench.core().release_channel(channel);
        bench.attend(&mut [&mut *far]);
        assert!(far.is_over);
    }
    assert!(bench.core().take_channel(listener).is_pending());
    assert_eq!(bench.used(), (1, 0));
    bench.core().unlisten(listener);
    bench.is_whole();

    // Blocks: one channel has nearly all.
    let most = ChannelOptions::new(1_000).mps(50).credits(BLOCKS as u16 - 2);
    let (channel, mut far) = bench_of_one(&mut bench, &most);
    let used = bench.used().1;
    let link = bench.link(0);
    let error = Error::Full(Resource::Blocks);
    assert_eq!(bench.core().open_channel(link, Psm(PSM), &most).err(), Some(error));
    let listener = bench.core().listen(Psm(PSM + 1), &most).unwrap();
    let answer = bench.answer(0, &signals::connect(9, PSM + 1, &End { cid: 0x7f, ..FAR }));
    assert_eq!(answer.fields, [0, 0, 0, 0, 4]);
    assert_eq!(bench.used(), (2, used));
    exchange(&mut bench, channel, &mut far);
    bench.core().unlisten(listener);
    bench.core().release_channel(channel);
    bench.is_whole();
}

/// Peer 0, which has left, comes back and opens a channel.
fn bench_of_one(bench: &mut Bench, options: &ChannelOptions) -> (ChannelHandle, support::channels::far::Far) {
    bench.reconnect(0);
    bench.accept(0, options, FAR)
}

/// Credits that nobody chose are what the pool affords, and no channel is opened with less than one.
#[test]
fn credits_are_what_the_pool_affords() {
    let mut bench = Bench::new(251, 1);
    let listener = bench.core().listen(Psm(PSM), &ChannelOptions::new(512)).unwrap();
    let mut channels = vec![];
    for cid in 0x40..0x43 {
        let before = bench.used().1;
        let answer = bench.answer(0, &signals::connect(9, PSM, &End { cid, ..FAR }));
        if answer.fields[4] != 0 {
            assert_eq!(answer.fields, [0, 0, 0, 0, 4]);
            assert!(BLOCKS - before < 6, "{before} blocks of {BLOCKS} in use, and no channel");
            break;
        }
        let credits = answer.fields[3];
        assert!((1..=16).contains(&credits), "{credits} credits");
        let reserved = (bench.used().1 - before) * 60;
        assert!(reserved >= usize::from(credits) * 247, "{reserved} octets for {credits} credits");
        let Poll::Ready(Ok(channel)) = bench.core().take_channel(listener) else { panic!("no channel") };
        channels.push(channel);
    }
    // None has what another one needs.
    assert_eq!(channels.len(), 3);
    bench.core().unlisten(listener);
    channels.into_iter().for_each(|channel| bench.core().release_channel(channel));
    bench.is_whole();
}

#[test]
fn every_result_of_a_refusal_is_told() {
    let mut bench = Bench::new(27, 1);
    let nothing = End { cid: 0, mtu: 0, mps: 0, credits: 0 };
    for result in (1..=0x20).chain([0x100, 0x7fff, 0xffff]) {
        for end in [nothing, FAR] {
            let (channel, identifier, _) = bench.begin(0, &near());
            assert!(bench.ask(0, &signals::connected(identifier, &end, result)).is_empty());
            let refused = Error::ChannelRefused(LeConnectionResult(result));
            assert_eq!(bench.core().channel(channel), Poll::Ready(Err(refused)));
            assert!(bench.core().channel_closed(channel).is_ready());
            bench.core().release_channel(channel);
            assert_eq!(bench.used(), (0, 0));
        }
    }
    bench.is_whole();
}

/// A success that makes no channel: the host has none, and the peer is not left with one if it can be told (4.23).
#[test]
fn a_success_that_makes_no_sense_is_none() {
    let mut bench = Bench::new(27, 2);
    let (neighbour, mut far) = bench.open(0, &near(), End { cid: 0x51, ..FAR });
    let (other, mut far_off) = bench.open(1, &near(), FAR);
    let wrong = [
        (0, 64, 64),
        (4, 64, 64),
        (0x3f, 64, 64),
        (0x80, 64, 64),
        (0xffff, 64, 64),
        (0x50, 22, 64),
        (0x50, 64, 22),
        (0x50, 0, 0),
    ];
    for (cid, mtu, mps) in wrong {
        let (channel, identifier, host) = bench.begin(0, &near());
        let asked = bench.ask(0, &signals::connected(identifier, &End { cid, mtu, mps, credits: 5 }, 0));
        let state = bench.core().channel(channel);
        assert!(
            matches!(state, Poll::Ready(Err(Error::Protocol | Error::ChannelClosed | Error::ChannelRefused(_)))),
            "{state:?} {cid:#x} {mtu} {mps}"
        );
        for signal in asked {
            assert_eq!(signal, signals::disconnect(signal.identifier, cid, host.cid));
        }
        bench.core().release_channel(channel);
        bench.pass(Duration::from_secs(3));
        assert!(bench.signals(0).iter().all(|signal| signal.code == signals::DISCONNECT));
        assert_eq!(bench.used().0, 2, "{cid:#x}");
    }
    exchange(&mut bench, neighbour, &mut far);
    exchange(&mut bench, other, &mut far_off);
    // The end of a channel that there is: at most one of the two goes on (4.23).
    let (channel, identifier, host) = bench.begin(0, &near());
    let asked = bench.ask(0, &signals::connected(identifier, &End { cid: 0x51, ..FAR }, 0));
    let state = bench.core().channel(channel);
    assert!(matches!(state, Poll::Ready(Err(_))), "{state:?}");
    for signal in asked {
        assert_eq!((signal.code, signal.fields[0]), (signals::DISCONNECT, 0x51));
        assert!(signal.fields[1] == host.cid || signal.fields[1] == far.host.cid);
    }
    exchange(&mut bench, other, &mut far_off);
    for channel in [channel, neighbour, other] {
        bench.core().release_channel(channel);
    }
    bench.pass(Duration::from_secs(3));
    bench.is_whole();
}

#[test]
fn a_listener_hears_all_links_and_an_accept_its_own() {
    let mut bench = Bench::new(27, 3);
    let link = bench.link(1);
    let listener = bench.core().listen(Psm(PSM), &near()).unwrap();
    let once = bench.core().accept_channel(link, Psm(PSM + 1), &near()).unwrap();
    for peer in [0, 2] {
        assert_eq!(bench.answer(peer, &signals::connect(3, PSM + 1, &FAR)).fields, [0, 0, 0, 0, 2]);
        let mut far = bench.connects(peer, PSM, FAR);
        let Poll::Ready(Ok(channel)) = bench.core().take_channel(listener) else { panic!("no channel") };
        exchange(&mut bench, channel, &mut far);
        bench.core().release_channel(channel);
        bench.attend(&mut [&mut far]);
    }
    let mut far = bench.connects(1, PSM + 1, FAR);
    exchange(&mut bench, once, &mut far);
    // Once is once.
    let answer = bench.answer(1, &signals::connect(4, PSM + 1, &End { cid: 0x60, ..FAR }));
    assert_eq!(answer.fields, [0, 0, 0, 0, 2]);
    bench.core().release_channel(once);
    bench.attend(&mut [&mut far]);
    bench.core().unlisten(listener);
    assert_eq!(bench.answer(0, &signals::connect(4, PSM, &FAR)).fields, [0, 0, 0, 0, 2]);
    assert!(matches!(bench.core().take_channel(listener), Poll::Ready(Err(_))));
    bench.core().unlisten(listener);
    bench.is_whole();
}

/// What came and was not taken ends with who listened, with its link, or by the peer; nothing of it stays.
#[test]
fn channels_that_nobody_took_do_not_stay() {
    for end in 0..4 {
        let mut bench = Bench::new(27, 2);
        let listener = bench.core().listen(Psm(PSM), &near()).unwrap();
        let mut far = bench.connects(0, PSM, FAR);
        let mut other = bench.connects(1, PSM, FAR);
        bench.say(0, far.host.cid, &far.segments(b"left behind")[0]);
        match end {
            0 => bench.core().unlisten(listener),
            1 => bench.part(0),
            2 => {
                let answer = bench.answer(0, &signals::disconnect(5, far.host.cid, far.own.cid));
                assert_eq!(answer.code, signals::DISCONNECTED);
            }
            _ => bench.core().stop(),
        }
        bench.settle();
        if end == 0 {
            bench.attend(&mut [&mut far, &mut other]);
            assert!(far.is_over && other.is_over);
            assert_eq!(bench.used(), (0, 0));
            bench.is_whole();
            continue;
        }
        // Whether the application still gets one that has ended is not said; there are as many as came, at most.
        let mut taken = vec![];
        while let Poll::Ready(Ok(channel)) = bench.core().take_channel(listener) {
            taken.push(channel);
            assert!(taken.len() <= 2);
        }
        assert!(end == 3 || !taken.is_empty(), "the other one has come");
        taken.into_iter().for_each(|channel| bench.core().release_channel(channel));
        bench.core().unlisten(listener);
        bench.attend(&mut [&mut far, &mut other]);
        assert_eq!(bench.used(), (0, 0), "end {end}");
    }
}
