//! Phase 3: keys are handed over, the responder's first (2.4.3 and 3.6.1).

use super::*;

impl Peer {
    /// What each side hands over: initiator's and responder's.
    fn agreed_keys(&self) -> (u8, u8) {
        let (_, response) = self.both();
        let cut = |keys: u8| if self.secure { keys & !ENC_KEY & 7 } else { keys & 7 };
        (cut(response.initiator_keys), cut(response.responder_keys))
    }

    fn we_hand(&self) -> u8 {
        let (initiator, responder) = self.agreed_keys();
        if self.initiates { initiator } else { responder }
    }

    fn they_hand(&self) -> u8 {
        let (initiator, responder) = self.agreed_keys();
        if self.initiates { responder } else { initiator }
    }

    /// The link is encrypted with the key of phase 2.
    pub(crate) fn encrypted(&mut self) -> Vec<Vec<u8>> {
        assert_eq!(self.wait, Wait::Encryption);
        self.wait = Wait::Keys;
        let out = if !self.initiates || self.they_hand() == 0 { self.hand() } else { vec![] };
        self.settle();
        out
    }

    /// Our keys.
    pub(crate) fn hand(&self) -> Vec<Vec<u8>> {
        let (keys, mut out) = (self.we_hand(), vec![]);
        if keys & ENC_KEY != 0 {
            let (key, diversifier, random) = self.ours.long_term.expect("a key");
            let mut key = key;
            key[usize::from(self.key_size())..].fill(0);
            out.push([&[ENCRYPTION_INFORMATION][..], &key].concat());
            out.push([&[CENTRAL_IDENTIFICATION][..], &diversifier, &random].concat());
        }
        if keys & ID_KEY != 0 {
            out.push([&[IDENTITY_INFORMATION][..], &self.ours.identity_key.expect("a key")].concat());
            let identity = self.ours.identity.expect("an address");
            let mut address = identity[1..].to_vec();
            address.reverse();
            out.push([&[IDENTITY_ADDRESS, identity[0]][..], &address].concat());
        }
        if keys & SIGN_KEY != 0 {
            out.push([&[SIGNING_INFORMATION][..], &self.ours.signing.expect("a key")].concat());
        }
        out
    }

    pub(super) fn hear_key(&mut self, code: u8, rest: &[u8]) -> Vec<Vec<u8>> {
        let sixteen = || Octets16::try_from(rest).expect("16 octets");
        match code {
            ENCRYPTION_INFORMATION => self.theirs.long_term = Some((sixteen(), [0; 2], [0; 8])),
            CENTRAL_IDENTIFICATION => {
                if let Some((_, diversifier, random)) = &mut self.theirs.long_term {
                    diversifier.copy_from_slice(&rest[..2]);
                    random.copy_from_slice(&rest[2..]);
                }
                self.identified = true;
            }
            IDENTITY_INFORMATION => self.theirs.identity_key = Some(sixteen()),
            IDENTITY_ADDRESS => {
                let mut identity: [u8; 7] = rest.try_into().expect("7 octets");
                identity[1..].reverse();
                self.theirs.identity = Some(identity);
            }
            _ => self.theirs.signing = Some(sixteen()),
        }
        let over = self.expected().is_none();
        let out = if over && self.initiates { self.hand() } else { vec![] };
        self.settle();
        out
    }

    /// The next key of the other.
    pub(crate) fn expected(&self) -> Option<u8> {
        let (keys, theirs) = (self.they_hand(), &self.theirs);
        let due = |bit: u8, missing: bool, code: u8| (keys & bit != 0 && missing).then_some(code);
        due(ENC_KEY, theirs.long_term.is_none(), ENCRYPTION_INFORMATION)
            .or(due(ENC_KEY, !self.identified, CENTRAL_IDENTIFICATION))
            .or(due(ID_KEY, theirs.identity_key.is_none(), IDENTITY_INFORMATION))
            .or(due(ID_KEY, theirs.identity.is_none(), IDENTITY_ADDRESS))
            .or(due(SIGN_KEY, theirs.signing.is_none(), SIGNING_INFORMATION))
    }

    fn settle(&mut self) {
        if self.expected().is_none() {
            self.wait = Wait::Done;
        }
    }
}
