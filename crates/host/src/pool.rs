//! Blocks of 64 octets, chained: everything that queues, and each answer to a request of ours, stands in them.
//! A queue reserves its blocks when it is opened, so that it fails then rather than later.

mod values;

use crate::counters::Usage;
use jelling_wire::copy;
#[cfg(any(feature = "client", feature = "server"))]
pub(crate) use values::ValueQueue;
pub use values::{DEPTH, Policy};

/// Octets of payload in a block.
pub const BLOCK: usize = 60;

/// The same, as a block's length.
#[cfg(feature = "l2cap")]
const WHOLE: u8 = BLOCK as u8;

/// A block; a chain's next block stands in `next` as index + 1, 0 at its end.
#[derive(Clone, Copy, Debug)]
pub struct Block {
    next: u16,
    length: u8,
    data: [u8; BLOCK],
}

impl Block {
    /// A free block.
    pub const NEW: Block = Block { next: 0, length: 0, data: [0; BLOCK] };
}

/// A chain of blocks: index + 1 of its first, 0 for none, and its octets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Chain {
    first: u16,
    length: u16,
}

impl Chain {
    /// No octets, no blocks.
    pub(crate) const NONE: Chain = Chain { first: 0, length: 0 };

    pub(crate) fn len(self) -> usize {
        usize::from(self.length)
    }
}

/// A chain that is written at one end and taken from the other.
#[cfg(feature = "l2cap")]
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Ends {
    /// Index + 1 of the first block and of the last one, 0 for none.
    pub(crate) first: u16,
    pub(crate) last: u16,
    /// Octets of the first block that are taken.
    pub(crate) taken: u8,
}

/// The accounting of a pool. All-zero at the start: blocks are taken from the untouched end until the free list has some.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Accounts {
    pub(crate) free: u16,
    pub(crate) touched: u16,
    pub(crate) used: u16,
    pub(crate) reserved: u16,
    pub(crate) high_water: u16,
    /// Somebody found no room: who waits for it is told when blocks come back.
    pub(crate) missed: bool,
}

/// A pool at the gate: its accounts and its blocks.
pub(crate) struct Pool<'a> {
    pub(crate) accounts: &'a mut Accounts,
    pub(crate) blocks: &'a mut [Block],
}

/// How many blocks `length` octets take; an empty value takes one.
pub(crate) fn blocks_for(length: usize) -> u16 {
    u16::try_from(length.div_ceil(BLOCK).max(1)).unwrap_or(u16::MAX)
}

