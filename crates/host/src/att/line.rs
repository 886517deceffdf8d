//! Whose request is next: one after another, in the order in which they first wanted the bearer, so that no task that asks
//! again and again keeps the others from it.

use super::RequestTicket;
use crate::{Core, error::Error, event::LinkNews, link::LinkId};

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
}

impl Line {
    pub(crate) const NEW: Line = Line { now: 0, next: 0, gone: 0 };

    fn enter(&mut self) -> Option<u8> {
        let number = self.next;
        (number.wrapping_sub(self.now) < 16).then(|| {
            self.next = number.wrapping_add(1);
            number
        })
    }

    fn leave(&mut self, number: u8) {
        let place = u32::from(number.wrapping_sub(self.now));
        self.gone |= 1u16.checked_shl(place).unwrap_or(0);
        while self.gone & 1 == 1 {
            self.gone >>= 1;
            self.now = self.now.wrapping_add(1);
        }
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
        let line = &mut self.link_mut(id)?.client.line;
        let number = match turn {
            Some(turn) => turn.number,
            None => turn.insert(Turn { link: id, number: line.enter().ok_or(Error::Busy)? }).number,
        };
        if number != line.now {
            return Err(Error::Busy);
        }
        let result = place(self);
        if result != Err(Error::Busy) {
            self.leave_line(turn.take());
        }
        result
    }

    /// Gives a place in the line up.
    pub fn leave_line(&mut self, turn: Option<Turn>) {
        let Some(Turn { link: id, number }) = turn else { return };
        let Ok(link) = self.link_mut(id) else { return };
        let line = &mut link.client.line;
        line.leave(number);
        if line.now != line.next {
            self.tell_link(usize::from(id.index), LinkNews::CLIENT);
        }
    }
}
