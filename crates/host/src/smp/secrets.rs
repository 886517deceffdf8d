//! What phases 2 and 3 of a pairing work with and keep secret, in the same octets.

use super::pairing::Handed;
#[cfg(feature = "legacy-pairing")]
use crate::bond::LongTermKey;
use crate::crypto::PublicKey;
use jelling_wire::{Address, AddressKind};
use zeroize::DefaultIsZeroes;

/// What phase 2 works with.
#[derive(Clone, Copy)]
pub(crate) struct Exchange {
    pub(crate) private: [u8; 32],
    pub(crate) own: PublicKey,
    pub(crate) peer: PublicKey,
    /// DHKey.
    pub(crate) shared: [u8; 32],
    pub(crate) own_random: [u8; 16],
    pub(crate) peer_random: [u8; 16],
    /// The confirm value of the peer, then its check.
    pub(crate) peer_value: [u8; 16],
    /// The passkey, TK, or the peer's random value that came out of band.
    pub(crate) secret: [u8; 16],
    /// Our random value that the peer has out of band.
    pub(crate) own_oob: [u8; 16],
    pub(crate) mac_key: [u8; 16],
}

impl Exchange {
    pub(super) const NEW: Exchange = Exchange {
        private: [0; 32],
        own: PublicKey { x: [0; 32], y: [0; 32] },
        peer: PublicKey { x: [0; 32], y: [0; 32] },
        shared: [0; 32],
        own_random: [0; 16],
        peer_random: [0; 16],
        peer_value: [0; 16],
        secret: [0; 16],
        own_oob: [0; 16],
        mac_key: [0; 16],
    };
}

impl Default for Exchange {
    fn default() -> Self {
        Self::NEW
    }
}

impl DefaultIsZeroes for Exchange {}

/// What phase 3 hands over.
#[derive(Clone, Copy)]
pub(crate) struct Distribution {
    /// Of legacy pairing: the key that we give, and the peer's.
    #[cfg(feature = "legacy-pairing")]
    pub(crate) own_key: LongTermKey,
    #[cfg(feature = "legacy-pairing")]
    pub(crate) peer_key: LongTermKey,
    pub(crate) peer_identity_key: [u8; 16],
    pub(crate) peer_address: Address,
    pub(crate) own_signing: [u8; 16],
    pub(crate) peer_signing: [u8; 16],
    pub(crate) got: Handed,
    /// Which of ours are drawn.
    pub(crate) drawn: Handed,
    /// Ours are owed, or have gone.
    pub(crate) begun: bool,
}

impl Distribution {
    pub(super) const NEW: Distribution = Distribution {
        #[cfg(feature = "legacy-pairing")]
        own_key: LongTermKey::NONE,
        #[cfg(feature = "legacy-pairing")]
        peer_key: LongTermKey::NONE,
        peer_identity_key: [0; 16],
        peer_address: Address::new(AddressKind::Public, [0; 6]),
        own_signing: [0; 16],
        peer_signing: [0; 16],
        got: Handed::empty(),
        drawn: Handed::empty(),
        begun: false,
    };
}

impl Default for Distribution {
    fn default() -> Self {
        Self::NEW
    }
}

impl DefaultIsZeroes for Distribution {}

/// The one or the other, in the same octets.
#[allow(clippy::large_enum_variant, reason = "there is no heap")]
#[derive(Clone, Copy)]
pub(crate) enum Secrets {
    None,
    Exchange(Exchange),
    Distribution(Distribution),
}

impl core::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Secrets")
    }
}
