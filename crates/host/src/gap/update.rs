//! Updates of a link, one at a time: of its parameters, by the link layer or else by L2CAP, of its PHYs, of the length of its packets
//! (Vol 3, Part A, 4.20; Vol 4, Part E, 7.8.18, 7.8.33 and 7.8.49).

use super::{ConnectionParameters, Phys};
use crate::{
    Core,
    counters::count,
    error::{Argument, Error},
    event::{Happened, LinkNews},
    hci::Purpose,
    link::{Link, LinkId, Owed, Parameters},
    time::{Deadline, Instant},
};
use core::{task::Poll, time::Duration};
#[cfg(feature = "peripheral")]
use jelling_wire::l2cap::signalling::UpdateResult;
use jelling_wire::{
    Writer,
    hci::{ConnectionHandle, Opcode, Role, Status, command},
};

/// How far the one update of a link is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(not(feature = "peripheral"), expect(dead_code, reason = "only a peripheral asks by L2CAP"))]
pub(crate) enum UpdateStage {
    Idle,
    /// A command is to be sent.
    Wanted,
    /// It was sent: an event follows.
    Asked,
    /// Connection Parameter Update Request is to be sent.
    Signal,
    /// It was sent: a response with its identifier follows.
    Signalled,
    /// The central has agreed: the parameters follow.
    Agreed,
    /// The peer wants these parameters, and the application is asked.
    Question,
    /// It succeeded, and somebody waits for that.
    Done,
    /// It failed, and somebody waits for that.
    Failed,
}

/// What a link is to have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wish {
    Parameters(Parameters),
    Phys {
        tx: Phys,
        rx: Phys,
    },
    /// Octets.
    DataLength(u16),
}

/// The update of a link: ours, or of the parameters that the peer asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Update {
    pub(crate) stage: UpdateStage,
    /// Tells one from the next.
    ticket: u8,
    /// Of the request on the signalling channel; of a question, 0 where it came by the link layer.
    pub(crate) identifier: u8,
    /// Somebody waits for its end.
    is_awaited: bool,
    pub(crate) wish: Wish,
    /// The peer has been promised the parameters in `requested`: they follow.
    pub(super) goes_on: bool,
    /// Why it failed.
    error: Error,
    pub(crate) deadline: Deadline,
}

impl Update {
    pub(crate) const NEW: Update = Update {
        stage: UpdateStage::Idle,
        ticket: 0,
        identifier: 0,
        is_awaited: false,
        wish: Wish::Parameters(Parameters::ZERO),
        goes_on: false,
        error: Error::ZERO,
        deadline: Deadline::NEVER,
    };

    /// The parameters, where the wish is for some.
    pub(crate) fn parameters(&self) -> Parameters {
        if let Wish::Parameters(parameters) = self.wish { parameters } else { Parameters::ZERO }
    }
}

/// An update of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UpdateTicket {
    link: LinkId,
    ticket: u8,
}

