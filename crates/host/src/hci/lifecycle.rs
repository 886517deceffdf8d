//! How a host goes down: stopped by the application, or failed by its controller or transport. Whoever waits learns it once.

use crate::{
    Core,
    counters::count,
    error::{Error, Fault},
    event::{HostEvent, HostNews, LinkNews},
    gap::{AdvertisingStage, ScanStage},
    link::Owed,
    state::Power,
    time::Instant,
};
use jelling_wire::hci::{
    ConnectionHandle, Opcode, Status,
    command::{self, Command},
};

/// Bring-ups after a fault before the host gives up.
const ATTEMPTS: u8 = 3;
/// Further Resets of a controller that does not answer the first one.
const RESETS: u8 = 1;

impl Core<'_> {
    /// Ends what waited too long for the controller.
    pub(crate) fn command_timeout(&mut self, now: Instant) {
        let controller = &self.state.controller;
        let late = controller.in_flight.get().filter(|f| f.deadline <= now).map(|f| f.opcode);
        let starved = controller.credit_deadline.filter(|d| *d <= now).map(|_| Opcode(0));
        let cancelled = self.state.initiator.cancel_deadline.filter(|d| *d <= now);
        let unending = cancelled.map(|_| command::LeCreateConnectionCancel::OPCODE);
        if let Some(opcode) = late.or(starved).or(unending) {
            count(&mut self.state.counters.timeouts);
            self.fail(Fault::Silent(opcode));
        }
    }

    /// A controller that takes packets and completes none.
    pub(crate) fn completion_timeout(&mut self, now: Instant) {
        if self.state.controller.acl_deadline.is_some_and(|d| d <= now) {
            count(&mut self.state.counters.timeouts);
            self.fail(Fault::Stalled);
        }
    }

    /// Switches the radio off: links are disconnected, everything else ends, the controller is reset.
    pub fn stop(&mut self) {
        match self.state.power() {
            Power::Starting | Power::Up => {
                self.end_activities(Error::Stopped);
                for link in self.links.iter_mut().filter(|l| l.is_up()) {
                    if !link.owed.contains(Owed::DISCONNECTING) {
                        link.owed.insert(Owed::DISCONNECT);
                    }
                }
                self.state.set_power(Power::Stopping);
            }
            Power::Failed(_) => {
                self.end_activities(Error::Stopped);
                self.go_down(Error::Stopped, Power::Off);
            }
            Power::Off | Power::Stopping => return,
        }
        self.state.recovering.set(None);
        self.state.resumes = false;
        self.state.attempts = 0;
        self.state.work = true;
        self.state.news |= HostNews::HOST;
    }

    pub(crate) fn on_stopped(&mut self) {
        self.lose_links(Status::CONNECTION_TERMINATED_BY_LOCAL_HOST);
        self.go_down(Error::Stopped, Power::Off);
    }

    fn go_down(&mut self, why: Error, power: Power) {
        self.state.set_power(power);
        self.state.ended.set(Some(why));
        self.state.epoch = self.state.epoch.wrapping_add(1);
        self.state.news |= HostNews::HOST;
    }

    /// The transport is gone: everything on it is lost. With the next one the host comes up again.
    pub fn transport_closed(&mut self) {
        self.fail(Fault::TransportClosed);
    }

    /// There is a transport: a host that lost one comes up again, and advertises if it did.
    pub fn transport_opened(&mut self) {
        if core::mem::take(&mut self.state.resumes) && matches!(self.state.power(), Power::Failed(_)) {
            self.begin_bring_up();
        }
    }

    /// The controller or the transport failed: links are lost, what waits is told, and the host comes up again by itself.
    pub(crate) fn fail(&mut self, fault: Fault) {
        let power = self.state.power();
        if matches!(power, Power::Off | Power::Failed(_)) {
            return;
        }
        self.state.controller.in_flight.set(None);
        self.state.controller.credit_deadline = None;
        self.state.controller.acl_deadline = None;
        let error = Error::Down(fault);
        let recovers = power == Power::Up || self.state.recovering.get().is_some();
        // A bring-up that the application asked for fails sooner: nothing was there to restore. But what a controller was sent
        // before we began may have swallowed the first Reset.
        let resetting = power == Power::Starting && self.state.controller.step == 0;
        let again = (recovers && power != Power::Stopping && self.state.attempts < ATTEMPTS)
            || (resetting && fault != Fault::TransportClosed && self.state.attempts < RESETS);
        if recovers && fault == Fault::TransportClosed && power != Power::Stopping {
            self.state.resumes = true;
            self.interrupt(error);
            self.state.recovering.set(Some(fault));
            self.happened(HostEvent::Lost(fault));
            return self.go_down(error, Power::Failed(fault));
        }
        if again {
            self.state.flush = resetting;
            self.state.attempts = self.state.attempts.saturating_add(1);
            if recovers {
                self.interrupt(error);
                if self.state.recovering.get().is_none() {
                    self.happened(HostEvent::Lost(fault));
                }
                self.state.recovering.set(Some(fault));
                self.go_down(error, Power::Failed(fault));
            }
            return self.begin_bring_up();
        }
        self.end_activities(error);
        self.lose_links(Status::CONNECTION_TIMEOUT);
        self.state.attempts = 0;
        self.state.recovering.set(None);
        self.state.flush = false;
        if power == Power::Stopping {
            return self.go_down(Error::Stopped, Power::Off);
        }
        self.happened(HostEvent::Failed(fault));
        self.go_down(error, Power::Failed(fault));
    }

    fn happened(&mut self, event: HostEvent) {
        self.state.happened.set(Some(event));
    }

    /// The bring-up is done.
    pub(crate) fn on_up(&mut self) {
        self.state.attempts = 0;
        if let Some(fault) = self.state.recovering.take() {
            self.happened(HostEvent::Recovered(fault));
        }
    }

    /// Ends what does not outlive the controller's state. Advertising does: it begins anew.
    fn interrupt(&mut self, error: Error) {
        let advertising = self.state.advertising;
        self.end_activities(error);
        if advertising.wanted {
            self.state.advertising = crate::gap::Advertising { changed: true, link: None, ..advertising };
            self.state.advertising.stage = AdvertisingStage::Off;
        }
        self.lose_links(Status::CONNECTION_TIMEOUT);
    }

    fn end_activities(&mut self, error: Error) {
        if self.state.advertising.wanted || self.state.advertising.link.is_some() {
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
