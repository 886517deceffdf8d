//! Random tables and random requests, and everything that a PDU can be: each answer is the one of a second, simple server.
#![cfg(all(feature = "central", feature = "client", feature = "peripheral", feature = "server"))]
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
mod model {
    pub(crate) mod door;
    pub(crate) mod oracle;
    pub(crate) mod plan;
    pub(crate) mod requests;
}

use core::task::Poll;
use jelling_host::{wire::att::ErrorCode, *};
use model::{
    door::State,
    oracle::{Oracle, Peer},
    plan::{Plan, word},
    requests,
};
use std::collections::BTreeSet;
use support::{numbers::Numbers, raw::Raw};

type Memory = Store<Links<2, 517>, Gatt<400, 60_000>, Pool<1_000, 24>, Scan<1>>;

/// The server and the oracle, side by side.
struct Both {
    raw: Raw,
    oracle: Oracle,
    ids: Vec<AttributeId>,
    plan: Plan,
    /// What the session is, for who reads of its failure.
    name: String,
    /// Opcodes of answers, and codes of errors.
    seen: [BTreeSet<u8>; 2],
}

impl Both {
    fn new(numbers: &mut Numbers, peers: usize, name: String) -> Self {
        let plan = Plan::new(numbers);
        let mut memory: Box<Memory> = Box::new(Store::NEW);
        let ids = plan.register(&mut memory.core());
        let mtu = numbers.pick(&[23, 24, 64, 185, 247, 512, 517, 517]);
        let prepare_queue = numbers.pick(&[0, 60, 300, 1024]);
        let config = Config { mtu, prepare_queue, ..Config::new() };
        let mut raw = Raw::new(memory, config, numbers.pick(&[27, 64, 251]), peers);
        raw.word = |_, question| match word(question.attribute().handle(), question.kind()) {
            0 => Ok(()),
            code => Err(ErrorCode(code)),
        };
        let oracle = Oracle {
            attributes: plan.attributes(),
            peers: (0..peers).map(|_| Peer::new()).collect(),
            mtu: mtu.into(),
            prepare_queue: prepare_queue.into(),
        };
        Both { raw, oracle, ids, plan, name, seen: Default::default() }
    }

    /// A PDU has the oracle's answer, and leaves the oracle's values.
    fn ask(&mut self, peer: usize, pdu: &[u8], busy: bool) {
        let expected: Vec<Vec<u8>> = self.oracle.answer(peer, pdu).into_iter().collect();
        let told = if busy { self.raw.ask_behind_request(peer, pdu) } else { self.raw.ask(peer, pdu) };
        assert_eq!(told, expected, "{}, peer {peer}, busy {busy}: {pdu:02x?} has {told:02x?}", self.name);
        match expected.first().map(Vec::as_slice) {
            Some([0x01, .., code]) => self.seen[1].insert(*code),
            Some([opcode, ..]) => self.seen[0].insert(*opcode),
            _ => false,
        };
        for id in &self.ids {
            let own = self.oracle.attributes.iter().find(|a| a.handle == id.handle()).unwrap();
            let mut octets = [0; 512];
            let length = self.raw.core().read_local(*id, &mut octets).unwrap();
            assert_eq!(octets[..length], own.value, "{}: {:#06x} after {pdu:02x?}", self.name, own.handle);
        }
    }

    fn secure(&mut self, peer: usize, numbers: &mut Numbers) {
        let encrypted = numbers.once_in(2);
        let state = State {
            encrypted,
            authenticated: encrypted && numbers.once_in(2),
            bonded: numbers.once_in(2),
            key_size: if !encrypted { 0 } else { numbers.pick(&[7, 15, 16]) },
            authorised: numbers.once_in(2),
        };
        self.oracle.peers[peer].state = state;
        let link = self.raw.link(peer);
        let State { encrypted, authenticated, bonded, key_size, authorised } = state;
        let security = Security { encrypted, authenticated, bonded, key_size, ..Security::default() };
        self.raw.core().inject_security(link, security).unwrap();
        let authorised = if authorised { Authorisation::Granted } else { Authorisation::Refused };
        self.raw.core().set_authorised(link, authorised).unwrap();
    }

    /// The application takes what was captured.
    fn take(&mut self) {
        for id in &self.ids {
            let own = self.oracle.attributes.iter_mut().find(|a| a.handle == id.handle()).unwrap();
            let Some((queue, _)) = &mut own.captured else { continue };
            while let Some(expected) = queue.pop_front() {
                let mut octets = [0; 512];
                let taken = self.raw.core().take_captured(*id, &mut octets);
                let Poll::Ready(Ok((_, length))) = taken else { panic!("{}: nothing is captured", self.name) };
                assert_eq!(octets[..length], expected, "{}", self.name);
            }
            assert_eq!(self.raw.core().take_captured(*id, &mut []), Poll::Pending, "{}", self.name);
        }
    }