/// What is done where a link is updated. It stands behind pointers, so that a program that updates none does without.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Updates {
    emit: fn(&mut Core<'_>, Instant, usize, &mut Writer<'_>) -> Option<Purpose>,
    answered: fn(&mut Core<'_>, ConnectionHandle, Opcode, Status),
    happened: fn(&mut Core<'_>, usize, Outcome),
    is_late: fn(&mut Core<'_>, usize),
    #[cfg(feature = "peripheral")]
    pub(crate) signal: fn(&mut Core<'_>, Instant, usize) -> bool,
    #[cfg(feature = "peripheral")]
    pub(crate) response: fn(&mut Core<'_>, Instant, usize, u8, Option<UpdateResult>) -> bool,
}

impl Updates {
    pub(super) const BEGUN: Updates = Updates {
        emit: |core, now, index, w| core.emit_update(now, index, w),
        answered: |core, handle, opcode, status| core.update_answered(handle, opcode, status),
        happened: |core, index, outcome| core.update_happened(index, outcome),
        is_late: |core, index| {
            count(&mut core.state.counters.timeouts);
            core.finish_update(index, Some(Error::Timeout));
        },
        #[cfg(feature = "peripheral")]
        signal: |core, now, index| core.send_parameter_request(now, index),
        #[cfg(feature = "peripheral")]
        response: |core, now, index, identifier, result| core.on_parameter_response(now, index, identifier, result),
    };
}

/// What a controller tells of a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Parameters(Status),
    Phys(Status),
    DataLength,
}

/// How long the link layer may take: as long as a procedure of it (Vol 6, Part B, 5.2).
const LINK_LAYER_TIMEOUT: Duration = Duration::from_secs(40);
/// How long the application may think: less than a peer waits.
pub(super) const WORD_TIMEOUT: Duration = Duration::from_secs(29);
/// The bit of the Connection Parameters Request procedure (Vol 6, Part B, 4.6).
const PARAMETERS_REQUEST: u64 = 1 << 1;

impl Link {
    /// Begins an update, whoever wants it.
    pub(super) fn begin_update(&mut self, stage: UpdateStage, wish: Wish, is_awaited: bool) -> u8 {
        let ticket = self.update.ticket.wrapping_add(1);
        self.update = Update { stage, ticket, is_awaited, wish, ..Update::NEW };
        match stage {
            UpdateStage::Wanted => self.owed.insert(Owed::UPDATE),
            UpdateStage::Signal => self.owed.insert(Owed::PARAMETER_REQUEST),
            _ => {}
        }
        ticket
    }
}

impl Core<'_> {
    /// Begins to change the parameters of a link. A central does so by LE Connection Update; a peripheral asks its central to, by the
    /// link layer where both controllers can (Vol 6, Part B, 5.1.7), else by L2CAP. `Busy` while another update is under way.
    pub fn update_parameters(&mut self, id: LinkId, parameters: &ConnectionParameters) -> Result<UpdateTicket, Error> {
        let parameters = parameters.units().ok_or(Error::InvalidArgument(Argument::ConnectionParameters))?;
        let by_link_layer = self.state.controller.le_features & PARAMETERS_REQUEST != 0;
        let signals = signals(self.link(id)?) && !by_link_layer;
        let stage = if signals { UpdateStage::Signal } else { UpdateStage::Wanted };
        self.begin_update(id, stage, Wish::Parameters(parameters))
    }

    /// Begins an update of ours.
    pub(super) fn begin_update(&mut self, id: LinkId, stage: UpdateStage, wish: Wish) -> Result<UpdateTicket, Error> {
        self.state.updates = Some(&Updates::BEGUN);
        let link = self.link_mut(id)?;
        if link.is_leaving() {
            return Err(Error::Disconnected);
        }
        if link.update.stage != UpdateStage::Idle {
            return Err(Error::Busy);
        }
        let ticket = link.begin_update(stage, wish, true);
        self.state.work = true;
        Ok(UpdateTicket { link: id, ticket })
    }

    /// How an update of ours ended: what was wanted is in force, or as much of it as the peer can; or the peer or the controller
    /// refused it.
    pub fn updated(&mut self, ticket: UpdateTicket) -> Poll<Result<(), Error>> {
        let link = match self.link_mut(ticket.link) {
            Ok(link) => link,
            Err(error) => return Poll::Ready(Err(error)),
        };
        let update = &link.update;
        let result = match update.stage {
            _ if update.ticket != ticket.ticket => Err(Error::Stale),
            UpdateStage::Done => Ok(()),
            UpdateStage::Failed => Err(update.error),
            _ => return Poll::Pending,
        };
        self.end_update(ticket);
        Poll::Ready(result)
    }

    /// Nobody waits for an update any more. What has not been asked for yet is not; what has been goes on.
    pub fn end_update(&mut self, ticket: UpdateTicket) {
        let Ok(link) = self.link_mut(ticket.link) else { return };
        if link.update.ticket != ticket.ticket {
            return;
        }
        link.update.is_awaited = false;
        // No controller tells of a length that stays as it is, and each may be asked again at any time.
        let is_length = matches!(link.update.wish, Wish::DataLength(_));
        match link.update.stage {
            UpdateStage::Wanted | UpdateStage::Signal | UpdateStage::Done | UpdateStage::Failed => {
                self.finish_update(usize::from(ticket.link.index), None);
            }
            UpdateStage::Asked if is_length => self.finish_update(usize::from(ticket.link.index), None),
            _ => {}
        }
    }

    /// The update is over, and the next may begin once its outcome is taken.
    pub(crate) fn finish_update(&mut self, index: usize, error: Option<Error>) {
        let Some(link) = self.links.get_mut(index) else { return };
        let update = &mut link.update;
        update.deadline = Deadline::NEVER;
        update.stage = match error {
            _ if !update.is_awaited => UpdateStage::Idle,
            Some(_) => UpdateStage::Failed,
            None => UpdateStage::Done,
        };
        update.error = error.unwrap_or(Error::ZERO);
        link.owed.remove(Owed::UPDATE | Owed::PARAMETER_REQUEST);
        link.happened.remove(Happened::PARAMETERS_WANTED);
        if link.update.stage == UpdateStage::Idle && core::mem::take(&mut link.update.goes_on) {
            link.begin_update(UpdateStage::Wanted, Wish::Parameters(link.requested), false);
            self.state.work = true;
        }
        self.tell_link(index, LinkNews::LINK);
    }

    /// The next command of an update.
    pub(crate) fn next_update(&mut self, now: Instant, index: usize, w: &mut Writer<'_>) -> Option<Purpose> {
        (self.state.updates?.emit)(self, now, index, w)
    }

    fn emit_update(&mut self, now: Instant, index: usize, w: &mut Writer<'_>) -> Option<Purpose> {
        let link = self.links.get_mut(index)?;
        link.owed.remove(Owed::UPDATE);
        let handle = link.handle;
        match link.update.wish {
            Wish::Parameters(p) => {
                let update = command::LeConnectionUpdate {
                    handle,
                    interval_min: p.interval_min,
                    interval_max: p.interval_max,
                    latency: p.latency,
                    supervision_timeout: p.supervision_timeout,
                    ce_length_min: 0,
                    ce_length_max: 0,
                };
                command::open(&update, w);
            }
            Wish::Phys { tx, rx } => link.emit_set_phy(tx, rx, w),
            Wish::DataLength(octets) => link.emit_set_data_length(octets, w),
        }
        self.advance_update(index, UpdateStage::Asked, Deadline::after(now, LINK_LAYER_TIMEOUT));
        Some(Purpose::Update(handle))
    }

    pub(crate) fn advance_update(&mut self, index: usize, stage: UpdateStage, deadline: Deadline) {
        let Some(link) = self.links.get_mut(index) else { return };
        link.update.stage = stage;
        self.state.sooner.set(&mut link.update.deadline, deadline);
    }

    /// The controller answered the command of an update.
    pub(crate) fn on_update_answer(&mut self, handle: ConnectionHandle, opcode: Opcode, status: Status) {
        if let Some(updates) = self.state.updates {
            (updates.answered)(self, handle, opcode, status);
        }
    }

    fn update_answered(&mut self, handle: ConnectionHandle, opcode: Opcode, status: Status) {
        let Some(index) = self.links.iter().position(|l| l.is_up() && l.handle == handle) else { return };
        let Some(link) = self.links.get(index) else { return };
        if !status.is_success() {
            return self.update_failed(index, status, Error::Refused(opcode, status));
        }
        // What is as it was wanted is no change, of which no controller tells.
        let is_done = matches!(link.update.wish, Wish::DataLength(octets) if link.lengths.get().tx_octets == octets);
        if is_done && link.update.stage == UpdateStage::Asked {
            self.finish_update(index, None);
        }
    }

    /// The controller told what stands in the link now: an update may be over.
    pub(crate) fn on_updated(&mut self, index: usize, outcome: Outcome) {
        if let Some(updates) = self.state.updates {
            (updates.happened)(self, index, outcome);
        }
    }

    fn update_happened(&mut self, index: usize, outcome: Outcome) {
        let Some(update) = self.links.get(index).map(|link| link.update) else { return };
        let is_agreed = update.stage == UpdateStage::Agreed;
        if update.stage != UpdateStage::Asked && !is_agreed {
            return;
        }
        match (update.wish, outcome) {
            (Wish::Parameters(_), Outcome::Parameters(status)) if !status.is_success() => {
                let error = Error::ParametersRefused(status);
                if is_agreed {
                    self.finish_update(index, Some(error))
                } else {
                    self.update_failed(index, status, error)
                }
            }
            (Wish::Phys { .. }, Outcome::Phys(status)) if !status.is_success() => {
                self.finish_update(index, Some(Error::Refused(Opcode::LE_SET_PHY, status)));
            }
            (Wish::Parameters(_), Outcome::Parameters(_))
            | (Wish::Phys { .. }, Outcome::Phys(_))
            | (Wish::DataLength(_), Outcome::DataLength) => self.finish_update(index, None),
            _ => {}
        }
    }

    /// The link layer did not do it: L2CAP may.
    fn update_failed(&mut self, index: usize, status: Status, error: Error) {
        let Some(link) = self.links.get_mut(index).filter(|l| l.update.stage == UpdateStage::Asked) else { return };
        // Vol 3, Part A, 4.20: where either controller does not have the procedure. Zephyr and NimBLE take Unsupported Remote
        // Feature for that, which LL_UNKNOWN_RSP leads to (Vol 6, Part B, 5.1.7); the others are what older controllers say.
        let is_unknown = matches!(
            status,
            Status::UNSUPPORTED_REMOTE_FEATURE
                | Status::UNKNOWN_HCI_COMMAND
                | Status::UNSUPPORTED_FEATURE_OR_PARAMETER
                | Status::UNKNOWN_LMP_PDU
                | Status::UNSUPPORTED_LL_PARAMETER_VALUE
        );
        let may = signals(link) && link.update.is_awaited && matches!(link.update.wish, Wish::Parameters(_));
        if !(is_unknown && may) {
            return self.finish_update(index, Some(error));
        }
        link.update.stage = UpdateStage::Signal;
        link.update.deadline = Deadline::NEVER;
        link.owed.insert(Owed::PARAMETER_REQUEST);
        self.state.work = true;
    }

    /// Ends updates and questions that take too long.
    pub(crate) fn update_timeout(&mut self, now: Instant) {
        for index in 0..self.links.len() {
            let Some(link) = self.links.get_mut(index) else { return };
            if !(link.is_up() && link.update.deadline.take_due(now)) {
                continue;
            }
            if link.update.stage == UpdateStage::Question {
                self.answer_question_of(index, None);
            } else if let Some(updates) = self.state.updates {
                (updates.is_late)(self, index);
            }
        }
    }
}

/// True for a link on which L2CAP may ask for parameters (Vol 3, Part A, 4.20).
fn signals(link: &Link) -> bool {
    cfg!(feature = "peripheral") && link.role == Role::Peripheral
}
