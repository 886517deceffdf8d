//! What both sides of `bench` agree on: a service with two characteristics, and a channel.
//!
//! What is measured are blocks: a number that counts up, then octets that follow from it. Whoever receives them counts the octets
//! of those that came in their order and as they were sent.

use jelling::Uuid;

pub(super) const SERVICE: Uuid = Uuid::new128(0x7d2e_0020_5c0b_4f5a_9a3e_6b1f_0c2d_4e01);
/// Blocks to the server, and what it is asked for, an [`Order`] in front; reads the octets counted, as `u64`.
pub(super) const INWARD: Uuid = Uuid::new128(0x7d2e_0021_5c0b_4f5a_9a3e_6b1f_0c2d_4e01);
/// Blocks from the server.
pub(super) const OUTWARD: Uuid = Uuid::new128(0x7d2e_0022_5c0b_4f5a_9a3e_6b1f_0c2d_4e01);
/// The channel: each SDU is an [`Order`] and a block.
pub(super) const PSM: u16 = 0x00b5;
/// The longest SDU.
pub(super) const MTU: u16 = 2_048;
/// Frames that may come ahead: several of the longest SDU, so that nobody waits for credits.
pub(super) const CREDITS: u16 = 64;
/// The longest value: one packet of an ACL length of 251.
pub(super) const VALUE: usize = 244;

/// The octet in front of what the client sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// Count this block.
    Count = 0,
    /// Count it, and send what is counted by now, as `u64`.
    Tell = 1,
    /// Send it back.
    Return = 2,
    /// Begin to count anew. No block.
    Begin = 3,
    /// Notify so many octets (`u32`) in values of so many (`u16`). No block.
    Notify = 4,
}

impl Order {
    /// The order, and what comes behind it.
    pub(super) fn parse(octets: &[u8]) -> Option<(Order, &[u8])> {
        let (first, rest) = octets.split_first()?;
        let all = [Order::Count, Order::Tell, Order::Return, Order::Begin, Order::Notify];
        all.into_iter().find(|order| *order as u8 == *first).map(|order| (order, rest))
    }

    /// The order with a block that fills the rest.
    pub(super) fn with_block(self, number: u32, octets: &mut [u8]) {
        if let Some((first, rest)) = octets.split_first_mut() {
            *first = self as u8;
            fill(number, rest);
        }
    }
}

/// Makes the block of that number.
pub(super) fn fill(number: u32, octets: &mut [u8]) {
    let mut state = number.wrapping_mul(0x9e37_79b9) | 1;
    for (octet, i) in octets.iter_mut().zip(0usize..) {
        // xorshift: neighbours have nothing in common, so what is shifted or mixed up is no block.
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        *octet = number.to_le_bytes().get(i).copied().unwrap_or(state as u8);
    }
}

/// Counts blocks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counter {
    due: u32,
    /// Octets of blocks that came in their order and as they were sent.
    pub(super) octets: u64,
}

impl Counter {
    /// Takes a block, and tells its number, if it has one. What was lost before it stays lost; the rest counts.
    pub(super) fn take(&mut self, block: &[u8]) -> Option<u32> {
        let number = u32::from_le_bytes(*block.first_chunk()?);
        let mut expected = vec![0; block.len()];
        fill(number, &mut expected);
        if number < self.due || block != expected {
            return None;
        }
        self.due = number.wrapping_add(1);
        self.octets += block.len() as u64;
        Some(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(number: u32, length: usize) -> Vec<u8> {
        let mut octets = vec![0; length];
        fill(number, &mut octets);
        octets
    }

    #[test]
    fn blocks_count_in_their_order_and_as_they_were_sent() {
        let mut counter = Counter::default();
        assert_eq!(counter.take(&block(0, 100)), Some(0));
        assert_eq!(counter.take(&block(1, 244)), Some(1));
        // One is lost: the next counts, and comes once.
        assert_eq!(counter.take(&block(3, 10)), Some(3));
        assert_eq!(counter.take(&block(3, 10)), None);
        assert_eq!(counter.take(&block(2, 10)), None);
        assert_eq!(counter.octets, 354);
        for i in 0..50 {
            let mut wrong = block(4, 50);
            wrong[i] ^= 0x80;
            assert_eq!(counter.take(&wrong), None, "{i}");
        }
        assert_eq!(counter.take(&block(4, 3)), None);
        assert_eq!(counter.take(&block(4, 4)), Some(4));
        assert_eq!(counter.octets, 358);
    }

    #[test]
    fn an_order_stands_before_its_block() {
        let mut octets = [0; 20];
        Order::Return.with_block(7, &mut octets);
        let (order, rest) = Order::parse(&octets).unwrap();
        assert_eq!((order, rest), (Order::Return, &*block(7, 19)));
        assert_eq!(Order::parse(&[]), None);
        assert_eq!(Order::parse(&[5]), None);
    }
}
