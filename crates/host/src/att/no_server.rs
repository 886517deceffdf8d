//! A host without a GATT server. It answers each request all the same: a client waits for 30 s, and then uses the bearer no
//! more, where nothing comes (Vol 3, Part F, 3.3.3).

use crate::{Core, counters::count, kept::Kept, time::Instant};
use jelling_wire::{
    att::{ErrorCode, Opcode, Request, error_response},
    l2cap::ChannelId,
};

/// The slot of the peer's request: its opcode until it is refused.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Server {
    refused: Kept<Opcode>,
}

impl Server {
    pub(crate) const NEW: Server = Server { refused: Kept::none(Opcode(0)) };

    pub(crate) fn owes(&self) -> bool {
        self.refused.get().is_some()
    }
}

impl Core<'_> {
    pub(super) fn on_request(&mut self, _: Instant, index: usize, _: &[u8], request: &Request<'_>) {
        let Some(link) = self.links.get(index) else { return };
        if link.server.owes() || link.is_leaving() {
            // Vol 3, Part F, 3.3.2: a second request before the answer breaks the protocol.
            return count(&mut self.state.counters.unexpected);
        }
        self.refuse(index, request.opcode, ErrorCode::REQUEST_NOT_SUPPORTED);
    }

    /// Owes the answer to a request; that nothing is supported comes before what else is wrong with it.
    pub(super) fn refuse(&mut self, index: usize, request: Opcode, _: ErrorCode) {
        if let Some(link) = self.links.get_mut(index)
            && !link.server.owes()
        {
            link.server.refused.set(Some(request));
        }
    }

    /// Vol 3, Part F, 3.4.1.1: Request Not Supported, about no handle. That goes for Exchange MTU too: the MTU stays as it is
    /// (Vol 3, Part G, 4.3.1).
    pub(crate) fn send_held_reply(&mut self, _: Instant, index: usize) -> bool {
        let Some(link) = self.links.get_mut(index) else { return false };
        let Some(request) = link.server.refused.take() else { return false };
        self.put_frame(index, ChannelId::ATT, crate::links::DEFAULT_MTU.into(), |_, w| {
            w.bytes(&error_response(request, 0, ErrorCode::REQUEST_NOT_SUPPORTED));
            true
        })
    }

    /// Nothing answers a command (Vol 3, Part F, 3.4.5.3).
    pub(super) fn on_write_command(&mut self, _: Instant, _: usize, _: &[u8], _: &Request<'_>) {
        count(&mut self.state.counters.unexpected);
    }

    /// Nothing was indicated.
    pub(super) fn on_confirmation(&mut self, _: usize) {
        count(&mut self.state.counters.unexpected);
    }
}
