//! Writing in prepared parts, which the peer carries out together (Vol 3, Part G, 4.9.4 and 4.9.5). Each part must come back as it
//! was sent; whatever goes wrong, what was prepared is thrown away.

use super::request::{Request, busy};
use ::core::task::Poll;
use jelling_host::{Answer, Core, Error, Instant, LinkId, PrepareTicket, wire::att::Pdu};

/// The longest value (Vol 3, Part F, 3.2.9).
const LONGEST: usize = 512;

/// How far the writing of values is.
#[derive(Debug)]
pub(super) struct Writing {
    pub(super) link: LinkId,
    pub(super) request: Request,
    ticket: Option<PrepareTicket>,
    /// Something may be in the peer's queue.
    queued: bool,
    /// The value at hand, octets of it that are prepared, octets under way.
    item: usize,
    done: usize,
    part: usize,
    /// The security was raised in the middle: what is in the peer's queue is thrown away, and all of it is prepared again.
    anew: bool,
}

impl Writing {
    pub(super) fn new(link: LinkId) -> Self {
        Writing {
            link,
            request: Request::default(),
            ticket: None,
            queued: false,
            item: 0,
            done: 0,
            part: 0,
            anew: false,
        }
    }

    /// True once it has the peer's queue or has sent something.
    pub(super) fn has_begun(&self) -> bool {
        self.ticket.is_some() || self.request.is_placed()
    }

    /// Goes on writing the values that `values` gives by their numbers, each with its handle.
    pub(super) fn step<'a>(
        &mut self,
        core: &mut Core<'_>,
        now: Instant,
        values: &dyn Fn(usize) -> Option<(u16, &'a [u8])>,
    ) -> Poll<Result<(), Error>> {
        let ticket = match self.ticket {
            Some(ticket) => ticket,
            None => match core.begin_prepared(self.link) {
                Ok(ticket) => *self.ticket.insert(ticket),
                Err(error) => return busy(core, self.link, error),
            },
        };
        match self.begin_anew(core, now) {
            Poll::Ready(Ok(())) => {}
            result => return result,
        }
        while let Some((handle, value)) = values(self.item) {
            let rest = value.get(self.done..).unwrap_or_default();
            if !self.request.is_placed() {
                // The peer may exchange the MTU before it answers: what was sent is what counts.
                let mtu = core.link_info(self.link).map_or(0, |info| usize::from(info.mtu));
                self.part = rest.len().min(mtu.saturating_sub(5));
            }
            let part = rest.get(..self.part).unwrap_or_default();
            let Some(offset) = u16::try_from(self.done).ok().filter(|_| value.len() <= LONGEST) else {
                return Poll::Ready(Err(Error::TooLong));
            };
            let answer =
                self.request.ask(core, now, self.link, &Pdu::PrepareWriteRequest { handle, offset, value: part });
            let Poll::Ready(answer) = answer else {
                self.queued |= self.request.is_placed();
                return Poll::Pending;
            };
            match answer {
                Ok(answer) => {
                    let same = is_echo(core, &answer, handle, offset, part);
                    core.free_answer(answer);
                    if !same {
                        return Poll::Ready(Err(Error::Protocol));
                    }
                }
                Err(_) if self.request.stands_until().is_some() => {
                    self.queued &= (self.item, self.done) != (0, 0);
                    self.anew = true;
                    return self.step(core, now, values);
                }
                Err(error) => {
                    // What the peer refuses at the very start is not in its queue.
                    self.queued &= (self.item, self.done) != (0, 0) || !matches!(error, Error::Gatt(_));
                    return Poll::Ready(Err(error));
                }
            }
            self.done = self.done.saturating_add(part.len());
            if self.done >= value.len() {
                (self.item, self.done) = (self.item.saturating_add(1), 0);
            }
        }
        let answer = self.request.ask(core, now, self.link, &Pdu::ExecuteWriteRequest { flags: 1 });
        if answer.is_ready() && self.request.stands_until().is_some() {
            self.anew = true;
            return self.step(core, now, values);
        }
        answer.map(|answer| {
            core.free_answer(answer?);
            self.ticket = None;
            core.finish_prepared(ticket);
            Ok(())
        })
    }

    /// After a refusal: raises the security, empties the peer's queue, whatever the refusal left in it, and begins with the first value.
    fn begin_anew(&mut self, core: &mut Core<'_>, now: Instant) -> Poll<Result<(), Error>> {
        if !self.anew {
            return Poll::Ready(Ok(()));
        }
        match self.request.raise(core, now, self.link) {
            Poll::Ready(Ok(())) => {}
            result => return result,
        }
        if self.queued {
            match self.request.ask(core, now, self.link, &Pdu::ExecuteWriteRequest { flags: 0 }) {
                Poll::Ready(Ok(answer)) => core.free_answer(answer),
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => return Poll::Pending,
            }
        }
        (self.anew, self.queued, self.item, self.done) = (false, false, 0, 0);
        Poll::Ready(Ok(()))
    }

    /// Gives everything up. What the peer has in its queue it is told to throw away.
    pub(super) fn undo(&mut self, core: &mut Core<'_>) {
        self.request.undo(core);
        match self.ticket.take() {
            Some(ticket) if self.queued => core.cancel_prepared(ticket),
            Some(ticket) => core.finish_prepared(ticket),
            None => {}
        }
    }
}

/// True where the answer to Prepare Write Request repeats it (Vol 3, Part F, 3.4.6.2).
fn is_echo(core: &mut Core<'_>, answer: &Answer, handle: u16, offset: u16, part: &[u8]) -> bool {
    let ([h0, h1], [o0, o1]) = (handle.to_le_bytes(), offset.to_le_bytes());
    let mut head = [0; 5];
    core.read_answer(answer, 0, &mut head);
    let [_, head @ ..] = head;
    let mut same = head == [h0, h1, o0, o1] && answer.len() == part.len().saturating_add(5);
    let mut at = 5usize;
    for sent in part.chunks(32) {
        let mut octets = [0; 32];
        let n = core.read_answer(answer, at, &mut octets);
        same &= octets.get(..n).and_then(|got| got.get(..sent.len())) == Some(sent);
        at = at.saturating_add(sent.len());
    }
    same
}
