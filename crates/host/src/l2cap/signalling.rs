//! The LE signalling channel: connection parameters both ways, channels, Command Reject for what is not served
//! (Vol 3, Part A, 4). Pairing is refused on the security channel (Vol 3, Part H, 3.5.5).

use super::replies::Reply;
use crate::{Core, counters::count, link::Parameters, time::Instant};
use jelling_wire::{
    hci::Role,
    l2cap::signalling::{Code, Signal, header},
};

/// The commands that this host takes apart.
#[inline]
fn is_served(code: Code) -> bool {
    // Only a central serves it, and only a peripheral asks for it.
    (cfg!(feature = "central") && code == Code::CONNECTION_PARAMETER_UPDATE_REQUEST)
        || (cfg!(feature = "peripheral") && code == Code::CONNECTION_PARAMETER_UPDATE_RESPONSE)
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

/// Identifiers of our requests (4: never 0).
#[cfg(any(feature = "l2cap", feature = "peripheral"))]
impl Core<'_> {
    /// An identifier that no request of ours on this link has.
    pub(crate) fn free_identifier(&mut self, index: usize) -> u8 {
        loop {
            let Some(link) = self.links.get_mut(index) else { return 1 };
            let identifier = link.identifier.checked_add(1).unwrap_or(1);
            link.identifier = identifier;
            #[cfg(feature = "peripheral")]
            let is_taken = link.asks_with(identifier);
            #[cfg(not(feature = "peripheral"))]
            let is_taken = false;
            #[cfg(feature = "l2cap")]
            let is_taken = is_taken || self.channels_ask_with(index, identifier);
            if !is_taken {
                return identifier;
            }
        }
    }
}

impl Core<'_> {
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
        // Whatever the reason: the peer does not do what it was asked for.
        #[cfg(feature = "peripheral")]
        if code == Code::COMMAND_REJECT && self.hears_response(now, index, identifier, None) {
            return;
        }
        #[cfg(feature = "l2cap")]
        if self.on_channel_signal(index, &signal) {
            return;
        }
        let Some(role) = self.links.get(index).map(|link| link.role) else { return };
        match signal {
            Signal::ConnectionParameterUpdateRequest { interval_min, interval_max, latency, timeout, .. }
                if role == Role::Central =>
            {
                let wanted = Parameters { interval_min, interval_max, latency, supervision_timeout: timeout };
                self.on_parameters_wanted(now, index, wanted, identifier);
            }
            #[cfg(feature = "peripheral")]
            Signal::ConnectionParameterUpdateResponse { result, .. }
                if self.hears_response(now, index, identifier, Some(result)) => {}
            _ if code.wants_answer() => self.reply(index, Reply::not_understood(identifier)),
            // Responses that nobody asked for are ignored.
            _ => count(&mut self.state.counters.unexpected),
        }
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
            (Some(0x01..=0x0e), Some(link)) => link.owed.insert(crate::link::Owed::PAIRING_FAILED),
            _ => count(&mut self.state.counters.unexpected),
        }
    }
}
