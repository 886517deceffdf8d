//! A host and peers that pair with it, step by step: a PDU, a job, a user's answer, an event of the controller at a time. Its
//! controller answers commands at once; it draws from a seed, and encrypts a link when both ends have the same key.

mod controller;
mod play;

use super::{
    Air,
    numbers::Numbers,
    raw::Memory,
    smp::{FAILED, Peer, User, Wait, functions},
};
use core::{task::Poll, time::Duration};
use jelling_host::{
    wire::{
        Address, AddressKind, Packet, PacketKind, Secret,
        hci::{AdvertisingKind, Opcode, command},
    },
    *,
};
use std::collections::VecDeque;

/// Links at once.
pub(crate) const LINKS: usize = 4;

type Usual = Store<Links<LINKS, 247>, Gatt<16, 256>, Pool<8, 4>, Scan<2>, Bonds<6>>;

/// The curve, each product worked out once a thread.
pub(crate) struct Curve;

impl Crypto for Curve {
    fn public_key(&mut self, private: &[u8; 32]) -> Option<PublicKey> {
        let (x, y) = functions::product(&functions::turn(private), None)?;
        Some(PublicKey { x: functions::turn(&x), y: functions::turn(&y) })
    }

    fn shared_secret(&mut self, private: &[u8; 32], peer: &PublicKey) -> Option<Secret<32>> {
        let point = (functions::turn(&peer.x), functions::turn(&peer.y));
        let (x, _) = functions::product(&functions::turn(private), Some(&point))?;
        Some(Secret(functions::turn(&x)))
    }

    fn is_on_curve(&mut self, peer: &PublicKey) -> bool {
        functions::negative(&(functions::turn(&peer.x), functions::turn(&peer.y))).is_some()
    }
}

/// What the controller was asked for, and has not told the outcome of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    /// By the host, as central: LE Enable Encryption.
    Enable { random: [u8; 8], diversifier: [u8; 2], key: [u8; 16] },
    /// By the peer, as central; the host has replied with this key, or with none.
    Reply { wanted: [u8; 16], key: Option<[u8; 16]> },
}

/// A link and the peer at its other end.
pub(crate) struct Side {
    pub(crate) link: LinkId,
    pub(crate) central: bool,
    pub(crate) up: bool,
    pub(crate) peer: Peer,
    frame: Vec<u8>,
    /// PDUs of the peer that have not arrived.
    pub(crate) to_host: VecDeque<Vec<u8>>,
    /// PDUs of the host, from the first.
    pub(crate) said: Vec<Vec<u8>>,
    /// The peer listens and answers.
    pub(crate) listens: bool,
    pub(crate) asked: Option<Asked>,
    /// The key that the peer began to encrypt with, until the host has replied.
    wanted: Option<[u8; 16]>,
    began: bool,
    /// The link is encrypted with this key.
    pub(crate) key: Option<[u8; 16]>,
    /// Keys that the peer has of old: random number, diversifier, key.
    pub(crate) old_keys: Vec<([u8; 8], [u8; 2], [u8; 16])>,
    pub(crate) question: Option<(PasskeyTicket, PasskeyAction)>,
    pub(crate) events: Vec<ConnectionEvent>,
    /// The host refused to give a key.
    pub(crate) refused: u32,
}

impl Side {
    /// Another pairing with the peer that is there now.
    pub(crate) fn begin_anew(&mut self) {
        self.to_host.clear();
        (self.asked, self.wanted, self.began, self.question) = (None, None, false, None);
    }
}

/// Takes a command of this opcode over: the controller's events, or none where it is answered as usual.
pub(crate) type Answer = Box<dyn FnMut(Opcode, &[u8]) -> Option<Vec<Vec<u8>>>>;
pub(crate) type Spoil = Box<dyn FnMut(&mut Peer, Vec<u8>) -> Vec<Vec<u8>>>;

pub(crate) struct Bench {
    memory: Box<dyn Memory>,
    air: Air,
    pub(crate) now: Instant,
    pub(crate) sides: Vec<Side>,
    handles: Vec<u8>,
    numbers: Numbers,
    constant: bool,
    /// What the controller draws next: octets, or a failure.
    draws: VecDeque<Option<Vec<u8>>>,
    /// Commands of the host that are about keys, and what it asked the controller for.
    pub(crate) commands: Vec<Vec<u8>>,
    /// What the peer's PDUs are made into.
    pub(crate) spoil: Option<Spoil>,
    pub(crate) answer: Option<Answer>,
    pub(crate) holds_jobs: bool,
    pub(crate) holds_user: bool,
    pub(crate) holds_encryption: bool,
    /// What the controller says to LE Enable Encryption.
    pub(crate) encryption_status: u8,
    start: Option<Pools>,
    /// What the controller was asked of P-256 and has not told, its private key, and whether it refuses to tell.
    pub(crate) curve_asked: VecDeque<CurveAsked>,
    private: [u8; 32],
    pub(crate) curve_status: u8,
    /// How often it was asked.
    pub(crate) curve_count: u32,
    pub(crate) holds_curve: bool,
}

