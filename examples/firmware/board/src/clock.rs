//! embassy-time's driver on SysTick. The counter runs from one deadline to the next, so nothing wakes the MCU in vain but its 24
//! bits, each 0.3 s.

use crate::{registers::Register, shared::Shared};
use core::task::Waker;
use embassy_time_driver::{Driver, time_driver_impl};
use embassy_time_queue_utils::Queue;

/// The clock of core and UARTs.
pub(crate) const HERTZ: u32 = 50_000_000;
/// Cycles of a tick of embassy-time, a microsecond.
const TICK: u32 = HERTZ / 1_000_000;
/// SysTick counts 24 bits.
const LONGEST: u32 = 1 << 24;
/// A deadline that is nearer comes so late: QEMU can do no better, and loses count where it must.
const SHORTEST: u32 = 50 * TICK;
/// What a start of the counter costs between its last reading and its first count, which would be missing.
const START: u32 = 12;

/// SYST_CSR, SYST_RVR and SYST_CVR (ARMv7-M, B3.3).
const CONTROL: Register = Register::at(0xe000_e010);
const RELOAD: Register = Register::at(0xe000_e014);
const CURRENT: Register = Register::at(0xe000_e018);
/// ICSR, and in it that SysTick's exception is pending, or is no more.
const INTERRUPTS: Register = Register::at(0xe000_ed04);
const PENDING: u32 = 1 << 26;
const CLEAR_PENDING: u32 = 1 << 25;

struct Clock(Shared<State>);

struct State {
    /// Ticks and cycles when the counter began its round.
    ticks: u64,
    cycles: u32,
    /// Cycles of its round; 0 before the first.
    round: u32,
    queue: Queue,
}

time_driver_impl!(static CLOCK: Clock = Clock(Shared::new(State {
    ticks: 0,
    cycles: 0,
    round: 0,
    queue: Queue::new(),
})));

impl State {
    /// Cycles since the round began. It may have ended, and the exception for it not have been taken.
    fn elapsed(&self) -> u32 {
        let count = CURRENT.read();
        if INTERRUPTS.read() & PENDING == 0 {
            return self.counted(count);
        }
        self.counted(CURRENT.read()).saturating_add(self.round)
    }

    /// At 0 the counter is about to begin.
    const fn counted(&self, count: u32) -> u32 {
        if count == 0 { 0 } else { self.round.saturating_sub(count) }
    }

    const fn at(&self, elapsed: u32) -> (u64, u32) {
        let cycles = self.cycles.saturating_add(elapsed);
        (self.ticks.saturating_add((cycles / TICK) as u64), cycles % TICK)
    }

    fn now(&self) -> u64 {
        self.at(self.elapsed()).0
    }

    /// Begins a round up to the next deadline, and wakes whose deadline has passed.
    fn begin(&mut self) {
        let now = self.now();
        let wait = self.queue.next_expiration(now).saturating_sub(now);
        let round = u32::try_from(wait).unwrap_or(LONGEST).saturating_mul(TICK).clamp(SHORTEST, LONGEST);
        RELOAD.write(round.saturating_sub(1));
        (self.ticks, self.cycles) = self.at(self.elapsed().saturating_add(START));
        CURRENT.write(0);
        INTERRUPTS.write(CLEAR_PENDING);
        self.round = round;
    }
}

impl Driver for Clock {
    fn now(&self) -> u64 {
        self.0.with(|state| state.now())
    }

    fn schedule_wake(&self, at: u64, waker: &Waker) {
        self.0.with(|state| {
            if state.queue.schedule_wake(at, waker) {
                state.begin();
            }
        });
    }
}

/// What SysTick's exception does: taken, it is no longer pending, so the round that has ended is counted here.
pub(crate) fn interrupt() {
    CLOCK.0.with(|state| {
        (state.ticks, state.cycles) = state.at(state.round);
        state.begin();
    });
}

/// Sets the MCU's clock and begins to count.
pub(crate) fn start() {
    /// RCC: 400 MHz of the PLL, halved, over 4.
    const RUN_MODE_CLOCK: Register = Register::at(0x400f_e060);
    RUN_MODE_CLOCK.write(RUN_MODE_CLOCK.read() & !(0xf << 23) | 3 << 23 | 1 << 22);
    CLOCK.0.with(|state| state.begin());
    CONTROL.write(0b111);
}
