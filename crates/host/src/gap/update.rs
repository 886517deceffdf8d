//! Updates of a link's parameters, one at a time: ours, by the link layer or else by L2CAP, and what the peer asks for
//! (Vol 3, Part A, 4.20 and 4.21; Vol 4, Part E, 7.8.18, 7.8.31 and 7.8.32).

use super::{ConnectionParameters, parameters::Rule};
use crate::{
    Core,
    counters::count,
    error::{Argument, Error},
    event::{Happened, LinkNews},
    link::{Link, LinkId, Owed, Parameters},
    time::{Deadline, Instant},
};
use core::{task::Poll, time::Duration};
use jelling_wire::hci::{ConnectionHandle, Opcode, Role, Status};

/// How far the one update of a link is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(not(feature = "peripheral"), expect(dead_code, reason = "only a peripheral asks by L2CAP"))]
pub(crate) enum UpdateStage {
    Idle,
    /// LE Connection Update is to be sent.
    Wanted,
    /// It was sent: LE Connection Update Complete follows.
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

/// The update of a link's parameters: ours, or the one that the peer asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Update {
    pub(crate) stage: UpdateStage,
    /// Tells one from the next.
    ticket: u8,
    /// Of the request on the signalling channel; of a question, 0 where it came by the link layer.
    pub(crate) identifier: u8,
    /// Somebody waits for its end.
    is_awaited: bool,
    pub(crate) parameters: Parameters,
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
        parameters: Parameters::ZERO,
        error: Error::ZERO,
        deadline: Deadline::NEVER,
    };
}

/// An update of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UpdateTicket {
    link: LinkId,
    ticket: u8,
}

/// How long the link layer may take: as long as a procedure of it (Vol 6, Part B, 5.2).
const LINK_LAYER_TIMEOUT: Duration = Duration::from_secs(40);
/// How long the application may think: less than a peer waits.
const WORD_TIMEOUT: Duration = Duration::from_secs(29);
/// The bit of the Connection Parameters Request procedure (Vol 6, Part B, 4.6).
const PARAMETERS_REQUEST: u64 = 1 << 1;

impl Link {
    /// Begins an update, whoever wants it.
    fn begin_update(&mut self, stage: UpdateStage, parameters: Parameters, is_awaited: bool) -> u8 {
        let ticket = self.update.ticket.wrapping_add(1);
        self.update = Update { stage, ticket, is_awaited, parameters, ..Update::NEW };
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
        let link = self.link_mut(id)?;
        if link.is_leaving() {
            return Err(Error::Disconnected);
        }
        if link.update.stage != UpdateStage::Idle {
            return Err(Error::Busy);
        }
        let by_link_layer = by_link_layer || !signals(link);
        let stage = if by_link_layer { UpdateStage::Wanted } else { UpdateStage::Signal };
        let ticket = link.begin_update(stage, parameters, true);
        self.state.work = true;
        Ok(UpdateTicket { link: id, ticket })
    }

