//! What an application does about pairing: it begins it, answers for its user, works out what is to be worked out, and forgets.

use super::Held;
use crate::toy::Toy;
use jelling_host::{
    Core, Instant, Job, LeSecure, LinkId, Overwrite, OwnOob, PairSettings, PairTicket, PasskeyAction, PasskeyAnswer,
    PasskeyTicket, PeerOob, Security,
    wire::smp::{IoCapability, Keypress},
};
use std::{collections::VecDeque, task::Poll};

/// Something about pairing that an application may ask of its host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "named as the verbs of the core are")]
pub enum Asked {
    Pair {
        settings: u8,
        io: u8,
    },
    Encrypt,
    Cancel,
    Allow {
        settings: u8,
        io: u8,
    },
    Refuse,
    /// The user does what it is asked; what else it may do is in `word`.
    Answer {
        word: u8,
    },
    Keypress {
        keypress: u8,
    },
    OwnOob,
    Forget,
    /// Jobs are taken and kept, one at a time, or done at once from now on.
    Keep {
        keeps: bool,
    },
    /// The job that was kept is done, or thrown away.
    Job {
        done: bool,
    },
}

impl Asked {
    /// What three octets say.
    pub fn from_octets([kind, a, b]: [u8; 3]) -> Self {
        match kind % 16 {
            0..=3 => Asked::Pair { settings: a, io: b },
            4 => Asked::Encrypt,
            5 => Asked::Cancel,
            6 => Asked::Allow { settings: a, io: b },
            7 if a > 200 => Asked::Refuse,
            7..=10 => Asked::Answer { word: a },
            11 => Asked::Keypress { keypress: a },
            12 => Asked::OwnOob,
            13 => Asked::Forget,
            14 => Asked::Keep { keeps: a & 1 == 1 },
            _ => Asked::Job { done: a & 1 == 1 },
        }
    }
}

/// What an application holds of pairings.
#[derive(Debug, Default)]
pub(super) struct Pairings {
    ticket: Option<PairTicket>,
    /// How the last one that it began ended.
    outcome: Option<Result<Security, jelling_host::Error>>,
    prompts: VecDeque<(PasskeyTicket, PasskeyAction)>,
    keeps: bool,
    job: Option<Job>,
    /// What it has shown its user last.
    pub(super) shown: Option<u32>,
    /// What the peer's user reads.
    pub(super) read: Option<u32>,
    pub(super) own_oob: Option<OwnOob>,
    pub(super) peer_oob: Option<OwnOob>,
}

impl Pairings {
    /// How the last pairing that was asked for ended, if it has.
    pub(super) fn take_outcome(&mut self) -> Option<Result<Security, jelling_host::Error>> {
        self.outcome.take()
    }

    /// It ends, and holds nothing any more.
    pub(super) fn let_go(&mut self, core: &mut Core<'_>, now: Instant) {
        self.ticket.take().into_iter().for_each(|ticket| core.cancel_pair(now, ticket));
        (self.job, self.keeps) = (None, false);
        self.prompts.clear();
    }
}

/// Takes what has come.
pub(super) fn look(core: &mut Core<'_>, pairings: &mut Pairings) {
    while let Poll::Ready((ticket, action)) = core.take_passkey_action() {
        assert!(core.passkey_is_open(ticket), "a question is closed when it comes");
        if let PasskeyAction::Display(digits) | PasskeyAction::Compare(digits) = action {
            assert!(digits < 1_000_000, "{digits} are more than six digits");
            pairings.shown = Some(digits);
        }
        pairings.prompts.push_back((ticket, action));
    }
    pairings.prompts.retain(|(ticket, _)| core.passkey_is_open(*ticket));
    if let Some(ticket) = pairings.ticket
        && let Poll::Ready(outcome) = core.pair_outcome(ticket)
    {
        (pairings.ticket, pairings.outcome) = (None, Some(outcome));
    }
    while core.take_bond_change().is_some() {}
}

