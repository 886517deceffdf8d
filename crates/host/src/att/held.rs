//! The peer's request until it is answered: served at once into the transmit buffer when that is free, else held in a slot that
//! is always there. Beside it stands a write command on which the application decides.

use super::question::{ASK, Question};
use crate::{Core, counters::count, link::Link, pool::Chain, time::Instant};
use jelling_wire::{
    Writer,
    att::{ErrorCode, Opcode, Pdu},
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

/// What waits for the transmit buffer, or for the application.
#[derive(Clone, Copy, Debug, Default)]
pub(super) enum Held {
    #[default]
    Nothing,
    /// A request that has changed nothing yet.
    Request([u8; HELD], u8),
    /// A longer one.
    Long(Chain),
    /// The answer to a request that has been carried out.
    Reply([u8; HELD], u8),
    /// A longer one.
    LongReply(Chain),
    /// The answer to Prepare Write Request repeats it: these last octets of what is prepared.
    Prepared { handle: u16, offset: u16, length: u16 },
}

impl Held {
    pub(super) fn reply(pdu: &Pdu<'_>) -> Self {
        let mut octets = [0; HELD];
        let mut w = Writer::new(&mut octets);
        pdu.emit(&mut w);
        let length = u8::try_from(w.len()).unwrap_or(0);
        Held::Reply(octets, length)
    }

    /// An answer as octets, if it needs no block.
    pub(super) fn short_reply(octets: &[u8]) -> Option<Self> {
        let mut kept = [0; HELD];
        kept.get_mut(..octets.len())?.copy_from_slice(octets);
        Some(Held::Reply(kept, u8::try_from(octets.len()).ok()?))
    }
}

/// The slot of the peer's request, of its command, and of its prepared writes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Server {
    pub(super) held: Held,
    question: Question,
    command: Chain,
    command_question: Question,
    pub(super) prepared: Chain,
    /// Parts were prepared for a table that is gone: what is left must not be carried out.
    pub(super) lost_parts: bool,
}

