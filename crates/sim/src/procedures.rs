//! The link layer's control procedures (Vol 6, Part B, 5.1).

use crate::{
    crypt::Session,
    link::{Change, Link, PROCEDURE_TIMEOUT, Procedure},
    ll::{Control, Lengths},
    police::Notice,
    supported::LE_FEATURES,
    world::{Task, World},
};
use jelling_wire::hci::{ConnectionHandle, Status, event::Event};

/// Connection events until a change takes effect (Vol 6, Part B, 5.1.1: at least six).
const INSTANT: u16 = 6;

/// The PHY of a set that carries most.
fn best(phys: u8) -> u8 {
    match phys {
        p if p & 2 != 0 => 2,
        p if p & 1 != 0 => 1,
        p if p & 4 != 0 => 3,
        _ => 1,
    }
}

impl World {
    /// A new link: a controller that was told so makes its PDUs longer by itself.
    pub(crate) fn introduce(&mut self, number: u64) {
        for end in [0, 1] {
            let Some(link) = self.links.get_mut(&number) else { return };
            let who = link.ends[end].who;
            let settings = &self.controllers[who].settings;
            let wanted = (settings.tx_octets, settings.tx_time);
            link.ends[end].wanted = wanted;
            if wanted.0 > 27 && end == 0 {
                self.begin(number, end, Procedure::Length(wanted.0, wanted.1));
            }
        }
    }

    pub(crate) fn is_terminating(&self, number: u64, end: usize) -> bool {
        let ends = |p: &Procedure| matches!(p, Procedure::Terminate(_));
        self.links
            .get(&number)
            .is_some_and(|l| l.ends[end].current.as_ref().is_some_and(ends) || l.ends[end].waiting.iter().any(ends))
    }

    /// Begins a procedure, when the ones before it are done. The end of a link waits for nothing.
    pub(crate) fn begin(&mut self, number: u64, end: usize, procedure: Procedure) {
        let Some(link) = self.links.get_mut(&number) else { return };
        let side = &mut link.ends[end];
        if matches!(procedure, Procedure::Terminate(_)) {
            side.current = None;
        }
        if side.current.is_some() {
            side.waiting.push_back(procedure);
            return;
        }
        side.current = Some(procedure);
        side.token += 1;
        let token = side.token;
        self.schedule(self.now + PROCEDURE_TIMEOUT, Task::Procedure { link: number, end, token });
        self.start(number, end, procedure);
    }

    fn next_procedure(&mut self, number: u64, end: usize) {
        let Some(link) = self.links.get_mut(&number) else { return };
        let side = &mut link.ends[end];
        side.current = None;
        side.token += 1;
        if let Some(next) = side.waiting.pop_front() {
            self.begin(number, end, next);
        }
    }

    /// A procedure that the peer never answered (Vol 6, Part B, 5.2).
    pub(crate) fn procedure_timeout(&mut self, number: u64, end: usize, token: u64) {
        let late = self.links.get(&number).is_some_and(|l| l.ends[end].token == token && l.ends[end].current.is_some());
        if late {
            let mut reasons = [None, None];
            reasons[end] = Some(Status::LL_RESPONSE_TIMEOUT);
            self.part(number, reasons);
        }
    }

    fn send(&mut self, number: u64, end: usize, control: Control) {
        if let Some(link) = self.links.get_mut(&number) {
            link.ends[end].control.push_back(control);
        }
        self.kick(number);
    }

    fn start(&mut self, number: u64, end: usize, procedure: Procedure) {
        let Some(link) = self.links.get_mut(&number) else { return };
        match procedure {
            Procedure::Terminate(reason) => {
                // Vol 6, Part B, 5.1.6: unacknowledged, it ends with the supervision timeout.
                link.ends[end].control.clear();
                let at = self.now + u64::from(link.timeout) * 10_000;
                self.schedule(at, Task::Supervise { link: number });
                self.send(number, end, Control::Terminate { reason });
            }
            Procedure::Version => {
                if link.ends[end].remote_version.is_some() {
                    return self.tell_version(number, end);
                }
                if !link.ends[end].version_sent {
                    link.ends[end].version_sent = true;
                    self.send(number, end, our_version());
                }
            }
            Procedure::Features => match link.ends[end].remote_features {
                Some(features) => self.tell_features(number, end, Status::SUCCESS, features),
                None if end == 0 => self.send(number, end, Control::FeatureRequest { features: LE_FEATURES }),
                None => self.send(number, end, Control::PeripheralFeatureRequest { features: LE_FEATURES }),
            },
            Procedure::Channels(map) => {
                let instant = link.counter_at(self.now).wrapping_add(INSTANT);
                let control = Control::ChannelMap { map, instant };
                link.changes.push(Change { control, instant, delivered: false });
                self.send(number, end, control);
            }
            Procedure::Update(wanted) if end == 0 => self.update(number, wanted),
            Procedure::Update([interval_min, interval_max, latency, timeout]) => {
                self.send(number, end, Control::ParameterRequest { interval_min, interval_max, latency, timeout });
            }
            Procedure::Length(octets, time) => {
                link.ends[end].wanted = (octets, time);
                self.send(number, end, Control::LengthRequest(our_lengths((octets, time))));
            }
            Procedure::Phy(tx, rx) => self.send(number, end, Control::PhyRequest { tx, rx }),
            Procedure::Encrypt { random, diversifier, .. } => {
                let refresh = link.ends[end].send_encrypted;
                link.ends[end].crypt.refresh = refresh;
                link.ends[end].paused = true;
                if refresh {
                    return self.send(number, end, Control::PauseEncryptionRequest);
                }
                self.request_encryption(number, end, random, diversifier);
            }
        }
    }

