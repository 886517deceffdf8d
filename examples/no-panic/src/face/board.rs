//! A UART and a clock of which nobody can foresee what they give.

use crate::input::{out, word};
use core::task::Waker;
use embassy_time_driver::Driver;
use embedded_io_async::{Error, ErrorKind, ErrorType, Read, Write};

/// One half of a UART.
pub(crate) struct Uart;

/// What a UART may say of itself.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Overrun;

impl core::fmt::Display for Overrun {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("overrun")
    }
}

impl core::error::Error for Overrun {}

impl Error for Overrun {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Other
    }
}

impl ErrorType for Uart {
    type Error = Overrun;
}

impl Read for Uart {
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Overrun> {
        while word() & 1 == 1 {
            embassy_futures::yield_now().await;
        }
        if word() & 1 == 1 {
            return Err(Overrun);
        }
        for octet in buffer.iter_mut() {
            *octet = word() as u8;
        }
        // More than there was room for, too.
        Ok(word() as usize)
    }
}

impl Write for Uart {
    async fn write(&mut self, buffer: &[u8]) -> Result<usize, Overrun> {
        while word() & 1 == 1 {
            embassy_futures::yield_now().await;
        }
        for octet in buffer {
            out(u32::from(*octet));
        }
        // None, and more than there were, too.
        if word() & 1 == 1 { Err(Overrun) } else { Ok(word() as usize) }
    }
    async fn flush(&mut self) -> Result<(), Overrun> {
        if word() & 1 == 1 { Err(Overrun) } else { Ok(()) }
    }
}

struct Clock;
embassy_time_driver::time_driver_impl!(static CLOCK: Clock = Clock);

impl Driver for Clock {
    fn now(&self) -> u64 {
        u64::from(word()) << 32 | u64::from(word())
    }
    fn schedule_wake(&self, at: u64, waker: &Waker) {
        out(at as u32);
        waker.wake_by_ref();
    }
}
