//! One command in flight: the next one follows from what is wanted and how far the controller is.

#[cfg(feature = "peripheral")]
use super::AdvertiserCommand;
#[cfg(feature = "central")]
use super::CentralCommand;
use super::Step;
#[cfg(feature = "peripheral")]
use crate::gap::AdvertisingStage;
#[cfg(feature = "central")]
use crate::gap::{InitiatorStage, ScanStage, Search};
use crate::{
    Core,
    counters::count,
    error::{Error, Fault},
    fmt::warning,
    link::{Owed, Parameters},
    state::Stage,
    time::{Deadline, Instant},
};
use jelling_wire::{
    Writer,
    hci::{ConnectionHandle, Opcode, Status, command},
};

/// What the command in flight is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    BringUp(Step),
    Stop,
    #[cfg(feature = "peripheral")]
    Advertise(AdvertiserCommand),
    #[cfg(feature = "central")]
    Central(CentralCommand),
    Orphan,
    Disconnect(u8),
    Update(ConnectionHandle),
    ParameterReply,
    KeyRefusal,
    LinkCheck(ConnectionHandle),
    #[cfg(feature = "security")]
    Random,
    #[cfg(feature = "security")]
    Encrypt(ConnectionHandle),
    #[cfg(feature = "security")]
    Curve,
    #[cfg(feature = "security")]
    PrivateAddress,
}

impl Purpose {
    /// True where a refusal is no news: the command crossed an event on its way, or the bring-up tells what it makes of it.
    fn may_be_refused(self) -> bool {
        match self {
            #[cfg(feature = "peripheral")]
            Purpose::Advertise(command) => command == AdvertiserCommand::Off,
            #[cfg(feature = "central")]
            Purpose::Central(command) => command == CentralCommand::ConnectCancel,
            Purpose::BringUp(_) | Purpose::Disconnect(_) | Purpose::LinkCheck(_) => true,
            #[cfg(feature = "security")]
            Purpose::Random | Purpose::Encrypt(_) | Purpose::Curve | Purpose::PrivateAddress => false,
            Purpose::Stop | Purpose::Orphan | Purpose::Update(_) | Purpose::ParameterReply | Purpose::KeyRefusal => {
                false
            }
        }
    }
}

/// The command the controller is answering.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct InFlight {
    pub(crate) purpose: Purpose,
    pub(crate) opcode: Opcode,
    pub(crate) deadline: Deadline,
}

impl InFlight {
    /// All zero.
    pub(crate) const NEW: InFlight =
        InFlight { purpose: Purpose::BringUp(Step::Reset), opcode: Opcode::NOP, deadline: Deadline::NEVER };
}

/// The commands that a link may owe beside those that end it and those of its security.
const OF_LINKS: Owed = Owed::UPDATE.union(Owed::PARAMETER_REPLY).union(Owed::KEY_REFUSAL);

