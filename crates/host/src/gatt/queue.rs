//! Queues of values: what a peer notifies or indicates, and what peers write to a captured characteristic.
//! Each has a limit, a policy and a counter.

#[cfg(feature = "client")]
use super::Updates;
#[cfg(feature = "client")]
use crate::link::LinkId;
use crate::{
    Core,
    error::{Error, Resource},
    event::HostNews,
    pool::{Policy, Pool, ValueQueue},
};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Use {
    #[default]
    Free,
    #[cfg(feature = "client")]
    /// Values of a peer's characteristic.
    Subscription(LinkId, Updates),
    #[cfg(feature = "server")]
    /// Writes of peers to a characteristic of ours.
    Capture,
    #[cfg(feature = "client")]
    /// The subscription was dropped: its CCCD is to be written.
    Unsubscribe(LinkId, Updates),
}

/// The slot of a queue.
#[derive(Clone, Copy, Debug)]
pub struct Queue {
    pub(super) used: Use,
    pub(super) generation: u16,
    /// The value's handle.
    #[cfg(feature = "client")]
    pub(super) handle: u16,
    #[cfg(feature = "client")]
    pub(super) cccd: u16,
    pub(super) values: ValueQueue,
    /// An indication in the queue waits for its confirmation.
    #[cfg(feature = "client")]
    pub(super) unconfirmed: bool,
    pub(super) news: bool,
}

/// A queue as its owner names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueueId {
    pub(super) index: u8,
    pub(super) generation: u16,
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
        #[cfg(feature = "client")]
        handle: 0,
        #[cfg(feature = "client")]
        cccd: 0,
        values: ValueQueue::NEW,
        #[cfg(feature = "client")]
        unconfirmed: false,
        news: false,
    };

    pub(crate) fn is_free(&self) -> bool {
        self.used == Use::Free
    }

    #[cfg(feature = "server")]
    pub(crate) fn is_full(&self) -> bool {
        self.values.is_full()
    }

    pub(crate) fn has_news(&self) -> bool {
        self.news
    }

    pub(crate) fn take_news(&mut self) -> bool {
        core::mem::take(&mut self.news)
    }
}

impl Core<'_> {
    pub(super) fn open_queue(
        &mut self,
        used: Use,
        depth: usize,
        length: usize,
        policy: Policy,
    ) -> Result<QueueId, Error> {
        let index = self.queues.iter().position(Queue::is_free).ok_or(Error::Full(Resource::Queues))?;
        let mut pool = Pool { accounts: &mut self.state.accounts, blocks: self.blocks };
        let queue = self.queues.get_mut(index).ok_or(Error::Full(Resource::Queues))?;
        queue.values.open(&mut pool, depth, length, policy).ok_or(Error::Full(Resource::Blocks))?;
        (queue.used, queue.news) = (used, false);
        #[cfg(feature = "client")]
        {
            (queue.handle, queue.cccd, queue.unconfirmed) = (0, 0, false);
        }
        let id = QueueId { index: u8::try_from(index).unwrap_or(0), generation: queue.generation };
        let used = self.queues.iter().filter(|q| !q.is_free()).count();
        self.state.queues_high_water = self.state.queues_high_water.max(u8::try_from(used).unwrap_or(u8::MAX));
        Ok(id)
    }

    pub(super) fn queue(&mut self, id: QueueId) -> Option<&mut Queue> {
        self.queues.get_mut(usize::from(id.index)).filter(|q| q.generation == id.generation && !q.is_free())
    }

    pub(super) fn close_queue(&mut self, index: usize) {
        let mut pool = Pool { accounts: &mut self.state.accounts, blocks: self.blocks };
        if let Some(queue) = self.queues.get_mut(index) {
            queue.values.close(&mut pool);
            queue.used = Use::Free;
            queue.generation = queue.generation.wrapping_add(1);
            queue.news = true;
            self.state.news |= HostNews::QUEUES | HostNews::POOL;
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
}
