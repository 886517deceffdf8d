//! Advertisers, scanners and initiators meet (Vol 6, Part B, 4.4).

use crate::{
    data::UNREAD,
    link::Link,
    police::Notice,
    roles::is_directed,
    world::{Task, World},
};
use jelling_wire::{
    Address,
    hci::{
        AdvertisingKind, ConnectionHandle, Role, ScanKind, Status,
        event::{ConnectionComplete, Event},
    },
};

/// From one advertising channel to the next.
const CHANNEL: u64 = 1_500;
/// What an advertisement, a request and its response take.
const EXCHANGE: u64 = 1_000;

/// Whether a device that listens by interval and window (625 us each) hears an advertising event that begins `now`.
fn hears(began: u64, now: u64, interval: u16, window: u16, channel_map: u8) -> bool {
    let (interval, window) = (u64::from(interval) * 625, u64::from(window) * 625);
    (0..3u64).filter(|k| channel_map >> k & 1 == 1).any(|k| {
        let at = now + k * CHANNEL - began.min(now);
        let inside = window >= interval || at % interval + EXCHANGE <= window;
        // The listener takes the channels in turn, one each interval.
        inside && at / interval % 3 == k
    })
}

impl World {
    /// One advertising event.
    pub(crate) fn advertise(&mut self, who: usize, token: u64, extra: bool) {
        let advertiser = &self.controllers[who].settings.advertiser;
        if !advertiser.on || advertiser.token != token {
            return;
        }
        let parameters = advertiser.parameters;
        let Some(own) = self.controllers[who].own_address(parameters.own_address_kind) else { return };
        for other in 0..self.controllers.len() {
            if other != who && self.hear(who, other) {
                self.report_to(who, own, other);
            }
        }
        for other in 0..self.controllers.len() {
            if other != who && self.hear(who, other) && self.initiate(who, own, other) {
                return;
            }
        }
        if extra {
            return;
        }
        let after = match parameters.kind {
            AdvertisingKind::ConnectableDirectedHighDuty => 3_750,
            // Vol 6, Part B, 4.4.2.2.1: up to 10 ms at random, so that two advertisers do not collide for ever.
            _ => u64::from(parameters.interval_min) * 625 + u64::from(self.draw() % 10_000),
        };
        self.schedule(self.now + after, Task::Advertise { who, token, extra: false });
    }

    fn report_to(&mut self, who: usize, own: Address, other: usize) {
        let (instant, now) = (self.conditions.instant, self.now);
        let advertiser = &self.controllers[who].settings.advertiser;
        let parameters = advertiser.parameters;
        let listener = &self.controllers[other];
        let scanner = &listener.settings.scanner;
        let scan = scanner.parameters;
        let directed = is_directed(parameters.kind);
        let wanted = scanner.on
            && (instant || hears(scanner.began, now, scan.interval, scan.window, parameters.channel_map))
            && (scan.filter_policy == 0 || listener.accepts(own))
            && (!directed || listener.own_address(parameters.peer.kind as u8) == Some(parameters.peer));
        if !wanted || self.is_lost() {
            return;
        }
        let advertiser = &self.controllers[who].settings.advertiser;
        let kind = match parameters.kind {
            AdvertisingKind::ConnectableUndirected => 0,
            AdvertisingKind::ScannableUndirected => 2,
            AdvertisingKind::NonConnectableUndirected => 3,
            _ => 1,
        };
        let adv = if directed { vec![] } else { advertiser.adv.clone() };
        let resp = advertiser.resp.clone();
        self.report(other, kind, own, &adv, who);
        let asks = scan.kind == ScanKind::Active && matches!(kind, 0 | 2);
        let asker = self.controllers[other].own_address(scan.own_address_kind);
        let answers = parameters.filter_policy & 1 == 0 || asker.is_some_and(|a| self.controllers[who].accepts(a));
        if asks && answers && !self.is_lost() && !self.is_lost() {
            self.report(other, 4, own, &resp, who);
        }
    }

