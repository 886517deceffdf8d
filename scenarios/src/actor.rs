//! A host without a face: the core, driven verb by verb, by hand. What goes into it can be recorded, and played again.

mod apply;
mod channels;
mod security;
mod server;

pub use channels::Channelling;
pub use security::Asked;

use jelling_host::{
    AdvertisingTicket, AttributeId, Bonds, Channels, Config, ConnectTicket, Core, Error, Gatt, IndicationTicket,
    Instant, LinkId, Links, OwnAddress, OwnOob, Pool, QueueId, RequestTicket, Scan, ScanTicket, Security, Store,
    TRANSMIT_BUFFER,
    wire::{Address, Packet, PacketKind},
};
use std::task::Poll;

type Slots = Channels<{ channels::CHANNELS }, { channels::FRAMES }>;
type Memory = Store<Links<2, 65>, Gatt<32, 640>, Pool<32, 6>, Scan<3>, Bonds<2>, Slots>;

/// The handle of the characteristic's value, and of its CCCD.
pub const VALUE: u16 = 3;
/// See [`VALUE`].
pub const CCCD: u16 = 4;

/// What an application may ask of its host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "named as the verbs of the core are")]
pub enum Verb {
    Start,
    Stop,
    Advertise,
    EndAdvertising,
    Scan { active: bool },
    EndScan,
    Connect,
    EndConnect,
    Disconnect,
    ExchangeMtu,
    Discover { handle: u16 },
    Read { handle: u16, offset: u16 },
    Write { handle: u16, length: u8 },
    WriteCommand { handle: u16, length: u8 },
    Prepare { offset: u8, length: u8 },
    Execute { flags: u8 },
    Subscribe { updates: u8 },
    Unsubscribe,
    Abandon,
    Update { length: u8 },
    Notify { length: u8 },
    Indicate { length: u8 },
    Register,
    Decide { word: u8 },
    Secure { state: u8 },
    Security(Asked),
    Channel(Channelling),
}

impl Verb {
    /// The verb of three octets, whatever they are.
    pub fn from_octets([kind, a, b]: [u8; 3]) -> Self {
        let handle = u16::from(a % 16);
        match kind % 26 {
            _ if kind >= 208 => Verb::Security(Asked::from_octets([kind, a, b])),
            _ if kind >= 182 => Verb::Channel(Channelling::from_octets([kind, a, b])),
            0 | 1 => Verb::Start,
            2 | 3 => Verb::Advertise,
            4 => Verb::EndAdvertising,
            5 => Verb::Scan { active: a & 1 == 1 },
            6 => Verb::EndScan,
            7 | 8 => Verb::Connect,
            9 => Verb::EndConnect,
            10 => Verb::Disconnect,
            11 => Verb::ExchangeMtu,
            12 => Verb::Discover { handle },
            13 => Verb::Read { handle, offset: u16::from(b) },
            14 => Verb::Write { handle, length: b },
            15 => Verb::WriteCommand { handle, length: b },
            16 => Verb::Prepare { offset: a, length: b },
            17 => Verb::Execute { flags: a & 1 },
            18 => Verb::Subscribe { updates: a & 3 },
            19 => Verb::Unsubscribe,
            20 => Verb::Abandon,
            21 => Verb::Update { length: b },
            22 => Verb::Notify { length: b },
            24 => Verb::Decide { word: a },
            25 => Verb::Secure { state: a },
            _ if b > 250 => Verb::Stop,
            _ if b > 240 => Verb::Register,
            _ => Verb::Indicate { length: b },
        }
    }
}

/// Something that went into a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// A packet of its controller.
    Packet(PacketKind, Vec<u8>),
    /// Time passed.
    Timeout,
    /// A verb of its application, and a look at what has come since.
    Verb(Verb),
    /// It was asked for a packet.
    Transmit,
}

/// A recorded session: what went in, when, and a hash and the number of the packets that came out.
#[derive(Clone, Debug, Default)]
pub struct Session {
    /// What went in, with its microsecond.
    pub inputs: Vec<(u64, Input)>,
    /// FNV-1a over the octets of all packets that came out.
    pub hash: u64,
    /// Packets, both ways.
    pub packets: usize,
}

