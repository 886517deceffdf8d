//! What a host may not do, though many a controller lets it. The judge knows what the host has read, not what has happened:
//! a host is not to blame for what it could not know yet.

use jelling_wire::hci::Opcode;
use std::collections::{BTreeMap, BTreeSet};

/// What a host did against the rules of HCI.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Breach {
    /// An ACL packet without a free buffer of the controller (Vol 4, Part E, 4.1.1).
    Overdrawn,
    /// An ACL packet longer than the controller said (7.8.2).
    TooLong {
        /// Its octets of data.
        length: usize,
    },
    /// Data on a handle that the host knows to be dead, or never knew (5.4.2).
    DeadHandle {
        /// The handle.
        handle: u16,
    },
    /// A command while the controller takes none (4.4).
    NoCommandCredit {
        /// The command.
        opcode: Opcode,
    },
    /// A command that its state forbids, which the host knew (7).
    WrongState {
        /// The command.
        opcode: Opcode,
        /// How the controller answered.
        status: u8,
    },
    /// A command that the controller never claimed (6.27).
    NotClaimed {
        /// The command.
        opcode: Opcode,
    },
    /// A command with parameters that the specification forbids.
    InvalidParameters {
        /// The command.
        opcode: Opcode,
    },
    /// More packets given back than were received, or on a handle that never was a link's (7.3.40).
    FlowControl {
        /// The handle.
        handle: u16,
    },
    /// Flow control from controller to host is switched on, but Host Buffer Size never said of what (4.2).
    NoHostBuffers,
    /// A part of a frame that was never begun, or a beginning without an octet (5.4.2; Vol 6, Part B, 2.4.1).
    Fragment {
        /// The handle.
        handle: u16,
    },
    /// No packet of HCI that a host sends.
    Malformed,
}

/// A breach: where and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The controller's number on its air.
    pub controller: usize,
    /// Microseconds of the air.
    pub micros: u64,
    /// What it was.
    pub breach: Breach,
}

/// What a packet tells a host once it has read it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Notice {
    #[default]
    Nothing,
    /// The command is answered.
    Answer,
    /// Buffers of this link are free again.
    Credits(u16, u16),
    /// A link is there.
    Up(u16),
    /// A link is gone.
    Down(u16),
    /// Something else changed that a command may depend on.
    State,
}

/// What a host knows.
#[derive(Debug, Default)]
pub(crate) struct Police {
    /// Commands that have not been answered, as the host knows.
    pub(crate) outstanding: u8,
    /// Links it knows to be up, with the packets it has in the controller.
    pub(crate) links: BTreeMap<u16, u32>,
    /// Handles that it has been told of, since it reset.
    pub(crate) seen: BTreeSet<u16>,
    /// Links on which it has begun a frame.
    pub(crate) begun: BTreeSet<u16>,
    /// Notices that it has not read yet and that a command may collide with.
    pub(crate) unread: u32,
    /// The command that is executed is refused for a reason that its host could not know.
    pub(crate) excused: bool,
    /// A fault made what the host knows and what is the case two things, until the next Reset.
    pub(crate) blind: bool,
}

impl Notice {
    /// True for news that excuses a command which comes too late.
    fn excuses(self) -> bool {
        matches!(self, Notice::Up(_) | Notice::Down(_) | Notice::State)
    }
}

impl Police {
    /// A packet for the host waits to be read.
    pub(crate) fn queued(&mut self, notice: Notice) {
        self.unread += u32::from(notice.excuses());
    }

    /// The host reads it.
    pub(crate) fn read(&mut self, notice: Notice) {
        self.unread = self.unread.saturating_sub(u32::from(notice.excuses()));
        match notice {
            Notice::Answer => self.outstanding = 0,
            Notice::Credits(handle, count) => {
                if let Some(held) = self.links.get_mut(&handle) {
                    *held = held.saturating_sub(u32::from(count));
                }
            }
            Notice::Up(handle) => {
                self.links.insert(handle, 0);
                self.seen.insert(handle);
            }
            Notice::Down(handle) => {
                self.links.remove(&handle);
                self.begun.remove(&handle);
            }
            Notice::State | Notice::Nothing => {}
        }
    }

    /// Packets that the host has in the controller, as it knows.
    pub(crate) fn held(&self) -> u32 {
        self.links.values().sum()
    }
}
