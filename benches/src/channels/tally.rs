//! What both ends of each channel tell.

use super::{Shape, sdu};
use crate::Goal;
use core::{
    cell::{Cell, RefCell},
    future::poll_fn,
    task::{Poll, Waker},
    time::Duration,
};
use std::time::Instant;

/// How often the clock is looked at, in SDUs.
const CLOCK_CHECKS: u32 = 64;
/// Rounds in which no SDU comes, after which the time stands still until one comes.
const QUIET: u32 = 16;
/// The same, after which none will any more.
const STALLED: u32 = 10_000;

/// One channel.
#[derive(Debug, Default)]
struct Stream {
    sent: Cell<u32>,
    next: Cell<u32>,
    received: Cell<u32>,
}

/// What has been told.
#[derive(Debug)]
pub(crate) struct Tally {
    shape: Shape,
    goal: Goal,
    /// Both ends of every channel, until all are open.
    missing: Cell<usize>,
    waiting: RefCell<Vec<Waker>>,
    begun: Cell<Option<Instant>>,
    counts: Cell<bool>,
    reached: Cell<bool>,
    sending: Cell<usize>,
    /// SDUs whose sending has begun.
    begun_with: Cell<u32>,
    sent: Cell<u32>,
    received: Cell<u32>,
    damaged: Cell<u32>,
    disordered: Cell<u32>,
    idle: Cell<u32>,
    seen: Cell<u32>,
    last: Cell<Option<Instant>>,
    streams: Vec<Stream>,
}

/// What a measurement gave.
#[derive(Clone, Debug)]
pub struct Transfer {
    /// SDUs that were sent: the call returned.
    pub sent: u32,
    /// SDUs that the receiving application had, whole.
    pub received: u32,
    /// SDUs that it had, but not as they were sent.
    pub damaged: u32,
    /// SDUs that came after a later one of their channel, or again.
    pub disordered: u32,
    /// True when nothing came any more before the measurement was over.
    pub stalled: bool,
    /// From the first call to the last SDU.
    pub time: Duration,
    /// SDUs received on each channel, those of a link side by side.
    pub shares: Vec<u32>,
    /// How many channels a link has.
    pub channels: usize,
    /// Octets that the link has copied, from the first packet of the hosts on.
    pub moved: u64,
}

impl Transfer {
    /// SDUs that were sent and did not come.
    pub fn lost(&self) -> u32 {
        self.sent.saturating_sub(self.received)
    }

    /// How much more the link with the most had than the one with the least: 1 is even.
    pub fn spread_of_links(&self) -> f64 {
        spread(self.shares.chunks(self.channels).map(|link| link.iter().sum()))
    }

    /// The same of the channels of a link, where it is most.
    pub fn spread_of_channels(&self) -> f64 {
        self.shares.chunks(self.channels).map(|link| spread(link.iter().copied())).fold(1.0, f64::max)
    }
}

fn spread(shares: impl Iterator<Item = u32> + Clone) -> f64 {
    f64::from(shares.clone().max().unwrap_or(0)) / f64::from(shares.min().unwrap_or(0))
}

impl Tally {
    pub(crate) fn new(shape: Shape, goal: Goal) -> Self {
        Tally {
            shape,
            goal,
            missing: Cell::new(2 * shape.streams()),
            waiting: RefCell::default(),
            begun: Cell::new(None),
            counts: Cell::new(false),
            reached: Cell::new(false),
            sending: Cell::new(shape.streams()),
            begun_with: Cell::new(0),
            sent: Cell::new(0),
            received: Cell::new(0),
            damaged: Cell::new(0),
            disordered: Cell::new(0),
            idle: Cell::new(0),
            seen: Cell::new(0),
            last: Cell::new(None),
            streams: (0..shape.streams()).map(|_| Stream::default()).collect(),
        }
    }

    pub(crate) fn counts(&self) -> bool {
        self.counts.get()
    }

    /// An end of a channel is open: waits for all others.
    pub(crate) async fn open(&self) {
        self.missing.set(self.missing.get() - 1);
        if self.missing.get() == 0 {
            self.begun.set(Some(Instant::now()));
            self.counts.set(true);
            self.waiting.borrow_mut().drain(..).for_each(Waker::wake);
            // What counts begins with the next round.
            return embassy_futures::yield_now().await;
        }
        poll_fn(|context| {
            if self.counts() {
                return Poll::Ready(());
            }
            self.waiting.borrow_mut().push(context.waker().clone());
            Poll::Pending
        })
        .await;
    }

    /// Puts the next SDU of a channel into `octets`; false when there is to be none.
    pub(crate) fn next(&self, stream: usize, octets: &mut [u8]) -> bool {
        let begun = self.begun_with.get();
        let goes_on = match self.goal {
            Goal::Count(count) | Goal::Latency(count) => begun < count,
            Goal::Time(_) if !begun.is_multiple_of(CLOCK_CHECKS) => !self.reached.get(),
            Goal::Time(time) => self.begun.get().is_none_or(|begun| begun.elapsed() < time),
        };
        if !goes_on {
            self.reached.set(true);
            self.sending.set(self.sending.get() - 1);
            return false;
        }
        self.begun_with.set(begun + 1);
        sdu::fill(stream, self.streams[stream].sent.get(), octets);
        true
    }

    /// The SDU that `next` gave is sent.
    pub(crate) fn sent(&self, stream: usize) {
        let stream = &self.streams[stream];
        stream.sent.set(stream.sent.get() + 1);
        self.sent.set(self.sent.get() + 1);
    }

    /// The receiving application has an SDU.
    pub(crate) fn received(&self, stream: usize, octets: &[u8]) {
        let number = if octets.len() == self.shape.sdu { sdu::read(stream, octets) } else { None };
        let Some(number) = number else {
            return self.damaged.set(self.damaged.get() + 1);
        };
        let stream = &self.streams[stream];
        if number < stream.next.get() {
            return self.disordered.set(self.disordered.get() + 1);
        }
        stream.next.set(number + 1);
        stream.received.set(stream.received.get() + 1);
        self.received.set(self.received.get() + 1);
    }

    /// Every task that was woken has been polled; `any`: there was one.
    pub(crate) fn round(&self, any: bool) {
        let received = self.received.get();
        if received != self.seen.get() {
            self.seen.set(received);
            self.idle.set(0);
        } else {
            self.idle.set(self.idle.get() + 1);
            if self.idle.get() == QUIET {
                self.last.set(Some(Instant::now()));
            }
        }
        let complete = self.sending.get() == 0 && received >= self.sent.get();
        if complete || !any || self.idle.get() >= STALLED {
            self.counts.set(false);
        }
    }

    pub(crate) fn transfer(self, moved: u64) -> Transfer {
        let begun = self.begun.get().expect("it has begun");
        let end = if self.idle.get() < QUIET { None } else { self.last.get() };
        Transfer {
            sent: self.sent.get(),
            received: self.received.get(),
            damaged: self.damaged.get(),
            disordered: self.disordered.get(),
            stalled: self.sending.get() > 0,
            time: end.unwrap_or_else(Instant::now) - begun,
            shares: self.streams.iter().map(|stream| stream.received.get()).collect(),
            channels: self.shape.channels,
            moved,
        }
    }
}
