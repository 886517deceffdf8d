//! What a peer sends on the Security Manager's channel. A PDU that is not due ends a pairing, and is answered once
//! (Vol 3, Part H, 3.3 and 3.5.5).

use super::{
    advance::Whose,
    pairing::{Handed, Pairing, Phase, Progress, Send},
};
use crate::{
    Core,
    counters::count,
    crypto::toolbox,
    error::Error,
    event::{Happened, LinkNews},
    link::Link,
    time::Instant,
};
use jelling_wire::{
    hci::Role,
    smp::{Code, Pdu, Reason, Requirements},
};

impl Core<'_> {
    pub(crate) fn on_security(&mut self, now: Instant, index: usize, payload: &[u8]) {
        let Some(link) = self.links.get_mut(index) else { return };
        // Vol 3, Part H, 3.4: after a timeout nothing is said any more on this link.
        if link.pairing.is_dead || link.is_leaving() {
            return count(&mut self.state.counters.unexpected);
        }
        let pdu = &match Pdu::parse(payload) {
            Ok(pdu) => pdu,
            // A refusal is never refused: two hosts would not stop.
            Err(_) if payload.first() == Some(&Code::PAIRING_FAILED.0) => {
                self.drop_malformed("a Pairing Failed");
                return self.pairing_rejected(now, index, Reason::UNSPECIFIED_REASON);
            }
            Err(_) => {
                self.drop_malformed("an SMP PDU");
                return self.refuse_pdu(now, index, Reason::INVALID_PARAMETERS);
            }
        };
        let role = link.role;
        match pdu {
            // 3.3: reserved codes are ignored.
            Pdu::Unknown { .. } => count(&mut self.state.counters.unexpected),
            // What it said to a pairing that we have ended, before it knew.
            _ if link.pairing.is_late(pdu) => count(&mut self.state.counters.unexpected),
            Pdu::PairingFailed { reason } => self.pairing_rejected(now, index, *reason),
            Pdu::PairingRequest { features } if role == Role::Peripheral => {
                self.on_pairing_request(now, index, features)
            }
            Pdu::SecurityRequest { requirements } if role == Role::Central => {
                self.on_security_request(now, index, *requirements)
            }
            Pdu::PairingRequest { .. } | Pdu::SecurityRequest { .. } => {
                self.refuse_pdu(now, index, Reason::COMMAND_NOT_SUPPORTED)
            }
            Pdu::PairingResponse { features } if link.pairing.phase == Phase::Response => {
                self.on_pairing_response(now, index, features)
            }
            _ => match link.pairing.phase {
                Phase::Exchange => self.on_exchange(now, index, pdu),
                Phase::Keys => self.on_key(now, index, pdu),
                _ => self.refuse_pdu(now, index, Reason::UNSPECIFIED_REASON),
            },
        }
    }

    /// A PDU that is not due, or makes no sense: a pairing fails of it.
    pub(super) fn refuse_pdu(&mut self, now: Instant, index: usize, reason: Reason) {
        let Some(link) = self.links.get_mut(index) else { return };
        if link.pairing.is_pairing() {
            return self.fail_pairing(now, index, reason);
        }
        count(&mut self.state.counters.unexpected);
        if !link.pairing.has_failed {
            link.pairing.owed.insert(Send::FAILED);
            link.pairing.reason = reason;
        }
    }

    /// The peer ended it.
    fn pairing_rejected(&mut self, now: Instant, index: usize, reason: Reason) {
        let Some(link) = self.links.get_mut(index) else { return };
        if link.pairing.is_pairing() || link.pairing.phase == Phase::Asked {
            self.strike(now, index, reason);
            self.end_pairing(index, Error::PairingRejected(reason));
        } else {
            count(&mut self.state.counters.unexpected);
        }
    }

    /// A peripheral wants the link secured (2.4.6).
    fn on_security_request(&mut self, now: Instant, index: usize, requirements: Requirements) {
        let Some(link) = self.links.get_mut(index) else { return };
        // What it asks for is under way, or the request crossed it.
        if link.pairing.phase != Phase::Idle {
            return count(&mut self.state.counters.unexpected);
        }
        let mitm = requirements.contains(Requirements::MITM);
        if link.security.encrypted && (link.security.authenticated || !mitm) {
            return count(&mut self.state.counters.unexpected);
        }
        let bond = self.bond_at(index).filter(|bond| bond.authenticated || !mitm);
        if bond.is_some() && self.begin_encryption(now, index).is_ok() {
            return;
        }
        let Some(link) = self.links.get_mut(index) else { return };
        link.happened.insert(Happened::SECURITY_REQUESTED);
        self.tell_link(index, LinkNews::LINK);
    }

    /// A PDU of phase 2.
    fn on_exchange(&mut self, now: Instant, index: usize, pdu: &Pdu<'_>) {
        let Some(link) = self.links.get_mut(index) else { return };
        let pairing = &mut link.pairing;
        if let Pdu::PairingKeypressNotification { keypress } = *pdu {
            if !pairing.method.is_passkey() || !pairing.has_keypress() || keypress.name().is_none() {
                return self.fail_pairing(now, index, Reason::INVALID_PARAMETERS);
            }
            pairing.heard = keypress;
            link.happened.insert(Happened::KEYPRESS);
            self.tell_link(index, LinkNews::LINK);
            return self.restart_timer(now, index);
        }
        if pairing.expects() != Some(pdu.code()) {
            return self.fail_pairing(now, index, Reason::UNSPECIFIED_REASON);
        }
        let Some(exchange) = pairing.exchange() else { return };
        let got = match *pdu {
            Pdu::PairingPublicKey { x, y } => {
                (exchange.peer.x, exchange.peer.y) = (x, y);
                Progress::KEY_GOT
            }
            Pdu::PairingConfirm { value } => {
                exchange.peer_value = value;
                Progress::CONFIRM_GOT
            }
            Pdu::PairingRandom { value } => {
                exchange.peer_random = value;
                Progress::RANDOM_GOT
            }
            Pdu::PairingDhKeyCheck { check } => {
                exchange.peer_value = check;
                Progress::CHECK_GOT
            }
            _ => return,
        };
        pairing.progress.insert(got);
        pairing.crosses = false;
        self.restart_timer(now, index);
        if got == Progress::CONFIRM_GOT && self.is_echo(index) {
            return self.fail_pairing(now, index, Reason::CONFIRM_VALUE_FAILED);
        }
        if got == Progress::KEY_GOT && !self.may_use_key(now, index) {
            return;
        }
        self.advance(now, index);
    }

    /// True where the peer's confirm value is ours once more. With our random value it would fit too, and nobody would have shown to
    /// know the secret (2.3.5.5, as corrected by erratum 24491).
    fn is_echo(&mut self, index: usize) -> bool {
        let may_be = self.links.get(index).is_some_and(|link| {
            // Of LE Secure Connections it would not fit: both X are part of it, in the order of the sides.
            !link.pairing.is_secure() && link.pairing.progress.contains(Progress::CONFIRM_SENT)
        });
        let own = if may_be { self.confirm_value(index, Whose::Own) } else { None };
        let given = self.links.get_mut(index).and_then(|link| link.pairing.exchange()).map(|e| e.peer_value);
        own.zip(given).is_some_and(|(own, given)| toolbox::equal(&own, &given))
    }

    /// A PDU of phase 3.
    fn on_key(&mut self, now: Instant, index: usize, pdu: &Pdu<'_>) {
        let own = self.state.controller.address;
        let Some(Link { pairing, .. }) = self.links.get_mut(index) else { return };
        if pairing.expects_key() != Some(pdu.code()) {
            return self.fail_pairing(now, index, Reason::UNSPECIFIED_REASON);
        }
        #[cfg(feature = "legacy-pairing")]
        let size = usize::from(pairing.key_size);
        let Some(keys) = pairing.distribution() else { return };
        match *pdu {
            #[cfg(feature = "legacy-pairing")]
            Pdu::EncryptionInformation { long_term_key } => {
                keys.peer_key.key = long_term_key;
                // 2.3.4: what is beyond the agreed size is zero; and of nothing but zeros everybody knows.
                keys.peer_key.key.0.iter_mut().skip(size).for_each(|octet| *octet = 0);
                if toolbox::equal(&keys.peer_key.key.0, &[0; 16]) {
                    return self.fail_pairing(now, index, Reason::INVALID_PARAMETERS);
                }
                keys.got.insert(Handed::ENCRYPTION);
            }
            #[cfg(feature = "legacy-pairing")]
            Pdu::CentralIdentification { diversifier, random } => {
                (keys.peer_key.diversifier, keys.peer_key.random) = (diversifier, random);
                keys.got.insert(Handed::CENTRAL);
            }
            Pdu::IdentityInformation { identity_resolving_key } => {
                keys.peer_identity_key = identity_resolving_key.0;
                keys.got.insert(Handed::IDENTITY);
            }
            Pdu::IdentityAddressInformation { address } => {
                // Nobody else is who we are.
                if !super::is_identity(address) || address == own {
                    return self.fail_pairing(now, index, Reason::INVALID_PARAMETERS);
                }
                keys.peer_address = address;
                keys.got.insert(Handed::ADDRESS);
            }
            Pdu::SigningInformation { signature_key } => {
                keys.peer_signing = signature_key.0;
                keys.got.insert(Handed::SIGNING);
            }
            _ => return,
        }
        self.restart_timer(now, index);
        self.advance(now, index);
    }
}

impl Pairing {
    /// True for a PDU of a pairing that was ended on this link before: nothing tells which one a PDU is of. Before the answer to our
    /// request comes, the peer says nothing to it; and two answers that are the same are one.
    fn is_late(&self, pdu: &Pdu<'_>) -> bool {
        match (self.phase, pdu) {
            _ if !self.crosses => false,
            // Our request has not gone out yet.
            (Phase::Response, _) if self.owed.contains(Send::REQUEST) => true,
            (Phase::Response, Pdu::PairingResponse { .. } | Pdu::PairingFailed { .. }) => false,
            (Phase::Response, _) => true,
            (Phase::Exchange, Pdu::PairingResponse { features }) => *features == self.response,
            _ => false,
        }
    }
}
