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
use jelling_wire::att::ErrorCode;

/// See [`Core::pop_captured`].
type Pop = fn(&mut Core<'_>, usize, &mut [u8]) -> Option<(LinkId, usize)>;

/// What is done where writes are kept. It stands behind pointers, so that a program that keeps none does without.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Captures {
    is_full: fn(&Core<'_>, usize) -> bool,
    push: fn(&mut Core<'_>, usize, usize, &[u8]),
    pop: Pop,
    close: fn(&mut Core<'_>, u16, u16),
}

impl Captures {
    const OPENED: Captures = Captures {
        is_full: |core, at| core.capture_queue(at).is_some_and(Queue::is_full),
        push: |core, at, link, value| core.push_captured(at, link, value),
        pop: |core, at, target| core.pop_captured(at, target),
        close: |core, first, count| core.close_queues(first, count),
    };
}

impl Core<'_> {
    /// Keeps each write of peers to a characteristic, up to `depth` of them, until it is taken. What was kept before is dropped.
    pub fn open_capture(&mut self, id: AttributeId, depth: usize, length: usize) -> Result<QueueId, Error> {
        let at = self.attribute(id)?;
        self.state.captures = Some(&Captures::OPENED);
        let queue = self.open_queue(Use::Capture, depth, length, Policy::DropNewest)?;
        self.close_captures(u16::try_from(at).unwrap_or(u16::MAX), 1);
        if let Some(attribute) = self.attributes.get_mut(at) {
            attribute.queue = queue.index.saturating_add(1);
        }
        Ok(queue)
    }

    fn capture_queue(&self, at: usize) -> Option<&Queue> {
        let index = self.attributes.get(at)?.queue.checked_sub(1)?;
        self.queues.get(usize::from(index))
    }

    /// Nothing that was acknowledged is lost: a peer is told when there is no room for its write.
    pub(crate) fn has_room_to_capture(&mut self, at: usize) -> Result<(), ErrorCode> {
        if self.state.captures.is_some_and(|captures| (captures.is_full)(self, at)) {
            count(&mut self.state.counters.values_dropped);
            return Err(ErrorCode::INSUFFICIENT_RESOURCES);
        }
        Ok(())
    }

    /// A peer has written a value.
    pub(crate) fn captured(&mut self, at: usize, link: usize, value: &[u8]) {
        if let Some(captures) = self.state.captures {
            (captures.push)(self, at, link, value);
        }
    }

    fn push_captured(&mut self, at: usize, link: usize, value: &[u8]) {
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
        match (self.attribute(id), self.state.captures) {
            (Ok(at), Some(captures)) => {
                (captures.pop)(self, at, target).map_or(Poll::Pending, |taken| Poll::Ready(Ok(taken)))
            }
            (Ok(_), None) => Poll::Pending,
            (Err(error), _) => Poll::Ready(Err(error)),
        }
    }

    fn pop_captured(&mut self, at: usize, target: &mut [u8]) -> Option<(LinkId, usize)> {
        let index = self.attributes.get(at)?.queue.checked_sub(1)?;
        let mut pool = Pool { accounts: &mut self.state.accounts, blocks: self.blocks };
        let (origin, length) = self.queues.get_mut(usize::from(index))?.values.pop(&mut pool, target)?;
        Some((LinkId::from_octets(origin), length))
    }

    /// The slot of the queue that captures the attribute's writes: its events tell of them, not the attribute's.
    pub fn capture_of(&self, id: AttributeId) -> Option<u8> {
        self.attribute(id).ok().and_then(|at| self.attributes.get(at))?.queue.checked_sub(1)
    }

    /// Closes the capture queues of `count` attributes: they go with them.
    pub(crate) fn close_captures(&mut self, first: u16, count: u16) {
        if let Some(captures) = self.state.captures {
            (captures.close)(self, first, count);
        }
    }

    fn close_queues(&mut self, first: u16, count: u16) {
        for at in usize::from(first)..usize::from(first.saturating_add(count)) {
            let queue = self.attributes.get_mut(at).and_then(|a| core::mem::take(&mut a.queue).checked_sub(1));
            if let Some(index) = queue {
                self.close_queue(usize::from(index));
            }
        }
    }
}
