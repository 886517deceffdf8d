//! Whose request is next: one after another, in the order in which they first wanted the bearer, so that no task that asks
//! again and again keeps the others from it. Who does not come when it is its turn is passed over.

use super::RequestTicket;
use crate::{Core, error::Error, event::LinkNews, link::LinkId};

/// How often others ask a free bearer before the one whose turn it is has lost its place. An application may hold a future that
/// it does not poll.
const PATIENCE: u8 = 16;

/// A place in the line for a link's bearer: see [`Core::in_turn`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Turn {
    link: LinkId,
    number: u8,
}

/// The line of a link: 16 places. Whoever finds none waits without one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Line {
    /// Whose turn it is.
    now: u8,
    /// The number of who comes next.
    next: u8,
    /// Bit n: place `now` + n was given up.
    gone: u16,
    /// How often others have asked a free bearer since the last request.
    asked: u8,
}

impl Line {
    pub(crate) const NEW: Line = Line { now: 0, next: 0, gone: 0, asked: 0 };

    fn enter(&mut self) -> Option<u8> {
        let number = self.next;
        (number.wrapping_sub(self.now) < 16).then(|| {
            self.next = number.wrapping_add(1);
            number
        })
    }

    fn has(&self, number: u8) -> bool {
        number.wrapping_sub(self.now) < self.next.wrapping_sub(self.now)
    }

    fn is_empty(&self) -> bool {
        self.now == self.next
    }

    fn leave(&mut self, number: u8) {
        if !self.has(number) {
            return;
        }
        let place = u32::from(number.wrapping_sub(self.now));
        self.gone |= 1u16.checked_shl(place).unwrap_or(0);
        while self.gone & 1 == 1 {
            self.gone >>= 1;
            self.now = self.now.wrapping_add(1);
        }
    }

    /// Somebody else asks the free bearer. True when they have to wait.
    fn is_patient(&mut self) -> bool {
        self.asked = self.asked.saturating_add(1);
        self.asked < PATIENCE
    }
}

impl Core<'_> {
    /// Places a request when it is its turn; `Busy` before. A place that was taken stands in `turn` until the request is placed
    /// or fails with another error; it is to be given up with [`Core::leave_line`] where nobody waits any more.
    pub fn in_turn(
        &mut self,
        id: LinkId,
        turn: &mut Option<Turn>,
        place: impl FnOnce(&mut Self) -> Result<RequestTicket, Error>,
    ) -> Result<RequestTicket, Error> {
        if let Err(error) = self.may_begin(id) {
            self.leave_line(turn.take());
            return Err(error);
        }
        self.come_forward(id, turn)?;
        let result = place(self);
        if result.is_ok()
            && let Ok(link) = self.link_mut(id)
        {
            link.client.line.asked = 0;
        }
        if result != Err(Error::Busy) {
            self.leave_line(turn.take());
        }
        result
    }

    /// `Busy` while it is the turn of another.
    fn come_forward(&mut self, id: LinkId, turn: &mut Option<Turn>) -> Result<(), Error> {
        let is_free = self.can_request(id);
        let client = &mut self.link_mut(id)?.client;
        let line = &mut client.line;
        let number = match turn {
            Some(turn) if line.has(turn.number) => Some(turn.number),
            // None yet, or it was passed over; or there is no place.
            _ => line.enter(),
        };
        *turn = number.map(|number| Turn { link: id, number });
        client.missed |= number.is_none();
        if is_free && number != Some(line.now) && !line.is_patient() {
            line.asked = 0;
            line.leave(line.now);
        }
        if number == Some(line.now) {
            return Ok(());
        }
        if is_free {
            // Everybody is woken to come again, the one whose turn it is among them.
            self.tell_link(usize::from(id.index), LinkNews::CLIENT);
        }
        Err(Error::Busy)
    }

    /// Gives a place in the line up.
    pub fn leave_line(&mut self, turn: Option<Turn>) {
        let Some(Turn { link: id, number }) = turn else { return };
        let Ok(link) = self.link_mut(id) else { return };
        let line = &mut link.client.line;
        line.leave(number);
        if !line.is_empty() {
            self.tell_link(usize::from(id.index), LinkNews::CLIENT);
        }
    }

    /// True where a command has to let a request go first, which waits for nothing but the transmit buffer.
    pub(super) fn steps_back(&mut self, id: LinkId) -> bool {
        let is_free = self.can_request(id);
        let Ok(link) = self.link_mut(id) else { return false };
        let line = &mut link.client.line;
        let steps_back = is_free && !line.is_empty() && line.is_patient();
        if steps_back {
            self.tell_link(usize::from(id.index), LinkNews::CLIENT);
        }
        steps_back
    }
}