/// What an application holds.
#[derive(Debug, Default)]
struct Held {
    value: Option<AttributeId>,
    decided: server::Decided,
    pairings: security::Pairings,
    channels: channels::Channels,
    advertising: Option<AdvertisingTicket>,
    scan: Option<ScanTicket>,
    connect: Option<ConnectTicket>,
    links: Vec<LinkId>,
    request: Option<RequestTicket>,
    answered: bool,
    indication: Option<IndicationTicket>,
    queue: Option<QueueId>,
}

/// A host.
#[derive(Debug)]
pub struct Actor {
    memory: Box<Memory>,
    held: Held,
    peer: Address,
    session: Session,
    records: bool,
}

impl Actor {
    /// A host whose peer has this address. It keeps its inputs if `records` says so.
    pub fn new(peer: Address, records: bool) -> Self {
        let session = Session { hash: 0xcbf2_9ce4_8422_2325, ..Session::default() };
        let mut actor = Actor { memory: Box::new(Store::NEW), held: Held::default(), peer, session, records };
        // A random address, so that random octets are a part of the session.
        let config = Config { address: OwnAddress::RandomStatic, ..Config::default() };
        actor.memory.core().configure(config);
        server::register(&mut actor.memory.core(), &mut actor.held);
        actor
    }

    /// What went in and came out so far.
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// The core.
    pub fn core(&mut self) -> Core<'_> {
        self.memory.core()
    }

    /// Its address now.
    pub fn address(&mut self) -> Option<Address> {
        self.core().controller().map(|c| c.address)
    }

    /// Whom it connects to.
    pub fn set_peer(&mut self, peer: Address) {
        self.peer = peer;
    }

    /// When it wants to be told the time.
    pub fn deadline(&mut self) -> Option<u64> {
        self.core().poll_timeout().map(Instant::as_micros)
    }

    fn record(&mut self, micros: u64, input: Input) {
        if self.records {
            self.session.inputs.push((micros, input));
        }
    }

    /// A packet of its controller.
    pub fn packet(&mut self, micros: u64, kind: PacketKind, octets: &[u8]) {
        self.record(micros, Input::Packet(kind, octets.to_vec()));
        self.session.packets += 1;
        let now = Instant::from_micros(micros);
        let mut core = self.memory.core();
        core.handle_packet(now, Packet::new(kind, octets));
        server::answer_functions(&mut core, &mut self.held, now);
        security::work(&mut core, &mut self.held, now);
    }

    /// The time is this.
    pub fn timeout(&mut self, micros: u64) {
        self.record(micros, Input::Timeout);
        self.core().handle_timeout(Instant::from_micros(micros));
    }

    /// The next packet for its controller.
    pub fn transmit(&mut self, micros: u64) -> Option<(PacketKind, Vec<u8>)> {
        self.record(micros, Input::Transmit);
        let mut buffer = [0; TRANSMIT_BUFFER];
        let mut core = self.memory.core();
        core.begun_anew();
        let now = Instant::from_micros(micros);
        let (kind, octets) = loop {
            let may = core.may_transmit();
            let packet = core.poll_transmit(now, &mut buffer).map(|out| self.held.channels.octets(out));
            assert!(may || packet.is_none(), "{packet:?} was not to be expected");
            security::work(&mut core, &mut self.held, now);
            // A request that was held meets its function only when its turn comes.
            if packet.is_some() || !core.has_question() {
                break packet?;
            }
            server::answer_functions(&mut core, &mut self.held, now);
        };
        for octet in core::iter::once(&kind.indicator()).chain(&octets) {
            self.session.hash = (self.session.hash ^ u64::from(*octet)).wrapping_mul(0x0100_0000_01b3);
        }
        self.session.packets += 1;
        Some((kind, octets))
    }

    /// The application does something, after it has taken what was there for it.
    pub fn act(&mut self, micros: u64, verb: Verb) {
        self.record(micros, Input::Verb(verb));
        let mut core = self.memory.core();
        look(&mut core, &mut self.held);
        apply::apply(&mut core, &mut self.held, Instant::from_micros(micros), self.peer, verb);
    }

    /// The application takes what is there for it.
    pub fn look(&mut self) {
        look(&mut self.memory.core(), &mut self.held);
    }

    /// Whether a task is asked about a request, or a write without an answer, of the peer.
    pub fn is_asked(&mut self) -> bool {
        self.look();
        self.held.decided.is_asked()
    }

    /// Whether a request has been answered since it let go.
    pub fn answered(&mut self) -> bool {
        self.look();
        self.held.answered
    }

    /// What the peer's user can read at this host, and the peer is told another way than over the air.
    pub fn tells(&mut self) -> (Option<u32>, Option<OwnOob>) {
        (self.held.pairings.shown, self.held.pairings.own_oob)
    }

    /// What its own user can read at the peer, and what the peer told another way.
    pub fn hears(&mut self, (read, peer_oob): (Option<u32>, Option<OwnOob>)) {
        (self.held.pairings.read, self.held.pairings.peer_oob) = (read, peer_oob);
    }

    /// How the pairing ended that it asked for last, if it has ended.
    pub fn take_paired(&mut self) -> Option<Result<Security, Error>> {
        self.look();
        self.held.pairings.take_outcome()
    }

    /// Lets go of everything, as an application does that ends.
    pub fn let_go(&mut self, micros: u64) {
        let mut core = self.memory.core();
        let mut held = core::mem::take(&mut self.held);
        held.pairings.let_go(&mut core, Instant::from_micros(micros));
        held.channels.let_go(&mut core);
        if let Some(ticket) = held.advertising {
            core.end_advertising(ticket);
        }
        if let Some(ticket) = held.scan {
            core.end_scan(ticket);
        }
        if let Some(ticket) = held.connect {
            core.end_connect(ticket);
        }
        if let Some(ticket) = held.request {
            core.abandon_request(ticket);
        }
        if let Some(ticket) = held.indication {
            core.abandon_indication(ticket);
        }
        if let Some(queue) = held.queue {
            core.close_subscription(queue, None);
        }
        for link in held.links {
            core.release(link);
        }
        (self.held.value, self.held.decided, self.held.channels) = (held.value, held.decided, held.channels);
    }

    /// Plays a session again on a new host; gives what came out of it.
    pub fn replay(session: &Session, peer: Address) -> Session {
        let mut actor = Actor::new(peer, false);
        for (micros, input) in &session.inputs {
            match input {
                Input::Packet(kind, octets) => actor.packet(*micros, *kind, octets),
                Input::Timeout => actor.timeout(*micros),
                Input::Verb(verb) => actor.act(*micros, *verb),
                Input::Transmit => drop(actor.transmit(*micros)),
            }
        }
        actor.session
    }
}