impl Server {
    pub(crate) const NEW: Server = Server {
        held: Held::Nothing,
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

    /// The table is another one: of the parts that were prepared for the old one none may be taken for written.
    pub(super) fn lose_parts(&mut self) {
        self.lost_parts |= self.prepared != Chain::NONE;
        if let Held::Prepared { handle, .. } = self.held {
            let (request, code) = (Opcode::PREPARE_WRITE_REQUEST, ErrorCode::UNLIKELY_ERROR);
            self.held = Held::reply(&Pdu::ErrorResponse { request, handle, code });
        }
    }

    /// True until the request has been answered.
    fn is_busy(&self) -> bool {
        !matches!(self.held, Held::Nothing)
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
    pub(super) fn on_request(&mut self, now: Instant, index: usize, octets: &[u8], pdu: &Pdu<'_>) {
        let Some(link) = self.links.get(index) else { return };
        if link.server.is_busy() || link.is_leaving() {
            // Vol 3, Part F, 3.3.2: a second request before the answer breaks the protocol.
            return count(&mut self.state.counters.unexpected);
        }
        if let Some(error) = self.out_of_sync(index, pdu) {
            return self.hold_error(index, &error);
        }
        if self.links.get(index).is_some_and(|l| l.outgoing.active) {
            return self.hold(now, index, octets, pdu);
        }
        if self.put_answer(index, pdu) == Served::Asks {
            self.keep_and_ask(now, index, octets, pdu);
        }
    }

    /// Keeps a request and asks the application, which nothing is asked about what could not be kept.
    fn keep_and_ask(&mut self, now: Instant, index: usize, octets: &[u8], pdu: &Pdu<'_>) {
        if self.keep(index, octets, pdu) {
            self.raise(now, index, Slot::Request);
        }
    }

    /// Serves a request into the transmit buffer.
    fn put_answer(&mut self, index: usize, pdu: &Pdu<'_>) -> Served {
        let mtu = self.links.get(index).map_or(0, |l| usize::from(l.mtu));
        let mut served = Served::Answered;
        self.put_frame(index, ChannelId::ATT, mtu, |core, w| {
            served = core.serve(index, pdu, w);
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
        link.server.held = Held::reply(&Pdu::ErrorResponse { request, handle: 0, code });
        // An execution that fails empties the queue, whatever it failed for.
        if request == Opcode::EXECUTE_WRITE_REQUEST {
            self.clear_prepared(index);
        }
    }

    fn hold_error(&mut self, index: usize, error: &Pdu<'_>) {
        if let Some(link) = self.links.get_mut(index) {
            link.server.held = Held::reply(error);
        }
    }

    /// The table has changed under a request that is kept: its client may have meant the old one (Vol 3, Part G, 2.5.2.1).
    pub(crate) fn supersede_request(&mut self, index: usize) {
        let Some(held) = self.links.get(index).filter(|l| l.is_unaware()).map(|l| l.server.held) else { return };
        let mut octets = [0; LONGEST];
        let length = self.held_octets(index, Slot::Request, &mut octets);
        let request = match held {
            Held::Prepared { handle, offset, .. } => Ok(Pdu::PrepareWriteRequest { handle, offset, value: &[] }),
            _ => Pdu::parse(octets.get(..length).unwrap_or_default()),
        };
        let error = request.ok().and_then(|pdu| self.out_of_sync(index, &pdu));
        if let Some(error) = error {
            self.drop_request(index);
            self.hold_error(index, &error);
        }
    }

    /// Keeps a request, or its answer, until the transmit buffer is free.
    fn hold(&mut self, now: Instant, index: usize, octets: &[u8], pdu: &Pdu<'_>) {
        let held = match pdu {
            Pdu::PrepareWriteRequest { handle, offset, value } => match self.prepare(index, *handle, *offset, value) {
                Ok(()) => {
                    Held::Prepared { handle: *handle, offset: *offset, length: u16::try_from(value.len()).unwrap_or(0) }
                }
                Err((handle, code)) => Held::reply(&Pdu::ErrorResponse { request: pdu.opcode(), handle, code }),
            },
            Pdu::WriteRequest { .. } | Pdu::ExecuteWriteRequest { .. } | Pdu::ExchangeMtuRequest { .. } => {
                match self.serve_into_reply(index, pdu) {
                    Some(reply) => reply,
                    None => return self.keep_and_ask(now, index, octets, pdu),
                }
            }
            _ => {
                self.keep(index, octets, pdu);
                return;
            }
        };
        if let Some(link) = self.links.get_mut(index) {
            link.server.held = held;
        }
    }

    fn serve_into_reply(&mut self, index: usize, pdu: &Pdu<'_>) -> Option<Held> {
        let mut reply = [0; HELD];
        let mut w = Writer::new(&mut reply);
        if self.serve(index, pdu, &mut w) == Served::Asks {
            return None;
        }
        let length = u8::try_from(w.len()).unwrap_or(0);
        Some(Held::Reply(reply, length))
    }

    /// Keeps a request as it is. False where the pool has no room for a long one: its refusal is kept in its place.
    fn keep(&mut self, index: usize, octets: &[u8], pdu: &Pdu<'_>) -> bool {
        let held = if octets.len() <= HELD {
            let mut kept = [0; HELD];
            let length = copy(&mut kept, octets);
            Held::Request(kept, u8::try_from(length).unwrap_or(0))
        } else if let Some(chain) = self.pool().store([octets, &[]], &mut 0) {
            Held::Long(chain)
        } else {
            let code = ErrorCode::INSUFFICIENT_RESOURCES;
            Held::reply(&Pdu::ErrorResponse { request: pdu.opcode(), handle: 0, code })
        };
        if let Some(link) = self.links.get_mut(index) {
            link.server.held = held;
        }
        !matches!(held, Held::Reply(..))
    }

    /// The octets of a request or a command that is kept.
    pub(super) fn held_octets(&mut self, index: usize, slot: Slot, target: &mut [u8]) -> usize {
        let Some(link) = self.links.get(index) else { return 0 };
        let chain = match (slot, link.server.held) {
            (Slot::Request, Held::Request(octets, length)) => {
                return copy(target, octets.get(..usize::from(length)).unwrap_or_default());
            }
            (Slot::Request, Held::Long(chain)) => chain,
            (Slot::Request, _) => return 0,
            (Slot::Command, _) => link.server.command,
        };
        self.pool().read(chain, 0, target)
    }

    /// Puts what is held into the transmit buffer. False when the application has to be asked.
    pub(crate) fn send_held_reply(&mut self, now: Instant, index: usize) -> bool {
        let Some(link) = self.links.get_mut(index) else { return false };
        let held = link.server.held;
        // An answer that was made under one MTU fits, whatever has been exchanged meanwhile.
        let sent = match held {
            Held::Nothing => false,
            Held::Request(octets, length) => {
                self.serve_held(now, index, octets.get(..usize::from(length)).unwrap_or_default())
            }
            Held::Long(_) => self.serve_long(now, index),
            Held::Reply(octets, length) => self.put_frame(index, ChannelId::ATT, LONGEST, |_, w| {
                w.bytes(octets.get(..usize::from(length)).unwrap_or_default());
                true
            }),
            Held::LongReply(chain) => self.put_frame(index, ChannelId::ATT, LONGEST, |core, w| {
                core.put_chain(chain, 0, w);
                true
            }),
            Held::Prepared { handle, offset, length } => self.put_frame(index, ChannelId::ATT, LONGEST, |core, w| {
                Pdu::PrepareWriteResponse { handle, offset, value: &[] }.emit(w);
                core.repeat_prepared(index, usize::from(length), w);
                true
            }),
        };
        if sent {
            self.drop_request(index);
        }
        sent
    }

    #[inline(never)]
    fn serve_long(&mut self, now: Instant, index: usize) -> bool {
        let mut octets = [0; LONGEST];
        let length = self.held_octets(index, Slot::Request, &mut octets);
        self.serve_held(now, index, octets.get(..length).unwrap_or_default())
    }

    fn serve_held(&mut self, now: Instant, index: usize, octets: &[u8]) -> bool {
        let Ok(pdu) = Pdu::parse(octets) else { return false };
        let served = self.put_answer(index, &pdu);
        if served == Served::Asks {
            self.raise(now, index, Slot::Request);
        }
        served == Served::Answered
    }

    /// A request has been answered.
    pub(super) fn drop_request(&mut self, index: usize) {
        let Some(link) = self.links.get_mut(index) else { return };
        link.server.question.end();
        if let Held::Long(chain) | Held::LongReply(chain) = core::mem::take(&mut link.server.held) {
            self.pool().free(chain, 0);
            self.tell_pool();
        }
    }

    pub(super) fn on_write_command(&mut self, now: Instant, index: usize, octets: &[u8], pdu: &Pdu<'_>) {
        // Nothing is answered, whatever becomes of it (Vol 3, Part F, 3.4.5.3).
        let written = match pdu {
            #[cfg(feature = "security")]
            Pdu::SignedWriteCommand { handle, value, signature } => {
                self.signed_write_from_peer(index, *handle, value, signature)
            }
            // Vol 3, Part G, 2.5.2.1: who may mean the old table is ignored.
            _ if self.links.get(index).is_some_and(Link::is_unaware) => Err(ErrorCode::DATABASE_OUT_OF_SYNC),
            Pdu::WriteCommand { handle, value } => self.write_by_command(index, *handle, value),
            _ => Err(ErrorCode::REQUEST_NOT_SUPPORTED),
        };
        match written {
            Ok(()) => {}
            Err(ASK) => self.keep_command(now, index, octets),
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
    fn keep_command(&mut self, now: Instant, index: usize, octets: &[u8]) {
        let Some(link) = self.links.get(index) else { return };
        if link.server.command != Chain::NONE {
            return count(&mut self.state.counters.values_dropped);
        }
        let Some(chain) = self.pool().store([octets, &[]], &mut 0) else {
            return count(&mut self.state.counters.values_dropped);
        };
        if let Some(link) = self.links.get_mut(index) {
            link.server.command = chain;
        }
        self.raise(now, index, Slot::Command);
    }

    /// The application has decided on a command.
    pub(super) fn go_on_with_command(&mut self, now: Instant, index: usize) {
        let mut octets = [0; LONGEST];
        let length = self.held_octets(index, Slot::Command, &mut octets);
        if let Some(link) = self.links.get_mut(index) {
            link.server.command_question.begin();
        }
        let written = match Pdu::parse(octets.get(..length).unwrap_or_default()) {
            Ok(Pdu::WriteCommand { handle, value }) => self.write_by_command(index, handle, value),
            // It was verified when it came.
            #[cfg(feature = "security")]
            Ok(Pdu::SignedWriteCommand { handle, value, .. }) => self.write_vouched(index, handle, value),
            _ => Ok(()),
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
        let chain = core::mem::replace(&mut link.server.command, Chain::NONE);
        if chain != Chain::NONE {
            self.pool().free(chain, 0);
            self.tell_pool();
        }
    }

    /// Frees what the peer's request, command and prepared writes hold, as its link goes down.
    pub(crate) fn end_requests(&mut self, index: usize) {
        self.drop_request(index);
        self.drop_command(index);
        self.clear_prepared(index);
    }
}
