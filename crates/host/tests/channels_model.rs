//! Random peers that keep to the rules, random applications, and what must hold whatever they do: octets received are a prefix of those
//! sent, SDU by SDU, each way; the host ends no channel that nobody wants ended; what is drained is whole; nothing stays.
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
mod channels_model {
    pub(crate) mod channel;
    pub(crate) mod world;
}

use channels_model::{
    channel::{Channel, Phase},
    world::{PEERS, World},
};
use core::time::Duration;
use support::channels::signals;

const SEEDS: u64 = 2_000;
const ACTS: usize = 200;

#[test]
fn octets_received_are_a_prefix_of_octets_sent() {
    let (mut drained, mut octets, mut ended) = (0, 0, 0);
    for seed in 0..SEEDS {
        let mut world = World::new(seed);
        (0..ACTS).for_each(|_| world.act());
        drain(&mut world);
        for channel in &world.channels {
            octets += channel.got.concat().len() + channel.far.octets().len();
            drained += usize::from(channel.is_open() && !channel.theirs.is_empty() && !channel.ours.is_empty());
            // The peer ended it, and what had come whole was read.
            let by_peer = !channel.unwanted && channel.handle.is_some() && channel.phase == Phase::Over;
            ended += usize::from(by_peer);
            if channel.is_open() {
                let (got, theirs) = (channel.got.len(), channel.theirs.len());
                let received = channel.frames.is_empty() && channel.got == channel.theirs;
                assert!(
                    received,
                    "seed {seed}: {got} of {theirs} received, {} may, {:?}",
                    channel.far.may, channel.far.host
                );
                assert!(channel.doing.is_none() && channel.far.sdus == channel.ours, "seed {seed}: not all was sent");
            } else if by_peer {
                let whole = channel.theirs.len() - usize::from(!channel.frames.is_empty());
                assert_eq!(channel.got.len(), whole, "seed {seed}: what was whole is read after the end");
            }
        }
        ends(world);
    }
    println!("{SEEDS} sessions: {drained} channels went whole both ways, {ended} ended by the peer, {octets} octets");
    assert!(drained > SEEDS as usize / 6 && ended > SEEDS as usize / 10, "{drained} drained, {ended} ended");
}

/// Everybody does all that is left to do.
fn drain(world: &mut World) {
    world.bench.holds = false;
    for _ in 0..2_000 {
        let before: Vec<_> = state(world);
        (0..PEERS).for_each(|peer| world.bench.complete(peer));
        world.bench.settle();
        world.attend();
        world.answer();
        for at in 0..world.channels.len() {
            let channel = &mut world.channels[at];
            if channel.is_open() && channel.doing.is_some() && channel.far.host_may == 0 {
                channel.far.host_may += 3;
                world.bench.signal(channel.far.peer, &signals::credit(0x98, channel.far.own.cid, 3));
            }
            world.app_goes_on(at);
            world.peer_goes_on(at);
            world.app_takes_of(at, 500);
        }
        world.bench.settle();
        world.attend();
        world.channels.iter().for_each(|channel| channel.holds());
        if state(world) == before {
            return;
        }
    }
    panic!("they never come to rest");
}

/// What must change as long as there is something to do.
fn state(world: &World) -> Vec<(Phase, usize, u32, usize, usize, Option<usize>)> {
    let of = |c: &Channel| {
        let got = c.got.concat().len() + c.got.len() + c.part.len();
        (c.phase, c.frames.len(), c.far.may, got, c.far.octets().len() + c.far.sdus.len(), c.doing)
    };
    world.channels.iter().map(of).collect()
}

/// All let go: nothing stays.
fn ends(mut world: World) {
    if let Some(listener) = world.listener.take() {
        world.bench.core().unlisten(listener);
    }
    for channel in &mut world.channels {
        channel.unwanted = true;
        if let Some(handle) = channel.handle.take() {
            world.bench.core().release_channel(handle);
        }
    }
    world.bench.settle();
    world.attend();
    world.bench.pass(Duration::from_secs(41));
    assert_eq!(world.bench.used(), (0, 0));
    world.bench.is_whole();
}
