//! What was dropped and why, readable at any moment.

use crate::fmt::debug;

/// Counters since the host was made. They saturate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Counters {
    /// Packets that no rule of the specification lets be: dropped.
    pub malformed: u32,
    /// Packets for a connection handle that is not up: dropped.
    pub unknown_handle: u32,
    /// Completed packets that were never sent, or command credits for nothing.
    pub credit_violations: u32,
    /// Commands, requests and indications that got no answer in time.
    pub timeouts: u32,
    /// Well-formed packets that nothing waited for: ignored.
    pub unexpected: u32,
    /// Advertising reports dropped because every slot held one that had not been read.
    pub reports_dropped: u32,
    /// Notifications and captured writes dropped because their queue was full.
    pub values_dropped: u32,
    /// Signed writes that were dropped because the signature was wrong, its counter had been used, or no key of the peer is known.
    pub signatures_refused: u32,
    /// Times that the transport gave up on what came from the controller.
    pub noise: u32,
}

/// Adds one to a counter.
#[cfg_attr(target_pointer_width = "32", inline(never))]
pub(crate) fn count(counter: &mut u32) {
    *counter = counter.saturating_add(1);
}

impl crate::Core<'_> {
    /// A packet that no rule lets be is counted and dropped.
    pub(crate) fn drop_malformed(&mut self, what: &'static str) {
        debug!("a malformed packet was dropped: {}", what);
        count(&mut self.state.counters.malformed);
    }
}

/// How full a pool is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Usage {
    /// Entries there are.
    pub total: usize,
    /// Entries in use.
    pub used: usize,
    /// The most that were in use at once.
    pub high_water: usize,
}

/// The pools of a host, at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Pools {
    /// Links.
    pub links: Usage,
    /// Blocks of 64 octets.
    pub blocks: Usage,
    /// Queues.
    pub queues: Usage,
    /// Channels and those who listen for them.
    pub channels: Usage,
    /// ACL buffers of the controller.
    pub controller_buffers: Usage,
}
