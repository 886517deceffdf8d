//! How pairing may go: the options that `pair` and `serve` share, and what must hold between them.

use clap::{Args, ValueEnum};
use std::{fmt, str::FromStr};

/// What the user can see and type here (Vol 3, Part H, 2.3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "kebab-case")]
pub(crate) enum Io {
    /// Neither: whoever is in between is not noticed
    None,
    /// A passkey is shown
    Display,
    /// A passkey is typed
    Keyboard,
    /// A number is shown and compared
    Yesno,
    /// All of it
    KeyboardDisplay,
}

#[derive(Args, Clone, Debug)]
pub(crate) struct PairingOptions {
    /// Demand protection against somebody in between
    #[arg(long)]
    pub(crate) mitm: bool,
    /// Legacy pairing only, which LE Secure Connections replaced
    #[arg(long, conflicts_with = "sc_only")]
    pub(crate) legacy: bool,
    /// LE Secure Connections only, with authenticated keys of 16 octets wherever security is asked for
    #[arg(long)]
    pub(crate) sc_only: bool,
    /// What came from the peer another way: its confirmation value and its random value, 16 octets each; with --legacy the key
    /// of both, 16 octets. Most significant octet first
    #[arg(long, value_name = "HEX")]
    pub(crate) oob: Option<Oob>,
    /// Print what the peer needs for its --oob on stderr, before pairing begins
    #[arg(long)]
    pub(crate) oob_print: bool,
}

/// Data of the peer that came out of band, in the order of the air: least significant octet first.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Oob {
    SecureConnections { confirm: [u8; 16], random: [u8; 16] },
    Legacy { key: [u8; 16] },
}

/// Without the values: they are as good as keys.
impl fmt::Debug for Oob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Oob::SecureConnections { .. } => "SecureConnections",
            Oob::Legacy { .. } => "Legacy",
        })
    }
}

const EXPECTED: &str = "expected 64 hex digits: 16 octets of the confirmation value, then 16 of the random value; with --legacy 32: the key";

impl FromStr for Oob {
    type Err = String;
    fn from_str(s: &str) -> Result<Self, String> {
        let mut octets = hex::decode(s).map_err(|_| EXPECTED)?;
        // Each value for itself is turned round.
        octets.reverse();
        match octets.split_first_chunk() {
            Some((random, rest)) if rest.len() == 16 => {
                let confirm = rest.try_into().map_err(|_| EXPECTED)?;
                Ok(Oob::SecureConnections { confirm, random: *random })
            }
            Some((key, [])) => Ok(Oob::Legacy { key: *key }),
            _ => Err(EXPECTED.into()),
        }
    }
}

/// A value as `--oob` takes it.
pub(crate) fn most_significant_first(value: &[u8; 16]) -> String {
    let mut octets = *value;
    octets.reverse();
    hex::encode(octets)
}

impl PairingOptions {
    /// What no parser of a single option sees.
    pub(crate) fn check(&self) -> Result<(), String> {
        match (&self.oob, self.legacy) {
            (Some(Oob::Legacy { .. }), false) => Err(format!("--oob of 16 octets is for --legacy: {EXPECTED}")),
            (Some(Oob::SecureConnections { .. }), true) => {
                Err(format!("--oob of 32 octets is for LE Secure Connections: {EXPECTED}"))
            }
            _ => Ok(()),
        }
    }

    /// The first of the options that stands there.
    pub(crate) fn first(&self) -> Option<&'static str> {
        let all = [
            (self.mitm, "--mitm"),
            (self.legacy, "--legacy"),
            (self.sc_only, "--sc-only"),
            (self.oob.is_some(), "--oob"),
            (self.oob_print, "--oob-print"),
        ];
        all.into_iter().find_map(|(stands, name)| stands.then_some(name))
    }
}
