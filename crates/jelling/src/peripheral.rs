//! Advertising (aioble's `peripheral.py`).

use crate::{
    Connection, Device,
    core::Host,
    operation::{Operation, Reach, Step, Wait},
    waiting::Topic,
};
use ::core::{task::Poll, time::Duration};
use jelling_host::{
    AdvertisingSettings, AdvertisingTicket, Core, Error, Instant, LinkId, Resource,
    wire::{
        Address, Uuid,
        ad::{AdWrite, Builder, DoesNotFit, Flags},
        hci::AdvertisingKind,
    },
};

/// See [`Host::advertise`].
pub type Advertise<'d, 'a> = Operation<'d, AdvertiseStep<'a>>;

/// See [`Host::advertise`].
#[derive(Debug)]
pub struct AdvertiseStep<'a> {
    interval: Duration,
    kind: AdvertisingKind,
    peer: Address,
    adv_data: Option<&'a [u8]>,
    resp_data: Option<&'a [u8]>,
    flags: Flags,
    name: Option<&'a str>,
    services: &'a [Uuid],
    appearance: Option<u16>,
    manufacturer: Option<(u16, &'a [u8])>,
    ticket: Option<AdvertisingTicket>,
}

impl<'d> Host<'d> {
    /// Advertises every `interval` (20 ms to 10.24 s) until a central connects, and gives the connection.
    ///
    /// Fields go into the advertisement in this order, and into the scan response where they do not fit: flags, services (a list
    /// for each size), name, appearance, manufacturer. One that fits into neither is `DoesNotFit`, which names it; `Busy` where
    /// the host advertises already. No timeout unless one is set; it ends with `Timeout`.
    /// When the controller fails, advertising goes on as soon as the host is up again: see [`Host::event`].
    /// Dropping the future stops advertising; a link that it led to all the same is disconnected.
    pub fn advertise<'a>(self, interval: Duration) -> Advertise<'d, 'a> {
        let step = AdvertiseStep {
            interval,
            kind: AdvertisingKind::ConnectableUndirected,
            peer: Address::default(),
            adv_data: None,
            resp_data: None,
            flags: Flags::GENERAL_DISCOVERABLE | Flags::BR_EDR_NOT_SUPPORTED,
            name: None,
            services: &[],
            appearance: None,
            manufacturer: None,
            ticket: None,
        };
        Operation::new(self, step, None)
    }
}

impl Host<'_> {
    /// Waits until the controller advertises, beside the future of [`Host::advertise`] that makes it so. Where that fails, this
    /// ends with the same error.
    ///
    /// Dropping the future changes nothing.
    pub async fn advertising(self) -> Result<(), Error> {
        let mut before = None;
        let look = |core: &mut Core<'_>| {
            if core.advertises() {
                return Poll::Ready(Ok(()));
            }
            let (failures, failure) = core.advertising_failures();
            let (epoch, count) = *before.get_or_insert((core.epoch(), failures));
            if epoch != core.epoch() {
                return Poll::Ready(Err(core.why_down()));
            }
            if let (true, Some(error)) = (count != failures, failure) {
                return Poll::Ready(Err(error));
            }
            Poll::Pending
        };
        crate::operation::wait(self, Topic::Advertising, None, look).await
    }
}

