//! Real time: a thread that sleeps until the next waker is due. It starts with the first timer.

use core::task::Waker;
use std::{
    sync::{Condvar, LazyLock, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

static START: LazyLock<Instant> = LazyLock::new(Instant::now);
static ALARMS: LazyLock<Alarms> = LazyLock::new(Alarms::start);

struct Alarms {
    pending: Mutex<Vec<(u64, Waker)>>,
    changed: Condvar,
}

/// Ticks of embassy-time since the first call.
pub(crate) fn now() -> u64 {
    let micros = START.elapsed().as_micros();
    let ticks = micros.saturating_mul(u128::from(embassy_time_driver::TICK_HZ)) / 1_000_000;
    u64::try_from(ticks).unwrap_or(u64::MAX)
}

pub(crate) fn schedule_wake(at: u64, waker: &Waker) {
    if at <= now() {
        return waker.wake_by_ref();
    }
    let alarms = &*ALARMS;
    let mut pending = lock(&alarms.pending);
    let is_first = pending.iter().all(|(due, _)| at < *due);
    match pending.iter_mut().find(|(_, w)| w.will_wake(waker)) {
        Some((due, _)) => *due = at.min(*due),
        None => pending.push((at, waker.clone())),
    }
    drop(pending);
    // The thread sleeps until the first alarm: for others it need not be woken, and a timer that is polled again is none.
    if is_first {
        alarms.changed.notify_one();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Alarms {
    fn start() -> Self {
        // Nobody joins it: it sleeps for as long as the program runs. Without a thread there are no timers at all.
        let spawned = thread::Builder::new().name("jelling-clock".into()).spawn(|| ALARMS.serve());
        debug_assert!(spawned.is_ok(), "no thread for timers");
        Alarms { pending: Mutex::new(Vec::new()), changed: Condvar::new() }
    }

    fn serve(&self) {
        let mut pending = lock(&self.pending);
        loop {
            let now = now();
            let mut due: Vec<(u64, Waker)> = pending.extract_if(.., |(at, _)| *at <= now).collect();
            if !due.is_empty() {
                // A waker may set the next timer at once: not under the lock.
                drop(pending);
                due.sort_by_key(|(at, _)| *at);
                due.into_iter().for_each(|(_, waker)| waker.wake());
                pending = lock(&self.pending);
                continue;
            }
            let next = pending.iter().map(|(at, _)| at.saturating_sub(now)).min();
            pending = match next {
                None => self.changed.wait(pending).unwrap_or_else(PoisonError::into_inner),
                Some(ticks) => {
                    let micros =
                        u128::from(ticks).saturating_mul(1_000_000).div_ceil(u128::from(embassy_time_driver::TICK_HZ));
                    let wait = Duration::from_micros(u64::try_from(micros).unwrap_or(u64::MAX));
                    self.changed.wait_timeout(pending, wait).unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
    }
}
