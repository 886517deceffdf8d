//! A channel on one connection: opened by us, or by the peer.

use super::L2capChannel;
use crate::{
    Connection,
    core::Host,
    operation::{Operation, Step, Wait},
    waiting::Topic,
};
use ::core::{task::Poll, time::Duration};
use jelling_host::{
    ChannelDemands, ChannelHandle, ChannelInfo, ChannelOptions, Core, Error, Instant, LinkId, wire::l2cap::Psm,
};

/// See [`Connection::l2cap_accept`].
pub type L2capAccept<'d> = Operation<'d, AcceptStep>;
/// See [`Connection::l2cap_connect`].
pub type L2capConnect<'d> = Operation<'d, ConnectStep>;

impl<'d> Connection<'d> {
    /// Listens on a PSM (1 to 255; 128 to 255 are for whoever wants one) until the peer opens a channel to it: once, and for this
    /// connection alone. `mtu` is what our SDUs may be long: 23 to 65,535 octets. For ever unless `timeout` says otherwise.
    ///
    /// Several may listen on one PSM, and each gets one channel. While nobody listens, the peer is told that the PSM is not
    /// supported. `Disconnected` when the connection ends, `Full` where `Channels` has no free slot or `Pool` too few
    /// blocks for the credits. Dropping the future ends listening; a channel that was opened meanwhile is disconnected.
    /// Vol 3, Part A, 4.22.
    pub fn l2cap_accept(&self, psm: u16, mtu: u16) -> L2capAccept<'d> {
        let opening = Opening::new(self.id, psm, mtu);
        Operation::new(self.host, AcceptStep(opening), None)
    }

    /// Opens a channel to a PSM of the peer (1 to 255). `mtu` is what its SDUs may be long: 23 to 65,535 octets. 1 s at most, unless
    /// `timeout` says otherwise.
    ///
    /// [`Error::ChannelRefused`] with the peer's result code where it says no; `Disconnected` when the connection ends, `Full`
    /// where `Channels` has no free slot or `Pool` too few blocks for the credits. Dropping the future gives the channel up; where
    /// the peer opens it all the same, it is disconnected. Vol 3, Part A, 4.22.
    pub fn l2cap_connect(&self, psm: u16, mtu: u16) -> L2capConnect<'d> {
        let opening = Opening::new(self.id, psm, mtu);
        Operation::new(self.host, ConnectStep(opening), Some(Duration::from_secs(1)))
    }
}

impl L2capAccept<'_> {
    /// Octets of the longest K-frame's payload that the peer may send: 23 to 65,533; 247 unless this says otherwise.
    pub fn mps(mut self, octets: u16) -> Self {
        self.step.0.options = self.step.0.options.mps(octets);
        self
    }

    /// K-frames that the peer may send ahead of what is taken: 16, or as many as its share of the free
    /// blocks of `Pool` holds (each free slot of `Channels` has the same), unless this says otherwise. With 0
    /// it gets none before the first receive, and one at a time from then on.
    pub fn credits(mut self, frames: u16) -> Self {
        self.step.0.options = self.step.0.options.credits(frames);
        self
    }

    /// What the connection has to be like; without, the peer is told what is missing (Vol 3, Part C, 10.3).
    pub fn demands(mut self, demands: ChannelDemands) -> Self {
        self.step.0.options = self.step.0.options.demands(demands);
        self
    }

    /// Octets of the shortest key that the connection may be encrypted with: 7 to 16.
    pub fn key_size(mut self, octets: u8) -> Self {
        self.step.0.options = self.step.0.options.key_size(octets);
        self
    }
}

impl L2capConnect<'_> {
    /// Octets of the longest K-frame's payload that the peer may send: 23 to 65,533; 247 unless this says otherwise.
    pub fn mps(mut self, octets: u16) -> Self {
        self.step.0.options = self.step.0.options.mps(octets);
        self
    }

    /// K-frames that the peer may send ahead of what is taken: 16, or as many as its share of the free
    /// blocks of `Pool` holds (each free slot of `Channels` has the same), unless this says otherwise. With 0
    /// it gets none before the first receive, and one at a time from then on.
    pub fn credits(mut self, frames: u16) -> Self {
        self.step.0.options = self.step.0.options.credits(frames);
        self
    }
}

/// A channel on its way.
#[derive(Debug)]
struct Opening {
    link: LinkId,
    psm: Psm,
    options: ChannelOptions,
    handle: Option<ChannelHandle>,
}

impl Opening {
    fn new(link: LinkId, psm: u16, mtu: u16) -> Self {
        Opening { link, psm: Psm(psm), options: ChannelOptions::new(mtu), handle: None }
    }

    fn wait_for(&self) -> Wait {
        Wait(self.handle.map_or(Topic::Link(self.link.index()), |handle| Topic::Channel(handle.index())))
    }

    /// The channel, once it is open. `begin` begins it.
    fn go(
        &mut self,
        core: &mut Core<'_>,
        begin: impl FnOnce(&mut Core<'_>, &Self) -> Result<ChannelHandle, Error>,
    ) -> Poll<Result<(ChannelHandle, ChannelInfo), Error>> {
        let handle = match self.handle {
            Some(handle) => handle,
            None => match begin(core, self) {
                Ok(handle) => *self.handle.insert(handle),
                Err(Error::Busy) => return Poll::Pending,
                Err(error) => return Poll::Ready(Err(error)),
            },
        };
        core.channel(handle).map_ok(|info| {
            // It is the caller's from now on.
            self.handle = None;
            (handle, info)
        })
    }

    fn undo(&mut self, core: &mut Core<'_>) {
        if let Some(handle) = self.handle.take() {
            core.release_channel(handle);
        }
    }
}

/// See [`Connection::l2cap_accept`].
#[derive(Debug)]
pub struct AcceptStep(Opening);

impl<'d> Step<'d> for AcceptStep {
    type Raw = (ChannelHandle, ChannelInfo);
    type Output = L2capChannel<'d>;

    fn wait_for(&self) -> Wait {
        self.0.wait_for()
    }
    fn step(&mut self, core: &mut Core<'_>, _: Instant) -> Poll<Result<Self::Raw, Error>> {
        self.0.go(core, |core, opening| core.accept_channel(opening.link, opening.psm, &opening.options))
    }
    fn undo(&mut self, core: &mut Core<'_>) {
        self.0.undo(core);
    }
    fn finish(host: Host<'d>, opened: Self::Raw) -> L2capChannel<'d> {
        L2capChannel::opened(host, opened)
    }
}

/// See [`Connection::l2cap_connect`].
#[derive(Debug)]
pub struct ConnectStep(Opening);

impl<'d> Step<'d> for ConnectStep {
    type Raw = (ChannelHandle, ChannelInfo);
    type Output = L2capChannel<'d>;

    fn wait_for(&self) -> Wait {
        self.0.wait_for()
    }
    fn step(&mut self, core: &mut Core<'_>, _: Instant) -> Poll<Result<Self::Raw, Error>> {
        self.0.go(core, |core, opening| core.open_channel(opening.link, opening.psm, &opening.options))
    }
    fn undo(&mut self, core: &mut Core<'_>) {
        self.0.undo(core);
    }
    fn finish(host: Host<'d>, opened: Self::Raw) -> L2capChannel<'d> {
        L2capChannel::opened(host, opened)
    }
}
