//! LE credit-based channels: what is measured, and what both stacks' programs tell of it.
//!
//! Host 0, a central, sends on every channel of every link; each link has a host of its own at its other end, which receives. Each
//! channel has a task that sends and one that receives, and each host one that runs it; a task is polled when it was woken.

mod crowd;
mod sdu;
mod tally;

pub(crate) use crowd::{Crowd, Place};
pub(crate) use tally::Tally;
pub use tally::Transfer;

/// SDUs in which callgrind counts instructions: enough that what is on its way at the end weighs nothing.
const SDUS: u32 = 1_024;

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Octets of each SDU.
    pub sdu: usize,
    /// Links of the host that sends.
    pub links: usize,
    /// Channels on each link.
    pub channels: usize,
}

impl Shape {
    /// All of them.
    pub const ALL: [Shape; 8] = [
        Shape::new(242, 1, 1),
        Shape::new(242, 1, 4),
        Shape::new(242, 8, 1),
        Shape::new(242, 8, 4),
        Shape::new(2_048, 1, 1),
        Shape::new(2_048, 1, 4),
        Shape::new(2_048, 8, 1),
        Shape::new(2_048, 8, 4),
    ];

    /// So many octets on so many links with so many channels each.
    pub const fn new(sdu: usize, links: usize, channels: usize) -> Self {
        Shape { sdu, links, channels }
    }

    /// Its name for programs.
    pub fn name(self) -> String {
        format!("channel-{}-{}x{}", self.sdu, self.links, self.channels)
    }

    /// Channels of all links.
    pub const fn streams(self) -> usize {
        self.links * self.channels
    }

    /// SDUs in which callgrind counts instructions.
    pub const fn operations(self) -> u32 {
        SDUS
    }
}
