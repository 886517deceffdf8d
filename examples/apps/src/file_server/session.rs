//! One client of the file server, from its connection to its end.

use super::{Files, News};
use crate::files::{
    Answer, Command, Hash, LONGEST_ANSWER, LONGEST_COMMAND, LONGEST_LINE, PART, PSM, Request, Status, copy,
};
use core::{fmt::Write, time::Duration};
use embassy_futures::select::{Either, select};
use jelling::{Characteristic, Connection, Error, L2capChannel};

/// The least that there is (Vol 3, Part A, 4.22), for the SDUs and their segments: nothing is received.
const LEAST: u16 = 23;
/// For how long a client may take nothing.
const PATIENCE: Duration = Duration::from_secs(30);

/// Answers commands, to the link's end or to what ends it.
pub(super) async fn serve<'d>(
    connection: &Connection<'d>,
    control: Characteristic<'d>,
    files: &mut impl Files,
    tell: &impl Fn(News<'_>),
) -> Result<(), Error> {
    let mut session = Session { connection, control, files, tell };
    loop {
        let (channel, mut due) = session.accept().await?;
        (session.tell)(News::Opened(channel.peer_mtu()));
        while channel.is_connected() {
            let request = match due.take() {
                Some(request) => request,
                None => match select(channel.disconnected(), session.request()).await {
                    Either::First(_) => break,
                    Either::Second(request) => request?,
                },
            };
            session.carry_out(&request, Some(&channel)).await?;
        }
        (session.tell)(News::Closed);
        // Before it listens again: there may be one slot for both. Who does not answer is told no more.
        let _ = channel.disconnect().await;
    }
}

struct Session<'s, 'd, F, T> {
    connection: &'s Connection<'d>,
    control: Characteristic<'d>,
    files: &'s mut F,
    tell: &'s T,
}

impl<'d, F: Files, T: Fn(News<'_>)> Session<'_, 'd, F, T> {
    /// Waits for a channel, and answers what needs none meanwhile. What needs one waits for it.
    async fn accept(&mut self) -> Result<(L2capChannel<'d>, Option<Request>), Error> {
        let mut accept = self.connection.l2cap_accept(PSM, LEAST).mps(LEAST).credits(0);
        loop {
            match select(&mut accept, self.request()).await {
                Either::First(channel) => return Ok((channel?, None)),
                Either::Second(request) => {
                    let request = request?;
                    if matches!(request.command(), Command::Send | Command::List) {
                        return Ok((accept.await?, Some(request)));
                    }
                    self.carry_out(&request, None).await?;
                }
            }
        }
    }

    /// The next command of this client. What an earlier one has left behind is passed over.
    async fn request(&self) -> Result<Request, Error> {
        loop {
            let mut octets = [0; LONGEST_COMMAND];
            let (client, length) = self.control.written_into(&mut octets).await?;
            if client == *self.connection
                && let Some(request) = Request::read(octets, length)
            {
                return Ok(request);
            }
        }
    }

    /// Does what is asked for, and answers.
    async fn carry_out(&mut self, request: &Request, channel: Option<&L2capChannel<'d>>) -> Result<(), Error> {
        let number = request.number();
        let (status, hash) = match (request.command(), request.path(), channel) {
            (Command::Size, path, _) => {
                let found = match path {
                    Some(path) => self.files.size(path).await,
                    None => Err(Status::NOT_FOUND),
                };
                let (status, size) = found.map_or_else(|status| (status, 0), |size| (Status::OK, size));
                return self.answer(Answer::Size { number, status, size }).await;
            }
            (Command::Send, Some(path), Some(channel)) => {
                let sent = self.send(path, channel).await?;
                sent.map_or_else(|status| (status, None), |hash| (Status::OK, Some(hash)))
            }
            (Command::List, Some(path), Some(channel)) => {
                let sent = self.list(path, channel).await?;
                (sent.err().unwrap_or(Status::OK), None)
            }
            (Command::Send | Command::List, ..) => (Status::NOT_FOUND, None),
            (Command::Receive | Command::Unknown(_), ..) => (Status::NOT_IMPLEMENTED, None),
        };
        (self.tell)(News::Done(request.path().unwrap_or_default(), status));
        self.answer(Answer::Done { number, status, hash }).await
    }

