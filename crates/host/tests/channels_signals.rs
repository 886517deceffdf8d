//! What the host answers on the signalling channel, in each state of a channel, against a table written from Vol 3, Part A, 4.
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

use jelling_host::*;
use support::{
    channels::{
        FAR, SIGNALLING, end, near,
        scene::{LISTENED, STAGES, Scene, Stage},
        signals::{self, CONNECT, CONNECTED, CREDIT, DISCONNECT, End, REJECT, Signal, UPDATE},
    },
    numbers::Numbers,
};

/// Octets on the signalling channel are answered by one of these, or by silence where there are none.
fn answers(scene: &mut Scene, octets: &[u8], allowed: &[Option<Signal>]) {
    scene.bench.say(0, SIGNALLING, octets);
    scene.bench.settle();
    let mut heard = scene.bench.signals(0);
    assert!(heard.len() < 2, "{:?}: {octets:02x?} has {heard:x?}", scene.stage);
    let heard = heard.pop();
    assert!(allowed.contains(&heard), "{:?}: {octets:02x?} has {heard:x?}", scene.stage);
    scene.is_unmoved(&octets);
}

/// True for what nobody answers: responses, and the indication of credits.
fn is_silent(code: u8) -> bool {
    matches!(code, 1 | 3 | 5 | 7 | 9 | 0x0b | 0x0d | 0x0f | 0x11 | 0x13 | 0x15 | 0x16 | 0x18 | 0x1a)
}

/// 4.1: an unknown command is rejected; what is malformed may be, and does nothing. Data of all lengths, of zeros and of anything.
#[test]
fn every_code_of_every_length_in_every_state() {
    let mut numbers = Numbers(1);
    for stage in STAGES {
        let mut scene = Scene::new(stage);
        for code in 0..=0xff {
            for length in 0..=19 {
                for data in [vec![0; length], numbers.octets(length)] {
                    // Not one that the host waits with.
                    let identifier = 0xc1 + numbers.below(0x3f) as u8;
                    let octets = signals::raw(code, identifier, &data);
                    let reject = Some(signals::not_understood(identifier));
                    match (code, length) {
                        (CONNECT, 10) | (DISCONNECT, 4) => {}
                        (CONNECT | DISCONNECT, _) => answers(&mut scene, &octets, &[reject, None]),
                        // Of a central a peripheral takes no parameters (4.20).
                        (UPDATE, 8) => answers(&mut scene, &octets, &[reject]),
                        (UPDATE, _) => answers(&mut scene, &octets, &[reject, None]),
                        (code, _) if is_silent(code) => answers(&mut scene, &octets, &[None]),
                        _ => answers(&mut scene, &octets, &[reject]),
                    }
                }
            }
        }
        scene.is_sound(&"all codes");
        scene.ends();
    }
}

/// Commands that would do something, were they not damaged.
fn effective(scene: &Scene) -> Vec<Signal> {
    let far = End { cid: 0x0055, ..FAR };
    let mut signals = vec![signals::connect(3, LISTENED, &far)];
    if let Some(host) = scene.host {
        let identifier = scene.waits.unwrap_or(3);
        signals.push(signals::disconnect(3, host.cid, FAR.cid));
        signals.push(signals::disconnected(identifier, FAR.cid, host.cid));
        signals.push(signals::connected(identifier, &FAR, 0));
        signals.push(Signal::new(REJECT, identifier, &[0]));
        signals.push(signals::credit(3, FAR.cid, 0xffff));
    }
    signals
}

/// 4: the identifier 0 is illegal, a packet on LE holds one command, and its length is that of the packet.
#[test]
fn damaged_commands_do_nothing() {
    for stage in STAGES {
        let mut scene = Scene::new(stage);
        for signal in effective(&scene) {
            let whole = signal.octets();
            let identifier = signal.identifier;
            let maybe = [None, Some(signals::not_understood(identifier))];
            for length in 0..whole.len() {
                // A response that is cut off behind the octets of a shorter kind is no response.
                answers(&mut scene, &whole[..length], &maybe);
            }
            for lie in [0u16, 1, 3, 9, 11, 0xff, 0x100, 0xffff] {
                let mut octets = whole.clone();
                if octets[2..4] == lie.to_le_bytes() {
                    continue;
                }
                octets[2..4].copy_from_slice(&lie.to_le_bytes());
                answers(&mut scene, &octets, &maybe);
            }
            let mut longer = whole.clone();
            longer.push(0);
            answers(&mut scene, &longer, &maybe);
            let mut nobody = whole.clone();
            nobody[1] = 0;
            answers(&mut scene, &nobody, &[None]);
            // Two commands in a packet, whichever is the effective one.
            let unknown = signals::raw(0xfe, identifier, &[]);
            answers(&mut scene, &[&whole[..], &whole[..]].concat(), &maybe);
            answers(&mut scene, &[&whole[..], &unknown[..]].concat(), &maybe);
            answers(&mut scene, &[&unknown[..], &whole[..]].concat(), &maybe);
        }
        scene.is_sound(&"damaged");
        scene.ends();
    }
}

