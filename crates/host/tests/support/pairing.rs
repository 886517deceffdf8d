//! A host and peers that pair with it, step by step: a PDU, a job, a user's answer, an event of the controller at a time. Its
//! controller answers commands at once; it draws from a seed, and encrypts a link when both ends have the same key.

use super::{
    Air,
    numbers::Numbers,
    raw::Memory,
    smp::{CHECK, FAILED, PUBLIC_KEY, Peer, User, Wait, functions},
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

    /// The controller draws this next: octets, or a failure. After that as usual.
    pub(crate) fn draws(&mut self, draws: Vec<Option<Vec<u8>>>) {
        self.draws = draws.into();
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

    /// Hardware Error: all links are lost, and the controller is brought up again.
    pub(crate) fn fail_controller(&mut self) {
        for side in &mut self.sides {
            side.up = false;
            side.to_host.clear();
        }
        self.curve_asked.clear();
        self.hear(PacketKind::Event, &[0x10, 1, 0x42]);
        self.work();
        if matches!(self.core().power(), Power::Failed(_)) {
            // Too often in a short time: it waits to be asked.
            self.core().start();
            self.work();
        }
        assert_eq!(self.core().power(), Power::Up);
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
            let sent = core.poll_transmit(now, &mut buffer);
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

    fn complete(&mut self, opcode: Opcode, rest: &[u8]) {
        let [low, high] = opcode.0.to_le_bytes();
        let mut event = vec![0x0e, rest.len() as u8 + 3, 1, low, high];
        event.extend(rest);
        self.air.controllers[0].to_host.push_back((PacketKind::Event, event));
    }

    fn take_command(&mut self, packet: &[u8]) {
        let (opcode, p) = command::header(packet).expect("a whole command");
        if let Some(events) = self.answer.as_mut().and_then(|answer| answer(opcode, p)) {
            let events = events.into_iter().map(|event| (PacketKind::Event, event));
            return self.air.controllers[0].to_host.extend(events);
        }
        match opcode {
            Opcode::LE_RAND => {
                match self.draws.pop_front() {
                    Some(Some(octets)) => return self.complete(opcode, &[&[0][..], &octets].concat()),
                    // Hardware Failure.
                    Some(None) => return self.complete(opcode, &[0x03, 0, 0, 0, 0, 0, 0, 0, 0]),
                    None => {}
                }
                let mut answer = vec![0];
                if self.constant {
                    self.numbers = Numbers(0);
                }
                answer.extend(self.numbers.octets(8));
                self.complete(opcode, &answer);
            }
            // LE Encryption and data length.
            Opcode::LE_READ_LOCAL_SUPPORTED_FEATURES => self.complete(opcode, &[0, 0x21, 0, 0, 0, 0, 0, 0, 0]),
            Opcode::LE_ENABLE_ENCRYPTION => {
                self.commands.push(packet.to_vec());
                let [low, high] = opcode.0.to_le_bytes();
                let status = vec![0x0f, 4, self.encryption_status, 1, low, high];
                self.air.controllers[0].to_host.push_back((PacketKind::Event, status));
                if self.encryption_status != 0 {
                    return;
                }
                let side = self.side_of(p[0]).expect("a link");
                assert_eq!(self.sides[side].asked, None, "encryption is begun once");
                self.sides[side].asked = Some(Asked::Enable {
                    random: p[2..10].try_into().unwrap(),
                    diversifier: p[10..12].try_into().unwrap(),
                    key: p[12..28].try_into().unwrap(),
                });
            }
            Opcode::LE_READ_LOCAL_P256_PUBLIC_KEY | Opcode::LE_GENERATE_DHKEY => {
                let [low, high] = opcode.0.to_le_bytes();
                self.air.controllers[0].to_host.push_back((PacketKind::Event, vec![0x0f, 4, 0, 1, low, high]));
                assert!(self.curve_asked.is_empty(), "the controller does one thing at a time");
                self.curve_count += 1;
                let coordinate = |at: usize| p[at..at + 32].try_into().unwrap();
                self.curve_asked.push_back(match opcode {
                    Opcode::LE_GENERATE_DHKEY => CurveAsked::Secret(PublicKey { x: coordinate(0), y: coordinate(32) }),
                    _ => CurveAsked::Key,
                });
            }
            Opcode::LE_LONG_TERM_KEY_REQUEST_REPLY | Opcode::LE_LONG_TERM_KEY_REQUEST_NEGATIVE_REPLY => {
                self.commands.push(packet.to_vec());
                self.complete(opcode, &[0, p[0], p[1]]);
                let side = self.side_of(p[0]).expect("a link");
                let wanted = self.sides[side].wanted.take().expect("a request");
                let key = p.get(2..18).map(|key| key.try_into().unwrap());
                self.sides[side].refused += u32::from(key.is_none());
                self.sides[side].asked = Some(Asked::Reply { wanted, key });
            }
            Opcode::DISCONNECT => {
                self.commands.push(packet.to_vec());
                let [low, high] = opcode.0.to_le_bytes();
                let events = &mut self.air.controllers[0].to_host;
                events.push_back((PacketKind::Event, vec![0x0f, 4, 0, 1, low, high]));
                events.push_back((PacketKind::Event, vec![0x05, 4, 0, p[0], p[1], 0x16]));
                if let Some(side) = self.side_of(p[0]) {
                    self.sides[side].up = false;
                }
            }
            _ => self.air.take(0, Packet::new(PacketKind::Command, packet)),
        }
    }

    fn take_acl(&mut self, packet: &[u8]) {
        let side = self.side_of(packet[0]).expect("a link");
        self.sides[side].frame.extend(&packet[4..]);
        self.air.controllers[0].to_host.push_back((PacketKind::Event, vec![0x13, 5, 1, packet[0], 0, 1, 0]));
        let frame = &self.sides[side].frame;
        if frame.len() < usize::from(u16::from_le_bytes([frame[0], frame[1]])) + 4 {
            return;
        }
        let frame = core::mem::take(&mut self.sides[side].frame);
        if frame[2..4] == SMP.to_le_bytes() {
            let pdu = &frame[4..];
            self.sides[side].said.push(pdu.to_vec());
            if self.sides[side].listens {
                let answers = self.sides[side].peer.hear(pdu);
                self.send(side, answers);
            }
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

    /// The peer, as central, encrypts with a key that goes by this number.
    pub(crate) fn encrypt(&mut self, side: usize, random: [u8; 8], diversifier: [u8; 2], key: [u8; 16]) {
        self.asks_for_key(side, random, diversifier, key);
        self.work();
    }

    /// The same; what the host does about it has not gone out yet.
    pub(crate) fn asks_for_key(&mut self, side: usize, random: [u8; 8], diversifier: [u8; 2], key: [u8; 16]) {
        let handle = self.handle(side);
        let mut event = vec![0x3e, 13, 0x05, handle, 0];
        event.extend(random);
        event.extend(diversifier);
        self.sides[side].wanted = Some(key);
        self.hear(PacketKind::Event, &event);
    }

    /// The controller tells of encryption.
    pub(crate) fn tell(&mut self, side: usize, status: u8, enabled: u8) {
        let handle = self.handle(side);
        self.hear(PacketKind::Event, &[0x08, 4, status, handle, 0, enabled]);
        self.work();
    }

    /// The controller tells of another key (Encryption Key Refresh Complete).
    pub(crate) fn refresh(&mut self, side: usize, status: u8) {
        let handle = self.handle(side);
        self.hear(PacketKind::Event, &[0x30, 3, status, handle, 0]);
        self.work();
    }

    /// The controller tells what became of what it was asked for.
    pub(crate) fn conclude(&mut self, side: usize) {
        let at = &mut self.sides[side];
        let (ours, theirs) = match at.asked.take().expect("something asked") {
            Asked::Enable { random, diversifier, key } => {
                let old = at.old_keys.iter().find(|(r, d, _)| (*r, *d) == (random, diversifier)).map(|(.., key)| *key);
                let new = at
                    .peer
                    .key
                    .filter(|_| at.peer.wait == Wait::Encryption && (random, diversifier) == ([0; 8], [0; 2]));
                (Some(key), new.or(old))
            }
            Asked::Reply { wanted, key } => (key, Some(wanted)),
        };
        match (ours, theirs) {
            // Vol 6, Part B, 5.1.3.1: the one that has no key rejects.
            (Some(_), None) => self.tell(side, 0x06, 0),
            (None, _) => {}
            (Some(ours), Some(theirs)) if ours == theirs => {
                let refreshed = at.key.replace(ours).is_some();
                if self.sides[side].peer.wait == Wait::Encryption && self.sides[side].peer.key == Some(ours) {
                    let keys = self.sides[side].peer.encrypted();
                    self.send(side, keys);
                }
                if refreshed { self.refresh(side, 0) } else { self.tell(side, 0, 1) }
            }
            // Connection Terminated due to MIC Failure.
            _ => self.part(side, 0x3d),
        }
    }

    /// One thing happens: a job is done, somebody answers, the controller tells something, or a PDU arrives. False when there is none.
    pub(crate) fn step(&mut self) -> bool {
        self.work();
        if !self.holds_jobs && self.run_job() || !self.holds_curve && self.conclude_curve() {
            return true;
        }
        for side in 0..self.sides.len() {
            if self.sides[side].up && self.step_of(side) {
                self.work();
                return true;
            }
        }
        false
    }

    pub(crate) fn run_job(&mut self) -> bool {
        let Some(job) = self.core().poll_job() else {
            assert!(!self.core().has_job(), "there was to be a job");
            return false;
        };
        let (now, result) = (self.now, job.run(&mut Curve));
        self.core().finish_job(now, result);
        self.work();
        true
    }

    /// The controller tells what it was asked of P-256 first. False when it was asked nothing.
    pub(crate) fn conclude_curve(&mut self) -> bool {
        let Some(asked) = self.curve_asked.pop_front() else { return false };
        let status = self.curve_status;
        let mut event = match asked {
            CurveAsked::Key => {
                self.private = self.numbers.octets(32).try_into().unwrap();
                let PublicKey { x, y } = Curve.public_key(&self.private).expect("a key");
                [&[0x08, status][..], &x, &y].concat()
            }
            CurveAsked::Secret(peer) => {
                let secret = Curve.shared_secret(&self.private, &peer);
                let status = if secret.is_none() { 0x12 } else { status };
                [&[0x09, status][..], &secret.map_or([0xff; 32], |secret| secret.0)].concat()
            }
        };
        let length = event.len() as u8;
        event.splice(0..0, [0x3e, length]);
        self.hear(PacketKind::Event, &event);
        self.work();
        true
    }

    fn step_of(&mut self, side: usize) -> bool {
        if !self.holds_user && self.users_act(side) {
            return true;
        }
        if !self.holds_encryption && self.sides[side].asked.is_some() {
            self.conclude(side);
            return true;
        }
        if let Some(pdu) = self.sides[side].to_host.pop_front() {
            self.say(side, &pdu);
            return true;
        }
        let at = &mut self.sides[side];
        if at.listens && at.peer.initiates && at.peer.wait == Wait::Encryption && !at.began {
            at.began = true;
            let key = at.peer.key.expect("a key");
            self.encrypt(side, [0; 8], [0; 2], key);
            return true;
        }
        false
    }

    /// Who has something to do does it as it should.
    fn users_act(&mut self, side: usize) -> bool {
        let now = self.now;
        let at = &mut self.sides[side];
        let answer = match (at.question, at.peer.user) {
            (Some((ticket, PasskeyAction::Input)), Some(User::Show(passkey))) => {
                Some((ticket, PasskeyAnswer::Input(passkey)))
            }
            (Some((ticket, PasskeyAction::Input)), _)
                if at.peer.user != Some(User::TypeIn) && at.peer.passkey.is_some() =>
            {
                Some((ticket, PasskeyAnswer::Input(at.peer.passkey.unwrap_or(0))))
            }
            (Some((ticket, PasskeyAction::Compare(digits))), other) => {
                let same = !matches!(other, Some(User::Compare(others)) if others != digits);
                Some((ticket, if same { PasskeyAnswer::Confirm } else { PasskeyAnswer::Reject }))
            }
            _ => None,
        };
        if let Some((ticket, answer)) = answer {
            at.question = None;
            self.core().answer_passkey(now, ticket, answer).unwrap();
            return true;
        }
        let pdus = match (at.peer.user, at.question) {
            (Some(User::TypeIn), Some((_, PasskeyAction::Display(passkey)))) => at.peer.type_in(passkey),
            (Some(User::TypeIn), Some((_, PasskeyAction::Input))) => at.peer.type_in(314_159),
            (Some(User::Compare(_)), _) => at.peer.compare(),
            _ => return false,
        };
        self.send(side, pdus);
        true
    }

    /// Everything happens that can.
    pub(crate) fn settle(&mut self) {
        for _ in 0..2_000 {
            if !self.step() {
                return;
            }
        }
        panic!("they never come to rest");
    }

    /// Time passes, and all that it brings.
    pub(crate) fn pass(&mut self, time: Duration) {
        let end = self.now.after(time);
        while let Some(at) = self.core().poll_timeout().filter(|at| *at <= end) {
            self.now = self.now.max(at);
            let now = self.now;
            self.core().handle_timeout(now);
            self.work();
        }
        self.now = end;
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

/// Codes of PDUs whose octets are checked by the one who gets them.
pub(crate) const CHECKED: [u8; 2] = [PUBLIC_KEY, CHECK];
