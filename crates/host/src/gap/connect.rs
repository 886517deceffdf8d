//! The initiator: one connection attempt at a time, cancelled when nobody wants it any more
//! (Vol 3, Part C, 9.3; Vol 4, Part E, 7.8.12-13).

use super::{ConnectionParameters, search::Search};
use crate::{
    Core,
    error::{Argument, Error, Resource},
    event::HostNews,
    kept::Kept,
    link::{LinkId, Parameters},
    time::{Deadline, Instant},
};
use core::{task::Poll, time::Duration};
use jelling_wire::{Address, hci::event::ConnectionComplete};

/// How to connect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct ConnectSettings {
    /// To whom.
    pub peer: Address,
    /// The shortest connection interval: 7.5 ms to 4 s.
    pub interval_min: Duration,
    /// The longest connection interval: 7.5 ms to 4 s.
    pub interval_max: Duration,
    /// Connection events the peripheral may skip.
    pub latency: u16,
    /// How long the link survives silence: 100 ms to 32 s.
    pub supervision_timeout: Duration,
}

impl ConnectSettings {
    /// 30 to 50 ms, no latency, 5 s.
    pub const fn new(peer: Address) -> Self {
        ConnectSettings {
            peer,
            interval_min: Duration::from_millis(30),
            interval_max: Duration::from_millis(50),
            latency: 0,
            supervision_timeout: Duration::from_secs(5),
        }
    }

    fn parameters(&self) -> Option<Parameters> {
        let ConnectSettings { interval_min, interval_max, latency, supervision_timeout, .. } = *self;
        ConnectionParameters { interval_min, interval_max, latency, supervision_timeout }.units()
    }
}