/// Takes what has come.
fn look(core: &mut Core<'_>, held: &mut Held) {
    while core.poll_event().is_some() {}
    let _ = core.take_event();
    if let Some(ticket) = held.connect
        && let Poll::Ready(result) = core.connected(ticket)
    {
        held.connect = None;
        held.links.extend(result.ok());
    }
    if let Some(ticket) = held.advertising
        && let Poll::Ready(result) = core.advertised(ticket)
    {
        held.advertising = None;
        held.links.extend(result.ok());
    }
    held.links.retain(|link| core.link_info(*link).is_ok());
    if let Some(ticket) = held.scan
        && matches!(core.scanned(ticket), Poll::Ready(Err(_) | Ok(None)))
    {
        core.end_scan(ticket);
        held.scan = None;
    }
    if let Some(ticket) = held.request
        && let Poll::Ready(result) = core.answer(ticket)
    {
        held.request = None;
        if let Ok(answer) = result {
            held.answered |= core.read_answer(&answer, 0, &mut [0; 64]) > 0;
            core.free_answer(answer);
        }
    }
    if let Some(ticket) = held.indication
        && core.confirmed(ticket).is_ready()
    {
        held.indication = None;
    }
    if let Some(queue) = held.queue
        && matches!(core.take_value(queue, &mut [0; 64]), Poll::Ready(Err(_)))
    {
        core.close_subscription(queue, None);
        held.queue = None;
    }
    if let Some(id) = held.value {
        let _ = core.take_written(id);
        let _ = core.take_subscription_change(id);
    }
    server::look(core, held);
    security::look(core, &mut held.pairings);
    channels::look(core, &mut held.channels);
}
