//! Frames of every length, on every channel, in every state: nothing panics, more than was reserved is never held, and where a channel ends
//! it is that one alone.
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

use core::time::Duration;
use support::{
    channels::{
        scene::{STAGES, Scene, Stage},
        signals::{self, Signal},
    },
    numbers::Numbers,
};

/// Octets of any frame that the peer sends, on this channel; pieces of this length.
fn say(scene: &mut Scene, cid: u16, payload: &[u8], piece: usize) {
    let before = scene.bench.used().1;
    scene.bench.piece = piece;
    scene.bench.say(0, cid, payload);
    scene.bench.piece = 27;
    scene.bench.settle();
    let after = scene.bench.used().1;
    assert!(
        after <= before,
        "{:?}: {} octets on {cid:#x} took {after} blocks, of {before}",
        scene.stage,
        payload.len()
    );
}

/// Of a frame that cannot be the channel's nothing moves.
#[test]
fn frames_for_nobody_move_nothing() {
    let mut numbers = Numbers(3);
    for stage in STAGES {
        let mut scene = Scene::new(stage);
        let open = matches!(stage, Stage::Ours | Stage::Theirs);
        for cid in [0, 1, 2, 3, 7, 0x20, 0x3f, 0x40, 0x41, 0x42, 0x50, 0x7e, 0x7f, 0x80, 0xff, 0x100, 0x140, 0xffff] {
            if open && scene.has(cid) {
                continue;
            }
            for length in (0..=70).chain([200, 255, 256, 500, 5_000]) {
                let payload = numbers.octets(length);
                say(&mut scene, cid, &payload, numbers.pick(&[1, 4, 5, 27]));
                assert!(scene.bench.heard(0).is_empty(), "{stage:?}: an answer to {length} octets on {cid:#x}");
            }
            scene.is_unmoved(&cid);
        }
        scene.is_sound(&"frames for nobody");
        scene.ends();
    }
}

/// On an open channel a frame is an SDU's, or its end.
#[test]
fn frames_of_every_length_on_a_channel() {
    let mut numbers = Numbers(5);
    let (mut took, mut ended) = (0, 0);
    for stage in [Stage::Ours, Stage::Theirs] {
        for begun in [None, Some(1), Some(48), Some(120)] {
            for length in (0..=60).chain([100, 198, 200, 250, 255, 256, 1_000, 65_535]) {
                let mut scene = Scene::new(stage);
                let (channel, host) = (scene.channel.unwrap(), scene.host.unwrap());
                // An SDU of which so many octets are missing.
                if let Some(missing) = begun {
                    let said = u16::to_le_bytes(missing + 1);
                    say(&mut scene, host.cid, &[said[0], said[1], 9], 27);
                }
                let mut payload = numbers.octets(length);
                // Lengths that may be true.
                if payload.len() > 1 {
                    let said = numbers.pick(&[length as u16 - 2, length as u16, 200, 201, 0, 3]);
                    payload[..2].copy_from_slice(&said.to_le_bytes());
                }
                say(&mut scene, host.cid, &payload, numbers.pick(&[1, 2, 3, 4, 5, 6, 27]));
                let fits = match begun {
                    Some(missing) => length <= 50 && length <= usize::from(missing),
                    None => {
                        (2..=50).contains(&length) && {
                            let said = u16::from_le_bytes([payload[0], payload[1]]);
                            said <= 200 && length - 2 <= usize::from(said)
                        }
                    }
                };
                let asked: Vec<Signal> =
                    scene.bench.signals(0).into_iter().filter(|signal| signal.code != signals::CREDIT).collect();
                let what = format!("{stage:?} {begun:?} {length} {:02x?}", &payload[..length.min(2)]);
                // An empty frame in the middle may be an end or not.
                let either = length == 0 && begun.is_some();
                if fits && !(either && asked.len() == 1) {
                    assert!(asked.is_empty(), "{asked:x?} {what}");
                    assert!(scene.bench.core().is_channel_open(channel), "{what}");
                    took += 1;
                } else {
                    let identifier = asked.first().map_or(0, |signal| signal.identifier);
                    assert_eq!(asked, [signals::disconnect(identifier, 0x50, host.cid)], "{what}");
                    assert!(!scene.bench.core().is_channel_open(channel), "{what}");
                    ended += 1;
                }
                scene.bench.att_goes_on(0);
                scene.bench.core().close_channel(channel);
                scene.bench.pass(Duration::from_secs(3));
                scene.ends();
            }
        }
    }
    assert!(took > 150 && ended > 150, "{took} taken, {ended} ended");
}

/// The channel is being opened or closed, and the peer does not wait.
#[test]
fn frames_on_a_channel_that_is_not_open_yet_or_any_more() {
    let mut numbers = Numbers(9);
    for stage in [Stage::Connecting, Stage::Closing] {
        let mut scene = Scene::new(stage);
        let host = scene.host.unwrap();
        for length in 0..=300 {
            say(&mut scene, host.cid, &numbers.octets(length), numbers.pick(&[1, 27]));
            assert!(scene.bench.heard(0).is_empty());
        }
        scene.is_sound(&"early and late frames");
        scene.ends();
    }
}

/// A frame under way when its channel ends, or its slot is another channel's: its rest is for nobody.
#[test]
fn the_rest_of_a_frame_is_not_the_next_channels() {
    for at in 1..50 {
        for end in 0..3 {
            let mut scene = Scene::new(Stage::Theirs);
            let (channel, host) = (scene.channel.unwrap(), scene.host.unwrap());
            let frame = [&[46, 0][..], &host.cid.to_le_bytes(), &[44, 0], &[0xcc; 44]].concat();
            scene.bench.packet(0, true, &frame[..at]);
            match end {
                0 => {
                    // The application lets go, and opens another one.
                    scene.bench.core().release_channel(channel);
                    scene.bench.settle();
                    let asked = scene.bench.signals(0);
                    scene.bench.pass(Duration::from_secs(2));
                    assert_eq!(asked.len(), 1);
                }
                1 => {
                    scene.bench.core().close_channel(channel);
                    scene.bench.settle();
                    scene.bench.pass(Duration::from_secs(2));
                    scene.bench.core().release_channel(channel);
                }
                _ => {
                    scene.bench.part(0);
                    scene.bench.core().release_channel(channel);
                    scene.bench.reconnect(0);
                }
            }
            scene.bench.heard(0);
            let (again, _, _) = scene.bench.begin(0, &support::channels::near());
            assert_eq!(again.index(), channel.index());
            // What goes on now is the old frame, or of a new link nobody's.
            scene.bench.packet(0, false, &frame[at..]);
            scene.bench.settle();
            assert_eq!(scene.bench.core().available(again), 0, "{at} {end}");
            assert!(scene.bench.heard(0).is_empty());
            scene.channel = Some(again);
            scene.stage = Stage::Connecting;
            scene.is_sound(&(at, end));
            scene.ends();
        }
    }
}
