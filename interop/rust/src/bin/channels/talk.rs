//! What is said between a scenario and the hosts whose channels it opens.

use crate::octets::{Stream, Sum};
use jelling_interop::player;
use serde::{Deserialize, Serialize};

pub(crate) type Player = player::Player<Command, Event>;
pub(crate) type HostEnds = player::HostEnds<Command, Event>;

/// What a host offers on a channel.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Options {
    pub(crate) mtu: u16,
    pub(crate) mps: u16,
    /// What the peer has at first; none: one by one while somebody receives.
    pub(crate) credits: u16,
    /// What we want of whoever connects to us.
    #[serde(skip)]
    pub(crate) demand: Demand,
    /// Our smallest key; 0 for any, or none.
    #[serde(skip)]
    pub(crate) key_size: u8,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Demand {
    #[default]
    Nothing,
    Encrypted,
    Authenticated,
    Authorised,
}

impl Options {
    pub(crate) const fn new(mtu: u16) -> Self {
        Options { mtu, mps: 247, credits: 8, demand: Demand::Nothing, key_size: 0 }
    }

    pub(crate) const fn mps(self, mps: u16) -> Self {
        Options { mps, ..self }
    }

    pub(crate) const fn credits(self, credits: u16) -> Self {
        Options { credits, ..self }
    }

    pub(crate) const fn demand(self, demand: Demand) -> Self {
        Options { demand, ..self }
    }

    pub(crate) const fn key_size(self, key_size: u8) -> Self {
        Options { key_size, ..self }
    }
}

/// What Bumble does not do by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum How {
    /// It asks for the end of the channel when it is asked for it.
    Crosses,
    /// It does not answer who asks for the end of the channel.
    Silent,
}

/// What a host is told to do. Channels go by the host's own numbers.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub(crate) enum Command {
    /// Be a host that nobody knows.
    Begin {
        address: String,
    },
    Advertise {
        name: String,
    },
    Connect {
        address: String,
        kind: String,
    },
    Disconnect,
    /// Be ready to pair with keys no longer than this.
    Agree {
        key_size: u8,
    },
    /// Just Works, as the central.
    Pair,
    /// Ask for this interval, or set it: Bumble, by L2CAP.
    Update {
        micros: u64,
    },
    /// Give a peer no parameters any more.
    Refuse,
    /// Let the peer have what wants authorisation.
    Authorise,
    Listen {
        psm: u16,
        options: Options,
    },
    Unlisten {
        psm: u16,
    },
    /// Listen for one channel on this link.
    Accept {
        psm: u16,
        options: Options,
    },
    Open {
        psm: u16,
        options: Options,
    },
    Send {
        channel: u32,
        #[serde(flatten)]
        stream: Stream,
    },
    /// So many SDUs, or so many octets if that is not 0, or what came before the channel ended.
    Receive {
        channel: u32,
        sdus: usize,
        octets: usize,
    },
    Close {
        channel: u32,
    },
    /// What Bumble has counted on a channel.
    Traffic {
        channel: u32,
    },
    /// Send back so many SDUs.
    Echo {
        channel: u32,
        count: usize,
    },
    /// Send so many SDUs, and wait each time until it is back.
    Ping {
        channel: u32,
        count: usize,
        length: usize,
    },
    // The rest is for Bumble alone.
    Misbehave {
        channel: u32,
        how: How,
    },
    Credit {
        channel: u32,
        credits: u16,
    },
    /// How the next connection request is answered: a command's code and its data in hexadecimal, or not at all.
    Answer {
        code: Option<u8>,
        data: String,
    },
    /// A command of the signalling channel.
    Signal {
        code: u8,
        data: String,
        identifier: u8,
    },
    /// A frame on any channel, so many times.
    Frame {
        cid: u16,
        data: String,
        times: usize,
    },
}

/// Both ends of a channel, as Bumble knows them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct Cids {
    pub(crate) ours: u16,
    pub(crate) peers: u16,
}

/// A channel is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct Opened {
    pub(crate) channel: u32,
    pub(crate) psm: u16,
    pub(crate) our_mtu: u16,
    pub(crate) peer_mtu: u16,
    pub(crate) cids: Option<Cids>,
    pub(crate) peer_mps: Option<u16>,
}

/// What the peer did on a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct Traffic {
    /// K-frames that came.
    pub(crate) frames: usize,
    pub(crate) credits_at_first: u32,
    /// How many times it gave some, and how many at most at a time.
    pub(crate) grants: u32,
    pub(crate) largest: u32,
    /// All that it gave.
    pub(crate) credits: u32,
}

/// What happens to a host.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub(crate) enum Event {
    Ready,
    Advertising {
        address: String,
        kind: String,
    },
    Connected,
    Disconnected {
        reason: u8,
    },
    Agreed,
    Paired,
    Authorised,
    /// The connection has this interval.
    Interval {
        micros: u64,
    },
    Listening {
        psm: u16,
    },
    /// It does not listen any more.
    Deaf {
        psm: u16,
    },
    Opened(Opened),
    /// A channel was refused.
    Refused {
        result: u16,
    },
    Sent {
        channel: u32,
    },
    Received {
        channel: u32,
        sdus: Vec<Sum>,
    },
    Closed {
        channel: u32,
    },
    Traffic(Traffic),
    /// What only Bumble is told to do is done.
    Done,
    /// From now on it sends back what comes.
    Echoes,
    Pinged {
        micros: u64,
    },
    /// A command of the signalling channel came.
    Signal {
        code: u8,
        identifier: u8,
        data: String,
    },
    /// What it was told to do has failed, in a way that a scenario may want.
    Failed {
        text: String,
    },
    Error {
        text: String,
    },
}

impl player::Command for Command {}

impl player::Event for Event {
    fn wrong(text: String) -> Self {
        Event::Error { text }
    }

    fn is_wrong(&self) -> Option<&str> {
        let Event::Error { text } = self else { return None };
        Some(text)
    }
}
