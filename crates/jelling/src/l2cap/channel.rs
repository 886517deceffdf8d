//! A channel, as an application holds it.

use crate::{
    Connection,
    core::Host,
    gate::{Verb, enter},
};
use ::core::fmt;
use jelling_host::{ChannelHandle, ChannelInfo};

/// A channel with credits: SDUs of up to [`peer_mtu`](L2capChannel::peer_mtu) octets there, and of up to
/// [`our_mtu`](L2capChannel::our_mtu) back. Several tasks may use one at the same time: SDUs never mix, and
/// who has begun one ends it first.
///
/// Dropping it disconnects the channel and forgets what was not read. It does not keep its connection up.
#[must_use = "dropping the channel disconnects it"]
pub struct L2capChannel<'d> {
    pub(super) host: Host<'d>,
    pub(super) handle: ChannelHandle,
    pub(super) info: ChannelInfo,
}

impl fmt::Debug for L2capChannel<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("L2capChannel").field("info", &self.info).finish_non_exhaustive()
    }
}

impl<'d> L2capChannel<'d> {
    /// A handle for a channel that the core has opened.
    pub(super) fn opened(host: Host<'d>, (handle, info): (ChannelHandle, ChannelInfo)) -> Self {
        L2capChannel { host, handle, info }
    }

    /// The PSM that it was opened with.
    pub fn psm(&self) -> u16 {
        self.info.psm
    }

    /// The connection that it is on, as another handle to it.
    pub fn connection(&self) -> Connection<'d> {
        let link = self.info.link;
        self.host.with(|core| core.retain(link));
        Connection::counted(self.host, link)
    }

    /// Octets of the longest SDU that the peer may send us.
    pub fn our_mtu(&self) -> u16 {
        self.info.our_mtu
    }

    /// Octets of the longest SDU that we may send to the peer.
    pub fn peer_mtu(&self) -> u16 {
        self.info.peer_mtu
    }

    /// True until either side disconnects the channel, or its connection ends. What came before may still wait to be read.
    pub fn is_connected(&self) -> bool {
        let handle = self.handle;
        enter(self.host.lock, Verb::Look, |core, _, _| core.is_channel_open(handle)).unwrap_or(false)
    }

    /// Octets that [`recvinto`](L2capChannel::recvinto) would give without waiting; 0 when it would wait, or when the SDU that it
    /// would give is an empty one.
    pub fn available(&self) -> usize {
        let handle = self.handle;
        enter(self.host.lock, Verb::Look, |core, _, _| core.available(handle)).unwrap_or(0)
    }
}

impl Drop for L2capChannel<'_> {
    fn drop(&mut self) {
        let handle = self.handle;
        self.host.with(|core| core.release_channel(handle));
    }
}
