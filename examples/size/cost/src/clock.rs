//! A clock that goes on when nobody has anything to do, to the next moment that somebody waits for.

use alloc::vec::Vec;
use core::{cell::UnsafeCell, task::Waker};

struct Clock(UnsafeCell<(u64, Vec<(u64, Waker)>)>);

// SAFETY: there is one thread, and no interrupt.
unsafe impl Sync for Clock {}

embassy_time_driver::time_driver_impl!(static CLOCK: Clock = Clock(UnsafeCell::new((0, Vec::new()))));

impl embassy_time_driver::Driver for Clock {
    fn now(&self) -> u64 {
        // SAFETY: nothing is borrowed beyond a call.
        unsafe { (*self.0.get()).0 }
    }

    fn schedule_wake(&self, at: u64, waker: &Waker) {
        // SAFETY: as above.
        let waiting = unsafe { &mut (*self.0.get()).1 };
        match waiting.iter_mut().find(|(_, other)| other.will_wake(waker)) {
            Some(entry) => entry.0 = entry.0.min(at),
            None => waiting.push((at, waker.clone())),
        }
    }
}

/// Goes on to the next moment that is waited for.
pub(crate) fn skip() {
    // SAFETY: as above.
    let (now, waiting) = unsafe { &mut *CLOCK.0.get() };
    let next = waiting.iter().map(|(at, _)| *at).min().expect("nobody waits for anything");
    *now = next.max(*now);
    let due: Vec<Waker> = waiting.extract_if(.., |(at, _)| *at <= next).map(|(_, waker)| waker).collect();
    due.into_iter().for_each(Waker::wake);
}