    fn report(&mut self, to: usize, kind: u8, address: Address, data: &[u8], from: usize) {
        if self.controllers[to].to_host.len() >= UNREAD {
            // A host that does not read misses reports.
            return;
        }
        let rssi = self.strength(to, from);
        let scanner = &mut self.controllers[to].settings.scanner;
        if scanner.filter_duplicates && !scanner.seen.insert((address, kind)) {
            return;
        }
        let mut parameters = vec![1, kind, address.kind as u8];
        parameters.extend(address.octets);
        parameters.push(u8::try_from(data.len()).unwrap_or(31));
        parameters.extend(data);
        parameters.extend(rssi.to_le_bytes());
        if let Ok(reports) = jelling_wire::hci::event::AdvertisingReports::parse(&parameters) {
            self.event(to, &Event::LeAdvertisingReport(reports), Notice::Nothing);
        }
    }

    /// True when an initiator took the advertisement up.
    fn initiate(&mut self, who: usize, own: Address, other: usize) -> bool {
        let (instant, now) = (self.conditions.instant, self.now);
        let advertising = self.controllers[who].settings.advertiser.parameters;
        let directed = match advertising.kind {
            AdvertisingKind::ConnectableUndirected => false,
            AdvertisingKind::ConnectableDirectedHighDuty | AdvertisingKind::ConnectableDirectedLowDuty => true,
            _ => return false,
        };
        let Some(initiator) = self.controllers[other].settings.initiator else { return false };
        let c = initiator.parameters;
        let Some(asker) = self.controllers[other].own_address(c.own_address_kind) else { return false };
        let wanted = if c.filter_policy == 0 { c.peer == own } else { self.controllers[other].accepts(own) };
        // Vol 6, Part B, 4.4.4: there is one link between two addresses at most.
        let wanted = wanted && !self.is_connected_to(other, own);
        let welcome = if directed {
            advertising.peer == asker
        } else {
            advertising.filter_policy & 2 == 0 || self.controllers[who].accepts(asker)
        };
        let heard = instant || hears(initiator.began, now, c.scan_interval, c.scan_window, advertising.channel_map);
        if !wanted || !welcome || !heard || self.is_lost() {
            return false;
        }
        let reached = !self.is_lost();
        self.controllers[other].settings.initiator = None;
        let number = self.next_link;
        self.next_link += 1;
        let handles = [self.controllers[other].free_handle(), self.controllers[who].free_handle()];
        let link = Link::new([other, who], handles, [asker, own], &c, now, self.controllers[other].settings.channels);
        let interval = link.interval;
        self.links.insert(number, link);
        if reached {
            self.stop_advertising(who);
        }
        for (end, controller, peer) in [(0, other, own), (1, who, asker)] {
            if end == 1 && !reached {
                if let Some(link) = self.links.get_mut(&number) {
                    link.ends[1].alive = false;
                }
                continue;
            }
            self.controllers[controller].settings.handles.insert(handles[end], (number, end));
            let complete = ConnectionComplete {
                status: Status::SUCCESS,
                handle: ConnectionHandle(handles[end]),
                role: if end == 0 { Role::Central } else { Role::Peripheral },
                peer: peer.into(),
                interval: c.interval_max,
                latency: c.latency,
                supervision_timeout: c.supervision_timeout,
                clock_accuracy: if end == 0 { 0 } else { 5 },
            };
            self.event(controller, &Event::LeConnectionComplete(complete), Notice::Up(handles[end]));
        }
        self.schedule(now + interval * 6, Task::Establish { link: number });
        if !reached {
            self.watch(number);
            return false;
        }
        self.introduce(number);
        true
    }

    /// High duty directed advertising ends without a connection (Vol 4, Part E, 7.7.65.1).
    pub(crate) fn directed_end(&mut self, who: usize, token: u64) {
        let advertiser = &self.controllers[who].settings.advertiser;
        if !advertiser.on || advertiser.token != token {
            return;
        }
        let peer = advertiser.parameters.peer;
        self.stop_advertising(who);
        let failed = ConnectionComplete {
            status: Status::ADVERTISING_TIMEOUT,
            role: Role::Peripheral,
            peer: peer.into(),
            ..ConnectionComplete::default()
        };
        self.event(who, &Event::LeConnectionComplete(failed), Notice::State);
    }
}
