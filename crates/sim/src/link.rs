//! What a link is: its two ends, and when they meet (Vol 6, Part B, 4.5).

use crate::{
    crypt::{MIC, Session},
    exchange::Sent,
    ll::{Control, Lengths},
    world::World,
};
use jelling_wire::{
    Address,
    hci::{Status, command::LeCreateConnection},
};
use std::collections::VecDeque;

/// Between two PDUs (Vol 6, Part B, 4.1.1).
pub(crate) const INTER_FRAME_SPACE: u64 = 150;
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
    pub(crate) fn has_work(&self) -> bool {
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
    pub(crate) listened: u16,
    /// An exchange is on the agenda then.
    pub(crate) scheduled: Option<u64>,
    /// Its ends do not hear each other, since `heard`.
    pub(crate) silent: bool,
    /// Its ends have heard each other once (Vol 6, Part B, 4.5).
    pub(crate) established: bool,
    /// The first connection event.
    pub(crate) first: u64,
    pub(crate) unacknowledged: Option<Sent>,
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

    pub(crate) fn next_anchor(&self, after: u64) -> u64 {
        if after < self.anchor {
            return self.anchor;
        }
        self.anchor + ((after - self.anchor) / self.interval.max(1) + 1) * self.interval
    }

    pub(crate) fn has_work(&self) -> bool {
        self.ends.iter().any(End::has_work) || self.changes.iter().any(|c| c.delivered) || self.unacknowledged.is_some()
    }

    /// Octets of the longest PDU that an end may send.
    pub(crate) fn longest(&self, end: usize) -> usize {
        let side = &self.ends[end];
        side.lengths.most(self.phys[end]) + if side.send_encrypted { MIC } else { 0 }
    }

    /// The lengths in force at an end, as its PHYs have them.
    pub(crate) fn lengths_in_force(&self, end: usize) -> Lengths {
        self.ends[end].agreed.on(self.phys[end], self.phys[1 - end])
    }

    /// Microseconds of a PDU with so many octets (Vol 6, Part B, 2.1 and 2.2).
    pub(crate) fn air_time(&self, end: usize, octets: usize) -> u64 {
        let octets = u64::try_from(octets).unwrap_or(0);
        match self.phys[end] {
            2 => (11 + octets) * 4,
            3 => 80 + 256 + 16 + 24 + (2 + octets + 3) * 64 + 24,
            _ => (10 + octets) * 8,
        }
    }
}

impl World {
    pub(crate) fn peer_of(&self, link: u64, end: usize) -> usize {
        self.links.get(&link).map_or(0, |l| l.ends[1 - end].who)
    }

    pub(crate) fn reachable(&self, link: &Link) -> bool {
        link.ends.iter().all(|e| e.alive) && self.hear(link.ends[0].who, link.ends[1].who) && !self.is_all_lost()
    }
}
