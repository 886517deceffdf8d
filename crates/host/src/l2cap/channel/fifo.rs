//! Octets that wait to be taken, in blocks of the pool: written at one end and taken at the other, a block at a time.

use crate::pool::{BLOCK, Pool};
use jelling_wire::copy;

/// Octets in a chain of blocks, and the reserve that they come from.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Fifo {
    /// Number + 1 of the first block and of the last one, 0 for none.
    first: u16,
    last: u16,
    /// Octets of the first block that are taken.
    taken: u8,
    pub(super) length: u16,
    /// Blocks set apart that are not in use.
    reserve: u16,
}

impl Fifo {
    pub(super) const NEW: Fifo = Fifo { first: 0, last: 0, taken: 0, length: 0, reserve: 0 };

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
        while pool.drop_first(&mut self.first) {}
        pool.release(self.reserve);
        *self = Self::NEW;
    }

    /// Appends octets; `None` when there is no room for all of them.
    pub(super) fn push(&mut self, pool: &mut Pool<'_>, mut octets: &[u8]) -> Option<()> {
        let length = self.length.checked_add(u16::try_from(octets.len()).ok()?)?;
        while !octets.is_empty() {
            let n = pool.fill_last(self.last, octets);
            octets = octets.get(n..).unwrap_or_default();
            if octets.is_empty() {
                break;
            }
            if self.reserve == 0 {
                return None;
            }
            let block = pool.take_reserved()?;
            self.reserve = self.reserve.saturating_sub(1);
            pool.link(self.last, block);
            self.last = block;
            if self.first == 0 {
                (self.first, self.taken) = (block, 0);
            }
        }
        self.length = length;
        Some(())
    }

    /// The length with which the SDU in front begins.
    pub(super) fn first_length(&self, pool: &Pool<'_>) -> u16 {
        let mut length = [0; 2];
        pool.peek(self.first, usize::from(self.taken), &mut length);
        u16::from_le_bytes(length)
    }

    /// Takes octets out, as many as fit and are there.
    pub(super) fn pop(&mut self, pool: &mut Pool<'_>, target: &mut [u8]) -> usize {
        let mut done = 0usize;
        while let Some(room) = target.get_mut(done..)
            && !room.is_empty()
        {
            let data = pool.data_of(self.first).get(usize::from(self.taken)..).unwrap_or_default();
            let n = copy(room, data);
            let is_empty = n == data.len();
            done = done.saturating_add(n);
            self.taken = self.taken.saturating_add(u8::try_from(n).unwrap_or(0));
            if is_empty {
                if self.first == self.last {
                    self.last = 0;
                }
                if !pool.drop_first(&mut self.first) {
                    break;
                }
                self.taken = 0;
                self.reserve = self.reserve.saturating_add(1);
                pool.reserve_again();
            }
        }
        self.length = self.length.saturating_sub(u16::try_from(done).unwrap_or(u16::MAX));
        done
    }
}
