//! What the host serves: a plain value, one on which a function decides, one on which a task does, and two behind doors.

use super::{Held, apply::OCTETS};
use jelling_host::{
    Access, AccessKind, AttributeId, Authorisation, CharacteristicSettings, Core, Error, Hook, Hooks, Instant, LinkId,
    Permissions, Properties, Protection, QuestionId, Security, ServiceSettings, Storage,
    wire::{Uuid, att::ErrorCode},
};
use std::{collections::VecDeque, task::Poll};

/// The code of an application.
const REFUSED: ErrorCode = ErrorCode(0x80);

/// Who decides on accesses, and on which.
#[derive(Debug, Default)]
pub(super) struct Decided {
    /// The value on which a task decides.
    deferred: Option<AttributeId>,
    /// What it is asked.
    questions: VecDeque<QuestionId>,
    /// Words of the function so far.
    words: u8,
}

impl Decided {
    pub(super) fn is_asked(&self) -> bool {
        !self.questions.is_empty()
    }
}

/// The core calls no function by itself.
fn function(_: &Access<'_>) -> Result<(), ErrorCode> {
    Err(ErrorCode::UNLIKELY_ERROR)
}

fn build(core: &mut Core<'_>) -> Result<[AttributeId; 2], Error> {
    core.begin_registration()?;
    let service = |uuid| ServiceSettings::primary(Uuid::new16(uuid));
    let plain = CharacteristicSettings::new(Uuid::new16(0x2a6e), Properties::all(), Storage::Variable(60, b"value"));
    core.add_service(&service(0x181a))?;
    // At 3, with its CCCD.
    let value = core.add_characteristic(&CharacteristicSettings { cccd: true, ..plain })?;
    core.add_service(&service(0x181b))?;
    // At 7, 9, 11 and 13.
    let hooks = Hooks { read: Hook::call(function), write: Hook::call(function) };
    core.add_characteristic(&CharacteristicSettings { hooks, ..plain })?;
    let hooks = Hooks { read: Hook::DEFERRED, write: Hook::DEFERRED };
    let deferred = core.add_characteristic(&CharacteristicSettings { hooks, ..plain })?;
    let doors = [
        (Permissions::READ_ENCRYPTED | Permissions::WRITE_AUTHENTICATED, 10),
        (Permissions::READ_SECURE | Permissions::WRITE_AUTHORISED, 0),
    ];
    for (permissions, key_size) in doors {
        let protection = Protection { permissions: Some(permissions), key_size };
        core.add_characteristic(&CharacteristicSettings { protection, ..plain })?;
    }
    core.commit_registration()?;
    Ok([value, deferred])
}

pub(super) fn register(core: &mut Core<'_>, held: &mut Held) {
    match build(core) {
        Ok([value, deferred]) => (held.value, held.decided.deferred) = (Some(value), Some(deferred)),
        Err(_) => core.discard_registration(),
    }
}

/// Takes what a task is asked.
pub(super) fn look(core: &mut Core<'_>, held: &mut Held) {
    let Some(id) = held.decided.deferred else { return };
    // What is answered by the clock, or goes with its link or its table, is asked no more.
    held.decided.questions.retain(|question| core.question_value(*question, &mut []).is_ok());
    for kind in [AccessKind::Read, AccessKind::Write] {
        while let Poll::Ready(Ok(question)) = core.take_question(id, kind) {
            held.decided.questions.push_back(question);
        }
    }
}

/// Says the function's words: yes, yes with another value, no, and no without a code.
pub(super) fn answer_functions(core: &mut Core<'_>, held: &mut Held, now: Instant) {
    while let Some((question, _)) = core.poll_question() {
        let number = held.decided.words;
        held.decided.words = number.wrapping_add(1);
        let word = match number % 4 {
            0 => Ok(()),
            1 => core
                .write_local(question.attribute(), &OCTETS[..usize::from(number % 61)])
                .map_err(|_| ErrorCode::UNLIKELY_ERROR),
            2 => Err(REFUSED),
            _ => Err(ErrorCode(0)),
        };
        let _ = core.answer_question(now, question, word);
    }
}

/// The task's word on what it was asked first.
pub(super) fn decide(core: &mut Core<'_>, held: &mut Held, now: Instant, word: u8) {
    let Some(question) = held.decided.questions.pop_front() else { return };
    let _ = core.question_value(question, &mut [0; 64]);
    let word = if word & 1 == 1 { Ok(()) } else { Err(ErrorCode(word)) };
    let _ = core.answer_question(now, question, word);
}

/// Any security that a link can have.
pub(super) fn secure(core: &mut Core<'_>, link: LinkId, state: u8) {
    let encrypted = state & 1 == 1;
    let security = Security {
        encrypted,
        authenticated: encrypted && state & 2 == 2,
        secure_connections: encrypted && state & 4 == 4,
        bonded: state & 8 == 8,
        key_size: if encrypted { 7 + (state >> 4) % 10 } else { 0 },
    };
    let _ = core.inject_security(link, security);
    let authorised = if state & 0x80 == 0 { Authorisation::Refused } else { Authorisation::Granted };
    let _ = core.set_authorised(link, authorised);
}
