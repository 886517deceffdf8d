//! What goes over a channel, both ways at once, and when that has come to its end.

use super::{
    files::{Sink, Source, Written},
    progress::Tally,
};
use anyhow::Result;
use jelling::Error;
use std::{cell::Cell, time::Duration};
use tokio::sync::watch;

/// A channel, as what goes over it sees it.
pub(super) trait Duplex {
    /// Sends one SDU.
    async fn send(&self, sdu: &[u8]) -> Result<(), Error>;
    /// Waits until everything sent has left.
    async fn flush(&self) -> Result<(), Error>;
    /// The next octets, and whether an SDU ends with them. What came before the end is given before `ChannelClosed`. Dropping
    /// the future loses nothing.
    async fn receive(&self, buffer: &mut [u8]) -> Result<(usize, bool), Error>;
}

/// How a transfer ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum End {
    /// Everything was sent, and nothing came for as long as one waits.
    Quiet,
    /// The peer closed the channel.
    Closed(Sent),
    /// Nobody takes what comes.
    NobodyReads(Sent),
    /// The link has ended, or the host.
    Failed(Error, Sent),
}

/// Whether everything that was read has been sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sent {
    All,
    Part,
}

/// How many octets are read and taken at once. No SDU is longer.
pub(super) const BUFFER: usize = 65_535;

/// How far the input is.
struct Outgoing<'a> {
    tally: &'a Tally,
    sdu: usize,
    /// There are octets that have been read and have not left.
    owes: Cell<bool>,
    /// The input is at its end, and all of it has left.
    ended: watch::Sender<bool>,
}

impl Outgoing<'_> {
    async fn send(&self, channel: &impl Duplex, source: &mut Source) -> Result<Result<(), Error>> {
        // Whole SDUs, as many as there is room for.
        let mut buffer = vec![0; (BUFFER / self.sdu) * self.sdu];
        loop {
            let length = source.read(&mut buffer).await?;
            if length == 0 {
                self.ended.send_replace(true);
                return Ok(Ok(()));
            }
            self.owes.set(true);
            for sdu in buffer.get(..length).unwrap_or_default().chunks(self.sdu) {
                if let Err(error) = channel.send(sdu).await {
                    return Ok(Err(error));
                }
                self.tally.sent(sdu.len());
            }
            if let Err(error) = channel.flush().await {
                return Ok(Err(error));
            }
            self.owes.set(false);
        }
    }

    /// The input has been sent, and time goes by.
    async fn quiet(&self, linger: Duration) {
        // The sender lives as long as this.
        let _ = self.ended.subscribe().wait_for(|ended| *ended).await;
        tokio::time::sleep(linger).await;
    }

    async fn receive(&self, channel: &impl Duplex, sink: &mut Sink, linger: Duration) -> Result<End> {
        let mut buffer = vec![0; BUFFER];
        loop {
            let received = tokio::select! {
                biased;
                received = channel.receive(&mut buffer) => received,
                () = self.quiet(linger) => return Ok(End::Quiet),
            };
            match received {
                Ok((length, _)) => {
                    if sink.write(buffer.get(..length).unwrap_or_default()).await? == Written::NobodyReads {
                        return Ok(End::NobodyReads(self.sent()));
                    }
                    self.tally.received(length);
                }
                Err(Error::ChannelClosed) => return Ok(End::Closed(self.sent())),
                Err(error) => return Ok(End::Failed(error, self.sent())),
            }
        }
    }

    /// What has not been read is not known to be missing.
    fn sent(&self) -> Sent {
        if self.owes.get() { Sent::Part } else { Sent::All }
    }
}

/// Sends the source and takes what comes, until the source is at its end and then nothing came for so long, or the channel ends.
pub(super) async fn exchange(
    channel: &impl Duplex,
    source: &mut Source,
    sink: &mut Sink,
    (sdu, linger): (usize, Duration),
    tally: &Tally,
) -> Result<End> {
    let sdu = sdu.clamp(1, BUFFER);
    let outgoing = Outgoing { tally, sdu, owes: Cell::new(false), ended: watch::Sender::new(false) };
    let sending = async {
        // An end of the channel is told by who receives, behind the last octet.
        match outgoing.send(channel, source).await {
            Ok(_) => std::future::pending().await,
            Err(error) => error,
        }
    };
    tokio::select! {
        end = outgoing.receive(channel, sink, linger) => end,
        error = sending => Err(error),
    }
}

/// Takes what comes until the channel ends.
pub(super) async fn take(channel: &impl Duplex, sink: &mut Sink, tally: &Tally) -> Result<End> {
    let mut buffer = vec![0; BUFFER];
    loop {
        match channel.receive(&mut buffer).await {
            Ok((length, _)) => {
                if sink.write(buffer.get(..length).unwrap_or_default()).await? == Written::NobodyReads {
                    return Ok(End::NobodyReads(Sent::All));
                }
                tally.received(length);
            }
            Err(Error::ChannelClosed) => return Ok(End::Closed(Sent::All)),
            Err(error) => return Ok(End::Failed(error, Sent::All)),
        }
    }
}

/// Sends back what comes, SDU by SDU, those longer than the peer takes in parts.
pub(super) async fn echo(channel: &impl Duplex, sdu: usize, tally: &Tally) -> End {
    let mut buffer = vec![0; BUFFER];
    let ended = |error| match error {
        Error::ChannelClosed => End::Closed(Sent::All),
        error => End::Failed(error, Sent::All),
    };
    let mut filled = 0;
    loop {
        let (length, ends) = match channel.receive(buffer.get_mut(filled..).unwrap_or_default()).await {
            Ok(received) => received,
            Err(error) => return ended(error),
        };
        tally.received(length);
        filled += length;
        if ends {
            let whole = buffer.get(..filled).unwrap_or_default();
            // An empty one, too, is one.
            let parts = whole.chunks(sdu.clamp(1, BUFFER)).chain(whole.is_empty().then_some(whole));
            for part in parts {
                if let Err(error) = channel.send(part).await {
                    return ended(error);
                }
                tally.sent(part.len());
            }
            filled = 0;
        }
    }
}

#[cfg(test)]
mod tests;
