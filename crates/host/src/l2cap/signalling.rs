//! The LE signalling channel: connection parameters for a central, Command Reject for what is not served
//! (Vol 3, Part A, 4). Pairing is refused on the security channel (Vol 3, Part H, 3.5.5).

use crate::{
    Core,
    counters::count,
    link::{Owed, Parameters, SignallingReply},
};
use jelling_wire::{Writer, hci::Role, l2cap::signalling::Signal};

/// Command not understood (Vol 3, Part A, 4.1).
const NOT_UNDERSTOOD: u16 = 0;

impl Core<'_> {
    pub(crate) fn on_signalling(&mut self, index: usize, payload: &[u8]) {
        let Ok(signal) = Signal::parse(payload) else {
            return count(&mut self.state.counters.malformed);
        };
        let Some(link) = self.links.get_mut(index) else { return };
        let reply = match signal {
            // Responses that nobody asked for are ignored.
            Signal::CommandReject { .. } | Signal::ConnectionParameterUpdateResponse { .. } => {
                return count(&mut self.state.counters.unexpected);
            }
            Signal::ConnectionParameterUpdateRequest { identifier, interval_min, interval_max, latency, timeout }
                if link.role == Role::Central =>
            {
                let wanted = Parameters { interval_min, interval_max, latency, supervision_timeout: timeout };
                let accepted = wanted.are_valid();
                if accepted {
                    link.requested = wanted;
                    link.owed.insert(Owed::UPDATE);
                }
                Signal::ConnectionParameterUpdateResponse { identifier, result: u16::from(!accepted) }
            }
            Signal::ConnectionParameterUpdateRequest { identifier, .. } => {
                Signal::CommandReject { identifier, reason: NOT_UNDERSTOOD, data: &[] }
            }
            Signal::Unknown { code, identifier, .. } => {
                // Odd codes from 0x03 on are responses (Vol 3, Part A, 4): ignored. So are indications of flow control credit.
                if code % 2 == 1 || code == 0x16 {
                    return count(&mut self.state.counters.unexpected);
                }
                Signal::CommandReject { identifier, reason: NOT_UNDERSTOOD, data: &[] }
            }
        };
        let mut slot = SignallingReply::default();
        let mut w = Writer::new(&mut slot.octets);
        reply.emit(&mut w);
        slot.length = u8::try_from(w.len()).unwrap_or(0);
        // One reply waits at most: a peer that asks faster than it listens loses the older answer.
        link.signalling = slot;
    }

    pub(crate) fn on_security(&mut self, index: usize, payload: &[u8]) {
        const PAIRING_REQUEST: u8 = 0x01;
        match (payload.first(), self.links.get_mut(index)) {
            (Some(&PAIRING_REQUEST), Some(link)) => link.owed.insert(Owed::PAIRING_FAILED),
            _ => count(&mut self.state.counters.unexpected),
        }
    }
}
