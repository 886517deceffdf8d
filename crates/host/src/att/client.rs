//! Our side of the bearer as a client: one request at a time, which belongs to whoever placed it.
//! Who gives up leaves the answer to be swallowed; only then may the next request go (Vol 3, Part F, 3.3.2).

use super::{TRANSACTION_TIMEOUT, line::Line, preparing::Preparing};
use crate::{
    Core,
    counters::count,
    error::{Error, Resource},
    event::LinkNews,
    fmt::warning,
    kept::Kept,
    link::{Link, LinkId, Owed},
    pool::{Chain, blocks_for},
    time::{Deadline, Instant},
};
use core::task::Poll;
use jelling_wire::{
    att::{ErrorCode, Opcode, Pdu},
    l2cap::ChannelId,
};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Phase {
    #[default]
    Idle,
    /// The answer is awaited.
    Waiting,
    /// The answer, or why there is none, waits to be taken.
    Answered,
    /// The answer is awaited by nobody.
    Swallowing,
    /// 30 s went by without an answer: no request may be sent on this bearer any more (3.3.3).
    Dead,
}

/// The slot of our request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Client {
    phase: Phase,
    ticket: u16,
    request: Opcode,
    deadline: Deadline,
    reserve: u16,
    answer: Chain,
    error: Kept<Error>,
    pub(crate) exchanged: bool,
    pub(super) preparing: Preparing,
    pub(super) line: Line,
    /// Somebody found the bearer taken: who waits for it is told when it is free.
    pub(super) missed: bool,
}

impl Client {
    pub(crate) const NEW: Client = Client {
        phase: Phase::Idle,
        ticket: 0,
        request: Opcode(0),
        deadline: Deadline::NEVER,
        reserve: 0,
        answer: Chain::NONE,
        error: Kept::none(Error::ZERO),
        exchanged: false,
        preparing: Preparing::NEW,
        line: Line::NEW,
        missed: false,
    };

    pub(crate) fn deadline(&self) -> Deadline {
        self.deadline
    }
}

/// A request of ours. It is to be taken (`answer`) or given up (`abandon_request`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestTicket {
    link: LinkId,
    number: u16,
}

/// An answer that was taken: octets in the pool, to be given back with `free_answer`.
#[derive(Debug, PartialEq, Eq)]
pub struct Answer(Chain);

impl Answer {
    /// Octets of the whole PDU.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Never true: an answer has an opcode at least.
    pub fn is_empty(&self) -> bool {
        self.0.len() == 0
    }
}

impl Link {
    /// True while requests are due that tasks left behind.
    fn owes_requests(&self) -> bool {
        self.owed.intersects(Owed::CANCEL_PREPARED | Owed::UNSUBSCRIBE)
    }
}

