//! The slot of a link's pairing: how far it is, and what it owes the peer.

use super::{
    Terms,
    secrets::{Distribution, Exchange, Secrets},
};
use crate::{error::Error, kept::Kept, security::Security, time::Deadline};
use bitflags::bitflags;
use jelling_wire::smp::{Code, Features, IoCapability, Keypress, Keys, OobData, Reason, Requirements};
use zeroize::Zeroize;

/// How far a link is with the Security Manager.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Nothing goes on.
    #[default]
    Idle,
    /// Peripheral: the central is to encrypt or to pair.
    Asked,
    /// Central: the link is being encrypted with the key of a bond.
    Restoring,
    /// Initiator: Pairing Response is awaited.
    Response,
    /// Phase 2: keys, confirm values, checks. What comes next follows from [`Progress`].
    Exchange,
    /// The link is being encrypted with the new key.
    Encrypting,
    /// Phase 3: keys are handed over.
    Keys,
}

/// How a pairing is authenticated (Vol 3, Part H, 2.3.5.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Method {
    #[default]
    JustWorks,
    Comparison,
    /// We show the passkey.
    Show,
    /// Our user types it in.
    Type,
    OutOfBand,
}

impl Method {
    pub(crate) fn is_passkey(self) -> bool {
        matches!(self, Method::Show | Method::Type)
    }
}

bitflags! {
    /// What there is, what has been sent and what has come in phase 2. Those of a round begin anew with it.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub(crate) struct Progress: u32 {
        /// The private key is drawn.
        const PRIVATE = 1;
        const OWN_KEY = 1 << 1;
        const KEY_SENT = 1 << 2;
        const KEY_GOT = 1 << 3;
        /// The peer's key is one.
        const KEY_CHECKED = 1 << 4;
        const SHARED = 1 << 5;
        /// Passkey or TK is known.
        const SECRET = 1 << 6;
        /// Our random value is drawn.
        const NONCE = 1 << 7;
        const CONFIRM_SENT = 1 << 8;
        const CONFIRM_GOT = 1 << 9;
        const RANDOM_SENT = 1 << 10;
        const RANDOM_GOT = 1 << 11;
        /// The peer's random value fits its confirm value.
        const VERIFIED = 1 << 12;
        /// Authentication stage 1 is over.
        const STAGE_1 = 1 << 13;
        /// The user has said that both show the same.
        const COMPARED = 1 << 14;
        /// MacKey and long term key are made.
        const DERIVED = 1 << 15;
        const CHECK_SENT = 1 << 16;
        const CHECK_GOT = 1 << 17;
        const CHECK_VERIFIED = 1 << 18;
        /// A job is with whoever does it.
        const JOB_TAKEN = 1 << 19;
    }
}

impl Progress {
    /// What is anew in each round.
    pub(crate) const ROUND: Progress = Progress::NONCE
        .union(Progress::CONFIRM_SENT)
        .union(Progress::CONFIRM_GOT)
        .union(Progress::RANDOM_SENT)
        .union(Progress::RANDOM_GOT)
        .union(Progress::VERIFIED);
}

bitflags! {
    /// PDUs that are owed to the peer. They go in this order. Those of phase 3 stand as in [`Handed`].
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub(crate) struct Send: u16 {
        const FAILED = 1;
        const SECURITY_REQUEST = 1 << 1;
        const REQUEST = 1 << 2;
        const RESPONSE = 1 << 3;
        const PUBLIC_KEY = 1 << 4;
        const CONFIRM = 1 << 5;
        const RANDOM = 1 << 6;
        const CHECK = 1 << 7;
        const ENCRYPTION = 1 << 8;
        const CENTRAL = 1 << 9;
        const IDENTITY = 1 << 10;
        const ADDRESS = 1 << 11;
        const SIGNING = 1 << 12;
        const KEYPRESS = 1 << 13;
    }
}

