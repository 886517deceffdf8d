//! What a command brings: answers by the control characteristic, octets by the channel.

use super::{Download, Failure, Part, Verified};
use crate::files::{Answer, Command, Hash, LONGEST_ANSWER, LONGEST_LINE, PART, Request, Status};
use core::{ops::ControlFlow, time::Duration};
use embassy_futures::select::{Either, select};
use jelling::{ClientCharacteristic, L2capChannel, Subscription};

/// For how long nothing may come of what was asked for.
const PATIENCE: Duration = Duration::from_secs(10);

/// The last word on a command, and the hash in it.
type Told = Option<[u8; 32]>;

/// The control characteristic of a server.
#[derive(Debug)]
pub(super) struct Control<'d> {
    pub(super) answers: Subscription<'d>,
    pub(super) characteristic: ClientCharacteristic<'d>,
    /// Of the last command.
    pub(super) number: u8,
}

impl<'d> Control<'d> {
    /// Writes a command, and gives its number.
    async fn command(&mut self, command: Command, path: &str) -> Result<u8, Failure> {
        self.number = self.number.wrapping_add(1);
        let request = Request::new(command, self.number, path).ok_or(Failure::LongPath)?;
        self.characteristic.write(request.octets()).await?;
        Ok(self.number)
    }

    /// The next answer with this number. One of a command that was given up has another.
    async fn answer(&mut self, number: u8) -> Result<Answer, Failure> {
        loop {
            let mut octets = [0; LONGEST_ANSWER];
            let length = self.answers.notified_into(&mut octets).timeout(PATIENCE).await?;
            match octets.get(..length).and_then(Answer::read) {
                Some(answer) if answer.number() == number => return Ok(answer),
                _ => {}
            }
        }
    }

    /// The last word on the command with this number.
    async fn done(&mut self, number: u8) -> Result<Told, Failure> {
        loop {
            match self.answer(number).await? {
                Answer::Done { status: Status::OK, hash, .. } => return Ok(hash),
                Answer::Done { status, .. } => return Err(Failure::Refused(status)),
                Answer::Size { .. } => {}
            }
        }
    }

    /// See [`FileClient::size`](super::FileClient::size).
    pub(super) async fn size(&mut self, path: &str) -> Result<u32, Failure> {
        let number = self.command(Command::Size, path).await?;
        loop {
            match self.answer(number).await? {
                Answer::Size { status: Status::OK, size, .. } => return Ok(size),
                Answer::Size { status, .. } => return Err(Failure::Refused(status)),
                Answer::Done { .. } => {}
            }
        }
    }

    /// See [`FileClient::download`](super::FileClient::download).
    pub(super) async fn download(
        &mut self,
        channel: &L2capChannel<'d>,
        (path, size): (&str, u32),
        mut take: impl AsyncFnMut(Part<'_>) -> ControlFlow<()>,
    ) -> Result<Download, Failure> {
        if take(Part { octets: &[], received: 0, size }).await.is_break() {
            return Err(Failure::Stopped);
        }
        let number = self.command(Command::Send, path).await?;
        let mut coming = Coming { channel, number, told: None };
        let (mut hash, mut received, mut buffer) = (Hash::default(), 0u32, [0; PART]);
        while received < size {
            let Some(octets) = coming.next(self, &mut buffer).await? else { break };
            received = received.saturating_add(octets.len().try_into().unwrap_or(u32::MAX));
            hash.add(octets);
            if take(Part { octets, received, size }).await.is_break() {
                return Err(Failure::Stopped);
            }
        }
        let told = coming.end(self).await?;
        if received != size || channel.available() > 0 {
            return Err(Failure::Length { received, size });
        }
        let hash = hash.end();
        let verified = match told {
            None => Verified::Length,
            Some(told) if told == hash => Verified::Hash,
            Some(_) => return Err(Failure::Damaged),
        };
        Ok(Download { size, hash, verified })
    }

    /// See [`FileClient::list`](super::FileClient::list).
    pub(super) async fn list(
        &mut self,
        channel: &L2capChannel<'d>,
        path: &str,
        mut each: impl FnMut(&str, u32),
    ) -> Result<(), Failure> {
        let number = self.command(Command::List, path).await?;
        let mut coming = Coming { channel, number, told: None };
        let (mut line, mut length, mut buffer) = ([0; LONGEST_LINE], 0usize, [0; PART]);
        let mut ends = false;
        while !ends {
            let Some(octets) = coming.next(self, &mut buffer).await? else { break };
            for octet in octets {
                if ends {
                    return Err(Failure::Protocol);
                }
                if *octet != b'\n' {
                    *line.get_mut(length).ok_or(Failure::Protocol)? = *octet;
                    length = length.saturating_add(1);
                    continue;
                }
                ends = length == 0;
                if !ends {
                    let (size, name) = entry(line.get(..length).unwrap_or_default()).ok_or(Failure::Protocol)?;
                    each(name, size);
                }
                length = 0;
            }
        }
        coming.end(self).await?;
        if ends { Ok(()) } else { Err(Failure::Protocol) }
    }
}

/// A line of a list.
fn entry(line: &[u8]) -> Option<(u32, &str)> {
    let (size, name) = core::str::from_utf8(line).ok()?.split_once(':')?;
    Some((size.parse().ok()?, name))
}

/// What comes over a channel until the last word.
struct Coming<'c, 'd> {
    channel: &'c L2capChannel<'d>,
    number: u8,
    told: Option<Told>,
}

impl<'d> Coming<'_, 'd> {
    /// The next octets, or `None` where the server has said its last word and nothing is left. That word may be there before what
    /// came ahead of it has been read.
    async fn next<'b>(&mut self, control: &mut Control<'d>, buffer: &'b mut [u8]) -> Result<Option<&'b [u8]>, Failure> {
        let received = loop {
            if self.told.is_some() && self.channel.available() == 0 {
                return Ok(None);
            }
            let receive = self.channel.receive(buffer).timeout(PATIENCE);
            if self.told.is_some() {
                break receive.await?;
            }
            match select(receive, control.done(self.number)).await {
                Either::First(received) => break received?,
                Either::Second(told) => self.told = Some(told?),
            }
        };
        Ok(buffer.get(..received.length))
    }

    /// The last word.
    async fn end(self, control: &mut Control<'d>) -> Result<Told, Failure> {
        match self.told {
            Some(told) => Ok(told),
            None => control.done(self.number).await,
        }
    }
}
