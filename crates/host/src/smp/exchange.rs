//! Phase 2 as rules: from what there is and what has been sent follows what is done next, and which PDU is due
//! (Vol 3, Part H, 2.3.5.5 and 2.3.5.6).

use super::pairing::{Handed, Method, Pairing, Phase, Progress};
use jelling_wire::smp::{Code, Requirements};

/// Rounds of a passkey, a bit each (2.3.5.6.3).
pub(crate) const ROUNDS: u8 = 20;

/// Who gives a confirm value before the random values are shown.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Commitment {
    /// Both: a passkey, and all of legacy pairing.
    Both,
    /// The responder: Just Works, Numeric Comparison.
    Responder,
    /// Nobody: it came out of band.
    Nobody,
}

/// What can be done now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Move {
    SendKey,
    SendConfirm,
    SendRandom,
    /// Holds the peer's random value against its confirm value.
    Verify,
    /// The round, or stage 1, is over.
    EndRound,
    AskToCompare,
    /// MacKey and long term key.
    Derive,
    SendCheck,
    VerifyCheck,
    Encrypt,
}

impl Pairing {
    fn commitment(&self) -> Commitment {
        match self.method {
            _ if !self.is_secure() => Commitment::Both,
            Method::Show | Method::Type => Commitment::Both,
            Method::JustWorks | Method::Comparison => Commitment::Responder,
            Method::OutOfBand => Commitment::Nobody,
        }
    }

    pub(crate) fn rounds(&self) -> u8 {
        if self.is_secure() && self.method.is_passkey() { ROUNDS } else { 1 }
    }

    /// Both tell of passkey entry.
    pub(crate) fn has_keypress(&self) -> bool {
        (self.request.requirements & self.response.requirements).contains(Requirements::KEYPRESS)
    }

    /// Needs a private key, and a public one of it.
    pub(crate) fn wants_key_pair(&self) -> bool {
        match self.phase {
            Phase::Response => self.terms.le_secure.may_be_secure(),
            Phase::Exchange => self.is_secure(),
            _ => false,
        }
    }

    /// The PDU of phase 2 that may come now.
    pub(crate) fn expects(&self) -> Option<Code> {
        if !self.owed.difference(super::pairing::Send::KEYPRESS).is_empty() {
            return None;
        }
        let has = |progress| self.progress.contains(progress);
        if self.is_secure() {
            if !has(Progress::KEY_GOT) {
                return (!self.initiates || has(Progress::KEY_SENT)).then_some(Code::PAIRING_PUBLIC_KEY);
            }
            if !has(Progress::KEY_SENT) {
                return None;
            }
        }
        if !has(Progress::STAGE_1) {
            let confirm = !has(Progress::CONFIRM_GOT)
                && match self.commitment() {
                    Commitment::Both => !self.initiates || has(Progress::CONFIRM_SENT),
                    Commitment::Responder => self.initiates,
                    Commitment::Nobody => false,
                };
            let random = !has(Progress::RANDOM_GOT)
                && match (self.commitment(), self.initiates) {
                    (_, true) => has(Progress::RANDOM_SENT),
                    (Commitment::Nobody, false) => true,
                    (_, false) => has(Progress::CONFIRM_SENT),
                };
            return match (confirm, random) {
                (true, _) => Some(Code::PAIRING_CONFIRM),
                (_, true) => Some(Code::PAIRING_RANDOM),
                _ => None,
            };
        }
        let check = self.is_secure() && !has(Progress::CHECK_GOT) && (!self.initiates || has(Progress::CHECK_SENT));
        check.then_some(Code::PAIRING_DHKEY_CHECK)
    }

