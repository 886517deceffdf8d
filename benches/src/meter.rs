//! What both stacks' programs tell: each operation when it is called, each value when the receiving application has it.

use core::{
    cell::{Cell, RefCell},
    future::poll_fn,
    task::Poll,
    time::Duration,
};
use std::time::Instant;

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Row {
    /// ATT reads of a value of 20 octets, one after the other.
    Read,
    /// ATT write requests of 20 octets, one after the other.
    Write,
    /// Notifications of 20 octets.
    Notify20,
    /// Notifications of 244 octets: as long as the MTU allows.
    Notify244,
    /// Write commands of 244 octets.
    Command244,
    /// Pairings: LE Secure Connections, Just Works, without a bond.
    Pair,
}

impl Row {
    /// All of them.
    pub const ALL: [Row; 6] = [Row::Read, Row::Write, Row::Notify20, Row::Notify244, Row::Command244, Row::Pair];

    /// Its name for programs.
    pub const fn name(self) -> &'static str {
        match self {
            Row::Read => "read-20",
            Row::Write => "write-20",
            Row::Notify20 => "notify-20",
            Row::Notify244 => "notify-244",
            Row::Command244 => "command-244",
            Row::Pair => "pair",
        }
    }

    /// Octets of its value.
    pub const fn length(self) -> usize {
        match self {
            Row::Read | Row::Write | Row::Notify20 => 20,
            Row::Notify244 | Row::Command244 => 244,
            Row::Pair => 0,
        }
    }

    /// Operations in which callgrind counts instructions.
    pub const fn operations(self) -> u32 {
        if matches!(self, Row::Pair) { PAIRINGS } else { OPERATIONS }
    }

    /// Round trips that are timed one by one.
    pub const fn trips(self) -> u32 {
        if matches!(self, Row::Pair) { 1_000 } else { 100_000 }
    }

    /// True where each operation waits for its answer.
    pub const fn is_round_trip(self) -> bool {
        matches!(self, Row::Read | Row::Write | Row::Pair)
    }
}

/// When a measurement is over.
#[derive(Clone, Copy, Debug)]
pub enum Goal {
    /// After so long.
    Time(Duration),
    /// After so many operations.
    Count(u32),
    /// After so many operations, each of them timed: for round trips.
    Latency(u32),
}

/// Operations in which callgrind counts instructions.
const OPERATIONS: u32 = 2000;
/// The same of pairings.
const PAIRINGS: u32 = 20;
/// How often the value that is read changes, in operations.
const READ_CHANGES: u32 = 64;
/// How often the clock is looked at, in operations.
const CLOCK_CHECKS: u32 = 256;
/// Rounds without a value after which none comes any more: every layer moves on in each.
const DRAINED: u32 = 16;

/// What has been told.
#[derive(Debug)]
pub struct Meter {
    row: Row,
    goal: Goal,
    /// The first operation.
    begun: Cell<Option<Instant>>,
    /// Since when it counts, with the reads of the clock at that moment.
    since: Cell<Option<(Instant, u64)>>,
    over: Cell<bool>,
    /// How long it has counted before, and the reads of the clock in that time.
    time: Cell<Duration>,
    reads: Cell<u64>,
    sent: Cell<u32>,
    received: Cell<u32>,
    next: Cell<u32>,
    behind: Cell<u32>,
    twice: Cell<u32>,
    trips: RefCell<Vec<u32>>,
}

/// What a measurement gave.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Operations that were called and returned.
    pub sent: u32,
    /// Values that the receiving application had, without those that came twice.
    pub received: u32,
    /// Of these, those that came after a later one.
    pub out_of_order: u32,
    /// Values that came again.
    pub duplicated: u32,
    /// From the first operation to the last value; of pairings without what is between them.
    pub time: Duration,
    /// How often the clock was read in that time.
    pub clock_reads: u64,
    /// How long each round trip took, in nanoseconds, in order.
    pub trips: Vec<u32>,
}

impl Meter {
    pub(crate) fn new(row: Row, goal: Goal) -> Self {
        let trips = if let Goal::Latency(count) = goal { count } else { 0 };
        Meter {
            row,
            goal,
            begun: Cell::new(None),
            since: Cell::new(None),
            over: Cell::new(false),
            time: Cell::new(Duration::ZERO),
            reads: Cell::new(0),
            sent: Cell::new(0),
            received: Cell::new(0),
            next: Cell::new(0),
            behind: Cell::new(0),
            twice: Cell::new(0),
            trips: RefCell::new(Vec::with_capacity(trips as usize)),
        }
    }

    /// Everything is set up: from now on it counts.
    pub(crate) async fn begin(&self) {
        let now = Instant::now();
        self.since.set(Some((now, crate::reads())));
        self.begun.set(self.begun.get().or(Some(now)));
        embassy_futures::yield_now().await;
    }

