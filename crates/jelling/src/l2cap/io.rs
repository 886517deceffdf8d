//! A channel as a stream of octets: what is written goes K-frame by K-frame, each an SDU, and what is read takes no heed of where
//! SDUs end.

use super::L2capChannel;
use embedded_io_async::{ErrorType, Read, Write};
use jelling_host::Error;

impl ErrorType for L2capChannel<'_> {
    type Error = Error;
}

impl ErrorType for &L2capChannel<'_> {
    type Error = Error;
}

impl Read for &L2capChannel<'_> {
    /// Octets, as they come; 0 when the channel is closed and nothing waits. `Disconnected` when its connection is down.
    ///
    /// Dropping the future loses nothing.
    async fn read(&mut self, buf: &mut [u8]) -> Result<usize, Error> {
        if buf.is_empty() {
            return Ok(0);
        }
        match self.read_some(buf).await {
            Ok(received) => Ok(received.length),
            Err(Error::ChannelClosed) => Ok(0),
            Err(error) => Err(error),
        }
    }
}

impl Write for &L2capChannel<'_> {
    /// Sends as many octets as one K-frame takes.
    ///
    /// Dropping the future sends nothing.
    async fn write(&mut self, buf: &[u8]) -> Result<usize, Error> {
        if buf.is_empty() {
            return Ok(0);
        }
        self.write_some(buf).await
    }

    /// As [`L2capChannel::flush`].
    async fn flush(&mut self) -> Result<(), Error> {
        L2capChannel::flush(self).await
    }
}

impl Read for L2capChannel<'_> {
    async fn read(&mut self, buf: &mut [u8]) -> Result<usize, Error> {
        Read::read(&mut &*self, buf).await
    }
}

impl Write for L2capChannel<'_> {
    async fn write(&mut self, buf: &[u8]) -> Result<usize, Error> {
        Write::write(&mut &*self, buf).await
    }

    async fn flush(&mut self) -> Result<(), Error> {
        L2capChannel::flush(self).await
    }
}
