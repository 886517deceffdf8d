//! A curve on which everything is cheap and nothing is secret: what pairing does with it is what it does with P-256.

use jelling_host::{Crypto, PublicKey, wire::Secret};

/// Who computes on it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Toy;

/// What makes a public key of a private one, and undoes it.
const MASK: u8 = 0x5a;

impl Crypto for Toy {
    fn public_key(&mut self, private: &[u8; 32]) -> Option<PublicKey> {
        let is_key = private.iter().any(|octet| *octet != 0);
        is_key.then(|| PublicKey { x: private.map(|octet| octet ^ MASK), y: private.map(|octet| !(octet ^ MASK)) })
    }

    fn shared_secret(&mut self, private: &[u8; 32], peer: &PublicKey) -> Option<Secret<32>> {
        let own = self.public_key(private)?;
        let mut both = own.x;
        both.iter_mut().zip(&peer.x).for_each(|(octet, theirs)| *octet ^= theirs);
        self.is_on_curve(peer).then_some(Secret(both))
    }

    fn is_on_curve(&mut self, peer: &PublicKey) -> bool {
        peer.x.iter().zip(&peer.y).all(|(x, y)| *x == !y)
    }
}