    /// Sends a file, and gives its hash.
    async fn send(&mut self, path: &str, channel: &L2capChannel<'d>) -> Result<Result<[u8; 32], Status>, Error> {
        let size = match self.files.open(path).await {
            Ok(size) => size,
            Err(status) => return Ok(Err(status)),
        };
        let (mut hash, mut sent) = (Hash::default(), 0u32);
        let mut buffer = [0; PART];
        let longest = buffer.len().min(channel.peer_mtu().into());
        (self.tell)(News::Sending { path, sent, size });
        while sent < size {
            let rest = usize::try_from(size.saturating_sub(sent)).unwrap_or(usize::MAX);
            let Some(room) = buffer.get_mut(..longest.min(rest)) else { break };
            let length = self.files.read(room).await;
            let part = match length {
                // Shorter than it was.
                Ok(0) => return Ok(Err(Status::FAILED)),
                Ok(length) => room.get(..length).unwrap_or_default(),
                Err(status) => return Ok(Err(status)),
            };
            hash.add(part);
            if let Err(status) = taken(channel.send(part).timeout(PATIENCE).await)? {
                return Ok(Err(status));
            }
            sent = sent.saturating_add(part.len().try_into().unwrap_or(u32::MAX));
            (self.tell)(News::Sending { path, sent, size });
        }
        Ok(taken(channel.flush().timeout(PATIENCE).await)?.map(|()| hash.end()))
    }

    /// Sends a list.
    async fn list(&mut self, path: &str, channel: &L2capChannel<'d>) -> Result<Result<(), Status>, Error> {
        for number in 0.. {
            let mut line = Line::default();
            let last = match self.files.entry(path, number).await {
                Ok(Some((name, size))) => match writeln!(line, "{size}:{name}") {
                    Ok(()) => false,
                    // Nobody could ask for it.
                    Err(_) => continue,
                },
                Ok(None) => writeln!(line).is_ok(),
                Err(status) => return Ok(Err(status)),
            };
            if let Err(status) = taken(channel.send(line.octets()).timeout(PATIENCE).await)? {
                return Ok(Err(status));
            }
            if last {
                break;
            }
        }
        taken(channel.flush().timeout(PATIENCE).await)
    }

    /// Notifies an answer. aioble's client has not subscribed and takes it all the same.
    async fn answer(&self, answer: Answer) -> Result<(), Error> {
        let mut buffer = [0; LONGEST_ANSWER];
        let answer = match answer {
            Answer::Done { number, status, .. } if usize::from(self.connection.mtu()?) < LONGEST_ANSWER + 3 => {
                Answer::Done { number, status, hash: None }
            }
            answer => answer,
        };
        self.control.notify(self.connection, answer.write(&mut buffer)).forced().await
    }
}

/// What became of something that was sent: where the client has closed the channel, or takes nothing, the link goes on.
fn taken(result: Result<(), Error>) -> Result<Result<(), Status>, Error> {
    match result {
        Ok(()) => Ok(Ok(())),
        Err(Error::ChannelClosed | Error::Timeout) => Ok(Err(Status::FAILED)),
        Err(error) => Err(error),
    }
}

/// A line of a list.
struct Line {
    octets: [u8; LONGEST_LINE],
    length: usize,
}

impl Default for Line {
    fn default() -> Self {
        Line { octets: [0; LONGEST_LINE], length: 0 }
    }
}

impl Line {
    fn octets(&self) -> &[u8] {
        self.octets.get(..self.length).unwrap_or_default()
    }
}

impl Write for Line {
    fn write_str(&mut self, text: &str) -> core::fmt::Result {
        let end = self.length.saturating_add(text.len());
        let room = self.octets.get_mut(self.length..end).ok_or(core::fmt::Error)?;
        copy(room, text.as_bytes());
        self.length = end;
        Ok(())
    }
}
