//! Links come up, are held by handles, and go down.

use crate::{
    Core,
    error::Error,
    event::{ConnectionEvent, Happened, HostNews, LinkNews},
    fmt::info,
    link::{Link, LinkId, LinkInfo, Owed, Phase},
    time::{Deadline, Instant},
};
use core::task::Poll;
use jelling_wire::{
    Address,
    hci::{Status, event::ConnectionComplete},
};

/// The ATT MTU before an exchange (Vol 3, Part G, 5.2.1).
pub(crate) const DEFAULT_MTU: u16 = 23;

impl Link {
    /// True once its end has been asked for.
    pub(crate) fn is_leaving(&self) -> bool {
        self.owed.intersects(Owed::DISCONNECT | Owed::DISCONNECTING)
    }

    /// A request or an indication of ours was not answered in time.
    #[cfg(any(feature = "client", feature = "server"))]
    pub(crate) fn att_died(&mut self) {
        self.att_is_dead = true;
        self.happened.insert(Happened::ATT_TIMED_OUT);
        self.news.insert(LinkNews::LINK);
    }

    #[cfg(feature = "security")]
    fn take_security_event(&mut self) -> Option<ConnectionEvent> {
        let (kind, event) = if self.happened.contains(Happened::PAIRING_FAILED) {
            let error = self.pairing.failure.get().unwrap_or(Error::Timeout);
            (Happened::PAIRING_FAILED, ConnectionEvent::PairingFailed(error))
        } else if self.happened.contains(Happened::BOND_LOST) {
            (Happened::BOND_LOST, ConnectionEvent::BondLost)
        } else if self.happened.contains(Happened::SECURITY_REQUESTED) {
            (Happened::SECURITY_REQUESTED, ConnectionEvent::SecurityRequested)
        } else if self.happened.contains(Happened::KEYPRESS) {
            (Happened::KEYPRESS, ConnectionEvent::Keypress(self.pairing.heard))
        } else {
            return None;
        };
        self.happened.remove(kind);
        Some(event)
    }

    #[cfg(not(feature = "security"))]
    fn take_security_event(&mut self) -> Option<ConnectionEvent> {
        None
    }

    /// A slot as at the beginning, but for its generation and what it has not told yet. Zeros in one piece.
    fn clear(&mut self) {
        let (generation, news) = (self.generation, self.news);
        *self = Link::NEW;
        (self.generation, self.news) = (generation, news);
    }

    /// Nothing gets through any more: the link is ended without waiting for what is owed.
    pub(crate) fn stall(&mut self) {
        self.acl_deadline = Deadline::NEVER;
        self.owed.insert(Owed::STALLED);
        if !self.is_leaving() {
            self.owed.insert(Owed::DISCONNECT);
        }
        if self.owed.contains(Owed::DISCONNECT) {
            self.disconnect_deadline = Deadline::NEVER;
        }
    }
}

