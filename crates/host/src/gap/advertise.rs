//! Legacy advertising: one advertiser, its data, and the link it led to (Vol 3, Part C, 9.3; Vol 4, Part E, 7.8.5-9).

use crate::{
    Core,
    error::{Argument, Error, Resource},
    event::HostNews,
    kept::Kept,
    link::LinkId,
    time::{Instant, short_micros},
};
use core::task::Poll;
use core::time::Duration;
use jelling_wire::{
    Address, copy,
    hci::{AdvertisingKind, event::ConnectionComplete},
};

/// How to advertise, and what.
#[derive(Clone, Copy, Debug)]
pub struct AdvertisingSettings<'a> {
    /// Between two advertising events: 20 ms to 10.24 s.
    pub interval: Duration,
    /// Whether others may connect or ask for the scan response.
    pub kind: AdvertisingKind,
    /// Whom directed advertising is for.
    pub peer: Address,
    /// At most 31 octets of AD structures.
    pub adv_data: &'a [u8],
    /// At most 31 octets of AD structures.
    pub resp_data: &'a [u8],
}

/// One use of the advertiser.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AdvertisingTicket(u16);

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum AdvertisingStage {
    #[default]
    Off,
    Parameters,
    Data,
    Response,
    On,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Advertising {
    pub(crate) wanted: bool,
    /// The data differs from what the controller advertises.
    pub(crate) changed: bool,
    pub(crate) stage: AdvertisingStage,
    pub(crate) ticket: u16,
    pub(crate) interval: u16,
    pub(crate) kind: AdvertisingKind,
    pub(crate) peer: Address,
    pub(crate) adv: [u8; 31],
    pub(crate) adv_length: u8,
    pub(crate) resp: [u8; 31],
    pub(crate) resp_length: u8,
    pub(crate) error: Kept<Error>,
    /// How often advertising failed, and how the last time.
    pub(crate) failures: u16,
    pub(crate) failure: Kept<Error>,
    pub(crate) link: Option<LinkId>,
}

impl Advertising {
    pub(crate) const NEW: Advertising = Advertising {
        wanted: false,
        changed: false,
        stage: AdvertisingStage::Off,
        ticket: 0,
        interval: 0,
        kind: AdvertisingKind::ConnectableUndirected,
        peer: Address::new(jelling_wire::AddressKind::Public, [0; 6]),
        adv: [0; 31],
        adv_length: 0,
        resp: [0; 31],
        resp_length: 0,
        error: Kept::none(Error::ZERO),
        failures: 0,
        failure: Kept::none(Error::ZERO),
        link: None,
    };

    #[cfg(feature = "central")]
    pub(crate) fn is_connectable(&self) -> bool {
        matches!(
            self.kind,
            AdvertisingKind::ConnectableUndirected
                | AdvertisingKind::ConnectableDirectedHighDuty
                | AdvertisingKind::ConnectableDirectedLowDuty
        )
    }

    /// True while a connection could come of it.
    #[cfg(feature = "central")]
    pub(crate) fn may_connect(&self) -> bool {
        self.is_active() && self.is_connectable()
    }

    /// True while it is wanted, or goes on in the controller.
    pub(crate) fn is_active(&self) -> bool {
        self.wanted || self.stage != AdvertisingStage::Off
    }

    /// True while the controller advertises what is wanted: not what was wanted before.
    fn is_on(&self) -> bool {
        self.wanted && !self.changed && self.stage == AdvertisingStage::On
    }

    pub(crate) fn adv(&self) -> &[u8] {
        self.adv.get(..usize::from(self.adv_length)).unwrap_or_default()
    }

    pub(crate) fn resp(&self) -> &[u8] {
        self.resp.get(..usize::from(self.resp_length)).unwrap_or_default()
    }

    /// Takes note that the controller advertises no more.
    #[cfg_attr(target_pointer_width = "32", inline(never))]
    pub(crate) fn end(&mut self, error: Option<Error>) {
        self.wanted = false;
        self.stage = AdvertisingStage::Off;
        self.error.set(error);
        self.note(error);
    }

    fn note(&mut self, error: Option<Error>) {
        if error.is_some() {
            self.failures = self.failures.wrapping_add(1);
            self.failure.set(error);
        }
    }
}

impl Core<'_> {
    /// Begins to advertise. Busy while another use goes on; Full when it is connectable and no link is free.
    pub fn advertise(&mut self, settings: &AdvertisingSettings<'_>) -> Result<AdvertisingTicket, Error> {
        let result = self.begin_advertising(settings);
        if let Err(error) = result {
            self.refuse_advertising(error);
        }
        result
    }

    /// What somebody wanted to advertise cannot be: whoever waits for it learns.
    pub fn refuse_advertising(&mut self, error: Error) {
        self.state.advertising.note(Some(error));
        self.state.news |= HostNews::ADVERTISING;
    }

    fn begin_advertising(&mut self, settings: &AdvertisingSettings<'_>) -> Result<AdvertisingTicket, Error> {
        if self.state.advertising.wanted || self.state.advertising.link.is_some() {
            return Err(Error::Busy);
        }
        let micros = short_micros(settings.interval);
        if !(20_000..=10_240_000).contains(&micros) {
            return Err(Error::InvalidArgument(Argument::AdvertisingInterval));
        }
        if settings.adv_data.len() > 31 || settings.resp_data.len() > 31 {
            return Err(Error::Full(Resource::AdvertisingData));
        }
        let connectable = matches!(
            settings.kind,
            AdvertisingKind::ConnectableUndirected
                | AdvertisingKind::ConnectableDirectedHighDuty
                | AdvertisingKind::ConnectableDirectedLowDuty
        );
        if connectable && self.free_links() <= usize::from(self.initiator_may_connect()) {
            return Err(Error::Full(Resource::Links));
        }
        self.state.work = true;
        let advertising = &mut self.state.advertising;
        advertising.ticket = advertising.ticket.wrapping_add(1);
        advertising.wanted = true;
        advertising.changed = true;
        advertising.interval = u16::try_from(micros / 625).unwrap_or(0x4000);
        advertising.kind = settings.kind;
        advertising.peer = settings.peer;
        advertising.adv_length = u8::try_from(copy(&mut advertising.adv, settings.adv_data)).unwrap_or(0);
        advertising.resp_length = u8::try_from(copy(&mut advertising.resp, settings.resp_data)).unwrap_or(0);
        advertising.error.set(None);
        Ok(AdvertisingTicket(advertising.ticket))
    }

    /// The link that advertising led to: taken once, and then held by the caller, who ends it with `release`.
    pub fn advertised(&mut self, ticket: AdvertisingTicket) -> Poll<Result<LinkId, Error>> {
        if self.state.advertising.ticket != ticket.0 {
            return Poll::Ready(Err(Error::Stopped));
        }
        if let Some(link) = self.state.advertising.link.take() {
            self.state.news |= HostNews::ADVERTISING;
            return Poll::Ready(if self.claim(link) { Ok(link) } else { Err(Error::Disconnected) });
        }
        match self.state.advertising.error.get() {
            Some(error) => Poll::Ready(Err(error)),
            None if !self.state.advertising.wanted => Poll::Ready(Err(Error::Stopped)),
            None => Poll::Pending,
        }
    }

    /// True once the controller advertises.
    pub fn is_advertising(&self, ticket: AdvertisingTicket) -> bool {
        let advertising = &self.state.advertising;
        advertising.ticket == ticket.0 && advertising.is_on()
    }

    /// True while the controller advertises, for whoever it may be.
    pub fn advertises(&self) -> bool {
        self.state.advertising.is_on()
    }

    /// A connection came up that advertising led to, or that the controller says it did.
    pub(crate) fn on_advertised(&mut self, now: Instant, complete: &ConnectionComplete, peer: Address) {
        // Advertising ends with the connection it led to (Vol 4, Part E, 7.8.9).
        self.state.news |= HostNews::ADVERTISING;
        let Some(id) = self.link_up(now, complete, peer) else {
            self.state.advertising.end(Some(Error::Full(Resource::Links)));
            return self.disown(complete.handle);
        };
        let wanted = self.state.advertising.wanted;
        self.state.advertising.end(None);
        if wanted {
            self.state.advertising.link = Some(id);
        } else {
            self.abandon_link(id);
        }
    }

    pub(crate) fn end_advertiser(&mut self, error: Error) {
        if self.state.advertising.wanted || self.state.advertising.link.is_some() {
            self.state.advertising.end(Some(error));
        }
        self.state.advertising.stage = AdvertisingStage::Off;
        self.state.advertising.link = None;
        self.state.news |= HostNews::ADVERTISING;
    }

    /// What is wanted begins anew when the host is up again; the link that it led to is lost.
    pub(crate) fn interrupt_advertiser(&mut self, error: Error) {
        let advertising = &mut self.state.advertising;
        if !advertising.wanted {
            return self.end_advertiser(error);
        }
        advertising.changed = true;
        advertising.stage = AdvertisingStage::Off;
        advertising.link = None;
        self.state.news |= HostNews::ADVERTISING;
    }

    /// How often advertising has failed so far, and how the last time.
    pub fn advertising_failures(&self) -> (u16, Option<Error>) {
        (self.state.advertising.failures, self.state.advertising.failure.get())
    }

    /// Ends this use of the advertiser. A link that it led to and nobody took is disconnected.
    pub fn end_advertising(&mut self, ticket: AdvertisingTicket) {
        if self.state.advertising.ticket != ticket.0 {
            return;
        }
        self.state.advertising.wanted = false;
        if let Some(link) = self.state.advertising.link.take() {
            self.abandon_link(link);
        }
        self.state.news |= HostNews::ADVERTISING;
    }
}
