//! Queues of values: each has a limit, a policy and a reserve.

use super::{Chain, Pool, blocks_for};
use crate::counters::count;

/// What a queue does with a value that finds it full.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Policy {
    /// The oldest value makes room.
    #[default]
    DropOldest,
    /// The new value is dropped.
    DropNewest,
}

/// Octets before each queued value: origin's link index and generation, and the next entry's first block.
const ENTRY: usize = 3;

/// A queue of values with a limit, a policy, a reserve and a counter.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ValueQueue {
    entries: [Chain; DEPTH],
    head: u8,
    count: u8,
    limit: u8,
    policy: Policy,
    reserve: u16,
    granted: u16,
    pub(crate) dropped: u32,
}

/// The most values a queue holds: a power of two.
pub const DEPTH: usize = 16;

/// The place `count` behind `at` in the ring.
fn after(at: u8, count: u8) -> u8 {
    const MASK: u8 = DEPTH as u8 - 1;
    at.wrapping_add(count) & MASK
}

impl ValueQueue {
    pub(crate) const NEW: ValueQueue = ValueQueue {
        entries: [Chain { first: 0, length: 0 }; DEPTH],
        head: 0,
        count: 0,
        limit: 0,
        policy: Policy::DropOldest,
        reserve: 0,
        granted: 0,
        dropped: 0,
    };

    /// Opens the queue for `limit` values of up to `length` octets.
    pub(crate) fn open(&mut self, pool: &mut Pool<'_>, limit: usize, length: usize, policy: Policy) -> Option<()> {
        let limit = limit.clamp(1, DEPTH);
        let each = blocks_for(length.saturating_add(ENTRY));
        let granted = pool.reserve(each.saturating_mul(u16::try_from(limit).ok()?))?;
        *self = ValueQueue { limit: u8::try_from(limit).ok()?, policy, reserve: granted, granted, ..Self::NEW };
        Some(())
    }

    /// Closes the queue and gives everything back.
    pub(crate) fn close(&mut self, pool: &mut Pool<'_>) {
        while let Some(chain) = self.shift() {
            self.give_back(pool, chain);
        }
        pool.release(self.reserve);
        *self = Self::NEW;
    }

    #[inline(never)]
    fn give_back(&mut self, pool: &mut Pool<'_>, chain: Chain) {
        let back = pool.free(chain, self.granted.saturating_sub(self.reserve));
        self.reserve = self.reserve.saturating_add(back);
    }

    #[inline(never)]
    fn shift(&mut self) -> Option<Chain> {
        if self.count == 0 {
            return None;
        }
        let chain = self.entries.get(usize::from(self.head)).copied();
        self.head = after(self.head, 1);
        self.count = self.count.saturating_sub(1);
        chain
    }

    pub(crate) fn is_full(&self) -> bool {
        self.count >= self.limit
    }

    /// Puts a value in; false when it, or an older one in its place, was dropped.
    pub(crate) fn push(&mut self, pool: &mut Pool<'_>, origin: [u8; ENTRY], value: &[u8]) -> bool {
        let mut whole = true;
        if self.is_full() {
            count(&mut self.dropped);
            whole = false;
            match self.policy {
                Policy::DropNewest => return false,
                Policy::DropOldest => {
                    if let Some(chain) = self.shift() {
                        self.give_back(pool, chain);
                    }
                }
            }
        }
        let Some(chain) = pool.store([&origin, value], &mut self.reserve) else {
            count(&mut self.dropped);
            return false;
        };
        let at = after(self.head, self.count);
        if let Some(entry) = self.entries.get_mut(usize::from(at)) {
            *entry = chain;
            self.count = self.count.saturating_add(1);
        }
        whole
    }

    /// Takes the oldest value out: its origin and its whole length, of which `target` got what fits.
    pub(crate) fn pop(&mut self, pool: &mut Pool<'_>, target: &mut [u8]) -> Option<([u8; ENTRY], usize)> {
        let chain = self.shift()?;
        let mut origin = [0; ENTRY];
        pool.read(chain, 0, &mut origin);
        pool.read(chain, ENTRY, target);
        self.give_back(pool, chain);
        Some((origin, chain.len().saturating_sub(ENTRY)))
    }

    pub(crate) fn len(&self) -> usize {
        usize::from(self.count)
    }
}
