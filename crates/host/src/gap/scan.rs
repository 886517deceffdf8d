//! Scanning: one scanner, and one merged report for each device (Vol 3, Part C, 9.2; Vol 4, Part E, 7.8.10-11).

use crate::{
    Core,
    counters::count,
    error::{Argument, Error},
    event::HostNews,
    kept::Kept,
    time::{Instant, short_micros},
};
use core::{task::Poll, time::Duration};
use jelling_wire::{
    Address, copy,
    hci::{ScanKind, event::AdvertisingReport},
};

/// How to scan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct ScanSettings {
    /// Active scanning asks for scan responses.
    pub kind: ScanKind,
    /// From the start of one window to the next: 2.5 ms to 10.24 s.
    pub interval: Duration,
    /// How long each window is; at most the interval.
    pub window: Duration,
    /// A change of RSSI alone makes a report news.
    pub rssi_is_news: bool,
}

/// One use of the scanner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScanTicket(u16);

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum ScanStage {
    #[default]
    Off,
    Parameters,
    On,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Scanning {
    pub(crate) wanted: bool,
    /// What is wanted differs from what the controller was told.
    pub(crate) changed: bool,
    pub(crate) stage: ScanStage,
    pub(crate) ticket: u16,
    pub(crate) active: bool,
    pub(crate) interval: u16,
    pub(crate) window: u16,
    rssi_is_news: bool,
    pub(crate) error: Kept<Error>,
    order: u32,
}

impl Scanning {
    pub(crate) const NEW: Scanning = Scanning {
        wanted: false,
        changed: false,
        stage: ScanStage::Off,
        ticket: 0,
        active: false,
        interval: 0,
        window: 0,
        rssi_is_news: false,
        error: Kept::none(Error::ZERO),
        order: 0,
    };

    /// True while it is wanted, or goes on in the controller.
    pub(crate) fn is_active(&self) -> bool {
        self.wanted || self.stage == ScanStage::On
    }

    pub(crate) fn end(&mut self, error: Option<Error>) {
        self.wanted = false;
        self.stage = ScanStage::Off;
        self.error.set(error);
    }
}

/// What is known of a device from its advertisements: the latest advertisement and the latest scan response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Report {
    used: bool,
    news: bool,
    connectable: bool,
    order: u32,
    address: Address,
    /// Of the bonded peer that goes by the address.
    identity: Address,
    has_identity: bool,
    rssi: i8,
    adv: [u8; 31],
    adv_length: u8,
    resp: [u8; 31],
    resp_length: Option<u8>,
}

impl Report {
    /// A free slot, all zero.
    pub const NEW: Report = Report {
        used: false,
        news: false,
        connectable: false,
        order: 0,
        address: Address::new(jelling_wire::AddressKind::Public, [0; 6]),
        identity: Address::new(jelling_wire::AddressKind::Public, [0; 6]),
        has_identity: false,
        rssi: 0,
        adv: [0; 31],
        adv_length: 0,
        resp: [0; 31],
        resp_length: None,
    };

    /// Who advertised.
    pub const fn address(&self) -> Address {
        self.address
    }

    /// The identity address of the peer, where the host had a bond with it when it was first heard in this scan (Vol 3, Part C,
    /// 10.8.2.3).
    pub fn identity(&self) -> Option<Address> {
        self.has_identity.then_some(self.identity)
    }

    /// The last signal strength, in dBm; 127 when the controller could not tell.
    pub const fn rssi(&self) -> i8 {
        self.rssi
    }

    /// True when the last advertisement was connectable.
    pub const fn connectable(&self) -> bool {
        self.connectable
    }

    /// The advertisement's octets.
    pub fn adv_data(&self) -> &[u8] {
        self.adv.get(..usize::from(self.adv_length)).unwrap_or_default()
    }

    /// The scan response's octets, if one came.
    pub fn resp_data(&self) -> Option<&[u8]> {
        self.resp.get(..usize::from(self.resp_length?))
    }

    /// Merges a report of the controller in; true when it changed anything that counts as news.
    fn merge(&mut self, report: &AdvertisingReport<'_>, rssi_is_news: bool) -> bool {
        const SCAN_RESPONSE: u8 = 4;
        let mut changed = rssi_is_news && self.rssi != report.rssi;
        self.rssi = report.rssi;
        let data = report.data.get(..31).unwrap_or(report.data);
        if report.kind == SCAN_RESPONSE {
            changed |= self.resp_data() != Some(data);
            self.resp_length = u8::try_from(copy(&mut self.resp, data)).ok();
        } else {
            let connectable = is_connectable(report);
            changed |= self.connectable != connectable || self.adv_data() != data;
            self.connectable = connectable;
            self.adv_length = u8::try_from(copy(&mut self.adv, data)).unwrap_or(0);
        }
        changed
    }
}

