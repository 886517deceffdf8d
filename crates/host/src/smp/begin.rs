//! Phase 1: what both can do and want (Vol 3, Part H, 2.3 and 3.5.1).

use super::{
    Terms,
    method::method,
    pairing::{Method, Pairing, Phase, Progress, Prompt, Send},
    settings::{LeSecure, Overwrite, PeerOob},
};
use crate::{
    Core,
    error::Error,
    event::{Happened, LinkNews},
    link::Link,
    state::State,
    time::Instant,
};
use jelling_wire::smp::{Features, Keys, OobData, Reason, Requirements};

/// Octets of a Pairing Public Key, the longest PDU.
const LONGEST: usize = 65;

impl LeSecure {
    pub(super) fn may_be_secure(self) -> bool {
        match self {
            LeSecure::Required => true,
            #[cfg(feature = "legacy-pairing")]
            LeSecure::Preferred => true,
            #[cfg(feature = "legacy-pairing")]
            LeSecure::Off => false,
        }
    }

    pub(super) fn may_be_legacy(self) -> bool {
        match self {
            LeSecure::Required => false,
            #[cfg(feature = "legacy-pairing")]
            LeSecure::Preferred | LeSecure::Off => true,
        }
    }
}

impl Terms {
    /// Authentication requirements as a PDU tells them (3.5.1).
    pub(super) fn requirements(&self) -> Requirements {
        let mut all = Requirements::empty();
        all.set(Requirements::BONDING, self.bond);
        all.set(Requirements::MITM, self.mitm);
        all.set(Requirements::SECURE_CONNECTIONS, self.le_secure.may_be_secure());
        all.set(Requirements::KEYPRESS, self.keypress);
        all
    }

    /// Keys that we should like both to hand over. A long term key is only handed over by legacy pairing.
    fn keys(&self, state: &State) -> Keys {
        let mut keys = Keys::empty();
        if self.bond {
            keys.insert(Keys::IDENTITY);
            keys.set(Keys::ENCRYPTION, self.le_secure.may_be_legacy());
            keys.set(Keys::SIGNING, state.signed_writes());
        }
        keys
    }

    fn features(&self, keys: Keys) -> Features {
        let there = match self.oob.get() {
            Some(PeerOob::SecureConnections { .. }) => self.le_secure.may_be_secure(),
            #[cfg(feature = "legacy-pairing")]
            Some(PeerOob::Legacy { .. }) => self.le_secure.may_be_legacy(),
            None => false,
        };
        Features {
            io_capability: self.io,
            oob_data: if there { OobData::PRESENT } else { OobData::NOT_PRESENT },
            requirements: self.requirements(),
            max_key_size: 16,
            initiator_keys: keys,
            responder_keys: keys,
        }
    }

    /// Secure Connections Only mode asks for more (Vol 3, Part C, 10.2.4).
    pub(super) fn hold_to(&mut self, secure_connections_only: bool) {
        if secure_connections_only {
            self.le_secure = LeSecure::Required;
            self.mitm = true;
            self.key_size = 16;
        }
    }
}

