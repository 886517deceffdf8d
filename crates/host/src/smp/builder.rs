//! [`PairSettings`] as they are written in one line: each method changes one thing from aioble's defaults.

use super::{LeSecure, Overwrite, PairSettings, PeerOob};
use jelling_wire::smp::IoCapability;

impl PairSettings {
    /// The keys end with the link: no bond.
    #[must_use]
    pub const fn no_bond(mut self) -> Self {
        self.bond = false;
        self
    }

    /// With protection against a man in the middle: a pairing without it fails with Authentication Requirements. It takes a user,
    /// and [`io`](Self::io) that lets one compare or type in six digits, or [`oob`](Self::oob).
    #[must_use]
    pub const fn mitm(mut self) -> Self {
        self.mitm = true;
        self
    }

    /// What the device can show and take in (Vol 3, Part H, 2.3.2); nothing unless this says otherwise.
    #[must_use]
    pub const fn io(mut self, io: IoCapability) -> Self {
        self.io = io;
        self
    }

    /// LE Secure Connections or legacy pairing: the former alone unless this says otherwise.
    #[must_use]
    pub const fn le_secure(mut self, le_secure: LeSecure) -> Self {
        self.le_secure = le_secure;
        self
    }

    /// The shortest key that is accepted: 7 to 16 octets; 16 unless this says less. What is out of range counts as the nearest that
    /// is not.
    #[must_use]
    pub const fn key_size(mut self, octets: u8) -> Self {
        self.key_size = octets;
        self
    }

    /// What came of the peer another way than by radio (Vol 3, Part H, 2.3.5.6.4).
    #[must_use]
    pub const fn oob(mut self, oob: PeerOob) -> Self {
        self.oob = Some(oob);
        self
    }

    /// While a passkey is typed in, the other side is told how far it is, if both want that (Vol 3, Part H, 3.5.8).
    #[must_use]
    pub const fn keypress(mut self) -> Self {
        self.keypress = true;
        self
    }

    /// The new bond takes the place of the one that there is, also where it is weaker, and an encrypted link may become weaker: the
    /// user has agreed to that.
    #[must_use]
    pub const fn replace_bond(mut self) -> Self {
        self.overwrite = Overwrite::Always;
        self
    }
}
