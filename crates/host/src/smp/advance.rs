//! A pairing goes on as far as it can: what the rules say is next is done, what is missing is drawn or given out as a job.

use super::{
    exchange::Move,
    pairing::{Method, Pairing, Phase, Progress, Prompt, Send},
    secrets::{Exchange, Secrets},
    settings::{Overwrite, PeerOob},
};
use crate::{
    Core,
    crypto::{PublicKey, toolbox},
    event::{HostNews, LinkNews},
    link::Link,
    time::{Deadline, Instant},
};
use core::time::Duration;
use jelling_wire::{
    Address,
    smp::{Features, OobData, Reason},
};

/// How long a pairing may make no progress (Vol 3, Part H, 3.4).
const TIMEOUT: Duration = Duration::from_secs(30);

/// What a side has told, and who it is.
struct Side<'l> {
    address: &'l Address,
    features: &'l Features,
    x: &'l [u8; 32],
    random: &'l [u8; 16],
}

fn check_octets(features: &Features) -> [u8; 3] {
    [features.io_capability.0, features.oob_data.0, features.requirements.bits()]
}

impl Core<'_> {
    /// The timer of the Security Manager begins anew with each PDU.
    pub(super) fn restart_timer(&mut self, now: Instant, index: usize) {
        if let Some(link) = self.links.get_mut(index) {
            self.state.sooner.set(&mut link.pairing.deadline, Deadline::after(now, TIMEOUT));
        }
    }

    /// Goes on as far as it can.
    pub(super) fn advance(&mut self, now: Instant, index: usize) {
        // Each move changes what the next one is; a pairing has less of them than this.
        for _ in 0..16 {
            if !self.draw_missing(index) {
                return;
            }
            let next = self.links.get(index).and_then(|link| link.pairing.next_move());
            match next {
                Some(next) => self.make(now, index, next),
                None => break,
            }
        }
        self.advance_keys(now, index);
    }

    /// Draws what is missing. False when the pairing is over.
    fn draw_missing(&mut self, index: usize) -> bool {
        let Some(Link { pairing, .. }) = self.links.get_mut(index) else { return false };
        if !pairing.is_pairing() {
            return false;
        }
        if pairing.wants_key_pair() && !pairing.progress.contains(Progress::PRIVATE) {
            if self.wants_controller_key(index) {
                return true;
            }
            let Some(Link { pairing, .. }) = self.links.get_mut(index) else { return false };
            if !pairing.exchange().is_some_and(|exchange| self.state.random.fill(&mut exchange.private)) {
                return true;
            }
            pairing.progress.insert(Progress::PRIVATE);
            self.tell_jobs();
        }
        self.advance_curve(index);
        let Some(Link { pairing, .. }) = self.links.get_mut(index) else { return false };
        if pairing.phase != Phase::Exchange || pairing.progress.contains(Progress::STAGE_1) {
            return true;
        }
        // The passkey that we show; it is drawn when both keys are there, so that its time is not spent in vain.
        let keys = !pairing.is_secure() || pairing.progress.contains(Progress::KEY_CHECKED);
        if pairing.method.is_passkey() && !pairing.progress.contains(Progress::SECRET) && keys {
            if pairing.method == Method::Type {
                if pairing.prompt == Prompt::None {
                    self.ask(index);
                }
            } else if let Some(octets) = self.state.random.draw::<8>() {
                // 64 bits, so that no passkey is likelier than another by more than 2^-44; octet by octet, as 64 bits are not divided.
                let passkey =
                    octets.iter().rev().fold(0_u32, |rest, octet| (rest << 8 | u32::from(*octet)) % 1_000_000);
                let Some(Link { pairing, .. }) = self.links.get_mut(index) else { return false };
                if let Some(exchange) = pairing.exchange() {
                    exchange.secret = u128::from(passkey).to_le_bytes();
                }
                pairing.progress.insert(Progress::SECRET);
                self.ask(index);
            }
        }
        let Some(Link { pairing, .. }) = self.links.get_mut(index) else { return false };
        if !pairing.progress.contains(Progress::NONCE)
            && pairing.exchange().is_some_and(|exchange| self.state.random.fill(&mut exchange.own_random))
        {
            pairing.progress.insert(Progress::NONCE);
        }
        true
    }

    fn ask(&mut self, index: usize) {
        if let Some(Link { pairing, .. }) = self.links.get_mut(index) {
            pairing.prompt = Prompt::Waiting;
            self.state.news |= HostNews::PASSKEY;
        }
    }

    fn make(&mut self, now: Instant, index: usize, next: Move) {
        match next {
            Move::SendKey => self.send(index, Send::PUBLIC_KEY, Progress::KEY_SENT),
            Move::SendConfirm => self.send(index, Send::CONFIRM, Progress::CONFIRM_SENT),
            Move::SendRandom => self.send(index, Send::RANDOM, Progress::RANDOM_SENT),
            Move::SendCheck => self.send(index, Send::CHECK, Progress::CHECK_SENT),
            Move::AskToCompare => self.ask(index),
            Move::Verify => {
                let expected = self.confirm_value(index, Whose::Peer);
                self.verify(now, index, expected, Progress::VERIFIED, Reason::CONFIRM_VALUE_FAILED);
            }
            Move::EndRound => {
                let Some(Link { pairing, .. }) = self.links.get_mut(index) else { return };
                pairing.round = pairing.round.saturating_add(1);
                if pairing.round < pairing.rounds() {
                    pairing.progress.remove(Progress::ROUND);
                } else {
                    pairing.progress.insert(Progress::STAGE_1);
                    if pairing.method.is_passkey() {
                        // What was shown has served.
                        pairing.prompt = Prompt::None;
                    }
                }
            }
            Move::Derive => self.derive(index),
            Move::VerifyCheck => {
                let expected = self.check_value(index, Whose::Peer);
                self.verify(now, index, expected, Progress::CHECK_VERIFIED, Reason::DHKEY_CHECK_FAILED);
            }
            Move::Encrypt => self.encrypt_with_new_key(now, index),
        }
    }

    /// Holds what the peer gave against what it must be.
    fn verify(&mut self, now: Instant, index: usize, expected: Option<[u8; 16]>, verified: Progress, reason: Reason) {
        let Some(Link { pairing, .. }) = self.links.get_mut(index) else { return };
        let Some(exchange) = pairing.exchange() else { return };
        if expected.is_some_and(|expected| toolbox::equal(&expected, &exchange.peer_value)) {
            pairing.progress.insert(verified);
        } else {
            self.fail_pairing(now, index, reason);
        }
    }

    fn send(&mut self, index: usize, pdu: Send, sent: Progress) {
        if let Some(Link { pairing, .. }) = self.links.get_mut(index) {
            pairing.owed.insert(pdu);
            pairing.progress.insert(sent);
            self.state.work = true;
        }
    }

    /// The confirm value of one side, in the round that goes on (2.3.5.5, 2.3.5.6.2, 2.3.5.6.3).
    pub(super) fn confirm_value(&mut self, index: usize, whose: Whose) -> Option<[u8; 16]> {
        let link = self.links.get(index)?;
        let (exchange, [side, other]) = link.sides(whose)?;
        let pairing = &link.pairing;
        if !pairing.is_secure() {
            return legacy_confirm(link, &exchange.secret, side.random);
        }
        let z = if pairing.method.is_passkey() {
            let [a, b, c, d, ..] = exchange.secret;
            let passkey = u32::from_le_bytes([a, b, c, d]);
            0x80 | u8::from(passkey.checked_shr(u32::from(pairing.round)).unwrap_or(0) & 1 == 1)
        } else {
            0
        };
        Some(toolbox::f4(side.x, other.x, side.random, z))
    }

    /// The check of one side (2.3.5.6.5).
    pub(super) fn check_value(&mut self, index: usize, whose: Whose) -> Option<[u8; 16]> {
        let link = self.links.get(index)?;
        let (e, [side, other]) = link.sides(whose)?;
        // r: the passkey of both; or the random value that whoever gives the check has of the other out of band.
        let r = match link.pairing.method {
            Method::Show | Method::Type => &e.secret,
            Method::OutOfBand if side.features.oob_data != OobData::PRESENT => &[0; 16],
            Method::OutOfBand if whose == Whose::Own => &e.secret,
            Method::OutOfBand => &e.own_oob,
            Method::JustWorks | Method::Comparison => &[0; 16],
        };
        let io = check_octets(side.features);
        Some(toolbox::f6(&e.mac_key, side.random, other.random, r, io, side.address, other.address))
    }

    /// MacKey and long term key (2.3.5.6.5).
    fn derive(&mut self, index: usize) {
        let Some(link) = self.links.get_mut(index) else { return };
        let Some((e, [a, b])) = link.sides(Whose::Initiator) else { return };
        let (mac_key, key) = toolbox::f5(&e.shared, a.random, b.random, a.address, b.address);
        link.encryption.new_key = key;
        let Some(e) = link.pairing.exchange() else { return };
        e.mac_key = mac_key;
        toolbox::wipe(&mut e.shared);
        toolbox::wipe(&mut e.private);
        link.pairing.progress.insert(Progress::DERIVED);
    }

    /// What both show, once both random values are known (2.3.5.6.2).
    pub(super) fn comparison(&self, index: usize) -> Option<u32> {
        let (_, [a, b]) = self.links.get(index)?.sides(Whose::Initiator)?;
        Some(toolbox::g2(a.x, b.x, a.random, b.random))
    }

    /// The peer's public key has come. False when the pairing has failed of it (2.3.5.6.1).
    pub(super) fn may_use_key(&mut self, now: Instant, index: usize) -> bool {
        let settings = self.state.security();
        let allows_debug = settings.debug_keys && !settings.only;
        let Some(Link { pairing, security, .. }) = self.links.get_mut(index) else { return false };
        let has_own = pairing.progress.contains(Progress::OWN_KEY);
        let Some(exchange) = pairing.exchange() else { return false };
        let peer = exchange.peer;
        // With our own X, whatever Y: a reflection would know no secret, and yet pass each check.
        let reflected = has_own && toolbox::equal(&peer.x, &exchange.own.x);
        let debug = peer.x == PublicKey::DEBUG.x;
        if reflected || (debug && !allows_debug) {
            self.fail_pairing(now, index, Reason::INVALID_PARAMETERS);
            return false;
        }
        pairing.is_debug = debug;
        if debug && pairing.terms.overwrite == Overwrite::EqualOrStronger && pairing.level().is_weaker_than(security) {
            self.fail_pairing(now, index, Reason::AUTHENTICATION_REQUIREMENTS);
            return false;
        }
        // 2.3.5.6.4: whoever has the peer's confirm value holds its key against it.
        if pairing.method == Method::OutOfBand
            && let Some(PeerOob::SecureConnections { confirm, random }) = pairing.terms.oob.get()
            && !toolbox::equal(&toolbox::f4(&peer.x, &peer.x, &random, 0), &confirm)
        {
            self.fail_pairing(now, index, Reason::CONFIRM_VALUE_FAILED);
            return false;
        }
        self.tell_jobs();
        true
    }

    /// The timer of 30 s ran out (3.4): the pairing has failed, and nothing more is said on this link.
    pub(crate) fn pairing_timeout(&mut self, now: Instant) {
        for index in 0..self.links.len() {
            let Some(link) = self.links.get_mut(index) else { return };
            if !link.is_up() || !link.pairing.deadline.is_due(now) {
                continue;
            }
            link.pairing.is_dead = link.pairing.is_pairing();
            crate::counters::count(&mut self.state.counters.timeouts);
            self.end_pairing(index, crate::Error::Timeout);
            self.tell_link(index, LinkNews::LINK);
        }
    }
}