    /// Does not count until it begins again. To be called when every operation has come to its end.
    pub(crate) async fn pause(&self) {
        self.count_until(Instant::now());
        embassy_futures::yield_now().await;
    }

    fn count_until(&self, end: Instant) {
        if let Some((begin, reads)) = self.since.take() {
            self.time.set(self.time.get() + (end - begin));
            self.reads.set(self.reads.get() + crate::reads() - reads);
        }
    }

    /// Waits until everything is set up.
    pub(crate) async fn begun(&self) {
        poll_fn(|context| {
            if self.is_begun() {
                return Poll::Ready(());
            }
            context.waker().wake_by_ref();
            Poll::Pending
        })
        .await;
    }

    pub(crate) fn is_begun(&self) -> bool {
        self.begun.get().is_some()
    }

    pub(crate) fn counts(&self) -> bool {
        self.since.get().is_some()
    }

    pub(crate) fn is_over(&self) -> bool {
        self.over.get()
    }

    /// The number of the next operation, if there is to be one.
    pub(crate) fn next(&self) -> Option<u32> {
        let number = self.sent.get();
        let goes_on = match self.goal {
            Goal::Count(count) | Goal::Latency(count) => number < count,
            Goal::Time(_) if self.row != Row::Pair && !number.is_multiple_of(CLOCK_CHECKS) => true,
            Goal::Time(time) => self.begun.get().is_none_or(|begun| begun.elapsed() < time),
        };
        goes_on.then_some(number)
    }

    /// The operation that `next` gave is done.
    pub(crate) fn sent(&self) {
        self.sent.set(self.sent.get() + 1);
    }

    /// The moment, where round trips are timed.
    pub(crate) fn moment(&self) -> Option<Instant> {
        matches!(self.goal, Goal::Latency(_)).then(Instant::now)
    }

    /// A round trip that began at `moment` is done.
    pub(crate) fn trip(&self, moment: Option<Instant>) {
        if let Some(moment) = moment {
            self.trips.borrow_mut().push(u32::try_from(moment.elapsed().as_nanos()).unwrap_or(u32::MAX));
        }
        self.sent();
    }

    /// The value of operation `number`.
    pub(crate) fn fill(&self, number: u32, value: &mut [u8]) {
        let [first @ .., last] = value else { return };
        first[..4].copy_from_slice(&number.to_le_bytes());
        *last = number as u8;
    }

    /// The receiving application has a value.
    pub(crate) fn received(&self, value: &[u8]) {
        let number = self.number(value);
        if number >= self.next.get() {
            self.next.set(number + 1);
        } else if number + 1 == self.next.get() {
            return self.twice.set(self.twice.get() + 1);
        } else {
            self.behind.set(self.behind.get() + 1);
        }
        self.received.set(self.received.get() + 1);
    }

    /// The peer's application knows that a pairing is complete.
    pub(crate) fn paired(&self) {
        self.received.set(self.received.get() + 1);
    }

    /// Waits until the peer's application knows of as many pairings as ours.
    pub(crate) async fn both(&self) {
        while self.received.get() < self.sent.get() {
            embassy_futures::yield_now().await;
        }
    }

    /// True when the value that is read is to change before this operation.
    pub(crate) fn changes(&self, number: u32) -> bool {
        number.is_multiple_of(READ_CHANGES)
    }

    /// A value was read in operation `number`.
    pub(crate) fn read(&self, number: u32, value: &[u8]) {
        assert_eq!(
            self.number(value),
            number - number % READ_CHANGES,
            "the value that was set is the one that is read"
        );
        self.received.set(self.received.get() + 1);
    }

    fn number(&self, value: &[u8]) -> u32 {
        assert_eq!(value.len(), self.row.length(), "values come whole");
        let number = u32::from_le_bytes([value[0], value[1], value[2], value[3]]);
        assert_eq!(value.last(), Some(&(number as u8)), "values come as they are sent");
        number
    }

    /// Every operation has been called: waits for values that are still on their way.
    pub(crate) async fn end(&self) {
        let (mut before, mut idle) = (self.received.get(), 0);
        let mut last = Instant::now();
        while self.received.get() < self.sent.get() && idle < DRAINED {
            embassy_futures::yield_now().await;
            idle += 1;
            if self.received.get() > before {
                (before, idle) = (self.received.get(), 0);
                last = Instant::now();
            }
        }
        self.count_until(last);
        self.over.set(true);
        core::future::pending::<()>().await;
    }

    pub(crate) fn outcome(self) -> Outcome {
        assert!(self.over.get(), "the measurement has no end");
        let mut trips = self.trips.into_inner();
        trips.sort_unstable();
        Outcome {
            sent: self.sent.get(),
            received: self.received.get(),
            out_of_order: self.behind.get(),
            duplicated: self.twice.get(),
            time: self.time.get(),
            clock_reads: self.reads.get(),
            trips,
        }
    }
}