    fn request_encryption(&mut self, number: u64, end: usize, random: [u8; 8], diversifier: u16) {
        let (skd, iv) = (self.draw_octets::<8>(), self.draw_octets::<4>());
        let Some(link) = self.links.get_mut(&number) else { return };
        let crypt = &mut link.ends[end].crypt;
        crypt.skd[..8].copy_from_slice(&skd);
        crypt.iv[..4].copy_from_slice(&iv);
        self.send(number, end, Control::EncryptionRequest { random, diversifier, skd, iv });
    }

    /// The central changes the parameters, at an instant.
    fn update(&mut self, number: u64, [_, interval, latency, timeout]: [u16; 4]) {
        let now = self.now;
        let Some(link) = self.links.get_mut(&number) else { return };
        let instant = link.counter_at(now).wrapping_add(INSTANT);
        let control = Control::ConnectionUpdate { interval, latency, timeout, instant };
        link.changes.push(Change { control, instant, delivered: false });
        self.send(number, 0, control);
    }

    /// What had to be sent first has been sent.
    pub(crate) fn control_sent(&mut self, number: u64, end: usize, control: Control) {
        let Some(link) = self.links.get_mut(&number) else { return };
        match control {
            Control::Terminate { .. } => {
                let mut reasons = [None, None];
                reasons[end] = Some(Status::CONNECTION_TERMINATED_BY_LOCAL_HOST);
                self.part(number, reasons);
            }
            Control::StartEncryptionRequest => link.ends[end].receive_encrypted = true,
            Control::PauseEncryptionResponse if end == 1 => {
                link.ends[1].send_encrypted = false;
                link.ends[1].receive_encrypted = false;
            }
            _ => {}
        }
    }