/// Of which side a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Whose {
    Own,
    Peer,
    /// One of the two.
    Initiator,
}

impl Link {
    /// What phase 2 works with: this side first, then the other.
    #[inline(never)]
    fn sides(&self, first: Whose) -> Option<(&Exchange, [Side<'_>; 2])> {
        let Pairing { secrets: Secrets::Exchange(e), request, response, initiates, .. } = &self.pairing else {
            return None;
        };
        let (ours, theirs) = if *initiates { (request, response) } else { (response, request) };
        let own = Side { address: &self.own, features: ours, x: &e.own.x, random: &e.own_random };
        let peer = Side { address: &self.peer, features: theirs, x: &e.peer.x, random: &e.peer_random };
        let is_own = first == Whose::Own || (first == Whose::Initiator && *initiates);
        Some((e, if is_own { [own, peer] } else { [peer, own] }))
    }
}

#[cfg(feature = "legacy-pairing")]
fn legacy_confirm(link: &Link, secret: &[u8; 16], random: &[u8; 16]) -> Option<[u8; 16]> {
    let pairing = &link.pairing;
    let (initiator, responder) = if pairing.initiates { (link.own, link.peer) } else { (link.peer, link.own) };
    let request = super::transmit::octets(&jelling_wire::smp::Pdu::PairingRequest { features: pairing.request });
    let response = super::transmit::octets(&jelling_wire::smp::Pdu::PairingResponse { features: pairing.response });
    Some(toolbox::c1(secret, random, &request, &response, initiator, responder))
}

#[cfg(not(feature = "legacy-pairing"))]
fn legacy_confirm(_: &Link, _: &[u8; 16], _: &[u8; 16]) -> Option<[u8; 16]> {
    None
}