    /// What is to be done next in phase 2, if anything can be.
    pub(crate) fn next_move(&self) -> Option<Move> {
        // One PDU at a time.
        if self.phase != Phase::Exchange || !self.owed.difference(super::pairing::Send::KEYPRESS).is_empty() {
            return None;
        }
        let has = |progress| self.progress.contains(progress);
        if self.is_secure() {
            if !has(Progress::KEY_SENT) {
                let ready = has(Progress::OWN_KEY) && (self.initiates || has(Progress::KEY_CHECKED));
                return ready.then_some(Move::SendKey);
            }
            if !has(Progress::KEY_CHECKED) {
                return None;
            }
        }
        if has(Progress::STAGE_1) { self.next_of_stage_2() } else { self.next_of_stage_1() }
    }

    fn next_of_stage_1(&self) -> Option<Move> {
        let has = |progress| self.progress.contains(progress);
        if !has(Progress::NONCE) {
            return None;
        }
        let commitment = self.commitment();
        let commits = match commitment {
            Commitment::Both => true,
            Commitment::Responder => !self.initiates,
            Commitment::Nobody => false,
        };
        if commits && !has(Progress::CONFIRM_SENT) {
            let due = self.initiates || commitment == Commitment::Responder || has(Progress::CONFIRM_GOT);
            return (due && has(Progress::SECRET)).then_some(Move::SendConfirm);
        }
        // A passkey shown in vain is no secret: the responder's random value waits until the initiator's fits.
        let verifies = commitment == Commitment::Both || (commitment == Commitment::Responder && self.initiates);
        if verifies && has(Progress::RANDOM_GOT) && !has(Progress::VERIFIED) {
            return Some(Move::Verify);
        }
        if !has(Progress::RANDOM_SENT) {
            let due = match (commitment, self.initiates) {
                (Commitment::Nobody, true) => true,
                (_, true) => has(Progress::CONFIRM_GOT),
                (_, false) => has(Progress::RANDOM_GOT),
            };
            return due.then_some(Move::SendRandom);
        }
        has(Progress::RANDOM_GOT).then_some(Move::EndRound)
    }

    fn next_of_stage_2(&self) -> Option<Move> {
        let has = |progress| self.progress.contains(progress);
        if !self.is_secure() {
            return Some(Move::Encrypt);
        }
        if self.method == Method::Comparison && !has(Progress::COMPARED) {
            return (self.prompt == super::pairing::Prompt::None).then_some(Move::AskToCompare);
        }
        if !has(Progress::SHARED) {
            return None;
        }
        if !has(Progress::DERIVED) {
            return Some(Move::Derive);
        }
        if has(Progress::CHECK_GOT) && !has(Progress::CHECK_VERIFIED) {
            return Some(Move::VerifyCheck);
        }
        if !has(Progress::CHECK_SENT) {
            return (self.initiates || has(Progress::CHECK_VERIFIED)).then_some(Move::SendCheck);
        }
        has(Progress::CHECK_VERIFIED).then_some(Move::Encrypt)
    }

    /// What the peer hands over, of what was agreed (3.6.1).
    pub(crate) fn peer_hands(&self) -> Handed {
        Handed::of(self.agreed(if self.initiates {
            self.response.responder_keys
        } else {
            self.response.initiator_keys
        }))
    }

    /// What we hand over.
    pub(crate) fn we_hand(&self) -> Handed {
        Handed::of(self.agreed(if self.initiates {
            self.response.initiator_keys
        } else {
            self.response.responder_keys
        }))
    }

    fn agreed(&self, mut keys: jelling_wire::smp::Keys) -> jelling_wire::smp::Keys {
        // 3.6.1: of LE Secure Connections the bit means nothing, its key is made by both.
        if self.is_secure() {
            keys.remove(jelling_wire::smp::Keys::ENCRYPTION);
        }
        keys
    }

    /// The PDU of phase 3 that may come now: the responder's keys go first, and all in the order of 2.4.3.
    pub(crate) fn expects_key(&self) -> Option<Code> {
        let super::secrets::Secrets::Distribution(keys) = &self.secrets else { return None };
        // The initiator's go when the responder's have come.
        if !self.initiates && (!keys.begun || !self.owed.difference(super::pairing::Send::KEYPRESS).is_empty()) {
            return None;
        }
        self.peer_hands().difference(keys.got).first()
    }
}
