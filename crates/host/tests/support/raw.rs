//! A host and raw peers: any octets go in on a link, and what the host sends on it comes out, frame by frame.

use super::Air;
use core::{task::Poll, time::Duration};
use jelling_host::{
    wire::{Address, AddressKind, Packet, PacketKind, hci::AdvertisingKind},
    *,
};

/// A store of any size.
pub(crate) trait Memory {
    fn core(&mut self) -> Core<'_>;
}

impl<L: LinkGroup, G: GattGroup, P: PoolGroup, S: ScanGroup, B: BondGroup> Memory for Store<L, G, P, S, B> {
    fn core(&mut self) -> Core<'_> {
        Store::core(self)
    }
}

/// What the function of an attribute says to a read or a write.
pub(crate) type Word = fn(&mut Core<'_>, QuestionId) -> Result<(), wire::att::ErrorCode>;

/// A peer of the host: its link, and the frame that is coming.
struct Peer {
    link: LinkId,
    frame: Vec<u8>,
}

/// The host, and its controller, which answers at once.
pub(crate) struct Raw {
    memory: Box<dyn Memory>,
    air: Air,
    peers: Vec<Peer>,
    /// What the peers were told on ATT's channel, and which of them.
    told: Vec<(usize, Vec<u8>)>,
    pub(crate) now: Instant,
    pub(crate) word: Word,
}

const ATT: u16 = 4;

impl Raw {
    /// A host that is up, with as many peers.
    pub(crate) fn new(memory: Box<dyn Memory>, config: Config, acl_length: u16, peers: usize) -> Self {
        let (air, now) = (Air::new(acl_length), Instant::ZERO);
        let mut raw = Raw { memory, air, peers: vec![], told: vec![], now, word: |_, _| Ok(()) };
        raw.core().configure(config);
        raw.core().start();
        raw.settle();
        (0..peers).for_each(|_| raw.connect());
        raw
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

    /// The next peer connects.
    fn connect(&mut self) {
        let number = self.peers.len();
        self.connect_as(Address::new(AddressKind::Public, [number as u8, 1, 2, 3, 4, 5]));
    }

    /// The next peer connects, and has this address.
    pub(crate) fn connect_as(&mut self, address: Address) {
        let link = self.meet(self.peers.len(), address);
        self.peers.push(Peer { link, frame: vec![] });
    }

    /// A peer leaves, unless it has, and comes back with this address.
    pub(crate) fn reconnect_as(&mut self, peer: usize, address: Address) {
        let link = self.link(peer);
        if self.core().link_info(link).is_ok() {
            self.part(peer);
        }
        let link = self.meet(peer, address);
        self.peers[peer] = Peer { link, frame: vec![] };
    }

    /// A peer leaves and comes back.
    pub(crate) fn reconnect(&mut self, peer: usize) {
        self.part(peer);
        let link = self.meet(peer, Address::new(AddressKind::Public, [peer as u8, 1, 2, 3, 4, 5]));
        self.peers[peer] = Peer { link, frame: vec![] };
    }

    fn meet(&mut self, number: usize, address: Address) -> LinkId {
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
        event.extend([1, address.kind as u8]);
        event.extend(address.octets);
        event.extend([24, 0, 0, 0, 0x2c, 1, 0]);
        self.hear(PacketKind::Event, &event);
        let Poll::Ready(Ok(link)) = self.core().advertised(ticket) else { panic!("no link") };
        link
    }

    /// A peer leaves.
    pub(crate) fn part(&mut self, peer: usize) {
        let [low, high] = Self::handle(peer);
        self.hear(PacketKind::Event, &[0x05, 4, 0, low, high, 0x13]);
        self.settle();
    }

    fn hear(&mut self, kind: PacketKind, octets: &[u8]) {
        let now = self.now;
        self.core().handle_packet(now, Packet::new(kind, octets));
    }

    /// An ATT PDU of a peer comes in, in packets as long as the controller's; nothing goes out yet.
    pub(crate) fn say(&mut self, peer: usize, pdu: &[u8]) {
        let mut frame = vec![];
        frame.extend(u16::try_from(pdu.len()).unwrap().to_le_bytes());
        frame.extend(ATT.to_le_bytes());
        frame.extend(pdu);
        let [low, high] = Self::handle(peer);
        for (number, piece) in frame.chunks(usize::from(self.air.acl_length)).enumerate() {
            let boundary = if number == 0 { 0x20 } else { 0x10 };
            let mut packet = vec![low, high | boundary];
            packet.extend(u16::try_from(piece.len()).unwrap().to_le_bytes());
            packet.extend(piece);
            self.hear(PacketKind::Acl, &packet);
        }
    }

    /// Functions are asked and packets go out until there are none.
    pub(crate) fn settle(&mut self) {
        for _ in 0..20_000 {
            let (now, word) = (self.now, self.word);
            let mut core = self.memory.core();
            if let Some((question, _)) = core.poll_question() {
                let word = word(&mut core, question);
                core.answer_question(now, question, word).unwrap();
                continue;
            }
            let mut buffer = [0; TRANSMIT_BUFFER];
            let may = core.may_transmit();
            let sent = core.poll_transmit(now, &mut buffer).and_then(|t| t.packet());
            assert!(may || sent.is_none(), "{sent:?} was not to be expected");
            if let Some(packet) = &sent {
                match packet.kind {
                    PacketKind::Acl => self.take(packet.data),
                    _ => self.air.take(0, Packet::new(packet.kind, packet.data)),
                }
            }
            while self.memory.core().poll_event().is_some() {}
            let event = self.air.controllers[0].to_host.pop_front();
            if let Some((kind, octets)) = &event {
                self.hear(*kind, octets);
            } else if sent.is_none() && !self.memory.core().has_question() {
                return;
            }
        }
        panic!("the host never comes to rest");
    }

    /// An ACL packet of the host.
    fn take(&mut self, packet: &[u8]) {
        assert!(packet.len() <= usize::from(self.air.acl_length) + 4, "a packet longer than the controller holds");
        let number = usize::from(packet[0] - 0x40);
        let peer = &mut self.peers[number];
        assert_eq!(packet[1] >> 4 == 0, peer.frame.is_empty(), "frames are mixed");
        peer.frame.extend(&packet[4..]);
        let length = usize::from(u16::from_le_bytes([peer.frame[0], peer.frame[1]])) + 4;
        if peer.frame.len() == length {
            let frame = core::mem::take(&mut peer.frame);
            assert_eq!(frame[2..4], ATT.to_le_bytes(), "another channel");
            self.told.push((number, frame[4..].to_vec()));
        }
        let [low, high] = Self::handle(number);
        self.hear(PacketKind::Event, &[0x13, 5, 1, low, high, 1, 0]);
    }

    /// What a peer was told since the last call.
    pub(crate) fn told(&mut self, peer: usize) -> Vec<Vec<u8>> {
        let (own, others) = core::mem::take(&mut self.told).into_iter().partition(|(who, _)| *who == peer);
        self.told = others;
        own.into_iter().map(|(_, pdu)| pdu).collect()
    }

    /// What a peer is told when it has said this.
    pub(crate) fn ask(&mut self, peer: usize, pdu: &[u8]) -> Vec<Vec<u8>> {
        self.say(peer, pdu);
        self.settle();
        self.told(peer)
    }

    /// As `ask`, while the link's transmit buffer holds a notification, which the peer has subscribed to.
    pub(crate) fn ask_behind(&mut self, peer: usize, value: AttributeId, pdu: &[u8]) -> Vec<Vec<u8>> {
        let link = self.link(peer);
        self.core().notify(value, link, b"!").unwrap();
        let mut told = self.ask(peer, pdu);
        let [low, high] = value.handle().to_le_bytes();
        assert_eq!(told.remove(0), [0x1b, low, high, b'!']);
        told
    }

    /// As `ask`, while the link's transmit buffer holds a request of the host.
    #[cfg(feature = "client")]
    pub(crate) fn ask_behind_request(&mut self, peer: usize, pdu: &[u8]) -> Vec<Vec<u8>> {
        let (now, link) = (self.now, self.link(peer));
        let ticket = self.core().request(now, link, &wire::att::Pdu::ReadRequest { handle: 1 }).unwrap();
        let mut told = self.ask(peer, pdu);
        assert_eq!(told.remove(0), [0x0a, 1, 0]);
        // What was said may have been taken for the answer.
        let mut answer = self.core().answer(ticket);
        if answer.is_pending() {
            assert!(self.ask(peer, &[0x0b]).is_empty());
            answer = self.core().answer(ticket);
        }
        if let Poll::Ready(Ok(answer)) = answer {
            self.core().free_answer(answer);
        }
        told
    }

    /// A value as it stands.
    pub(crate) fn stored(&mut self, id: AttributeId) -> Vec<u8> {
        let mut octets = [0; 512];
        let length = self.core().read_local(id, &mut octets).unwrap();
        octets[..length].to_vec()
    }

    /// All peers leave, and nothing is kept of them but what `kept` blocks hold.
    pub(crate) fn is_whole(&mut self, kept: usize) {
        for peer in 0..self.peers.len() {
            let link = self.link(peer);
            if self.core().link_info(link).is_ok() {
                self.part(peer);
            }
        }
        let pools = self.core().pools();
        assert_eq!((pools.links.used, pools.blocks.used, pools.controller_buffers.used), (0, kept, 0));
    }
}
