//! Scanning and connecting (aioble's `central.py`).

use crate::{
    Connection, Device,
    core::Host,
    operation::{Operation, Reach, Step, Wait, deadline, wait},
    waiting::Topic,
};
use ::core::{str, task::Poll, time::Duration};
use jelling_host::{
    ConnectSettings, ConnectTicket, Core, Error, Instant, LinkId, Report, ScanSettings, ScanTicket,
    wire::{
        Uuid,
        ad::{AdType, Structure, Structures},
        hci::ScanKind,
    },
};

/// See [`Host::scan`].
pub type Scan<'d> = Operation<'d, ScanStep>;

/// See [`Host::scan`].
#[derive(Debug)]
pub struct ScanStep {
    settings: ScanSettings,
    duration: Duration,
}

impl<'d> Host<'d> {
    /// Scans for `duration`; zero means for ever. Passive, with an interval of 1.28 s and a window of 11.25 ms, unless the
    /// builder says otherwise. The future gives the [`Scanner`], which gives the results.
    pub fn scan(self, duration: Duration) -> Scan<'d> {
        let settings = ScanSettings {
            kind: ScanKind::Passive,
            interval: Duration::from_micros(1_280_000),
            window: Duration::from_micros(11_250),
            rssi_is_news: false,
        };
        Operation::new(self, ScanStep { settings, duration }, None)
    }

    /// Connects, ending a scan. 10 s at most, then the attempt is cancelled in the controller. If there is a connection to the
    /// device already, that one is given. Attempts of several tasks take turns.
    ///
    /// A bonded peer that may change its address is connected to by its identity address: a passive scan, which is part of the
    /// attempt, finds the address that it has (Vol 3, Part C, 10.8.2.3). The controller need not know of it. A peer that advertises to
    /// nobody, and one that is not heard, is not found.
    ///
    /// Dropping the future cancels the attempt; a link that it made all the same is disconnected.
    pub fn connect(self, device: Device) -> Connect<'d> {
        let step = ConnectStep { settings: ConnectSettings::new(device.address()), ticket: None };
        Operation::new(self, step, Some(Duration::from_secs(10)))
    }
}

impl Scan<'_> {
    /// Asks each device for its scan response.
    pub fn active(mut self) -> Self {
        self.step.settings.kind = ScanKind::Active;
        self
    }

    /// From the start of one window to the next: 2.5 ms to 10.24 s.
    pub fn interval(mut self, interval: Duration) -> Self {
        self.step.settings.interval = interval;
        self
    }

    /// How long each window is: 2.5 ms to the interval.
    pub fn window(mut self, window: Duration) -> Self {
        self.step.settings.window = window;
        self
    }

    /// A change of signal strength alone gives a device again.
    pub fn rssi_changes(mut self) -> Self {
        self.step.settings.rssi_is_news = true;
        self
    }
}

impl<'d> Step<'d> for ScanStep {
    type Raw = (ScanTicket, Duration);
    type Output = Scanner<'d>;
    const REACH: Reach = Reach::Start;

    fn wait_for(&self) -> Wait {
        Wait(Topic::Scan)
    }
    fn step(&mut self, core: &mut Core<'_>, _: Instant) -> Poll<Result<Self::Raw, Error>> {
        Poll::Ready(core.scan(&self.settings).map(|ticket| (ticket, self.duration)))
    }
    fn undo(&mut self, _: &mut Core<'_>) {}
    fn finish(host: Host<'d>, (ticket, duration): Self::Raw) -> Scanner<'d> {
        let end = deadline((duration != Duration::ZERO).then_some(duration));
        Scanner { host, ticket, end }
    }
}

/// A scan that goes on. Dropping it ends the scan.
#[derive(Debug)]
#[must_use = "dropping the scanner ends the scan"]
pub struct Scanner<'d> {
    host: Host<'d>,
    ticket: ScanTicket,
    end: Option<Instant>,
}

impl Scanner<'_> {
    /// The next result: one for each device, advertisement and scan response together, and again when either changed.
    /// `None` when the time is up, a connect ended the scan, or the host went down.
    ///
    /// Dropping the future loses nothing.
    pub async fn next(&mut self) -> Option<ScanResult> {
        self.try_next().await.ok().flatten()
    }

