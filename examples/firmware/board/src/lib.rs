//! board: QEMU's `lm3s6965evb` with a Cortex-M4 (`-cpu cortex-m4`), 256 KiB of flash and, for the program, 16 KiB of RAM.
//! UART1 speaks HCI, UART0 is the console, UART2 is free. What it is not: a crate for the part; only what the images need is here.
#![no_std]

pub mod clock;
pub mod console;
pub mod executor;
pub mod flash;
#[cfg(any(feature = "log", feature = "defmt"))]
mod lines;
mod registers;
mod shared;
pub mod stack;
pub mod uart;
mod vectors;

use cortex_m_semihosting::debug;
use uart::{Reader, Writer};

/// UART0, to read; [`println`](crate::println) writes.
pub type Console = Reader<0x4000_c000, 16>;
/// UART1, with a ring for the longest packets.
pub type Hci = (Reader<0x4000_d000, 256>, Writer<0x4000_d000, 256>);
/// UART2, to write.
pub type Extra = Writer<0x4000_e000, 0>;

/// What the board has.
#[derive(Debug)]
pub struct Board {
    /// Somebody who watches.
    pub console: Console,
    /// The controller.
    pub hci: Hci,
    /// Whoever else listens.
    pub extra: Extra,
    /// What survives a reset.
    pub flash: flash::Flash,
}

impl Board {
    /// Sets up clock and UARTs. To be called once.
    #[must_use]
    pub fn start() -> Board {
        clock::start();
        uart::start();
        #[cfg(feature = "log")]
        lines::start();
        Board {
            console: Reader(&uart::CONSOLE),
            hci: (Reader(&uart::HCI), Writer(&uart::HCI)),
            extra: Writer(&uart::EXTRA),
            flash: flash::Flash::take(),
        }
    }
}

/// Restarts the MCU: RAM above the program's, and so the flash, stays as it is.
pub fn reset() -> ! {
    cortex_m::peripheral::SCB::sys_reset()
}

/// Ends QEMU, by semihosting.
pub fn exit(end: Result<(), ()>) -> ! {
    let status = if end.is_ok() { debug::EXIT_SUCCESS } else { debug::EXIT_FAILURE };
    loop {
        debug::exit(status);
    }
}

#[panic_handler]
fn panic(info: &core::panic::PanicInfo<'_>) -> ! {
    println!("{info}");
    exit(Err(()))
}
