//! Random sessions: links that pair, are cut, lied to and given up in any order. What the host says of a link is true at each moment, and in
//! the end nothing is left.
#![cfg(all(feature = "central", feature = "client", feature = "peripheral", feature = "server", feature = "security"))]
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    missing_docs,
    reason = "tests"
)]

mod support;

use core::{task::Poll, time::Duration};
use jelling_host::*;
use std::collections::{HashMap, HashSet};
use support::{
    cases::{Case, cases, still_pairs},
    numbers::Numbers,
    pairing::{Bench, LINKS},
    smp::*,
};

struct Session {
    bench: Bench,
    numbers: Numbers,
    cases: Vec<Case>,
    tickets: HashMap<usize, PairTicket>,
    /// How each side's pairing is authenticated, as the peer sees it; and whether each key was made so.
    made: HashMap<[u8; 16], bool>,
    done: u32,
}

impl Session {
    fn new(seed: u64) -> Self {
        Session {
            bench: Bench::seeded(
                Config { curve: if seed.is_multiple_of(2) { Curve::Host } else { Curve::Controller }, ..Config::new() },
                seed,
            ),
            numbers: Numbers(seed),
            cases: cases(),
            tickets: HashMap::new(),
            made: HashMap::new(),
            done: 0,
        }
    }

    fn up(&self) -> Vec<usize> {
        (0..self.bench.sides.len()).filter(|side| self.bench.sides[*side].up).collect()
    }

    fn connect(&mut self) {
        let there: HashSet<u8> = self.up().iter().map(|side| self.bench.sides[*side].peer.own[6]).collect();
        let number = 1 + self.numbers.below(8) as u8;
        if there.len() < LINKS && !there.contains(&number) {
            let central = self.numbers.once_in(2);
            self.bench.connect(central, number);
        }
    }

    fn begin(&mut self, side: usize) {
        let of_role: Vec<Case> =
            self.cases.iter().filter(|case| case.central == self.bench.sides[side].central).copied().collect();
        let case = self.numbers.pick(&of_role);
        let own = self.bench.sides[side].peer.own;
        let (now, link) = (self.bench.now, self.bench.sides[side].link);
        self.take_outcome(side);
        if !self.bench.sides[side].peer.is_over()
            && self.bench.sides[side].peer.wait != Wait::Nothing
            && !self.numbers.once_in(4)
        {
            return;
        }
        self.bench.sides[side].peer = Peer::new(!case.central, own, Bench::OWN, self.numbers.next());
        self.bench.sides[side].begin_anew();
        let settings = case.prepare(&mut self.bench, side);
        if case.central || self.numbers.once_in(3) {
            if let Ok(ticket) = self.bench.core().pair(now, link, &settings) {
                self.tickets.insert(side, ticket);
            }
        } else {
            self.bench.core().allow_pairing(link, Some(settings)).unwrap();
            let request = self.bench.sides[side].peer.begin();
            self.bench.send(side, request);
        }
    }

    fn take_outcome(&mut self, side: usize) {
        let Some(ticket) = self.tickets.get(&side).copied() else { return };
        match self.bench.core().pair_outcome(ticket) {
            Poll::Pending => return,
            Poll::Ready(Ok(security)) => {
                assert!(security.encrypted);
                self.done += 1;
            }
            Poll::Ready(Err(_)) => {}
        }
        self.tickets.remove(&side);
    }

    fn lie(&mut self, side: usize) {
        const LENGTHS: [usize; 15] = [1, 7, 7, 17, 17, 2, 17, 11, 17, 8, 17, 2, 65, 17, 2];
        let said = self.bench.sides[side].said.clone();
        let pdu = match self.numbers.below(4) {
            // What the host itself has said.
            0 if !said.is_empty() => said[self.numbers.below(said.len())].clone(),
            1 => {
                let length = self.numbers.below(70);
                self.numbers.octets(length)
            }
            _ => {
                let code = self.numbers.below(15);
                let mut pdu = self.numbers.octets(LENGTHS[code]);
                pdu[0] = code as u8;
                pdu
            }
        };
        self.bench.say(side, &pdu);
        self.bench.work();
    }

    fn answer(&mut self, side: usize) {
        let now = self.bench.now;
        let Some((question, _)) = self.bench.sides[side].question else { return };
        let answer = self.numbers.pick(&[
            PasskeyAnswer::Confirm,
            PasskeyAnswer::Reject,
            PasskeyAnswer::Input(7),
            PasskeyAnswer::Input(u32::MAX),
        ]);
        let _ = self.bench.core().answer_passkey(now, question, answer);
        self.bench.work();
    }

