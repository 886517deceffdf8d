//! Encryption of a link: with a new key, with the key of a bond, and what the controller tells of it (Vol 3, Part H, 2.4.4;
//! Vol 4, Part E, 7.8.24-26, 7.7.8, 7.7.39).

#[cfg(feature = "legacy-pairing")]
use super::secrets::Secrets;
use super::{ControllerCurve, pairing::Phase};
use crate::{
    Core,
    bond::LongTermKey,
    crypto::toolbox,
    error::Error,
    event::{Happened, LinkNews},
    hci::Purpose,
    kept::Kept,
    link::{Link, Owed},
    security::Security,
    time::Instant,
};
use jelling_wire::{
    Secret, Writer,
    hci::{ConnectionHandle, Role, Status, command},
    smp::Reason,
};

/// How a link comes to be encrypted.
#[derive(Clone)]
pub(crate) struct Encryption {
    /// Of a pairing: the key it has made.
    pub(crate) new_key: [u8; 16],
    /// The key that goes to the controller next.
    key: [u8; 16],
    diversifier: u16,
    random: [u8; 8],
    /// What the link is when the controller says that it is encrypted: only with a key of ours.
    level: Kept<Security>,
    /// The key is that of the bond.
    of_bond: bool,
}

impl core::fmt::Debug for Encryption {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Encryption").field("level", &self.level).finish_non_exhaustive()
    }
}

impl Encryption {
    pub(crate) const NEW: Encryption = Encryption {
        new_key: [0; 16],
        key: [0; 16],
        diversifier: 0,
        random: [0; 8],
        level: Kept::none(Security::NONE),
        of_bond: false,
    };

    /// Takes the key that goes to the controller.
    fn take_key(&mut self) -> Secret<16> {
        let key = Secret(self.key);
        toolbox::wipe(&mut self.key);
        key
    }
}

impl Link {
    /// The link is down: what is secret of it is overwritten, and the controller works for another.
    pub(crate) fn lose_secrets(&mut self, curve: &mut ControllerCurve) {
        if self.pairing.in_controller {
            curve.release();
        }
        self.pairing.settle();
        toolbox::wipe(&mut self.encryption.new_key);
        toolbox::wipe(&mut self.encryption.key);
    }

    /// A key that the controller has not been told yet is not told any more.
    pub(super) fn forget_key(&mut self) {
        if self.owed.contains(Owed::ENCRYPT) {
            self.owed.remove(Owed::ENCRYPT);
            self.encryption.level.set(None);
        }
        if self.owed.contains(Owed::KEY_REPLY) {
            // The controller wants an answer in any case.
            self.owed.remove(Owed::KEY_REPLY);
            self.owed.insert(Owed::KEY_REFUSAL);
            self.encryption.level.set(None);
        }
    }
}

