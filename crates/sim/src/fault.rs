//! What can go wrong between a host and its controller, by script and by seed.

use core::time::Duration;
pub use jelling_transport::Direction;

/// What happens to a packet, or when it passes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// The packet is lost.
    Drop,
    /// It comes twice.
    Duplicate,
    /// It, and what is behind it, comes this much later.
    Delay(Duration),
    /// One of its octets, counted from the HCI header and round from its end, is changed by this mask.
    Corrupt {
        /// Which octet.
        offset: usize,
        /// Its bits that flip.
        mask: u8,
    },
    /// It ends this many octets early.
    Cut(usize),
    /// It ends this many octets late.
    Extend(usize),
    /// Its length field says this much more than is there.
    Lie(u8),
    /// Every link of the controller is lost on the air: supervision timeout at both ends.
    LoseLinks,
    /// The controller takes nothing and says nothing from here on, until its power is cycled.
    Silence,
    /// The controller takes nothing and says nothing from here on, but for Reset.
    Hang,
    /// The controller restarts by itself: its state and links are gone. It says so with an empty Command Complete, as Zephyr
    /// does, after the packet.
    Restart,
    /// The controller reports a hardware error after the packet.
    HardwareError(u8),
}

/// A fault of a script: what happens at the packet with this index, counted from 0 in each direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Which way the packet goes.
    pub direction: Direction,
    /// Which packet.
    pub index: u64,
    /// What happens.
    pub action: Action,
}

/// Faults by seed: how often a packet, either way, meets with one, in parts of 65,536. Together they are 65,536 at most; by
/// default there are none. A controller that falls silent for good is not among them, because no host recovers from that: it
/// is scripted, with [`Action::Silence`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Noise {
    /// It is lost.
    pub drop: u16,
    /// It comes twice.
    pub duplicate: u16,
    /// It comes up to 50 ms late.
    pub delay: u16,
    /// An octet of it changes.
    pub corrupt: u16,
    /// It is cut short, or made longer.
    pub resize: u16,
    /// Its length field says up to 128 more than is there, or one less.
    pub lie: u16,
    /// Every link of the controller is lost with it ([`Action::LoseLinks`]).
    pub lose_links: u16,
    /// The controller hangs after it, until the host resets it ([`Action::Hang`]).
    pub hang: u16,
    /// The controller restarts by itself after it ([`Action::Restart`]).
    pub restart: u16,
    /// The controller reports a hardware error after it, with any code ([`Action::HardwareError`]).
    pub hardware_error: u16,
}
