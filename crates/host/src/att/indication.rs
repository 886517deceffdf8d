//! Our indication: one at a time on a bearer, until it is confirmed (Vol 3, Part F, 3.4.7.2), and notifications.

use super::TRANSACTION_TIMEOUT;
use crate::{
    Core, Updates,
    counters::count,
    error::Error,
    event::LinkNews,
    fmt::warning,
    link::LinkId,
    time::{Deadline, Instant},
};
use core::task::Poll;
use jelling_wire::{att::Opcode, l2cap::ChannelId};

/// What a notification or an indication carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Payload<'a> {
    /// These octets, MTU - 3 at most; the stored value stays.
    Given(&'a [u8]),
    /// The stored value as it is when it leaves, cut to MTU - 3 octets: the peer can read the rest (Vol 3, Part F, 3.4.7.1).
    Stored,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Phase {
    #[default]
    Idle,
    Waiting,
    Confirmed,
    /// Awaited by nobody.
    Unattended,
    Dead,
}

/// The slot of our indication.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Indication {
    phase: Phase,
    ticket: u16,
    deadline: Deadline,
}

impl Indication {
    pub(crate) const NEW: Indication = Indication { phase: Phase::Idle, ticket: 0, deadline: Deadline::NEVER };

    pub(crate) fn deadline(&self) -> Deadline {
        self.deadline
    }

    pub(crate) fn is_idle(&self) -> bool {
        self.phase == Phase::Idle
    }
}

/// An indication of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IndicationTicket {
    link: LinkId,
    number: u16,
}

