//! The end of a channel.

use super::L2capChannel;
use crate::{
    core::Host,
    operation::{Operation, Step, Wait},
    waiting::Topic,
};
use ::core::{task::Poll, time::Duration};
use jelling_host::{ChannelHandle, Core, Error, Instant};

/// See [`L2capChannel::disconnect`].
pub type L2capDisconnect<'d> = Operation<'d, DisconnectStep>;
/// See [`L2capChannel::disconnected`].
pub type L2capDisconnected<'d> = Operation<'d, DisconnectedStep>;

impl<'d> L2capChannel<'d> {
    /// Disconnects the channel behind what was sent, and waits until it is closed: 1 s at most, unless `timeout` says otherwise. No
    /// error when it is closed already, or its connection down. What came before can still be read.
    ///
    /// Once polled, dropping the future does not stop the disconnect. Vol 3, Part A, 4.6.
    pub fn disconnect(&self) -> L2capDisconnect<'d> {
        Operation::new(self.host, DisconnectStep(self.handle), Some(Duration::from_secs(1)))
    }

    /// Waits until the channel is closed, by whichever side, or its connection is down; for ever unless `timeout` says otherwise.
    ///
    /// Dropping the future changes nothing.
    pub fn disconnected(&self) -> L2capDisconnected<'d> {
        Operation::new(self.host, DisconnectedStep(self.handle), None)
    }
}

/// See [`L2capChannel::disconnect`].
#[derive(Debug)]
pub struct DisconnectStep(ChannelHandle);

impl<'d> Step<'d> for DisconnectStep {
    type Raw = ();
    type Output = ();

    fn wait_for(&self) -> Wait {
        Wait(Topic::Sending(self.0.index()))
    }
    fn step(&mut self, core: &mut Core<'_>, _: Instant) -> Poll<Result<(), Error>> {
        core.close_channel(self.0);
        core.channel_closed(self.0).map(Ok)
    }
    fn undo(&mut self, _: &mut Core<'_>) {}
    fn finish(_: Host<'d>, (): ()) {}
}

/// See [`L2capChannel::disconnected`].
#[derive(Debug)]
pub struct DisconnectedStep(ChannelHandle);

impl<'d> Step<'d> for DisconnectedStep {
    type Raw = ();
    type Output = ();

    fn wait_for(&self) -> Wait {
        Wait(Topic::Sending(self.0.index()))
    }
    fn step(&mut self, core: &mut Core<'_>, _: Instant) -> Poll<Result<(), Error>> {
        core.channel_closed(self.0).map(Ok)
    }
    fn undo(&mut self, _: &mut Core<'_>) {}
    fn finish(_: Host<'d>, (): ()) {}
}
