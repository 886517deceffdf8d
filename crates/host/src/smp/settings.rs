//! What an application asks of pairing (Vol 3, Part H, 2.3; Part C, 10.2).

use crate::kept::Kept;
use core::fmt;
use jelling_wire::smp::IoCapability;

/// Which of the two kinds of pairing there may be: aioble's `le_secure`.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum LeSecure {
    /// LE Secure Connections and nothing else: a peer that cannot is told Authentication Requirements.
    #[default]
    Required,
    /// LE Secure Connections where the peer can, else legacy pairing.
    #[cfg(feature = "legacy-pairing")]
    Preferred,
    /// Legacy pairing and nothing else.
    #[cfg(feature = "legacy-pairing")]
    Off,
}

/// When a pairing may take the place of a bond that there is with the same peer, or of the key of a link that is encrypted.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Overwrite {
    /// Where it is authenticated, made with LE Secure Connections, and has as long a key, if the bond, or the link, was, and has. Else
    /// it fails with Authentication Requirements.
    #[default]
    EqualOrStronger,
    /// Always: the user has agreed to it.
    Always,
}

/// What came of the peer another way than over the air: out of band (Vol 3, Part H, 2.3.5.6.4 and 2.3.5.4). Octets in the order of
/// the air, the least significant first.
#[derive(Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum PeerOob {
    /// Of LE Secure Connections: its confirm value and its random value.
    SecureConnections {
        /// f4 of its public key and `random`.
        confirm: [u8; 16],
        /// Its random value, a secret.
        random: [u8; 16],
    },
    /// Of legacy pairing: the temporary key, a secret that both have.
    #[cfg(feature = "legacy-pairing")]
    Legacy {
        /// TK.
        key: [u8; 16],
    },
}

impl fmt::Debug for PeerOob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            PeerOob::SecureConnections { .. } => "PeerOob::SecureConnections",
            #[cfg(feature = "legacy-pairing")]
            PeerOob::Legacy { .. } => "PeerOob::Legacy",
        })
    }
}

#[cfg(feature = "defmt")]
impl defmt::Format for PeerOob {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "PeerOob");
    }
}

/// Who does the arithmetic of P-256.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Curve {
    /// The host, by jobs, outside of its lock.
    #[default]
    Host,
    /// The controller, where it has LE Read Local P-256 Public Key and LE Generate DHKey and no other pairing uses them; else the
    /// host.
    Controller,
}

/// What is asked of a pairing, with aioble's defaults: keys are kept, LE Secure Connections, no protection against a man in the
/// middle, nothing to show or to type on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct PairSettings {
    /// The keys outlive the link: both become bonded, if the peer wants it too.
    pub bond: bool,
    /// LE Secure Connections or legacy pairing.
    pub le_secure: LeSecure,
    /// There must be protection against a man in the middle: a pairing without it fails with Authentication Requirements.
    pub mitm: bool,
    /// What the device can show and take in.
    pub io: IoCapability,
    /// The shortest key that is accepted: 7 to 16 octets. 16 unless set. What is out of range counts as the nearest that is not.
    pub key_size: u8,
    /// What came of the peer another way.
    pub oob: Option<PeerOob>,
    /// Passkey entry is told to the peer as it goes on, if the peer wants it too (Vol 3, Part H, 3.5.8).
    pub keypress: bool,
    /// What becomes of a bond that there is.
    pub overwrite: Overwrite,
}

impl PairSettings {
    /// The defaults.
    pub const fn new() -> Self {
        PairSettings {
            bond: true,
            le_secure: LeSecure::Required,
            mitm: false,
            io: IoCapability::NO_INPUT_NO_OUTPUT,
            key_size: 16,
            oob: None,
            keypress: false,
            overwrite: Overwrite::EqualOrStronger,
        }
    }
}

impl Default for PairSettings {
    fn default() -> Self {
        Self::new()
    }
}

/// [`PairSettings`] with an empty form that is all zero.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terms {
    pub(crate) bond: bool,
    pub(crate) le_secure: LeSecure,
    pub(crate) mitm: bool,
    pub(crate) keypress: bool,
    pub(crate) overwrite: Overwrite,
    pub(crate) io: IoCapability,
    pub(crate) key_size: u8,
    pub(crate) oob: Kept<PeerOob>,
}

impl Terms {
    pub(crate) const NEW: Terms = Terms {
        bond: false,
        le_secure: LeSecure::Required,
        mitm: false,
        keypress: false,
        overwrite: Overwrite::EqualOrStronger,
        io: IoCapability(0),
        key_size: 0,
        oob: Kept::none(PeerOob::SecureConnections { confirm: [0; 16], random: [0; 16] }),
    };

    pub(crate) const fn of(settings: &PairSettings) -> Self {
        let key_size = match settings.key_size {
            0..7 => 7,
            7..=16 => settings.key_size,
            _ => 16,
        };
        Terms {
            bond: settings.bond,
            le_secure: settings.le_secure,
            mitm: settings.mitm,
            keypress: settings.keypress,
            overwrite: settings.overwrite,
            io: settings.io,
            key_size,
            oob: Kept::of(settings.oob, PeerOob::SecureConnections { confirm: [0; 16], random: [0; 16] }),
        }
    }

    pub(crate) fn settings(&self) -> PairSettings {
        PairSettings {
            bond: self.bond,
            le_secure: self.le_secure,
            mitm: self.mitm,
            io: self.io,
            key_size: self.key_size,
            oob: self.oob.get(),
            keypress: self.keypress,
            overwrite: self.overwrite,
        }
    }

    pub(crate) fn wipe(&mut self) {
        *self = Terms::NEW;
    }
}