impl Core<'_> {
    /// Sends a notification of the attribute in slot `at`, whatever the peer subscribed to. `Busy` while the link's transmit
    /// buffer is in use. Octets beyond MTU - 3 are `TooLong`.
    pub(crate) fn send_notification(&mut self, id: LinkId, at: usize, payload: Payload<'_>) -> Result<(), Error> {
        self.may_begin(id)?;
        if !self.can_send(usize::from(id.index)) {
            return Err(Error::Busy);
        }
        let sent = self.put_value(id.index.into(), Opcode::HANDLE_VALUE_NOTIFICATION, at, payload);
        if sent { Ok(()) } else { Err(Error::TooLong) }
    }

    /// Sends an indication. `Busy` while the bearer has one, or the link's transmit buffer is in use.
    pub(crate) fn send_indication(
        &mut self,
        now: Instant,
        id: LinkId,
        at: usize,
        payload: Payload<'_>,
    ) -> Result<IndicationTicket, Error> {
        self.may_begin(id)?;
        if !self.link(id)?.indication.is_idle() || !self.can_send(usize::from(id.index)) {
            return Err(Error::Busy);
        }
        if !self.put_value(id.index.into(), Opcode::HANDLE_VALUE_INDICATION, at, payload) {
            return Err(Error::TooLong);
        }
        let number = self.begin_indication(now, id.index.into(), at, Phase::Waiting);
        Ok(IndicationTicket { link: id, number })
    }

    /// Puts the value in slot `at` into the transmit buffer. False where it does not fit.
    pub(crate) fn put_value(&mut self, index: usize, opcode: Opcode, at: usize, payload: Payload<'_>) -> bool {
        let mtu = self.links.get(index).map_or(0, |l| usize::from(l.mtu));
        self.put_frame(index, ChannelId::ATT, mtu, |core, w| {
            w.u8(opcode.0);
            w.u16(core.attributes.get(at).map_or(0, |a| a.handle));
            match payload {
                Payload::Given(octets) => w.bytes(octets),
                Payload::Stored => core.write_value(index, at, w),
            }
            true
        })
    }

    /// The value in slot `at` went out as an indication. The number of its ticket, if somebody awaits its confirmation.
    fn begin_indication(&mut self, now: Instant, index: usize, at: usize, phase: Phase) -> u16 {
        self.indication_begun(index, at);
        let deadline = Deadline::after(now, TRANSACTION_TIMEOUT);
        self.state.sooner.note(deadline);
        let Some(link) = self.links.get_mut(index) else { return 0 };
        let ticket = link.indication.ticket.wrapping_add(1);
        link.indication = Indication { phase, ticket, deadline };
        ticket
    }

    /// Notifies or indicates the stored value in slot `at`; nobody awaits the confirmation. What is beyond the MTU the peer can read
    /// (Vol 3, Part F, 3.4.7.1).
    pub(crate) fn put_update(&mut self, now: Instant, index: usize, at: usize, kind: Updates) -> bool {
        let notify = kind == Updates::NOTIFY;
        let opcode = if notify { Opcode::HANDLE_VALUE_NOTIFICATION } else { Opcode::HANDLE_VALUE_INDICATION };
        let sent = self.put_value(index, opcode, at, Payload::Stored);
        if sent && !notify {
            self.begin_indication(now, index, at, Phase::Unattended);
        }
        sent
    }

    /// Whether the peer has confirmed.
    pub fn confirmed(&mut self, ticket: IndicationTicket) -> Poll<Result<(), Error>> {
        // The confirmation came, and the peer left before anybody looked: it counts all the same.
        if self.was_confirmed(ticket) {
            return Poll::Ready(Ok(()));
        }
        let link = match self.link_mut(ticket.link) {
            Ok(link) => link,
            Err(error) => return Poll::Ready(Err(error)),
        };
        let indication = &mut link.indication;
        if indication.ticket != ticket.number {
            return Poll::Ready(Err(Error::Stale));
        }
        match indication.phase {
            Phase::Waiting => Poll::Pending,
            Phase::Confirmed => {
                indication.phase = Phase::Idle;
                self.tell_link(usize::from(ticket.link.index), LinkNews::INDICATION);
                Poll::Ready(Ok(()))
            }
            Phase::Dead => Poll::Ready(Err(Error::Timeout)),
            Phase::Idle | Phase::Unattended => Poll::Ready(Err(Error::Stale)),
        }
    }

    fn was_confirmed(&self, ticket: IndicationTicket) -> bool {
        self.links.get(usize::from(ticket.link.index)).is_some_and(|slot| {
            !slot.is_up()
                && slot.generation == ticket.link.generation.wrapping_add(1)
                && slot.indication.ticket == ticket.number
                && slot.indication.phase == Phase::Confirmed
        })
    }

    /// Gives an indication up: its confirmation goes nowhere, and the next indication waits for it all the same.
    pub fn abandon_indication(&mut self, ticket: IndicationTicket) {
        let Ok(link) = self.link_mut(ticket.link) else { return };
        let indication = &mut link.indication;
        if indication.ticket == ticket.number {
            match indication.phase {
                Phase::Waiting => indication.phase = Phase::Unattended,
                Phase::Confirmed => {
                    indication.phase = Phase::Idle;
                    self.tell_link(usize::from(ticket.link.index), LinkNews::INDICATION);
                }
                _ => {}
            }
        }
    }

    pub(super) fn on_confirmation(&mut self, index: usize) {
        let Some(link) = self.links.get_mut(index) else { return };
        let indication = &mut link.indication;
        indication.phase = match indication.phase {
            Phase::Waiting => Phase::Confirmed,
            Phase::Unattended => Phase::Idle,
            _ => return count(&mut self.state.counters.unexpected),
        };
        indication.deadline = Deadline::NEVER;
        self.indication_confirmed(index);
        self.tell_link(index, LinkNews::INDICATION);
    }

    /// Ends indications that are overdue: no more may be sent on their bearers.
    pub(crate) fn indication_timeout(&mut self, now: Instant) {
        for index in 0..self.links.len() {
            let Some(link) = self.links.get_mut(index) else { return };
            if !link.indication.deadline.take_due(now) {
                continue;
            }
            warning!("link {}: the peer does not confirm an indication", index);
            count(&mut self.state.counters.timeouts);
            link.indication.phase = Phase::Dead;
            link.att_died();
            self.tell_link(index, LinkNews::INDICATION);
        }
    }
}