impl<'a> Advertise<'_, 'a> {
    /// The whole advertisement: at most 31 octets of AD structures, in place of the fields.
    pub fn adv_data(mut self, octets: &'a [u8]) -> Self {
        self.step.adv_data = Some(octets);
        self
    }

    /// The scan response: at most 31 octets of AD structures. Fields that the advertisement has no room for go behind them.
    pub fn resp_data(mut self, octets: &'a [u8]) -> Self {
        self.step.resp_data = Some(octets);
        self
    }

    /// Nobody may connect: the future ends with its timeout, or never. Scanners may still ask for the scan response.
    pub fn non_connectable(mut self) -> Self {
        self.step.kind = AdvertisingKind::ScannableUndirected;
        self
    }

    /// Only this device may connect. Nothing but the two addresses is advertised.
    pub fn directed(mut self, device: Device) -> Self {
        self.step.kind = AdvertisingKind::ConnectableDirectedLowDuty;
        self.step.peer = device.address();
        self
    }

    /// Limited discoverable in place of general.
    pub fn limited(mut self) -> Self {
        self.step.flags.remove(Flags::GENERAL_DISCOVERABLE);
        self.step.flags.insert(Flags::LIMITED_DISCOVERABLE);
        self
    }

    /// BR/EDR is there too.
    pub fn br_edr(mut self) -> Self {
        self.step.flags.remove(Flags::BR_EDR_NOT_SUPPORTED);
        self.step.flags.insert(Flags::SIMULTANEOUS_CONTROLLER | Flags::SIMULTANEOUS_HOST);
        self
    }

    /// The complete local name.
    pub fn name(mut self, name: &'a str) -> Self {
        self.step.name = Some(name);
        self
    }

    /// Complete lists of these services.
    pub fn services(mut self, services: &'a [Uuid]) -> Self {
        self.step.services = services;
        self
    }

    /// The appearance (Assigned Numbers, 2.6).
    pub fn appearance(mut self, appearance: u16) -> Self {
        self.step.appearance = Some(appearance);
        self
    }

    /// Manufacturer specific data, after a company identifier.
    pub fn manufacturer(mut self, company: u16, data: &'a [u8]) -> Self {
        self.step.manufacturer = Some((company, data));
        self
    }
}

impl AdvertiseStep<'_> {
    fn fields(&self) -> Result<Builder, Error> {
        let resp_data = self.resp_data.unwrap_or_default();
        let mut fields = Builder::before(resp_data).ok_or(Error::Full(Resource::AdvertisingData))?;
        if self.adv_data.is_none() {
            self.build(&mut fields).map_err(|DoesNotFit(kind)| Error::DoesNotFit(kind))?;
        }
        Ok(fields)
    }

    fn begin(&self, core: &mut Core<'_>) -> Result<AdvertisingTicket, Error> {
        let fields = self.fields().inspect_err(|error| core.refuse_advertising(*error))?;
        let adv_data = self.adv_data.unwrap_or(fields.adv());
        let resp_data = fields.resp();
        let kind = match self.kind {
            // Nobody needs to ask for an empty scan response.
            AdvertisingKind::ScannableUndirected if resp_data.is_empty() => AdvertisingKind::NonConnectableUndirected,
            kind => kind,
        };
        core.advertise(&AdvertisingSettings { interval: self.interval, kind, peer: self.peer, adv_data, resp_data })
    }

    fn build(&self, fields: &mut Builder) -> Result<(), DoesNotFit> {
        fields.flags(self.flags)?;
        fields.services(self.services)?;
        if let Some(name) = self.name {
            fields.complete_name(name)?;
        }
        if let Some(appearance) = self.appearance {
            fields.appearance(appearance)?;
        }
        if let Some((company, data)) = self.manufacturer {
            fields.manufacturer(company, data)?;
        }
        Ok(())
    }
}

impl<'d> Step<'d> for AdvertiseStep<'_> {
    type Raw = LinkId;
    type Output = Connection<'d>;
    const REACH: Reach = Reach::Survive;

    fn has_begun(&self) -> bool {
        self.ticket.is_some()
    }

    fn wait_for(&self) -> Wait {
        Wait(Topic::Advertising)
    }
    fn step(&mut self, core: &mut Core<'_>, _: Instant) -> Poll<Result<LinkId, Error>> {
        let ticket = match self.ticket {
            Some(ticket) => ticket,
            None => match self.begin(core) {
                Ok(ticket) => *self.ticket.insert(ticket),
                Err(error) => return Poll::Ready(Err(error)),
            },
        };
        let result = core.advertised(ticket);
        if result.is_ready() {
            self.ticket = None;
        }
        result
    }
    fn undo(&mut self, core: &mut Core<'_>) {
        if let Some(ticket) = self.ticket.take() {
            core.end_advertising(ticket);
        }
    }
    fn finish(host: Host<'d>, link: LinkId) -> Connection<'d> {
        Connection::counted(host, link)
    }
}
