//! The answer to a request on which the application has decided is made in that moment: what it has let one client read is not
//! what another client's question makes of the value before the transmit buffer is free.

use super::held::{LONGEST, Served, Slot, Stage};
use crate::{Core, time::Instant};
use jelling_wire::{Writer, att::Request};

impl Core<'_> {
    /// Goes on with a request.
    pub(super) fn go_on_with_request(&mut self, now: Instant, index: usize) {
        self.state.work = true;
        if self.links.get(index).is_some_and(|l| l.outgoing.active) {
            self.serve_held(now, index, Self::make_long_reply);
        } else {
            self.send_held_reply(now, index);
        }
    }

    /// Serves a request that is kept.
    #[inline(never)]
    pub(super) fn serve_held(
        &mut self,
        now: Instant,
        index: usize,
        serve: fn(&mut Self, usize, &Request<'_>) -> Served,
    ) -> bool {
        let mut octets = [0; LONGEST];
        let length = self.held_octets(index, Slot::Request, &mut octets);
        let Ok(request) = Request::parse(octets.get(..length).unwrap_or_default()) else { return false };
        let served = serve(self, index, &request);
        if served == Served::Asks {
            self.raise(now, index, Slot::Request);
        }
        served == Served::Answered
    }

    #[inline(never)]
    fn make_long_reply(&mut self, index: usize, request: &Request<'_>) -> Served {
        let mut reply = [0; LONGEST];
        let mtu = self.links.get(index).map_or(0, |l| usize::from(l.mtu));
        self.make_reply(index, request, reply.get_mut(..mtu).unwrap_or_default())
    }

    /// Makes the answer, and keeps it. Of a value that does not fit, and is prepared, only what stands before it is kept.
    pub(super) fn make_reply(&mut self, index: usize, request: &Request<'_>, buffer: &mut [u8]) -> Served {
        let mut w = Writer::new(buffer);
        let served = self.serve(index, request, &mut w);
        if served == Served::Answered {
            self.drop_request(index);
            let prepared = if w.is_overflowed() { request.rest.len() } else { 0 };
            self.keep(index, Stage::Reply, request.opcode, w.written(), prepared);
        }
        served
    }
}
