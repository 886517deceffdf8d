//! A middleware that records what passes, as btsnoop.

use crate::{PacketRead, PacketWrite, Redaction, btsnoop};
use core::ops::Range;
use jelling_wire::{Packet, PacketKind};

/// Which way a packet went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// From the host.
    ToController,
    /// To the host.
    FromController,
}

/// Where the octets of a capture go: a file, a second UART, a ring in memory. Both halves of a transport share one,
/// so it takes `&self`. The file begins with [`btsnoop::FILE_HEADER`].
pub trait SnoopSink {
    /// Microseconds since 1970, or since the start where there is no calendar.
    fn unix_micros(&self) -> u64;
    /// Takes the pieces of one record, which belong together.
    fn write(&self, pieces: &[&[u8]]);
    /// Records that it had no room for, since its beginning: those that come after them say how many. A sink that takes every
    /// record has none.
    fn dropped(&self) -> u32 {
        0
    }
}

impl<S: SnoopSink + ?Sized> SnoopSink for &S {
    fn unix_micros(&self) -> u64 {
        S::unix_micros(self)
    }
    fn write(&self, pieces: &[&[u8]]) {
        S::write(self, pieces);
    }
    fn dropped(&self) -> u32 {
        S::dropped(self)
    }
}

/// A half of a transport that records what passes through it. Keys are blanked, unless `with_secrets` says otherwise.
#[derive(Debug)]
pub struct Snoop<T, S> {
    inner: T,
    sink: S,
    secrets: bool,
    redaction: Redaction,
}

impl<T, S: SnoopSink> Snoop<T, S> {
    /// Records what passes through `inner`.
    pub fn new(inner: T, sink: S) -> Self {
        Snoop { inner, sink, secrets: false, redaction: Redaction::new() }
    }

    /// Keeps keys and random numbers in the capture. Only such a capture can be replayed, and it opens every link in it.
    #[must_use]
    pub fn with_secrets(mut self) -> Self {
        self.secrets = true;
        self
    }

    fn record(&mut self, direction: Direction, packet: Packet<'_>) {
        let header = btsnoop::record_header(direction, packet, self.sink.dropped(), self.sink.unix_micros());
        let found = self.redaction.secret(packet);
        let Range { start, end } = if self.secrets { 0..0 } else { found };
        let before = packet.data.get(..start).unwrap_or_default();
        let blank = &[0; 64];
        let blank = blank.get(..end.saturating_sub(start)).unwrap_or_default();
        let after = packet.data.get(end..).unwrap_or_default();
        self.sink.write(&[&header, before, blank, after]);
    }
}

impl<T: PacketRead, S: SnoopSink> PacketRead for Snoop<T, S> {
    type Error = T::Error;
    async fn read<'b>(&mut self, buffer: &'b mut [u8]) -> Result<Packet<'b>, Self::Error> {
        let (kind, length): (PacketKind, usize) = {
            let packet = self.inner.read(buffer).await?;
            (packet.kind, packet.data.len())
        };
        let packet = Packet::new(kind, buffer.get(..length).unwrap_or_default());
        self.record(Direction::FromController, packet);
        Ok(packet)
    }
    fn begin_anew(&mut self) {
        self.inner.begin_anew();
    }
    fn is_noise(error: &Self::Error) -> bool {
        T::is_noise(error)
    }
}

impl<T: PacketWrite, S: SnoopSink> PacketWrite for Snoop<T, S> {
    type Error = T::Error;
    async fn write(&mut self, packet: Packet<'_>) -> Result<(), Self::Error> {
        self.record(Direction::ToController, packet);
        self.inner.write(packet).await
    }
}

/// A sink on a [`std::io::Write`], flushed after each record, so that the file is whole whenever the program ends.
#[cfg(feature = "std")]
#[derive(Debug)]
pub struct WriteSink<W: std::io::Write> {
    writer: std::sync::Mutex<W>,
}

#[cfg(feature = "std")]
impl<W: std::io::Write> WriteSink<W> {
    /// Writes the file header.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn new(mut writer: W) -> std::io::Result<Self> {
        writer.write_all(&btsnoop::FILE_HEADER)?;
        writer.flush()?;
        Ok(WriteSink { writer: std::sync::Mutex::new(writer) })
    }
}

#[cfg(feature = "std")]
impl<W: std::io::Write> SnoopSink for WriteSink<W> {
    fn unix_micros(&self) -> u64 {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        u64::try_from(now.as_micros()).unwrap_or(u64::MAX)
    }

    fn write(&self, pieces: &[&[u8]]) {
        let record = pieces.concat();
        if let Ok(mut writer) = self.writer.lock() {
            // A capture that cannot be written must not stop the session it watches.
            let _ = writer.write_all(&record).and_then(|()| writer.flush());
        }
    }
}