impl Core<'_> {
    /// Sends a request. `Busy` while the bearer has one, or the link's transmit buffer is in use: wait for
    /// [`Event::Client`](crate::Event::Client) or [`Event::Transmit`](crate::Event::Transmit) and call again.
    pub fn request(&mut self, now: Instant, id: LinkId, request: &Pdu<'_>) -> Result<RequestTicket, Error> {
        self.may_begin(id)?;
        let link = self.link_mut(id)?;
        // What tasks that gave up left behind goes first: the next request could follow each answer at once, for ever.
        if link.owes_requests() {
            link.client.missed = true;
            return Err(Error::Busy);
        }
        self.place(now, id, request)
    }

    /// True while nothing but another task keeps a request back.
    pub(super) fn can_request(&mut self, id: LinkId) -> bool {
        let is_free = self.link_mut(id).is_ok_and(|link| {
            let is_free = link.client.phase == Phase::Idle && !link.owes_requests();
            link.client.missed |= !is_free;
            is_free
        });
        is_free && self.can_send(usize::from(id.index))
    }

    fn place(&mut self, now: Instant, id: LinkId, request: &Pdu<'_>) -> Result<RequestTicket, Error> {
        let mtu = usize::from(self.link(id)?.mtu);
        let index = usize::from(id.index);
        self.may_begin(id)?;
        let client = &mut self.link_mut(id)?.client;
        if client.phase != Phase::Idle {
            client.missed = true;
            return Err(Error::Busy);
        }
        if !self.can_send(index) {
            return Err(Error::Busy);
        }
        // Only answers that carry values need blocks for a whole PDU.
        let longest = match request {
            Pdu::WriteRequest { .. } | Pdu::ExecuteWriteRequest { .. } | Pdu::ExchangeMtuRequest { .. } => 5,
            _ => mtu,
        };
        let reserve = self.pool().reserve(blocks_for(longest)).ok_or(Error::Full(Resource::Blocks))?;
        let sent = self.put_frame(index, ChannelId::ATT, mtu, |_, w| {
            request.emit(w);
            true
        });
        if !sent {
            self.pool().release(reserve);
            return Err(Error::TooLong);
        }
        let deadline = Deadline::after(now, TRANSACTION_TIMEOUT);
        self.state.sooner.note(deadline);
        let link = self.link_mut(id)?;
        let client = &mut link.client;
        if let Pdu::ExchangeMtuRequest { mtu } = request {
            link.told_mtu = *mtu;
            client.exchanged = true;
        }
        client.ticket = client.ticket.wrapping_add(1);
        client.phase = Phase::Waiting;
        client.request = request.opcode();
        client.deadline = deadline;
        client.reserve = reserve;
        client.error.set(None);
        Ok(RequestTicket { link: id, number: client.ticket })
    }

    /// The answer to a request: the whole response PDU, or the peer's error.
    pub fn answer(&mut self, ticket: RequestTicket) -> Poll<Result<Answer, Error>> {
        let link = match self.link_mut(ticket.link) {
            Ok(link) => link,
            Err(error) => return Poll::Ready(Err(error)),
        };
        let client = &mut link.client;
        if client.ticket != ticket.number {
            return Poll::Ready(Err(Error::Stale));
        }
        match client.phase {
            Phase::Waiting => Poll::Pending,
            Phase::Answered => {
                let answer = core::mem::replace(&mut client.answer, Chain::NONE);
                let result = client.error.take().map_or(Ok(Answer(answer)), Err);
                self.free_bearer(usize::from(ticket.link.index));
                Poll::Ready(result)
            }
            Phase::Dead => Poll::Ready(Err(Error::Timeout)),
            Phase::Idle | Phase::Swallowing => Poll::Ready(Err(Error::Stale)),
        }
    }

    /// Gives a request up: its answer, now or later, goes nowhere.
    pub fn abandon_request(&mut self, ticket: RequestTicket) {
        let Ok(link) = self.link_mut(ticket.link) else { return };
        let client = &mut link.client;
        if client.ticket != ticket.number {
            return;
        }
        match client.phase {
            Phase::Waiting => client.phase = Phase::Swallowing,
            Phase::Answered => {
                let answer = core::mem::replace(&mut client.answer, Chain::NONE);
                self.free_answer(Answer(answer));
                self.free_bearer(usize::from(ticket.link.index));
            }
            _ => {}
        }
    }

    /// The next request may go: one that was left behind before any other, and nobody else asks for that one.
    fn free_bearer(&mut self, index: usize) {
        let Some(link) = self.links.get_mut(index) else { return };
        link.client.phase = Phase::Idle;
        if link.owes_requests() {
            self.state.work = true;
        }
        if core::mem::take(&mut link.client.missed) {
            self.tell_link(index, LinkNews::CLIENT);
        }
    }

    /// Copies an answer's octets from `offset` on and tells how many there were to copy.
    pub fn read_answer(&mut self, answer: &Answer, offset: usize, target: &mut [u8]) -> usize {
        self.pool().read(answer.0, offset, target)
    }

    /// Gives the octets of an answer back to the pool.
    pub fn free_answer(&mut self, answer: Answer) {
        self.pool().free(answer.0, 0);
        self.tell_pool();
    }

    /// Something with the opcode of a response.
    pub(super) fn on_response(&mut self, index: usize, octets: &[u8]) {
        let response = Pdu::parse(octets).ok();
        if response.is_none() {
            self.drop_malformed("an ATT response");
        }
        self.take_response(index, octets, response.as_ref());
    }

    /// An answer, if it is one, that nothing can be made of.
    pub(super) fn on_broken_response(&mut self, index: usize) {
        self.take_response(index, &[], None);
    }

    fn take_response(&mut self, index: usize, octets: &[u8], response: Option<&Pdu<'_>>) {
        let Some(link) = self.links.get_mut(index) else { return };
        let client = &mut link.client;
        if !matches!(client.phase, Phase::Waiting | Phase::Swallowing) {
            return count(&mut self.state.counters.unexpected);
        }
        let expected = Opcode(client.request.0.wrapping_add(1));
        let result = match response {
            Some(Pdu::ErrorResponse { request, code, .. }) if *request == client.request => Err(Error::Gatt(*code)),
            Some(Pdu::ExchangeMtuResponse { mtu }) if client.request == Opcode::EXCHANGE_MTU_REQUEST => {
                // Vol 3, Part F, 3.4.2.2: the smaller of both, and never less than the default.
                let mtu = link.told_mtu.min(*mtu);
                self.set_mtu(index, mtu);
                Ok(())
            }
            Some(pdu) if pdu.opcode() == expected => Ok(()),
            _ => Err(Error::Protocol),
        };
        self.finish_request(index, octets, result);
    }

    fn finish_request(&mut self, index: usize, octets: &[u8], result: Result<(), Error>) {
        let Some(link) = self.links.get_mut(index) else { return };
        let swallowed = link.client.phase == Phase::Swallowing;
        let mut reserve = core::mem::take(&mut link.client.reserve);
        link.client.deadline = Deadline::NEVER;
        let stored = match result {
            Ok(()) if !swallowed => self.pool().store([octets, &[]], &mut reserve).ok_or(Error::Full(Resource::Blocks)),
            Ok(()) => Ok(Chain::NONE),
            Err(error) => Err(error),
        };
        self.pool().release(reserve);
        self.tell_pool();
        if swallowed {
            return self.free_bearer(index);
        }
        if let Some(link) = self.links.get_mut(index) {
            link.client.phase = Phase::Answered;
            match stored {
                Ok(chain) => link.client.answer = chain,
                Err(error) => link.client.error.set(Some(error)),
            }
        }
        self.tell_link(index, LinkNews::CLIENT);
    }

    /// Frees what our request holds, as its link goes down.
    pub(crate) fn end_request(&mut self, index: usize) {
        let Some(link) = self.links.get_mut(index) else { return };
        let answer = core::mem::replace(&mut link.client.answer, Chain::NONE);
        let reserve = core::mem::take(&mut link.client.reserve);
        self.pool().free(answer, 0);
        self.pool().release(reserve);
        self.tell_pool();
    }

    /// Ends requests that are overdue: no more may be sent on their bearers.
    pub(crate) fn request_timeout(&mut self, now: Instant) {
        for index in 0..self.links.len() {
            let Some(link) = self.links.get_mut(index) else { return };
            if !link.client.deadline.take_due(now) {
                continue;
            }
            warning!("link {}: the peer does not answer {}", index, link.client.request);
            count(&mut self.state.counters.timeouts);
            link.client.phase = Phase::Dead;
            link.att_died();
            let reserve = core::mem::take(&mut link.client.reserve);
            self.pool().release(reserve);
            self.tell_link(index, LinkNews::CLIENT);
            self.tell_pool();
        }
    }

    /// Sends a request of the host's own, whose answer nobody takes.
    pub(crate) fn request_unattended(&mut self, now: Instant, id: LinkId, request: &Pdu<'_>) -> bool {
        match self.place(now, id, request) {
            Ok(ticket) => {
                self.abandon_request(ticket);
                true
            }
            Err(_) => false,
        }
    }

    /// Sends a Write Command, which nothing answers. `Busy` while the link's transmit buffer is in use, or a request waits for it.
    pub fn write_command(&mut self, id: LinkId, handle: u16, value: &[u8]) -> Result<(), Error> {
        let mtu = usize::from(self.link(id)?.mtu);
        let index = usize::from(id.index);
        self.may_begin(id)?;
        if !self.can_send(index) || self.steps_back(id) {
            return Err(Error::Busy);
        }
        let sent = self.put_frame(index, ChannelId::ATT, mtu, |_, w| {
            Pdu::WriteCommand { handle, value }.emit(w);
            true
        });
        if sent { Ok(()) } else { Err(Error::TooLong) }
    }

    /// Asks the peer for a larger MTU: `mtu` or the largest there is room for; what the peer was told where it has asked first
    /// (Vol 3, Part F, 3.4.2.2). An error once this side has asked before (3.4.2.1).
    pub fn exchange_mtu(&mut self, now: Instant, id: LinkId, mtu: Option<u16>) -> Result<RequestTicket, Error> {
        let most = self.own_mtu();
        let mtu = mtu.unwrap_or(most);
        if !(crate::links::DEFAULT_MTU..=most).contains(&mtu) {
            return Err(Error::InvalidArgument(crate::error::Argument::Mtu));
        }
        let link = self.link(id)?;
        if link.client.exchanged {
            return Err(Error::Gatt(ErrorCode::REQUEST_NOT_SUPPORTED));
        }
        let mtu = if link.told_mtu == 0 { mtu } else { link.told_mtu };
        self.request(now, id, &Pdu::ExchangeMtuRequest { mtu })
    }
}