    fn act(&mut self) {
        if self.numbers.once_in(12) {
            let holds = |numbers: &mut Numbers| numbers.once_in(4);
            self.bench.holds_jobs = holds(&mut self.numbers);
            self.bench.holds_user = holds(&mut self.numbers);
            self.bench.holds_encryption = holds(&mut self.numbers);
            self.bench.holds_curve = holds(&mut self.numbers);
            self.bench.curve_status = if self.numbers.once_in(8) { 0x1f } else { 0 };
        }
        let up = self.up();
        if up.is_empty() {
            return self.connect();
        }
        let side = self.numbers.pick(&up);
        let (now, link) = (self.bench.now, self.bench.sides[side].link);
        match self.numbers.below(60) {
            0..=1 => self.connect(),
            2..=6 => self.begin(side),
            7 => self.bench.part(side, 0x08),
            8 => self.lie(side),
            9 => self.answer(side),
            10 => _ = self.bench.sides[side].to_host.pop_front(),
            11 => {
                if let Some(ticket) = self.tickets.remove(&side) {
                    self.bench.core().cancel_pair(now, ticket);
                    self.bench.work();
                }
            }
            12 => {
                let time = Duration::from_millis(self.numbers.below(12_000) as u64);
                self.bench.pass(time);
            }
            13 => {
                self.take_outcome(side);
                if let Ok(ticket) = self.bench.core().encrypt(now, link) {
                    self.tickets.insert(side, ticket);
                }
            }
            14 => {
                let bonds: Vec<Bond> = self.bench.core().bonds().collect();
                if !bonds.is_empty() {
                    let peer = bonds[self.numbers.below(bonds.len())].peer;
                    self.bench.core().remove_bond(peer).unwrap();
                }
            }
            15 => {
                let status = self.numbers.pick(&[0x06, 0x08, 0x3d]);
                self.bench.sides[side].asked = None;
                self.bench.tell(side, status, 0);
            }
            16 if self.numbers.once_in(6) => self.bench.fail_controller(),
            _ => _ = self.bench.step(),
        }
    }

    /// What the host says is so.
    fn is_true(&mut self) {
        for side in self.up() {
            let at = &self.bench.sides[side];
            if let Some(key) = at.peer.key {
                self.made.insert(key, at.peer.method != Method::JustWorks);
            }
            for long_term in [&at.peer.ours.long_term, &at.peer.theirs.long_term] {
                if let (Some((key, ..)), true) = (long_term, at.peer.key.is_some()) {
                    self.made.entry(*key).or_insert(at.peer.method != Method::JustWorks);
                }
            }
            let (key, security) = (at.key, self.bench.security(side));
            assert_eq!(security.encrypted, key.is_some(), "side {side}");
            if security.authenticated {
                assert_eq!(self.made.get(&key.unwrap()), Some(&true), "side {side}");
            }
            let link = self.bench.sides[side].link;
            assert_eq!(security.bonded, self.bench.core().bond_of(link).is_some(), "side {side}");
        }
        let bonds: Vec<Bond> = self.bench.core().bonds().collect();
        for bond in bonds {
            for key in [bond.central_key, bond.peripheral_key].into_iter().flatten() {
                let made = self.made.get(&key.key.0);
                assert!(made.is_some(), "a key that no peer has: {bond:?}");
                assert!(!bond.authenticated || made == Some(&true), "{bond:?}");
            }
        }
    }

    fn end(&mut self) {
        (self.bench.holds_jobs, self.bench.holds_user, self.bench.holds_encryption) = (false, false, false);
        (self.bench.holds_curve, self.bench.curve_status) = (false, 0);
        self.bench.settle();
        self.is_true();
        for side in 0..self.bench.sides.len() {
            self.take_outcome(side);
        }
        self.bench.pass(Duration::from_secs(61));
        for side in 0..self.bench.sides.len() {
            self.take_outcome(side);
        }
        assert!(self.tickets.is_empty(), "somebody waits");
        let bonds: Vec<Bond> = self.bench.core().bonds().collect();
        for bond in bonds {
            self.bench.core().remove_bond(bond.peer).unwrap();
        }
        still_pairs(&mut self.bench);
    }
}

#[test]
fn whatever_happens_what_the_host_says_is_so() {
    let mut done = 0;
    for seed in 1..=40 {
        let mut session = Session::new(seed);
        for _ in 0..400 {
            session.act();
            session.is_true();
        }
        session.end();
        done += session.done;
    }
    assert!(done > 150, "{done}");
}
