//! Two hosts, and one of them connected to the other.

use super::Air;
use core::{task::Poll, time::Duration};
use jelling_host::{
    wire::{Address, AddressKind, Packet, Uuid, att::Pdu, hci::AdvertisingKind},
    *,
};

type Memory = Store<Links<2, 247>, Gatt<48, 4096>, Pool<48, 4>, Scan<4>, Bonds, Channels<4, 2>>;

/// The frame buffers of a host's channels.
pub(crate) type Frames = [[u8; 255]; 8];

pub(crate) struct Pair {
    memory: [Box<Memory>; 2],
    pub(crate) frames: [Box<Frames>; 2],
    pub(crate) air: Air,
    pub(crate) now: Instant,
}

pub(crate) const VALUE: u16 = 0x0003;
pub(crate) const CCCD: u16 = 0x0004;

impl Pair {
    pub(crate) fn new(acl_length: u16) -> Self {
        let (memory, frames) = ([0; 2].map(|_| Box::new(Store::NEW)), [0; 2].map(|_| Box::new([[0; 255]; 8])));
        Pair { memory, frames, air: Air::new(acl_length), now: Instant::ZERO }
    }

    pub(crate) fn core(&mut self, who: usize) -> Core<'_> {
        self.memory[who].core()
    }

    /// Moves packets until nobody has any.
    pub(crate) fn pump(&mut self) {
        for _ in 0..10_000 {
            if !self.step() {
                return;
            }
        }
        panic!("the hosts never come to rest");
    }

    /// Moves a packet of each host and one to each: false when there is none.
    pub(crate) fn step(&mut self) -> bool {
        let mut moved = false;
        for who in 0..2 {
            let mut buffer = [0; TRANSMIT_BUFFER];
            let may = self.memory[who].core().may_transmit();
            if let Some(next) = self.memory[who].core().poll_transmit(self.now, &mut buffer) {
                let packet = match next {
                    Transmit::Packet(packet) => packet,
                    #[cfg(feature = "l2cap")]
                    Transmit::Part(part) => part.packet(&mut self.frames[who][usize::from(part.frame())]),
                };
                assert!(may, "{packet:?} was not to be expected");
                self.air.take(who, packet);
                moved = true;
            }
            if let Some((kind, data)) = self.air.controllers[who].to_host.pop_front() {
                self.memory[who].core().handle_packet(self.now, Packet::new(kind, &data));
                moved = true;
            }
            while self.memory[who].core().poll_event().is_some() {}
        }
        moved
    }

    /// Host 1 serves a characteristic of 20 octets with a CCCD, host 0 connects to it.
    pub(crate) fn connected(acl_length: u16) -> (Self, LinkId, LinkId, AttributeId) {
        let mut value = None;
        let (pair, central, peripheral) = Pair::serving(acl_length, |core| value = Some(serve(core, 512)));
        (pair, central, peripheral, value.unwrap())
    }

    /// Host 1 serves what `prepare` registers, host 0 connects to it.
    pub(crate) fn serving(acl_length: u16, prepare: impl FnOnce(&mut Core<'_>)) -> (Self, LinkId, LinkId) {
        let mut pair = Pair::new(acl_length);
        prepare(&mut pair.core(1));
        pair.core(0).start();
        pair.core(1).start();
        let adv = pair.core(1).advertise(&advertising()).unwrap();
        pair.pump();
        let settings = ConnectSettings::new(Address::new(AddressKind::Public, Air::address(1)));
        let connect = pair.core(0).connect(&settings).unwrap();
        pair.pump();
        let Poll::Ready(Ok(central)) = pair.core(0).connected(connect) else { panic!("no link") };
        let Poll::Ready(Ok(peripheral)) = pair.core(1).advertised(adv) else { panic!("no link") };
        (pair, central, peripheral)
    }

    /// The answer to a request of host 0, as octets.
    pub(crate) fn ask(&mut self, link: LinkId, request: &Pdu<'_>) -> Result<Vec<u8>, Error> {
        let now = self.now;
        let ticket = self.core(0).request(now, link, request)?;
        self.pump();
        let Poll::Ready(answer) = self.core(0).answer(ticket) else { panic!("no answer to {request}") };
        let answer = answer?;
        let mut octets = vec![0; answer.len()];
        let mut core = self.core(0);
        assert_eq!(core.read_answer(&answer, 0, &mut octets), octets.len());
        core.free_answer(answer);
        Ok(octets)
    }

    pub(crate) fn is_whole(&mut self) {
        for who in 0..2 {
            let pools = self.core(who).pools();
            let used = (pools.links.used, pools.blocks.used, pools.queues.used, pools.controller_buffers.used);
            assert_eq!((used, pools.channels.used), ((0, 0, 0, 0), 0), "host {who}");
        }
    }
}

pub(crate) fn advertising() -> AdvertisingSettings<'static> {
    AdvertisingSettings {
        interval: Duration::from_millis(100),
        kind: AdvertisingKind::ConnectableUndirected,
        peer: Address::default(),
        adv_data: &[2, 1, 6],
        resp_data: &[],
    }
}

pub(crate) fn serve(core: &mut Core<'_>, max_len: usize) -> AttributeId {
    core.begin_registration().unwrap();
    let id = add(core, max_len);
    core.commit_registration().unwrap();
    assert_eq!(id.handle(), VALUE);
    id
}

/// Adds a service with one characteristic to a registration.
pub(crate) fn add(core: &mut Core<'_>, max_len: usize) -> AttributeId {
    let uuid = Uuid::new16(0x181a);
    core.add_service(&ServiceSettings::primary(uuid)).unwrap();
    let settings = CharacteristicSettings {
        cccd: true,
        ..CharacteristicSettings::new(
            Uuid::new16(0x2a6e),
            Properties::READ | Properties::WRITE | Properties::NOTIFY | Properties::INDICATE,
            Storage::Variable(max_len, b"first"),
        )
    };
    core.add_characteristic(&settings).unwrap()
}
