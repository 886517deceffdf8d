//! What a host may not do, though many a controller lets it. The judge knows what the host has read, not what has happened:
//! a host is not to blame for what it could not know yet.

use core::fmt;
use jelling_wire::hci::{Opcode, Status};
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

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Breach::Overdrawn => f.write_str("ACL data without a free buffer of the controller"),
            Breach::TooLong { length } => {
                write!(f, "ACL data of {length} octets, more than the controller said it takes")
            }
            Breach::DeadHandle { handle } => write!(f, "ACL data on handle {handle:#06x}, which is not connected"),
            Breach::NoCommandCredit { opcode } => write!(f, "{opcode} before the last command was answered"),
            Breach::WrongState { opcode, status } => {
                write!(f, "{opcode} in a state that forbids it, answered with {}", Status(*status))
            }
            Breach::NotClaimed { opcode } => write!(f, "{opcode}, which the controller does not claim"),
            Breach::InvalidParameters { opcode } => write!(f, "{opcode} with parameters that are forbidden"),
            Breach::FlowControl { handle } => {
                write!(f, "Host Number Of Completed Packets gives more back on handle {handle:#06x} than was received")
            }
            Breach::NoHostBuffers => f.write_str("flow control from controller to host without Host Buffer Size"),
            Breach::Fragment { handle } => {
                write!(f, "a part of a frame on handle {handle:#06x} that was not begun, or begins with nothing")
            }
            Breach::Malformed => f.write_str("a packet that no host sends"),
        }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.micros as f64 / 1e6;
        write!(f, "controller {} after {seconds:.6} s: {}", self.controller, self.breach)
    }
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
    /// Until then, what it was handed last may not have reached it.
    pub(crate) late: u64,
    /// Links whose end it was handed, and until when it may not have heard of it.
    pub(crate) gone: BTreeMap<u16, u64>,
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

    /// The host is handed it, and has read it at that moment at the latest. What is in its favour counts at once.
    pub(crate) fn read(&mut self, notice: Notice, latest: u64) {
        if notice.excuses() {
            self.unread = self.unread.saturating_sub(1);
            self.late = latest;
        }
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
                self.gone.remove(&handle);
            }
            Notice::Down(handle) => {
                self.links.remove(&handle);
                self.begun.remove(&handle);
                self.gone.insert(handle, latest);
            }
            Notice::State | Notice::Nothing => {}
        }
    }

    /// True when the host must have read everything that a command may collide with.
    pub(crate) fn knows_all(&self, now: u64) -> bool {
        self.unread == 0 && now >= self.late
    }

    /// True when the host may not have heard yet that this link is gone.
    pub(crate) fn may_miss(&self, handle: u16, now: u64) -> bool {
        self.gone.get(&handle).is_some_and(|latest| now < *latest)
    }

    /// Packets that the host has in the controller, as it knows.
    pub(crate) fn held(&self) -> u32 {
        self.links.values().sum()
    }
}