bitflags! {
    /// PDUs of phase 3, in the order of their codes.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub(crate) struct Handed: u8 {
        const ENCRYPTION = 1;
        const CENTRAL = 2;
        const IDENTITY = 4;
        const ADDRESS = 8;
        const SIGNING = 16;
    }
}

impl Handed {
    /// As they are owed.
    pub(crate) fn owed(self) -> Send {
        Send::from_bits_retain(u16::from(self.bits()) << 8)
    }

    /// The code of the one that goes first.
    pub(crate) fn first(self) -> Option<Code> {
        let before = self.bits().trailing_zeros() as u8;
        (!self.is_empty()).then_some(Code(Code::ENCRYPTION_INFORMATION.0.wrapping_add(before)))
    }

    /// What an agreed distribution consists of.
    pub(crate) fn of(keys: Keys) -> Self {
        let mut all = Handed::empty();
        all.set(Handed::ENCRYPTION | Handed::CENTRAL, keys.contains(Keys::ENCRYPTION));
        all.set(Handed::IDENTITY | Handed::ADDRESS, keys.contains(Keys::IDENTITY));
        all.set(Handed::SIGNING, keys.contains(Keys::SIGNING));
        all
    }
}

/// Whether the user has to do something.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Prompt {
    #[default]
    None,
    /// Nobody has looked.
    Waiting,
    /// The application knows.
    Open,
}

/// What both sides told of themselves: the parameters of Pairing Request or Pairing Response, as they went over the air.
pub(crate) const NO_FEATURES: Features = Features {
    io_capability: IoCapability(0),
    oob_data: OobData(0),
    requirements: Requirements::empty(),
    max_key_size: 0,
    initiator_keys: Keys::empty(),
    responder_keys: Keys::empty(),
};

/// The slot.
#[derive(Debug)]
pub(crate) struct Pairing {
    pub(crate) phase: Phase,
    /// We are the initiator, the central.
    pub(crate) initiates: bool,
    /// A verb waits for the outcome of the attempt `ticket`.
    pub(crate) waits: bool,
    /// The verb wants encryption, no pairing.
    pub(crate) only_encrypts: bool,
    /// The Security Manager timed out on this link: nothing is sent any more (Vol 3, Part H, 3.4).
    pub(crate) is_dead: bool,
    /// We have said that a pairing failed: what the peer had sent by then is not refused once more, as that would meet its next one.
    pub(crate) has_failed: bool,
    /// As initiator: we had ended a pairing before, so that what the peer said to that one may still come, until its first PDU of
    /// phase 2.
    pub(crate) crosses: bool,
    pub(crate) secure_connections: bool,
    pub(crate) method: Method,
    /// Octets of the key.
    pub(crate) key_size: u8,
    /// Which round of a passkey.
    pub(crate) round: u8,
    pub(crate) prompt: Prompt,
    /// The private key is the controller's.
    pub(crate) in_controller: bool,
    pub(crate) avoids_controller: bool,
    /// The debug key takes part.
    pub(crate) is_debug: bool,
    /// Which attempt of the link, and which the last one of a verb was.
    pub(crate) number: u16,
    pub(crate) ticket: u16,
    pub(crate) owed: Send,
    pub(crate) reason: Reason,
    pub(crate) progress: Progress,
    pub(crate) keypress: Keypress,
    pub(crate) heard: Keypress,
    pub(crate) deadline: Deadline,
    /// What the verb that waits is to be told: that it went well, or why not.
    pub(crate) went_well: bool,
    pub(crate) went_wrong: Kept<Error>,
    /// Of a pairing that nobody waits for.
    pub(crate) failure: Kept<Error>,
    pub(crate) terms: Terms,
    pub(crate) request: Features,
    pub(crate) response: Features,
    pub(crate) secrets: Secrets,
    /// What the peer may begin, where the application has said so of this link; `refuses` where it may not.
    pub(crate) allowed: Kept<Terms>,
    pub(crate) refuses: bool,
}

