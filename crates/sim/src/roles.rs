//! Commands that switch the advertiser, the scanner and the initiator (Vol 4, Part E, 7.8.5 to 7.8.17).

use crate::{
    commands::{Returned, allowed, connection_parameters, supported, valid},
    controller::Initiator,
    world::{Task, World},
};
use jelling_wire::{
    Address,
    hci::{AdvertisingKind, Status, Switch, command},
};

/// High duty directed advertising lasts 1.28 s (Vol 6, Part B, 4.4.2.4.3).
const DIRECTED: u64 = 1_280_000;

impl World {
    pub(crate) fn accept_list_in_use(&self, who: usize) -> bool {
        let settings = &self.controllers[who].settings;
        // 7.8.5: directed advertising ignores the policy.
        let advertising = settings.advertiser.parameters;
        (settings.advertiser.on && advertising.filter_policy != 0 && !is_directed(advertising.kind))
            || (settings.scanner.on && settings.scanner.parameters.filter_policy != 0)
            || settings.initiator.is_some_and(|i| i.parameters.filter_policy != 0)
    }

    pub(crate) fn set_advertising_parameters(
        &mut self,
        who: usize,
        c: &command::LeSetAdvertisingParameters,
    ) -> Result<Returned, Status> {
        allowed(!self.settings(who).advertiser.on)?;
        valid(c.own_address_kind <= 3 && (1..=7).contains(&c.channel_map) && c.filter_policy <= 3)?;
        if c.kind != AdvertisingKind::ConnectableDirectedHighDuty {
            valid((0x20..=0x4000).contains(&c.interval_min) && (c.interval_min..=0x4000).contains(&c.interval_max))?;
        }
        supported(c.own_address_kind <= 1)?;
        self.settings(who).advertiser.parameters = *c;
        Ok(vec![])
    }

    pub(crate) fn set_advertising(&mut self, who: usize, enable: Switch) -> Result<Returned, Status> {
        let parameters = self.settings(who).advertiser.parameters;
        if enable == Switch::Off {
            self.stop_advertising(who);
            return Ok(vec![]);
        }
        valid(self.controllers[who].own_address(parameters.own_address_kind).is_some())?;
        if self.is_connectable(who) {
            self.place_for_a_link(who, self.controllers[who].settings.initiator.is_some())?;
        }
        let advertiser = &mut self.settings(who).advertiser;
        advertiser.on = true;
        advertiser.token += 1;
        let token = advertiser.token;
        let first = if self.conditions.instant { 0 } else { u64::from(self.draw() % 5_000) };
        self.schedule(self.now + first, Task::Advertise { who, token, extra: false });
        if parameters.kind == AdvertisingKind::ConnectableDirectedHighDuty {
            self.schedule(self.now + DIRECTED, Task::DirectedEnd { who, token });
        }
        Ok(vec![])
    }

    pub(crate) fn stop_advertising(&mut self, who: usize) {
        let advertiser = &mut self.settings(who).advertiser;
        advertiser.on = false;
        advertiser.token += 1;
    }

    pub(crate) fn set_scanning(&mut self, who: usize, c: &command::LeSetScanEnable) -> Result<Returned, Status> {
        let now = self.now;
        let kind = self.settings(who).scanner.parameters.own_address_kind;
        // 7.8.11: a passive scanner needs its address too.
        valid(c.enable == Switch::Off || self.controllers[who].own_address(kind).is_some())?;
        let scanner = &mut self.settings(who).scanner;
        scanner.on = c.enable == Switch::On;
        scanner.filter_duplicates = c.filter_duplicates == Switch::On;
        scanner.began = now;
        scanner.seen.clear();
        if scanner.on {
            self.listen_at_once();
        }
        Ok(vec![])
    }

    pub(crate) fn create_connection(
        &mut self,
        who: usize,
        c: &command::LeCreateConnection,
    ) -> Result<Returned, Status> {
        allowed(self.settings(who).initiator.is_none())?;
        valid((4..=0x4000).contains(&c.scan_interval) && (4..=c.scan_interval).contains(&c.scan_window))?;
        valid(c.own_address_kind <= 3 && c.filter_policy <= 1 && c.ce_length_min <= c.ce_length_max)?;
        connection_parameters(c.interval_min, c.interval_max, c.latency, c.supervision_timeout)?;
        supported(c.own_address_kind <= 1)?;
        let own = self.controllers[who].own_address(c.own_address_kind);
        valid(own.is_some())?;
        self.place_for_a_link(who, self.controllers[who].settings.advertiser.on && self.is_connectable(who))?;
        if c.filter_policy == 0 && self.is_connected_to(who, c.peer) {
            return Err(Status::CONNECTION_ALREADY_EXISTS);
        }
        let began = self.now;
        self.settings(who).initiator = Some(Initiator { parameters: *c, began });
        self.listen_at_once();
        Ok(vec![])
    }

    /// Without air time, whoever advertises is heard as soon as somebody listens.
    fn listen_at_once(&mut self) {
        if !self.conditions.instant {
            return;
        }
        for who in 0..self.controllers.len() {
            let advertiser = &self.controllers[who].settings.advertiser;
            if advertiser.on {
                let token = advertiser.token;
                self.schedule(self.now, Task::Advertise { who, token, extra: true });
            }
        }
    }

    fn is_connectable(&self, who: usize) -> bool {
        !matches!(
            self.controllers[who].settings.advertiser.parameters.kind,
            AdvertisingKind::ScannableUndirected | AdvertisingKind::NonConnectableUndirected
        )
    }

    /// Refuses what could become a link too many: each link needs its place from the moment that it can come up.
    fn place_for_a_link(&self, who: usize, promised: bool) -> Result<(), Status> {
        let controller = &self.controllers[who];
        let taken = controller.settings.handles.len() + usize::from(promised);
        if taken < controller.config.links { Ok(()) } else { Err(Status::CONNECTION_LIMIT_EXCEEDED) }
    }

    pub(crate) fn is_connected_to(&self, who: usize, peer: Address) -> bool {
        self.controllers[who]
            .settings
            .handles
            .values()
            .any(|(link, end)| self.links.get(link).is_some_and(|l| l.addresses[1 - end] == peer))
    }
}

pub(crate) fn is_directed(kind: AdvertisingKind) -> bool {
    matches!(kind, AdvertisingKind::ConnectableDirectedHighDuty | AdvertisingKind::ConnectableDirectedLowDuty)
}
