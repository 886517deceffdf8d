//! Virtual time: a thread's own clock, which moves only when it is told to.

use core::{marker::PhantomData, task::Waker, time::Duration};
use std::{
    cell::RefCell,
    sync::{Arc, Mutex, PoisonError},
};

/// What a thread's clock holds, while it has one of its own. A waker may come from another thread that the first one started.
struct Time {
    ticks: u64,
    alarms: Vec<(u64, u64, Waker)>,
    sequence: u64,
}

thread_local! {
    static TIME: RefCell<Option<Arc<Mutex<Time>>>> = const { RefCell::new(None) };
}

fn with<R>(f: impl FnOnce(&mut Time) -> R) -> Option<R> {
    let time = TIME.try_with(|time| time.try_borrow().ok().and_then(|t| t.clone())).ok().flatten()?;
    let mut time = time.lock().unwrap_or_else(PoisonError::into_inner);
    Some(f(&mut time))
}

/// This thread's virtual ticks; `None` where it lives in real time.
pub(crate) fn now() -> Option<u64> {
    with(|time| time.ticks)
}

/// Sets an alarm of this thread; false where it lives in real time.
pub(crate) fn schedule_wake(at: u64, waker: &Waker) -> bool {
    let due = with(|time| {
        if at <= time.ticks {
            return true;
        }
        match time.alarms.iter_mut().find(|(_, _, w)| w.will_wake(waker)) {
            Some((due, ..)) => *due = at.min(*due),
            None => {
                time.sequence = time.sequence.wrapping_add(1);
                time.alarms.push((at, time.sequence, waker.clone()));
            }
        }
        false
    });
    if due == Some(true) {
        waker.wake_by_ref();
    }
    due.is_some()
}

fn ticks(micros: u64) -> u64 {
    let ticks = u128::from(micros).saturating_mul(u128::from(embassy_time_driver::TICK_HZ)) / 1_000_000;
    u64::try_from(ticks).unwrap_or(u64::MAX)
}

fn micros(ticks: u64) -> u64 {
    let micros =
        u128::from(ticks).saturating_mul(1_000_000).checked_div(u128::from(embassy_time_driver::TICK_HZ)).unwrap_or(0);
    u64::try_from(micros).unwrap_or(u64::MAX)
}

/// While it lives, its thread has a clock of its own: `embassy_time::Instant::now` and `Timer` obey it, and nothing else moves
/// it. Other threads keep theirs.
///
/// ```
/// use embassy_time::{Duration, Instant};
///
/// let time = jelling_clock::VirtualTime::begin().expect("this thread has none yet");
/// let start = Instant::now();
/// time.advance(core::time::Duration::from_secs(3600));
/// assert_eq!(start.elapsed(), Duration::from_secs(3600));
/// ```
#[derive(Debug)]
pub struct VirtualTime {
    /// It belongs to its thread.
    _thread: PhantomData<*const ()>,
}

impl VirtualTime {
    /// Gives this thread a clock of its own, which stands at one second. `None` where it has one already.
    #[must_use]
    pub fn begin() -> Option<Self> {
        TIME.with(|time| {
            let mut time = time.borrow_mut();
            if time.is_some() {
                return None;
            }
            let begin = Time { ticks: ticks(1_000_000), alarms: Vec::new(), sequence: 0 };
            *time = Some(Arc::new(Mutex::new(begin)));
            Some(VirtualTime { _thread: PhantomData })
        })
    }

    /// Microseconds of this clock.
    pub fn now_micros(&self) -> u64 {
        micros(now().unwrap_or(0))
    }

    /// When the next timer is due, in microseconds of this clock.
    pub fn next_alarm(&self) -> Option<u64> {
        with(|time| time.alarms.iter().map(|(at, ..)| *at).min()).flatten().map(micros)
    }

    /// Moves on to this moment, timer by timer; never back. Wakers are woken in the order of their time, then of their setting.
    pub fn advance_to(&self, at_micros: u64) {
        let end = ticks(at_micros);
        loop {
            let due = with(|time| {
                let next = time.alarms.iter().map(|(at, sequence, _)| (*at, *sequence)).min()?;
                if next.0 > end {
                    return None;
                }
                time.ticks = time.ticks.max(next.0);
                let index = time.alarms.iter().position(|(at, sequence, _)| (*at, *sequence) == next)?;
                Some(time.alarms.swap_remove(index).2)
            });
            match due.flatten() {
                Some(waker) => waker.wake(),
                None => break,
            }
        }
        with(|time| time.ticks = time.ticks.max(end));
    }

    /// Moves on by this much.
    pub fn advance(&self, duration: Duration) {
        let by = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
        self.advance_to(self.now_micros().saturating_add(by));
    }
}

impl Drop for VirtualTime {
    fn drop(&mut self) {
        let _ = TIME.try_with(|time| time.borrow_mut().take());
    }
}
