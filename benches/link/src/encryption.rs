//! Random octets, and how encryption starts: what the controllers say, in the order in which they do. Nothing is encrypted.

use super::Port;

impl Port<'_> {
    /// LE Rand: the same octets in every run, so that instructions are the same too.
    pub(super) fn draw(self) {
        // SplitMix64.
        let state = self.air.random.get().wrapping_add(0x9e37_79b9_7f4a_7c15);
        self.air.random.set(state);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let [a, b, c, d, e, f, g, h] = (z ^ (z >> 31)).to_le_bytes();
        self.complete(0x2018, &[0, a, b, c, d, e, f, g, h]);
    }

    /// LE Enable Encryption: handle, random number, diversifier, key.
    pub(super) fn enable_encryption(self, parameters: &[u8]) {
        self.status(0x2019, 0);
        let mut key = [0; 16];
        key.copy_from_slice(&parameters[12..28]);
        let handle = [parameters[0], parameters[1]];
        *self.air.connections.borrow_mut().key(handle) = Some(key);
        // LE Long Term Key Request has the same handle, random number and diversifier (Vol 4, Part E, 7.7.65.5).
        let mut event = [0; 15];
        event[..3].copy_from_slice(&[0x3e, 13, 5]);
        event[3..].copy_from_slice(&parameters[..12]);
        self.event(self.peer(handle), &event);
    }

    /// LE Long Term Key Request Reply, or Negative Reply.
    pub(super) fn key(self, opcode: u16, parameters: &[u8]) {
        let [low, high] = [parameters[0], parameters[1]];
        self.complete(opcode, &[0, low, high]);
        let peer = self.peer([low, high]);
        let key = self.air.connections.borrow_mut().key([low, high]).take().expect("a key was requested");
        if opcode == 0x201b {
            // PIN or Key Missing: the central alone is told.
            return self.event(peer, &[0x08, 4, 0x06, low, high, 0]);
        }
        assert_eq!(parameters[2..18], key, "both hosts have the same key");
        for side in [self.side, peer] {
            self.event(side, &[0x08, 4, 0, low, high, 1]);
        }
    }
}
