//! Events of the controller (Vol 4, Part E, 7.7). Whatever arrives, nothing fails: what makes no sense is counted and dropped.

use super::bring_up;
use crate::{
    Core,
    counters::count,
    error::Fault,
    event::{Happened, LinkNews},
    gap::Outcome,
    l2cap::COMPLETION_TIMEOUT,
    link::{Owed, Parameters},
    state::Stage,
    time::{Deadline, Instant},
};
use jelling_wire::hci::{
    ConnectionHandle, Role, Status,
    event::{ConnectionComplete, Event, EventCode},
};

impl Core<'_> {
    pub(crate) fn on_event(&mut self, now: Instant, octets: &[u8]) {
        // Number Of Completed Packets for one link, which comes after nearly each packet of ours, need not be taken apart by the table.
        if let [code, 5, 1, h0, h1, n0, n1] = *octets
            && code == EventCode::NUMBER_OF_COMPLETED_PACKETS.0
            && let Ok(handle) = ConnectionHandle::parse(u16::from_le_bytes([h0, h1]))
        {
            return self.on_completed(now, handle, u16::from_le_bytes([n0, n1]));
        }
        let Ok(event) = Event::parse_among(octets, bring_up::is_wanted) else {
            return self.drop_malformed("an event");
        };
        match event {
            Event::CommandComplete { credits, opcode, return_parameters } => {
                let (status, parameters) = match return_parameters.split_first() {
                    Some((status, rest)) => (Status(*status), rest),
                    None => (Status::SUCCESS, return_parameters),
                };
                self.on_command_answer(now, credits, opcode, status, parameters);
            }
            Event::CommandStatus { status, credits, opcode } => {
                self.on_command_answer(now, credits, opcode, status, &[])
            }
            Event::NumberOfCompletedPackets(packets) => {
                for (handle, completed) in packets.iter() {
                    self.on_completed(now, handle, completed);
                }
            }
            // Reset is what helps, and it is under way (Vol 4, Part E, 7.7.16).
            Event::HardwareError { .. } if self.is_resetting() => count(&mut self.state.counters.unexpected),
            Event::HardwareError { code } => self.fail(Fault::Hardware(code)),
            _ if self.state.stage == Stage::Up || self.state.stage == Stage::Stopping => self.on_link_event(now, event),
            _ => count(&mut self.state.counters.unexpected),
        }
    }

    fn on_link_event(&mut self, now: Instant, event: Event<'_>) {
        let handle = match event {
            Event::LeConnectionComplete(complete) => return self.on_connection(now, &complete),
            #[cfg(feature = "central")]
            Event::LeAdvertisingReport(reports) => {
                for report in reports.iter() {
                    self.on_report(now, &report);
                }
                return;
            }
            #[cfg(feature = "security")]
            Event::LeReadLocalP256PublicKeyComplete { status, key_x, key_y } => {
                let key = crate::crypto::PublicKey { x: *key_x, y: *key_y };
                return self.on_controller_key(now, status.is_success().then_some(&key));
            }
            #[cfg(feature = "security")]
            Event::LeGenerateDhKeyComplete { status, key } => {
                return self.on_controller_secret(now, status.is_success().then_some(&key));
            }
            #[cfg(feature = "security")]
            Event::EncryptionChange { handle, .. } | Event::EncryptionKeyRefreshComplete { handle, .. } => handle,
            Event::DisconnectionComplete { handle, .. }
            | Event::LeConnectionUpdateComplete { handle, .. }
            | Event::LeLongTermKeyRequest { handle, .. }
            | Event::LePhyUpdateComplete { handle, .. }
            | Event::LeDataLengthChange { handle, .. }
            | Event::LeRemoteConnectionParameterRequest { handle, .. } => handle,
            _ => return count(&mut self.state.counters.unexpected),
        };
        let Some(index) = self.link_of(now, handle) else { return };
        let Some(link) = self.links.get_mut(index) else { return };
        match event {
            Event::DisconnectionComplete { status, reason, .. } => {
                if status.is_success() {
                    self.link_down(index, reason);
                } else {
                    // It could not be ended: it is asked for again by the next handle that is dropped.
                    link.owed.remove(Owed::DISCONNECTING);
                    link.disconnect_deadline = Deadline::NEVER;
                }
            }
            Event::LeConnectionUpdateComplete { status, interval, latency, supervision_timeout, .. } => {
                if status.is_success() {
                    (link.interval, link.latency, link.supervision_timeout) = (interval, latency, supervision_timeout);
                    link.happened.insert(Happened::PARAMETERS);
                }
                self.on_updated(index, Outcome::Parameters(status));
                self.tell_link(index, LinkNews::LINK);
            }
            #[cfg(feature = "security")]
            Event::LeLongTermKeyRequest { random, diversifier, .. } => self.on_key_request(index, random, diversifier),
            #[cfg(feature = "security")]
            Event::EncryptionChange { status, enabled, .. } => self.on_encryption(now, index, status, enabled != 0),
            #[cfg(feature = "security")]
            Event::EncryptionKeyRefreshComplete { status, .. } => self.on_encryption(now, index, status, true),
            // There is no key: the peer learns it at once (Vol 6, Part B, 5.1.3.1).
            #[cfg(not(feature = "security"))]
            Event::LeLongTermKeyRequest { .. } => link.owed.insert(Owed::KEY_REFUSAL),
            Event::LePhyUpdateComplete { status, tx_phy, rx_phy, .. } => self.on_phys(index, status, tx_phy, rx_phy),
            Event::LeDataLengthChange { tx_octets, rx_octets, .. } => self.on_data_length(index, tx_octets, rx_octets),
            Event::LeRemoteConnectionParameterRequest {
                interval_min,
                interval_max,
                latency,
                supervision_timeout,
                ..
            } => {
                let wanted = Parameters { interval_min, interval_max, latency, supervision_timeout };
                self.on_parameters_wanted(now, index, wanted, 0);
            }
            _ => {}
        }
    }

    /// The slot of a connection handle that is up, of which the controller has just said something; an unknown one is counted.
    pub(crate) fn link_of(&mut self, now: Instant, handle: ConnectionHandle) -> Option<usize> {
        let index = self.links.iter().position(|l| l.is_up() && l.handle == handle);
        match index {
            Some(index) => self.heard_of(now, index),
            None => count(&mut self.state.counters.unknown_handle),
        }
        index
    }

    fn on_completed(&mut self, now: Instant, handle: ConnectionHandle, completed: u16) {
        let Some(index) = self.link_of(now, handle) else { return };
        let Some(link) = self.links.get_mut(index) else { return };
        // More than was sent: credit for what the link has, no more.
        let given = completed.min(link.in_flight);
        if given < completed {
            count(&mut self.state.counters.credit_violations);
        }
        link.in_flight = link.in_flight.saturating_sub(given);
        let controller = &mut self.state.controller;
        controller.acl_in_flight = controller.acl_in_flight.saturating_sub(given);
        let deadline = if link.in_flight > 0 { Deadline::after(now, COMPLETION_TIMEOUT) } else { Deadline::NEVER };
        self.state.sooner.set(&mut link.acl_deadline, deadline);
    }

    fn on_connection(&mut self, now: Instant, complete: &ConnectionComplete) {
        if self.state.stage != Stage::Up {
            return;
        }
        if !complete.status.is_success() {
            return self.on_connection_failed(complete.status, complete.role);
        }
        let Some(peer) = complete.peer.address() else {
            return count(&mut self.state.counters.malformed);
        };
        if self.links.iter().any(|l| l.is_up() && l.handle == complete.handle) {
            return count(&mut self.state.counters.unexpected);
        }
        match complete.role {
            #[cfg(feature = "central")]
            Role::Central => self.on_initiated(now, complete, peer),
            #[cfg(feature = "peripheral")]
            Role::Peripheral => self.on_advertised(now, complete, peer),
            // Nobody asked for a link in a role that this host does not have.
            #[cfg(not(all(feature = "central", feature = "peripheral")))]
            _ => {
                count(&mut self.state.counters.unexpected);
                self.disown(complete.handle);
            }
        }
    }

    fn on_connection_failed(&mut self, status: Status, role: Role) {
        // 0x3c comes of directed advertising alone; everything else is the initiator's (Vol 4, Part E, 7.7.65.1).
        let of_advertiser =
            status == Status::ADVERTISING_TIMEOUT || (role == Role::Peripheral && !self.initiator_may_connect());
        match of_advertiser {
            #[cfg(feature = "peripheral")]
            true => {
                self.state.advertising.end(Some(crate::Error::Timeout));
                self.state.news |= crate::event::HostNews::ADVERTISING;
            }
            #[cfg(feature = "central")]
            false if self.initiates_again() => {}
            #[cfg(feature = "central")]
            false => {
                self.state.initiator.end(Err(crate::Error::ConnectionFailed(status)));
                self.state.news |= crate::event::HostNews::INITIATOR;
            }
            #[cfg(not(all(feature = "central", feature = "peripheral")))]
            _ => count(&mut self.state.counters.unexpected),
        }
    }
}