    /// A control PDU arrives.
    pub(crate) fn control(&mut self, number: u64, end: usize, control: Control) {
        let Some(link) = self.links.get_mut(&number) else { return };
        let side = &mut link.ends[end];
        let (who, handle) = (side.who, ConnectionHandle(side.handle));
        match control {
            Control::Terminate { reason } => {
                let mut reasons = [None, None];
                reasons[end] = Some(reason);
                self.part(number, reasons);
            }
            Control::ConnectionUpdate { .. } | Control::ChannelMap { .. } | Control::PhyUpdate { .. } => {
                for change in link.changes.iter_mut().filter(|c| c.control == control) {
                    change.delivered = true;
                }
                self.kick(number);
            }
            Control::Version { version, manufacturer, subversion } => {
                side.remote_version = Some((version, manufacturer, subversion));
                let asked = side.current == Some(Procedure::Version);
                if !side.version_sent {
                    side.version_sent = true;
                    self.send(number, end, our_version());
                }
                if asked {
                    self.tell_version(number, end);
                }
            }
            Control::FeatureRequest { features } | Control::PeripheralFeatureRequest { features } => {
                side.remote_features = Some(features & LE_FEATURES);
                self.send(number, end, Control::FeatureResponse { features: LE_FEATURES });
            }
            Control::FeatureResponse { features } => {
                side.remote_features = Some(features & LE_FEATURES);
                self.tell_features(number, end, Status::SUCCESS, features);
            }
            Control::ParameterRequest { interval_min, interval_max, latency, timeout } => {
                let asks = self.controllers[who].settings.le_event_mask & 1 << 5 != 0;
                if !asks {
                    let reason = Status::UNSUPPORTED_REMOTE_FEATURE;
                    let opcode = Control::PARAMETER_REQUEST;
                    return self.send(number, end, Control::RejectExtended { opcode, reason });
                }
                side.parameters_asked = true;
                let event = Event::LeRemoteConnectionParameterRequest {
                    handle,
                    interval_min,
                    interval_max,
                    latency,
                    supervision_timeout: timeout,
                };
                self.event(who, &event, Notice::State);
            }
            Control::RejectExtended { opcode, reason } => self.rejected(number, end, opcode, reason),
            Control::LengthRequest(theirs) => {
                let ours = our_lengths(side.wanted);
                self.agree_lengths(number, end, theirs);
                self.send(number, end, Control::LengthResponse(ours));
            }
            Control::LengthResponse(theirs) => {
                self.agree_lengths(number, end, theirs);
                if self.current_is(number, end, |p| matches!(p, Procedure::Length(..))) {
                    self.next_procedure(number, end);
                }
            }
            Control::PhyRequest { tx, rx } => {
                let settings = &self.controllers[who].settings;
                let (ours_tx, ours_rx) = (settings.tx_phys, settings.rx_phys);
                if end == 1 {
                    return self.send(number, 1, Control::PhyResponse { tx: ours_tx, rx: ours_rx });
                }
                self.update_phys(number, [ours_tx & rx, ours_rx & tx]);
            }
            Control::PhyResponse { tx, rx } => {
                if let Some(Procedure::Phy(ours_tx, ours_rx)) = side.current {
                    self.update_phys(number, [ours_tx & rx, ours_rx & tx]);
                }
            }
            Control::EncryptionRequest { .. }
            | Control::EncryptionResponse { .. }
            | Control::StartEncryptionRequest
            | Control::StartEncryptionResponse
            | Control::PauseEncryptionRequest
            | Control::PauseEncryptionResponse => self.encryption(number, end, control),
            Control::Unknown { .. } => self.next_procedure(number, end),
        }
    }

    fn current_is(&self, number: u64, end: usize, is: impl Fn(&Procedure) -> bool) -> bool {
        self.links.get(&number).is_some_and(|l| l.ends[end].current.as_ref().is_some_and(is))
    }

    fn encryption(&mut self, number: u64, end: usize, control: Control) {
        let (more_skd, more_iv) = (self.draw_octets::<8>(), self.draw_octets::<4>());
        let Some(link) = self.links.get_mut(&number) else { return };
        let side = &mut link.ends[end];
        let (who, handle) = (side.who, ConnectionHandle(side.handle));
        match control {
            Control::PauseEncryptionRequest => {
                side.paused = true;
                side.crypt.refresh = true;
                self.send(number, end, Control::PauseEncryptionResponse);
            }
            Control::PauseEncryptionResponse if end == 0 => {
                side.send_encrypted = false;
                side.receive_encrypted = false;
                self.send(number, 0, Control::PauseEncryptionResponse);
                if let Some(Procedure::Encrypt { random, diversifier, .. }) = self.current(number, 0) {
                    self.request_encryption(number, 0, random, diversifier);
                }
            }
            Control::EncryptionRequest { random, diversifier, skd, iv } => {
                side.paused = true;
                side.crypt.skd[..8].copy_from_slice(&skd);
                side.crypt.skd[8..].copy_from_slice(&more_skd);
                side.crypt.iv[..4].copy_from_slice(&iv);
                side.crypt.iv[4..].copy_from_slice(&more_iv);
                side.crypt.asked = true;
                self.send(number, end, Control::EncryptionResponse { skd: more_skd, iv: more_iv });
                if self.controllers[who].settings.le_event_mask & 1 << 4 == 0 {
                    self.answer_key(number, end, None);
                } else {
                    self.event(who, &Event::LeLongTermKeyRequest { handle, random, diversifier }, Notice::State);
                }
            }
            Control::EncryptionResponse { skd, iv } => {
                side.crypt.skd[8..].copy_from_slice(&skd);
                side.crypt.iv[4..].copy_from_slice(&iv);
            }
            Control::StartEncryptionRequest => {
                if let Some(Procedure::Encrypt { key, .. }) = side.current {
                    side.session = Some(Session::new(&key, &side.crypt.skd, side.crypt.iv, true));
                    side.send_encrypted = true;
                    side.receive_encrypted = true;
                    self.send(number, end, Control::StartEncryptionResponse);
                }
            }
            Control::StartEncryptionResponse => {
                side.paused = false;
                let refresh = side.crypt.refresh;
                if end == 1 {
                    side.send_encrypted = true;
                    self.send(number, 1, Control::StartEncryptionResponse);
                }
                self.tell_encryption(who, handle, Status::SUCCESS, refresh);
                if end == 0 {
                    self.next_procedure(number, 0);
                }
                self.kick(number);
            }
            _ => {}
        }
    }

