//! A host that hides, and its controller: it draws from a seed, answers at once, and holds the host to what Vol 4, Part E, 7.8.4 says.

use super::{Air, numbers::Numbers};
use core::time::Duration;
use jelling_host::{
    wire::{
        Address, AddressKind, Packet, PacketKind,
        hci::{Opcode, command},
    },
    *,
};
use std::collections::VecDeque;

type Memory = Store<Links<2, 247>, Gatt<16, 256>, Pool<8, 4>, Scan<2>, Bonds<2>>;

pub(crate) const PERIOD: Duration = Duration::from_secs(900);
pub(crate) const PEER: Address = Address::new(AddressKind::Public, [9, 8, 7, 6, 5, 4]);

pub(crate) struct Hidden {
    memory: Box<Memory>,
    air: Air,
    pub(crate) now: Instant,
    armed: Option<Instant>,
    numbers: Numbers,
    /// What LE Rand gives first: octets, or a failure.
    pub(crate) draws: VecDeque<Option<[u8; 8]>>,
    pub(crate) public: [u8; 6],
    /// The commands that the controller refuses next.
    pub(crate) refuses: Vec<Opcode>,
    /// The commands that it has not heard yet.
    pub(crate) holds: Option<Opcode>,
    held: Option<Vec<u8>>,
    log: Vec<Vec<u8>>,
}

impl Hidden {
    /// A host that has not been started.
    pub(crate) fn off(config: Config) -> Self {
        let config = Config { address: OwnAddress::Resolvable, link_check: Duration::ZERO, ..config };
        let mut host = Hidden {
            memory: Box::new(Store::NEW),
            air: Air::new(251),
            now: Instant::ZERO,
            armed: None,
            numbers: Numbers(5),
            draws: VecDeque::new(),
            public: Air::address(0),
            refuses: vec![],
            holds: None,
            held: None,
            log: vec![],
        };
        host.core().configure(config);
        host
    }

    /// One that is up, and what it was told until then is forgotten.
    pub(crate) fn up() -> Self {
        let mut host = Self::off(Config::new());
        host.core().start();
        host.work();
        host.sent();
        host
    }

