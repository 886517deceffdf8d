//! Valid sessions, recorded, then mutated from a random packet on: whatever comes of it, nothing panics, every wait has an end,
//! and the pools are whole afterwards.
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

use core::{task::Poll, time::Duration};
use jelling_host::wire::{Address, AddressKind, Packet, PacketKind, Uuid, att::Pdu, hci::AdvertisingKind};
use jelling_host::*;
use support::{Air, Owned, numbers::Numbers};

type Memory = Store<Links<2, 64>, Gatt<8, 256>, Pool<24, 4>, Scan<2>>;

fn register(core: &mut Core<'_>) {
    core.begin_registration().unwrap();
    let uuid = Uuid::new16(0x181a);
    core.add_service(&ServiceSettings::primary(uuid)).unwrap();
    let settings = CharacteristicSettings {
        cccd: true,
        ..CharacteristicSettings::new(Uuid::new16(0x2a6e), Properties::all(), Storage::Variable(40, b"value"))
    };
    core.add_characteristic(&settings).unwrap();
    core.commit_registration().unwrap();
}

/// What a host does, whatever comes back: as a central (0) or a peripheral (1).
struct Player {
    memory: Box<Memory>,
    who: usize,
    connect: Option<ConnectTicket>,
    advertise: Option<AdvertisingTicket>,
    link: Option<LinkId>,
    request: Option<RequestTicket>,
    queue: Option<QueueId>,
    step: usize,
    connected: bool,
    subscribed: bool,
}

impl Player {
    fn new(who: usize) -> Self {
        let mut memory: Box<Memory> = Box::new(Store::NEW);
        register(&mut memory.core());
        memory.core().start();
        Player {
            memory,
            who,
            connect: None,
            advertise: None,
            link: None,
            request: None,
            queue: None,
            step: 0,
            connected: false,
            subscribed: false,
        }
    }

    fn act(&mut self, now: Instant) {
        let mut core = self.memory.core();
        while core.poll_event().is_some() {}
        if core.power() != Power::Up {
            return;
        }
        let Some(link) = self.link else {
            if self.who == 0 {
                match self.connect {
                    None => {
                        let peer = Address::new(AddressKind::Public, Air::address(1));
                        self.connect = core.connect(&ConnectSettings::new(peer)).ok();
                    }
                    Some(ticket) => match core.connected(ticket) {
                        Poll::Ready(Ok(link)) => self.link = Some(link),
                        Poll::Ready(Err(_)) => self.connect = None,
                        Poll::Pending => {}
                    },
                }
            } else {
                match self.advertise {
                    None => {
                        let settings = AdvertisingSettings {
                            interval: Duration::from_millis(100),
                            kind: AdvertisingKind::ConnectableUndirected,
                            peer: Address::default(),
                            adv_data: &[2, 1, 6],
                            resp_data: &[],
                        };
                        self.advertise = core.advertise(&settings).ok();
                    }
                    Some(ticket) => match core.advertised(ticket) {
                        Poll::Ready(Ok(link)) => self.link = Some(link),
                        Poll::Ready(Err(_)) => self.advertise = None,
                        Poll::Pending => {}
                    },
                }
            }
            self.connected |= self.link.is_some();
            return;
        };
        if core.link_info(link).is_err() {
            return;
        }
        if self.who == 1 {
            let _ = core.links().count();
            return;
        }
        if let Some(queue) = self.queue {
            let _ = core.take_value(queue, &mut [0; 64]);
        }
        if let Some(ticket) = self.request {
            match core.answer(ticket) {
                Poll::Pending => return,
                Poll::Ready(Ok(answer)) => {
                    let mut octets = [0; 64];
                    core.read_answer(&answer, 0, &mut octets);
                    core.free_answer(answer);
                    self.subscribed |= self.step == 4 && octets[0] == 0x13;
                }
                Poll::Ready(Err(_)) => {}
            }
            self.request = None;
        }
        let request = match self.step {
            0 => Pdu::ExchangeMtuRequest { mtu: 64 },
            1 => Pdu::ReadByGroupTypeRequest { start: 1, end: 0xffff, kind: Uuid::new16(0x2800) },
            2 => Pdu::ReadByTypeRequest { start: 1, end: 0xffff, kind: Uuid::new16(0x2803) },
            3 => {
                if self.queue.is_none() {
                    self.queue = core.open_subscription(link, 3, Updates::INDICATE, 2, None, Policy::DropOldest).ok();
                }
                Pdu::WriteRequest { handle: 4, value: &[3, 0] }
            }
            4 => Pdu::PrepareWriteRequest { handle: 3, offset: 0, value: b"a longer value than that" },
            5 => Pdu::ExecuteWriteRequest { flags: 1 },
            _ => Pdu::ReadRequest { handle: 3 },
        };
        if self.step < 12
            && let Ok(ticket) = core.request(now, link, &request)
        {
            self.request = Some(ticket);
            self.step += 1;
        }
    }
}

