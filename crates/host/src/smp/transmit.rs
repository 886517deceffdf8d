//! The PDUs that a pairing owes its peer, made in the moment in which they go (Vol 3, Part H, 3.5 and 3.6).

use super::{
    advance::Whose,
    pairing::{Pairing, Phase, Send},
    secrets::Secrets,
};
use crate::{Core, link::Link, time::Instant};
use jelling_wire::{
    Writer,
    l2cap::ChannelId,
    smp::{Code, Pdu, Reason},
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
        let (Some(value), Some(Link { pairing, .. })) = (value, self.links.get(index)) else { return false };
        let Pairing { secrets, terms, request, response, reason, keypress, .. } = pairing;
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
            (Send::ADDRESS, _) => Pdu::IdentityAddressInformation { address: self.state.controller.address },
            #[cfg(feature = "legacy-pairing")]
            (Send::CENTRAL, Secrets::Distribution(k)) => {
                Pdu::CentralIdentification { diversifier: k.own_key.diversifier, random: k.own_key.random }
            }
            // What is secret, or long, is not copied.
            _ => {
                let (code, octets, more): (_, &[u8], &[u8]) = match (next, secrets) {
                    (Send::CONFIRM, _) => (Code::PAIRING_CONFIRM, &value, &[]),
                    (Send::CHECK, _) => (Code::PAIRING_DHKEY_CHECK, &value, &[]),
                    (Send::PUBLIC_KEY, Secrets::Exchange(e)) => (Code::PAIRING_PUBLIC_KEY, &e.own.x, &e.own.y),
                    (Send::RANDOM, Secrets::Exchange(e)) => (Code::PAIRING_RANDOM, &e.own_random, &[]),
                    #[cfg(feature = "legacy-pairing")]
                    (Send::ENCRYPTION, Secrets::Distribution(k)) => {
                        (Code::ENCRYPTION_INFORMATION, &k.own_key.key.0, &[])
                    }
                    (Send::IDENTITY, _) => (Code::IDENTITY_INFORMATION, &self.state.bonding.identity_key.0, &[]),
                    (Send::SIGNING, Secrets::Distribution(k)) => (Code::SIGNING_INFORMATION, &k.own_signing, &[]),
                    _ => return false,
                };
                w.u8(code.0);
                w.bytes(octets);
                w.bytes(more);
                return true;
            }
        };
        pdu.emit(w);
        true
    }
}