/// A question to the controller's P-256.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CurveAsked {
    Key,
    Secret(PublicKey),
}

const SMP: u16 = 6;

impl Bench {
    pub(crate) fn new(config: Config) -> Self {
        Self::seeded(config, 7)
    }

    /// One whose controller draws the same octets again and again, so that the same keys come of them.
    pub(crate) fn constant(config: Config) -> Self {
        Self::seeded(config, 0)
    }

    pub(crate) fn seeded(config: Config, seed: u64) -> Self {
        Self::on(Box::new(Usual::NEW), config, seed)
    }

    /// With other capacities than usual.
    pub(crate) fn on(memory: Box<dyn Memory>, config: Config, seed: u64) -> Self {
        let mut bench = Bench {
            memory,
            air: Air::new(251),
            now: Instant::ZERO,
            sides: vec![],
            handles: vec![],
            numbers: Numbers(seed),
            constant: seed == 0,
            draws: VecDeque::new(),
            commands: vec![],
            spoil: None,
            answer: None,
            holds_jobs: false,
            holds_user: false,
            holds_encryption: false,
            encryption_status: 0,
            start: None,
            curve_asked: VecDeque::new(),
            private: [0; 32],
            curve_status: 0,
            curve_count: 0,
            holds_curve: false,
        };
        // Nobody asks after a quiet link while a test lets time pass.
        bench.core().configure(Config { link_check: Duration::from_secs(1_000_000), ..config });
        bench.core().start();
        bench.work();
        let pools = bench.core().pools();
        bench.start = Some(pools);
        bench
    }

