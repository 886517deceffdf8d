//! What a link must be for its peer to open a channel (Vol 3, Part C, 10.3.1; Part A, 4.23).

use crate::{link::Link, security::Authorisation};
use bitflags::bitflags;
use jelling_wire::l2cap::signalling::LeConnectionResult;

bitflags! {
    /// What a link must be for its peer to open a channel; several are all to be met.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct ChannelDemands: u8 {
        /// Encrypted.
        const ENCRYPTED = 1;
        /// Encrypted, with a key made under protection against a man in the middle.
        const AUTHENTICATED = 2;
        /// Encrypted, with a key made by LE Secure Connections.
        const SECURE = 4;
        /// Authorised by the application.
        const AUTHORISED = 8;
    }
}

#[cfg(feature = "defmt")]
impl defmt::Format for ChannelDemands {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "ChannelDemands({=u8:#x})", self.bits());
    }
}

impl ChannelDemands {
    const KEY: ChannelDemands =
        ChannelDemands::ENCRYPTED.union(ChannelDemands::AUTHENTICATED).union(ChannelDemands::SECURE);

    /// What a link lacks first, if anything.
    pub(super) fn lacking(self, key_size: u8, link: &Link) -> Option<LeConnectionResult> {
        let security = link.security;
        let needs_key = self.intersects(Self::KEY) || key_size != 0;
        if needs_key && !security.encrypted {
            // Vol 3, Part C, 10.3.1: a peer with a key has only to switch encryption on; another one has to pair first.
            return Some(if security.bonded {
                LeConnectionResult::INSUFFICIENT_ENCRYPTION
            } else {
                LeConnectionResult::INSUFFICIENT_AUTHENTICATION
            });
        }
        if (self.contains(Self::AUTHENTICATED) && !security.authenticated)
            || (self.contains(Self::SECURE) && !security.secure_connections)
        {
            return Some(LeConnectionResult::INSUFFICIENT_AUTHENTICATION);
        }
        if needs_key && security.key_size < key_size {
            return Some(LeConnectionResult::ENCRYPTION_KEY_SIZE_TOO_SHORT);
        }
        if self.contains(Self::AUTHORISED) && link.authorisation != Authorisation::Granted {
            return Some(LeConnectionResult::INSUFFICIENT_AUTHORIZATION);
        }
        None
    }
}
