//! jelling-clock: the embassy-time driver of a PC, and its critical section.
//!
//! Linking this crate is all there is to it: `embassy_time::Instant::now` and `Timer` work from then on, in real time, or in
//! the [`VirtualTime`] of a thread that has begun one. Two drivers do not link, so never enable `embassy-time/std` beside it. What it is not: a clock for firmware, which brings its own driver.
//!
//! ```
//! use jelling_clock as _;
//! use embassy_time::{Duration, Instant, Timer};
//!
//! let before = Instant::now();
//! embassy_futures::block_on(Timer::after(Duration::from_millis(2)));
//! assert!(before.elapsed() >= Duration::from_millis(2));
//! ```
//!
//! | what | module |
//! | --- | --- |
//! | the operating system's monotonic clock, and a thread for its timers | `real` |
//! | a thread's own clock, for simulations | [`VirtualTime`] |

mod real;
mod virtual_time;

pub use virtual_time::VirtualTime;

use core::task::Waker;

struct Driver;

embassy_time_driver::time_driver_impl!(static DRIVER: Driver = Driver);

impl embassy_time_driver::Driver for Driver {
    fn now(&self) -> u64 {
        virtual_time::now().unwrap_or_else(real::now)
    }

    fn schedule_wake(&self, at: u64, waker: &Waker) {
        if !virtual_time::schedule_wake(at, waker) {
            real::schedule_wake(at, waker);
        }
    }
}
