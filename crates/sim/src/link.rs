//! A link: connection events in which PDUs go one each way, as long as there are any (Vol 6, Part B, 4.5).

use crate::{
    crypt::{MIC, Session},
    ll::{Control, Lengths},
    police::Notice,
    world::{Task, World},
};
use jelling_wire::{
    Address,
    hci::{
        Status,
        command::LeCreateConnection,
        event::{CompletedPackets, Event},
    },
};
use std::collections::VecDeque;

/// Between two PDUs (Vol 6, Part B, 4.1.1).
const INTER_FRAME_SPACE: u64 = 150;
/// A procedure that is not answered ends the link (Vol 6, Part B, 5.2).
pub(crate) const PROCEDURE_TIMEOUT: u64 = 40_000_000;

/// A packet of the host, that leaves in PDUs.
#[derive(Clone, Debug)]
pub(crate) struct AclOut {
    pub(crate) start: bool,
    pub(crate) octets: Vec<u8>,
    pub(crate) sent: usize,
}

/// What a side of a link may begin; one at a time (Vol 6, Part B, 5.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Procedure {
    Terminate(Status),
    Version,
    Features,
    Channels([u8; 5]),
    /// Least and greatest interval, latency, timeout.
    Update([u16; 4]),
    Length(u16, u16),
    Phy(u8, u8),
    Encrypt {
        random: [u8; 8],
        diversifier: u16,
        key: [u8; 16],
    },
}

impl Procedure {
    /// What takes effect at an instant: only one such procedure goes on at a time (Vol 6, Part B, 5.3).
    pub(crate) fn has_instant(&self) -> bool {
        matches!(self, Procedure::Channels(_) | Procedure::Update(_) | Procedure::Phy(..))
    }

    pub(crate) fn is_like(&self, other: &Procedure) -> bool {
        core::mem::discriminant(self) == core::mem::discriminant(other)
    }
}

/// How far encryption is.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Crypt {
    pub(crate) skd: [u8; 16],
    pub(crate) iv: [u8; 8],
    /// The link was encrypted before.
    pub(crate) refresh: bool,
    /// The host has been asked for the key.
    pub(crate) asked: bool,
}

/// One side of a link.
#[derive(Debug)]
pub(crate) struct End {
    pub(crate) who: usize,
    pub(crate) handle: u16,
    /// It takes the link for alive.
    pub(crate) alive: bool,
    pub(crate) control: VecDeque<Control>,
    pub(crate) data: VecDeque<AclOut>,
    /// What it would send at most.
    pub(crate) wanted: (u16, u16),
    /// The PHYs it likes to send and to receive with.
    pub(crate) preferred: (u8, u8),
    /// What both sides can do.
    pub(crate) agreed: Lengths,
    /// What is in force, as the host was told.
    pub(crate) lengths: Lengths,
    pub(crate) remote_version: Option<(u8, u16, u16)>,
    pub(crate) version_sent: bool,
    pub(crate) remote_features: Option<u64>,
    pub(crate) current: Option<Procedure>,
    pub(crate) waiting: VecDeque<Procedure>,
    /// The controller ends the link, not its host.
    pub(crate) gives_up: bool,
    /// Tells one procedure from the next.
    pub(crate) token: u64,
    pub(crate) session: Option<Session>,
    pub(crate) send_encrypted: bool,
    pub(crate) receive_encrypted: bool,
    /// Encryption is on its way: data waits.
    pub(crate) paused: bool,
    pub(crate) crypt: Crypt,
    /// The host has been asked about parameters.
    pub(crate) parameters_asked: bool,
    /// The last PDU came then, if the link is silent; while it is idle, empty PDUs come that are not simulated.
    pub(crate) heard: u64,
}

impl End {
    /// The control PDU that goes next: while encryption is on its way, only its own may (Vol 6, Part B, 5.1.3.1).
    pub(crate) fn next_control(&self) -> Option<usize> {
        self.control.iter().position(|c| !self.paused || c.goes_while_paused())
    }

    /// True when it has something that may go now.
    fn has_work(&self) -> bool {
        self.next_control().is_some() || (!self.paused && !self.data.is_empty())
    }
}

/// A change at an instant.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Change {
    pub(crate) control: Control,
    /// Known once it is sent for the first time.
    pub(crate) instant: Option<u16>,
    /// The other side knows.
    pub(crate) delivered: bool,
}

