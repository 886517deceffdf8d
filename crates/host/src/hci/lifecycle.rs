//! How a host goes down: stopped by the application, or failed by its controller or transport. Whoever waits learns it once.

use crate::{
    Core,
    counters::count,
    error::{Error, Fault},
    event::{HostEvent, HostNews, LinkNews},
    fmt::{info, warning},
    link::Owed,
    state::Stage,
    time::{Deadline, Instant},
};
use core::time::Duration;
use jelling_wire::hci::{
    ConnectionHandle, Opcode, Status,
    command::{self, Command},
};

/// Bring-ups after a fault before the host gives up.
const ATTEMPTS: u8 = 3;
/// How long a host is up before its next fault counts as the first one.
const STEADY: Duration = Duration::from_secs(10);
/// Further Resets of a controller that does not answer the first one.
const RESETS: u8 = 1;

impl Core<'_> {
    /// Ends what waited too long for the controller.
    pub(crate) fn command_timeout(&mut self, now: Instant) {
        let controller = &self.state.controller;
        let late = controller.in_flight.get().filter(|f| f.deadline.is_due(now)).map(|f| f.opcode);
        let starved = controller.credit_deadline.is_due(now).then_some(Opcode::NOP);
        let silent = late.or(starved);
        #[cfg(feature = "central")]
        let silent = silent.or(self.unending_cancel(now));
        if let Some(opcode) = silent {
            count(&mut self.state.counters.timeouts);
            self.fail(Fault::Silent(opcode));
        }
    }

    /// A link that takes packets and completes none is ended. Where the controller is at fault, it does not do that either.
    pub(crate) fn completion_timeout(&mut self, now: Instant) {
        let counters = &mut self.state.counters;
        for link in self.links.iter_mut().filter(|l| l.is_up() && l.acl_deadline.is_due(now)) {
            warning!("the link to {} takes no data: it is ended", link.peer);
            count(&mut counters.timeouts);
            link.stall();
            self.state.work = true;
        }
    }

    /// Switches the radio off: links are disconnected, everything else ends, the controller is reset.
    pub fn stop(&mut self) {
        match self.state.stage {
            Stage::Starting | Stage::Up if !self.state.no_transport => {
                self.end_activities(Error::Stopped);
                for link in self.links.iter_mut().filter(|l| l.is_up()) {
                    if !link.owed.contains(Owed::DISCONNECTING) {
                        link.owed.insert(Owed::DISCONNECT);
                    }
                }
                self.state.stage = Stage::Stopping;
            }
            // Nobody is there to be told.
            Stage::Starting | Stage::Up | Stage::Failed => {
                self.end_activities(Error::Stopped);
                self.lose_links(Status::CONNECTION_TERMINATED_BY_LOCAL_HOST);
                self.go_down(Error::Stopped, Stage::Off);
            }
            Stage::Off | Stage::Stopping => return,
        }
        self.state.recovering.set(None);
        self.state.resumes = false;
        self.begin_count();
        self.state.work = true;
        self.state.news |= HostNews::HOST;
    }

    pub(crate) fn on_stopped(&mut self) {
        info!("the host is off");
        self.lose_links(Status::CONNECTION_TERMINATED_BY_LOCAL_HOST);
        self.go_down(Error::Stopped, Stage::Off);
    }

    /// The host is down, and nothing that waits for it goes on.
    fn go_down(&mut self, why: Error, stage: Stage) {
        self.state.epoch = self.state.epoch.wrapping_add(1);
        self.pause(why, stage);
    }

    /// The host is down for a while.
    fn pause(&mut self, why: Error, stage: Stage) {
        self.state.stage = stage;
        if let Error::Down(fault) = why {
            self.state.fault = fault;
        }
        // Its last answer may have said that the controller takes no command for now.
        self.state.controller.credit_deadline = Deadline::NEVER;
        #[cfg(feature = "security")]
        {
            self.state.privacy = crate::gap::Privacy::NEW;
        }
        self.state.ended.set(Some(why));
        self.state.news |= HostNews::HOST;
    }

    /// The transport is gone, or not there yet: everything on it is lost. With the next one the host comes up again. Until this is
    /// called for the first time there is taken to be one.
    pub fn transport_closed(&mut self) {
        self.state.no_transport = true;
        #[cfg(feature = "l2cap")]
        self.parts_are_written();
        self.fail(Fault::TransportClosed);
    }

    /// The transport carried nothing but noise for longer than one fault on the wire explains: the controller is reset.
    pub fn transport_noise(&mut self) {
        count(&mut self.state.counters.noise);
        // Reset is what helps, and it is under way.
        if !self.is_resetting() {
            self.fail(Fault::Noise);
        }
    }

    /// There is a transport: a host that lost one comes up again, and advertises if it did.
    pub fn transport_opened(&mut self) {
        self.state.no_transport = false;
        self.begin_count();
        if core::mem::take(&mut self.state.resumes) && matches!(self.state.stage, Stage::Failed) {
            self.begin_bring_up();
        }
    }

    /// True while the host is down and comes up again with the next transport.
    pub fn resumes(&self) -> bool {
        self.state.resumes
    }

    /// Bring-ups are counted anew.
    fn begin_count(&mut self) {
        self.state.attempts = 0;
        self.state.steady_at = Deadline::NEVER;
    }

    /// A host that has been up for a while is steady: what fails from now on is another fault.
    pub(crate) fn attempts_timeout(&mut self, now: Instant) {
        if self.state.steady_at.is_due(now) {
            self.begin_count();
        }
    }

    /// The controller or the transport failed: links are lost, what waits is told, and the host comes up again by itself.
    pub(crate) fn fail(&mut self, fault: Fault) {
        let stage = self.state.stage;
        if matches!(stage, Stage::Off | Stage::Failed) {
            return;
        }
        warning!("the host is down: {}", fault);
        self.state.controller.in_flight.set(None);
        self.state.controller.credit_deadline = Deadline::NEVER;
        self.state.steady_at = Deadline::NEVER;
        let error = Error::Down(fault);
        if stage == Stage::Stopping {
            self.end_activities(error);
            self.lose_links(Status::CONNECTION_TIMEOUT);
            self.begin_count();
            return self.go_down(Error::Stopped, Stage::Off);
        }
        if fault == Fault::TransportClosed {
            self.state.resumes = true;
            self.interrupt(fault);
            return self.pause(error, Stage::Failed);
        }
        // A bring-up that the application asked for fails sooner: nothing was there to restore. But what a controller was sent
        // before we began may have swallowed the first Reset.
        let recovers = stage == Stage::Up || self.state.recovering.get().is_some();
        let resetting = self.is_resetting();
        let again = (recovers && self.state.attempts < ATTEMPTS) || (resetting && self.state.attempts < RESETS);
        if again {
            self.state.flush = resetting;
            self.state.attempts = self.state.attempts.saturating_add(1);
            if recovers {
                self.interrupt(fault);
                self.pause(error, Stage::Failed);
            }
            return self.begin_bring_up();
        }
        self.end_activities(error);
        self.lose_links(Status::CONNECTION_TIMEOUT);
        self.begin_count();
        self.state.recovering.set(None);
        self.state.flush = false;
        warning!("given up: the next operation tries again");
        self.happened(HostEvent::Failed(fault));
        self.go_down(error, Stage::Failed);
    }

    fn happened(&mut self, event: HostEvent) {
        self.state.happened.set(Some(event));
    }

    /// The bring-up is done.
    pub(crate) fn on_up(&mut self, now: Instant) {
        // A controller that fails again and again as soon as it is up is not brought up for ever.
        let steady_at = if self.state.attempts > 0 { Deadline::after(now, STEADY) } else { Deadline::NEVER };
        self.state.sooner.set(&mut self.state.steady_at, steady_at);
        #[cfg(feature = "security")]
        self.keep_private_address(now);
        let version = self.state.controller.version.unwrap_or_default();
        info!(
            "the host is up: address {}, HCI version {}, manufacturer {}",
            self.state.on_air(),
            version.hci_version,
            version.manufacturer
        );
        if let Some(fault) = self.state.recovering.take() {
            info!("recovered from: {}", fault);
            self.happened(HostEvent::Recovered(fault));
        }
    }

    /// Ends what does not outlive the controller's state, and tells it once. Advertising does outlive it: it begins anew.
    fn interrupt(&mut self, fault: Fault) {
        #[cfg(feature = "peripheral")]
        self.interrupt_advertiser(Error::Down(fault));
        self.end_other_activities(Error::Down(fault));
        self.lose_links(Status::CONNECTION_TIMEOUT);
        if self.state.recovering.get().is_none() {
            self.happened(HostEvent::Lost(fault));
        }
        self.state.recovering.set(Some(fault));
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
            let late = self.links.get(index).is_some_and(|l| l.is_up() && l.disconnect_deadline.is_due(now));
            if !late {
                continue;
            }
            count(&mut self.state.counters.timeouts);
            match self.links.get_mut(index) {
                Some(link) if link.owed.contains(Owed::DISCONNECT) => {
                    link.stall();
                    self.state.work = true;
                }
                _ => self.fail(Fault::Silent(command::Disconnect::OPCODE)),
            }
        }
    }

    /// Marks a link's news.
    #[cfg_attr(target_pointer_width = "32", inline(never))]
    pub(crate) fn tell_link(&mut self, index: usize, news: LinkNews) {
        if let Some(link) = self.links.get_mut(index) {
            link.tell(news);
            self.state.news |= HostNews::LINKS;
        }
    }
}
