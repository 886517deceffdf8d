//! Values on their way to subscribers: `notify`, `indicate`, and `update`, which gives each subscriber the latest value
//! as soon as its link has room (Vol 3, Part G, 4.10-11).

use super::{
    AttributeId, Updates,
    attribute::{AttributeFlags, Kind, Subscriber},
};
use crate::{
    Core,
    att::{IndicationTicket, Payload},
    error::Error,
    link::{LinkId, Owed},
    time::Instant,
};
use core::task::Poll;
use jelling_wire::att::Opcode;

/// Whom a notification or an indication may go to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Recipient {
    /// Who has subscribed to it.
    #[default]
    Subscriber,
    /// Anyone: as aioble does, and a peer need not expect it (Vol 3, Part G, 3.3.3.3).
    Anyone,
}

impl Core<'_> {
    /// Sets a value and marks it for every subscriber.
    pub fn update(&mut self, id: AttributeId, value: &[u8]) -> Result<(), Error> {
        self.write_local(id, value)?;
        let at = self.attribute(id)?;
        if id.generation != self.state.table.generation {
            return Ok(());
        }
        let Some(cccd) = self.cccd_of(at) else { return Ok(()) };
        for index in 0..self.links.len() {
            let subscriber = self.subscriber(cccd, index);
            if subscriber.intersects(Subscriber::NOTIFY | Subscriber::INDICATE)
                && let Some(link) = self.links.get_mut(index)
            {
                link.owed.insert(Owed::UPDATES);
                self.set_subscriber(cccd, index, subscriber | Subscriber::PENDING);
            }
        }
        Ok(())
    }

    /// What a peer has subscribed to.
    pub fn subscribed(&self, id: AttributeId, link: LinkId) -> Result<Updates, Error> {
        self.link(link)?;
        let at = self.attribute(id)?;
        let subscriber = self.cccd_of(at).map_or(Subscriber::empty(), |c| self.subscriber(c, usize::from(link.index)));
        let mut updates = Updates::empty();
        updates.set(Updates::NOTIFY, subscriber.contains(Subscriber::NOTIFY));
        updates.set(Updates::INDICATE, subscriber.contains(Subscriber::INDICATE));
        Ok(updates)
    }

    /// A link whose subscription changed since the last call, and what it is now.
    pub fn take_subscription_change(&mut self, id: AttributeId) -> Poll<Result<(LinkId, Updates), Error>> {
        let at = match self.attribute(id) {
            Ok(at) => at,
            Err(error) => return Poll::Ready(Err(error)),
        };
        let Some(cccd) = self.cccd_of(at) else { return Poll::Pending };
        for index in 0..self.links.len() {
            let subscriber = self.subscriber(cccd, index);
            if !subscriber.contains(Subscriber::CHANGED) {
                continue;
            }
            self.set_subscriber(cccd, index, subscriber.difference(Subscriber::CHANGED));
            if let Some(link) = self.link_id(index)
                && let Ok(updates) = self.subscribed(id, link)
            {
                return Poll::Ready(Ok((link, updates)));
            }
        }
        Poll::Pending
    }

    /// The slot of a value that may be told to a peer: who has subscribed, and could read it as far as security goes.
    pub(super) fn to_tell(
        &self,
        id: AttributeId,
        link: LinkId,
        wanted: Updates,
        recipient: Recipient,
    ) -> Result<usize, Error> {
        let subscribed = self.subscribed(id, link)?;
        // Nobody knows what is still being registered.
        let is_known = id.generation == self.state.table.generation;
        if !is_known || (recipient == Recipient::Subscriber && !subscribed.contains(wanted)) {
            return Err(Error::NotSubscribed);
        }
        let at = self.attribute(id)?;
        self.may_tell(usize::from(link.index), at).map_err(Error::NotPermitted)?;
        if self.is_withheld(usize::from(link.index), at) {
            return Err(Error::Busy);
        }
        Ok(at)
    }

    /// The link's security is another one: what could not be told before may be allowed now.
    pub(crate) fn retry_updates(&mut self, id: LinkId) {
        let index = usize::from(id.index);
        let cccds = 0..usize::from(self.state.table.length);
        let pending = cccds.filter(|at| self.attributes.get(*at).is_some_and(|a| a.kind == Kind::Cccd));
        let any = pending.map(|at| self.subscriber(at, index)).any(|s| s.contains(Subscriber::PENDING));
        if any && let Ok(link) = self.link_mut(id) {
            link.owed.insert(Owed::UPDATES);
            self.state.work = true;
        }
    }

    /// Notifies a subscriber of `value`. `Busy` while the link's transmit buffer is in use.
    pub fn notify(&mut self, id: AttributeId, link: LinkId, value: &[u8]) -> Result<(), Error> {
        self.notify_as(id, link, Payload::Given(value), Recipient::Subscriber)
    }

    /// Notifies a peer. `Busy` while the link's transmit buffer is in use, `NotSubscribed` or `NotPermitted` where it is not to
    /// be told, `TooLong` beyond MTU - 3 octets, `Timeout` where the bearer is dead.
    pub fn notify_as(
        &mut self,
        id: AttributeId,
        link: LinkId,
        payload: Payload<'_>,
        recipient: Recipient,
    ) -> Result<(), Error> {
        let at = self.to_tell(id, link, Updates::NOTIFY, recipient)?;
        self.send_notification(link, at, payload)
    }

    /// Indicates `value` to a subscriber. `Busy` while the bearer has an indication or the buffer is in use.
    pub fn indicate(
        &mut self,
        now: Instant,
        id: AttributeId,
        link: LinkId,
        value: &[u8],
    ) -> Result<IndicationTicket, Error> {
        self.indicate_as(now, id, link, Payload::Given(value), Recipient::Subscriber)
    }

    /// Indicates to a peer. `Busy` while the bearer has an indication or the buffer is in use; the rest as for `notify_as`.
    pub fn indicate_as(
        &mut self,
        now: Instant,
        id: AttributeId,
        link: LinkId,
        payload: Payload<'_>,
        recipient: Recipient,
    ) -> Result<IndicationTicket, Error> {
        let at = self.to_tell(id, link, Updates::INDICATE, recipient)?;
        self.send_indication(now, link, at, payload)
    }

    /// Sends one value that `update` left for this link.
    pub(crate) fn send_update(&mut self, now: Instant, index: usize) -> bool {
        let Some(link) = self.links.get(index) else { return false };
        if !link.owed.contains(Owed::UPDATES) {
            return false;
        }
        if link.att_is_dead {
            return false;
        }
        let mut waiting = false;
        for cccd in 0..usize::from(self.state.table.length) {
            if self.attributes.get(cccd).is_none_or(|a| a.kind != Kind::Cccd) {
                continue;
            }
            let subscriber = self.subscriber(cccd, index);
            if !subscriber.contains(Subscriber::PENDING) {
                continue;
            }
            let Some(value) = self.cccd_value(cccd) else { continue };
            if self.may_tell(index, value).is_err() || self.is_withheld(index, value) {
                continue;
            }
            let notify = subscriber.contains(Subscriber::NOTIFY);
            if !notify && self.links.get(index).is_none_or(|l| !l.indication.is_idle()) {
                waiting = true;
                continue;
            }
            self.set_subscriber(cccd, index, subscriber.difference(Subscriber::PENDING));
            let opcode = if notify { Opcode::HANDLE_VALUE_NOTIFICATION } else { Opcode::HANDLE_VALUE_INDICATION };
            // What is beyond the MTU the peer can read (Vol 3, Part F, 3.4.7.1).
            let sent = self.put_value(index, opcode, value, Payload::Stored);
            if sent && !notify {
                self.indication_begun(index, value);
                let begun = self.link_id(index).map(|id| self.begin_indication(now, id));
                if let Some(Ok(ticket)) = begun {
                    self.abandon_indication(ticket);
                }
            }
            if sent {
                return true;
            }
        }
        if !waiting && let Some(link) = self.links.get_mut(index) {
            link.owed.remove(Owed::UPDATES);
        }
        false
    }

    /// True when peers may change the length of a value.
    pub fn is_variable(&self, id: AttributeId) -> Result<bool, Error> {
        let at = self.attribute(id)?;
        Ok(self.attributes.get(at).is_some_and(|a| a.flags.contains(AttributeFlags::VARIABLE)))
    }
}