    pub(crate) fn core(&mut self) -> Core<'_> {
        self.memory.core()
    }

    pub(crate) fn on_air(&mut self) -> Address {
        self.core().controller().expect("it is up").on_air
    }

    /// An address of the host: it resolves with its key and no other, and no bit of it is not as it must be.
    pub(crate) fn is_ours(&mut self, address: Address) {
        let key = self.core().identity().identity_key.0;
        assert!(key != [0; 16] && address.is_resolvable(), "{address:?}");
        let [h0, h1, h2, p0, p1, p2] = address.octets;
        assert_eq!(toolbox::ah(&key, &[p0, p1, p2]), [h0, h1, h2]);
        // Vol 6, Part B, 1.3.2.2: 22 bits that are not all alike below 01.
        let random = u32::from_le_bytes([p0, p1, p2, 0]);
        assert_eq!(random >> 22, 0b01);
        assert!(![0, 0x3f_ffff].contains(&(random & 0x3f_ffff)), "{address:?}");
    }

    /// Commands since the last call.
    pub(crate) fn sent(&mut self) -> Vec<Vec<u8>> {
        core::mem::take(&mut self.log)
    }

    /// Their opcodes, but for LE Rand.
    pub(crate) fn opcodes(&mut self) -> Vec<Opcode> {
        let opcode = |packet: &Vec<u8>| command::header(packet).unwrap().0;
        self.sent().iter().map(opcode).filter(|opcode| *opcode != Opcode::LE_RAND).collect()
    }

    fn tick(&mut self) {
        let sooner = self.core().take_sooner();
        self.armed = [self.armed, sooner].into_iter().flatten().min();
        let (next, armed) = (self.core().poll_timeout(), self.armed);
        assert!(next.is_none_or(|next| armed.is_some_and(|armed| armed <= next)), "{next:?} behind {armed:?}");
    }

    /// A packet of the controller.
    pub(crate) fn hear(&mut self, octets: &[u8]) {
        let now = self.now;
        self.core().handle_packet(now, Packet::new(PacketKind::Event, octets));
        self.tick();
    }

    fn answer(&mut self, opcode: Opcode, parameters: &[u8]) {
        let [low, high] = opcode.number().to_le_bytes();
        let event = [&[0x0e, parameters.len() as u8 + 3, 1, low, high], parameters].concat();
        self.air.controllers[0].to_host.push_back((PacketKind::Event, event));
    }

    fn take(&mut self, packet: &[u8]) {
        let (opcode, parameters) = command::header(packet).unwrap();
        if let Some(at) = self.refuses.iter().position(|refused| *refused == opcode) {
            self.refuses.remove(at);
            return self.answer(opcode, &[0x0c]);
        }
        let controller = &self.air.controllers[0];
        match opcode {
            Opcode::LE_RAND => match self.draws.pop_front() {
                Some(None) => self.answer(opcode, &[0x03, 0, 0, 0, 0, 0, 0, 0, 0]),
                drawn => {
                    let octets = drawn.flatten().map_or_else(|| self.numbers.octets(8), |drawn| drawn.to_vec());
                    self.answer(opcode, &[&[0][..], &octets].concat());
                }
            },
            Opcode::READ_BD_ADDR => {
                let public = self.public;
                self.answer(opcode, &[&[0][..], &public].concat());
            }
            Opcode::LE_SET_RANDOM_ADDRESS => {
                let busy = controller.advertising || controller.scanning || controller.initiating;
                assert!(!busy, "it is refused while anything goes on");
                self.answer(opcode, &[0]);
            }
            _ => {
                let own = match opcode {
                    Opcode::LE_SET_ADVERTISING_PARAMETERS => parameters.get(5),
                    Opcode::LE_SET_SCAN_PARAMETERS => parameters.get(5),
                    Opcode::LE_CREATE_CONNECTION => parameters.get(12),
                    _ => None,
                };
                assert!(own.is_none_or(|kind| *kind == 1), "{opcode} with an address that is not to be told");
                self.air.take(0, Packet::new(PacketKind::Command, packet));
            }
        }
    }

    /// Packets go to and fro until there are none.
    pub(crate) fn work(&mut self) {
        for _ in 0..1_000 {
            let now = self.now;
            let mut buffer = [0; TRANSMIT_BUFFER];
            let mut core = self.memory.core();
            let may = core.may_transmit();
            let sent = core
                .poll_transmit(now, &mut buffer)
                .and_then(|t| t.packet())
                .map(|packet| (packet.kind, packet.data.to_vec()));
            assert!(may || sent.is_none(), "{sent:02x?} was not to be expected");
            self.tick();
            if let Some((kind, octets)) = &sent {
                assert_eq!(*kind, PacketKind::Command);
                self.log.push(octets.clone());
                if command::header(octets).is_ok_and(|(opcode, _)| self.holds == Some(opcode)) {
                    self.held = Some(octets.clone());
                } else {
                    self.take(octets);
                }
            }
            while self.memory.core().poll_event().is_some() {}
            let event = self.air.controllers[0].to_host.pop_front();
            if let Some((_, octets)) = &event {
                self.hear(octets);
            } else if sent.is_none() {
                return;
            }
        }
        panic!("the host never comes to rest");
    }

    /// The controller hears the command that was held up.
    pub(crate) fn release(&mut self) {
        self.holds = None;
        let held = self.held.take().expect("a command");
        self.take(&held);
        self.work();
    }

    /// Time passes, and all that it brings.
    pub(crate) fn pass(&mut self, time: Duration) {
        let end = self.now.after(time);
        while let Some(at) = self.core().poll_timeout().filter(|at| *at <= end) {
            self.now = self.now.max(at);
            let now = self.now;
            self.core().handle_timeout(now);
            self.armed = self.core().poll_timeout();
            self.work();
        }
        self.now = end;
    }

    /// A link comes up; the host is central on it or peripheral.
    pub(crate) fn connects(&mut self, handle: u8, central: bool) {
        let controller = &mut self.air.controllers[0];
        if central {
            controller.initiating = false;
        } else {
            controller.advertising = false;
        }
        let mut event = vec![0x3e, 19, 0x01, 0, handle, 0, u8::from(!central), 0];
        event.extend(PEER.octets);
        event.extend([24, 0, 0, 0, 0x2c, 1, 0]);
        self.hear(&event);
    }

    /// What goes on in the controller: advertising, scanning, initiating.
    pub(crate) fn goes_on(&self) -> [bool; 3] {
        let controller = &self.air.controllers[0];
        [controller.advertising, controller.scanning, controller.initiating]
    }
}