/// Plays a session; returns what each controller sent its host.
fn play(mut meddle: impl FnMut(usize, &mut Owned) -> bool) -> [Player; 2] {
    let mut air = Air::new(27);
    let mut players = [Player::new(0), Player::new(1)];
    let mut now = Instant::ZERO;
    let mut quiet = 0;
    for _ in 0..1500 {
        let mut moved = false;
        for (who, player) in players.iter_mut().enumerate() {
            player.act(now);
            let mut buffer = [0; TRANSMIT_BUFFER];
            let may = player.memory.core().may_transmit();
            if let Some(packet) = player.memory.core().poll_transmit(now, &mut buffer).and_then(|t| t.packet()) {
                assert!(may, "{packet:?} was not to be expected");
                // A host that a lying controller has confused may send anything; the air takes what is well formed.
                let fits = packet.kind == PacketKind::Command || packet.data.len() <= 31;
                if fits {
                    air.take(who, packet);
                }
                moved = true;
            }
            if let Some(mut packet) = air.controllers[who].to_host.pop_front() {
                if meddle(who, &mut packet) {
                    player.memory.core().handle_packet(now, Packet::new(packet.0, &packet.1));
                }
                moved = true;
            }
        }
        if moved {
            quiet = 0;
            continue;
        }
        // Nothing moves: time does.
        quiet += 1;
        if quiet > 3 {
            break;
        }
        now = now.after(Duration::from_secs(40));
        for player in &mut players {
            player.memory.core().handle_timeout(now);
        }
    }
    players
}

#[test]
fn mutated_sessions_do_no_harm() {
    const CASES: u64 = 4000;
    let mut packets = 0;
    let valid = play(|_, _| {
        packets += 1;
        true
    });
    assert!(valid[0].connected && valid[0].subscribed && valid[1].connected, "the session itself");
    let (mut connected, mut subscribed) = (0, 0);
    for seed in 0..CASES {
        let mut numbers = Numbers(seed);
        let from = numbers.below(packets);
        let rate = 1 + numbers.below(8);
        let mut count = 0;
        let mut players = play(|_, packet| {
            count += 1;
            if count <= from || numbers.below(rate) != 0 {
                return true;
            }
            let data = &mut packet.1;
            match numbers.below(6) {
                0 => return false,
                1 => {
                    let at = numbers.below(data.len());
                    data[at] = numbers.next() as u8;
                }
                2 => {
                    let at = numbers.below(data.len());
                    data[at] ^= 1 << numbers.below(8);
                }
                3 => data.truncate(numbers.below(data.len())),
                4 => data.extend([numbers.next() as u8; 3]),
                _ => {
                    // A lie in a length, made good in the outer one.
                    let at = numbers.below(data.len());
                    data[at] = data[at].wrapping_add(1);
                    data.push(0);
                    let length = if packet.0 == PacketKind::Event { 1 } else { 2 };
                    if let Some(octet) = data.get_mut(length) {
                        *octet = octet.wrapping_add(1);
                    }
                }
            }
            true
        });
        connected += u32::from(players[0].connected);
        subscribed += u32::from(players[0].subscribed);
        for player in &mut players {
            let mut core = player.memory.core();
            core.transport_closed();
            if let Some(queue) = player.queue {
                core.close_subscription(queue, None);
            }
            let pools = core.pools();
            let used = (pools.links.used, pools.blocks.used, pools.queues.used, pools.controller_buffers.used);
            assert_eq!(used, (0, 0, 0, 0), "seed {seed}");
        }
    }
    println!("{CASES} mutated sessions: {connected} reached connected, {subscribed} subscribed");
    assert!(
        connected > 1000 && subscribed > 500,
        "{connected} connected, {subscribed} subscribed: the mutation is too early"
    );
}
