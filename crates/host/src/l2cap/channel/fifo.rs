//! Octets that wait to be taken, in blocks of the pool: written at one end and taken at the other, a block at a time.

use crate::pool::{BLOCK, Ends, Pool};

/// Octets in a chain of blocks, and the reserve that they come from.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Fifo {
    ends: Ends,
    pub(super) length: u16,
    /// Blocks set apart that are not in use.
    reserve: u16,
}

impl Fifo {
    pub(super) const NEW: Fifo = Fifo { ends: Ends { first: 0, last: 0, taken: 0 }, length: 0, reserve: 0 };

    /// Blocks for so many octets, wherever in a block they begin.
    pub(super) fn blocks(octets: u16) -> u16 {
        u16::try_from(usize::from(octets).div_ceil(BLOCK).saturating_add(1)).unwrap_or(u16::MAX)
    }

    /// Sets room for so many octets apart.
    pub(super) fn open(&mut self, pool: &mut Pool<'_>, octets: u16) -> Option<()> {
        *self = Fifo { reserve: pool.reserve(Self::blocks(octets))?, ..Self::NEW };
        Some(())
    }

    /// Gives everything back.
    pub(super) fn close(&mut self, pool: &mut Pool<'_>) {
        while pool.drop_first(&mut self.ends.first) {}
        pool.release(self.reserve);
        *self = Self::NEW;
    }

    /// Appends octets; `None` when there is no room for all of them.
    pub(super) fn push(&mut self, pool: &mut Pool<'_>, octets: &[u8]) -> Option<()> {
        let length = self.length.checked_add(u16::try_from(octets.len()).ok()?)?;
        pool.push(&mut self.ends, &mut self.reserve, octets)?;
        self.length = length;
        Some(())
    }

    /// The length with which the SDU in front begins.
    pub(super) fn first_length(&self, pool: &Pool<'_>) -> u16 {
        let mut length = [0; 2];
        pool.peek(self.ends.first, usize::from(self.ends.taken), &mut length);
        u16::from_le_bytes(length)
    }

    /// Takes octets out, as many as fit and are there.
    pub(super) fn pop(&mut self, pool: &mut Pool<'_>, target: &mut [u8]) -> usize {
        let done = pool.pop(&mut self.ends, &mut self.reserve, target);
        self.length = self.length.saturating_sub(u16::try_from(done).unwrap_or(u16::MAX));
        done
    }

    /// Takes the length out with which the SDU in front begins.
    pub(super) fn pop_length(&mut self, pool: &mut Pool<'_>) -> u16 {
        if let Some(length) = pool.pop_two(&mut self.ends) {
            self.length = self.length.saturating_sub(2);
            return u16::from_le_bytes(length);
        }
        let mut length = [0; 2];
        self.pop(pool, &mut length);
        u16::from_le_bytes(length)
    }
}
