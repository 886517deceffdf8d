//! Captures of the server: writes of peers to a characteristic queue until they are taken.

use super::{
    AttributeId,
    queue::{Queue, QueueId, Use},
};
use crate::{
    Core,
    counters::count,
    error::Error,
    event::HostNews,
    link::LinkId,
    pool::{Policy, Pool},
};
use core::task::Poll;

impl Core<'_> {
    /// Keeps each write of peers to a characteristic, up to `depth` of them, until it is taken. What was kept before is dropped.
    pub fn open_capture(&mut self, id: AttributeId, depth: usize, length: usize) -> Result<QueueId, Error> {
        let at = self.attribute(id)?;
        let queue = self.open_queue(Use::Capture, depth, length, Policy::DropNewest)?;
        self.close_captures(u16::try_from(at).unwrap_or(u16::MAX), 1);
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

    /// The slot of the queue that captures the attribute's writes: its events tell of them, not the attribute's.
    pub fn capture_of(&self, id: AttributeId) -> Option<u8> {
        self.attribute(id).ok().and_then(|at| self.attributes.get(at))?.queue.checked_sub(1)
    }

    /// Closes the capture queues of `count` attributes: they go with them.
    pub(crate) fn close_captures(&mut self, first: u16, count: u16) {
        for at in usize::from(first)..usize::from(first.saturating_add(count)) {
            let queue = self.attributes.get_mut(at).and_then(|a| core::mem::take(&mut a.queue).checked_sub(1));
            if let Some(index) = queue {
                self.close_queue(usize::from(index));
            }
        }
    }
}
