//! The answer to a request on which the application has decided is made in that moment: what it has let one client read is not
//! what another client's question makes of the value before the transmit buffer is free.

use super::held::{Held, LONGEST, Served, Slot};
use crate::{Core, time::Instant};
use jelling_wire::{
    Writer,
    att::{ErrorCode, Pdu},
};

impl Core<'_> {
    /// Goes on with a request.
    pub(super) fn go_on_with_request(&mut self, now: Instant, index: usize) {
        self.state.work = true;
        if self.links.get(index).is_some_and(|l| l.outgoing.active) {
            self.make_reply(now, index);
        } else {
            self.send_held_reply(now, index);
        }
    }

    /// Makes the answer, and keeps it.
    #[inline(never)]
    fn make_reply(&mut self, now: Instant, index: usize) {
        let (mut request, mut reply) = ([0; LONGEST], [0; LONGEST]);
        let length = self.held_octets(index, Slot::Request, &mut request);
        let Ok(pdu) = Pdu::parse(request.get(..length).unwrap_or_default()) else { return };
        let mtu = self.links.get(index).map_or(0, |l| usize::from(l.mtu));
        let mut w = Writer::new(reply.get_mut(..mtu).unwrap_or_default());
        if self.serve(index, &pdu, &mut w) == Served::Asks {
            return self.raise(now, index, Slot::Request);
        }
        self.drop_request(index);
        let octets = w.written();
        let held = Held::short_reply(octets)
            .or_else(|| self.pool().store([octets, &[]], &mut 0).map(Held::LongReply))
            .unwrap_or_else(|| {
                let code = ErrorCode::INSUFFICIENT_RESOURCES;
                Held::reply(&Pdu::ErrorResponse { request: pdu.opcode(), handle: 0, code })
            });
        if let Some(link) = self.links.get_mut(index) {
            link.server.held = held;
        }
    }
}
