//! The peer's request until it is answered: served at once into the transmit buffer when that is free, else held in a slot that
//! is always there. Beside it stands a write command on which the application decides.

use super::question::{ASK, Question};
use crate::{Core, counters::count, link::Link, pool::Chain, time::Instant};
use jelling_wire::{
    Writer,
    att::{ErrorCode, Opcode, Request, error_response},
    copy,
    l2cap::ChannelId,
};

/// Octets a held request or reply may have without a block of the pool.
const HELD: usize = 32;
/// Octets of the longest PDU: one in the largest MTU.
pub(super) const LONGEST: usize = 517;

/// What of a peer waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Slot {
    Request,
    Command,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    Nothing,
    /// A request that has changed nothing yet.
    Request,
    /// The answer to a request that has been carried out.
    Reply,
}

/// What waits for the transmit buffer, or for the application.
#[derive(Clone, Copy, Debug)]
struct Held {
    stage: Stage,
    /// Its first octets.
    octets: [u8; HELD],
    length: u8,
    /// All of it, where it is longer.
    long: Chain,
    /// So many octets of what is prepared, the last ones, end it: the answer to Prepare Write Request repeats them.
    prepared: u16,
}

impl Held {
    const NOTHING: Held = Held { stage: Stage::Nothing, octets: [0; HELD], length: 0, long: Chain::NONE, prepared: 0 };

    fn first_octets(&self) -> &[u8] {
        self.octets.get(..usize::from(self.length)).unwrap_or_default()
    }
}

/// The slot of the peer's request, of its command, and of its prepared writes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Server {
    held: Held,
    question: Question,
    command: Chain,
    command_question: Question,
    pub(super) prepared: Chain,
    /// Parts were prepared for a table that is gone: what is left must not be carried out.
    pub(super) lost_parts: bool,
}

impl Server {
    pub(crate) const NEW: Server = Server {
        held: Held::NOTHING,
        question: Question::NONE,
        command: Chain::NONE,
        command_question: Question::NONE,
        prepared: Chain::NONE,
        lost_parts: false,
    };

    /// True when an answer can be given.
    pub(crate) fn owes(&self) -> bool {
        self.is_busy() && !self.question.is_open()
    }

    /// The table is another one: of the parts that were prepared for the old one none may be taken for written, its commands went to the
    /// old one, and what was asked about that is asked anew of who decides now. What stood in blocks.
    fn lose(&mut self) -> [Chain; 2] {
        self.lost_parts |= self.prepared != Chain::NONE;
        if let (Stage::Reply, &[opcode, low, high, ..]) = (self.held.stage, &self.held.octets)
            && opcode == Opcode::PREPARE_WRITE_RESPONSE.0
        {
            let handle = u16::from_le_bytes([low, high]);
            self.owe(&error_response(Opcode::PREPARE_WRITE_REQUEST, handle, ErrorCode::UNLIKELY_ERROR));
        }
        self.question.forget();
        self.command_question.end();
        [core::mem::take(&mut self.prepared), core::mem::take(&mut self.command)]
    }

    /// Keeps a short answer.
    fn owe(&mut self, octets: &[u8]) {
        self.keep(Stage::Reply, octets, Chain::NONE, 0);
    }

    #[inline(never)]
    fn keep(&mut self, stage: Stage, octets: &[u8], long: Chain, prepared: usize) {
        let held = &mut self.held;
        held.length = u8::try_from(copy(&mut held.octets, octets)).unwrap_or(0);
        (held.stage, held.long, held.prepared) = (stage, long, u16::try_from(prepared).unwrap_or(0));
    }

    /// True until the request has been answered.
    fn is_busy(&self) -> bool {
        self.held.stage != Stage::Nothing
    }

    pub(super) fn question(&self, slot: Slot) -> &Question {
        match slot {
            Slot::Request => &self.question,
            Slot::Command => &self.command_question,
        }
    }

    pub(super) fn question_mut(&mut self, slot: Slot) -> &mut Question {
        match slot {
            Slot::Request => &mut self.question,
            Slot::Command => &mut self.command_question,
        }
    }
}

/// Whether a request was carried out, or the application has to be asked first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Served {
    Answered,
    Asks,
}