impl Core<'_> {
    /// Gives a link a key that the controller will be told, and says what it will be worth.
    fn set_key(&mut self, index: usize, key: &LongTermKey, level: Security, of_bond: bool) {
        let Some(link) = self.links.get_mut(index) else { return };
        let encryption = &mut link.encryption;
        (encryption.key, encryption.diversifier, encryption.random) = (key.key.0, key.diversifier, key.random);
        encryption.level.set(Some(level));
        encryption.of_bond = of_bond;
        link.owed.insert(if link.role == Role::Central { Owed::ENCRYPT } else { Owed::KEY_REPLY });
        self.state.work = true;
    }

    /// What a bond's key is worth.
    pub(super) fn bond_level(&self, index: usize) -> Option<Security> {
        let level = self.bond_at(index)?.level();
        let strong = level.authenticated && level.secure_connections && level.key_size == 16;
        (strong || !self.state.security().only).then_some(level)
    }

    /// As central: encrypts with the key of the bond.
    pub(super) fn begin_encryption(&mut self, now: Instant, index: usize) -> Result<(), Error> {
        self.set_bond_key(index, None).ok_or(Error::NotBonded)?;
        if let Some(link) = self.links.get_mut(index) {
            link.pairing.phase = Phase::Restoring;
        }
        self.restart_timer(now, index);
        Ok(())
    }

    /// Gives a link the key of its bond, if there is one for its role, and it is the one that the peer asks for.
    #[inline(never)]
    fn set_bond_key(&mut self, index: usize, asked: Option<(u16, [u8; 8])>) -> Option<()> {
        let role = self.links.get(index)?.role;
        let bond = self.bond_at(index)?;
        let key = (if role == Role::Central { bond.central_key } else { bond.peripheral_key })?;
        if asked.is_some_and(|asked| asked != (key.diversifier, key.random)) {
            return None;
        }
        let level = self.bond_level(index)?;
        self.set_key(index, &key, level, true);
        Some(())
    }

    /// The bond of a link's peer goes: a key of it that the controller has not been told yet is not told any more.
    pub(crate) fn withdraw_key(&mut self, index: usize) {
        let Some(link) = self.links.get_mut(index).filter(|link| link.is_up() && link.encryption.of_bond) else {
            return;
        };
        link.forget_key();
        if link.pairing.phase == Phase::Restoring && link.encryption.level.get().is_none() {
            self.end_pairing(index, Error::NotBonded);
        }
    }

    /// Phase 2 is over: both have the same key.
    pub(super) fn encrypt_with_new_key(&mut self, now: Instant, index: usize) {
        #[cfg(feature = "legacy-pairing")]
        self.make_short_term_key(index);
        let Some(link) = self.links.get_mut(index) else { return };
        let pairing = &mut link.pairing;
        pairing.phase = Phase::Encrypting;
        pairing.wipe();
        let initiates = pairing.initiates;
        // 2.3.4: what is beyond the agreed size is zero.
        let kept = usize::from(pairing.key_size);
        for octet in link.encryption.new_key.iter_mut().skip(kept) {
            *octet = 0;
        }
        self.restart_timer(now, index);
        if initiates {
            self.give_new_key(index);
        }
    }

    fn give_new_key(&mut self, index: usize) {
        let Some(link) = self.links.get(index) else { return };
        let level = link.pairing.level();
        let key = LongTermKey { key: Secret(link.encryption.new_key), ..LongTermKey::NONE };
        self.set_key(index, &key, level, false);
    }

    /// STK (2.3.5.5).
    #[cfg(feature = "legacy-pairing")]
    fn make_short_term_key(&mut self, index: usize) {
        let Some(Link { pairing, encryption, .. }) = self.links.get_mut(index) else { return };
        if pairing.is_secure() {
            return;
        }
        let Secrets::Exchange(e) = &pairing.secrets else { return };
        let (initiators, responders) =
            if pairing.initiates { (&e.own_random, &e.peer_random) } else { (&e.peer_random, &e.own_random) };
        encryption.new_key = toolbox::s1(&e.secret, responders, initiators);
    }

    /// As peripheral: the controller needs the key that the central begins to encrypt with. It is answered from slots, at once.
    pub(crate) fn on_key_request(&mut self, index: usize, random: [u8; 8], diversifier: u16) {
        let Some(link) = self.links.get(index) else { return };
        if link.role == Role::Central {
            // It is the peripheral's controller that asks (Vol 4, Part E, 7.7.65.5).
            return crate::counters::count(&mut self.state.counters.unexpected);
        }
        let (phase, made_by_both) = (link.pairing.phase, random == [0; 8] && diversifier == 0);
        match phase {
            Phase::Encrypting if made_by_both => return self.give_new_key(index),
            // In the middle of a pairing the central has no business with an older key.
            Phase::Response | Phase::Exchange | Phase::Encrypting | Phase::Keys => {}
            _ if self.set_bond_key(index, Some((diversifier, random))).is_some() => return,
            _ => {}
        }
        if let Some(link) = self.links.get_mut(index) {
            // There is no key: the peer learns it at once (Vol 6, Part B, 5.1.3.1).
            link.owed.insert(Owed::KEY_REFUSAL);
        }
    }

    /// The next command of a link that is to be encrypted.
    pub(crate) fn next_encryption(&mut self, w: &mut Writer<'_>) -> Option<Purpose> {
        let due = Owed::ENCRYPT | Owed::KEY_REPLY;
        let link = self.links.iter_mut().find(|l| l.is_up() && l.owed.intersects(due))?;
        let handle = link.handle;
        if link.owed.contains(Owed::KEY_REPLY) {
            link.owed.remove(Owed::KEY_REPLY);
            let key = link.encryption.take_key();
            command::open(&command::LeLongTermKeyRequestReply { handle, key }, w);
        } else {
            link.owed.remove(Owed::ENCRYPT);
            let Encryption { random, diversifier, .. } = link.encryption;
            let key = link.encryption.take_key();
            command::open(&command::LeEnableEncryption { handle, random, diversifier, key }, w);
        }
        Some(Purpose::Encrypt(handle))
    }

    /// The controller refused to begin.
    pub(crate) fn on_encryption_refused(&mut self, now: Instant, handle: ConnectionHandle, status: Status) {
        if status.is_success() {
            return;
        }
        if let Some(index) = self.links.iter().position(|l| l.is_up() && l.handle == handle) {
            self.on_encryption(now, index, status, false);
        }
    }

    /// The controller tells whether the link is encrypted.
    pub(crate) fn on_encryption(&mut self, now: Instant, index: usize, status: Status, enabled: bool) {
        let (Some(id), Some(link)) = (self.link_id(index), self.links.get_mut(index)) else { return };
        let has_key = !link.owed.intersects(Owed::ENCRYPT | Owed::KEY_REPLY);
        if !has_key && (enabled || !status.is_success()) {
            // The controller does not have the key yet: what it tells is not of that.
            return crate::counters::count(&mut self.state.counters.unexpected);
        }
        let level = if has_key { link.encryption.level.take() } else { None };
        let phase = link.pairing.phase;
        let of_bond = has_key && core::mem::take(&mut link.encryption.of_bond);
        if !status.is_success() {
            // What it was encrypted with before still holds, or the link ends.
            return self.encryption_failed(index, status);
        }
        let before = link.security;
        let security = match (level, enabled) {
            // Who is encrypted with another key than the bond's has not shown to be the one that the bond is with, whatever address
            // it uses.
            (Some(level), true) => Security { bonded: before.bonded && of_bond, ..level },
            // With a key that we have not given it is worth nothing.
            (None, true) => {
                crate::counters::count(&mut self.state.counters.unexpected);
                return;
            }
            (_, false) => Security { bonded: before.bonded, ..Security::NONE },
        };
        let _ = self.set_security(id, security);
        if !enabled && phase == Phase::Keys {
            // 2.4.3: keys go over an encrypted link alone.
            return self.fail_pairing(now, index, Reason::UNSPECIFIED_REASON);
        }
        if !enabled {
            return self.encryption_failed(index, status);
        }
        if of_bond {
            self.on_encrypted(index);
        } else {
            self.leave_bond(index);
        }
        match phase {
            // With the key of a bond, that was asked for before: the new one is still to come.
            Phase::Encrypting if of_bond => {}
            Phase::Encrypting => {
                let Some(Link { pairing, happened, .. }) = self.links.get_mut(index) else { return };
                pairing.phase = Phase::Keys;
                // The level holds from now on; it is told when it is known whether it is kept.
                happened.remove(Happened::SECURITY);
                let _ = pairing.distribution();
                self.restart_timer(now, index);
                self.advance_keys(now, index);
            }
            Phase::Restoring => self.finish_pairing(index),
            Phase::Asked => {
                let meets = self.links.get(index).is_some_and(|link| {
                    (of_bond && link.pairing.only_encrypts) || link.pairing.terms.are_met(&security)
                });
                if meets {
                    self.finish_pairing(index);
                }
            }
            _ => {}
        }
    }

    fn encryption_failed(&mut self, index: usize, status: Status) {
        let Some(link) = self.links.get_mut(index) else { return };
        let error = match (link.pairing.phase, status) {
            (Phase::Restoring, Status::PIN_OR_KEY_MISSING) => {
                link.happened.insert(Happened::BOND_LOST);
                self.tell_link(index, LinkNews::LINK);
                Error::BondLost
            }
            (Phase::Restoring | Phase::Encrypting, _) => Error::EncryptionFailed(status),
            _ => return,
        };
        self.end_pairing(index, error);
    }
}
