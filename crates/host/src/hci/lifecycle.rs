//! How a host goes down: stopped by the application, or failed by its controller or transport. Whoever waits learns it once.

use crate::{
    Core,
    counters::count,
    error::{Error, Fault},
    event::{HostNews, LinkNews},
    gap::{AdvertisingStage, ScanStage},
    link::Owed,
    state::Power,
    time::Instant,
};
use jelling_wire::hci::{
    ConnectionHandle, Opcode, Status,
    command::{self, Command},
};

impl Core<'_> {
    /// Ends what waited too long for the controller.
    pub(crate) fn command_timeout(&mut self, now: Instant) {
        let controller = &self.state.controller;
        let late = controller.in_flight.get().filter(|f| f.deadline <= now).map(|f| f.opcode);
        let starved = controller.credit_deadline.filter(|d| *d <= now).map(|_| Opcode(0));
        if let Some(opcode) = late.or(starved) {
            count(&mut self.state.counters.timeouts);
            self.fail(Fault::Silent(opcode));
        }
    }

    /// Switches the radio off: links are disconnected, everything else ends, the controller is reset.
    pub fn stop(&mut self) {
        if matches!(self.state.power(), Power::Starting | Power::Up) {
            self.end_activities(Error::Stopped);
            for link in self.links.iter_mut().filter(|l| l.is_up()) {
                if !link.owed.contains(Owed::DISCONNECTING) {
                    link.owed.insert(Owed::DISCONNECT);
                }
            }
            self.state.set_power(Power::Stopping);
            self.state.news |= HostNews::HOST;
        }
    }

    pub(crate) fn on_stopped(&mut self) {
        self.lose_links(Status::CONNECTION_TERMINATED_BY_LOCAL_HOST);
        self.state.set_power(Power::Off);
        self.state.epoch = self.state.epoch.wrapping_add(1);
        self.state.news |= HostNews::HOST;
    }

    /// The transport is gone: everything on it is lost. A later `start` begins anew.
    pub fn transport_closed(&mut self) {
        self.fail(Fault::TransportClosed);
    }

    pub(crate) fn fail(&mut self, fault: Fault) {
        if matches!(self.state.power(), Power::Off | Power::Failed(_)) {
            return;
        }
        self.state.controller.in_flight.set(None);
        self.state.controller.credit_deadline = None;
        self.end_activities(Error::Down(fault));
        self.lose_links(Status::CONNECTION_TIMEOUT);
        self.state.set_power(if self.state.power() == Power::Stopping { Power::Off } else { Power::Failed(fault) });
        self.state.epoch = self.state.epoch.wrapping_add(1);
        self.state.news |= HostNews::HOST;
    }

    fn end_activities(&mut self, error: Error) {
        if self.state.advertising.wanted {
            self.state.advertising.end(Some(error));
        }
        self.state.advertising.stage = AdvertisingStage::Off;
        self.state.advertising.link = None;
        if self.state.scanning.wanted {
            self.state.scanning.end(Some(error));
        }
        self.state.scanning.stage = ScanStage::Off;
        self.state.initiator.end(Err(error));
        if let Some(Ok(_)) = self.state.initiator.result.get() {
            self.state.initiator.result.set(Some(Err(error)));
        }
        self.state.orphan = None;
        self.state.news |= HostNews::ADVERTISING | HostNews::SCAN | HostNews::INITIATOR;
    }

    fn lose_links(&mut self, reason: Status) {
        for index in 0..self.links.len() {
            if self.links.get(index).is_some_and(crate::link::Link::is_up) {
                self.link_down(index, reason);
            }
        }
        self.state.controller.acl_in_flight = 0;
    }

    /// Asks for a disconnect of a connection that has no slot.
    pub(crate) fn disown(&mut self, handle: ConnectionHandle) {
        self.state.orphan = Some(handle);
    }

    /// A link whose disconnect the controller does not report in time is lost all the same.
    pub(crate) fn disconnect_timeout(&mut self, now: Instant) {
        for index in 0..self.links.len() {
            let late =
                self.links.get(index).is_some_and(|l| l.is_up() && l.disconnect_deadline.is_some_and(|d| d <= now));
            if late {
                count(&mut self.state.counters.timeouts);
                self.fail(Fault::Silent(command::Disconnect::OPCODE));
            }
        }
    }

    /// Marks a link's news.
    pub(crate) fn tell_link(&mut self, index: usize, news: LinkNews) {
        if let Some(link) = self.links.get_mut(index) {
            link.tell(news);
            self.state.news |= HostNews::LINKS;
        }
    }
}