/// 4.1: what is longer than the signalling channel's MTU may be rejected with it.
#[test]
fn a_command_longer_than_the_mtu_does_nothing() {
    let mut scene = Scene::new(Stage::Theirs);
    for length in [20, 40, 60, 61, 100, 600] {
        for code in [0x08, CONNECT, DISCONNECT, 0xfe] {
            scene.bench.say(0, SIGNALLING, &signals::raw(code, 7, &vec![0; length]));
            scene.bench.settle();
            for answer in scene.bench.signals(0) {
                assert_eq!((answer.code, answer.identifier), (REJECT, 7));
                let reason = answer.fields[0];
                assert!(reason == 0 || reason == 1 && answer.fields[1] >= 23, "{answer:x?}");
            }
        }
    }
    scene.is_sound(&"long");
    scene.ends();
}

/// 4.22, 4.23: which result a request has, of all of its faults.
#[test]
fn requests_to_connect_are_judged() {
    let mut accepted = 0;
    for stage in STAGES {
        let mut scene = Scene::new(stage);
        for psm in [0, 1, 0x7f, 0x92, LISTENED, 0xff, 0x100, LISTENED + 0x100, 0xffff] {
            for cid in [0, 4, 5, 0x3f, 0x40, FAR.cid, 0x7f, 0x80, 0x140, 0xffff] {
                for (mtu, mps) in
                    [(0, 64), (22, 23), (23, 22), (23, 0), (22, 22), (23, 23), (0xffff, 65_533), (64, 0xffff)]
                {
                    for credits in [0, 1, 0xffff] {
                        accepted += usize::from(judge(&mut scene, psm, &End { cid, mtu, mps, credits }));
                    }
                }
            }
        }
        scene.is_sound(&"requests");
        scene.ends();
    }
    // Three ends of the peer's, one of them taken in three states; two or three pairs of sizes; three numbers of credits.
    assert!(accepted >= (3 * 7 - 3) * 2 * 3, "{accepted} accepted");
}

/// True when it was accepted.
fn judge(scene: &mut Scene, psm: u16, far: &End) -> bool {
    let mut faults = vec![];
    let mut fault = |is: bool, result: u16| faults.extend(is.then_some(result));
    fault(psm != LISTENED, 0x0002);
    fault(!(0x40..=0x7f).contains(&far.cid), 0x0009);
    fault(scene.is_used(far.cid), 0x000a);
    fault(far.mtu < 23 || far.mps < 23, 0x000b);
    let request = signals::connect(0xd0, psm, far);
    let answer = scene.bench.answer(0, &request);
    let what = || format!("{:?}: {request:x?} has {answer:x?}", scene.stage);
    assert_eq!((answer.code, answer.identifier, answer.fields.len()), (CONNECTED, 0xd0, 5), "{}", what());
    let (host, result) = (end(&answer.fields), answer.fields[4]);
    // No frame is longer than a packet's length and a header allow.
    if faults.is_empty() && far.mps > 65_533 && result == 0x000b {
        return false;
    }
    if !faults.is_empty() {
        assert!(faults.contains(&result), "{}, of {faults:x?}", what());
        assert_eq!(host, End { cid: 0, mtu: 0, mps: 0, credits: 0 }, "{}", what());
        scene.is_unmoved(&request);
        return false;
    }
    assert_eq!(result, 0, "{}", what());
    assert!((0x40..=0x7f).contains(&host.cid) && !scene.has(host.cid), "{}", what());
    assert_ne!(
        Some(host.cid),
        scene.host.filter(|_| scene.stage == Stage::Connecting).map(|host| host.cid),
        "{}",
        what()
    );
    assert_eq!(host, End { cid: host.cid, mtu: 200, mps: 50, credits: 3 }, "{}", what());
    let (bench, listener) = (&mut scene.bench, scene.listener);
    let core::task::Poll::Ready(Ok(channel)) = bench.core().take_channel(listener) else { panic!("no channel") };
    let core::task::Poll::Ready(Ok(info)) = bench.core().channel(channel) else { panic!("not open") };
    assert_eq!((info.link, info.psm), (bench.link(0), psm));
    assert_eq!((info.our_mtu, info.peer_mtu, info.our_mps, info.peer_mps), (200, far.mtu, 50, far.mps));
    // The same once more is no second channel (4.22).
    let again = bench.answer(0, &request);
    assert!(again.fields == answer.fields || again.fields[4] == 0x000a, "{again:x?} after {}", what());
    let leave = signals::disconnect(0xd1, host.cid, far.cid);
    assert_eq!(bench.answer(0, &leave), signals::disconnected(0xd1, host.cid, far.cid));
    bench.core().release_channel(channel);
    scene.is_unmoved(&request);
    true
}