impl Pool<'_> {
    /// Whether there are so many blocks that nobody has or has reserved.
    fn afford(&mut self, blocks: u16) -> Option<()> {
        let taken = usize::from(self.accounts.used).saturating_add(usize::from(self.accounts.reserved));
        let there = taken.saturating_add(usize::from(blocks)) <= self.blocks.len();
        self.accounts.missed |= !there;
        there.then_some(())
    }

    /// Sets `blocks` apart for one owner.
    pub(crate) fn reserve(&mut self, blocks: u16) -> Option<u16> {
        self.afford(blocks)?;
        self.accounts.reserved = self.accounts.reserved.saturating_add(blocks);
        Some(blocks)
    }

    /// Gives a reserve back.
    pub(crate) fn release(&mut self, blocks: u16) {
        self.accounts.reserved = self.accounts.reserved.saturating_sub(blocks);
    }

    /// Takes a free block, and empties it.
    fn take(&mut self) -> Option<u16> {
        let accounts = &mut *self.accounts;
        let index = if accounts.free != 0 { accounts.free } else { accounts.touched.saturating_add(1) };
        let block = self.blocks.get_mut(usize::from(index.wrapping_sub(1)))?;
        if accounts.free != 0 {
            accounts.free = block.next;
        } else {
            accounts.touched = index;
        }
        (block.next, block.length) = (0, 0);
        accounts.used = accounts.used.saturating_add(1);
        accounts.high_water = accounts.high_water.max(accounts.used);
        Some(index)
    }

    fn block(&mut self, index: u16) -> Option<&mut Block> {
        self.blocks.get_mut(usize::from(index.checked_sub(1)?))
    }

    /// Stores the octets of `parts`, one after the other, using up to `*reserve` blocks of a reserve and then free ones.
    pub(crate) fn store(&mut self, parts: [&[u8]; 2], reserve: &mut u16) -> Option<Chain> {
        let mut chain = Chain::NONE;
        self.append(&mut chain, parts, reserve)?;
        Some(chain)
    }

    /// Appends the octets of `parts` to a chain, whole or not at all, using up to `*reserve` blocks of a reserve and then free ones.
    pub(crate) fn append(&mut self, chain: &mut Chain, parts: [&[u8]; 2], reserve: &mut u16) -> Option<()> {
        let [first, second] = parts.map(<[u8]>::len);
        let length = chain.len().saturating_add(first).saturating_add(second);
        // All blocks but the last one are full.
        let need = length.div_ceil(BLOCK).saturating_sub(chain.len().div_ceil(BLOCK));
        let (length, need) = (u16::try_from(length).ok()?, u16::try_from(need).ok()?);
        let reserved = need.min(*reserve);
        self.afford(need.saturating_sub(reserved))?;
        *reserve = reserve.saturating_sub(reserved);
        self.release(reserved);
        for octets in parts {
            self.extend(chain, octets)?;
        }
        chain.length = length;
        Some(())
    }

    /// Puts octets behind those of a chain.
    #[inline(never)]
    fn extend(&mut self, chain: &mut Chain, mut octets: &[u8]) -> Option<()> {
        let mut last = chain.first;
        while let Some(next) = self.block(last).map(|block| block.next)
            && next != 0
        {
            last = next;
        }
        loop {
            if let Some(block) = self.block(last) {
                let n = copy(block.data.get_mut(usize::from(block.length)..).unwrap_or_default(), octets);
                block.length = block.length.saturating_add(u8::try_from(n).unwrap_or(0));
                octets = octets.get(n..).unwrap_or_default();
            }
            if octets.is_empty() {
                return Some(());
            }
            let index = self.take()?;
            match self.block(last) {
                Some(previous) => previous.next = index,
                None => chain.first = index,
            }
            last = index;
        }
    }

    /// Copies a chain's octets from `offset` on and tells how many.
    pub(crate) fn read(&self, chain: Chain, offset: usize, target: &mut [u8]) -> usize {
        let mut done = 0usize;
        let mut skip = offset;
        let mut next = chain.first;
        while let Some(block) = next.checked_sub(1).and_then(|i| self.blocks.get(usize::from(i))) {
            let data = block.data.get(..usize::from(block.length)).unwrap_or_default();
            match data.get(skip..) {
                Some(data) => {
                    skip = 0;
                    let Some(room) = target.get_mut(done..) else { break };
                    if room.is_empty() {
                        break;
                    }
                    done = done.saturating_add(copy(room, data));
                }
                None => skip = skip.saturating_sub(data.len()),
            }
            next = block.next;
        }
        done
    }

    /// Frees a chain; up to `refill` of its blocks go back to the reserve they came from.
    pub(crate) fn free(&mut self, chain: Chain, refill: u16) -> u16 {
        let mut next = chain.first;
        let mut freed = 0u16;
        // A chain is never longer than the pool; the bound keeps even a broken one from looping.
        for _ in 0..self.blocks.len() {
            let head = self.accounts.free;
            let Some(block) = self.block(next) else { break };
            let following = core::mem::replace(&mut block.next, head);
            self.accounts.free = next;
            self.accounts.used = self.accounts.used.saturating_sub(1);
            freed = freed.saturating_add(1);
            next = following;
        }
        let back = freed.min(refill);
        self.accounts.reserved = self.accounts.reserved.saturating_add(back);
        back
    }

    /// Appends octets to a chain whose blocks come out of a reserve, all of them or, where that is too small, none.
    #[cfg(feature = "l2cap")]
    pub(crate) fn push(&mut self, ends: &mut Ends, reserve: &mut u16, octets: &[u8]) -> Option<()> {
        let mut octets = octets;
        if let Some(block) = self.block(ends.last) {
            let n = copy(block.data.get_mut(usize::from(block.length)..).unwrap_or_default(), octets);
            let need = octets.len().saturating_sub(n).div_ceil(BLOCK);
            if need > usize::from(*reserve) {
                return None;
            }
            block.length = block.length.saturating_add(u8::try_from(n).unwrap_or(0));
            octets = octets.get(n..).unwrap_or_default();
        } else if octets.len().div_ceil(BLOCK) > usize::from(*reserve) {
            return None;
        }
        let mut taken = 0u16;
        while !octets.is_empty() {
            let accounts = &mut *self.accounts;
            let index = if accounts.free != 0 { accounts.free } else { accounts.touched.saturating_add(1) };
            let block = self.blocks.get_mut(usize::from(index.wrapping_sub(1)))?;
            if accounts.free != 0 {
                accounts.free = block.next;
            } else {
                accounts.touched = index;
            }
            block.next = 0;
            // A whole block is copied as what it is, without a look at lengths.
            if let Some((whole, rest)) = octets.split_first_chunk() {
                (block.data, block.length, octets) = (*whole, WHOLE, rest);
            } else {
                block.length = u8::try_from(copy(&mut block.data, octets)).unwrap_or(0);
                octets = &[];
            }
            match self.block(ends.last) {
                Some(previous) => previous.next = index,
                None => (ends.first, ends.taken) = (index, 0),
            }
            ends.last = index;
            taken = taken.saturating_add(1);
        }
        *reserve = reserve.saturating_sub(taken);
        let accounts = &mut *self.accounts;
        accounts.reserved = accounts.reserved.saturating_sub(taken);
        accounts.used = accounts.used.saturating_add(taken);
        accounts.high_water = accounts.high_water.max(accounts.used);
        Some(())
    }

    /// Takes octets out of such a chain, as many as fit and are there; its empty blocks go back to its reserve.
    #[cfg(feature = "l2cap")]
    pub(crate) fn pop(&mut self, ends: &mut Ends, reserve: &mut u16, target: &mut [u8]) -> usize {
        let (head, room) = (ends.first, target.len());
        let (mut rest, mut emptied, mut freed) = (target, 0, 0u16);
        while !rest.is_empty()
            && let Some(block) = self.block(ends.first)
        {
            let at = usize::from(ends.taken);
            if block.length == WHOLE && at == 0 && rest.len() >= BLOCK {
                if let Some((whole, more)) = core::mem::take(&mut rest).split_first_chunk_mut() {
                    *whole = block.data;
                    rest = more;
                }
            } else {
                let data = block.data.get(at..usize::from(block.length)).unwrap_or_default();
                let n = copy(rest, data);
                rest = core::mem::take(&mut rest).get_mut(n..).unwrap_or_default();
                if n < data.len() {
                    ends.taken = ends.taken.saturating_add(u8::try_from(n).unwrap_or(0));
                    break;
                }
            }
            emptied = ends.first;
            (ends.first, ends.taken) = (block.next, 0);
            freed = freed.saturating_add(1);
        }
        if ends.first == 0 {
            ends.last = 0;
        }
        let free = self.accounts.free;
        if let Some(block) = self.block(emptied) {
            block.next = free;
            self.accounts.free = head;
        }
        *reserve = reserve.saturating_add(freed);
        self.accounts.reserved = self.accounts.reserved.saturating_add(freed);
        self.accounts.used = self.accounts.used.saturating_sub(freed);
        room.saturating_sub(rest.len())
    }

    /// Takes two octets out of such a chain, where its first block has more of them.
    #[cfg(feature = "l2cap")]
    pub(crate) fn pop_two(&self, ends: &mut Ends) -> Option<[u8; 2]> {
        let block = self.blocks.get(usize::from(ends.first.checked_sub(1)?))?;
        let data = block.data.get(usize::from(ends.taken)..usize::from(block.length))?;
        let &[low, high, _, ..] = data else { return None };
        ends.taken = ends.taken.saturating_add(2);
        Some([low, high])
    }

    /// Frees the first block of a chain: false when there is none.
    #[cfg(feature = "l2cap")]
    pub(crate) fn drop_first(&mut self, first: &mut u16) -> bool {
        let head = self.accounts.free;
        let Some(block) = self.block(*first) else { return false };
        let next = core::mem::replace(&mut block.next, head);
        self.accounts.free = *first;
        self.accounts.used = self.accounts.used.saturating_sub(1);
        *first = next;
        true
    }

    /// Copies octets of the chain that begins with a block, from `offset` on.
    #[cfg(feature = "l2cap")]
    pub(crate) fn peek(&self, first: u16, offset: usize, target: &mut [u8]) {
        self.read(Chain { first, length: 0 }, offset, target);
    }

    /// Blocks that nobody has or has set apart.
    #[cfg(feature = "l2cap")]
    pub(crate) fn unclaimed(&self) -> usize {
        let taken = usize::from(self.accounts.used).saturating_add(usize::from(self.accounts.reserved));
        self.blocks.len().saturating_sub(taken)
    }

    pub(crate) fn usage(&self) -> Usage {
        Usage {
            total: self.blocks.len(),
            used: usize::from(self.accounts.used).saturating_add(usize::from(self.accounts.reserved)),
            high_water: usize::from(self.accounts.high_water),
        }
    }
}
