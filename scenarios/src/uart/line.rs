//! A UART as slow as virtual time lets it be.

use core::convert::Infallible;
use embassy_time::{Duration, Instant, Timer};
use embedded_io_async::{ErrorType, Read, Write};
use jelling_sim::{Controller, SerialReader, SerialWriter};

/// How long an octet takes: ten bits at 1 Mbaud.
pub(crate) const OCTET: Duration = Duration::from_micros(10);

/// Octets from a controller.
pub(crate) struct SlowReader {
    device: SerialReader,
    /// The octet that is on the line, and when it has come.
    passing: Option<(u8, Instant)>,
    free: Instant,
}

/// Octets to a controller.
pub(crate) struct SlowWriter {
    device: SerialWriter,
    free: Instant,
}

/// A line to a controller: an octet each [`OCTET`], in each direction.
pub(crate) fn line(controller: &Controller) -> (SlowReader, SlowWriter) {
    let (reader, writer, _) = controller.serial();
    let free = Instant::now();
    (SlowReader { device: reader, passing: None, free }, SlowWriter { device: writer, free })
}

impl ErrorType for SlowReader {
    type Error = Infallible;
}

impl ErrorType for SlowWriter {
    type Error = Infallible;
}

impl Read for SlowReader {
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Infallible> {
        let Some(first) = buffer.first_mut() else { return Ok(0) };
        let (octet, due) = match self.passing {
            Some(passing) => passing,
            None => {
                let mut octet = [0];
                self.device.read(&mut octet).await?;
                self.free = self.free.max(Instant::now()) + OCTET;
                *self.passing.insert((octet[0], self.free))
            }
        };
        Timer::at(due).await;
        self.passing = None;
        *first = octet;
        Ok(1)
    }
}

impl Write for SlowWriter {
    async fn write(&mut self, octets: &[u8]) -> Result<usize, Infallible> {
        let Some(first) = octets.first() else { return Ok(0) };
        let due = self.free.max(Instant::now()) + OCTET;
        Timer::at(due).await;
        self.free = due;
        self.device.write(&[*first]).await
    }

    async fn flush(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}
