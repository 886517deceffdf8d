//! The peer's queue of prepared writes. It belongs to one task at a time, for whoever executes it executes all that is in it
//! (Vol 3, Part F, 3.4.6.3). Who gives up leaves a cancel behind, which goes before any other request.

use crate::{
    Core,
    error::Error,
    event::LinkNews,
    link::{LinkId, Owed},
    time::Instant,
};
use jelling_wire::att::Pdu;

/// Who fills the queue.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Preparing {
    ticket: u16,
    taken: bool,
}

impl Preparing {
    pub(super) const NEW: Preparing = Preparing { ticket: 0, taken: false };
}

/// The right to fill the peer's queue of prepared writes. It is to be given back: `finish_prepared` or `cancel_prepared`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PrepareTicket {
    link: LinkId,
    number: u16,
}

impl Core<'_> {
    /// Takes the peer's queue of prepared writes. `Busy` while somebody has it, or has left something in it: wait for
    /// [`Event::Client`](crate::Event::Client) and call again. `Timeout` where the bearer is dead.
    pub fn begin_prepared(&mut self, id: LinkId) -> Result<PrepareTicket, Error> {
        self.may_begin(id)?;
        let link = self.link_mut(id)?;
        let preparing = &mut link.client.preparing;
        if preparing.taken || link.owed.contains(Owed::CANCEL_PREPARED) {
            link.client.missed = true;
            return Err(Error::Busy);
        }
        preparing.taken = true;
        preparing.ticket = preparing.ticket.wrapping_add(1);
        Ok(PrepareTicket { link: id, number: preparing.ticket })
    }

    /// Gives the queue back: nothing is in it, or what was has been executed.
    pub fn finish_prepared(&mut self, ticket: PrepareTicket) {
        self.release_prepared(ticket, Owed::empty());
    }

    /// Gives the queue back with something in it: the peer is told to throw that away, as soon as the bearer is free.
    pub fn cancel_prepared(&mut self, ticket: PrepareTicket) {
        self.release_prepared(ticket, Owed::CANCEL_PREPARED);
    }

    fn release_prepared(&mut self, ticket: PrepareTicket, owed: Owed) {
        let Ok(link) = self.link_mut(ticket.link) else { return };
        let preparing = &mut link.client.preparing;
        if preparing.taken && preparing.ticket == ticket.number {
            preparing.taken = false;
            link.owed.insert(owed);
            self.state.work = true;
            self.tell_link(usize::from(ticket.link.index), LinkNews::CLIENT);
        }
    }

    /// The cancel that somebody left behind.
    pub(crate) fn send_cancel_prepared(&mut self, now: Instant, index: usize) -> bool {
        let Some(id) = self.link_id(index) else { return false };
        // Vol 3, Part F, 3.4.6.3: flags 0 cancels.
        let sent = self.request_unattended(now, id, &Pdu::ExecuteWriteRequest { flags: 0 });
        if sent && let Ok(link) = self.link_mut(id) {
            link.owed.remove(Owed::CANCEL_PREPARED);
        }
        sent
    }
}
