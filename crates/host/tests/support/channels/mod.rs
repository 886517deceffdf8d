//! A host with channels, and peers of its own kind: any frame goes in on a link, and what the host sends comes out, frame by frame.

pub(crate) mod dialogue;
pub(crate) mod far;
pub(crate) mod scene;
pub(crate) mod signals;

use super::Air;
use core::{task::Poll, time::Duration};
use jelling_host::{
    wire::{Address, AddressKind, Packet, PacketKind, Uuid, hci::AdvertisingKind},
    *,
};
use signals::{End, Signal};

pub(crate) const SLOTS: usize = 4;
pub(crate) const FRAMES: usize = 2;
pub(crate) const BLOCKS: usize = 64;
const PACKET: usize = 255;

type Memory = Store<Links<3, 64>, Gatt<24, 256>, Pool<BLOCKS, 4>, Scan<1>, Bonds<1>, Channels<SLOTS, FRAMES>>;

pub(crate) const ATT: u16 = 4;
pub(crate) const SIGNALLING: u16 = 5;

/// The one that the tests listen to and connect to.
pub(crate) const PSM: u16 = 0x0080;

/// A peer: its link, the frame that is coming, and those that have.
struct Peer {
    link: LinkId,
    frame: Vec<u8>,
    heard: Vec<(u16, Vec<u8>)>,
    identifier: u8,
    /// Packets that the controller has not completed.
    held: u16,
}

impl Peer {
    fn new(link: LinkId) -> Self {
        Peer { link, frame: vec![], heard: vec![], identifier: 0, held: 0 }
    }
}

pub(crate) struct Bench {
    memory: Box<Memory>,
    frames: Vec<[u8; PACKET]>,
    air: Air,
    peers: Vec<Peer>,
    pub(crate) now: Instant,
    armed: Option<Instant>,
    /// Octets of data in a packet of the controller.
    pub(crate) piece: usize,
    /// The controller completes no packet.
    pub(crate) holds: bool,
    /// The events of the host since they were last looked at.
    pub(crate) events: Vec<Event>,
}

/// What a peer says of its end unless a test cares.
pub(crate) const FAR: End = End { cid: 0x0050, mtu: 512, mps: 64, credits: 20 };

/// What the host says of its own unless a test cares.
pub(crate) fn near() -> ChannelOptions {
    ChannelOptions::new(200).mps(50).credits(3)
}

impl Bench {
    /// A host that is up, serves a value, and has as many peers.
    pub(crate) fn new(acl_length: u16, peers: usize) -> Self {
        let mut memory: Box<Memory> = Box::new(Store::NEW);
        serve(&mut memory.core());
        let mut bench = Bench {
            memory,
            frames: vec![[0xee; PACKET]; SLOTS * FRAMES],
            air: Air::new(acl_length),
            peers: vec![],
            now: Instant::ZERO,
            armed: None,
            piece: usize::from(acl_length),
            holds: false,
            events: vec![],
        };
        bench.core().start();
        bench.settle();
        (0..peers).for_each(|_| bench.connect());
        bench
    }

