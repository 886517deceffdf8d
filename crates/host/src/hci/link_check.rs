//! Whether the controller still has the links that the host takes for up. An event can be lost on a wire, and a controller can
//! restart without a word: a link of which nothing has been heard for long is asked after.

use super::command::Purpose;
use crate::{Core, error::Fault, link::Owed, time::Instant};
use jelling_wire::{
    Writer,
    hci::{ConnectionHandle, Status, command},
};

impl Core<'_> {
    /// The controller said something of a link.
    pub(crate) fn heard_of(&mut self, now: Instant, index: usize) {
        let at = self.state.link_check(now);
        if let Some(link) = self.links.get_mut(index) {
            self.state.sooner.set(&mut link.check_at, at);
        }
    }

    /// Asks after links that have been silent for too long.
    pub(crate) fn link_check_timeout(&mut self, now: Instant) {
        for index in 0..self.links.len() {
            if self.links.get(index).is_some_and(|l| l.is_up() && l.check_at.is_due(now)) {
                self.heard_of(now, index);
                self.check_link(index);
            }
        }
    }

    fn check_link(&mut self, index: usize) {
        if let Some(link) = self.links.get_mut(index).filter(|l| l.is_up()) {
            link.owed.insert(Owed::CHECK);
            self.state.work = true;
        }
    }

    /// Asks after every link; false when there is none.
    pub(crate) fn check_links(&mut self) -> bool {
        for index in 0..self.links.len() {
            self.check_link(index);
        }
        self.links.iter().any(crate::link::Link::is_up)
    }

    /// Read RSSI costs the controller nothing, and every LE controller has it (Vol 4, Part E, 7.5.4).
    pub(crate) fn next_link_check(&mut self, w: &mut Writer<'_>) -> Option<Purpose> {
        let link = self.links.iter_mut().find(|l| l.is_up() && l.owed.contains(Owed::CHECK))?;
        link.owed.remove(Owed::CHECK);
        command::open(&command::ReadRssi { handle: link.handle }, w);
        Some(Purpose::LinkCheck(link.handle))
    }

    /// The controller does not know this handle. Had the link ended, Disconnection Complete would have come first: it was lost,
    /// or the controller has forgotten everything.
    pub(crate) fn on_unknown_link(&mut self, handle: ConnectionHandle) {
        let Some(index) = self.links.iter().position(|l| l.is_up() && l.handle == handle) else { return };
        self.link_down(index, Status::CONNECTION_TIMEOUT);
        // The others tell which it was. Where there is none, nothing is lost by a fresh start.
        if !self.check_links() {
            self.fail(Fault::Restarted);
        }
    }
}