/// A link between two controllers: end 0 is the central.
#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) ends: [End; 2],
    pub(crate) addresses: [Address; 2],
    /// Microseconds.
    pub(crate) interval: u64,
    pub(crate) latency: u16,
    /// Units of 10 ms.
    pub(crate) timeout: u16,
    /// When a connection event began, and its number.
    pub(crate) anchor: u64,
    pub(crate) counter: u16,
    /// The event that the peripheral listened to last.
    listened: u16,
    /// An exchange is on the agenda then.
    pub(crate) scheduled: Option<u64>,
    /// Its ends do not hear each other, since `heard`.
    pub(crate) silent: bool,
    /// Its ends have heard each other once (Vol 6, Part B, 4.5).
    pub(crate) established: bool,
    /// The first connection event.
    pub(crate) first: u64,
    unacknowledged: Option<Sent>,
    /// Its supervision is on the agenda then.
    pub(crate) watched: Option<u64>,
    pub(crate) changes: Vec<Change>,
    /// What each end sends with: 1 is 1M, 2 is 2M, 3 is Coded.
    pub(crate) phys: [u8; 2],
    pub(crate) channels: [u8; 5],
}

impl Link {
    pub(crate) fn new(
        who: [usize; 2],
        handles: [u16; 2],
        addresses: [Address; 2],
        c: &LeCreateConnection,
        now: u64,
        channels: [u8; 5],
    ) -> Self {
        let interval = u64::from(c.interval_max) * 1_250;
        let end = |i: usize| End {
            who: who[i],
            handle: handles[i],
            alive: true,
            control: VecDeque::new(),
            data: VecDeque::new(),
            wanted: (27, 328),
            preferred: (7, 7),
            agreed: Lengths::LEAST,
            lengths: Lengths::LEAST,
            remote_version: None,
            version_sent: false,
            remote_features: None,
            current: None,
            waiting: VecDeque::new(),
            gives_up: false,
            token: 0,
            session: None,
            send_encrypted: false,
            receive_encrypted: false,
            paused: false,
            crypt: Crypt::default(),
            parameters_asked: false,
            heard: now,
        };
        Link {
            ends: [end(0), end(1)],
            addresses,
            interval,
            latency: c.latency,
            timeout: c.supervision_timeout,
            // Vol 6, Part B, 4.5.3: the transmit window begins 1.25 ms after the request.
            anchor: now + 2_500,
            counter: 0,
            listened: 0,
            scheduled: None,
            silent: false,
            established: false,
            first: now + 2_500,
            unacknowledged: None,
            watched: None,
            changes: vec![],
            phys: [1, 1],
            channels,
        }
    }

    /// The number of the connection event that goes on at `at`.
    pub(crate) fn counter_at(&self, at: u64) -> u16 {
        let events = at.saturating_sub(self.anchor) / self.interval.max(1);
        self.counter.wrapping_add(u16::try_from(events & 0xffff).unwrap_or(0))
    }

    fn next_anchor(&self, after: u64) -> u64 {
        if after < self.anchor {
            return self.anchor;
        }
        self.anchor + ((after - self.anchor) / self.interval.max(1) + 1) * self.interval
    }

    fn has_work(&self) -> bool {
        self.ends.iter().any(End::has_work) || self.changes.iter().any(|c| c.delivered) || self.unacknowledged.is_some()
    }

    /// Octets of the longest PDU that an end may send.
    fn longest(&self, end: usize) -> usize {
        let side = &self.ends[end];
        side.lengths.most(self.phys[end]) + if side.send_encrypted { MIC } else { 0 }
    }

    /// The lengths in force at an end, as its PHYs have them.
    pub(crate) fn lengths_in_force(&self, end: usize) -> Lengths {
        self.ends[end].agreed.on(self.phys[end], self.phys[1 - end])
    }

    /// Microseconds of a PDU with so many octets (Vol 6, Part B, 2.1 and 2.2).
    fn air_time(&self, end: usize, octets: usize) -> u64 {
        let octets = u64::try_from(octets).unwrap_or(0);
        match self.phys[end] {
            2 => (11 + octets) * 4,
            3 => 80 + 256 + 16 + 24 + (2 + octets + 3) * 64 + 24,
            _ => (10 + octets) * 8,
        }
    }
}

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
    pub(crate) fn peer_of(&self, link: u64, end: usize) -> usize {
        self.links.get(&link).map_or(0, |l| l.ends[1 - end].who)
    }

    pub(crate) fn reachable(&self, link: &Link) -> bool {
        link.ends.iter().all(|e| e.alive) && self.hear(link.ends[0].who, link.ends[1].who) && !self.is_all_lost()
    }

    /// Something is to be sent: an exchange is put on the agenda, unless one is. Out of range it waits.
    pub(crate) fn kick(&mut self, number: u64) {
        let instant = self.conditions.instant;
        let now = self.now;
        let Some(link) = self.links.get(&number) else { return };
        // Vol 6, Part B, 4.5.1: a peripheral with something to send uses the next event, whatever latency it is allowed.
        let soon_enough = |at: u64| instant || link.latency == 0 || at <= Self::next_event(link, now);
        if link.scheduled.is_some_and(soon_enough) || !link.has_work() || !self.reachable(link) {
            return;
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