    pub(crate) fn core(&mut self) -> Core<'_> {
        self.memory.core()
    }

    pub(crate) fn link(&self, peer: usize) -> LinkId {
        self.peers[peer].link
    }

    fn handle(peer: usize) -> [u8; 2] {
        [0x40 + peer as u8, 0]
    }

    fn connect(&mut self) {
        let link = self.meet(self.peers.len());
        self.peers.push(Peer::new(link));
    }

    /// A peer that has left comes back.
    pub(crate) fn reconnect(&mut self, peer: usize) {
        let link = self.meet(peer);
        self.peers[peer] = Peer::new(link);
    }

    fn meet(&mut self, number: usize) -> LinkId {
        let settings = AdvertisingSettings {
            interval: Duration::from_millis(100),
            kind: AdvertisingKind::ConnectableUndirected,
            peer: Address::default(),
            adv_data: &[2, 1, 6],
            resp_data: &[],
        };
        let ticket = self.core().advertise(&settings).unwrap();
        self.settle();
        let mut event = vec![0x3e, 19, 0x01, 0];
        event.extend(Self::handle(number));
        event.extend([1, AddressKind::Public as u8]);
        event.extend([number as u8, 1, 2, 3, 4, 5]);
        event.extend([24, 0, 0, 0, 0x2c, 1, 0]);
        self.hear(PacketKind::Event, &event);
        let Poll::Ready(Ok(link)) = self.core().advertised(ticket) else { panic!("no link") };
        self.settle();
        link
    }

    /// A link ends.
    pub(crate) fn part(&mut self, peer: usize) {
        let [low, high] = Self::handle(peer);
        self.hear(PacketKind::Event, &[0x05, 4, 0, low, high, 0x13]);
        self.peers[peer].held = 0;
        self.settle();
    }

    pub(crate) fn hear(&mut self, kind: PacketKind, octets: &[u8]) {
        let now = self.now;
        self.core().handle_packet(now, Packet::new(kind, octets));
        self.watch();
    }

    /// The deadlines: none is told late.
    fn watch(&mut self) {
        let mut core = self.memory.core();
        let floor = [self.armed, core.take_sooner()].into_iter().flatten().min();
        let due = core.poll_timeout();
        assert!(due.is_none_or(|due| floor.is_some_and(|floor| floor <= due)), "a deadline was not told: {due:?}");
        self.armed = due;
    }

    /// A frame of a peer comes in, in packets of the controller; nothing goes out yet.
    pub(crate) fn say(&mut self, peer: usize, channel: u16, payload: &[u8]) {
        let mut frame = vec![];
        frame.extend(u16::try_from(payload.len()).unwrap().to_le_bytes());
        frame.extend(channel.to_le_bytes());
        frame.extend(payload);
        let piece = self.piece;
        self.pieces(peer, &frame, |_| piece);
    }

    /// A frame with its header, in pieces of these lengths.
    pub(crate) fn pieces(&mut self, peer: usize, frame: &[u8], mut length: impl FnMut(usize) -> usize) {
        let (mut rest, mut first) = (frame, true);
        while first || !rest.is_empty() {
            let (piece, behind) = rest.split_at(length(rest.len()).min(rest.len()));
            self.packet(peer, first, piece);
            (rest, first) = (behind, false);
        }
    }

    /// One packet of the controller.
    pub(crate) fn packet(&mut self, peer: usize, first: bool, piece: &[u8]) {
        let [low, high] = Self::handle(peer);
        let mut packet = vec![low, high | if first { 0x20 } else { 0x10 }];
        packet.extend(u16::try_from(piece.len()).unwrap().to_le_bytes());
        packet.extend(piece);
        self.hear(PacketKind::Acl, &packet);
    }

    pub(crate) fn signal(&mut self, peer: usize, signal: &Signal) {
        self.say(peer, SIGNALLING, &signal.octets());
    }

    /// Packets go out until there are none.
    pub(crate) fn settle(&mut self) {
        for _ in 0..100_000 {
            let now = self.now;
            let mut core = self.memory.core();
            let mut buffer = [0; TRANSMIT_BUFFER];
            let may = core.may_transmit();
            let sent = match core.poll_transmit(now, &mut buffer) {
                None => None,
                Some(Transmit::Packet(packet)) => Some((packet.kind, packet.data.to_vec())),
                Some(Transmit::Part(part)) => {
                    let frame = &mut self.frames[usize::from(part.frame())];
                    let packet = part.packet(frame);
                    Some((packet.kind, packet.data.to_vec()))
                }
            };
            assert!(may || sent.is_none(), "{sent:02x?} was not to be expected");
            self.watch();
            match &sent {
                Some((PacketKind::Acl, octets)) => self.take(octets),
                Some((kind, octets)) => {
                    self.air.take(0, Packet::new(*kind, octets));
                    // Disconnect: the air knows nothing of these links.
                    if octets[..2] == [0x06, 0x04] && !self.air.controllers[0].silent {
                        let gone = vec![0x05, 4, 0, octets[3], octets[4], 0x16];
                        self.peers[usize::from(octets[3] - 0x40)].held = 0;
                        self.air.controllers[0].to_host.push_back((PacketKind::Event, gone));
                    }
                }
                None => {}
            }
            self.listen();
            let event = self.air.controllers[0].to_host.pop_front();
            if let Some((kind, octets)) = &event {
                self.hear(*kind, octets);
            } else if sent.is_none() {
                return;
            }
        }
        panic!("the host never comes to rest");
    }

    /// Takes the host's events.
    pub(crate) fn listen(&mut self) {
        while let Some(event) = self.memory.core().poll_event() {
            self.events.push(event);
        }
    }

    /// An ACL packet of the host.
    fn take(&mut self, packet: &[u8]) {
        assert!(packet.len() <= usize::from(self.air.acl_length) + 4, "a packet longer than the controller holds");
        assert_eq!(packet.len(), usize::from(u16::from_le_bytes([packet[2], packet[3]])) + 4, "a packet's length");
        let number = usize::from(packet[0] - 0x40);
        let peer = &mut self.peers[number];
        assert_eq!(packet[1] >> 4 == 0, peer.frame.is_empty(), "frames are mixed");
        peer.frame.extend(&packet[4..]);
        let length = usize::from(u16::from_le_bytes([peer.frame[0], peer.frame[1]])) + 4;
        assert!(peer.frame.len() <= length, "more than a frame");
        if peer.frame.len() == length {
            let frame = core::mem::take(&mut peer.frame);
            let channel = u16::from_le_bytes([frame[2], frame[3]]);
            peer.heard.push((channel, frame[4..].to_vec()));
        }
        peer.held += 1;
        if !self.holds {
            self.complete(number);
        }
    }

    /// The controller completes what it has of a peer's link.
    pub(crate) fn complete(&mut self, peer: usize) {
        let held = core::mem::take(&mut self.peers[peer].held);
        if held > 0 {
            let [low, high] = Self::handle(peer);
            self.hear(PacketKind::Event, &[0x13, 5, 1, low, high, held as u8, 0]);
        }
    }

    /// Time passes, deadline by deadline.
    pub(crate) fn pass(&mut self, duration: Duration) {
        let end = self.now.after(duration);
        self.settle();
        while let Some(due) = self.core().poll_timeout().filter(|due| *due <= end) {
            self.now = self.now.max(due);
            let now = self.now;
            self.core().handle_timeout(now);
            self.watch();
            self.settle();
        }
        self.now = end;
    }

    /// What a peer was sent since the last call.
    pub(crate) fn heard(&mut self, peer: usize) -> Vec<(u16, Vec<u8>)> {
        core::mem::take(&mut self.peers[peer].heard)
    }

    /// What a peer was sent, all of it commands.
    pub(crate) fn signals(&mut self, peer: usize) -> Vec<Signal> {
        let heard = self.heard(peer);
        let channel = |(channel, octets): (u16, Vec<u8>)| {
            assert_eq!(channel, SIGNALLING, "{octets:02x?}");
            Signal::parse(&octets)
        };
        heard.into_iter().map(channel).collect()
    }

    /// What a peer is sent when it has said this.
    pub(crate) fn ask(&mut self, peer: usize, signal: &Signal) -> Vec<Signal> {
        self.signal(peer, signal);
        self.settle();
        self.signals(peer)
    }

    /// The one answer.
    pub(crate) fn answer(&mut self, peer: usize, signal: &Signal) -> Signal {
        let mut answers = self.ask(peer, signal);
        assert_eq!(answers.len(), 1, "answers to {signal:x?}: {answers:x?}");
        answers.remove(0)
    }

    pub(crate) fn identifier(&mut self, peer: usize) -> u8 {
        let peer = &mut self.peers[peer];
        peer.identifier = peer.identifier.checked_add(1).unwrap_or(1);
        peer.identifier
    }

    /// ATT works on the link.
    pub(crate) fn att_goes_on(&mut self, peer: usize) {
        self.say(peer, ATT, &[0x0a, 3, 0]);
        self.settle();
        assert_eq!(self.heard(peer), [(ATT, b"\x0bvalue".to_vec())]);
    }

    /// How many channels and blocks are in use.
    pub(crate) fn used(&mut self) -> (usize, usize) {
        let pools = self.core().pools();
        (pools.channels.used, pools.blocks.used)
    }

    /// The peers leave, and nothing is kept.
    pub(crate) fn is_whole(&mut self) {
        self.holds = false;
        for peer in 0..self.peers.len() {
            let link = self.link(peer);
            if self.core().link_info(link).is_ok() {
                self.part(peer);
            }
        }
        let pools = self.core().pools();
        let used = (pools.channels.used, pools.blocks.used, pools.links.used, pools.controller_buffers.used);
        assert_eq!(used, (0, 0, 0, 0), "channels, blocks, links and the controller's buffers");
    }
}

/// The end of who sent these fields.
pub(crate) fn end(fields: &[u16]) -> End {
    End { cid: fields[0], mtu: fields[1], mps: fields[2], credits: fields[3] }
}

/// A table with a value that anybody may read.
fn serve(core: &mut Core<'_>) {
    core.begin_registration().unwrap();
    core.add_service(&ServiceSettings::primary(Uuid::new16(0x181a))).unwrap();
    let settings = CharacteristicSettings::new(
        Uuid::new16(0x2a6e),
        Properties::READ | Properties::WRITE,
        Storage::Variable(8, b"value"),
    );
    let id = core.add_characteristic(&settings).unwrap();
    core.commit_registration().unwrap();
    assert_eq!(id.handle(), 3);
}
