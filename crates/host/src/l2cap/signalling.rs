//! The LE signalling channel: connection parameters for a central, channels, Command Reject for what is not served
//! (Vol 3, Part A, 4). Pairing is refused on the security channel (Vol 3, Part H, 3.5.5).

use super::replies::Reply;
use crate::{
    Core,
    counters::count,
    link::{Link, Owed, Parameters},
    time::Instant,
};
use jelling_wire::{
    hci::Role,
    l2cap::signalling::{Code, Signal, UpdateResult, header},
};

/// The commands that this host takes apart.
#[inline]
fn is_served(code: Code) -> bool {
    // Only a central serves it.
    (cfg!(feature = "central") && code == Code::CONNECTION_PARAMETER_UPDATE_REQUEST)
        || (cfg!(feature = "l2cap")
            && matches!(
                code,
                Code::COMMAND_REJECT
                    | Code::DISCONNECTION_REQUEST
                    | Code::DISCONNECTION_RESPONSE
                    | Code::LE_CREDIT_BASED_CONNECTION_REQUEST
                    | Code::LE_CREDIT_BASED_CONNECTION_RESPONSE
                    | Code::FLOW_CONTROL_CREDIT_INDICATION
            ))
}

impl Link {
    /// The identifier of the next request of ours (4: never 0).
    #[cfg_attr(not(feature = "l2cap"), expect(dead_code, reason = "this host asks for nothing"))]
    pub(crate) fn next_identifier(&mut self) -> u8 {
        self.identifier = self.identifier.checked_add(1).unwrap_or(1);
        self.identifier
    }
}

impl Core<'_> {
    #[cfg_attr(not(feature = "l2cap"), expect(unused_variables, reason = "only channels are timed"))]
    pub(crate) fn on_signalling(&mut self, now: Instant, index: usize, payload: &[u8]) {
        let Ok((code, identifier, _)) = header(payload) else {
            return self.drop_malformed("a signalling packet");
        };
        let Ok(signal) = Signal::parse_among(payload, is_served) else {
            self.drop_malformed("a signalling command");
            if code.wants_answer() {
                self.reply(index, Reply::not_understood(identifier));
            }
            return;
        };
        #[cfg(feature = "l2cap")]
        if self.on_channel_signal(now, index, &signal) {
            return;
        }
        let Some(link) = self.links.get_mut(index) else { return };
        let reply = match signal {
            Signal::ConnectionParameterUpdateRequest { identifier, interval_min, interval_max, latency, timeout }
                if link.role == Role::Central =>
            {
                let wanted = Parameters { interval_min, interval_max, latency, supervision_timeout: timeout };
                let mut result = UpdateResult::REJECTED;
                if wanted.are_valid() {
                    link.requested = wanted;
                    link.owed.insert(Owed::UPDATE);
                    result = UpdateResult::ACCEPTED;
                }
                Reply::update(identifier, result)
            }
            signal => {
                // Responses that nobody asked for are ignored.
                if !signal.code().wants_answer() {
                    return count(&mut self.state.counters.unexpected);
                }
                Reply::not_understood(identifier)
            }
        };
        self.reply(index, reply);
    }

    /// A command that is longer than any we take.
    pub(super) fn on_long_signal(&mut self, index: usize, code: Code, identifier: u8) {
        self.drop_malformed("a signalling packet longer than the MTU");
        if code.wants_answer() && identifier != 0 {
            let mtu = u16::try_from(self.frame_room).unwrap_or(u16::MAX);
            self.reply(index, Reply::too_long(identifier, mtu));
        }
    }

    /// Owes the peer an answer.
    pub(crate) fn reply(&mut self, index: usize, reply: Reply) {
        let kept = self.links.get_mut(index).is_some_and(|link| link.replies.push(reply));
        if !kept {
            count(&mut self.state.counters.unexpected);
        }
    }

    /// A host without the Security Manager.
    #[cfg(not(feature = "security"))]
    pub(crate) fn on_security(&mut self, index: usize, payload: &[u8]) {
        const PAIRING_FAILED: u8 = 0x05;
        match (payload.first(), self.links.get_mut(index)) {
            // A refusal is not refused: two hosts without pairing would never stop.
            (Some(&PAIRING_FAILED), _) => count(&mut self.state.counters.unexpected),
            // Vol 3, Part H, 3.3: without pairing any command is answered so; reserved codes are ignored.
            (Some(0x01..=0x0e), Some(link)) => link.owed.insert(Owed::PAIRING_FAILED),
            _ => count(&mut self.state.counters.unexpected),
        }
    }
}
