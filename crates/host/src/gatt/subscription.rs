//! Subscriptions of the client: what a peer notifies or indicates queues until it is taken, and an indication is confirmed then
//! (Vol 3, Part G, 4.10-11).

use super::{
    Updates,
    queue::{QueueId, Use},
};
use crate::{
    Core,
    error::Error,
    event::HostNews,
    link::{LinkId, Owed},
    pool::{Policy, Pool},
    time::Instant,
};
use core::task::Poll;
use jelling_wire::att::Pdu;

impl Core<'_> {
    /// Opens a queue for one kind of value of a peer's characteristic. Nothing is sent; the CCCD is the caller's to write.
    pub fn open_subscription(
        &mut self,
        link: LinkId,
        handle: u16,
        kind: Updates,
        depth: usize,
        length: Option<usize>,
        policy: Policy,
    ) -> Result<QueueId, Error> {
        let whole = usize::from(self.link(link)?.mtu).saturating_sub(3);
        let length = length.unwrap_or(whole);
        // Of indications one can be under way.
        let depth = if kind == Updates::INDICATE { 1 } else { depth };
        let id = self.open_queue(Use::Subscription(link, kind), depth, length, policy)?;
        if let Some(queue) = self.queue(id) {
            queue.handle = handle;
        }
        Ok(id)
    }

    /// Closes a subscription's queue. With a CCCD's handle the peer is told, as soon as the bearer is free.
    pub fn close_subscription(&mut self, id: QueueId, cccd: Option<u16>) {
        let Some(queue) = self.queue(id) else { return };
        let (used, handle, unconfirmed) = (queue.used, queue.handle, queue.unconfirmed);
        let Use::Subscription(link, kind) = used else { return };
        self.close_queue(usize::from(id.index));
        if unconfirmed {
            self.owe_confirmation(link);
        }
        if let (Some(cccd), Ok(slot)) = (cccd, self.link_mut(link)) {
            slot.owed.insert(Owed::UNSUBSCRIBE);
            if let Some(queue) = self.queues.get_mut(usize::from(id.index)) {
                (queue.used, queue.handle, queue.cccd) = (Use::Unsubscribe(link, kind), handle, cccd);
            }
        }
    }

    /// What the subscriptions to a peer's characteristic want together, by the handle of its value.
    pub fn subscribed_to(&self, link: LinkId, handle: u16) -> Updates {
        let kinds = self.queues.iter().filter(|queue| queue.handle == handle).map(|queue| match queue.used {
            Use::Subscription(of, kind) if of == link => kind,
            _ => Updates::empty(),
        });
        kinds.fold(Updates::empty(), Updates::union)
    }

    fn owe_confirmation(&mut self, link: LinkId) {
        if let Ok(link) = self.link_mut(link) {
            link.owed.insert(Owed::CONFIRMATION);
        }
    }

    /// The oldest value of a subscription: `target` gets what fits, its whole length is told.
    pub fn take_value(&mut self, id: QueueId, target: &mut [u8]) -> Poll<Result<usize, Error>> {
        let mut pool = Pool { accounts: &mut self.state.accounts, blocks: self.blocks };
        let slot = self.queues.get_mut(usize::from(id.index));
        let Some(queue) = slot.filter(|q| q.generation == id.generation && !q.is_free()) else {
            return Poll::Ready(Err(Error::Disconnected));
        };
        let Use::Subscription(link, _) = queue.used else { return Poll::Ready(Err(Error::Disconnected)) };
        match queue.values.pop(&mut pool, target) {
            Some((_, length)) => {
                if core::mem::take(&mut queue.unconfirmed) {
                    self.owe_confirmation(link);
                }
                Poll::Ready(Ok(length))
            }
            // What came before the link went down can still be read.
            None => match self.link(link) {
                Ok(_) => Poll::Pending,
                Err(error) => Poll::Ready(Err(error)),
            },
        }
    }

    /// The CCCD writes that dropped subscriptions left behind.
    pub(crate) fn send_unsubscribe(&mut self, now: Instant, index: usize) -> bool {
        let Some(id) = self.link_id(index) else { return false };
        let due = self.queues.iter().position(|q| matches!(q.used, Use::Unsubscribe(link, _) if link == id));
        let Some((at, queue)) = due.and_then(|at| self.queues.get(at).map(|q| (at, *q))) else {
            if let Ok(link) = self.link_mut(id) {
                link.owed.remove(Owed::UNSUBSCRIBE);
            }
            return false;
        };
        // What other subscriptions to the same characteristic still want stays on.
        let rest = self.subscribed_to(id, queue.handle);
        let value = [rest.bits(), 0];
        if !self.request_unattended(now, id, &Pdu::WriteRequest { handle: queue.cccd, value: &value }) {
            return false;
        }
        for slot in self.queues.iter_mut() {
            if matches!(slot.used, Use::Unsubscribe(link, _) if link == id) && slot.cccd == queue.cccd {
                slot.used = Use::Free;
            }
        }
        if let Some(slot) = self.queues.get_mut(at) {
            slot.used = Use::Free;
        }
        let more = self.queues.iter().any(|q| matches!(q.used, Use::Unsubscribe(link, _) if link == id));
        if let (false, Ok(link)) = (more, self.link_mut(id)) {
            link.owed.remove(Owed::UNSUBSCRIBE);
        }
        true
    }

    /// A notification or an indication arrived.
    pub(crate) fn on_value(&mut self, index: usize, octets: &[u8]) {
        match Pdu::parse(octets) {
            Ok(Pdu::HandleValueNotification { handle, value }) => self.deliver(index, handle, Updates::NOTIFY, value),
            Ok(Pdu::MultipleHandleValueNotification(values)) => {
                for (handle, value) in values.iter() {
                    self.deliver(index, handle, Updates::NOTIFY, value);
                }
            }
            Ok(Pdu::HandleValueIndication { handle, value }) => self.deliver(index, handle, Updates::INDICATE, value),
            _ => self.drop_malformed("an ATT value"),
        }
    }

    fn deliver(&mut self, index: usize, handle: u16, kind: Updates, value: &[u8]) {
        let Some(id) = self.link_id(index) else { return };
        let mut taken = false;
        let mut dropped = 0u32;
        let mut pool = Pool { accounts: &mut self.state.accounts, blocks: self.blocks };
        for queue in self.queues.iter_mut() {
            if queue.used != Use::Subscription(id, kind) || queue.handle != handle {
                continue;
            }
            let before = queue.values.dropped;
            queue.values.push(&mut pool, id.to_octets(), value);
            let lost = queue.values.dropped.wrapping_sub(before);
            dropped = dropped.saturating_add(lost);
            queue.news = true;
            if kind == Updates::INDICATE && lost == 0 && !taken {
                queue.unconfirmed = true;
                taken = true;
            }
        }
        self.state.news |= HostNews::QUEUES;
        self.state.counters.values_dropped = self.state.counters.values_dropped.saturating_add(dropped);
        if kind == Updates::INDICATE && !taken {
            // Nobody waits for it: it is confirmed at once, as Vol 3, Part F, 3.4.7.3 demands.
            self.owe_confirmation(id);
        }
    }

    /// A link went down: nothing more will come for its queues, and what was owed to it is void.
    pub(crate) fn close_queues_of(&mut self, id: LinkId) {
        for queue in self.queues.iter_mut() {
            match queue.used {
                Use::Subscription(link, _) if link == id => {
                    queue.unconfirmed = false;
                    queue.news = true;
                }
                Use::Unsubscribe(link, _) if link == id => queue.used = Use::Free,
                _ => {}
            }
        }
        self.state.news |= HostNews::QUEUES;
    }
}
