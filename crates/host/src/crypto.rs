//! AES-CMAC (RFC 4493), piece by piece: what it is made over is never put together anywhere.

use aes::Aes128Enc;
use cmac::{Cmac, KeyInit, Mac};

/// A message authentication code in the making.
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
