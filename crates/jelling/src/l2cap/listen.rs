//! Listening on all connections.

use super::L2capChannel;
use crate::{
    core::Host,
    operation::{Operation, Step, Wait},
    waiting::Topic,
};
use ::core::task::Poll;
use jelling_host::{
    ChannelHandle, ChannelInfo, ChannelOptions, Core, Error, Instant, ListenerHandle, wire::l2cap::Psm,
};

impl<'d> Host<'d> {
    /// Listens on a PSM (1 to 255; 128 to 255 are for whoever wants one) on every connection, those to come among them, until the
    /// listener is dropped: as services, it outlives a stop of the host and the loss of its controller. It takes a slot of `Channels`; so
    /// does each channel that it accepts.
    ///
    /// `Busy` where somebody listens on that PSM already, `Full` where `Channels` has no free slot. Vol 3, Part A, 4.22.
    ///
    /// ```no_run
    /// # async fn serve(host: jelling::Host<'_>) -> Result<(), jelling::Error> {
    /// use jelling::{ChannelDemands, ChannelOptions};
    /// let options = ChannelOptions::new(512).demands(ChannelDemands::ENCRYPTED);
    /// let listener = host.l2cap_listen(0x80, &options)?;
    /// loop {
    ///     let channel = listener.accept().await?;
    ///     channel.send(b"hello").await?;
    ///     channel.flush().await?;
    /// }
    /// # }
    /// ```
    pub fn l2cap_listen(self, psm: u16, options: &ChannelOptions) -> Result<L2capListener<'d>, Error> {
        let handle = self.ask(|core| core.listen(Psm(psm), options))?;
        Ok(L2capListener { host: self, handle })
    }
}

/// Listens on a PSM, on every connection. Dropping it ends that; channels that were accepted stay.
#[derive(Debug)]
#[must_use = "dropping the listener ends listening"]
pub struct L2capListener<'d> {
    host: Host<'d>,
    handle: ListenerHandle,
}

/// See [`L2capListener::accept`].
pub type L2capAccepted<'d> = Operation<'d, AcceptedStep>;

impl<'d> L2capListener<'d> {
    /// The next channel that a peer has opened, in the order in which they came; for ever unless `timeout` says otherwise.
    ///
    /// Dropping the future loses nothing.
    pub fn accept(&self) -> L2capAccepted<'d> {
        Operation::new(self.host, AcceptedStep(self.handle), None)
    }
}

impl Drop for L2capListener<'_> {
    fn drop(&mut self) {
        self.host.with(|core| core.unlisten(self.handle));
    }
}

/// See [`L2capListener::accept`].
#[derive(Debug)]
pub struct AcceptedStep(ListenerHandle);

impl<'d> Step<'d> for AcceptedStep {
    type Raw = (ChannelHandle, ChannelInfo);
    type Output = L2capChannel<'d>;

    fn wait_for(&self) -> Wait {
        Wait(Topic::Channel(self.0.index()))
    }
    fn step(&mut self, core: &mut Core<'_>, _: Instant) -> Poll<Result<Self::Raw, Error>> {
        match core.take_channel(self.0) {
            Poll::Ready(Ok(handle)) => core.channel(handle).map_ok(|info| (handle, info)),
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Pending => Poll::Pending,
        }
    }
    fn undo(&mut self, _: &mut Core<'_>) {}
    fn finish(host: Host<'d>, opened: Self::Raw) -> L2capChannel<'d> {
        L2capChannel::opened(host, opened)
    }
}
