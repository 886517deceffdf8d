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
            self.make_reply(now, index);
        } else {
            self.send_held_reply(now, index);
        }
    }

    /// Makes the answer, and keeps it.
    #[inline(never)]
    fn make_reply(&mut self, now: Instant, index: usize) {
        let (mut octets, mut reply) = ([0; LONGEST], [0; LONGEST]);
        let length = self.held_octets(index, Slot::Request, &mut octets);
        let Ok(request) = Request::parse(octets.get(..length).unwrap_or_default()) else { return };
        let mtu = self.links.get(index).map_or(0, |l| usize::from(l.mtu));
        let mut w = Writer::new(reply.get_mut(..mtu).unwrap_or_default());
        if self.serve(index, &request, &mut w) == Served::Asks {
            return self.raise(now, index, Slot::Request);
        }
        self.drop_request(index);
        self.keep(index, Stage::Reply, request.opcode, w.written());
    }
}