    /// Something other than a PDU.
    fn happen(&mut self, numbers: &mut Numbers) {
        let peer = numbers.below(self.oracle.peers.len());
        match numbers.below(8) {
            0..5 => self.secure(peer, numbers),
            5 => self.take(),
            6 => {
                self.raw.reconnect(peer);
                self.oracle.peers[peer] = Peer::new();
            }
            _ => {
                self.ids = self.plan.register(&mut self.raw.core());
                self.oracle.register(self.plan.attributes());
            }
        }
    }

    fn end(mut self) {
        self.take();
        let reserved: usize = self.oracle.attributes.iter().filter_map(|a| a.captured.as_ref()).map(|c| c.1 * 9).sum();
        self.raw.is_whole(reserved);
    }
}

#[test]
fn random_requests_have_the_answers_of_a_simple_server() {
    let mut seen: [BTreeSet<u8>; 2] = Default::default();
    for seed in 0..400 {
        let mut numbers = Numbers(seed);
        let mut both = Both::new(&mut numbers, 2, format!("seed {seed}"));
        for step in 0..150 {
            if numbers.once_in(12) {
                both.happen(&mut numbers);
                continue;
            }
            let peer = numbers.below(2);
            let pdu = requests::pdu(&mut numbers, &both.oracle, peer);
            both.name = format!("seed {seed}, step {step}");
            let busy = numbers.once_in(3);
            both.ask(peer, &pdu, busy);
        }
        seen.iter_mut().zip(&both.seen).for_each(|(all, some)| all.extend(some));
        both.end();
    }
    // Every answer and every error that a server has.
    let answers = [0x03, 0x05, 0x07, 0x09, 0x0b, 0x0d, 0x0f, 0x11, 0x13, 0x17, 0x19, 0x1e, 0x21];
    assert_eq!(seen[0], BTreeSet::from(answers));
    let errors = (0x01..=0x13).filter(|code| !matches!(code, 0x0b | 0x12));
    assert_eq!(seen[1], errors.chain(0x80..=0x87).collect());
}

/// What stands behind an opcode: handles at the edges, then octets of a sort.
fn patterns(numbers: &mut Numbers, last: u16, length: usize) -> Vec<Vec<u8>> {
    let mut handles = vec![0, 1, 2, last, last.wrapping_add(1), 0xfffe, 0xffff];
    handles.push(numbers.next() as u16 % last.max(1));
    let mut all = vec![];
    for start in &handles {
        let end = numbers.pick(&handles);
        let mut octets = [start.to_le_bytes(), end.to_le_bytes()].concat();
        octets.extend(numbers.pick(&[&[0x00, 0x28][..], &[0x03, 0x28], &[0x6e, 0x2a], &[0, 0], &[1, 0], &[]]));
        let rest = numbers.octets(length);
        octets.extend(if numbers.once_in(2) { vec![0; length] } else { rest });
        octets.truncate(length);
        all.push(octets);
    }
    all
}

#[test]
fn every_opcode_with_every_length_has_one_answer_or_none() {
    let mut numbers = Numbers(7);
    let mut both = Both::new(&mut numbers, 1, "every opcode".into());
    both.ask(0, &[], false);
    for opcode in 0..=0xffu8 {
        let last = both.oracle.attributes.last().unwrap().handle;
        // Lengths up to two octets beyond the MTU, which each of these opcodes may change.
        for length in 0..=24 {
            for (number, rest) in patterns(&mut numbers, last, length).into_iter().enumerate() {
                let pdu = [&[opcode][..], &rest].concat();
                both.ask(0, &pdu, number % 2 == 1);
            }
        }
        both.take();
        both.secure(0, &mut numbers);
    }
    both.end();
}

#[test]
fn requests_of_every_length_up_to_the_largest_mtu() {
    for seed in 0..6 {
        let mut numbers = Numbers(seed);
        let mut both = Both::new(&mut numbers, 1, format!("lengths, seed {seed}"));
        both.ask(0, &[0x02, 0x05, 0x02], false);
        let last = both.oracle.attributes.last().unwrap().handle;
        for opcode in [0x04, 0x06, 0x08, 0x0e, 0x10, 0x12, 0x16, 0x20, 0x3f, 0x52, 0xd2] {
            for length in 0..both.oracle.mtu + 2 {
                let rest = numbers.below(8);
                let rest = patterns(&mut numbers, last, length).swap_remove(rest);
                let pdu = [&[opcode][..], &rest].concat();
                both.ask(0, &pdu, length % 2 == 1);
            }
            both.ask(0, &[0x18, 0x01], false);
            both.take();
        }
        both.end();
    }
}
