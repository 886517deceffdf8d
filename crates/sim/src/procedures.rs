//! The link layer's control procedures (Vol 6, Part B, 5.1).

use crate::{
    changes::parameters,
    link::{Link, PROCEDURE_TIMEOUT, Procedure},
    ll::{Control, Lengths},
    police::Notice,
    supported::{DATA_LENGTH, LE_2M, LE_CODED, PARAMETERS_REQUEST},
    world::{Task, World},
};
use jelling_wire::hci::{
    ConnectionHandle, Status,
    event::{Event, Subevent},
};

impl World {
    /// A new link: a controller that was told so makes its PDUs longer by itself.
    pub(crate) fn introduce(&mut self, number: u64) {
        for end in [0, 1] {
            let Some(link) = self.links.get_mut(&number) else { return };
            let who = link.ends[end].who;
            let has = self.controllers[who].config.phys();
            let settings = &self.controllers[who].settings;
            let wanted = (settings.tx_octets, settings.tx_time);
            link.ends[end].wanted = wanted;
            link.ends[end].preferred = (settings.tx_phys & has, settings.rx_phys & has);
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

    /// True while a procedure of this kind goes on or waits: another one is refused.
    pub(crate) fn is_busy_with(&self, number: u64, end: usize, procedure: &Procedure) -> bool {
        self.links.get(&number).is_some_and(|l| {
            let side = &l.ends[end];
            side.current.iter().chain(&side.waiting).any(|p| p.is_like(procedure))
        })
    }

    /// As [`World::begin`], in the place of what waits and is of the same kind.
    pub(crate) fn begin_instead(&mut self, number: u64, end: usize, procedure: Procedure) {
        if let Some(link) = self.links.get_mut(&number) {
            link.ends[end].waiting.retain(|p| !p.is_like(&procedure));
        }
        self.begin(number, end, procedure);
    }

    /// Begins a procedure, when the ones before it are done. The end of a link waits for nothing.
    pub(crate) fn begin(&mut self, number: u64, end: usize, procedure: Procedure) {
        let Some(link) = self.links.get_mut(&number) else { return };
        let held = is_held(link, end, &procedure);
        let side = &mut link.ends[end];
        if matches!(procedure, Procedure::Terminate(_)) {
            side.current = None;
            side.waiting.clear();
        } else if side.current.is_some() || held {
            side.waiting.push_back(procedure);
            return;
        }
        side.current = Some(procedure);
        side.token += 1;
        let token = side.token;
        self.schedule(self.now + PROCEDURE_TIMEOUT, Task::Procedure { link: number, end, token });
        self.start(number, end, procedure);
    }

    pub(crate) fn next_procedure(&mut self, number: u64, end: usize) {
        let Some(link) = self.links.get_mut(&number) else { return };
        let side = &mut link.ends[end];
        side.current = None;
        side.token += 1;
        self.begin_waiting(number, end);
    }

    /// Begins the first of the procedures that wait and may begin.
    pub(crate) fn begin_waiting(&mut self, number: u64, end: usize) {
        let Some(link) = self.links.get_mut(&number) else { return };
        if link.ends[end].current.is_some() {
            return;
        }
        let at = link.ends[end].waiting.iter().position(|p| !is_held(link, end, p));
        if let Some(next) = at.and_then(|at| link.ends[end].waiting.remove(at)) {
            self.begin(number, end, next);
        }
    }

    /// The last PDU of a procedure has come: nothing is waited for but its instant (Vol 6, Part B, 5.2).
    fn answered(&mut self, number: u64, end: usize, like: &Procedure) {
        if let Some(link) = self.links.get_mut(&number)
            && link.ends[end].current.is_some_and(|p| p.is_like(like))
        {
            link.ends[end].token += 1;
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

    pub(crate) fn send(&mut self, number: u64, end: usize, control: Control) {
        if let Some(link) = self.links.get_mut(&number) {
            link.ends[end].control.push_back(control);
        }
        self.kick(number);
    }

    fn start(&mut self, number: u64, end: usize, procedure: Procedure) {
        let Some(link) = self.links.get_mut(&number) else { return };
        let ours = self.controllers[link.ends[end].who].config.le_features();
        match procedure {
            Procedure::Terminate(reason) => {
                // Vol 6, Part B, 5.1.6: unacknowledged, it ends with the supervision timeout.
                link.ends[end].control.clear();
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
                None if end == 0 => self.send(number, end, Control::FeatureRequest { features: ours }),
                None => self.send(number, end, Control::PeripheralFeatureRequest { features: ours }),
            },
            Procedure::Channels(map) => {
                self.change(number, Control::ChannelMap { map, instant: 0 });
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
        let ours = self.controllers[who].config.le_features();
        // Vol 6, Part B, 5.1.9: what a controller does not know.
        let needs = match control {
            Control::ParameterRequest { .. } => PARAMETERS_REQUEST,
            Control::LengthRequest(_) => DATA_LENGTH,
            Control::PhyRequest { .. } => LE_2M | LE_CODED,
            _ => u64::MAX,
        };
        if ours & needs == 0
            && let Some(opcode) = control.octets().first().copied()
        {
            return self.send(number, end, Control::Unknown { opcode });
        }
        match control {
            Control::Terminate { reason } => {
                let mut reasons = [None, None];
                reasons[end] = Some(reason);
                self.part(number, reasons);
            }
            Control::ConnectionUpdate { .. } | Control::ChannelMap { .. } | Control::PhyUpdate { .. } => {
                self.change_arrives(number, end, control);
                let like = match control {
                    Control::ConnectionUpdate { .. } => Procedure::Update([0; 4]),
                    Control::ChannelMap { map, .. } => Procedure::Channels(map),
                    _ => Procedure::Phy(0, 0),
                };
                for end in [0, 1] {
                    self.answered(number, end, &like);
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
                side.remote_features = Some(features & ours);
                self.send(number, end, Control::FeatureResponse { features: ours });
            }
            Control::FeatureResponse { features } => {
                side.remote_features = Some(features & ours);
                self.tell_features(number, end, Status::SUCCESS, features);
            }
            Control::ParameterRequest { interval_min, interval_max, latency, timeout } => {
                let refused = match side.current {
                    _ if end == 1 => Some(Status::UNSUPPORTED_REMOTE_FEATURE),
                    Some(current) if current.has_instant() => Some(collision(&current, &Procedure::Update([0; 4]))),
                    _ => (!self.wants(who, Subevent::REMOTE_CONNECTION_PARAMETER_REQUEST))
                        .then_some(Status::UNSUPPORTED_REMOTE_FEATURE),
                };
                if let Some(reason) = refused {
                    let opcode = Control::PARAMETER_REQUEST;
                    return self.send(number, end, Control::RejectExtended { opcode, reason });
                }
                if let Some(link) = self.links.get_mut(&number) {
                    link.ends[end].parameters_asked = true;
                }
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
                let (ours_tx, ours_rx) = side.preferred;
                if end == 1 {
                    return self.send(number, 1, Control::PhyResponse { tx: ours_tx, rx: ours_rx });
                }
                if let Some(current) = side.current.filter(Procedure::has_instant) {
                    let (opcode, reason) = (Control::PHY_REQUEST, collision(&current, &Procedure::Phy(0, 0)));
                    return self.send(number, end, Control::RejectExtended { opcode, reason });
                }
                self.update_phys(number, [ours_tx & rx, ours_rx & tx]);
            }
            Control::PhyResponse { tx, rx } => {
                if let Some(Procedure::Phy(ours_tx, ours_rx)) = side.current {
                    self.answered(number, end, &Procedure::Phy(0, 0));
                    self.update_phys(number, [ours_tx & rx, ours_rx & tx]);
                }
            }
            Control::EncryptionRequest { .. }
            | Control::EncryptionResponse { .. }
            | Control::StartEncryptionRequest
            | Control::StartEncryptionResponse
            | Control::PauseEncryptionRequest
            | Control::PauseEncryptionResponse => self.encryption(number, end, control),
            // The host learns that its peer cannot; of lengths it is told only what changes.
            Control::Unknown { opcode: opcode @ (Control::PARAMETER_REQUEST | Control::PHY_REQUEST) } => {
                self.rejected(number, end, opcode, Status::UNSUPPORTED_REMOTE_FEATURE);
            }
            Control::Unknown { .. } => self.next_procedure(number, end),
        }
    }

    pub(crate) fn current_is(&self, number: u64, end: usize, is: impl Fn(&Procedure) -> bool) -> bool {
        self.links.get(&number).is_some_and(|l| l.ends[end].current.as_ref().is_some_and(is))
    }

    pub(crate) fn current(&self, number: u64, end: usize) -> Option<Procedure> {
        self.links.get(&number)?.ends[end].current
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
                self.begin_waiting(number, end);
            }
        }
        true
    }

    /// A request is refused. Other procedures go on: the answer to one that is over comes too late.
    fn rejected(&mut self, number: u64, end: usize, opcode: u8, reason: Status) {
        let Some(link) = self.links.get_mut(&number) else { return };
        let phys = link.phys;
        let values = parameters(link);
        let side = &mut link.ends[end];
        let (who, handle) = (side.who, ConnectionHandle(side.handle));
        match (opcode, side.current) {
            (Control::ENCRYPTION_REQUEST, Some(Procedure::Encrypt { .. })) => {
                side.paused = false;
                self.tell_encryption(who, handle, reason, false);
            }
            (Control::PARAMETER_REQUEST, Some(Procedure::Update(_))) => self.tell_update(who, handle, reason, values),
            (Control::PHY_REQUEST, Some(Procedure::Phy(..))) => {
                let (tx_phy, rx_phy) = (phys[end], phys[1 - end]);
                let event = Event::LePhyUpdateComplete { status: reason, handle, tx_phy, rx_phy };
                self.event(who, &event, Notice::Nothing);
            }
            _ => return,
        }
        self.next_procedure(number, end);
        self.kick(number);
    }

    pub(crate) fn tell_update(
        &mut self,
        who: usize,
        handle: ConnectionHandle,
        status: Status,
        values: (u16, u16, u16),
    ) {
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
        side.agreed = agreed;
        self.tell_lengths(number, end);
    }

    /// The host learns of the lengths in force, if they are not those it knows.
    pub(crate) fn tell_lengths(&mut self, number: u64, end: usize) {
        let Some(link) = self.links.get_mut(&number) else { return };
        let lengths = link.lengths_in_force(end);
        let side = &mut link.ends[end];
        if lengths == side.lengths {
            return;
        }
        side.lengths = lengths;
        let (who, handle) = (side.who, ConnectionHandle(side.handle));
        let Lengths { rx_octets, rx_time, tx_octets, tx_time } = lengths;
        self.event(who, &Event::LeDataLengthChange { handle, tx_octets, tx_time, rx_octets, rx_time }, Notice::Nothing);
    }
}

/// Vol 6, Part B, 5.3: a change of the central waits for the one before it, and for what its host is asked.
fn is_held(link: &Link, end: usize, procedure: &Procedure) -> bool {
    end == 0 && procedure.has_instant() && (!link.changes.is_empty() || link.ends[0].parameters_asked)
}

/// Why the central refuses a procedure of the peripheral that collides with its own (Vol 6, Part B, 5.3).
fn collision(ours: &Procedure, theirs: &Procedure) -> Status {
    if ours.is_like(theirs) { Status::LL_PROCEDURE_COLLISION } else { Status::DIFFERENT_TRANSACTION_COLLISION }
}

fn our_version() -> Control {
    Control::Version { version: 0x0c, manufacturer: 0xffff, subversion: 0 }
}

/// We receive whatever there is.
fn our_lengths((tx_octets, tx_time): (u16, u16)) -> Lengths {
    Lengths { rx_octets: 251, rx_time: 17_040, tx_octets, tx_time }
}
