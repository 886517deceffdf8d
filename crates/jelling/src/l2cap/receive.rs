//! Receiving: SDU by SDU, or as it comes.

use super::L2capChannel;
use crate::{
    core::Host,
    operation::{Operation, Reach, Step, Wait},
    waiting::Topic,
};
use ::core::task::Poll;
use jelling_host::{ChannelHandle, Core, Error, Instant, Received};

/// See [`L2capChannel::recvinto`].
pub type L2capRecvinto<'d, 'b> = Operation<'d, RecvintoStep<'b>>;
/// See [`L2capChannel::receive`].
pub type L2capReceive<'d, 'b> = Operation<'d, ReceiveStep<'b>>;

impl<'d> L2capChannel<'d> {
    /// The next SDU, or as much of it as fits into `buffer`: the next call goes on where this one ends, and none gives octets of
    /// two SDUs. Gives the number of octets, 0 for an empty SDU. For ever unless `timeout` says otherwise.
    ///
    /// What came before the channel's end can be read behind it; then `ChannelClosed` when either side has disconnected the channel,
    /// `Disconnected` when its connection is down. Dropping the future loses nothing, unless it was in the middle of an SDU that is
    /// longer than the room of all credits: of such a one it has taken a part, and [`receive`](L2capChannel::receive) is for those
    /// who want parts.
    pub fn recvinto<'b>(&self, buffer: &'b mut [u8]) -> L2capRecvinto<'d, 'b> {
        Operation::new(self.host, RecvintoStep { handle: self.handle, buffer, filled: 0 }, None)
    }

    /// As [`recvinto`](L2capChannel::recvinto), and tells whether the SDU ends there; of an SDU that is longer than the room of all
    /// credits it gives what has come.
    ///
    /// Dropping the future loses nothing.
    pub fn receive<'b>(&self, buffer: &'b mut [u8]) -> L2capReceive<'d, 'b> {
        Operation::new(self.host, ReceiveStep { handle: self.handle, buffer, wanted: Wanted::Any }, None)
    }

    /// As [`receive`](L2capChannel::receive), but passes over empty SDUs.
    pub(super) fn read_some<'b>(&self, buffer: &'b mut [u8]) -> L2capReceive<'d, 'b> {
        Operation::new(self.host, ReceiveStep { handle: self.handle, buffer, wanted: Wanted::Octets }, None)
    }
}

/// See [`L2capChannel::recvinto`].
#[derive(Debug)]
pub struct RecvintoStep<'b> {
    handle: ChannelHandle,
    buffer: &'b mut [u8],
    filled: usize,
}

impl<'d> Step<'d> for RecvintoStep<'_> {
    type Raw = usize;
    type Output = usize;
    const REACH: Reach = Reach::Quiet;

    fn wait_for(&self) -> Wait {
        Wait(Topic::Channel(self.handle.index()))
    }
    fn step(&mut self, core: &mut Core<'_>, _: Instant) -> Poll<Result<usize, Error>> {
        loop {
            let room = self.buffer.get_mut(self.filled..).unwrap_or_default();
            let is_last = match core.receive(self.handle, room) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Ok(received)) => {
                    self.filled = self.filled.saturating_add(received.length);
                    received.ends || received.length == room.len()
                }
                // The rest never came. The next call tells why.
                Poll::Ready(Err(_)) if self.filled != 0 => true,
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
            };
            if is_last {
                return Poll::Ready(Ok(self.filled));
            }
        }
    }
    fn undo(&mut self, _: &mut Core<'_>) {}
    fn finish(_: Host<'d>, length: usize) -> usize {
        length
    }
}

/// Which SDUs are given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wanted {
    Any,
    /// Those that are not empty.
    Octets,
}

/// See [`L2capChannel::receive`].
#[derive(Debug)]
pub struct ReceiveStep<'b> {
    handle: ChannelHandle,
    buffer: &'b mut [u8],
    wanted: Wanted,
}

impl<'d> Step<'d> for ReceiveStep<'_> {
    type Raw = Received;
    type Output = Received;
    const REACH: Reach = Reach::Quiet;

    fn wait_for(&self) -> Wait {
        Wait(Topic::Channel(self.handle.index()))
    }
    fn step(&mut self, core: &mut Core<'_>, _: Instant) -> Poll<Result<Received, Error>> {
        loop {
            let received = core.receive(self.handle, self.buffer);
            let is_empty = matches!(received, Poll::Ready(Ok(Received { length: 0, .. })));
            if !is_empty || self.wanted == Wanted::Any || self.buffer.is_empty() {
                return received;
            }
        }
    }
    fn undo(&mut self, _: &mut Core<'_>) {}
    fn finish(_: Host<'d>, received: Received) -> Received {
        received
    }
}
