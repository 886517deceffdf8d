//! The PDUs that a pairing owes its peer, made in the moment in which they go (Vol 3, Part H, 3.5 and 3.6).

use super::{
    advance::Whose,
    pairing::{Pairing, Phase, Secrets, Send},
};
use crate::{Core, link::Link, time::Instant};
use jelling_wire::{
    Secret, Writer,
    l2cap::ChannelId,
    smp::{Pdu, Reason},
};

/// The PDU of seven octets that the confirm values of legacy pairing go over.
#[cfg(feature = "legacy-pairing")]
pub(super) fn octets(pdu: &Pdu<'_>) -> [u8; 7] {
    let mut octets = [0; 7];
    pdu.emit(&mut Writer::new(&mut octets));
    octets
}

impl Core<'_> {
    /// Puts the next PDU into the link's buffer. False when there is none.
    pub(crate) fn send_pairing(&mut self, now: Instant, index: usize) -> bool {
        let Some(next) = self.links.get(index).map(|link| link.pairing.next_owed()).filter(|next| !next.is_empty())
        else {
            return false;
        };
        let sent = self.put_frame(index, ChannelId::SMP, usize::MAX, |core, w| core.write_pairing(index, next, w));
        if let Some(Link { pairing, .. }) = self.links.get_mut(index) {
            pairing.owed.remove(next);
            if pairing.phase != Phase::Idle {
                // 3.4: with each PDU, so that the peer has its time for an answer, however long our user or a job took.
                self.restart_timer(now, index);
            }
        }
        self.advance(now, index);
        sent
    }

    fn write_pairing(&mut self, index: usize, next: Send, w: &mut Writer<'_>) -> bool {
        let value = match next {
            Send::CONFIRM => self.confirm_value(index, Whose::Own),
            Send::CHECK => self.check_value(index, Whose::Own),
            _ => Some([0; 16]),
        };
        let (own, identity_resolving_key) = (self.state.controller.address, self.state.bonding.identity_key);
        let (Some(value), Some(Link { pairing, .. })) = (value, self.links.get_mut(index)) else { return false };
        let Pairing { secrets, terms, request, response, reason, keypress, .. } = &*pairing;
        let pdu = match (next, secrets) {
            (Send::FAILED, _) => {
                // A reserved reason would say nothing.
                let reason = if *reason == Reason(0) { Reason::UNSPECIFIED_REASON } else { *reason };
                Pdu::PairingFailed { reason }
            }
            (Send::SECURITY_REQUEST, _) => Pdu::SecurityRequest { requirements: terms.requirements() },
            (Send::REQUEST, _) => Pdu::PairingRequest { features: *request },
            (Send::RESPONSE, _) => Pdu::PairingResponse { features: *response },
            (Send::KEYPRESS, _) => Pdu::PairingKeypressNotification { keypress: *keypress },
            (Send::CONFIRM, _) => Pdu::PairingConfirm { value },
            (Send::CHECK, _) => Pdu::PairingDhKeyCheck { check: value },
            (Send::PUBLIC_KEY, Secrets::Exchange(e)) => Pdu::PairingPublicKey { x: e.own.x, y: e.own.y },
            (Send::RANDOM, Secrets::Exchange(e)) => Pdu::PairingRandom { value: e.own_random },
            (Send::ENCRYPTION, Secrets::Distribution(k)) => Pdu::EncryptionInformation { long_term_key: k.own_key.key },
            (Send::CENTRAL, Secrets::Distribution(k)) => {
                Pdu::CentralIdentification { diversifier: k.own_key.diversifier, random: k.own_key.random }
            }
            (Send::IDENTITY, _) => Pdu::IdentityInformation { identity_resolving_key },
            (Send::ADDRESS, _) => Pdu::IdentityAddressInformation { address: own },
            (Send::SIGNING, Secrets::Distribution(k)) => {
                Pdu::SigningInformation { signature_key: Secret(k.own_signing) }
            }
            _ => return false,
        };
        pdu.emit(w);
        true
    }
}
