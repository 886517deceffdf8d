//! The LE signalling channel: connection parameters for a central, Command Reject for what is not served
//! (Vol 3, Part A, 4). Pairing is refused on the security channel (Vol 3, Part H, 3.5.5).

use crate::{
    Core,
    counters::count,
    link::{Owed, Parameters, SignallingReply},
};
use jelling_wire::{
    Writer,
    hci::Role,
    l2cap::signalling::{Code, Rejection, Signal, UpdateResult},
};

impl Core<'_> {
    pub(crate) fn on_signalling(&mut self, index: usize, payload: &[u8]) {
        // Only a central serves it.
        let served = |code| cfg!(feature = "central") && code == Code::CONNECTION_PARAMETER_UPDATE_REQUEST;
        let Ok(signal) = Signal::parse_among(payload, served) else {
            return self.drop_malformed("a signalling packet");
        };
        let Some(link) = self.links.get_mut(index) else { return };
        let mut slot = SignallingReply::default();
        let mut w = Writer::new(&mut slot.octets);
        match signal {
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
                Signal::ConnectionParameterUpdateResponse { identifier, result }.emit(&mut w);
            }
            signal => {
                // Responses that nobody asked for are ignored.
                if !signal.code().wants_answer() {
                    return count(&mut self.state.counters.unexpected);
                }
                let reason = Rejection::NotUnderstood;
                Signal::CommandReject { identifier: signal.identifier(), reason }.emit(&mut w);
            }
        }
        slot.length = u8::try_from(w.len()).unwrap_or(0);
        // One reply waits at most: a peer that asks faster than it listens loses the older answer.
        link.signalling = slot;
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
