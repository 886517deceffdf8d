//! Connection events, in which PDUs go one each way as long as there are any (Vol 6, Part B, 4.5.1).

use crate::{
    crypt::MIC,
    link::{INTER_FRAME_SPACE, Link},
    ll::Control,
    police::Notice,
    world::{Task, World},
};
use jelling_wire::hci::{
    Status,
    event::{CompletedPackets, Event},
};

/// A PDU that is sent.
struct Pdu {
    llid: u8,
    octets: Vec<u8>,
    /// A packet of the host is done with it.
    completes: bool,
    control: Option<Control>,
}

/// What the central sent and the peripheral heard, but was not heard to acknowledge.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sent {
    octets: usize,
    completes: bool,
}

impl World {
    /// Something is to be sent: an exchange is put on the agenda, unless one is. Out of range it is sent in vain, and waits.
    pub(crate) fn kick(&mut self, number: u64) {
        let instant = self.conditions.instant;
        let now = self.now;
        let Some(link) = self.links.get(&number) else { return };
        // Vol 6, Part B, 4.5.1: a peripheral with something to send uses the next event, whatever latency it is allowed.
        let soon_enough = |at: u64| instant || link.latency == 0 || at <= Self::next_event(link, now);
        if link.scheduled.is_some_and(soon_enough) || !link.has_work() {
            return;
        }
        if !self.reachable(link) {
            return self.set_instant(number);
        }
        let Some(link) = self.links.get_mut(&number) else { return };
        if link.scheduled.is_none() {
            link.ends.iter_mut().for_each(|e| e.heard = now);
        }
        let at = if instant { now } else { Self::next_event(link, now) };
        link.scheduled = Some(at);
        self.schedule(at, Task::Exchange { link: number });
    }

    /// The next connection event in which both sides listen for what there is.
    fn next_event(link: &Link, now: u64) -> u64 {
        let mut at = link.next_anchor(now);
        if !link.ends[1].has_work() && link.latency > 0 {
            // The peripheral listens to each (latency + 1)th event.
            let since = link.counter_at(at).wrapping_sub(link.listened);
            let period = link.latency + 1;
            let missing = (period - since % period) % period;
            at += u64::from(missing) * link.interval;
        }
        at
    }

    /// Two PDUs, one each way.
    pub(crate) fn exchange(&mut self, number: u64) {
        let (now, instant) = (self.now, self.conditions.instant);
        let Some(link) = self.links.get_mut(&number) else { return };
        if link.scheduled != Some(now) && !instant {
            return;
        }
        link.scheduled = None;
        if !instant && now >= link.anchor {
            let counter = link.counter_at(now);
            link.anchor += u64::from(counter.wrapping_sub(link.counter)) * link.interval;
            link.counter = counter;
            link.listened = counter;
        }
        self.apply_changes(number);
        self.set_instant(number);
        let Some(link) = self.links.get(&number) else { return };
        if !self.reachable(link) {
            return;
        }
        let lost = [self.is_lost(), self.is_lost()];
        if lost[0] {
            // A peripheral that hears nothing says nothing.
            return self.after_loss(number);
        }
        if let Some(link) = self.links.get_mut(&number) {
            link.ends[1].heard = now;
            if !lost[1] {
                (link.silent, link.established) = (false, true);
                link.ends[0].heard = now;
            }
        }
        let mut time = self.turn(number, 0, !lost[1]);
        if self.links.get(&number).is_none_or(|l| l.ends.iter().any(|e| !e.alive)) {
            return;
        }
        if lost[1] {
            return self.after_loss(number);
        }
        time += self.turn(number, 1, true);
        self.go_on(number, time);
    }

    /// One end's PDU, new or repeated; how long it takes, with the silence after it.
    fn turn(&mut self, number: u64, end: usize, acknowledged: bool) -> u64 {
        let repeats = self.links.get_mut(&number).filter(|_| end == 0).and_then(|l| l.unacknowledged.take());
        let octets = if let Some(sent) = repeats {
            // The peripheral knows it already.
            self.settle(number, end, sent, acknowledged);
            sent.octets
        } else if let Some(pdu) = self.take_pdu(number, end) {
            let octets = pdu.octets.len();
            self.carry(number, end, pdu, acknowledged);
            octets
        } else {
            0
        };
        self.links.get(&number).map_or(0, |l| l.air_time(end, octets) + INTER_FRAME_SPACE)
    }

    fn after_loss(&mut self, number: u64) {
        let now = self.now;
        let Some(link) = self.links.get_mut(&number) else { return };
        link.silent = true;
        // The event closes; the next one tries again.
        let at = link.next_anchor(now);
        link.scheduled = Some(at);
        self.schedule(at, Task::Exchange { link: number });
        self.watch_on(number);
    }

