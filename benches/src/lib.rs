//! jelling and trouble-host 0.8.0 side by side: the same program drives a pair of hosts of either over the same instant link.
//!
//! What is measured is the hosts alone, from an application's call to the peer's application. Nothing takes time on the link, no
//! timer fires, and both hosts of a pair are polled by one thread, in turns. `cargo xtask bench` prints the table.
//!
//! - A rate counts values that the receiving application had; lost is what was sent and never came there.
//! - Reads: the value changes every 64 operations, and each read is compared. Writes and notifications carry a number each.
//! - jelling has its default `Resources`, with two values deep captures and subscriptions. trouble-host has its default sizes,
//!   or (`best`) a queue of 16 notifications and a pool of 128 packets. When its pool is empty the application tries again. Both are
//!   built with their feature `security`.
//! - Pairings: LE Secure Connections, Just Works, without a bond, from the call to both applications' knowledge that the link is
//!   encrypted; each on a connection of its own, whose making is not counted. On P-256 each of trouble-host's hosts multiplies once
//!   for a pairing (the DHKey), because it keeps one key pair until it is reset; each of jelling's twice, because it makes a
//!   fresh key pair for each pairing.
//! - Instructions and reads of the clock are those of both hosts, the link and both applications, an operation. The clock of the
//!   measurement costs nothing: a real one adds what its reads cost.
//!
//! How often an octet of a notification is copied between an application and the transport's buffer, by reading the code:
//!
//! | | sending | receiving |
//! | --- | --- | --- |
//! | jelling | 2: into the link's frame, into the packet | 2: into the pool, to the application; 3 where it came in fragments |
//! | trouble-host 0.8.0 | 1: into a packet of the pool | 4: into a packet of the pool, into an array, which moves into its queue and out |
//!
//! LE credit-based channels (`channel-SDU-LINKSxCHANNELS`):
//!
//! - Host 0 sends on all channels of all links, each to a host of its own. Each SDU carries the number it has in its channel, a pattern and
//!   a checksum of all of it; the receiving application looks at all three. Lost is what was sent and never came; damaged and out of order are
//!   counted apart. A channel is stuck when its task is never woken again.
//! - Each task is polled when it was woken, as an executor does.
//! - jelling: an SDU is one K-frame, with credits and frame buffers for 32 and 7 of 242 octets, 8 and 2 of 2,048.
//! - trouble-host: by default as its `L2capChannelConfig` and `HostResources` are, 16 packets for each host, of 251 octets, or of 2,510 as its
//!   example for throughput has them, which an SDU of 2,048 needs; `best`: 128 packets that are not cleared when they are taken, receive queues of
//!   64, 64 credits given back by 32, and `l2cap-sdu-reassembly-optimization`. Its documentation advises 200 credits, given back by 50: more than its longest queue
//!   holds.
//! - The spread is what the link, or the channel of a link, with the most SDUs received, by what the one with the least did.
//! - How often an octet is copied is measured by DHAT, which counts `memcpy` and `memmove`, without what the link copies. It does not see the whole blocks
//!   of 60 octets that jelling copies in place: by reading the code it copies three times (slice, frame buffer; packet, blocks; slice). trouble-host's are
//!   all calls: four times (slice, packet; packet, moved in it; slice), with `best` three.

mod channels;
mod clock;
mod meter;
mod ours;
mod theirs;

pub use channels::{Shape, Transfer};
pub use clock::reads;
pub use jelling_bench_link::Buffers;
pub use meter::{Goal, Meter, Outcome, Row};

use core::{
    cell::Cell,
    future::Future,
    hint::black_box,
    pin::{Pin, pin},
    task::{Context, Waker},
};
use jelling_bench_link::Air;

/// A host stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stack {
    /// This project.
    Jelling,
    /// The peer.
    Trouble,
}

impl Stack {
    /// Both.
    pub const ALL: [Stack; 2] = [Stack::Jelling, Stack::Trouble];

    /// Its name in the table.
    pub const fn name(self) -> &'static str {
        match (self, cfg!(feature = "best")) {
            (Stack::Jelling, _) => "jelling",
            (Stack::Trouble, false) => "trouble",
            (Stack::Trouble, true) => "trouble-best",
        }
    }
}

/// Connects two hosts of `stack` and measures `row` until `goal` is reached.
pub fn measure(stack: Stack, row: Row, buffers: Buffers, goal: Goal) -> Outcome {
    let meter = Meter::new(row, goal);
    let air = Air::new(buffers);
    match stack {
        Stack::Jelling => drive(&meter, pin!(ours::session(&air, row, &meter))),
        Stack::Trouble => drive(&meter, pin!(theirs::session(&air, row, &meter))),
    }
    meter.outcome()
}

/// Opens the channels of `shape` between hosts of `stack` and sends until `goal` is reached.
pub fn transfer(stack: Stack, shape: Shape, buffers: Buffers, goal: Goal) -> Transfer {
    let tally = channels::Tally::new(shape, goal);
    let air = Air::of(1 + shape.links, buffers);
    match stack {
        Stack::Jelling => ours::channels::transfer(&air, shape, &tally),
        Stack::Trouble => theirs::channels::transfer(&air, shape, &tally),
    }
    tally.transfer(air.moved())
}

/// How often jelling's hosts multiply on P-256 in so many pairings.
pub fn multiplications(pairings: u32) -> u32 {
    let (meter, count) = (Meter::new(Row::Pair, Goal::Count(pairings)), Cell::new(0));
    let air = Air::new(Buffers { length: 251, count: 8 });
    drive(&meter, pin!(ours::pairing::session(&air, &meter, Some(&count))));
    count.get()
}

fn drive(meter: &Meter, mut session: Pin<&mut dyn Future<Output = ()>>) {
    let mut context = Context::from_waker(Waker::noop());
    while !meter.is_over() {
        if meter.counts() {
            measured(meter, session.as_mut(), &mut context);
        } else {
            assert!(session.as_mut().poll(&mut context).is_pending(), "the session ended before the measurement");
        }
    }
}

/// What is between begin and end, or pause: callgrind counts in here only.
#[inline(never)]
fn measured(meter: &Meter, mut session: Pin<&mut dyn Future<Output = ()>>, context: &mut Context<'_>) {
    while black_box(meter.counts()) {
        assert!(session.as_mut().poll(context).is_pending(), "the session ended before the measurement");
    }
}
