//! Phase 3: keys are handed over, and when all have come and gone, and not before, they count (Vol 3, Part H, 2.4.3 and 3.6).

use super::{
    is_identity,
    pairing::{Handed, Phase},
    secrets::Secrets,
    settings::Overwrite,
};
use crate::{
    Core,
    bond::{Bond, LongTermKey, SigningKey},
    crypto::toolbox,
    error::Error,
    event::{Happened, HostNews, LinkNews},
    link::Link,
    time::Instant,
};
use jelling_wire::{
    Secret,
    smp::{Reason, Requirements},
};

impl Core<'_> {
    /// Phase 3 goes on as far as it can.
    pub(super) fn advance_keys(&mut self, now: Instant, index: usize) {
        let Some(Link { pairing, .. }) = self.links.get_mut(index) else { return };
        if pairing.phase != Phase::Keys {
            return;
        }
        let (theirs, ours, initiates) = (pairing.peer_hands(), pairing.we_hand(), pairing.initiates);
        let Secrets::Distribution(keys) = &pairing.secrets else { return };
        let (got, begun) = (keys.got, keys.begun);
        // The responder's go first.
        if !begun && (!initiates || got == theirs) {
            if !self.draw_keys(index, ours) {
                return;
            }
            let Some(Link { pairing, .. }) = self.links.get_mut(index) else { return };
            pairing.owed.remove(Handed::all().owed());
            pairing.owed.insert(ours.owed());
            if let Some(keys) = pairing.distribution() {
                keys.begun = true;
            }
            self.state.work = true;
        }
        let Some(Link { pairing, .. }) = self.links.get_mut(index) else { return };
        let begun = matches!(&pairing.secrets, Secrets::Distribution(keys) if keys.begun);
        if begun && pairing.owed.is_empty() && got == theirs {
            self.complete(now, index);
        }
    }

    /// Draws the keys that we hand over. False while octets are missing.
    fn draw_keys(&mut self, index: usize, ours: Handed) -> bool {
        if ours.contains(Handed::IDENTITY) && !self.draw_identity_key() {
            return false;
        }
        let Some(Link { pairing, .. }) = self.links.get_mut(index) else { return false };
        #[cfg(feature = "legacy-pairing")]
        let size = usize::from(pairing.key_size);
        let Some(keys) = pairing.distribution() else { return false };
        #[cfg(feature = "legacy-pairing")]
        if ours.contains(Handed::ENCRYPTION) && !keys.drawn.contains(Handed::ENCRYPTION) {
            let Some(octets) = self.state.random.draw::<26>() else { return false };
            let (key, rest) = octets.split_at(16);
            let (diversifier, random) = rest.split_at(2);
            jelling_wire::copy(&mut keys.own_key.key.0, key);
            // 2.3.4: what is beyond the agreed size is zero.
            keys.own_key.key.0.iter_mut().skip(size).for_each(|octet| *octet = 0);
            if let [low, high] = *diversifier {
                keys.own_key.diversifier = u16::from_le_bytes([low, high]);
            }
            jelling_wire::copy(&mut keys.own_key.random, random);
            keys.drawn.insert(Handed::ENCRYPTION);
        }
        if ours.contains(Handed::SIGNING) && !keys.drawn.contains(Handed::SIGNING) {
            if !self.state.random.fill(&mut keys.own_signing) {
                return false;
            }
            keys.drawn.insert(Handed::SIGNING);
        }
        true
    }

    /// Draws our own IRK, which is the same for all peers.
    pub(crate) fn draw_identity_key(&mut self) -> bool {
        if !self.lacks_identity_key() {
            return true;
        }
        let is_drawn = self.state.random.fill(&mut self.state.bonding.identity_key.0);
        if !self.lacks_identity_key() {
            self.identity_changed();
        }
        is_drawn
    }

    /// All keys have come and gone: the pairing is done.
    fn complete(&mut self, now: Instant, index: usize) {
        let authenticated = self.links.get(index).is_some_and(|link| link.pairing.level().authenticated);
        match self.new_bond(index) {
            None => self.pairing_not_kept(index),
            Some(bond) => {
                let strict =
                    self.links.get(index).is_some_and(|l| l.pairing.terms.overwrite == Overwrite::EqualOrStronger);
                if !self.may_replace_bonds(index, &bond, strict) {
                    return self.fail_pairing(now, index, Reason::AUTHENTICATION_REQUIREMENTS);
                }
                if let Err(error) = self.keep_bond(index, bond) {
                    // The link is as secure as it is; but nothing of it is kept.
                    self.pairing_not_kept(index);
                    return self.end_pairing(index, error);
                }
                self.on_encrypted(index);
            }
        }
        if authenticated {
            self.forgive(index);
        }
        self.finish_pairing(index);
    }

    /// What is to be kept of a pairing, where both want to keep it and can find each other again.
    fn new_bond(&mut self, index: usize) -> Option<Bond> {
        let Link { peer: on_air, encryption, pairing, .. } = self.links.get(index)?;
        let (on_air, level) = (*on_air, pairing.level());
        let both = pairing.request.requirements & pairing.response.requirements;
        let Secrets::Distribution(keys) = &pairing.secrets else { return None };
        if !both.contains(Requirements::BONDING) || !pairing.terms.bond || pairing.is_debug {
            return None;
        }
        let (ours, theirs) = (pairing.we_hand(), pairing.peer_hands());
        // Who shows an identity on the air is found by that again, whoever else it says to be.
        let peer = if theirs.contains(Handed::ADDRESS) && !is_identity(on_air) { keys.peer_address } else { on_air };
        if !is_identity(peer) {
            return None;
        }
        let mut bond = Bond::new(peer);
        bond.authenticated = level.authenticated;
        bond.secure_connections = level.secure_connections;
        bond.key_size = level.key_size;
        if pairing.is_secure() {
            bond.central_key = Some(LongTermKey { key: Secret(encryption.new_key), ..LongTermKey::NONE });
            bond.peripheral_key = bond.central_key;
        }
        #[cfg(feature = "legacy-pairing")]
        if !pairing.is_secure() {
            bond.central_key = theirs.contains(Handed::ENCRYPTION).then_some(keys.peer_key);
            bond.peripheral_key = ours.contains(Handed::ENCRYPTION).then_some(keys.own_key);
            if bond.central_key.is_none() && bond.peripheral_key.is_none() {
                return None;
            }
        }
        if keys.peer_identity_key != [0; 16] {
            bond.identity_key = Some(Secret(keys.peer_identity_key));
        }
        if ours.contains(Handed::SIGNING) {
            bond.own_signing = Some(SigningKey { key: Secret(keys.own_signing), counter: 0 });
        }
        if theirs.contains(Handed::SIGNING) {
            bond.peer_signing = Some(SigningKey { key: Secret(keys.peer_signing), counter: 0 });
        }
        // Who shows its identity is found without an IRK. Of that which another peer has, because it came with the software of both,
        // or because it was overheard, it would take the other's place.
        if is_identity(on_air) && self.shares_identity_key(&bond) {
            bond.identity_key = None;
        }
        Some(bond)
    }

    /// It went well: who waits is told.
    pub(super) fn finish_pairing(&mut self, index: usize) {
        let Some(link) = self.links.get_mut(index) else { return };
        toolbox::wipe(&mut link.encryption.new_key);
        let pairing = &mut link.pairing;
        if pairing.is_attended() {
            pairing.waits = false;
            pairing.went_well = true;
        }
        self.settle_pairing(index);
    }

    /// It is over, and did not go well: who waits is told, or else the connection.
    pub(crate) fn end_pairing(&mut self, index: usize, error: Error) {
        let Some(link) = self.links.get_mut(index) else { return };
        toolbox::wipe(&mut link.encryption.new_key);
        let pairing = &mut link.pairing;
        if pairing.is_attended() {
            pairing.waits = false;
            pairing.went_wrong.set(Some(error));
        } else if pairing.is_pairing() {
            pairing.failure.set(Some(error));
            link.happened.insert(Happened::PAIRING_FAILED);
        }
        self.settle_pairing(index);
    }

    fn settle_pairing(&mut self, index: usize) {
        let Some(link) = self.links.get_mut(index) else { return };
        link.forget_key();
        if link.pairing.phase == Phase::Keys {
            link.happened.insert(Happened::SECURITY);
        }
        let asked = link.pairing.prompt != super::pairing::Prompt::None;
        let in_controller = link.pairing.in_controller;
        link.pairing.settle();
        if in_controller {
            self.state.curve.release();
        }
        if asked {
            self.state.news |= HostNews::PASSKEY;
        }
        self.tell_link(index, LinkNews::LINK);
    }
}
