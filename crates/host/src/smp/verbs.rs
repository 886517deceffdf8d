//! What an application does with pairing: begins it, waits for it, gives it up, answers for its user.

use super::{
    PairSettings, Terms,
    pairing::{Method, Phase, Prompt, Send},
};
use crate::{
    Core,
    error::Error,
    event::{Happened, LinkNews},
    kept::Kept,
    link::{Link, LinkId},
    security::Security,
    time::Instant,
};
use core::task::Poll;
use jelling_wire::{hci::Role, smp::Reason};

/// A pairing, or an encryption, that a verb began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct PairTicket {
    pub(crate) link: LinkId,
    pub(crate) number: u16,
}

/// What the peer has to know out of band before it pairs with us (Vol 3, Part H, 2.3.5.6.4). In the order of the air.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct OwnOob {
    /// f4 of our public key and `random`.
    pub confirm: [u8; 16],
    /// Our random value: a secret.
    pub random: [u8; 16],
}

impl core::fmt::Debug for OwnOob {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("OwnOob")
    }
}

impl Core<'_> {
    /// Begins to pair, or, where there is a bond that is as good as what is asked for, to encrypt with its key. A central sends Pairing
    /// Request, a peripheral Security Request. `Busy` while something of the kind is under way on the link: wait for the
    /// link and ask again.
    pub fn pair(&mut self, now: Instant, id: LinkId, settings: &PairSettings) -> Result<PairTicket, Error> {
        let mut terms = Terms::of(settings);
        terms.hold_to(self.state.security().only);
        let index = usize::from(id.index());
        let link = self.may_begin_pairing(id)?;
        let (role, security) = (link.role, link.security);
        let enough = security.encrypted && terms.are_met(&security) && (security.bonded || !terms.bond);
        let usable = self.bond_level(index).is_some_and(|level| terms.are_met(&level))
            && self.bond_at(index).is_some_and(|bond| bond.central_key.is_some());
        if !enough && role == Role::Central && !usable && self.must_wait(now, index) {
            return Err(Error::PairingFailed(Reason::REPEATED_ATTEMPTS));
        }
        let ticket = self.attend(id, false)?;
        match role {
            _ if enough => self.finish_pairing(index),
            Role::Central if usable && self.begin_encryption(now, index).is_ok() => {}
            Role::Central => self.send_pairing_request(now, index, &terms),
            Role::Peripheral => self.send_security_request(now, index, &terms),
        }
        Ok(ticket)
    }

    /// Begins to encrypt with the key of the bond that there is with the peer: a central does, a peripheral asks for it. `NotBonded`
    /// where there is none, or none that this role can use.
    pub fn encrypt(&mut self, now: Instant, id: LinkId) -> Result<PairTicket, Error> {
        let index = usize::from(id.index());
        let link = self.may_begin_pairing(id)?;
        let (role, encrypted) = (link.role, link.security.encrypted);
        let bond = self.bond_at(index).ok_or(Error::NotBonded)?;
        let key = if role == Role::Central { bond.central_key } else { bond.peripheral_key };
        let authenticated = bond.authenticated;
        if key.is_none() || self.bond_level(index).is_none() {
            return Err(Error::NotBonded);
        }
        let ticket = self.attend(id, true)?;
        if encrypted {
            self.finish_pairing(index);
        } else if role == Role::Central {
            if let Err(error) = self.begin_encryption(now, index) {
                self.end_pairing(index, error);
            }
        } else {
            let settings = PairSettings { mitm: authenticated, key_size: 7, ..PairSettings::new() };
            self.send_security_request(now, index, &Terms::of(&settings));
            if let Ok(link) = self.link_mut(id) {
                link.pairing.only_encrypts = true;
            }
        }
        Ok(ticket)
    }

    fn may_begin_pairing(&mut self, id: LinkId) -> Result<&Link, Error> {
        let link = self.link(id)?;
        if link.is_leaving() {
            return Err(Error::Disconnected);
        }
        if link.pairing.is_dead {
            return Err(Error::Timeout);
        }
        let told = !link.pairing.went_well && link.pairing.went_wrong.get().is_none();
        if link.pairing.phase != Phase::Idle || link.pairing.waits || !told {
            return Err(Error::Busy);
        }
        Ok(link)
    }

    /// A verb waits for what begins now.
    fn attend(&mut self, id: LinkId, only_encrypts: bool) -> Result<PairTicket, Error> {
        let pairing = &mut self.link_mut(id)?.pairing;
        pairing.number = pairing.number.wrapping_add(1);
        pairing.ticket = pairing.number;
        pairing.waits = true;
        pairing.only_encrypts = only_encrypts;
        let number = pairing.number;
        self.state.work = true;
        Ok(PairTicket { link: id, number })
    }

    /// As peripheral: Security Request (Vol 3, Part H, 2.4.6).
    fn send_security_request(&mut self, now: Instant, index: usize, terms: &Terms) {
        self.begin_slot(now, index, Phase::Asked);
        if let Some(Link { pairing, .. }) = self.links.get_mut(index) {
            pairing.terms = *terms;
            pairing.owed.insert(Send::SECURITY_REQUEST);
        }
    }

    /// How it ended. Told once.
    pub fn pair_outcome(&mut self, ticket: PairTicket) -> Poll<Result<Security, Error>> {
        let link = match self.link_mut(ticket.link) {
            Ok(link) => link,
            Err(error) => return Poll::Ready(Err(error)),
        };
        let security = link.security;
        let pairing = &mut link.pairing;
        if pairing.ticket != ticket.number {
            return Poll::Ready(Err(Error::Stale));
        }
        let outcome = match pairing.went_wrong.take() {
            Some(error) => Err(error),
            None if core::mem::take(&mut pairing.went_well) => Ok(security),
            None if pairing.waits => return Poll::Pending,
            None => Err(Error::Stale),
        };
        // Who had found it busy is told.
        self.tell_link(usize::from(ticket.link.index()), LinkNews::LINK);
        Poll::Ready(outcome)
    }

    /// Gives it up: the peer is told, and nothing is kept. Encryption that has begun goes on.
    pub fn cancel_pair(&mut self, now: Instant, ticket: PairTicket) {
        let Ok(link) = self.link_mut(ticket.link) else { return };
        let pairing = &mut link.pairing;
        if pairing.ticket != ticket.number {
            return;
        }
        pairing.went_well = false;
        pairing.went_wrong.set(None);
        let goes_on = pairing.is_attended();
        pairing.waits = false;
        let index = usize::from(ticket.link.index());
        match pairing.phase {
            _ if !goes_on => {}
            Phase::Asked => self.end_pairing(index, Error::Timeout),
            Phase::Idle | Phase::Restoring => {}
            _ => {
                let reason = match (pairing.prompt, pairing.method) {
                    (Prompt::None, _) => Reason::UNSPECIFIED_REASON,
                    (_, Method::Comparison) => Reason::NUMERIC_COMPARISON_FAILED,
                    _ => Reason::PASSKEY_ENTRY_FAILED,
                };
                self.fail_pairing(now, index, reason);
                if let Ok(link) = self.link_mut(ticket.link) {
                    // Who gives up knows.
                    link.happened.remove(Happened::PAIRING_FAILED);
                }
            }
        }
        // Who had found it busy is told.
        self.tell_link(index, LinkNews::LINK);
    }

    /// What the peer of a link may begin, instead of what [`Config::pairing`](crate::Config::pairing) says: `None` refuses.
    pub fn allow_pairing(&mut self, id: LinkId, settings: Option<PairSettings>) -> Result<(), Error> {
        let pairing = &mut self.link_mut(id)?.pairing;
        pairing.refuses = settings.is_none();
        // What was said before is overwritten: it may have been out of band.
        pairing.allowed = Kept::of(settings.map(|settings| Terms::of(&settings)), Terms::NEW);
        Ok(())
    }
}

impl Terms {
    /// A link of this security would do.
    pub(super) fn are_met(&self, security: &Security) -> bool {
        security.key_size >= self.key_size
            && (security.authenticated || !self.mitm)
            && (security.secure_connections || self.le_secure.may_be_legacy())
    }
}
