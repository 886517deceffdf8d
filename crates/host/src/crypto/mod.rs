//! What pairing, signatures and hashes are made of: AES-CMAC here, the functions of Vol 3, Part H, 2.2 in `toolbox`, P-256 in
//! `curve`. Keys and what comes of them are wiped when they are done with.

mod curve;
#[cfg_attr(
    not(feature = "seams"),
    allow(dead_code, unreachable_pub, reason = "public for tests alone, and pairing comes")
)]
pub mod toolbox;

pub use curve::{Crypto, PublicKey, Software};

use aes::{Aes128Enc, cipher::BlockCipherEncrypt};
use cmac::{Cmac, KeyInit, Mac};
use core::fmt;
use jelling_wire::Secret;

/// Octets that nobody sees and that are overwritten when they are dropped: keys while they are in use. A [`Secret`] may be copied, and
/// is not: what is done with it is wiped by [`toolbox::wipe`].
#[derive(Clone)]
pub(crate) struct Wiped<const N: usize>(pub(crate) [u8; N]);

impl<const N: usize> Drop for Wiped<N> {
    fn drop(&mut self) {
        toolbox::wipe(&mut self.0);
    }
}

impl<const N: usize> From<Secret<N>> for Wiped<N> {
    fn from(secret: Secret<N>) -> Self {
        Wiped(secret.0)
    }
}

impl<const N: usize> fmt::Debug for Wiped<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Secret([0; N]).fmt(f)
    }
}

/// A message authentication code in the making (RFC 4493), piece by piece: what it is made over is never put together anywhere.
pub(crate) struct AesCmac(Cmac<Aes128Enc>);

impl AesCmac {
    /// Begins with a key, its most significant octet first.
    pub(crate) fn new(key: &[u8; 16]) -> Self {
        AesCmac(Cmac::new(key.into()))
    }

    /// Adds octets of the message.
    pub(crate) fn update(&mut self, octets: &[u8]) {
        // In parts of less than a block: how the buffer behind this splits more than a block can panic, as far as a compiler sees.
        for part in octets.chunks(8) {
            self.0.update(part);
        }
    }

    /// The code, its most significant octet first.
    pub(crate) fn finish(self) -> [u8; 16] {
        self.0.finalize().into_bytes().into()
    }
}

/// The security function e (Vol 3, Part H, 2.2.1): encrypts a block. Key and block have their least significant octet first.
pub(crate) fn encrypt(key: &[u8; 16], block: &mut [u8; 16]) {
    let key = Wiped(turned(key));
    let mut turning = turned(block).into();
    Aes128Enc::new((&key.0).into()).encrypt_block(&mut turning);
    *block = turned(&turning.into());
}

/// The code of these parts, one after the other. Key, parts and code have their least significant octet first.
pub(crate) fn mac(key: &[u8; 16], parts: &[&[u8]]) -> [u8; 16] {
    let key = Wiped(turned(key));
    let mut cmac = AesCmac::new(&key.0);
    for octet in parts.iter().flat_map(|part| part.iter().rev()) {
        cmac.update(&[*octet]);
    }
    turned(&Wiped(cmac.finish()).0)
}

/// The other octet first.
fn turned(octets: &[u8; 16]) -> [u8; 16] {
    let mut turned = *octets;
    turned.reverse();
    turned
}
