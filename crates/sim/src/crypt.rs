//! What a link layer encrypts with (Vol 6, Part E): AES-128, its session key, and AES-CCM for each PDU.

use aes::{
    Aes128,
    cipher::{BlockCipherEncrypt, KeyInit},
};
use ccm::{
    Ccm,
    aead::{AeadInOut, Nonce, Tag},
    consts::{U4, U13},
};

type LinkCcm = Ccm<Aes128, U4, U13>;

/// Octets that encryption adds to a PDU.
pub(crate) const MIC: usize = 4;

/// AES-128 with the most significant octet first, on values whose least significant octet stands first, as HCI has them.
pub(crate) fn encrypt(key: &[u8; 16], plaintext: &[u8; 16]) -> [u8; 16] {
    let (mut key, mut block) = (*key, *plaintext);
    key.reverse();
    block.reverse();
    let mut block = block.into();
    Aes128::new(&key.into()).encrypt_block(&mut block);
    let mut block: [u8; 16] = block.into();
    block.reverse();
    block
}

/// One direction of an encrypted link: PDUs are counted.
#[derive(Clone, Debug)]
struct Way {
    counter: u64,
    from_central: bool,
}

impl Way {
    /// 39 bits of counter, the direction, and the initialisation vector (Vol 6, Part E, 2.1).
    fn nonce(&mut self, iv: &[u8; 8]) -> [u8; 13] {
        let [c0, c1, c2, c3, c4, ..] = self.counter.to_le_bytes();
        self.counter += 1;
        let [i0, i1, i2, i3, i4, i5, i6, i7] = *iv;
        [c0, c1, c2, c3, (c4 & 0x7f) | u8::from(self.from_central) << 7, i0, i1, i2, i3, i4, i5, i6, i7]
    }
}

/// A session: its key, its vector, and the counters of both directions at one end.
#[derive(Clone)]
pub(crate) struct Session {
    cipher: LinkCcm,
    iv: [u8; 8],
    send: Way,
    receive: Way,
}

impl core::fmt::Debug for Session {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Session")
    }
}

impl Session {
    /// The session of one end. `skd` and `iv` have the central's half first (Vol 6, Part B, 5.1.3.1).
    pub(crate) fn new(key: &[u8; 16], skd: &[u8; 16], iv: [u8; 8], central: bool) -> Self {
        let mut session_key = encrypt(key, skd);
        session_key.reverse();
        Session {
            cipher: LinkCcm::new(&session_key.into()),
            iv,
            send: Way { counter: 0, from_central: central },
            receive: Way { counter: 0, from_central: !central },
        }
    }

    /// Encrypts a PDU's payload in place and appends its MIC. `llid` is what is authenticated beside it.
    pub(crate) fn seal(&mut self, llid: u8, payload: &mut Vec<u8>) {
        let nonce: Nonce<LinkCcm> = self.send.nonce(&self.iv).into();
        if let Ok(tag) = self.cipher.encrypt_inout_detached(&nonce, &[llid], payload.as_mut_slice().into()) {
            payload.extend_from_slice(&tag);
        }
    }

    /// Decrypts a PDU's payload in place; false when its MIC is wrong.
    pub(crate) fn open(&mut self, llid: u8, payload: &mut Vec<u8>) -> bool {
        let nonce: Nonce<LinkCcm> = self.receive.nonce(&self.iv).into();
        let Some(length) = payload.len().checked_sub(MIC) else { return false };
        let Ok(tag) = Tag::<LinkCcm>::try_from(&payload[length..]) else { return false };
        payload.truncate(length);
        self.cipher.decrypt_inout_detached(&nonce, &[llid], payload.as_mut_slice().into(), &tag).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::{Session, encrypt};

    fn reversed<const N: usize>(hex: u128) -> [u8; N] {
        let mut octets = [0; N];
        octets.copy_from_slice(&hex.to_le_bytes()[..N]);
        octets
    }

    /// The sample of Vol 6, Part C, 1.
    #[test]
    fn the_specifications_sample() {
        let key: [u8; 16] = reversed(0x4c68_3841_39f5_74d8_36bc_f34e_9dfb_01bf);
        let (skd_m, skd_s) = (0xacbd_cedf_e0f1_0213u128, 0x0213_2435_4657_6879u128);
        let skd: [u8; 16] = reversed(skd_s << 64 | skd_m);
        assert_eq!(encrypt(&key, &skd), reversed(0x99ad_1b52_26a3_7e3e_058e_3b8e_27c2_c666));
        let iv: [u8; 8] = reversed(0xdeaf_babe_u128 << 32 | 0xbadc_ab24);
        let mut central = Session::new(&key, &skd, iv, true);
        let mut peripheral = Session::new(&key, &skd, iv, false);
        let mut pdu = vec![0x06];
        central.seal(0x03, &mut pdu);
        assert_eq!(pdu, [0x9f, 0xcd, 0xa7, 0xf4, 0x48]);
        assert!(peripheral.open(0x03, &mut pdu) && pdu == [0x06]);
        peripheral.seal(0x03, &mut pdu);
        assert_eq!(pdu, [0xa3, 0x4c, 0x13, 0xa4, 0x15]);
        assert!(central.open(0x03, &mut pdu) && pdu == [0x06]);
        central.seal(0x02, &mut pdu);
        pdu[0] ^= 1;
        assert!(!peripheral.open(0x02, &mut pdu), "a changed octet is found");
    }
}
