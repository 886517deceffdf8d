//! A clock that stands still, and counts how often it is read: no timer fires while something is measured, and neither stack
//! pays for the clock of an operating system. The critical section costs nothing either.

use core::{
    sync::atomic::{AtomicU64, Ordering},
    task::Waker,
};

static READS: AtomicU64 = AtomicU64::new(0);

/// How often the clock has been read.
pub fn reads() -> u64 {
    READS.load(Ordering::Relaxed)
}

struct Still;

embassy_time_driver::time_driver_impl!(static DRIVER: Still = Still);

impl embassy_time_driver::Driver for Still {
    fn now(&self) -> u64 {
        // One thread counts: no atomic addition is needed.
        READS.store(READS.load(Ordering::Relaxed).wrapping_add(1), Ordering::Relaxed);
        1
    }

    fn schedule_wake(&self, _: u64, _: &Waker) {}
}

struct OneThread;

critical_section::set_impl!(OneThread);

// SAFETY: the programs of this crate have one thread and no interrupts, so that nothing can come between.
unsafe impl critical_section::Impl for OneThread {
    unsafe fn acquire() -> critical_section::RawRestoreState {}
    unsafe fn release(_: critical_section::RawRestoreState) {}
}