impl Core<'_> {
    /// A slot begins anew; its terms, what a verb waits for, and what the peer is allowed, stay.
    pub(super) fn begin_slot(&mut self, now: Instant, index: usize, phase: Phase) {
        let Some(Link { pairing, .. }) = self.links.get_mut(index) else { return };
        pairing.stop();
        pairing.has_failed = false;
        pairing.phase = phase;
        pairing.round = 0;
        pairing.secure_connections = false;
        pairing.avoids_controller = false;
        pairing.is_debug = false;
        pairing.method = Method::JustWorks;
        pairing.prompt = Prompt::None;
        self.restart_timer(now, index);
    }

    /// As initiator: Pairing Request.
    pub(super) fn send_pairing_request(&mut self, now: Instant, index: usize, terms: &Terms) {
        let Some(Link { pairing, .. }) = self.links.get_mut(index) else { return };
        pairing.crosses |= pairing.has_failed;
        pairing.terms = *terms;
        self.begin_slot(now, index, Phase::Response);
        let Some(Link { pairing, .. }) = self.links.get_mut(index) else { return };
        pairing.initiates = true;
        pairing.request = terms.features(terms.keys(self.state));
        pairing.owed.insert(Send::REQUEST);
        self.state.work = true;
        // It takes longest, so it begins first.
        self.advance(now, index);
    }

    /// As responder: Pairing Request of the central.
    pub(super) fn on_pairing_request(&mut self, now: Instant, index: usize, request: &Features) {
        let Some(link) = self.links.get_mut(index) else { return };
        let pairing = &mut link.pairing;
        if pairing.is_pairing() {
            return self.fail_pairing(now, index, Reason::UNSPECIFIED_REASON);
        }
        // What a verb of ours asked for goes before what the peer may begin by itself.
        let asked = pairing.phase == Phase::Asked && !pairing.only_encrypts;
        let allowed = pairing.allowed.as_ref().or(self.state.security().pairing.as_ref());
        let refuses = !asked && (pairing.refuses || allowed.is_none());
        if !asked {
            pairing.terms = *allowed.unwrap_or(&Terms::NEW);
        }
        pairing.terms.hold_to(self.state.security().only);
        let unused = link.security.bonded && !link.security.encrypted;
        if !asked {
            if link.pairing.is_attended() {
                // The peer does not encrypt: it has no key any more.
                link.pairing.waits = false;
                link.pairing.went_wrong.set(Some(Error::BondLost));
            }
            link.pairing.number = link.pairing.number.wrapping_add(1);
        }
        self.begin_slot(now, index, Phase::Exchange);
        let Some(Link { pairing, .. }) = self.links.get_mut(index) else { return };
        pairing.initiates = false;
        pairing.request = *request;
        let refusal = if refuses {
            Some(Reason::PAIRING_NOT_SUPPORTED)
        } else if self.must_wait(now, index) {
            Some(Reason::REPEATED_ATTEMPTS)
        } else {
            (!request.are_in_range()).then_some(Reason::INVALID_PARAMETERS)
        };
        if let Some(reason) = refusal {
            return self.fail_pairing(now, index, reason);
        }
        let Some(Link { pairing, .. }) = self.links.get_mut(index) else { return };
        let bonds = request.requirements.contains(Requirements::BONDING);
        let keys = if bonds { pairing.terms.keys(self.state) } else { Keys::empty() };
        pairing.response = pairing.terms.features(keys);
        // 3.6.1: no more than was asked for.
        pairing.response.initiator_keys &= request.initiator_keys;
        pairing.response.responder_keys &= request.responder_keys;
        pairing.owed.insert(Send::RESPONSE);
        if let Err(reason) = self.agree(index) {
            return self.fail_pairing(now, index, reason);
        }
        let old = self.bond_at(index).map(crate::Bond::level);
        // What comes of the pairing counts, not what the peer says that it wants.
        let raises = |link: &Link| old.is_some_and(|old| old.is_weaker_than(&link.pairing.level()));
        if unused && let Some(link) = self.links.get_mut(index).filter(|link| !raises(link)) {
            // The peer would have encrypted with the key of the bond, if it had it: this pairing gives it no more.
            link.happened.insert(Happened::BOND_LOST);
            self.tell_link(index, LinkNews::LINK);
        }
        self.advance(now, index);
    }

    /// As initiator: Pairing Response of the peripheral.
    pub(super) fn on_pairing_response(&mut self, now: Instant, index: usize, response: &Features) {
        let Some(Link { pairing, .. }) = self.links.get_mut(index) else { return };
        if !pairing.owed.is_empty() {
            return self.fail_pairing(now, index, Reason::UNSPECIFIED_REASON);
        }
        if !response.are_in_range() {
            return self.fail_pairing(now, index, Reason::INVALID_PARAMETERS);
        }
        let request = pairing.request;
        // 3.6.1: no more than was asked for. LinkKey, and what is reserved, means nothing here.
        let known = Keys::ENCRYPTION | Keys::IDENTITY | Keys::SIGNING;
        let more = response.initiator_keys.difference(request.initiator_keys)
            | response.responder_keys.difference(request.responder_keys);
        if more.intersects(known) {
            return self.fail_pairing(now, index, Reason::INVALID_PARAMETERS);
        }
        pairing.response = *response;
        pairing.phase = Phase::Exchange;
        self.restart_timer(now, index);
        match self.agree(index) {
            Ok(()) => self.advance(now, index),
            Err(reason) => self.fail_pairing(now, index, reason),
        }
    }

    /// What follows from both sides' features, or why nothing does.
    fn agree(&mut self, index: usize) -> Result<(), Reason> {
        let room = self.frame_room;
        let Some(Link { pairing, .. }) = self.links.get_mut(index) else { return Err(Reason::UNSPECIFIED_REASON) };
        let Pairing { request, response, terms, .. } = &*pairing;
        let both = request.requirements & response.requirements;
        let secure = both.contains(Requirements::SECURE_CONNECTIONS);
        if !(if secure { terms.le_secure.may_be_secure() } else { terms.le_secure.may_be_legacy() }) {
            return Err(Reason::AUTHENTICATION_REQUIREMENTS);
        }
        if secure && room < LONGEST {
            return Err(Reason::PAIRING_NOT_SUPPORTED);
        }
        // 2.3.4: the shorter of both.
        let key_size = request.max_key_size.min(response.max_key_size);
        if key_size < terms.key_size {
            return Err(Reason::ENCRYPTION_KEY_SIZE);
        }
        let method = method(secure, pairing.initiates, request, response);
        let (ours, theirs) = if pairing.initiates {
            (request.oob_data, response.oob_data)
        } else {
            (response.oob_data, request.oob_data)
        };
        if terms.mitm && method == Method::JustWorks {
            return Err(Reason::AUTHENTICATION_REQUIREMENTS);
        }
        let bonds = both.contains(Requirements::BONDING) && terms.bond;
        let strict = terms.overwrite == Overwrite::EqualOrStronger;
        (pairing.key_size, pairing.secure_connections, pairing.method) = (key_size, secure, method);
        pairing.progress.set(Progress::SECRET, !method.is_passkey());
        if method == Method::OutOfBand {
            self.agree_out_of_band(index, ours, theirs)?;
        }
        let Some(Link { pairing, security, .. }) = self.links.get(index) else {
            return Err(Reason::UNSPECIFIED_REASON);
        };
        let level = pairing.level();
        let replaces = self.bond_at(index).filter(|_| bonds).is_some_and(|bond| level.is_weaker_than(&bond.level()));
        // Nor does a link that is encrypted well get worse, whether anything of it is kept or not.
        if strict && (replaces || level.is_weaker_than(security)) {
            return Err(Reason::AUTHENTICATION_REQUIREMENTS);
        }
        Ok(())
    }

    /// What came another way, of the peer and of us.
    fn agree_out_of_band(&mut self, index: usize, ours: OobData, theirs: OobData) -> Result<(), Reason> {
        let Some(Link { pairing, .. }) = self.links.get_mut(index) else { return Err(Reason::UNSPECIFIED_REASON) };
        let (secure, there) = (pairing.is_secure(), pairing.terms.oob.get());
        let Some(exchange) = pairing.exchange() else { return Err(Reason::UNSPECIFIED_REASON) };
        match there {
            _ if ours == OobData::NOT_PRESENT => {}
            Some(PeerOob::SecureConnections { random, .. }) if secure => exchange.secret = random,
            #[cfg(feature = "legacy-pairing")]
            Some(PeerOob::Legacy { key }) if !secure => exchange.secret = key,
            _ => return Err(Reason::OOB_NOT_AVAILABLE),
        }
        if secure && theirs == OobData::PRESENT {
            // The peer has what belongs to this key pair, which is used once.
            if !self.state.own_oob.give(exchange) {
                return Err(Reason::OOB_NOT_AVAILABLE);
            }
            pairing.progress.insert(Progress::PRIVATE | Progress::OWN_KEY);
            self.drop_controller_key(index);
        }
        Ok(())
    }

    /// We end a pairing, and say why.
    pub(super) fn fail_pairing(&mut self, now: Instant, index: usize, reason: Reason) {
        self.strike(now, index, reason);
        let Some(Link { pairing, .. }) = self.links.get_mut(index) else { return };
        pairing.reason = reason;
        pairing.owed.insert(Send::FAILED);
        pairing.has_failed = true;
        self.state.work = true;
        self.end_pairing(index, Error::PairingFailed(reason));
    }
}