    pub(crate) fn core(&mut self) -> Core<'_> {
        self.memory.core()
    }

    /// The host's address, most significant octet first behind its type.
    pub(crate) const OWN: [u8; 7] = [0, 0x66, 5, 4, 3, 2, 1];

    /// That of a peer: random static.
    pub(crate) fn address(number: u8) -> [u8; 7] {
        [1, 0xc5, 6, 7, 8, 9, number]
    }

    /// As the host knows it.
    pub(crate) fn known(address: [u8; 7]) -> Address {
        let [kind, octets @ ..] = address;
        let kind = if kind == 0 { AddressKind::Public } else { AddressKind::Random };
        Address::new(kind, functions::turn(&octets))
    }

    /// A link to the peer of this number comes up; the host is central on it or peripheral. Its place in `sides`.
    pub(crate) fn connect(&mut self, central: bool, number: u8) -> usize {
        let address = Self::address(number);
        let seed = u64::from(number) * 1000 + self.sides.len() as u64;
        let peer = Peer::new(!central, address, Self::OWN, seed);
        self.connect_peer(central, peer)
    }

    pub(crate) fn connect_peer(&mut self, central: bool, peer: Peer) -> usize {
        let taken = |n: u8| (0..self.sides.len()).any(|side| self.sides[side].up && self.handles[side] == n);
        let free = (0..).find(|n| !taken(*n)).unwrap_or(0);
        let address = Self::known(peer.own);
        let role = u8::from(!central);
        let mut event = vec![0x3e, 19, 0x01, 0, 0x40 + free, 0, role, address.kind as u8];
        event.extend(address.octets);
        event.extend([24, 0, 0, 0, 0x2c, 1, 0]);
        let link = if central {
            let wanted = self.core().find_bond(address).map_or(address, |bond| bond.peer);
            let ticket = self.core().connect(&ConnectSettings::new(wanted)).unwrap();
            self.work();
            if self.air.controllers[0].scanning {
                // The host looks for a peer that may have another address by now.
                let mut report = vec![0x3e, 12, 0x02, 1, 0, address.kind as u8];
                report.extend(address.octets);
                report.extend([0, 0xc8]);
                self.hear(PacketKind::Event, &report);
                self.work();
            }
            self.hear(PacketKind::Event, &event);
            self.work();
            match self.core().connected(ticket) {
                Poll::Ready(Ok(link)) => link,
                other => panic!("no link: {other:?}"),
            }
        } else {
            let settings = AdvertisingSettings {
                interval: Duration::from_millis(100),
                kind: AdvertisingKind::ConnectableUndirected,
                peer: Address::default(),
                adv_data: &[2, 1, 6],
                resp_data: &[],
            };
            let ticket = self.core().advertise(&settings).unwrap();
            self.work();
            self.hear(PacketKind::Event, &event);
            self.work();
            match self.core().advertised(ticket) {
                Poll::Ready(Ok(link)) => link,
                other => panic!("no link: {other:?}"),
            }
        };
        self.sides.push(Side {
            link,
            central,
            up: true,
            peer,
            frame: vec![],
            to_host: VecDeque::new(),
            said: vec![],
            listens: true,
            asked: None,
            wanted: None,
            began: false,
            key: None,
            old_keys: vec![],
            question: None,
            events: vec![],
            refused: 0,
        });
        self.handles.push(free);
        self.work();
        self.sides.len() - 1
    }

    fn handle(&self, side: usize) -> u8 {
        0x40 + self.handles[side]
    }

    fn side_of(&self, handle: u8) -> Option<usize> {
        (0..self.sides.len()).rev().find(|side| self.sides[*side].up && self.handle(*side) == handle)
    }

    /// The controller says that the link is over.
    pub(crate) fn part(&mut self, side: usize, reason: u8) {
        let handle = self.handle(side);
        self.sides[side].up = false;
        self.sides[side].to_host.clear();
        self.hear(PacketKind::Event, &[0x05, 4, 0, handle, 0, reason]);
        self.work();
    }

    pub(crate) fn hear(&mut self, kind: PacketKind, octets: &[u8]) {
        let now = self.now;
        self.core().handle_packet(now, Packet::new(kind, octets));
    }

    /// A PDU arrives on the channel of the Security Manager; what the host does about it has not gone out yet.
    pub(crate) fn say(&mut self, side: usize, pdu: &[u8]) {
        let mut frame = u16::try_from(pdu.len()).unwrap().to_le_bytes().to_vec();
        frame.extend(SMP.to_le_bytes());
        frame.extend(pdu);
        let mut packet = vec![self.handle(side), 0x20];
        packet.extend(u16::try_from(frame.len()).unwrap().to_le_bytes());
        packet.extend(frame);
        self.hear(PacketKind::Acl, &packet);
    }

    /// What the host says about a PDU.
    pub(crate) fn ask(&mut self, side: usize, pdu: &[u8]) -> Vec<Vec<u8>> {
        let before = self.sides[side].said.len();
        self.say(side, pdu);
        self.work();
        self.sides[side].said[before..].to_vec()
    }

    /// What is not waited for: packets of the host and answers to its commands.
    pub(crate) fn work(&mut self) {
        for _ in 0..10_000 {
            let now = self.now;
            let mut buffer = [0; TRANSMIT_BUFFER];
            let mut core = self.memory.core();
            let may = core.may_transmit();
            let sent = core.poll_transmit(now, &mut buffer).and_then(|t| t.packet());
            assert!(may || sent.is_none(), "{sent:?} was not to be expected");
            if let Some(packet) = &sent {
                match packet.kind {
                    PacketKind::Acl => self.take_acl(packet.data),
                    _ => self.take_command(packet.data),
                }
            }
            while self.memory.core().poll_event().is_some() {}
            let event = self.air.controllers[0].to_host.pop_front();
            if let Some((kind, octets)) = &event {
                self.hear(*kind, octets);
            } else if sent.is_none() {
                return self.look();
            }
        }
        panic!("the host never comes to rest");
    }

    /// News of the host.
    fn look(&mut self) {
        for side in 0..self.sides.len() {
            let link = self.sides[side].link;
            while let Poll::Ready(Ok(event)) = self.memory.core().take_link_event(link) {
                self.sides[side].events.push(event);
            }
        }
        for side in 0..self.sides.len() {
            let question = self.sides[side].question;
            if question.is_some_and(|(ticket, _)| !self.memory.core().passkey_is_open(ticket)) {
                self.sides[side].question = None;
            }
        }
        while let Poll::Ready((ticket, action)) = self.memory.core().take_passkey_action() {
            let side = self.sides.iter_mut().find(|side| side.link == ticket.link()).expect("a link");
            assert!(side.up && side.question.replace((ticket, action)).is_none(), "one question at a time");
        }
    }

    /// The peer says this, when its turn comes.
    pub(crate) fn send(&mut self, side: usize, pdus: Vec<Vec<u8>>) {
        for pdu in pdus {
            let pdus = match &mut self.spoil {
                Some(spoil) => spoil(&mut self.sides[side].peer, pdu),
                None => vec![pdu],
            };
            self.sides[side].to_host.extend(pdus);
        }
    }

    /// Nothing goes on in the host: no job, no question, no deadline, nothing used but the links that are up.
    pub(crate) fn is_idle(&mut self) {
        self.work();
        assert!(self.core().poll_job().is_none() && !self.core().has_job(), "a job is left");
        let deadline = self.core().poll_timeout();
        let far = self.now.after(Duration::from_secs(1000));
        assert!(deadline.is_none_or(|at| at > far), "a deadline is left: {deadline:?}");
        assert!(self.sides.iter().all(|side| side.question.is_none()), "a question is left");
        let up = self.sides.iter().filter(|side| side.up).count();
        let (pools, start) = (self.core().pools(), self.start.expect("a start"));
        let used = |pools: &Pools| (pools.blocks.used, pools.queues.used, pools.controller_buffers.used);
        assert_eq!(used(&pools), used(&start));
        assert_eq!(pools.links.used, up);
    }

    /// Reasons for which the host ended a pairing.
    pub(crate) fn failures(&self, side: usize) -> Vec<u8> {
        self.sides[side].said.iter().filter(|pdu| pdu[0] == FAILED).map(|pdu| pdu[1]).collect()
    }

    pub(crate) fn security(&mut self, side: usize) -> Security {
        let link = self.sides[side].link;
        self.core().security(link).unwrap()
    }

    /// The code of the PDU that the host said last.
    pub(crate) fn last_said(&self, side: usize) -> Option<u8> {
        self.sides[side].said.last().map(|pdu| pdu[0])
    }
}