    /// How an update of ours ended: the parameters are in force, or the peer or the controller refused them.
    pub fn parameters_updated(&mut self, ticket: UpdateTicket) -> Poll<Result<(), Error>> {
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
        match link.update.stage {
            UpdateStage::Wanted | UpdateStage::Signal | UpdateStage::Done | UpdateStage::Failed => {
                self.finish_update(usize::from(ticket.link.index), None);
            }
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
        self.tell_link(index, LinkNews::LINK);
    }

    /// LE Connection Update goes out.
    pub(crate) fn update_asked(&mut self, now: Instant, index: usize) {
        self.advance_update(index, UpdateStage::Asked, Deadline::after(now, LINK_LAYER_TIMEOUT));
    }

    pub(crate) fn advance_update(&mut self, index: usize, stage: UpdateStage, deadline: Deadline) {
        let Some(link) = self.links.get_mut(index) else { return };
        link.update.stage = stage;
        self.state.sooner.set(&mut link.update.deadline, deadline);
    }

    /// The controller refused LE Connection Update.
    pub(crate) fn on_update_refused(&mut self, handle: ConnectionHandle, opcode: Opcode, status: Status) {
        if let Some(index) = self.links.iter().position(|l| l.is_up() && l.handle == handle) {
            self.update_failed(index, status, Error::Refused(opcode, status));
        }
    }

    /// LE Connection Update Complete came; what it says stands in the link.
    pub(crate) fn on_updated(&mut self, index: usize, status: Status) {
        let stage = self.links.get(index).map(|link| link.update.stage);
        match stage {
            Some(UpdateStage::Asked | UpdateStage::Agreed) if status.is_success() => self.finish_update(index, None),
            Some(UpdateStage::Agreed) => self.finish_update(index, Some(Error::ParametersRefused(status))),
            _ => self.update_failed(index, status, Error::ParametersRefused(status)),
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
        if !(is_unknown && signals(link) && link.update.is_awaited) {
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
            } else {
                count(&mut self.state.counters.timeouts);
                self.finish_update(index, Some(Error::Timeout));
            }
        }
    }

    /// The peer asks for parameters: by the link layer, or with this identifier on the signalling channel.
    pub(crate) fn on_parameters_wanted(&mut self, now: Instant, index: usize, wanted: Parameters, identifier: u8) {
        let general = self.state.parameter_requests();
        let Some(link) = self.links.get_mut(index) else { return };
        let rule = link.parameter_rule.get().unwrap_or(general);
        let is_free = link.update.stage == UpdateStage::Idle;
        if !(wanted.are_valid() && rule.rule == Rule::Ask && is_free) {
            // By L2CAP, what is agreed to is an update of ours.
            let may = wanted.are_valid() && (is_free || identifier == 0);
            let taken = if may { rule.taken(wanted) } else { None };
            return self.answer_peer(index, identifier, taken);
        }
        link.begin_update(UpdateStage::Question, wanted, false);
        link.update.identifier = identifier;
        link.happened.insert(Happened::PARAMETERS_WANTED);
        self.advance_update(index, UpdateStage::Question, Deadline::after(now, WORD_TIMEOUT));
        self.tell_link(index, LinkNews::LINK);
    }

    /// Answers the peer that asked for parameters: these, or `None` where they are refused. `Stale` where it does not ask, or has
    /// been answered.
    pub fn answer_parameters(&mut self, id: LinkId, answer: Option<&ConnectionParameters>) -> Result<(), Error> {
        let taken = match answer {
            Some(parameters) => Some(parameters.units().ok_or(Error::InvalidArgument(Argument::ConnectionParameters))?),
            None => None,
        };
        let update = self.link_mut(id)?.update;
        if update.stage != UpdateStage::Question {
            return Err(Error::Stale);
        }
        self.answer_question_of(usize::from(id.index), taken);
        Ok(())
    }

    /// The word on what the application was asked.
    fn answer_question_of(&mut self, index: usize, taken: Option<Parameters>) {
        let identifier = self.links.get(index).map_or(0, |link| link.update.identifier);
        self.finish_update(index, None);
        self.answer_peer(index, identifier, taken);
    }

    fn answer_peer(&mut self, index: usize, identifier: u8, taken: Option<Parameters>) {
        let Some(link) = self.links.get_mut(index) else { return };
        self.state.work = true;
        if identifier == 0 {
            link.requested = taken.unwrap_or(Parameters::ZERO);
            link.owed.insert(Owed::PARAMETER_REPLY);
            return;
        }
        #[cfg(feature = "central")]
        {
            use jelling_wire::l2cap::signalling::UpdateResult;
            let result = if taken.is_some() { UpdateResult::ACCEPTED } else { UpdateResult::REJECTED };
            if let Some(parameters) = taken {
                link.begin_update(UpdateStage::Wanted, parameters, false);
            }
            self.reply(index, crate::l2cap::Reply::update(identifier, result));
        }
    }
}

/// True for a link on which L2CAP may ask for parameters (Vol 3, Part A, 4.20).
fn signals(link: &Link) -> bool {
    cfg!(feature = "peripheral") && link.role == Role::Peripheral
}
