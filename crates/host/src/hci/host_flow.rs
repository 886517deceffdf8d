//! Flow control from the controller to us: it sends no more data than we have said to have buffers for, and learns from time to
//! time how many packets we have taken (Vol 4, Part E, 4.2, 7.3.38 to 7.3.40).

use super::Controller;
use crate::Core;
use jelling_wire::{
    Writer,
    hci::command::{self, CompletedOnLink, HostCompleted},
};

/// The buffers of a host, as its controller is told of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct HostBuffers {
    /// Octets of data in an ACL packet: 27 to 251; what is out of range counts as the nearest that is not.
    pub acl_length: u16,
    /// ACL packets that may be on their way to the host at once: 1 to 255; 0 counts as 1.
    pub acl_packets: u8,
}

impl HostBuffers {
    /// So many packets of 251 octets.
    pub const fn new(acl_packets: u8) -> Self {
        HostBuffers { acl_length: 251, acl_packets }
    }

    /// All zero: none.
    pub(crate) const ZERO: HostBuffers = HostBuffers { acl_length: 0, acl_packets: 0 };

    pub(crate) const fn nearest(self) -> Self {
        let acl_length = match self.acl_length {
            0..27 => 27,
            27..=251 => self.acl_length,
            _ => 251,
        };
        HostBuffers { acl_length, acl_packets: if self.acl_packets == 0 { 1 } else { self.acl_packets } }
    }
}

/// Links that one command names at most.
const LINKS: usize = 63;

impl Controller {
    /// True when the controller should learn what has been taken: it has as many packets left as that, or one less, so it never
    /// runs dry as long as we are not behind.
    pub(crate) fn is_owed_packets(&self) -> bool {
        self.taken != 0 && self.taken >= self.host_packets / 2
    }
}

impl Core<'_> {
    /// A packet of a link has come, and is taken.
    pub(crate) fn packet_taken(&mut self, index: usize) {
        let controller = &mut self.state.controller;
        if controller.host_packets == 0 {
            return;
        }
        if let Some(link) = self.links.get_mut(index) {
            // A controller sends no more than it has been told of.
            link.taken = link.taken.saturating_add(1);
            controller.taken = controller.taken.saturating_add(1);
            self.state.work |= controller.is_owed_packets();
        }
    }

    /// Writes what has been taken of each link. It needs no credit, and has no answer.
    pub(crate) fn poll_completed(&mut self, w: &mut Writer<'_>) -> bool {
        if !self.state.controller.is_owed_packets() {
            return false;
        }
        let links = self.links.iter().filter(|link| link.taken != 0).take(LINKS);
        let completed = links.map(|link| CompletedOnLink { handle: link.handle, count: u16::from(link.taken) });
        command::emit(&HostCompleted(completed), w);
        for link in self.links.iter_mut().filter(|link| link.taken != 0).take(LINKS) {
            self.state.controller.taken = self.state.controller.taken.saturating_sub(link.taken);
            link.taken = 0;
        }
        true
    }
}
