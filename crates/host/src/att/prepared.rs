//! Prepared writes of a peer: a queue of parts, for as many attributes as it likes, that is carried out as a whole or not at all
//! (Vol 3, Part F, 3.4.6).

use super::held::{LONGEST, Slot};
use crate::{
    Core,
    gatt::{AccessKind, Attribute, AttributeFlags, Kind},
    pool::Chain,
};
use jelling_wire::{Writer, att::ErrorCode};

/// Octets before each part: handle, offset, length.
const HEADER: usize = 6;

/// A part of a value, in the queue.
#[derive(Clone, Copy, Debug)]
struct Part {
    handle: u16,
    offset: usize,
    length: usize,
    /// Where its octets stand in the queue.
    at: usize,
}

impl Part {
    /// Where the next part's header stands.
    fn end(&self) -> usize {
        self.at.saturating_add(self.length)
    }
}

/// How often the queue is gone through when it is carried out, and what for.
#[derive(Clone, Copy, Debug)]
enum Pass {
    Judge,
    Ask,
    Write,
}

impl Core<'_> {
    /// Queues a part. The handle and the door count now; offset and length when the queue is carried out.
    pub(super) fn prepare(&mut self, index: usize, handle: u16, offset: u16, value: &[u8]) -> Result<(), ErrorCode> {
        let at = self.find(handle).ok_or(ErrorCode::INVALID_HANDLE)?;
        self.may_write(index, at)?;
        let mut queue = self.prepared(index);
        if queue.len().saturating_add(HEADER).saturating_add(value.len()) > usize::from(self.state.prepare_queue()) {
            return Err(ErrorCode::PREPARE_QUEUE_FULL);
        }
        let [h0, h1] = handle.to_le_bytes();
        let [o0, o1] = offset.to_le_bytes();
        let [l0, l1] = u16::try_from(value.len()).unwrap_or(u16::MAX).to_le_bytes();
        let header = [h0, h1, o0, o1, l0, l1];
        self.pool().append(&mut queue, [&header, value], &mut 0).ok_or(ErrorCode::PREPARE_QUEUE_FULL)?;
        if let Some(link) = self.links.get_mut(index) {
            link.server.prepared = queue;
        }
        Ok(())
    }

    fn prepared(&self, index: usize) -> Chain {
        self.links.get(index).map_or(Chain::NONE, |l| l.server.prepared)
    }

    /// The part whose header stands at `at`.
    fn part(&mut self, queue: Chain, at: usize) -> Option<Part> {
        let mut header = [0; HEADER];
        if self.pool().read(queue, at, &mut header) < HEADER {
            return None;
        }
        let [h0, h1, o0, o1, l0, l1] = header;
        Some(Part {
            handle: u16::from_le_bytes([h0, h1]),
            offset: usize::from(u16::from_le_bytes([o0, o1])),
            length: usize::from(u16::from_le_bytes([l0, l1])),
            at: at.saturating_add(HEADER),
        })
    }

    /// Carries the queue out: all of it, or none. An error is about `culprit`.
    pub(super) fn execute(&mut self, index: usize, culprit: &mut u16) -> Result<(), ErrorCode> {
        if self.links.get(index).is_none_or(|l| l.server.lost_parts) {
            return Err(ErrorCode::UNLIKELY_ERROR);
        }
        let queue = self.prepared(index);
        // After the first pass nothing but the application can refuse, and after the second one nobody.
        for pass in [Pass::Judge, Pass::Ask, Pass::Write] {
            let mut at = 0;
            while let Some(part) = self.part(queue, at) {
                *culprit = part.handle;
                let slot = self.find(part.handle).ok_or(ErrorCode::INVALID_HANDLE)?;
                let before = self.last_end(queue, at, part.handle);
                match pass {
                    Pass::Judge => self.judge(index, queue, slot, part, before)?,
                    Pass::Ask if before.is_none() => self.admit(index, Slot::Request, slot, AccessKind::Write, 0)?,
                    // With the first part for an attribute all of them are written.
                    Pass::Write if before.is_none() => self.put_prepared(index, slot, part.handle),
                    Pass::Ask | Pass::Write => {}
                }
                at = part.end();
            }
        }
        Ok(())
    }

    /// Writes all parts for an attribute.
    #[inline(never)]
    fn put_prepared(&mut self, index: usize, slot: usize, handle: u16) {
        let base = self.attributes.get(slot).map_or(0, Attribute::base);
        let mut whole = [0; LONGEST];
        let length = self.assemble(index, handle, &mut whole).min(LONGEST);
        // It has been judged.
        let _ = self.put_from_peer(index, slot, base, whole.get(base..length).unwrap_or_default());
    }

    /// Whether a part can be written, given where the last part of the same value before it ends.
    fn judge(
        &mut self,
        index: usize,
        queue: Chain,
        slot: usize,
        part: Part,
        before: Option<usize>,
    ) -> Result<(), ErrorCode> {
        self.may_write(index, slot)?;
        let Some(attribute) = self.attributes.get(slot) else { return Err(ErrorCode::INVALID_HANDLE) };
        let (is_cccd, is_features) = (attribute.kind() == Kind::Cccd, attribute.is_client_features());
        let base = attribute.base();
        // What is there, or the parts before this one would leave behind.
        let (length, capacity) = match before {
            _ if is_cccd => (0, 2),
            Some(end) if attribute.flags.contains(AttributeFlags::VARIABLE) => {
                (base.saturating_add(end), attribute.capacity)
            }
            _ => (self.value_length(slot), attribute.capacity),
        };
        let start = base.saturating_add(part.offset);
        let end = start.saturating_add(part.length);
        if start > length {
            return Err(ErrorCode::INVALID_OFFSET);
        }
        if (end > capacity.into() && !attribute.flags.contains(AttributeFlags::CUTS)) || (is_cccd && end != 2) {
            return Err(ErrorCode::INVALID_ATTRIBUTE_VALUE_LENGTH);
        }
        let mut value = [0; 2];
        let length = self.pool().read(queue, part.at, &mut value).min(part.length);
        if is_cccd {
            self.may_subscribe(slot, u16::from_le_bytes(value))?;
        }
        if is_features {
            self.may_support(index, value.get(..length).unwrap_or_default())?;
        }
        self.has_room_to_capture(slot)
    }

    /// Where the last part for `handle` before `before` ends in its value.
    fn last_end(&mut self, queue: Chain, before: usize, handle: u16) -> Option<usize> {
        let (mut at, mut end) = (0, None);
        while at < before
            && let Some(part) = self.part(queue, at)
        {
            if part.handle == handle {
                end = Some(part.offset.saturating_add(part.length));
            }
            at = part.end();
        }
        end
    }

    /// The value that an attribute would have, were the queue carried out: `target` gets what fits, its whole length is told.
    pub(super) fn assemble(&mut self, index: usize, handle: u16, target: &mut [u8]) -> usize {
        let Some(slot) = self.find(handle) else { return 0 };
        let mut w = Writer::new(target);
        self.write_value(index, slot, &mut w);
        let mut length = self.value_length(slot);
        let Some(attribute) = self.attributes.get(slot) else { return 0 };
        let (variable, base) = (attribute.flags.contains(AttributeFlags::VARIABLE), attribute.base());
        let queue = self.prepared(index);
        let mut at = 0;
        while let Some(part) = self.part(queue, at) {
            at = part.end();
            if part.handle != handle {
                continue;
            }
            let start = base.saturating_add(part.offset);
            let end = start.saturating_add(part.length);
            if variable {
                length = end;
            }
            let last = end.min(target.len());
            if let Some(room) = target.get_mut(start..last) {
                self.pool().read(queue, part.at, room);
            }
        }
        length
    }

    /// Throws the queue away.
    pub(crate) fn clear_prepared(&mut self, index: usize) {
        let Some(link) = self.links.get_mut(index) else { return };
        link.server.lost_parts = false;
        let queue = core::mem::take(&mut link.server.prepared);
        self.give_back(queue);
    }

    /// Appends the octets of a chain from `at` on.
    pub(super) fn put_chain(&mut self, chain: Chain, mut at: usize, w: &mut Writer<'_>) {
        let mut piece = [0; 32];
        loop {
            let n = self.pool().read(chain, at, &mut piece);
            if n == 0 {
                break;
            }
            w.bytes(piece.get(..n).unwrap_or_default());
            at = at.saturating_add(n);
        }
    }
}
