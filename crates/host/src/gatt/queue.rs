//! Queues of values: what a peer notifies or indicates, and what peers write to a captured characteristic.
//! Each has a limit, a policy and a counter; an indication is confirmed when it is taken.

use super::AttributeId;
use crate::{
    Core,
    counters::count,
    error::{Error, Resource},
    event::HostNews,
    link::{LinkId, Owed},
    pool::{Policy, Pool, ValueQueue},
    time::Instant,
};
use bitflags::bitflags;
use core::task::Poll;
use jelling_wire::att::Pdu;

bitflags! {
    /// What a client asks a server for (Vol 3, Part G, 3.3.3.3).
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct Updates: u8 {
        /// Notifications: not acknowledged.
        const NOTIFY = 1;
        /// Indications: each is confirmed.
        const INDICATE = 2;
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Use {
    #[default]
    Free,
    /// Values of a peer's characteristic.
    Subscription(LinkId, Updates),
    /// Writes of peers to a characteristic of ours.
    Capture,
    /// The subscription was dropped: its CCCD is to be written.
    Unsubscribe(LinkId, Updates),
}

/// The slot of a queue.
#[derive(Clone, Copy, Debug)]
pub struct Queue {
    used: Use,
    generation: u16,
    /// The value's handle.
    handle: u16,
    cccd: u16,
    values: ValueQueue,
    /// An indication in the queue waits for its confirmation.
    unconfirmed: bool,
    news: bool,
}

/// A queue as its owner names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueueId {
    index: u8,
    generation: u16,
}

impl QueueId {
    /// The slot's number.
    pub const fn index(self) -> u8 {
        self.index
    }
}

impl Queue {
    /// A free slot, all zero.
    pub const NEW: Queue = Queue {
        used: Use::Free,
        generation: 0,
        handle: 0,
        cccd: 0,
        values: ValueQueue::NEW,
        unconfirmed: false,
        news: false,
    };

    pub(crate) fn is_free(&self) -> bool {
        self.used == Use::Free
    }

    pub(crate) fn is_full(&self) -> bool {
        self.values.is_full()
    }

    pub(crate) fn take_news(&mut self) -> bool {
        core::mem::take(&mut self.news)
    }
}

impl Core<'_> {
    fn open_queue(
        &mut self,
        used: Use,
        handle: u16,
        depth: usize,
        length: usize,
        policy: Policy,
    ) -> Result<QueueId, Error> {
        let index = self.queues.iter().position(Queue::is_free).ok_or(Error::Full(Resource::Queues))?;
        let mut pool = Pool { accounts: &mut self.state.accounts, blocks: self.blocks };
        let queue = self.queues.get_mut(index).ok_or(Error::Full(Resource::Queues))?;
        queue.values.open(&mut pool, depth, length, policy).ok_or(Error::Full(Resource::Blocks))?;
        queue.used = used;
        queue.handle = handle;
        (queue.cccd, queue.unconfirmed, queue.news) = (0, false, false);
        let id = QueueId { index: u8::try_from(index).unwrap_or(0), generation: queue.generation };
        let used = self.queues.iter().filter(|q| !q.is_free()).count();
        self.state.queues_high_water = self.state.queues_high_water.max(u8::try_from(used).unwrap_or(u8::MAX));
        Ok(id)
    }

    fn queue(&mut self, id: QueueId) -> Option<&mut Queue> {
        self.queues.get_mut(usize::from(id.index)).filter(|q| q.generation == id.generation && !q.is_free())
    }

    fn close_queue(&mut self, index: usize) {
        let mut pool = Pool { accounts: &mut self.state.accounts, blocks: self.blocks };
        if let Some(queue) = self.queues.get_mut(index) {
            queue.values.close(&mut pool);
            queue.used = Use::Free;
            queue.generation = queue.generation.wrapping_add(1);
            queue.news = true;
            self.state.news |= HostNews::QUEUES | HostNews::POOL;
        }
    }

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
        self.open_queue(Use::Subscription(link, kind), handle, depth, length, policy)
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

    /// How many values a queue dropped.
    pub fn queue_dropped(&mut self, id: QueueId) -> u32 {
        self.queue(id).map_or(0, |q| q.values.dropped)
    }

    /// How many values wait in a queue.
    pub fn queue_len(&mut self, id: QueueId) -> usize {
        self.queue(id).map_or(0, |q| q.values.len())
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
        let mut rest = Updates::empty();
        for other in self.queues.iter() {
            if let Use::Subscription(link, kind) = other.used
                && link == id
                && other.handle == queue.handle
            {
                rest |= kind;
            }
        }
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
        true
    }

    /// A notification or an indication arrived.
    pub(crate) fn on_value(&mut self, index: usize, pdu: &Pdu<'_>) {
        match pdu {
            Pdu::HandleValueNotification { handle, value } => self.deliver(index, *handle, Updates::NOTIFY, value),
            Pdu::MultipleHandleValueNotification(values) => {
                for (handle, value) in values.iter() {
                    self.deliver(index, handle, Updates::NOTIFY, value);
                }
            }
            Pdu::HandleValueIndication { handle, value } => self.deliver(index, *handle, Updates::INDICATE, value),
            _ => {}
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

    /// Keeps each write of peers to a characteristic, up to `depth` of them, until it is taken.
    pub fn open_capture(&mut self, id: AttributeId, depth: usize, length: usize) -> Result<QueueId, Error> {
        let at = self.attribute(id)?;
        let queue = self.open_queue(Use::Capture, id.handle, depth, length, Policy::DropNewest)?;
        if let Some(attribute) = self.attributes.get_mut(at) {
            attribute.queue = queue.index.saturating_add(1);
        }
        Ok(queue)
    }

    pub(crate) fn capture_queue(&self, at: usize) -> Option<&Queue> {
        let index = self.attributes.get(at)?.queue.checked_sub(1)?;
        self.queues.get(usize::from(index))
    }

    pub(crate) fn captured(&mut self, at: usize, link: usize, value: &[u8]) {
        let (Some(id), Some(attribute)) = (self.link_id(link), self.attributes.get(at)) else { return };
        let Some(index) = attribute.queue.checked_sub(1) else { return };
        let mut pool = Pool { accounts: &mut self.state.accounts, blocks: self.blocks };
        if let Some(queue) = self.queues.get_mut(usize::from(index)) {
            if !queue.values.push(&mut pool, id.to_octets(), value) {
                count(&mut self.state.counters.values_dropped);
            }
            queue.news = true;
            self.state.news |= HostNews::QUEUES;
        }
    }

    /// The oldest captured write: who wrote, and the value's whole length, of which `target` gets what fits.
    pub fn take_captured(&mut self, id: AttributeId, target: &mut [u8]) -> Poll<Result<(LinkId, usize), Error>> {
        let at = match self.attribute(id) {
            Ok(at) => at,
            Err(error) => return Poll::Ready(Err(error)),
        };
        let index = self.attributes.get(at).and_then(|a| a.queue.checked_sub(1));
        let mut pool = Pool { accounts: &mut self.state.accounts, blocks: self.blocks };
        let queue = index.and_then(|i| self.queues.get_mut(usize::from(i)));
        match queue.and_then(|q| q.values.pop(&mut pool, target)) {
            Some((origin, length)) => Poll::Ready(Ok((LinkId::from_octets(origin), length))),
            None => Poll::Pending,
        }
    }

    /// True when the attribute's writes are captured.
    pub fn is_captured(&self, id: AttributeId) -> bool {
        self.attribute(id).ok().and_then(|at| self.attributes.get(at)).is_some_and(|a| a.queue != 0)
    }

    /// The capture queues of the table in force are closed: another takes its place.
    pub(crate) fn close_captures(&mut self) {
        for at in 0..usize::from(self.state.table.length) {
            let queue = self.attributes.get_mut(at).and_then(|a| core::mem::take(&mut a.queue).checked_sub(1));
            if let Some(index) = queue {
                self.close_queue(usize::from(index));
            }
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