/// 4.6: who is not there is told so; an end that belongs to another channel means silence.
#[test]
fn requests_to_disconnect_are_judged() {
    for stage in STAGES {
        let mut scene = Scene::new(stage);
        let own = scene.host.map_or(0x41, |host| host.cid);
        for destination in [0, 4, 5, 0x3f, 0x40, own, 0x6f, 0x7f, 0x80, 0xffff] {
            for source in [0, 4, FAR.cid, 0x7f, 0xffff] {
                let octets = signals::disconnect(0xd2, destination, source).octets();
                let there = scene.has(destination);
                if there && source == FAR.cid {
                    continue;
                }
                let reject = Some(signals::invalid_cid(0xd2, destination, source));
                if there {
                    answers(&mut scene, &octets, &[None]);
                } else if stage == Stage::Connecting && destination == own {
                    // Of a channel that is on its way, the host cannot know the peer's end.
                    answers(&mut scene, &octets, &[reject, None]);
                } else {
                    answers(&mut scene, &octets, &[reject]);
                }
            }
        }
        scene.is_sound(&"requests to disconnect");
        // The right one, twice.
        if let (true, Some(host)) = (scene.has(own), scene.host) {
            let answer = scene.bench.answer(0, &signals::disconnect(0xd3, host.cid, FAR.cid));
            assert_eq!(answer, signals::disconnected(0xd3, host.cid, FAR.cid), "{stage:?}");
            let channel = scene.channel.unwrap();
            assert!(scene.bench.core().channel_closed(channel).is_ready(), "{stage:?}");
            let answer = scene.bench.answer(0, &signals::disconnect(0xd4, host.cid, FAR.cid));
            assert_eq!(answer, signals::invalid_cid(0xd4, host.cid, FAR.cid), "{stage:?}");
        }
        scene.ends();
    }
}

/// 4.24: credits for nobody, and none at all, are ignored.
#[test]
fn credits_for_nobody_are_ignored() {
    for stage in STAGES {
        let mut scene = Scene::new(stage);
        for cid in [0, 4, 0x3f, 0x40, FAR.cid, 0x7f, 0xffff] {
            for credits in [0, 1, 0xffff] {
                let takes = matches!(stage, Stage::Ours | Stage::Theirs) && cid == FAR.cid && credits > 0;
                if !takes {
                    answers(&mut scene, &signals::credit(0xd5, cid, credits).octets(), &[None]);
                }
            }
        }
        for length in (0..12).filter(|length| *length != 4) {
            let mut data = [FAR.cid.to_le_bytes(), [1, 0]].concat();
            data.resize(length, 0);
            answers(&mut scene, &signals::raw(CREDIT, 0xd6, &data), &[None]);
        }
        scene.is_sound(&"credits");
        scene.ends();
    }
}

/// One request may be under way for each identifier, and the host uses each in turn, never 0 (4).
#[test]
fn identifiers_go_round_without_zero() {
    let mut bench = support::channels::Bench::new(27, 1);
    let mut last = None;
    for _ in 0..600 {
        let (channel, identifier, host) = bench.begin(0, &near());
        assert_ne!(Some(identifier), last);
        last = Some(identifier);
        assert!(
            bench.ask(0, &signals::connected(identifier, &End { cid: 0, mtu: 0, mps: 0, credits: 0 }, 2)).is_empty()
        );
        assert!((0x40..=0x7f).contains(&host.cid));
        let state = bench.core().channel(channel);
        let refused = Error::ChannelRefused(wire::l2cap::signalling::LeConnectionResult::PSM_NOT_SUPPORTED);
        assert_eq!(state, core::task::Poll::Ready(Err(refused)));
        bench.core().release_channel(channel);
    }
    bench.is_whole();
}
