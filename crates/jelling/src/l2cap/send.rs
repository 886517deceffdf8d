//! Sending: each SDU goes K-frame by K-frame into frame buffers, as many as are free at a time.

use super::{FrameBuffer, L2capChannel};
use crate::{
    core::Host,
    operation::{Operation, Reach, Step, Wait},
    waiting::Topic,
};
use ::core::task::Poll;
use jelling_host::{ChannelHandle, Core, Error, Instant};

/// See [`L2capChannel::send`].
pub type L2capSend<'d, 'b> = Operation<'d, SendStep<'d, 'b>>;
/// See [`L2capChannel::flush`].
pub type L2capFlush<'d> = Operation<'d, FlushStep>;

impl<'d> L2capChannel<'d> {
    /// Sends octets, in SDUs of as many as the peer takes in one: its MTU, unless `chunk` says less. Without octets it sends one
    /// empty SDU. It ends when the last K-frame stands in a frame buffer; [`flush`](L2capChannel::flush) waits for them. For ever
    /// unless `timeout` says otherwise: a peer gives credits when it likes.
    ///
    /// `ChannelClosed` when either side has disconnected the channel, `Disconnected` when its connection is down. Other tasks that send
    /// wait until an SDU that has begun is sent to its end.
    ///
    /// Dropping the future, or its timeout, between two SDUs leaves it at what was sent. In the middle of an SDU it disconnects the
    /// channel: nothing else would let the peer know the next one from the rest of this. Vol 3, Part A, 10.1.
    pub fn send<'b>(&self, data: &'b [u8]) -> L2capSend<'d, 'b> {
        let chunk = usize::from(self.info.peer_mtu);
        let step = SendStep { host: self.host, handle: self.handle, chunk, data, done: 0 };
        Operation::new(self.host, step, None)
    }

    /// Sends as many octets as one K-frame takes, as one SDU, and tells how many those were. Dropping the future sends nothing.
    pub(super) fn write_some<'b>(&self, data: &'b [u8]) -> Operation<'d, WriteStep<'d, 'b>> {
        let most = usize::from(self.info.peer_mtu.min(self.info.peer_mps.saturating_sub(SDU_LENGTH)));
        let data = data.get(..most).unwrap_or(data);
        Operation::new(self.host, WriteStep { host: self.host, handle: self.handle, data }, None)
    }

    /// Waits until all that was sent is with the controller, and it has told so; for ever unless `timeout` says otherwise.
    ///
    /// Dropping the future changes nothing.
    pub fn flush(&self) -> L2capFlush<'d> {
        Operation::new(self.host, FlushStep(self.handle), None)
    }
}

impl L2capSend<'_, '_> {
    /// Octets of each SDU: 1 to the peer's MTU; more or less than that count as these.
    pub fn chunk(mut self, octets: usize) -> Self {
        self.step.chunk = self.step.chunk.min(octets.max(1));
        self
    }
}

/// Octets of an SDU's length, in its first K-frame.
const SDU_LENGTH: u16 = 2;
/// Octets of a frame buffer before those of an SDU that begins in it: headers of ACL and L2CAP, and its length.
const HEADERS: usize = 10;

/// Fills the channel's next frame buffer with a K-frame of `sdu`, of which `done` octets are on their way; of no more than `most`
/// says for a buffer so long. Gives the octets that it took.
fn fill(
    host: Host<'_>,
    core: &mut Core<'_>,
    handle: ChannelHandle,
    (sdu, done): (&[u8], usize),
    most: impl FnOnce(usize) -> usize,
) -> Result<usize, Error> {
    let number = core.free_frame(handle)?;
    let mut frame = host.lock.frame(number).and_then(FrameBuffer::try_lock).ok_or(Error::Busy)?;
    let sdu = sdu.get(..most(frame.len())).unwrap_or(sdu);
    core.fill_frame(handle, number, sdu, done, &mut frame)
}

/// See [`L2capChannel::send`].
#[derive(Debug)]
pub struct SendStep<'d, 'b> {
    host: Host<'d>,
    handle: ChannelHandle,
    chunk: usize,
    /// The SDU under way and what comes behind it.
    data: &'b [u8],
    /// Octets of that SDU that stand in frame buffers, or have left them.
    done: usize,
}

impl<'d> Step<'d> for SendStep<'d, '_> {
    type Raw = ();
    type Output = ();
    const REACH: Reach = Reach::Quiet;

    fn wait_for(&self) -> Wait {
        Wait(Topic::Sending(self.handle.index()))
    }
    fn step(&mut self, core: &mut Core<'_>, _: Instant) -> Poll<Result<(), Error>> {
        loop {
            let (sdu, behind) = self.data.split_at_checked(self.chunk).unwrap_or((self.data, &[]));
            let taken = match fill(self.host, core, self.handle, (sdu, self.done), |_| usize::MAX) {
                Ok(taken) => taken,
                Err(Error::Busy) => return Poll::Pending,
                Err(error) => return Poll::Ready(Err(error)),
            };
            self.done = self.done.saturating_add(taken);
            if self.done >= sdu.len() {
                (self.data, self.done) = (behind, 0);
                if behind.is_empty() {
                    return Poll::Ready(Ok(()));
                }
            }
        }
    }
    fn undo(&mut self, core: &mut Core<'_>) {
        if self.done != 0 {
            core.close_channel(self.handle);
        }
    }
    fn finish(_: Host<'d>, (): ()) {}
}

/// See `L2capChannel::write_some`.
#[derive(Debug)]
pub(super) struct WriteStep<'d, 'b> {
    host: Host<'d>,
    handle: ChannelHandle,
    data: &'b [u8],
}

impl<'d> Step<'d> for WriteStep<'d, '_> {
    type Raw = usize;
    type Output = usize;
    const REACH: Reach = Reach::Quiet;

    fn wait_for(&self) -> Wait {
        Wait(Topic::Sending(self.handle.index()))
    }
    fn step(&mut self, core: &mut Core<'_>, _: Instant) -> Poll<Result<usize, Error>> {
        match fill(self.host, core, self.handle, (self.data, 0), |length| length.saturating_sub(HEADERS)) {
            Err(Error::Busy) => Poll::Pending,
            taken => Poll::Ready(taken),
        }
    }
    fn undo(&mut self, _: &mut Core<'_>) {}
    fn finish(_: Host<'d>, taken: usize) -> usize {
        taken
    }
}

/// See [`L2capChannel::flush`].
#[derive(Debug)]
pub struct FlushStep(ChannelHandle);

impl<'d> Step<'d> for FlushStep {
    type Raw = ();
    type Output = ();
    const REACH: Reach = Reach::Quiet;

    fn wait_for(&self) -> Wait {
        Wait(Topic::Sending(self.0.index()))
    }
    fn step(&mut self, core: &mut Core<'_>, _: Instant) -> Poll<Result<(), Error>> {
        core.flushed(self.0)
    }
    fn undo(&mut self, _: &mut Core<'_>) {}
    fn finish(_: Host<'d>, (): ()) {}
}