impl Core<'_> {
    pub(super) fn on_request(&mut self, now: Instant, index: usize, octets: &[u8], request: &Request<'_>) {
        let Some(link) = self.links.get(index) else { return };
        if link.server.is_busy() || link.is_leaving() {
            // Vol 3, Part F, 3.3.2: a second request before the answer breaks the protocol.
            return count(&mut self.state.counters.unexpected);
        }
        let is_sending = link.outgoing.active;
        if let Some(error) = self.out_of_sync(index, octets) {
            return self.owe(index, &error);
        }
        let served = if is_sending { self.hold(index, request, octets) } else { self.put_answer(index, request) };
        // Nothing is asked about what could not be kept.
        if served == Served::Asks && self.keep(index, Stage::Request, request.opcode, octets, 0) {
            self.raise(now, index, Slot::Request);
        }
    }

    /// Serves a request into the transmit buffer.
    pub(super) fn put_answer(&mut self, index: usize, request: &Request<'_>) -> Served {
        let mtu = self.links.get(index).map_or(0, |l| usize::from(l.mtu));
        let mut served = Served::Answered;
        self.put_frame(index, ChannelId::ATT, mtu, |core, w| {
            served = core.serve(index, request, w);
            served == Served::Answered
        });
        served
    }

    /// Answers with an error that no attribute has to do with.
    pub(super) fn refuse(&mut self, index: usize, request: Opcode, code: ErrorCode) {
        let Some(link) = self.links.get_mut(index) else { return };
        if link.server.is_busy() {
            return;
        }
        link.server.owe(&error_response(request, 0, code));
        // An execution that fails empties the queue, whatever it failed for.
        if request == Opcode::EXECUTE_WRITE_REQUEST {
            self.clear_prepared(index);
        }
    }

    fn owe(&mut self, index: usize, octets: &[u8]) {
        if let Some(link) = self.links.get_mut(index) {
            link.server.owe(octets);
        }
    }

    /// The table has changed under a request that is kept: its client may have meant the old one (Vol 3, Part G, 2.5.2.1).
    pub(crate) fn supersede_request(&mut self, index: usize) {
        let Some(held) = self.links.get(index).map(|l| l.server.held).filter(|h| h.stage == Stage::Request) else {
            return;
        };
        if let Some(error) = self.out_of_sync(index, held.first_octets()) {
            self.drop_request(index);
            self.owe(index, &error);
        }
    }

    /// Keeps a request, or what comes of it, until the transmit buffer is free. What writes is carried out now.
    fn hold(&mut self, index: usize, request: &Request<'_>, octets: &[u8]) -> Served {
        let is_write = matches!(
            request.opcode,
            Opcode::WRITE_REQUEST
                | Opcode::PREPARE_WRITE_REQUEST
                | Opcode::EXECUTE_WRITE_REQUEST
                | Opcode::EXCHANGE_MTU_REQUEST
        );
        if !is_write {
            self.keep(index, Stage::Request, request.opcode, octets, 0);
            return Served::Answered;
        }
        self.make_reply(index, request, &mut [0; HELD])
    }

    /// Keeps a request, or its answer, as it is. False where the pool has no room for a long one: its refusal is kept in its place.
    pub(super) fn keep(&mut self, index: usize, stage: Stage, request: Opcode, octets: &[u8], prepared: usize) -> bool {
        let mut long = Chain::NONE;
        if octets.len() > HELD {
            let Some(chain) = self.pool().store([octets, &[]], &mut 0) else {
                self.owe(index, &error_response(request, 0, ErrorCode::INSUFFICIENT_RESOURCES));
                return false;
            };
            long = chain;
        }
        if let Some(link) = self.links.get_mut(index) {
            link.server.keep(stage, octets, long, prepared);
        }
        true
    }

    /// The octets of a request or a command that is kept.
    pub(super) fn held_octets(&mut self, index: usize, slot: Slot, target: &mut [u8]) -> usize {
        let Some(link) = self.links.get(index) else { return 0 };
        let held = &link.server.held;
        let chain = match slot {
            Slot::Command => link.server.command,
            Slot::Request if held.stage != Stage::Request => return 0,
            Slot::Request if held.long == Chain::NONE => return copy(target, held.first_octets()),
            Slot::Request => held.long,
        };
        self.pool().read(chain, 0, target)
    }

    /// Puts what is held into the transmit buffer. False when the application has to be asked.
    pub(crate) fn send_held_reply(&mut self, now: Instant, index: usize) -> bool {
        let Some(link) = self.links.get(index) else { return false };
        let sent = match link.server.held.stage {
            Stage::Nothing => false,
            Stage::Request => self.serve_held(now, index, Self::put_answer),
            // An answer that was made under one MTU fits, whatever has been exchanged meanwhile.
            Stage::Reply => self.put_frame(index, ChannelId::ATT, LONGEST, |core, w| core.put_reply(index, w)),
        };
        if sent {
            self.drop_request(index);
        }
        sent
    }

    fn put_reply(&mut self, index: usize, w: &mut Writer<'_>) -> bool {
        let Some(Server { held, prepared, .. }) = self.links.get(index).map(|l| &l.server) else { return false };
        let (long, queue, from) = (held.long, *prepared, prepared.len().saturating_sub(held.prepared.into()));
        if long == Chain::NONE {
            w.bytes(held.first_octets());
        }
        self.put_chain(long, 0, w);
        self.put_chain(queue, from, w);
        true
    }

    /// A request has been answered.
    pub(super) fn drop_request(&mut self, index: usize) {
        let Some(link) = self.links.get_mut(index) else { return };
        let server = &mut link.server;
        server.question.end();
        server.held.stage = Stage::Nothing;
        let long = core::mem::take(&mut server.held.long);
        self.give_back(long);
    }

    /// Frees what a peer's request or command stood in.
    pub(super) fn give_back(&mut self, chain: Chain) {
        if chain != Chain::NONE {
            self.pool().free(chain, 0);
            self.tell_pool();
        }
    }

    pub(super) fn on_write_command(&mut self, now: Instant, index: usize, octets: &[u8], command: &Request<'_>) {
        // Nothing is answered, whatever becomes of it (Vol 3, Part F, 3.4.5.3).
        let written = match command.opcode {
            #[cfg(feature = "security")]
            Opcode::SIGNED_WRITE_COMMAND => self.signed_write_from_peer(index, command),
            // Vol 3, Part G, 2.5.2.1: who may mean the old table is ignored.
            _ if self.links.get(index).is_some_and(Link::is_unaware) => Err(ErrorCode::DATABASE_OUT_OF_SYNC),
            Opcode::WRITE_COMMAND => self.write_by_command(index, command.first, command.rest),
            _ => Err(ErrorCode::REQUEST_NOT_SUPPORTED),
        };
        match written {
            Ok(()) => {}
            Err(ASK) => self.raise_command(now, index, octets),
            Err(_) => count(&mut self.state.counters.unexpected),
        }
    }

    /// A peer's write that nothing answers.
    fn write_by_command(&mut self, index: usize, handle: u16, value: &[u8]) -> Result<(), ErrorCode> {
        // Vol 3, Part C, 10.2: signatures are not used on an encrypted link, which satisfies who wants one.
        #[cfg(feature = "security")]
        if self.state.signed_writes() && self.links.get(index).is_some_and(|l| l.security.encrypted) {
            return self.write_vouched(index, handle, value);
        }
        self.write_from_peer(index, Slot::Command, handle, value)
    }

    /// Keeps a command until the application has decided. One at a time: a second one that needs a decision finds no room.
    pub(super) fn keep_command(&mut self, now: Instant, index: usize, octets: &[u8]) {
        let has_room = self.links.get(index).is_some_and(|l| l.server.command == Chain::NONE);
        let stored = if has_room { self.pool().store([octets, &[]], &mut 0) } else { None };
        let (Some(chain), Some(link)) = (stored, self.links.get_mut(index)) else {
            return count(&mut self.state.counters.values_dropped);
        };
        link.server.command = chain;
        self.raise(now, index, Slot::Command);
    }

    /// The application has decided on a command.
    #[inline(never)]
    pub(super) fn go_on_with_command(&mut self, now: Instant, index: usize) {
        let mut octets = [0; LONGEST];
        let length = self.held_octets(index, Slot::Command, &mut octets);
        if let Some(link) = self.links.get_mut(index) {
            link.server.command_question.begin();
        }
        let written = match Request::parse(octets.get(..length).unwrap_or_default()) {
            // It was verified when it came.
            #[cfg(feature = "security")]
            Ok(Request { opcode: Opcode::SIGNED_WRITE_COMMAND, first, rest, .. }) => {
                self.write_vouched(index, first, super::signed::value(rest))
            }
            Ok(Request { first, rest, .. }) => self.write_by_command(index, first, rest),
            Err(_) => Ok(()),
        };
        match written {
            Err(ASK) => return self.raise(now, index, Slot::Command),
            Err(_) => count(&mut self.state.counters.unexpected),
            Ok(()) => {}
        }
        self.drop_command(index);
    }

    pub(super) fn drop_command(&mut self, index: usize) {
        let Some(link) = self.links.get_mut(index) else { return };
        link.server.command_question.end();
        let chain = core::mem::take(&mut link.server.command);
        self.give_back(chain);
    }

    /// The table is another one.
    pub(crate) fn lose_requests(&mut self, index: usize) {
        let Some(link) = self.links.get_mut(index) else { return };
        let [queue, command] = link.server.lose();
        self.give_back(queue);
        self.give_back(command);
    }

    /// Frees what the peer's request, command and prepared writes hold, as its link goes down.
    pub(crate) fn end_requests(&mut self, index: usize) {
        self.drop_request(index);
        self.drop_command(index);
        self.clear_prepared(index);
    }
}
