//! What is said between a scenario and the hosts that pair in it: commands and events, JSON lines where a host is another process.

use anyhow::{Context, Result, bail};
use core::time::Duration;
use embassy_time::with_timeout;
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// How long a host may take for what it is told, unless a scenario says otherwise.
const PATIENCE: Duration = Duration::from_secs(12);

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

/// A host, as a scenario sees it.
pub(crate) struct Player {
    pub(crate) name: String,
    commands: UnboundedSender<Command>,
    events: UnboundedReceiver<Event>,
    /// What happened, and nobody has asked for yet.
    happened: Vec<Event>,
    /// How long it may take for what it is told.
    pub(crate) patience: Duration,
    /// It is Bumble, which a scenario can make do what it should not.
    pub(crate) is_bumble: bool,
}

/// The ends of a player's channels that the host has.
pub(crate) type HostEnds = (UnboundedReceiver<Command>, UnboundedSender<Event>);

impl Player {
    pub(crate) fn new(name: impl Into<String>) -> (Self, HostEnds) {
        let ((commands, obeyed), (told, events)) = (unbounded_channel(), unbounded_channel());
        (
            Player { name: name.into(), commands, events, happened: vec![], patience: PATIENCE, is_bumble: false },
            (obeyed, told),
        )
    }

    pub(crate) fn tell(&self, command: Command) -> Result<()> {
        self.commands.send(command).ok().with_context(|| format!("{} is gone", self.name))
    }

    /// The next event, whatever it is.
    pub(crate) async fn next(&mut self) -> Result<Event> {
        if !self.happened.is_empty() {
            return Ok(self.happened.remove(0));
        }
        self.receive().await
    }

    async fn receive(&mut self) -> Result<Event> {
        let patience = embassy_time::Duration::from_micros(u64::try_from(self.patience.as_micros())?);
        let event = with_timeout(patience, self.events.recv()).await;
        match event.ok().with_context(|| format!("{} tells nothing after {:?}", self.name, self.happened))? {
            Some(Event::Error { text }) => bail!("{}: {text}", self.name),
            event => event.with_context(|| format!("{} is gone", self.name)),
        }
    }

    /// The first event that has something of what is asked for. Others are kept.
    pub(crate) async fn until<T>(&mut self, mut wanted: impl FnMut(&Event) -> Option<T>) -> Result<T> {
        let mut seen = 0;
        loop {
            if seen == self.happened.len() {
                let event = self.receive().await?;
                self.happened.push(event);
            }
            if let Some(found) = wanted(&self.happened[seen]) {
                self.happened.remove(seen);
                return Ok(found);
            }
            seen += 1;
        }
    }

    /// Waits for this event.
    pub(crate) async fn wait(&mut self, wanted: &Event) -> Result<()> {
        let name = self.name.clone();
        self.until(|event| (event == wanted).then_some(())).await.with_context(|| format!("{name}: no {wanted:?}"))
    }

    /// Tells and waits for what then happens.
    pub(crate) async fn ask<T>(&mut self, command: Command, wanted: impl FnMut(&Event) -> Option<T>) -> Result<T> {
        let (asked, name) = (format!("{command:?}"), self.name.clone());
        self.tell(command)?;
        self.until(wanted).await.with_context(|| format!("{name}: {asked}"))
    }

    /// What happened before all that waits.
    pub(crate) fn give_back(&mut self, events: Vec<Event>) {
        self.happened.splice(0..0, events);
    }

    /// What happened and nobody has asked for.
    pub(crate) fn rest(&mut self) -> Vec<Event> {
        while let Ok(event) = self.events.try_recv() {
            self.happened.push(event);
        }
        core::mem::take(&mut self.happened)
    }
}