impl Core<'_> {
    /// Writes the next command, if the controller takes one and there is one to send.
    pub(crate) fn poll_command(&mut self, now: Instant, w: &mut Writer<'_>) -> bool {
        if self.poll_completed(w) {
            return true;
        }
        let controller = &self.state.controller;
        if controller.in_flight.get().is_some() {
            return false;
        }
        if controller.credits == 0 {
            return false;
        }
        if self.state.flush {
            // A controller that lost step waits for the rest of some packet: this is longer than any, needs no credit, has no
            // answer, and says nothing to one that did not (Vol 4, Part E, 7.3.40; Vol 4, Part A, 4).
            self.state.flush = false;
            command::emit(&command::NothingCompleted {}, w);
            return true;
        }
        let purpose = match self.state.stage {
            Stage::Off | Stage::Failed => return false,
            Stage::Starting => self.next_step(now, w).map(Purpose::BringUp).or_else(|| self.next_purpose(now, w)),
            Stage::Stopping => self.next_stop(now, w),
            Stage::Up => self.next_purpose(now, w),
        };
        let Some(purpose) = purpose else { return false };
        command::close(0, w);
        let Some([low, high, ..]) = w.written().get(..2) else { return false };
        let opcode = Opcode::new(u16::from_le_bytes([*low, *high]));
        let deadline = self.state.command_deadline(now);
        if let Purpose::Disconnect(index) = purpose
            && let Some(link) = self.links.get_mut(usize::from(index))
        {
            // Vol 6, Part B, 5.1.6: an unacknowledged termination ends with the supervision timeout.
            let at = deadline.later(link.supervision_micros());
            self.state.sooner.set(&mut link.disconnect_deadline, at);
        }
        self.state.controller.in_flight.set(Some(InFlight { purpose, opcode, deadline }));
        self.state.sooner.note(deadline);
        self.state.controller.credits = self.state.controller.credits.saturating_sub(1);
        true
    }

    fn next_stop(&mut self, now: Instant, w: &mut Writer<'_>) -> Option<Purpose> {
        // Links are told before the reset takes them away.
        if let Some(purpose) = self.next_disconnect(now, w) {
            return Some(purpose);
        }
        if self.links.iter().any(crate::link::Link::is_up) {
            return None;
        }
        command::open(&command::Reset {}, w);
        Some(Purpose::Stop)
    }

    fn next_purpose(&mut self, now: Instant, w: &mut Writer<'_>) -> Option<Purpose> {
        // Most calls find no link that needs a command.
        let needed = Owed::DISCONNECT | Owed::CHECK | OF_LINKS;
        #[cfg(feature = "security")]
        let needed = needed | Owed::ENCRYPT | Owed::KEY_REPLY;
        let links = self.links.iter().any(|l| l.owed.intersects(needed)) || self.state.orphan.is_some();
        if !links && !self.may_command() {
            return None;
        }
        let next = if links { self.next_disconnect(now, w) } else { None };
        #[cfg(feature = "security")]
        let next =
            next.or_else(|| if links { self.next_encryption(w) } else { None }).or_else(|| self.next_security(w));
        let next = next.or_else(|| self.next_activity(w));
        if links { next.or_else(|| self.next_of_links(now, w)).or_else(|| self.next_link_check(w)) } else { next }
    }

    /// What advertiser, scanner and initiator need; but first another address, where that is due.
    fn next_activity(&mut self, w: &mut Writer<'_>) -> Option<Purpose> {
        #[cfg(feature = "security")]
        if self.state.privacy.is_due() {
            return self.next_private_address(w);
        }
        #[cfg(feature = "peripheral")]
        if let Some(command) = self.next_advertising(w) {
            return Some(Purpose::Advertise(command));
        }
        #[cfg(feature = "central")]
        if let Some(command) = self.next_central(w) {
            return Some(Purpose::Central(command));
        }
        None
    }

    /// True when anything but a link may want a command.
    #[cfg_attr(target_pointer_width = "32", inline(never))]
    pub(crate) fn may_command(&self) -> bool {
        let state = &self.state;
        let settled = !state.flush && state.orphan.is_none();
        #[cfg(feature = "security")]
        let settled = settled && !state.random.is_wanted() && !state.curve.is_wanted() && !state.privacy.is_due();
        #[cfg(feature = "peripheral")]
        let settled = settled && {
            let advertising = &state.advertising;
            let stage = if advertising.wanted { AdvertisingStage::On } else { AdvertisingStage::Off };
            advertising.stage == stage && !advertising.changed
        };
        #[cfg(feature = "central")]
        let settled = settled && {
            let (scanning, initiator) = (&state.scanning, &state.initiator);
            let scan = if state.wants_scan() { ScanStage::On } else { ScanStage::Off };
            let connects = initiator.wanted && initiator.search != Search::Listening;
            let initiate = if connects { InitiatorStage::Initiating } else { InitiatorStage::Idle };
            scanning.stage == scan && !(state.wants_scan() && scanning.changed) && initiator.stage == initiate
        };
        !settled
    }

    /// What a pairing needs of the controller.
    #[cfg(feature = "security")]
    fn next_security(&mut self, w: &mut Writer<'_>) -> Option<Purpose> {
        if self.next_random(w) { Some(Purpose::Random) } else { self.next_curve(w) }
    }

    fn next_disconnect(&mut self, now: Instant, w: &mut Writer<'_>) -> Option<Purpose> {
        if let Some(handle) = self.state.orphan.take() {
            command::open(&command::Disconnect { handle, reason: Status::REMOTE_USER_TERMINATED_CONNECTION }, w);
            return Some(Purpose::Orphan);
        }
        // What is owed to the peer goes first, and is acknowledged first: a controller may throw away what it still holds when
        // it ends a link. No new request is served meanwhile. A peer that acknowledges nothing has as long for it as it would
        // have to acknowledge the end.
        for link in self.links.iter_mut().filter(|l| l.is_up() && l.owed.contains(Owed::DISCONNECT)) {
            let timeout = link.supervision_micros();
            if link.disconnect_deadline.is_never() {
                self.state.sooner.set(&mut link.disconnect_deadline, Deadline::at(now).later(timeout));
            }
        }
        let due = |l: &crate::link::Link| {
            let is_done = || !l.has_to_send() && l.in_flight == 0;
            l.is_up() && l.owed.contains(Owed::DISCONNECT) && (l.owed.contains(Owed::STALLED) || is_done())
        };
        let (index, link) = self.links.iter_mut().enumerate().find(|(_, l)| due(l))?;
        link.owed.remove(Owed::DISCONNECT);
        link.owed.insert(Owed::DISCONNECTING);
        command::open(
            &command::Disconnect { handle: link.handle, reason: Status::REMOTE_USER_TERMINATED_CONNECTION },
            w,
        );
        Some(Purpose::Disconnect(u8::try_from(index).ok()?))
    }

    fn next_of_links(&mut self, now: Instant, w: &mut Writer<'_>) -> Option<Purpose> {
        let (index, link) =
            self.links.iter_mut().enumerate().find(|(_, l)| l.is_up() && l.owed.intersects(OF_LINKS))?;
        let handle = link.handle;
        if link.owed.contains(Owed::KEY_REFUSAL) {
            link.owed.remove(Owed::KEY_REFUSAL);
            command::open(&command::LeLongTermKeyRequestNegativeReply { handle }, w);
            return Some(Purpose::KeyRefusal);
        }
        if link.owed.contains(Owed::PARAMETER_REPLY) {
            link.owed.remove(Owed::PARAMETER_REPLY);
            let p = link.requested;
            if p == Parameters::ZERO {
                let reason = Status::UNACCEPTABLE_CONNECTION_PARAMETERS;
                command::open(&command::LeRemoteConnectionParameterRequestNegativeReply { handle, reason }, w);
                return Some(Purpose::ParameterReply);
            }
            let reply = command::LeRemoteConnectionParameterRequestReply {
                handle,
                interval_min: p.interval_min,
                interval_max: p.interval_max,
                latency: p.latency,
                supervision_timeout: p.supervision_timeout,
                ce_length_min: 0,
                ce_length_max: 0,
            };
            command::open(&reply, w);
            return Some(Purpose::ParameterReply);
        }
        self.next_update(now, index, w)
    }

    /// The controller answered a command: `parameters` is what follows the status.
    pub(crate) fn on_command_answer(
        &mut self,
        now: Instant,
        credits: u8,
        opcode: Opcode,
        status: Status,
        parameters: &[u8],
    ) {
        // An empty answer changes how many commands the controller takes (Vol 4, Part E, 7.7.14). One that changes nothing, and
        // comes when nothing was asked, is what a controller says that has just started.
        let idle = self.state.controller.credits > 0 && self.state.controller.in_flight.get().is_none();
        if opcode == Opcode::NOP && idle && credits == self.state.controller.credits && self.state.stage == Stage::Up {
            // Its links tell whether it has. Without any, nothing is lost by a fresh start.
            if !self.check_links() {
                self.fail(Fault::Restarted);
            }
            return;
        }
        self.state.controller.credits = credits;
        let deadline = if credits == 0 { self.state.command_deadline(now) } else { Deadline::NEVER };
        self.state.sooner.set(&mut self.state.controller.credit_deadline, deadline);
        // Opcode 0 only tells that the controller takes commands (Vol 4, Part E, 7.7.14).
        if opcode == Opcode::NOP {
            return;
        }
        let Some(in_flight) = self.state.controller.in_flight.get().filter(|f| f.opcode == opcode) else {
            count(&mut self.state.counters.unexpected);
            return;
        };
        self.state.controller.in_flight.set(None);
        self.on_answer(now, in_flight.purpose, opcode, status, parameters);
    }

    #[cfg_attr(
        not(any(feature = "central", feature = "security")),
        expect(unused_variables, reason = "only a cancel and pairing are timed")
    )]
    fn on_answer(&mut self, now: Instant, purpose: Purpose, opcode: Opcode, status: Status, parameters: &[u8]) {
        let refused = if status.is_success() { None } else { Some(Error::Refused(opcode, status)) };
        if refused.is_some() && !purpose.may_be_refused() {
            warning!("the controller refused {}: {}", opcode, status);
        }
        match purpose {
            Purpose::BringUp(step) => self.on_step(step, opcode, status, parameters),
            Purpose::Stop => self.on_stopped(),
            #[cfg(feature = "peripheral")]
            Purpose::Advertise(command) => self.on_advertiser_answer(command, refused),
            #[cfg(feature = "central")]
            Purpose::Central(command) => self.on_central_answer(now, command, refused),
            Purpose::Disconnect(index) => {
                let leaving = |l: &&crate::link::Link| l.is_up() && l.owed.contains(Owed::DISCONNECTING);
                let handle = self.links.get(usize::from(index)).filter(leaving).map(|l| l.handle);
                if let (Status::UNKNOWN_CONNECTION_IDENTIFIER, Some(handle)) = (status, handle) {
                    self.on_unknown_link(handle);
                }
            }
            Purpose::LinkCheck(handle) => {
                if status == Status::UNKNOWN_CONNECTION_IDENTIFIER {
                    self.on_unknown_link(handle);
                }
            }
            #[cfg(feature = "security")]
            Purpose::Random => self.on_random(now, status, parameters),
            #[cfg(feature = "security")]
            Purpose::Encrypt(handle) => self.on_encryption_refused(now, handle, status),
            #[cfg(feature = "security")]
            Purpose::Curve => self.on_curve_refused(now, status),
            #[cfg(feature = "security")]
            Purpose::PrivateAddress => self.on_private_address(now, status.is_success()),
            Purpose::Update(handle) => self.on_update_answer(handle, opcode, status),
            Purpose::Orphan | Purpose::ParameterReply | Purpose::KeyRefusal => {}
        }
    }
}