    fn go_on(&mut self, number: u64, time: u64) {
        let (now, instant) = (self.now, self.conditions.instant);
        let Some(link) = self.links.get(&number) else { return };
        if link.scheduled.is_some() || link.silent || !link.has_work() {
            return;
        }
        // Data for a host without room is offered again in the next event, not in this one.
        let more = (0..2).any(|e| {
            let side = &link.ends[e];
            side.has_work() && (side.next_control().is_some() || !self.host_is_full(link.ends[1 - e].who))
        });
        if instant && !more && !link.changes.iter().any(|c| c.delivered) {
            // The host's credits wake it.
            return;
        }
        let next = link.next_anchor(now);
        // Another pair of PDUs, each as long as it may be, ends before the next event (Vol 6, Part B, 4.5.6).
        let longest: u64 = (0..2).map(|e| link.air_time(e, link.longest(e)) + INTER_FRAME_SPACE).sum();
        let at = if instant {
            now
        } else if more && now + time + longest <= next {
            now + time
        } else {
            next
        };
        if let Some(link) = self.links.get_mut(&number) {
            link.scheduled = Some(at);
        }
        self.schedule(at, Task::Exchange { link: number });
    }

    /// The next PDU of an end: control before data, but for the end of the link.
    fn take_pdu(&mut self, number: u64, end: usize) -> Option<Pdu> {
        let full = self.links.get(&number).is_some_and(|l| self.host_is_full(l.ends[1 - end].who));
        let link = self.links.get_mut(&number)?;
        let phy = link.phys[end];
        let side = &mut link.ends[end];
        // What the host gave before it ended the link goes first, as far as it can.
        let ends = matches!(side.control.front(), Some(Control::Terminate { .. }));
        let data_first = ends && !side.paused && !full && !side.data.is_empty();
        let control = if data_first { None } else { side.next_control().and_then(|at| side.control.remove(at)) };
        let mut pdu = if let Some(control) = control {
            Pdu { llid: 3, octets: control.octets(), completes: false, control: Some(control) }
        } else if !side.paused && !full {
            let most = side.lengths.most(phy);
            let packet = side.data.front_mut()?;
            let from = packet.sent;
            let to = packet.octets.len().min(from + most);
            packet.sent = to;
            let octets = packet.octets[from..to].to_vec();
            let llid = if packet.start && from == 0 { 2 } else { 1 };
            let completes = to == packet.octets.len();
            if completes {
                side.data.pop_front();
            }
            Pdu { llid, octets, completes, control: None }
        } else {
            return None;
        };
        if side.send_encrypted
            && let Some(session) = &mut side.session
            && !pdu.octets.is_empty()
        {
            session.seal(pdu.llid, &mut pdu.octets);
        }
        Some(pdu)
    }

    /// A PDU goes from one end to the other.
    fn carry(&mut self, number: u64, from: usize, mut pdu: Pdu, acknowledged: bool) {
        let sent = Sent { octets: pdu.octets.len(), completes: pdu.completes };
        let Some(link) = self.links.get_mut(&number) else { return };
        let receiver = &mut link.ends[1 - from];
        let (to, to_handle) = (receiver.who, receiver.handle);
        if receiver.receive_encrypted
            && !pdu.octets.is_empty()
            && let Some(session) = &mut receiver.session
            && (pdu.octets.len() < MIC || !session.open(pdu.llid, &mut pdu.octets))
        {
            // Vol 6, Part B, 5.1.3.1: the link ends at once for the end that notices.
            let mut reasons = [None, None];
            reasons[1 - from] = Some(Status::MIC_FAILURE);
            return self.part(number, reasons);
        }
        self.settle(number, from, sent, acknowledged);
        match pdu.control {
            None => {
                if !pdu.octets.is_empty() {
                    self.acl_to_host(to, to_handle, pdu.llid == 2, &pdu.octets);
                }
            }
            Some(sent) => {
                // What arrives counts, not what was meant.
                if let Ok(control) = Control::parse(&pdu.octets) {
                    self.control(number, 1 - from, control);
                }
                if acknowledged {
                    self.control_sent(number, from, sent);
                }
            }
        }
    }

    /// A PDU is acknowledged, or to be sent again.
    fn settle(&mut self, number: u64, from: usize, sent: Sent, acknowledged: bool) {
        let Some(link) = self.links.get_mut(&number) else { return };
        if !acknowledged {
            link.unacknowledged = Some(sent);
            return;
        }
        let (sender, handle) = (link.ends[from].who, link.ends[from].handle);
        if sent.completes {
            self.complete(sender, handle);
        }
    }

    /// A buffer of the controller is free again.
    pub(crate) fn complete(&mut self, who: usize, handle: u16) {
        let [low, high] = handle.to_le_bytes();
        if let Ok(packets) = CompletedPackets::parse(&[1, low, high, 1, 0]) {
            self.event(who, &Event::NumberOfCompletedPackets(packets), Notice::Credits(handle, 1));
        }
    }
}
