//! One host with one link, in either role. Its commands are answered at once, or as a script says; its frames are kept.

use super::{Air, HANDLE};
use core::{task::Poll, time::Duration};
use jelling_host::{
    wire::{
        Address, AddressKind, Packet, PacketKind,
        hci::{AdvertisingKind, Opcode, Role, command},
    },
    *,
};

type Memory = Store<Links<2, 247>, Gatt, Pool<8, 2>>;

pub(crate) struct One {
    memory: Box<Memory>,
    pub(crate) air: Air,
    pub(crate) now: Instant,
    links: Vec<LinkId>,
    /// The next of these commands is answered by Command Status with this status.
    pub(crate) refused: Option<(Opcode, u8)>,
    commands: Vec<(Opcode, Vec<u8>)>,
    frames: Vec<(u16, Vec<u8>)>,
}

impl One {
    /// A host that is up and has a link in this role, on a controller with these features.
    pub(crate) fn connected(role: Role, le_features: u16, config: Config) -> Self {
        let mut one = One::up(le_features, config);
        one.meet(role, HANDLE);
        one.commands.clear();
        one
    }

    /// A host that is up.
    pub(crate) fn up(le_features: u16, config: Config) -> Self {
        One::on(le_features, 0xff, None, config)
    }

    /// A host that is up, on a controller with these octets of commands, which refuses one of them.
    pub(crate) fn on(le_features: u16, commands: u8, refused: Option<(Opcode, u8)>, config: Config) -> Self {
        let mut memory = Box::new(Memory::NEW);
        memory.core().configure(config);
        memory.core().start();
        let mut air = Air::new(251);
        (air.le_features, air.commands) = (le_features, commands);
        let mut one = One { memory, air, now: Instant::ZERO, links: vec![], refused, commands: vec![], frames: vec![] };
        one.settle();
        one
    }

    pub(crate) fn core(&mut self) -> Core<'_> {
        self.memory.core()
    }

    /// The first link.
    pub(crate) fn link(&self) -> LinkId {
        self.links[0]
    }

    /// A link comes up.
    pub(crate) fn meet(&mut self, role: Role, handle: u16) -> LinkId {
        let peer = Address::new(AddressKind::Public, [handle.to_le_bytes()[0], 2, 3, 4, 5, 6]);
        let mut complete = vec![0];
        complete.extend(handle.to_le_bytes());
        complete.extend([role as u8, 0]);
        complete.extend(peer.octets);
        complete.extend([24, 0, 0, 0, 0x2c, 1, 0]);
        let link = if role == Role::Central {
            let ticket = self.core().connect(&ConnectSettings::new(peer)).unwrap();
            self.settle();
            self.event(0x01, &complete);
            self.core().connected(ticket)
        } else {
            let settings = AdvertisingSettings {
                interval: Duration::from_millis(100),
                kind: AdvertisingKind::ConnectableUndirected,
                peer: Address::default(),
                adv_data: &[2, 1, 6],
                resp_data: &[],
            };
            let ticket = self.core().advertise(&settings).unwrap();
            self.settle();
            self.event(0x01, &complete);
            self.core().advertised(ticket)
        };
        let Poll::Ready(Ok(link)) = link else { panic!("no link") };
        self.links.push(link);
        link
    }

    pub(crate) fn hear(&mut self, kind: PacketKind, octets: &[u8]) {
        let now = self.now;
        self.core().handle_packet(now, Packet::new(kind, octets));
    }

    /// An LE event comes in, and what the host does for it goes out.
    pub(crate) fn event(&mut self, subevent: u8, parameters: &[u8]) {
        let length = u8::try_from(parameters.len() + 1).unwrap();
        self.hear(PacketKind::Event, &[&[0x3e, length, subevent][..], parameters].concat());
        self.settle();
    }

    /// A frame of the peer comes in, and what the host does for it goes out.
    pub(crate) fn say(&mut self, channel: u8, payload: &[u8]) {
        let length = u8::try_from(payload.len()).unwrap();
        let [low, high] = HANDLE.to_le_bytes();
        let packet = [&[low, high | 0x20, length + 4, 0, length, 0, channel, 0][..], payload].concat();
        self.hear(PacketKind::Acl, &packet);
        self.settle();
    }

    /// Time passes.
    pub(crate) fn pass(&mut self, time: Duration) {
        self.now = self.now.after(time);
        let now = self.now;
        self.core().handle_timeout(now);
        self.settle();
    }

    /// Packets go out until there are none.
    pub(crate) fn settle(&mut self) {
        for _ in 0..1_000 {
            let now = self.now;
            let mut buffer = [0; TRANSMIT_BUFFER];
            let mut core = self.memory.core();
            let may = core.may_transmit();
            let sent =
                core.poll_transmit(now, &mut buffer).and_then(Transmit::packet).map(|p| (p.kind, p.data.to_vec()));
            assert!(may || sent.is_none(), "{sent:02x?} was not to be expected");
            if let Some((kind, octets)) = &sent {
                self.take(*kind, octets);
            }
            let event = self.air.controllers[0].to_host.pop_front();
            if let Some((kind, octets)) = &event {
                self.hear(*kind, octets);
            } else if sent.is_none() {
                return;
            }
        }
        panic!("the host never comes to rest");
    }

    fn take(&mut self, kind: PacketKind, octets: &[u8]) {
        if kind == PacketKind::Acl {
            let length = usize::from(u16::from_le_bytes([octets[4], octets[5]]));
            assert_eq!(octets.len(), length + 8, "one packet a frame");
            self.frames.push((u16::from_le_bytes([octets[6], octets[7]]), octets[8..].to_vec()));
            return self.hear(PacketKind::Event, &[0x13, 5, 1, octets[0], octets[1] & 0x0f, 1, 0]);
        }
        let (opcode, parameters) = command::header(octets).unwrap();
        self.commands.push((opcode, parameters.to_vec()));
        if let Some((_, status)) = self.refused.take_if(|(refused, _)| *refused == opcode) {
            let [low, high] = opcode.number().to_le_bytes();
            return self.hear(PacketKind::Event, &[0x0f, 4, status, 1, low, high]);
        }
        self.air.take(0, Packet::new(kind, octets));
    }

    /// The commands since the last call.
    pub(crate) fn commands(&mut self) -> Vec<(Opcode, Vec<u8>)> {
        core::mem::take(&mut self.commands)
    }

    /// Channel and payload of the frames since the last call.
    pub(crate) fn frames(&mut self) -> Vec<(u16, Vec<u8>)> {
        core::mem::take(&mut self.frames)
    }
}