impl Core<'_> {
    pub(crate) fn free_links(&self) -> usize {
        self.links.iter().filter(|l| !l.is_up()).count()
    }

    pub(crate) fn link_id(&self, index: usize) -> Option<LinkId> {
        let link = self.links.get(index)?;
        Some(LinkId { index: u8::try_from(index).ok()?, generation: link.generation })
    }

    /// The link a handle names, while it is up.
    pub(crate) fn link(&self, id: LinkId) -> Result<&Link, Error> {
        self.look_up(id).ok_or(Error::Disconnected)
    }

    #[cfg_attr(target_pointer_width = "32", inline(never))]
    fn look_up(&self, id: LinkId) -> Option<&Link> {
        self.links.get(usize::from(id.index)).filter(|l| l.is_up() && l.generation == id.generation)
    }

    pub(crate) fn link_mut(&mut self, id: LinkId) -> Result<&mut Link, Error> {
        self.find_link(id).ok_or(Error::Disconnected)
    }

    #[cfg_attr(target_pointer_width = "32", inline(never))]
    fn find_link(&mut self, id: LinkId) -> Option<&mut Link> {
        self.links.get_mut(usize::from(id.index)).filter(|l| l.is_up() && l.generation == id.generation)
    }

    /// What a link is; `Disconnected` once it is down.
    pub fn link_info(&self, id: LinkId) -> Result<LinkInfo, Error> {
        self.link(id).map(Link::info)
    }

    /// Why a link ended; `None` while it is up, or when its slot has had another link since.
    pub fn disconnect_reason(&self, id: LinkId) -> Option<Status> {
        let link = self.links.get(usize::from(id.index))?;
        (link.generation == id.generation.wrapping_add(1)).then_some(link.reason)
    }

    /// The links that are up.
    pub fn links(&self) -> impl Iterator<Item = LinkId> + '_ {
        self.links.iter().enumerate().filter(|(_, l)| l.is_up()).filter_map(|(i, _)| self.link_id(i))
    }

    /// Counts another handle to a link; nothing once it is down.
    pub fn retain(&mut self, id: LinkId) {
        if let Ok(link) = self.link_mut(id) {
            link.references = link.references.saturating_add(1);
        }
    }

    /// A handle to a link was dropped; with the last one the link is disconnected, unless it was detached.
    pub fn release(&mut self, id: LinkId) {
        if let Ok(link) = self.link_mut(id) {
            link.references = link.references.saturating_sub(1);
            if link.references == 0 && !link.owed.contains(Owed::DETACHED) {
                self.abandon_link(id);
            }
        }
    }

    /// Keeps a link up when its last handle is dropped.
    pub fn detach(&mut self, id: LinkId) {
        if let Ok(link) = self.link_mut(id) {
            link.owed.insert(Owed::DETACHED);
        }
    }

    /// Asks for the link's end.
    pub fn disconnect(&mut self, id: LinkId) {
        self.abandon_link(id);
    }

    /// The first handle to a link that advertising or connecting led to.
    pub(crate) fn claim(&mut self, id: LinkId) -> bool {
        self.retain(id);
        self.link(id).is_ok()
    }

    pub(crate) fn abandon_link(&mut self, id: LinkId) {
        if let Ok(link) = self.link_mut(id)
            && !link.is_leaving()
        {
            link.owed.insert(Owed::DISCONNECT);
            self.state.work = true;
            #[cfg(feature = "security")]
            self.end_pairing(usize::from(id.index), Error::Disconnected);
        }
    }

    pub(crate) fn link_up(&mut self, now: Instant, complete: &ConnectionComplete, peer: Address) -> Option<LinkId> {
        let index = self.links.iter().position(|l| !l.is_up())?;
        let link = self.links.get_mut(index)?;
        link.clear();
        link.phase = Phase::Up;
        (link.handle, link.role, link.peer) = (complete.handle, complete.role, peer);
        (link.interval, link.latency) = (complete.interval, complete.latency);
        link.supervision_timeout = complete.supervision_timeout;
        link.mtu = DEFAULT_MTU;
        #[cfg(feature = "security")]
        {
            link.own = self.state.on_air();
        }
        info!("link {} is up: {}, we are its {:?}", index, link.peer, link.role);
        #[cfg(feature = "security")]
        self.meet_bond(index);
        self.heard_of(now, index);
        self.tell_link(index, LinkNews::LINK);
        let used = self.links.len().saturating_sub(self.free_links());
        self.state.links_high_water = self.state.links_high_water.max(u8::try_from(used).unwrap_or(u8::MAX));
        self.link_id(index)
    }

    /// Frees a link's slot and everything that hangs on it; whoever waits for any of it learns.
    pub(crate) fn link_down(&mut self, index: usize, reason: Status) {
        let Some(id) = self.link_id(index) else { return };
        if self.link(id).is_err() {
            return;
        }
        info!("link {} is down: {}", index, reason);
        #[cfg(feature = "client")]
        {
            self.end_request(index);
            self.close_queues_of(id);
        }
        #[cfg(feature = "server")]
        {
            self.end_requests(index);
            self.forget_subscriber(id);
        }
        #[cfg(feature = "l2cap")]
        self.channels_down(index);
        let Some(link) = self.links.get_mut(index) else { return };
        #[cfg(feature = "security")]
        link.lose_secrets(&mut self.state.curve);
        let (in_flight, taken) = (link.in_flight, link.taken);
        #[cfg(feature = "server")]
        let indication = link.indication;
        link.clear();
        #[cfg(feature = "server")]
        {
            link.indication = indication;
        }
        link.generation = id.generation.wrapping_add(1);
        link.reason = reason;
        link.news = LinkNews::all();
        // Vol 4, Part E, 4.3: packets of a link that went down count as completed.
        let controller = &mut self.state.controller;
        controller.acl_in_flight = controller.acl_in_flight.saturating_sub(in_flight);
        // 4.2: so do those that it has sent us.
        controller.taken = controller.taken.saturating_sub(taken);
        self.state.news |= HostNews::LINKS | HostNews::ADVERTISING | HostNews::INITIATOR;
    }

    /// What happened to a link beside any call.
    pub fn take_link_event(&mut self, id: LinkId) -> Poll<Result<ConnectionEvent, Error>> {
        let link = match self.link_mut(id) {
            Ok(link) => link,
            Err(error) => return Poll::Ready(Err(error)),
        };
        let LinkInfo { mtu, interval, latency, supervision_timeout, .. } = link.info();
        let event = if link.happened.contains(Happened::PARAMETERS) {
            link.happened.remove(Happened::PARAMETERS);
            ConnectionEvent::ParametersChanged { interval, latency, supervision_timeout }
        } else if link.happened.contains(Happened::PARAMETERS_WANTED) {
            link.happened.remove(Happened::PARAMETERS_WANTED);
            ConnectionEvent::ParametersRequested(link.update.parameters().to_times())
        } else if link.happened.contains(Happened::PHY) {
            link.happened.remove(Happened::PHY);
            ConnectionEvent::PhyChanged(link.phy)
        } else if link.happened.contains(Happened::DATA_LENGTH) {
            link.happened.remove(Happened::DATA_LENGTH);
            ConnectionEvent::DataLengthChanged(link.lengths.get())
        } else if link.happened.contains(Happened::MTU) {
            link.happened.remove(Happened::MTU);
            ConnectionEvent::MtuChanged(mtu)
        } else if link.happened.contains(Happened::SECURITY) {
            link.happened.remove(Happened::SECURITY);
            ConnectionEvent::SecurityChanged(link.security)
        } else if let Some(event) = link.take_security_event() {
            event
        } else if link.happened.contains(Happened::ATT_TIMED_OUT) {
            link.happened.remove(Happened::ATT_TIMED_OUT);
            ConnectionEvent::AttTimedOut
        } else {
            return Poll::Pending;
        };
        Poll::Ready(Ok(event))
    }

    /// The outcome of an exchange. Vol 3, Part F, 3.4.2.2: never less than the default.
    #[cfg(any(feature = "client", feature = "server"))]
    pub(crate) fn set_mtu(&mut self, index: usize, mtu: u16) {
        let Some(link) = self.links.get_mut(index) else { return };
        let mtu = mtu.max(DEFAULT_MTU);
        if mtu != link.mtu {
            link.mtu = mtu;
            link.happened.insert(Happened::MTU);
        }
        self.tell_link(index, LinkNews::LINK);
    }

    /// The largest ATT MTU of ours.
    pub fn own_mtu(&self) -> u16 {
        let room = u16::try_from(self.frame_room).unwrap_or(u16::MAX);
        self.state.mtu().clamp(DEFAULT_MTU, 517).min(room)
    }
}