    /// As [`Scanner::next`], but tells what went wrong.
    pub async fn try_next(&mut self) -> Result<Option<ScanResult>, Error> {
        let ticket = self.ticket;
        match wait(self.host, Topic::Scan, self.end, |core| core.scanned(ticket)).await {
            Ok(report) => Ok(report.map(ScanResult)),
            Err(Error::Timeout) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

impl Drop for Scanner<'_> {
    fn drop(&mut self) {
        self.host.with(|core| core.end_scan(self.ticket));
    }
}

/// What is known of a device from its advertisements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct ScanResult(Report);

impl ScanResult {
    /// The device.
    pub fn device(&self) -> Device {
        self.0.address().into()
    }

    /// The identity address of the bonded peer that this is, by whichever of its addresses it advertises. As the bonds were when it
    /// was first heard in this scan.
    #[cfg(feature = "security")]
    pub fn identity(&self) -> Option<Device> {
        self.0.identity().map(Device::from)
    }

    /// The last signal strength, in dBm; 127 when the controller could not tell.
    pub fn rssi(&self) -> i8 {
        self.0.rssi()
    }

    /// True when the last advertisement was connectable.
    pub fn connectable(&self) -> bool {
        self.0.connectable()
    }

    /// The octets of the advertisement.
    pub fn adv_data(&self) -> &[u8] {
        self.0.adv_data()
    }

    /// The octets of the scan response, if one came.
    pub fn resp_data(&self) -> Option<&[u8]> {
        self.0.resp_data()
    }

    /// All AD structures: the advertisement's, then the scan response's.
    pub fn structures(&self) -> impl Iterator<Item = Structure<'_>> {
        Structures::new(self.adv_data()).chain(Structures::new(self.resp_data().unwrap_or_default()))
    }

    fn find(&self, kind: AdType) -> Option<&[u8]> {
        self.structures().find(|s| s.kind == kind).map(|s| s.data)
    }

    /// The name: complete, else shortened; of the advertisement, else of the scan response. `None` where it is no UTF-8.
    pub fn name(&self) -> Option<&str> {
        let names =
            |data| Structures::new(data).find(|s| matches!(s.kind, AdType::COMPLETE_NAME | AdType::SHORTENED_NAME));
        let name = names(self.adv_data()).or_else(|| names(self.resp_data().unwrap_or_default()))?;
        str::from_utf8(name.data).ok()
    }

    /// The services: all 16-bit UUIDs, then the 32-bit, then the 128-bit ones.
    pub fn services(&self) -> impl Iterator<Item = Uuid> {
        let lists = [
            [AdType::INCOMPLETE_UUIDS_16, AdType::COMPLETE_UUIDS_16],
            [AdType::INCOMPLETE_UUIDS_32, AdType::COMPLETE_UUIDS_32],
            [AdType::INCOMPLETE_UUIDS_128, AdType::COMPLETE_UUIDS_128],
        ];
        lists
            .into_iter()
            .flat_map(move |kinds| self.structures().filter(move |s| kinds.contains(&s.kind)).flat_map(|s| s.uuids()))
    }

    /// Manufacturer specific data, of every company or of one.
    pub fn manufacturer(&self, company: Option<u16>) -> impl Iterator<Item = (u16, &[u8])> {
        let all = self.structures().filter_map(|s| s.manufacturer());
        all.filter(move |(id, _)| company.is_none_or(|c| c == *id))
    }

    /// Service data.
    pub fn service_data(&self) -> impl Iterator<Item = (Uuid, &[u8])> {
        self.structures().filter_map(|s| s.service_data())
    }

    /// Flags.
    pub fn flags(&self) -> Option<u8> {
        self.find(AdType::FLAGS)?.first().copied()
    }

    /// Appearance (Assigned Numbers, 2.6).
    pub fn appearance(&self) -> Option<u16> {
        self.find(AdType::APPEARANCE)?.try_into().ok().map(u16::from_le_bytes)
    }

    /// Transmit power, in dBm.
    pub fn tx_power(&self) -> Option<i8> {
        self.find(AdType::TX_POWER)?.try_into().ok().map(i8::from_le_bytes)
    }

    /// URI, with its scheme as one code point (Assigned Numbers, 2.7).
    pub fn uri(&self) -> Option<&str> {
        str::from_utf8(self.find(AdType::URI)?).ok()
    }
}

/// See [`Host::connect`].
pub type Connect<'d> = Operation<'d, ConnectStep>;

/// See [`Host::connect`].
#[derive(Debug)]
pub struct ConnectStep {
    settings: ConnectSettings,
    ticket: Option<ConnectTicket>,
}

impl Connect<'_> {
    /// Bounds of the connection interval: 7.5 ms to 4 s.
    pub fn interval(mut self, least: Duration, greatest: Duration) -> Self {
        (self.step.settings.interval_min, self.step.settings.interval_max) = (least, greatest);
        self
    }

    /// Connection events the peripheral may skip: 0 to 499.
    pub fn latency(mut self, events: u16) -> Self {
        self.step.settings.latency = events;
        self
    }

    /// How long the link survives silence: 100 ms to 32 s.
    pub fn supervision_timeout(mut self, timeout: Duration) -> Self {
        self.step.settings.supervision_timeout = timeout;
        self
    }
}

impl<'d> Step<'d> for ConnectStep {
    type Raw = LinkId;
    type Output = Connection<'d>;
    const REACH: Reach = Reach::Start;

    fn has_begun(&self) -> bool {
        self.ticket.is_some()
    }

    fn wait_for(&self) -> Wait {
        Wait(Topic::Initiator)
    }
    fn step(&mut self, core: &mut Core<'_>, _: Instant) -> Poll<Result<LinkId, Error>> {
        let ticket = match self.ticket {
            Some(ticket) => ticket,
            None => {
                if let Some(link) = core.existing(self.settings.peer) {
                    return Poll::Ready(Ok(link));
                }
                match core.connect(&self.settings) {
                    Ok(ticket) => *self.ticket.insert(ticket),
                    // Another attempt goes first.
                    Err(Error::Busy) => return Poll::Pending,
                    Err(error) => return Poll::Ready(Err(error)),
                }
            }
        };
        let result = core.connected(ticket);
        if result.is_ready() {
            self.ticket = None;
        }
        result
    }
    fn undo(&mut self, core: &mut Core<'_>) {
        if let Some(ticket) = self.ticket.take() {
            core.end_connect(ticket);
        }
    }
    fn finish(host: Host<'d>, link: LinkId) -> Connection<'d> {
        Connection::counted(host, link)
    }
}
