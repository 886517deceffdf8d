//! Reads and writes on which the application decides: the request stays in its slot while it is asked, and is carried out from
//! the start when the word has come. What was allowed before is not asked again.

use super::held::{Server, Slot};
use crate::{
    Core,
    counters::count,
    error::Error,
    event::HostNews,
    gatt::{Access, AccessKind, AttributeFlags, AttributeId, Backing, Gate, OnAccess},
    link::LinkId,
    time::{Deadline, Instant},
};
use core::{task::Poll, time::Duration};
use jelling_wire::{
    att::{ErrorCode, Opcode, Request},
    copy,
};

/// How long a task of the application may take: the peer gives up after 30 s (Vol 3, Part F, 3.3.3).
const WORD_TIMEOUT: Duration = Duration::from_secs(29);

/// Why a request cannot be carried out yet. No error has this code.
pub(crate) const ASK: ErrorCode = ErrorCode(0);

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Stage {
    /// Nothing is asked.
    #[default]
    Silent,
    /// Whoever decides has not looked.
    Asked,
    /// The word is awaited.
    Heard,
}

/// What is asked about a request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Question {
    stage: Stage,
    kind: AccessKind,
    handle: u16,
    offset: u16,
    /// Which question of this slot.
    number: u16,
    /// Accesses of the request that were allowed, in their order; and how many have been met while it is carried out.
    allowed: u16,
    met: u16,
    /// Why the one after those is not; [`ASK`] while that is open.
    refusal: ErrorCode,
    /// When all the words on the request are due.
    deadline: Deadline,
}

impl Question {
    pub(crate) const NONE: Question = Question {
        stage: Stage::Silent,
        kind: AccessKind::Read,
        handle: 0,
        offset: 0,
        number: 0,
        allowed: 0,
        met: 0,
        refusal: ASK,
        deadline: Deadline::NEVER,
    };

    pub(super) fn is_open(&self) -> bool {
        self.stage != Stage::Silent
    }

    /// The request is carried out from the start.
    pub(super) fn begin(&mut self) {
        self.met = 0;
    }

    /// The request is done, whatever came of it.
    pub(super) fn end(&mut self) {
        *self = Question { number: self.number, ..Question::NONE };
    }

    /// The table is another one: nothing is known, but for how much time there is.
    pub(super) fn forget(&mut self) {
        *self = Question { number: self.number, deadline: self.deadline, ..Question::NONE };
    }

    /// When a word is due.
    fn due(&self) -> Deadline {
        if self.is_open() { self.deadline } else { Deadline::NEVER }
    }

    /// What is known of the access that is met next.
    fn meet(&mut self, kind: AccessKind, handle: u16, offset: usize) -> Result<(), ErrorCode> {
        let turn = self.met;
        self.met = turn.saturating_add(1);
        if turn < self.allowed {
            return Ok(());
        }
        if turn == self.allowed && self.refusal != ASK {
            return Err(self.refusal);
        }
        (self.kind, self.handle, self.offset) = (kind, handle, u16::try_from(offset).unwrap_or(u16::MAX));
        Err(ASK)
    }

    /// The word has come.
    fn decide(&mut self, word: Result<(), ErrorCode>) {
        self.stage = Stage::Silent;
        match word {
            Ok(()) => self.allowed = self.allowed.saturating_add(1),
            // Zero is no error code.
            Err(ASK) => self.refusal = ErrorCode::UNLIKELY_ERROR,
            Err(code) => self.refusal = code,
        }
    }
}

impl Server {
    /// When a word is due at the latest.
    pub(crate) fn question_deadline(&self) -> Deadline {
        self.question(Slot::Request).due().or_sooner(self.question(Slot::Command).due())
    }
}

/// A read or a write on which the application decides. It is to be answered, with `answer_question`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuestionId {
    link: LinkId,
    attribute: AttributeId,
    kind: AccessKind,
    offset: u16,
    slot: Slot,
    number: u16,
}

impl QuestionId {
    /// The link it came over.
    pub fn link(self) -> LinkId {
        self.link
    }

    /// The attribute.
    pub fn attribute(self) -> AttributeId {
        self.attribute
    }

    /// Read or write.
    pub fn kind(self) -> AccessKind {
        self.kind
    }

    /// Of a read, from which octet on.
    pub fn offset(self) -> usize {
        usize::from(self.offset)
    }
}