/// One connection attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConnectTicket(u16);

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum InitiatorStage {
    #[default]
    Idle,
    /// LE Create Connection was sent and not answered yet.
    Asked,
    /// The controller initiates.
    Initiating,
    /// LE Create Connection Cancel was sent: LE Connection Complete follows.
    Cancelling,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Initiator {
    pub(crate) wanted: bool,
    pub(crate) stage: InitiatorStage,
    pub(crate) ticket: u16,
    /// Who was asked for.
    pub(crate) target: Address,
    /// The address that the controller connects to: another one where the peer changes its own.
    pub(crate) peer: Address,
    /// Whether that address has to be found first.
    pub(crate) search: Search,
    /// When an attempt to the address that was found is given up, and the peer is looked for again.
    pub(crate) search_deadline: Deadline,
    pub(crate) parameters: Parameters,
    pub(crate) result: Kept<Result<LinkId, Error>>,
    /// When LE Connection Complete must have followed the cancel.
    pub(crate) cancel_deadline: Deadline,
}

impl Initiator {
    pub(crate) const NEW: Initiator = Initiator {
        wanted: false,
        stage: InitiatorStage::Idle,
        ticket: 0,
        target: Address::new(jelling_wire::AddressKind::Public, [0; 6]),
        peer: Address::new(jelling_wire::AddressKind::Public, [0; 6]),
        search: Search::None,
        search_deadline: Deadline::NEVER,
        parameters: Parameters::ZERO,
        // The zero of a result is success.
        result: Kept::none(Ok(LinkId { index: 0, generation: 0 })),
        cancel_deadline: Deadline::NEVER,
    };

    /// True while a connection could come of it.
    pub(crate) fn is_active(&self) -> bool {
        self.wanted || self.stage != InitiatorStage::Idle
    }

    pub(crate) fn end(&mut self, result: Result<LinkId, Error>) {
        if self.wanted {
            self.result.set(Some(result));
        }
        self.wanted = false;
        self.stage = InitiatorStage::Idle;
        self.search = Search::None;
        (self.cancel_deadline, self.search_deadline) = (Deadline::NEVER, Deadline::NEVER);
    }
}

impl Core<'_> {
    /// The link to `peer`, if there is one, by whichever of its addresses: held by the caller from now on, who ends that with
    /// `release`.
    pub fn existing(&mut self, peer: Address) -> Option<LinkId> {
        let index = self.links_to(peer).find(|(_, link)| !link.is_leaving()).map(|(index, _)| index)?;
        let id = self.link_id(index)?;
        self.retain(id);
        Some(id)
    }

    /// Begins to connect, ending a scan. A bonded peer whose identity address this is, and that may go by another address, is
    /// looked for first (Vol 3, Part C, 10.8.2.3). Busy while another attempt, or a link to this peer, goes on; Full when no link
    /// is free.
    pub fn connect(&mut self, settings: &ConnectSettings) -> Result<ConnectTicket, Error> {
        let parameters = settings.parameters().ok_or(Error::InvalidArgument(Argument::ConnectionInterval))?;
        if self.state.initiator.is_active() || self.state.initiator.result.get().is_some() {
            return Err(Error::Busy);
        }
        // A link that is on its way out goes first: a controller has one link to a device.
        if self.links_to(settings.peer).next().is_some() {
            return Err(Error::Busy);
        }
        if self.free_links() <= usize::from(self.advertiser_may_connect()) {
            return Err(Error::Full(Resource::Links));
        }
        if self.state.scanning.wanted {
            self.state.scanning.wanted = false;
            self.state.news |= HostNews::SCAN;
        }
        let ticket = self.state.initiator.ticket.wrapping_add(1);
        self.state.work = true;
        let (target, peer) = (settings.peer, settings.peer);
        self.state.initiator = Initiator { wanted: true, ticket, target, peer, parameters, ..Initiator::NEW };
        if self.may_hide(target) {
            self.begin_search();
        }
        Ok(ConnectTicket(ticket))
    }

    /// The link, once it is up: held by the caller from then on, who ends that with `release`.
    pub fn connected(&mut self, ticket: ConnectTicket) -> Poll<Result<LinkId, Error>> {
        if self.state.initiator.ticket != ticket.0 {
            return Poll::Ready(Err(Error::Stopped));
        }
        match self.state.initiator.result.take() {
            Some(result) => {
                self.state.news |= HostNews::INITIATOR;
                Poll::Ready(result.and_then(|link| if self.claim(link) { Ok(link) } else { Err(Error::Disconnected) }))
            }
            None if self.state.initiator.wanted => Poll::Pending,
            None => Poll::Ready(Err(Error::Stopped)),
        }
    }

    /// A connection came up that the initiator made, or that the controller says it did.
    pub(crate) fn on_initiated(&mut self, now: Instant, complete: &ConnectionComplete, peer: Address) {
        self.state.news |= HostNews::INITIATOR;
        let Some(id) = self.link_up(now, complete, peer) else {
            self.state.initiator.end(Err(Error::Full(Resource::Links)));
            return self.disown(complete.handle);
        };
        let wanted = self.state.initiator.wanted && self.state.initiator.stage != InitiatorStage::Idle;
        self.state.initiator.end(Ok(id));
        if !wanted {
            self.abandon_link(id);
        }
    }

    pub(crate) fn end_initiator(&mut self, error: Error) {
        self.state.initiator.end(Err(error));
        if let Some(Ok(_)) = self.state.initiator.result.get() {
            self.state.initiator.result.set(Some(Err(error)));
        }
        self.state.news |= HostNews::INITIATOR;
    }

    /// Gives the attempt up: it is cancelled in the controller, and a link that came of it all the same is disconnected.
    pub fn end_connect(&mut self, ticket: ConnectTicket) {
        if self.state.initiator.ticket != ticket.0 {
            return;
        }
        self.state.initiator.wanted = false;
        self.end_search();
        if let Some(Ok(link)) = self.state.initiator.result.take() {
            self.abandon_link(link);
        }
        self.state.news |= HostNews::INITIATOR;
    }
}
