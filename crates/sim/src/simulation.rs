//! A thread's own time, and what runs in it: futures, until none of them can go on; then the clock moves.

use crate::air::Air;
use core::{
    future::Future,
    pin::{Pin, pin},
    task::{Context, Poll, Waker},
    time::Duration,
};
use jelling_clock::VirtualTime;
use std::{
    cell::RefCell,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::Wake,
};

/// A future's flag: it can go on.
struct Ready(AtomicBool);

impl Wake for Ready {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Release);
    }
    fn wake_by_ref(self: &Arc<Self>) {
        self.0.store(true, Ordering::Release);
    }
}

struct Spawned<'s> {
    future: Pin<Box<dyn Future<Output = ()> + 's>>,
    ready: Arc<Ready>,
}

/// Why [`Simulation::try_block_on`] gave up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stuck {
    /// Nothing can go on, and no timer is set.
    Idle,
    /// More virtual time passed than was allowed.
    Late,
    /// Futures woke each other a million times without the clock moving.
    Spinning,
}

impl core::fmt::Display for Stuck {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Stuck::Idle => "the simulation stands still: nothing can go on and no timer is set",
            Stuck::Late => "the simulation took longer than it was allowed",
            Stuck::Spinning => "the simulation spins: its futures wake each other and time does not pass",
        })
    }
}

impl core::error::Error for Stuck {}

/// Polls without the clock moving that count as spinning.
const SPIN: u32 = 1_000_000;

/// An air and a clock of its own for this thread, and an executor on them. Time passes when nothing can go on, at once: an hour
/// takes as long as what happens in it.
///
/// When it is dropped, breaches of HCI by hosts on its air fail the test, unless [`Air::take_violations`] has taken them.
pub struct Simulation<'s> {
    spawned: RefCell<Vec<Spawned<'s>>>,
    air: Air,
    time: VirtualTime,
}

impl core::fmt::Debug for Simulation<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Simulation").field("now", &self.time.now_micros()).finish_non_exhaustive()
    }
}

impl<'s> Simulation<'s> {
    /// A simulation whose randomness follows from `seed`.
    ///
    /// # Panics
    /// Where this thread has a simulation already.
    pub fn new(seed: u64) -> Self {
        Self::on(Air::new(seed))
    }

    /// A simulation on an air made before.
    ///
    /// # Panics
    /// Where this thread has a simulation already.
    #[allow(clippy::expect_used, reason = "a mistake in a test, told at once")]
    pub fn on(air: Air) -> Self {
        let time = VirtualTime::begin().expect("this thread has a simulation already: drop it first");
        Simulation { spawned: RefCell::new(vec![]), air, time }
    }

    /// The air.
    pub fn air(&self) -> &Air {
        &self.air
    }

    /// Microseconds of virtual time.
    pub fn now(&self) -> u64 {
        self.time.now_micros()
    }

    /// Adds a future that runs beside everything else, until it ends or the simulation does.
    pub fn spawn(&self, future: impl Future<Output = ()> + 's) {
        let ready = Arc::new(Ready(AtomicBool::new(true)));
        self.spawned.borrow_mut().push(Spawned { future: Box::pin(future), ready });
    }

    /// Runs a future to its end; time passes as it must.
    ///
    /// # Panics
    /// Where nothing can go on any more: see [`Stuck`].
    #[allow(clippy::panic, reason = "a test that stands still has failed")]
    pub fn block_on<F: Future>(&self, future: F) -> F::Output {
        match self.try_block_on(future, Duration::MAX) {
            Ok(output) => output,
            Err(stuck) => panic!("{stuck}"),
        }
    }

    /// As [`Simulation::block_on`], within `limit` of virtual time.
    ///
    /// # Errors
    /// Where nothing can go on any more, or the time is up.
    pub fn try_block_on<F: Future>(&self, future: F, limit: Duration) -> Result<F::Output, Stuck> {
        let end = self.now().saturating_add(u64::try_from(limit.as_micros()).unwrap_or(u64::MAX));
        let mut future = pin!(future);
        let ready = Arc::new(Ready(AtomicBool::new(true)));
        let waker = Waker::from(ready.clone());
        let mut context = Context::from_waker(&waker);
        let mut rounds = 0;
        loop {
            let mut idle = true;
            if ready.0.swap(false, Ordering::AcqRel) {
                idle = false;
                if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
                    return Ok(output);
                }
            }
            idle &= !self.poll_spawned();
            rounds += 1;
            if !idle {
                if rounds > SPIN {
                    return Err(Stuck::Spinning);
                }
                continue;
            }
            rounds = 0;
            match self.time.next_alarm() {
                None => return Err(Stuck::Idle),
                Some(at) if at > end => return Err(Stuck::Late),
                Some(at) => self.time.advance_to(at),
            }
        }
    }

    /// Polls what can go on; false when nothing could.
    fn poll_spawned(&self) -> bool {
        let mut went_on = false;
        // What is spawned meanwhile comes after.
        let mut current = self.spawned.take();
        current.retain_mut(|task| {
            if !task.ready.0.swap(false, Ordering::AcqRel) {
                return true;
            }
            went_on = true;
            let waker = Waker::from(task.ready.clone());
            task.future.as_mut().poll(&mut Context::from_waker(&waker)).is_pending()
        });
        let mut spawned = self.spawned.borrow_mut();
        current.append(&mut spawned);
        *spawned = current;
        went_on
    }

    /// Runs what was spawned until none of it can go on at this moment.
    pub fn run_until_idle(&self) {
        for _ in 0..SPIN {
            if !self.poll_spawned() {
                return;
            }
        }
    }

    /// Lets this much time pass, and everything happen that happens in it.
    pub fn advance(&self, duration: Duration) {
        let end = self.now().saturating_add(u64::try_from(duration.as_micros()).unwrap_or(u64::MAX));
        self.run_until_idle();
        while let Some(at) = self.time.next_alarm().filter(|at| *at <= end) {
            self.time.advance_to(at);
            self.run_until_idle();
        }
        self.time.advance_to(end);
        self.run_until_idle();
    }
}

impl Drop for Simulation<'_> {
    #[allow(clippy::panic, reason = "a breach of HCI fails the test")]
    fn drop(&mut self) {
        // What runs ends in its own time.
        self.spawned.take().clear();
        let violations = self.air.violations();
        if !std::thread::panicking() && !violations.is_empty() {
            panic!("a host broke the rules of HCI: {violations:?}");
        }
    }
}
