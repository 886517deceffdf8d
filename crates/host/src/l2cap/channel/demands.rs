//! What a link must be for its peer to open a channel (Vol 3, Part C, 10.3.1; Part A, 4.23).

use crate::{
    link::Link,
    security::{Demands, Lack},
};
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
    /// What a link lacks first, if anything.
    pub(super) fn lacking(self, key_size: u8, link: &Link) -> Option<LeConnectionResult> {
        let lack = link.lacks(Demands::from_bits_truncate(self.bits()), key_size)?;
        Some(match lack {
            Lack::Encryption => LeConnectionResult::INSUFFICIENT_ENCRYPTION,
            Lack::Authentication => LeConnectionResult::INSUFFICIENT_AUTHENTICATION,
            Lack::KeySize => LeConnectionResult::ENCRYPTION_KEY_SIZE_TOO_SHORT,
            Lack::Authorisation => LeConnectionResult::INSUFFICIENT_AUTHORIZATION,
        })
    }
}