impl Pairing {
    pub(crate) const NEW: Pairing = Pairing {
        phase: Phase::Idle,
        initiates: false,
        waits: false,
        only_encrypts: false,
        is_dead: false,
        has_failed: false,
        crosses: false,
        secure_connections: false,
        method: Method::JustWorks,
        key_size: 0,
        round: 0,
        prompt: Prompt::None,
        in_controller: false,
        avoids_controller: false,
        is_debug: false,
        number: 0,
        ticket: 0,
        owed: Send::empty(),
        reason: Reason(0),
        progress: Progress::empty(),
        keypress: Keypress(0),
        heard: Keypress(0),
        deadline: Deadline::NEVER,
        went_well: false,
        went_wrong: Kept::none(Error::ZERO),
        failure: Kept::none(Error::ZERO),
        terms: Terms::NEW,
        request: NO_FEATURES,
        response: NO_FEATURES,
        secrets: Secrets::None,
        allowed: Kept::none(Terms::NEW),
        refuses: false,
    };

    /// LE Secure Connections: which it is shows when both have told what they want. Without legacy pairing there is nothing else.
    pub(crate) fn is_secure(&self) -> bool {
        cfg!(not(feature = "legacy-pairing")) || self.secure_connections
    }

    /// A verb waits for what goes on.
    pub(crate) fn is_attended(&self) -> bool {
        self.waits && self.ticket == self.number
    }

    /// The PDU that goes next.
    pub(super) fn next_owed(&self) -> Send {
        let owed = self.owed.bits();
        Send::from_bits_retain(owed & owed.wrapping_neg())
    }

    pub(crate) fn owes(&self) -> bool {
        !self.owed.is_empty()
    }

    /// A pairing goes on, from its request to the last key.
    pub(crate) fn is_pairing(&self) -> bool {
        matches!(self.phase, Phase::Response | Phase::Exchange | Phase::Encrypting | Phase::Keys)
    }

    /// What a link is that is encrypted with the key of this pairing. That it is bonded shows when the keys have been handed over.
    pub(crate) fn level(&self) -> Security {
        Security {
            encrypted: true,
            authenticated: self.method != Method::JustWorks && !self.is_debug,
            secure_connections: self.is_secure() && !self.is_debug,
            bonded: false,
            key_size: self.key_size,
        }
    }

    #[inline(never)]
    pub(crate) fn exchange(&mut self) -> Option<&mut Exchange> {
        if !matches!(self.secrets, Secrets::Exchange(_)) {
            self.wipe();
            self.secrets = Secrets::Exchange(Exchange::NEW);
        }
        match &mut self.secrets {
            Secrets::Exchange(exchange) => Some(exchange),
            _ => None,
        }
    }

    #[inline(never)]
    pub(crate) fn distribution(&mut self) -> Option<&mut Distribution> {
        if !matches!(self.secrets, Secrets::Distribution(_)) {
            self.wipe();
            self.secrets = Secrets::Distribution(Distribution::NEW);
        }
        match &mut self.secrets {
            Secrets::Distribution(distribution) => Some(distribution),
            _ => None,
        }
    }

    /// Overwrites what is secret.
    #[inline(never)]
    pub(crate) fn wipe(&mut self) {
        match &mut self.secrets {
            Secrets::None => {}
            Secrets::Exchange(exchange) => exchange.zeroize(),
            Secrets::Distribution(distribution) => distribution.zeroize(),
        }
        self.secrets = Secrets::None;
    }

    /// Nothing goes on any more. What was told of the outcome stays.
    pub(crate) fn settle(&mut self) {
        self.stop();
        self.terms.wipe();
    }

    /// The same, but for the terms.
    #[inline(never)]
    pub(super) fn stop(&mut self) {
        self.wipe();
        self.phase = Phase::Idle;
        self.prompt = Prompt::None;
        self.progress = Progress::empty();
        self.owed = self.owed.intersection(Send::FAILED);
        self.only_encrypts = false;
        self.in_controller = false;
        self.deadline = Deadline::NEVER;
    }
}
