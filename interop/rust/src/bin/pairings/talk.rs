//! What is said between a scenario and the hosts that pair in it: commands and events, JSON lines where a host is another process.

use jelling_interop::player;
use serde::{Deserialize, Serialize};

/// What a host can show and take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Io {
    #[default]
    None,
    Display,
    YesNo,
    Keyboard,
    KeyboardDisplay,
}

/// What is settled before a pairing. What follows `floor` is for Bumble alone: what it does that it should not.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Settings {
    /// Bumble's identity. Each case has its own: whoever has failed is made to wait.
    pub(crate) address: String,
    /// With a resolvable address.
    pub(crate) privacy: bool,
    pub(crate) io: Io,
    pub(crate) mitm: bool,
    /// LE Secure Connections.
    pub(crate) secure: bool,
    /// A host of ours wants legacy pairing, where without this it allows it.
    #[serde(skip)]
    pub(crate) only_legacy: bool,
    /// Bumble's largest key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) key_size: Option<u8>,
    /// Our smallest key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) floor: Option<u8>,
    /// We encrypt by ourselves where the peer's server wants it.
    #[serde(skip)]
    pub(crate) raises: bool,
    /// Our user agrees that a bond is replaced by a weaker one.
    #[serde(skip)]
    pub(crate) replaces: bool,
    /// We give a pairing little time.
    #[serde(skip)]
    pub(crate) hurries: bool,
    /// Whether it agrees to pair.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) accepts: Option<bool>,
    /// It sends nothing from its first PDU with this opcode on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) silent_from: Option<u8>,
    /// A bit of each PDU with this opcode is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) spoils: Option<u8>,
    /// In place of its PDU with this opcode it sends our public key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) echoes: Option<u8>,
    /// It uses the debug key.
    #[serde(skip_serializing_if = "core::ops::Not::not")]
    pub(crate) debug_key: bool,
}

/// Data that came by another way than the air.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Oob {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) temporary_key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) confirm: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) random: Option<String>,
}

/// What a host is told to do.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub(crate) enum Command {
    /// Be a host that nobody knows.
    Begin(Settings),
    /// Pair in this way next.
    Settle(Settings),
    Oob(Oob),
    /// Take another resolvable address.
    Rotate,
    Advertise {
        name: String,
    },
    Connect {
        address: String,
        kind: String,
    },
    /// As a central begin, as a peripheral ask for it.
    Pair,
    Encrypt,
    /// The passkey, or that numbers are equal; or nothing, which rejects.
    Answer {
        passkey: Option<u32>,
    },
    /// Give up a pairing in its middle.
    Cancel,
    Read {
        door: Door,
    },
    /// Ask Bumble to subscribe to what our server tells.
    Subscribe,
    /// Have our server tell its subscribers.
    Update {
        value: u8,
    },
    Disconnect,
    /// Forget every bond.
    Forget,
    Bonds,
}

/// What a characteristic wants of those who read it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Door {
    Encrypted,
    Authenticated,
}

/// Who ended a pairing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum By {
    #[serde(rename = "self")]
    Itself,
    Peer,
}

/// A key of a bond, hexadecimal in the order of the air.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct Key {
    pub(crate) value: String,
    pub(crate) diversifier: u16,
    pub(crate) random: String,
    pub(crate) authenticated: bool,
}

/// A bond as a host has stored it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct Bond {
    pub(crate) peer: String,
    pub(crate) identity_key: Option<String>,
    /// It encrypts with it as central.
    pub(crate) central_key: Option<Key>,
    /// It answers with it as peripheral.
    pub(crate) peripheral_key: Option<Key>,
}

/// What happens to a host.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub(crate) enum Event {
    Ready {
        identity: String,
        identity_key: Option<String>,
        confirm: String,
        random: String,
    },
    Advertising {
        address: String,
        kind: String,
    },
    /// With who has this address on air.
    Connected {
        peer: String,
    },
    Disconnected {
        reason: u8,
    },
    /// A pairing has begun.
    Pairing,
    Display {
        passkey: u32,
    },
    Input,
    Compare {
        passkey: u32,
    },
    Paired {
        key_size: u8,
        secure_connections: bool,
        authenticated: bool,
    },
    Failed {
        reason: u8,
        by: By,
    },
    /// Our own time for a pairing is over.
    TimedOut,
    /// We were told to give it up.
    GivenUp,
    SecurityRequested,
    Encrypted,
    Plain,
    NotEncrypted {
        status: u8,
    },
    /// The peer has no key any more.
    BondLost,
    NotBonded,
    Read {
        value: String,
    },
    Refused {
        code: u8,
    },
    Subscribed,
    Told {
        value: String,
    },
    Forgotten,
    Rotated,
    Bonds {
        bonds: Vec<Bond>,
    },
    /// A PDU that was not sent.
    Kept {
        opcode: u8,
    },
    Error {
        text: String,
    },
}

/// A host, as a scenario of pairing sees it.
pub(crate) type Player = player::Player<Command, Event>;

/// The ends of a player's channels that the host has.
pub(crate) type HostEnds = player::HostEnds<Command, Event>;

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