/// ADV_IND and ADV_DIRECT_IND are the connectable ones (Vol 4, Part E, 7.7.65.2).
pub(super) fn is_connectable(report: &AdvertisingReport<'_>) -> bool {
    report.kind <= 1
}

/// A duration in units of 625 us, when it is one a controller takes.
fn slots(duration: Duration) -> Option<u16> {
    let units = u16::try_from(short_micros(duration) / 625).ok()?;
    (4..=0x4000).contains(&units).then_some(units)
}

impl Core<'_> {
    /// Begins to scan, forgetting what an earlier scan found. Busy while another scan goes on.
    pub fn scan(&mut self, settings: &ScanSettings) -> Result<ScanTicket, Error> {
        if self.state.scanning.wanted {
            return Err(Error::Busy);
        }
        let range = Error::InvalidArgument(Argument::ScanInterval);
        let (interval, window) = (slots(settings.interval).ok_or(range)?, slots(settings.window).ok_or(range)?);
        if window > interval {
            return Err(range);
        }
        self.reports.fill(Report::NEW);
        let scanning = &mut self.state.scanning;
        *scanning = Scanning {
            wanted: true,
            // A scan that is still on has other parameters: it is switched off and on again.
            changed: true,
            stage: scanning.stage,
            ticket: scanning.ticket.wrapping_add(1),
            active: settings.kind == ScanKind::Active,
            interval,
            window,
            rssi_is_news: settings.rssi_is_news,
            ..Scanning::NEW
        };
        Ok(ScanTicket(scanning.ticket))
    }

    /// The device heard of longest ago that has news; `None` when the scan has ended and nothing waits.
    pub fn scanned(&mut self, ticket: ScanTicket) -> Poll<Result<Option<Report>, Error>> {
        if self.state.scanning.ticket != ticket.0 {
            return Poll::Ready(Ok(None));
        }
        let oldest = self.reports.iter_mut().filter(|r| r.used && r.news).min_by_key(|r| r.order);
        if let Some(report) = oldest {
            report.news = false;
            return Poll::Ready(Ok(Some(*report)));
        }
        match self.state.scanning.error.get() {
            Some(error) => Poll::Ready(Err(error)),
            None if !self.state.scanning.wanted => Poll::Ready(Ok(None)),
            None => Poll::Pending,
        }
    }

    /// Ends this use of the scanner.
    pub fn end_scan(&mut self, ticket: ScanTicket) {
        if self.state.scanning.ticket == ticket.0 {
            self.state.scanning.wanted = false;
            self.state.news |= HostNews::SCAN;
        }
    }

    pub(crate) fn end_scanner(&mut self, error: Error) {
        if self.state.scanning.wanted {
            self.state.scanning.end(Some(error));
        }
        self.state.scanning.stage = ScanStage::Off;
        self.state.news |= HostNews::SCAN;
    }

    pub(crate) fn on_report(&mut self, now: Instant, report: &AdvertisingReport<'_>) {
        self.keep_report(report);
        self.on_heard(now, report);
    }

    fn keep_report(&mut self, report: &AdvertisingReport<'_>) {
        let scanning = &mut self.state.scanning;
        if !scanning.wanted || scanning.changed || scanning.stage != ScanStage::On {
            return;
        }
        scanning.order = scanning.order.wrapping_add(1);
        let order = scanning.order;
        let rssi_is_news = scanning.rssi_is_news;
        let known = self.reports.iter().position(|r| r.used && r.address == report.address);
        let identity = if known.is_none() { self.identity_of(report.address) } else { None };
        let index = known
            .or_else(|| self.reports.iter().position(|r| !r.used))
            // The slot of the device that was read longest ago makes room; news never does.
            .or_else(|| {
                let read = self.reports.iter().enumerate().filter(|(_, r)| !r.news);
                read.min_by_key(|(_, r)| r.order).map(|(i, _)| i)
            });
        let Some(slot) = index.and_then(|i| self.reports.get_mut(i)) else {
            count(&mut self.state.counters.reports_dropped);
            return;
        };
        if known.is_none() {
            *slot = Report { used: true, address: report.address, rssi: report.rssi, ..Report::NEW };
            if let Some(identity) = identity {
                (slot.identity, slot.has_identity) = (identity, true);
            }
        }
        if slot.merge(report, rssi_is_news) || known.is_none() {
            if !slot.news {
                slot.order = order;
            }
            slot.news = true;
            self.state.news |= HostNews::SCAN;
        }
    }
}