/// See [`Core::meet`].
type Meet = fn(&mut Core<'_>, usize, Slot, usize, AccessKind, usize) -> Result<(), ErrorCode>;

/// What is done where the application decides on an access. It stands behind pointers, so that a program in which it decides on none
/// does without.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Questions {
    meet: Meet,
    raise: fn(&mut Core<'_>, Instant, usize, Slot),
    keep_command: fn(&mut Core<'_>, Instant, usize, &[u8]),
    time_out: fn(&mut Core<'_>, Instant),
    ask: Ask,
}

/// See [`Core::questions`].
pub type Ask = fn(&dyn Gate, fn() -> Instant);

impl Questions {
    pub(crate) const ASKED: Questions = Questions {
        meet: |core, link, slot, at, kind, offset| core.meet(link, slot, at, kind, offset),
        raise: |core, now, link, slot| core.raise_question(now, link, slot),
        keep_command: |core, now, link, octets| core.keep_command(now, link, octets),
        time_out: |core, now| core.time_questions_out(now),
        ask: ask_functions,
    };
}

/// Calls the functions of the application that have questions, with the lock open.
fn ask_functions(gate: &dyn Gate, now: fn() -> Instant) {
    loop {
        let mut next = None;
        gate.enter(&mut |core| next = core.poll_question());
        let Some((question, function)) = next else { return };
        let word = function(&Access::new(gate, question));
        // A peer that has left is owed nothing.
        gate.enter(&mut |core| _ = core.answer_question(now(), question, word));
    }
}

impl Core<'_> {
    /// What calls the functions of the application that have questions, if any has: with a way back into this host, and the time. It
    /// is [`Core::poll_question`], the function, and [`Core::answer_question`], until there is no question.
    pub fn questions(&self) -> Option<Ask> {
        self.state.questions.filter(|_| self.state.asks).map(|questions| questions.ask)
    }

    /// Who decides on an access, given that the door lets it through: nobody else, or somebody who has said so or has to be
    /// asked.
    pub(crate) fn admit(
        &mut self,
        link: usize,
        slot: Slot,
        at: usize,
        kind: AccessKind,
        offset: usize,
    ) -> Result<(), ErrorCode> {
        match self.state.questions {
            Some(questions) if self.is_decided(at, kind) => (questions.meet)(self, link, slot, at, kind, offset),
            _ => Ok(()),
        }
    }

    /// What is known of an access on which the application decides.
    fn meet(&mut self, link: usize, slot: Slot, at: usize, kind: AccessKind, offset: usize) -> Result<(), ErrorCode> {
        let handle = self.attributes.get(at).map_or(0, |a| a.handle);
        let question = self.question_mut(link, slot).ok_or(ErrorCode::UNLIKELY_ERROR)?;
        question.meet(kind, handle, offset)
    }

    /// True when the application decides on an access.
    pub(crate) fn is_decided(&self, at: usize, kind: AccessKind) -> bool {
        let asks = match kind {
            AccessKind::Read => AttributeFlags::ASKS_READ,
            AccessKind::Write => AttributeFlags::ASKS_WRITE,
        };
        self.attributes.get(at).is_some_and(|a| a.flags.contains(asks))
    }

    /// A request that is kept waits for the application.
    pub(super) fn raise(&mut self, now: Instant, link: usize, slot: Slot) {
        if let Some(questions) = self.state.questions {
            (questions.raise)(self, now, link, slot);
        }
    }

    /// A command waits for it.
    pub(super) fn raise_command(&mut self, now: Instant, link: usize, octets: &[u8]) {
        if let Some(questions) = self.state.questions {
            (questions.keep_command)(self, now, link, octets);
        }
    }

    /// Answers for tasks that did not: Unlikely Error.
    pub(crate) fn question_timeout(&mut self, now: Instant) {
        if let Some(questions) = self.state.questions {
            (questions.time_out)(self, now);
        }
    }

    fn question_mut(&mut self, link: usize, slot: Slot) -> Option<&mut Question> {
        self.links.get_mut(link).map(|link| link.server.question_mut(slot))
    }

    fn raise_question(&mut self, now: Instant, link: usize, slot: Slot) {
        let Some(question) = self.question_mut(link, slot) else { return };
        question.stage = Stage::Asked;
        question.number = question.number.wrapping_add(1);
        let (kind, handle) = (question.kind, question.handle);
        let at = self.find(handle);
        if at.is_some_and(|at| self.function(at, kind).is_some()) {
            self.state.asks = true;
            return;
        }
        if let Some(question) = self.question_mut(link, slot) {
            // The peer counts from its request on, however many questions there are.
            if question.deadline.is_never() {
                question.deadline = Deadline::after(now, WORD_TIMEOUT);
            }
            let deadline = question.deadline;
            self.state.sooner.note(deadline);
        }
        if let Some(attribute) = at.and_then(|at| self.attributes.get_mut(at)) {
            attribute.flags.insert(AttributeFlags::NEWS);
            self.state.news |= HostNews::ATTRIBUTES;
        }
    }

    fn function(&self, at: usize, kind: AccessKind) -> Option<OnAccess> {
        match (self.attributes.get(at)?.backing, kind) {
            (Backing::Hooked(hooked), AccessKind::Read) => hooked.read,
            (Backing::Hooked(hooked), AccessKind::Write) => hooked.write,
            _ => None,
        }
    }

    /// The next question that nobody has looked at: of one kind about one attribute, or else one for a function.
    fn look(&mut self, wanted: Option<(AttributeId, AccessKind)>) -> Option<(QuestionId, Option<OnAccess>)> {
        let mut found: Option<(usize, Slot, Option<OnAccess>, bool)> = None;
        for index in 0..self.links.len() {
            for slot in [Slot::Request, Slot::Command] {
                let question = self.links.get(index)?.server.question(slot);
                let attribute = AttributeId::in_force(self, question.handle);
                if question.stage != Stage::Asked || wanted.is_some_and(|wanted| wanted != (attribute, question.kind)) {
                    continue;
                }
                let function = self.find(question.handle).and_then(|at| self.function(at, question.kind));
                // A request of several values goes on first: those that were set for its client are to be what it reads.
                let begun = question.allowed != 0 && wanted.is_none();
                if (function.is_some() || wanted.is_some()) && found.is_none_or(|(.., first)| begun && !first) {
                    found = Some((index, slot, function, begun));
                }
            }
        }
        let (index, slot, function, _) = found?;
        let link = self.link_id(index)?;
        let generation = self.state.table.generation;
        let question = self.question_mut(index, slot)?;
        question.stage = Stage::Heard;
        let Question { kind, offset, number, handle, .. } = *question;
        Some((QuestionId { link, attribute: AttributeId { handle, generation }, kind, offset, slot, number }, function))
    }

    /// The next question for a function of the application, which is to be called with the lock open. After each packet and
    /// before each `poll_transmit` there may be some.
    pub fn poll_question(&mut self) -> Option<(QuestionId, OnAccess)> {
        if !self.state.asks {
            return None;
        }
        let question = self.look(None);
        self.state.asks = question.is_some();
        question.and_then(|(question, function)| Some((question, function?)))
    }

    /// The next read, or write, of an attribute on which a task of the application decides.
    pub fn take_question(&mut self, id: AttributeId, kind: AccessKind) -> Poll<Result<QuestionId, Error>> {
        if let Err(error) = self.attribute(id) {
            return Poll::Ready(Err(error));
        }
        self.look(Some((id, kind))).map_or(Poll::Pending, |(question, _)| Poll::Ready(Ok(question)))
    }

    /// The word on a question. `Disconnected` or `Stale` where it came too late, `Timeout` where the peer has been answered.
    pub fn answer_question(&mut self, now: Instant, id: QuestionId, word: Result<(), ErrorCode>) -> Result<(), Error> {
        self.link(id.link)?;
        let index = usize::from(id.link.index);
        let question = self.open_question(id)?;
        question.decide(word);
        match id.slot {
            Slot::Request => self.go_on_with_request(now, index),
            Slot::Command => self.go_on_with_command(now, index),
        }
        Ok(())
    }

    fn open_question(&mut self, id: QuestionId) -> Result<&mut Question, Error> {
        let question = self.question_mut(usize::from(id.link.index), id.slot).ok_or(Error::Disconnected)?;
        if question.stage == Stage::Heard && question.number == id.number { Ok(question) } else { Err(Error::Timeout) }
    }

    /// Of a write that is asked about, the value that there would be: `target` gets what fits, its whole length is told.
    pub fn question_value(&mut self, id: QuestionId, target: &mut [u8]) -> Result<usize, Error> {
        self.link(id.link)?;
        self.open_question(id)?;
        let mut octets = [0; super::held::LONGEST];
        let index = usize::from(id.link.index);
        let length = self.held_octets(index, id.slot, &mut octets);
        let value = match Request::parse(octets.get(..length).unwrap_or_default()) {
            Ok(Request { opcode: Opcode::EXECUTE_WRITE_REQUEST, .. }) => {
                return Ok(self.assemble(index, id.attribute.handle, target));
            }
            #[cfg(feature = "security")]
            Ok(Request { opcode: Opcode::SIGNED_WRITE_COMMAND, rest, .. }) => super::signed::value(rest),
            Ok(Request { opcode: Opcode::WRITE_REQUEST | Opcode::WRITE_COMMAND, rest, .. }) => rest,
            _ => return Ok(0),
        };
        copy(target, value);
        Ok(value.len())
    }

    fn time_questions_out(&mut self, now: Instant) {
        for index in 0..self.links.len() {
            for slot in [Slot::Request, Slot::Command] {
                let Some(question) = self.question_mut(index, slot) else { return };
                if !question.due().is_due(now) {
                    continue;
                }
                question.decide(Err(ErrorCode::UNLIKELY_ERROR));
                count(&mut self.state.counters.timeouts);
                match slot {
                    Slot::Request => self.state.work = true,
                    Slot::Command => self.go_on_with_command(now, index),
                }
            }
        }
    }
}
