//! What stands under every image whose size is measured, the same for each host: a dummy UART, a dummy clock, a critical section,
//! a panic handler and embassy's executor.
#![no_std]

use core::{convert::Infallible, panic::PanicInfo, ptr};
use embassy_executor::{Executor, Spawner};
use embassy_futures::yield_now;
use embedded_io_async::{ErrorType, Read, Write};

static mut REGISTERS: [u32; 4] = [0; 4];
static mut NOW: u64 = 0;

/// An end of a UART whose data register is a word of memory.
pub struct Uart;

impl ErrorType for Uart {
    type Error = Infallible;
}

impl Read for Uart {
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Infallible> {
        yield_now().await;
        let Some(octet) = buffer.first_mut() else { return Ok(0) };
        // SAFETY: the register is there for as long as the program, and nobody borrows it.
        *octet = unsafe { ptr::read_volatile(ptr::addr_of!(REGISTERS).cast::<u32>()) } as u8;
        Ok(1)
    }
}

impl Write for Uart {
    async fn write(&mut self, octets: &[u8]) -> Result<usize, Infallible> {
        yield_now().await;
        let Some(octet) = octets.first() else { return Ok(0) };
        // SAFETY: as above.
        unsafe { ptr::write_volatile(ptr::addr_of_mut!(REGISTERS).cast::<u32>(), u32::from(*octet)) };
        Ok(1)
    }

    async fn flush(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}

struct Clock;
embassy_time_driver::time_driver_impl!(static CLOCK: Clock = Clock);

impl embassy_time_driver::Driver for Clock {
    fn now(&self) -> u64 {
        // SAFETY: as above.
        unsafe { ptr::read_volatile(ptr::addr_of!(NOW)) }
    }

    fn schedule_wake(&self, _: u64, waker: &core::task::Waker) {
        waker.wake_by_ref();
    }
}

struct Alone;
critical_section::set_impl!(Alone);

// SAFETY: the images have one thread and no interrupts.
unsafe impl critical_section::Impl for Alone {
    unsafe fn acquire() -> critical_section::RawRestoreState {}
    unsafe fn release(_: critical_section::RawRestoreState) {}
}

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    loop {}
}

/// Runs the task that `spawn` spawns.
pub fn run(spawn: impl FnOnce(Spawner)) -> ! {
    let mut executor = Executor::new();
    // SAFETY: this function never returns.
    unsafe { &mut *ptr::from_mut(&mut executor) }.run(spawn)
}
