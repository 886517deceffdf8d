//! Polls both ends in turn, each when it was woken, and counts what the peripheral's polls take.

use crate::{clock, mcu};
use core::{
    future::Future,
    pin::Pin,
    sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering::Relaxed},
    task::{Context, RawWaker, RawWakerVTable, Waker},
};

static WOKEN: [AtomicBool; 2] = [AtomicBool::new(true), AtomicBool::new(true)];
static TICKS: [AtomicU32; 2] = [AtomicU32::new(0), AtomicU32::new(0)];
static DEEPEST: AtomicUsize = AtomicUsize::new(0);

const TABLE: RawWakerVTable = RawWakerVTable::new(|flag| RawWaker::new(flag, &TABLE), wake, wake, |_| ());

fn wake(flag: *const ()) {
    // SAFETY: it is one of `WOKEN`.
    unsafe { (*flag.cast::<AtomicBool>()).store(true, Relaxed) };
}

fn waker(flag: &'static AtomicBool) -> Waker {
    // SAFETY: the flag is there for as long as the program.
    unsafe { Waker::from_raw(RawWaker::new(core::ptr::from_ref(flag).cast(), &TABLE)) }
}

/// What is measured of the peripheral.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// Ticks of the timer.
    Time,
    /// The deepest stack.
    Stack,
}

/// Runs until the central's script is over.
pub fn run(
    measure: Measure,
    mut peripheral: Pin<&mut dyn Future<Output = ()>>,
    mut central: Pin<&mut dyn Future<Output = ()>>,
) {
    let wakers = [waker(&WOKEN[0]), waker(&WOKEN[1])];
    let [mut here, mut there] = [Context::from_waker(&wakers[0]), Context::from_waker(&wakers[1])];
    loop {
        let is_woken = WOKEN[0].swap(false, Relaxed);
        if is_woken {
            let mut poll = || assert!(peripheral.as_mut().poll(&mut here).is_pending(), "the peripheral is over");
            match measure {
                Measure::Time => {
                    let start = mcu::ticks();
                    poll();
                    add(start.wrapping_sub(mcu::ticks()));
                }
                Measure::Stack => {
                    DEEPEST.fetch_max(mcu::stack_of(poll), Relaxed);
                }
            }
        }
        if WOKEN[1].swap(false, Relaxed) {
            if central.as_mut().poll(&mut there).is_ready() {
                return;
            }
        } else if !is_woken {
            clock::skip();
        }
    }
}

fn add(ticks: u32) {
    let (sum, carry) = TICKS[0].load(Relaxed).overflowing_add(ticks);
    TICKS[0].store(sum, Relaxed);
    TICKS[1].store(TICKS[1].load(Relaxed) + u32::from(carry), Relaxed);
}

/// Ticks that the peripheral's polls have taken.
pub fn ticks() -> u64 {
    u64::from(TICKS[1].load(Relaxed)) << 32 | u64::from(TICKS[0].load(Relaxed))
}

/// Octets of stack that the peripheral's polls have used at most, since the last call.
pub fn deepest() -> usize {
    DEEPEST.swap(0, Relaxed)
}

/// Wakes the peripheral.
pub fn wake_peripheral() {
    WOKEN[0].store(true, Relaxed);
}
