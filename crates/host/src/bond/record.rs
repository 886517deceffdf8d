//! A bond as a store keeps it. Keys and addresses stand as they go over the air, least significant octet first.

use super::Subscriptions;
use crate::{
    crypto::toolbox,
    error::{Argument, Error},
    security::Security,
};
use jelling_wire::{Address, AddressKind, Secret};

/// A key that encrypts, and by what its holder is asked for it (Vol 3, Part H, 2.4.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LongTermKey {
    /// The key, least significant octet first. Of a key that is shorter than 16 octets the rest is zero.
    pub key: Secret<16>,
    /// EDIV: zero for a key of LE Secure Connections.
    pub diversifier: u16,
    /// Rand, least significant octet first: zero for a key of LE Secure Connections.
    pub random: [u8; 8],
}

impl LongTermKey {
    /// All zero.
    pub(crate) const NONE: LongTermKey = LongTermKey { key: Secret([0; 16]), diversifier: 0, random: [0; 8] };
}

/// A key that signs (CSRK), and the next counter: of ours the one that is used, of a peer's the lowest that is accepted
/// (Vol 3, Part H, 2.4.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SigningKey {
    /// The key, least significant octet first.
    pub key: Secret<16>,
    /// The next counter.
    pub counter: u32,
}

/// All that is kept of one peer. `Debug` shows no key, and what is dropped is wiped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bond {
    /// The peer's identity: a public or a random static address.
    pub peer: Address,
    /// The keys were made with protection against a man in the middle.
    pub authenticated: bool,
    /// The keys were made with LE Secure Connections.
    pub secure_connections: bool,
    /// Octets of the keys that encrypt: 7 to 16.
    pub key_size: u8,
    /// What we encrypt with as a central.
    pub central_key: Option<LongTermKey>,
    /// What answers the peer's request for a key, where we are the peripheral.
    pub peripheral_key: Option<LongTermKey>,
    /// The peer's IRK, which tells its resolvable addresses. One of zeros tells none.
    pub identity_key: Option<Secret<16>>,
    /// What we sign with.
    pub own_signing: Option<SigningKey>,
    /// What the peer signs with.
    pub peer_signing: Option<SigningKey>,
    /// What the peer's client wrote to Client Supported Features: its first octet (Vol 3, Part G, 7.2).
    pub client_features: u8,
    /// The Database Hash of the table that the peer's client knows, as it is read (Vol 3, Part G, 7.3).
    pub database_hash: Option<[u8; 16]>,
    /// What the peer's client has subscribed to.
    pub subscriptions: Subscriptions,
    /// When the bond was used: a greater number is later.
    pub last_use: u32,
}

impl Bond {
    /// A bond with nobody, all zero.
    pub(crate) const NOBODY: Bond = Bond {
        peer: Address::new(AddressKind::Public, [0; 6]),
        authenticated: false,
        secure_connections: false,
        key_size: 0,
        central_key: None,
        peripheral_key: None,
        identity_key: None,
        own_signing: None,
        peer_signing: None,
        client_features: 0,
        database_hash: None,
        subscriptions: Subscriptions::NONE,
        last_use: 0,
    };

    /// A bond without keys, of whose peer nothing is known but its identity.
    pub fn new(peer: Address) -> Self {
        let mut bond = Bond::NOBODY;
        (bond.peer, bond.key_size) = (peer, 16);
        bond
    }

    /// What a link is that is encrypted with its keys.
    pub(crate) fn level(&self) -> Security {
        Security {
            encrypted: true,
            authenticated: self.authenticated,
            secure_connections: self.secure_connections,
            bonded: true,
            key_size: self.key_size,
        }
    }

    /// The same peer: its identity, or an IRK that tells it. By a resolvable address two with one IRK could not be told apart.
    pub(super) fn is_same_peer(&self, other: &Bond) -> bool {
        let same_irk = match (&self.identity_key, &other.identity_key) {
            (Some(a), Some(b)) => a.0 != [0; 16] && toolbox::equal(&a.0, &b.0),
            _ => false,
        };
        self.peer == other.peer || same_irk
    }

    /// What no pairing makes is refused: keys that are too short or nothing but zeros, an identity that changes.
    pub(super) fn check(&self) -> Result<(), Error> {
        let is_identity = self.peer.kind == AddressKind::Public || self.peer.is_static_random();
        let is_known = |key: &LongTermKey| toolbox::equal(&key.key.0, &[0; 16]);
        let is_secret = !self.central_key.iter().chain(&self.peripheral_key).any(is_known);
        if is_identity && is_secret && (7..=16).contains(&self.key_size) {
            Ok(())
        } else {
            Err(Error::InvalidArgument(Argument::Bond))
        }
    }

    /// True for the peer's identity, and for a resolvable address that its IRK tells (Vol 3, Part C, 10.8.2.3).
    pub fn is_of(&self, address: &Address) -> bool {
        if self.peer == *address {
            return true;
        }
        let Some(Secret(key)) = &self.identity_key else { return false };
        // Who has no IRK gives one of zeros (Vol 3, Part H, 2.4.2.1): it would tell anybody who has none either.
        if !address.is_resolvable() || *key == [0; 16] {
            return false;
        }
        let [h0, h1, h2, p0, p1, p2] = address.octets;
        toolbox::ah(key, &[p0, p1, p2]) == [h0, h1, h2]
    }
}

impl Drop for Bond {
    fn drop(&mut self) {
        for key in [&mut self.central_key, &mut self.peripheral_key].into_iter().flatten() {
            toolbox::wipe(&mut key.key.0);
        }
        for key in [&mut self.own_signing, &mut self.peer_signing].into_iter().flatten() {
            toolbox::wipe(&mut key.key.0);
        }
        if let Some(key) = &mut self.identity_key {
            toolbox::wipe(&mut key.0);
        }
    }
}