    fn current(&self, number: u64, end: usize) -> Option<Procedure> {
        self.links.get(&number)?.ends[end].current
    }

    fn tell_encryption(&mut self, who: usize, handle: ConnectionHandle, status: Status, refresh: bool) {
        let enabled = u8::from(status.is_success());
        if refresh {
            self.event(who, &Event::EncryptionKeyRefreshComplete { status, handle }, Notice::State);
        } else {
            self.event(who, &Event::EncryptionChange { status, handle, enabled }, Notice::State);
        }
    }

    /// The peripheral's host gives a key, or refuses; false when nobody asked.
    pub(crate) fn answer_key(&mut self, number: u64, end: usize, key: Option<[u8; 16]>) -> bool {
        let Some(link) = self.links.get_mut(&number) else { return false };
        let side = &mut link.ends[end];
        if !core::mem::take(&mut side.crypt.asked) {
            return false;
        }
        match key {
            Some(key) => {
                side.session = Some(Session::new(&key, &side.crypt.skd, side.crypt.iv, false));
                self.send(number, end, Control::StartEncryptionRequest);
            }
            None if side.crypt.refresh => {
                // A link that was encrypted cannot go on without.
                self.begin(number, end, Procedure::Terminate(Status::PIN_OR_KEY_MISSING));
            }
            None => {
                side.paused = false;
                let opcode = Control::ENCRYPTION_REQUEST;
                self.send(number, end, Control::RejectExtended { opcode, reason: Status::PIN_OR_KEY_MISSING });
            }
        }
        true
    }

    /// The central's host takes parameters that the peripheral asked for, or refuses; false when nobody asked.
    pub(crate) fn answer_parameters(&mut self, number: u64, end: usize, answer: Result<[u16; 4], Status>) -> bool {
        let Some(link) = self.links.get_mut(&number) else { return false };
        if !core::mem::take(&mut link.ends[end].parameters_asked) {
            return false;
        }
        match answer {
            Ok(wanted) => self.update(number, wanted),
            Err(reason) => {
                self.send(number, end, Control::RejectExtended { opcode: Control::PARAMETER_REQUEST, reason });
            }
        }
        true
    }

    fn rejected(&mut self, number: u64, end: usize, opcode: u8, reason: Status) {
        let Some(link) = self.links.get_mut(&number) else { return };
        let side = &mut link.ends[end];
        let (who, handle) = (side.who, ConnectionHandle(side.handle));
        match opcode {
            Control::ENCRYPTION_REQUEST => {
                side.paused = false;
                self.tell_encryption(who, handle, reason, false);
            }
            Control::PARAMETER_REQUEST => {
                let (interval, latency, timeout) = parameters(link);
                self.tell_update(who, handle, reason, (interval, latency, timeout));
            }
            _ => return,
        }
        self.next_procedure(number, end);
        self.kick(number);
    }

    fn tell_update(&mut self, who: usize, handle: ConnectionHandle, status: Status, values: (u16, u16, u16)) {
        let (interval, latency, supervision_timeout) = values;
        let event = Event::LeConnectionUpdateComplete { status, handle, interval, latency, supervision_timeout };
        self.event(who, &event, Notice::State);
    }

    fn tell_version(&mut self, number: u64, end: usize) {
        let Some(link) = self.links.get(&number) else { return };
        let side = &link.ends[end];
        let Some((version, manufacturer, subversion)) = side.remote_version else { return };
        let (who, handle) = (side.who, ConnectionHandle(side.handle));
        let status = Status::SUCCESS;
        let event = Event::ReadRemoteVersionInformationComplete { status, handle, version, manufacturer, subversion };
        self.event_later(0, who, &event);
        self.next_procedure(number, end);
    }

    fn tell_features(&mut self, number: u64, end: usize, status: Status, features: u64) {
        let Some(link) = self.links.get(&number) else { return };
        let side = &link.ends[end];
        let (who, handle) = (side.who, ConnectionHandle(side.handle));
        self.event_later(0, who, &Event::LeReadRemoteFeaturesComplete { status, handle, features });
        self.next_procedure(number, end);
    }

