//! The parameters that a peer asks for, by the link layer or as a peripheral by L2CAP: one policy for both
//! (Vol 3, Part A, 4.20 and 4.21; Vol 4, Part E, 7.7.65.6, 7.8.31 and 7.8.32).

use super::{
    ConnectionParameters,
    parameters::Rule,
    update::{UpdateStage, WORD_TIMEOUT, Wish},
};
use crate::{
    Core,
    error::{Argument, Error},
    event::{Happened, LinkNews},
    link::{LinkId, Owed, Parameters},
    time::{Deadline, Instant},
};

impl Core<'_> {
    /// The peer asks for parameters: by the link layer, or with this identifier on the signalling channel.
    pub(crate) fn on_parameters_wanted(&mut self, now: Instant, index: usize, wanted: Parameters, identifier: u8) {
        let general = self.state.parameter_requests();
        let Some(link) = self.links.get_mut(index) else { return };
        let rule = link.parameter_rule.get().unwrap_or(general);
        let is_free = link.update.stage == UpdateStage::Idle;
        if !(wanted.are_valid() && rule.rule == Rule::Ask && is_free) {
            let taken = if wanted.are_valid() { rule.taken(wanted) } else { None };
            return self.answer_peer(index, identifier, taken);
        }
        link.begin_update(UpdateStage::Question, Wish::Parameters(wanted), false);
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
    pub(super) fn answer_question_of(&mut self, index: usize, taken: Option<Parameters>) {
        let identifier = self.links.get(index).map_or(0, |link| link.update.identifier);
        self.finish_update(index, None);
        self.answer_peer(index, identifier, taken);
    }

    fn answer_peer(&mut self, index: usize, identifier: u8, taken: Option<Parameters>) {
        let Some(link) = self.links.get_mut(index) else { return };
        self.state.work = true;
        let by_link_layer = identifier == 0;
        // By L2CAP, what is agreed to is an update of ours. One may wait for its turn, unless the peer thinks better of it by the
        // link layer.
        let is_free = link.update.stage == UpdateStage::Idle;
        let taken = taken.filter(|_| {
            by_link_layer || is_free || !(link.update.goes_on || link.owed.contains(Owed::PARAMETER_REPLY))
        });
        if by_link_layer || !is_free && taken.is_some() {
            link.requested = taken.unwrap_or(Parameters::ZERO);
            link.update.goes_on = !by_link_layer;
        }
        if by_link_layer {
            link.owed.insert(Owed::PARAMETER_REPLY);
            return;
        }
        #[cfg(feature = "central")]
        {
            use super::update::Updates;
            use jelling_wire::l2cap::signalling::UpdateResult;
            let result = if taken.is_some() { UpdateResult::ACCEPTED } else { UpdateResult::REJECTED };
            self.state.updates = Some(&Updates::BEGUN);
            if let Some(parameters) = taken.filter(|_| is_free) {
                link.begin_update(UpdateStage::Wanted, Wish::Parameters(parameters), false);
            }
            self.reply(index, crate::l2cap::Reply::update(identifier, result));
        }
    }
}