/// Does the jobs, unless they are kept.
pub(super) fn work(core: &mut Core<'_>, held: &mut Held, now: Instant) {
    while !held.pairings.keeps || held.pairings.job.is_none() {
        let Some(job) = core.poll_job() else { return };
        if held.pairings.keeps {
            held.pairings.job = Some(job);
        } else {
            core.finish_job(now, job.run(&mut Toy));
        }
    }
}

fn settings(pairings: &Pairings, octet: u8, io: u8) -> PairSettings {
    let is = |bit: u8| octet & bit == bit;
    let le_secure = match octet >> 6 {
        1 => LeSecure::Preferred,
        2 => LeSecure::Off,
        _ => LeSecure::Required,
    };
    let oob = pairings.peer_oob.filter(|_| is(16));
    PairSettings {
        bond: !is(1),
        mitm: is(2),
        keypress: is(4),
        overwrite: if is(8) { Overwrite::Always } else { Overwrite::EqualOrStronger },
        le_secure,
        io: IoCapability(io % 5),
        key_size: 16 - io / 26,
        oob: oob.map(|OwnOob { confirm, random }| match le_secure {
            LeSecure::Off => PeerOob::Legacy { key: [0x11; 16] },
            _ => PeerOob::SecureConnections { confirm, random },
        }),
    }
}

pub(super) fn apply(core: &mut Core<'_>, held: &mut Held, now: Instant, link: Option<LinkId>, asked: Asked) {
    let pairings = &mut held.pairings;
    match (asked, link) {
        (Asked::Pair { settings: octet, io }, Some(link)) if pairings.ticket.is_none() => {
            pairings.outcome = None;
            match core.pair(now, link, &settings(pairings, octet, io)) {
                Ok(ticket) => pairings.ticket = Some(ticket),
                Err(error) => pairings.outcome = Some(Err(error)),
            }
        }
        (Asked::Encrypt, Some(link)) if pairings.ticket.is_none() => {
            pairings.ticket = core.encrypt(now, link).ok();
        }
        (Asked::Cancel, _) => pairings.ticket.take().into_iter().for_each(|ticket| core.cancel_pair(now, ticket)),
        (Asked::Allow { settings: octet, io }, Some(link)) => {
            let _ = core.allow_pairing(link, Some(settings(pairings, octet, io)));
        }
        (Asked::Refuse, Some(link)) => {
            let _ = core.allow_pairing(link, None);
        }
        (Asked::Answer { word }, _) => {
            let Some((ticket, action)) = pairings.prompts.pop_front() else { return };
            let answer = match (word % 8, action) {
                (0, _) => PasskeyAnswer::Reject,
                (1, _) => PasskeyAnswer::Confirm,
                (2, _) => PasskeyAnswer::Input(u32::from(word) << 16),
                (_, PasskeyAction::Input) => PasskeyAnswer::Input(pairings.read.unwrap_or(0)),
                _ => PasskeyAnswer::Confirm,
            };
            let result = core.answer_passkey(now, ticket, answer);
            // What was no answer leaves the question open, and so does looking at what is shown.
            if core.passkey_is_open(ticket) {
                pairings.prompts.push_front((ticket, action));
            }
            assert!(result.is_ok() || core.passkey_is_open(ticket) || word % 8 < 3, "an answer is lost: {result:?}");
        }
        (Asked::Keypress { keypress }, _) => {
            if let Some((ticket, _)) = pairings.prompts.front() {
                let _ = core.send_keypress(*ticket, Keypress(keypress % 5));
            }
        }
        (Asked::OwnOob, _) => {
            if let Poll::Ready(Ok(own)) = core.own_oob() {
                pairings.own_oob = Some(own);
            }
        }
        (Asked::Forget, _) => {
            let peers: Vec<_> = core.bonds().map(|bond| bond.peer).collect();
            for peer in peers {
                assert_eq!(core.remove_bond(peer), Ok(()), "a bond that is there can be removed");
            }
        }
        (Asked::Keep { keeps }, _) => pairings.keeps = keeps,
        (Asked::Job { done }, _) => {
            if let Some(job) = pairings.job.take()
                && done
            {
                core.finish_job(now, job.run(&mut Toy));
            }
        }
        _ => {}
    }
    work(core, held, now);
}