    /// Both sides now send what the other receives (Vol 6, Part B, 4.5.10).
    fn agree_lengths(&mut self, number: u64, end: usize, theirs: Lengths) {
        let Some(link) = self.links.get_mut(&number) else { return };
        let side = &mut link.ends[end];
        let ours = our_lengths(side.wanted);
        let agreed = Lengths {
            rx_octets: ours.rx_octets.min(theirs.tx_octets),
            rx_time: ours.rx_time.min(theirs.tx_time),
            tx_octets: ours.tx_octets.min(theirs.rx_octets),
            tx_time: ours.tx_time.min(theirs.rx_time),
        };
        if agreed == side.lengths {
            return;
        }
        side.lengths = agreed;
        let (who, handle) = (side.who, ConnectionHandle(side.handle));
        let Lengths { rx_octets, rx_time, tx_octets, tx_time } = agreed;
        self.event(who, &Event::LeDataLengthChange { handle, tx_octets, tx_time, rx_octets, rx_time }, Notice::Nothing);
    }

    /// The central chooses both PHYs; 0 where none was common.
    fn update_phys(&mut self, number: u64, common: [u8; 2]) {
        let now = self.now;
        let Some(link) = self.links.get_mut(&number) else { return };
        let [to_peripheral, to_central] = [0, 1].map(|e| if common[e] == 0 { link.phys[e] } else { best(common[e]) });
        let instant = link.counter_at(now).wrapping_add(INSTANT);
        let control = Control::PhyUpdate { to_peripheral, to_central, instant };
        link.changes.push(Change { control, instant, delivered: false });
        self.send(number, 0, control);
    }

    /// A change takes effect when its instant has come and both sides know of it.
    pub(crate) fn apply_changes(&mut self, number: u64) {
        let instant_mode = self.conditions.instant;
        while let Some(link) = self.links.get_mut(&number) {
            let counter = link.counter;
            // Half of all numbers lie behind the instant.
            let due = |c: &Change| c.delivered && (instant_mode || counter.wrapping_sub(c.instant) < 0x8000);
            let Some(at) = link.changes.iter().position(due) else { return };
            let change = link.changes.remove(at);
            self.apply(number, change.control);
        }
    }

    fn apply(&mut self, number: u64, control: Control) {
        let now = self.now;
        let Some(link) = self.links.get_mut(&number) else { return };
        match control {
            Control::ConnectionUpdate { interval, latency, timeout, .. } => {
                let before = parameters(link);
                link.interval = u64::from(interval) * 1_250;
                (link.latency, link.timeout) = (latency, timeout);
                link.anchor = now;
                let changed = before != (interval, latency, timeout);
                self.tell_both(
                    number,
                    changed,
                    |p| matches!(p, Procedure::Update(_)),
                    |world, who, handle| {
                        world.tell_update(who, handle, Status::SUCCESS, (interval, latency, timeout));
                    },
                );
            }
            Control::ChannelMap { map, .. } => {
                link.channels = map;
                self.next_procedure(number, 0);
            }
            Control::PhyUpdate { to_peripheral, to_central, .. } => {
                let before = link.phys;
                link.phys = [to_peripheral, to_central];
                let changed = before != link.phys;
                let phys = link.phys;
                let central = link.ends[0].who;
                self.tell_both(
                    number,
                    changed,
                    |p| matches!(p, Procedure::Phy(..)),
                    |world, who, handle| {
                        let [tx_phy, rx_phy] = if who == central { phys } else { [phys[1], phys[0]] };
                        let event = Event::LePhyUpdateComplete { status: Status::SUCCESS, handle, tx_phy, rx_phy };
                        world.event(who, &event, Notice::Nothing);
                    },
                );
            }
            _ => {}
        }
    }

    /// Tells each end that asked for the change, or for which it is one.
    fn tell_both(
        &mut self,
        number: u64,
        changed: bool,
        is: impl Fn(&Procedure) -> bool + Copy,
        tell: impl Fn(&mut World, usize, ConnectionHandle),
    ) {
        for end in [0, 1] {
            let Some(link) = self.links.get(&number) else { return };
            let (who, handle) = (link.ends[end].who, ConnectionHandle(link.ends[end].handle));
            let asked = self.current_is(number, end, is);
            if asked || changed {
                tell(self, who, handle);
            }
            if asked {
                self.next_procedure(number, end);
            }
        }
    }
}

/// Interval, latency and timeout in the units of HCI.
fn parameters(link: &Link) -> (u16, u16, u16) {
    (u16::try_from(link.interval / 1_250).unwrap_or(0), link.latency, link.timeout)
}

fn our_version() -> Control {
    Control::Version { version: 0x0c, manufacturer: 0xffff, subversion: 0 }
}

/// We receive whatever there is.
fn our_lengths((tx_octets, tx_time): (u16, u16)) -> Lengths {
    Lengths { rx_octets: 251, rx_time: 17_040, tx_octets, tx_time }
}
