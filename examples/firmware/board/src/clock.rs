//! embassy-time's driver. SysTick counts and is never stopped, so no cycle is missing, and wakes the MCU when its 24 bits are through,
//! each 0.3 s; timer 0 wakes it for deadlines.

use crate::{
    registers::{Register, enable_interrupt},
    shared::Shared,
};
use core::task::Waker;
use embassy_time_driver::{Driver, time_driver_impl};
use embassy_time_queue_utils::Queue;

/// The clock of core, timers and UARTs.
pub(crate) const HERTZ: u32 = 50_000_000;
/// Cycles of a tick of embassy-time, a microsecond.
const TICK: u32 = HERTZ / 1_000_000;
/// Cycles of a round of SysTick.
const ROUND: u32 = 1 << 24;
/// Number of timer 0's interrupt.
pub(crate) const INTERRUPT: usize = 19;

/// SYST_CSR, SYST_RVR and SYST_CVR (ARMv7-M, B3.3).
const CONTROL: Register = Register::at(0xe000_e010);
const RELOAD: Register = Register::at(0xe000_e014);
const CURRENT: Register = Register::at(0xe000_e018);
/// ICSR, and in it that SysTick's exception is pending.
const INTERRUPTS: Register = Register::at(0xe000_ed04);
const PENDING: u32 = 1 << 26;

/// GPTMCFG, GPTMTAMR, GPTMCTL, GPTMIMR, GPTMICR and GPTMTAILR of timer 0.
const TIMER: Register = Register::at(0x4003_0000);
const TIMER_MODE: Register = TIMER.offset(0x04);
const TIMER_CONTROL: Register = TIMER.offset(0x0c);
const TIMER_MASK: Register = TIMER.offset(0x18);
const TIMER_CLEAR: Register = TIMER.offset(0x24);
const TIMER_LOAD: Register = TIMER.offset(0x28);

struct Clock(Shared<State>);

struct State {
    /// Rounds of SysTick that are over.
    rounds: u64,
    queue: Queue,
}

time_driver_impl!(static CLOCK: Clock = Clock(Shared::new(State { rounds: 0, queue: Queue::new() })));

impl State {
    fn now(&self) -> u64 {
        let mut count = CURRENT.read();
        let mut rounds = self.rounds;
        // A round that has ended, and whose exception was not taken yet.
        if INTERRUPTS.read() & PENDING != 0 {
            (count, rounds) = (CURRENT.read(), rounds.saturating_add(1));
        }
        // It counts down, and a round begins at 0.
        let elapsed = ROUND.wrapping_sub(count) % ROUND;
        let cycles = rounds.saturating_mul(ROUND.into()).saturating_add(elapsed.into());
        cycles.checked_div(TICK.into()).unwrap_or(0)
    }

    /// Wakes whose deadline has passed, and begins to wait for the next.
    fn begin(&mut self) {
        let now = self.now();
        TIMER_CONTROL.write(0);
        let wait = match self.queue.next_expiration(now) {
            u64::MAX => return,
            at => at.saturating_sub(now),
        };
        // A deadline beyond the timer's 32 bits is waited for again.
        TIMER_LOAD.write(u32::try_from(wait).unwrap_or(u32::MAX).saturating_mul(TICK));
        TIMER_CONTROL.write(1);
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

/// What SysTick's exception does: taken, it is no longer pending.
pub(crate) fn round() {
    CLOCK.0.with(|state| state.rounds = state.rounds.saturating_add(1));
}

/// What timer 0's interrupt does.
pub(crate) fn alarm() {
    CLOCK.0.with(|state| {
        TIMER_CLEAR.write(1);
        state.begin();
    });
}

/// Sets the MCU's clock and begins to count.
pub(crate) fn start() {
    /// RCC: 400 MHz of the PLL, halved, over 4.
    const RUN_MODE_CLOCK: Register = Register::at(0x400f_e060);
    RUN_MODE_CLOCK.write(RUN_MODE_CLOCK.read() & !(0xf << 23) | 3 << 23 | 1 << 22);
    /// RCGC1: the clock of timer 0.
    const CLOCKS: Register = Register::at(0x400f_e104);
    CLOCKS.write(CLOCKS.read() | 1 << 16);
    RELOAD.write(ROUND - 1);
    CURRENT.write(0);
    CONTROL.write(0b111);
    // 32 bits, once, with its interrupt.
    TIMER.write(0);
    TIMER_MODE.write(1);
    TIMER_MASK.write(1);
    enable_interrupt(INTERRUPT);
}
