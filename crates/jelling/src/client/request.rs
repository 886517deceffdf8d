//! One request and its answer: the bearer is taken when it is this one's turn, and given back whatever happens. Where the peer
//! wants more security than the link has, that is raised, as the policy says, and the request is repeated once.

#[cfg(not(feature = "security"))]
use crate::raise::Raising;
#[cfg(feature = "security")]
use crate::security::Raising;
use crate::waiting::Topic;
use ::core::task::Poll;
use jelling_host::{Answer, Core, Error, Instant, LinkId, RequestTicket, Turn, wire::att::Pdu};

/// What an error in placing a request means: wait for the bearer, or for blocks that others have; or give up.
pub(super) fn busy<T>(core: &mut Core<'_>, link: LinkId, error: Error) -> Poll<Result<T, Error>> {
    match error {
        Error::Busy => Poll::Pending,
        // Blocks come back when others take their answers, unless there never were enough.
        Error::Full(jelling_host::Resource::Blocks) => {
            let pools = core.pools();
            if pools.blocks.used == 0 || core.link_info(link).is_err() {
                Poll::Ready(Err(error))
            } else {
                Poll::Pending
            }
        }
        error => Poll::Ready(Err(error)),
    }
}

/// A request that may not have been placed yet.
#[derive(Debug, Default)]
pub(crate) struct Request {
    turn: Option<Turn>,
    placed: Option<RequestTicket>,
    raising: Raising,
}

impl Request {
    /// True while the answer is awaited.
    pub(crate) fn is_placed(&self) -> bool {
        self.placed.is_some()
    }

    /// What to wait for: the answer, or what lets it be placed.
    pub(crate) fn topic(&self, link: LinkId) -> Topic {
        if self.placed.is_some() { Topic::Answer(link.index()) } else { Topic::Link(link.index()) }
    }

    /// Until when the security is being raised for it, and the time of its operation stands still.
    pub(crate) fn stands_until(&self) -> Option<Instant> {
        self.raising.until()
    }

    /// Places `pdu` when it can, and gives the answer when it is there.
    pub(crate) fn go(
        &mut self,
        core: &mut Core<'_>,
        now: Instant,
        link: LinkId,
        pdu: &Pdu<'_>,
    ) -> Poll<Result<Answer, Error>> {
        loop {
            match self.raise(core, now, link) {
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => return Poll::Pending,
            }
            let answer = self.ask(core, now, link, pdu);
            if self.stands_until().is_none() {
                return answer;
            }
        }
    }

    /// Goes on raising the security of the link; done at once where nothing has to be raised.
    pub(crate) fn raise(&mut self, core: &mut Core<'_>, now: Instant, link: LinkId) -> Poll<Result<(), Error>> {
        self.raising.step(core, now, link)
    }

    /// As [`Request::go`], but a refusal for the lack of security is given back, and where the security may be raised that has
    /// begun.
    pub(crate) fn ask(
        &mut self,
        core: &mut Core<'_>,
        now: Instant,
        link: LinkId,
        pdu: &Pdu<'_>,
    ) -> Poll<Result<Answer, Error>> {
        let ticket = match self.placed {
            Some(ticket) => ticket,
            None => match core.in_turn(link, &mut self.turn, |core| core.request(now, link, pdu)) {
                Ok(ticket) => {
                    self.raising.note(core, link);
                    *self.placed.insert(ticket)
                }
                Err(error) => return busy(core, link, error),
            },
        };
        let answer = core.answer(ticket);
        if answer.is_ready() {
            self.placed = None;
        }
        if let Poll::Ready(Err(Error::Gatt(code))) = answer {
            self.raising.begins(core, now, link, code);
        }
        answer
    }

    /// Gives the request up.
    pub(crate) fn undo(&mut self, core: &mut Core<'_>) {
        core.leave_line(self.turn.take());
        if let Some(ticket) = self.placed.take() {
            core.abandon_request(ticket);
        }
        self.raising.undo(core);
    }

    /// True while it is under way, or waits for its turn or for security.
    pub(crate) fn is_wanted(&self) -> bool {
        self.turn.is_some() || self.placed.is_some() || self.stands_until().is_some()
    }
}
