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
        if !link.owed.contains(Owed::UPDATES) || link.att_is_dead {
            return false;
        }
        let is_idle = link.indication.is_idle();
        let mut waiting = false;
        for cccd in 0..usize::from(self.state.table.length) {
            let Some(value) = self.pending_value(index, cccd) else { continue };
            let subscriber = self.subscriber(cccd, index);
            let notify = subscriber.contains(Subscriber::NOTIFY);
            let kind = if notify { Updates::NOTIFY } else { Updates::INDICATE };
            if !notify && !is_idle {
                waiting = true;
                continue;
            }
            self.set_subscriber(cccd, index, subscriber.difference(Subscriber::PENDING));
            return self.put_update(now, index, value, kind);
        }
        if !waiting && let Some(link) = self.links.get_mut(index) {
            link.owed.remove(Owed::UPDATES);
        }
        false
    }

    /// The value of the CCCD in a slot, where a subscriber has not been told of it and may be.
    fn pending_value(&self, index: usize, cccd: usize) -> Option<usize> {
        let is_cccd = self.attributes.get(cccd)?.kind == Kind::Cccd;
        if !is_cccd || !self.subscriber(cccd, index).contains(Subscriber::PENDING) {
            return None;
        }
        let value = self.cccd_value(cccd)?;
        (self.may_tell(index, value).is_ok() && !self.is_withheld(index, value)).then_some(value)
    }

    /// True when peers may change the length of a value.
    pub fn is_variable(&self, id: AttributeId) -> Result<bool, Error> {
        let at = self.attribute(id)?;
        Ok(self.attributes.get(at).is_some_and(|a| a.flags.contains(AttributeFlags::VARIABLE)))
    }
}
