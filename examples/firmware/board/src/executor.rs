//! embassy-executor, asleep with WFI. The one of its platform sleeps with WFE, which QEMU takes as no instruction at all: a PC's core
//! would be busy with it.
#![expect(unsafe_code, reason = "the executor calls what it names, and may be polled by one caller alone")]

use core::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use embassy_executor::{SpawnError, Spawner, raw};
use static_cell::StaticCell;

static PENDING: AtomicBool = AtomicBool::new(false);
static SLEEPS: AtomicU32 = AtomicU32::new(0);

/// What the executor calls when a task is woken.
#[unsafe(export_name = "__pender")]
fn pender(_: *mut ()) {
    PENDING.store(true, Ordering::Relaxed);
}

/// Spawns what `begin` spawns, and runs it for ever. To be called once.
pub fn run(begin: impl FnOnce(Spawner) -> Result<(), SpawnError>) -> ! {
    static EXECUTOR: StaticCell<raw::Executor> = StaticCell::new();
    let Some(executor) = EXECUTOR.try_init(raw::Executor::new(core::ptr::null_mut())) else { crate::exit(Err(())) };
    if let Err(error) = begin(executor.spawner()) {
        crate::println!("{error:?}");
        crate::exit(Err(()));
    }
    loop {
        PENDING.store(false, Ordering::Relaxed);
        // SAFETY: nobody else has the executor, and no task calls this function again.
        unsafe { executor.poll() };
        // An interrupt between the question and the sleep ends the sleep: WFI heeds what is pending, and it is taken afterwards.
        critical_section::with(|_| {
            if !PENDING.load(Ordering::Relaxed) {
                SLEEPS.store(sleeps().wrapping_add(1), Ordering::Relaxed);
                cortex_m::asm::wfi();
            }
        });
    }
}

/// How often the MCU fell asleep.
#[must_use]
pub fn sleeps() -> u32 {
    SLEEPS.load(Ordering::Relaxed)
}
