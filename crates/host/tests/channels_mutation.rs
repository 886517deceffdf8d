//! Two hosts with a channel whose packets are damaged from a random one on: whatever comes of it, nothing panics, every wait has an end, and
//! channels and blocks are whole afterwards.
#![cfg(all(feature = "central", feature = "client", feature = "peripheral", feature = "server"))]
#![cfg(feature = "l2cap")]
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
use jelling_host::wire::{Address, AddressKind, Packet, PacketKind, l2cap::Psm};
use jelling_host::*;
use support::{Air, Owned, numbers::Numbers, pair::advertising};

type Memory = Store<Links<2, 64>, Gatt<8, 64>, Pool<24, 2>, Scan<2>, Bonds<1>, Channels<2, 2>>;

const PSM: Psm = Psm(0x80);
/// Octets of each SDU, both ways.
const LENGTHS: [usize; 4] = [0, 7, 100, 61];

/// A host that opens a channel (0) or accepts it (1), sends SDUs and takes what comes.
struct Player {
    memory: Box<Memory>,
    frames: Vec<[u8; 60]>,
    who: usize,
    connect: Option<ConnectTicket>,
    advertise: Option<AdvertisingTicket>,
    link: Option<LinkId>,
    channel: Option<ChannelHandle>,
    opened: bool,
    /// The SDU that is sent, and how much of it is.
    sending: (usize, usize),
    taken: usize,
    is_over: bool,
}

impl Player {
    fn new(who: usize) -> Self {
        let mut memory: Box<Memory> = Box::new(Store::NEW);
        memory.core().start();
        Player {
            memory,
            frames: vec![[0; 60]; 4],
            who,
            connect: None,
            advertise: None,
            link: None,
            channel: None,
            opened: false,
            sending: (0, 0),
            taken: 0,
            is_over: false,
        }
    }

    fn act(&mut self) {
        let mut core = self.memory.core();
        while core.poll_event().is_some() {}
        if core.power() != Power::Up {
            return;
        }
        match self.link {
            None if self.who == 0 => match self.connect {
                None => {
                    let peer = Address::new(AddressKind::Public, Air::address(1));
                    self.connect = core.connect(&ConnectSettings::new(peer)).ok();
                }
                Some(ticket) => match core.connected(ticket) {
                    Poll::Ready(Ok(link)) => self.link = Some(link),
                    Poll::Ready(Err(_)) => self.connect = None,
                    Poll::Pending => {}
                },
            },
            None => match self.advertise {
                None => self.advertise = core.advertise(&advertising()).ok(),
                Some(ticket) => match core.advertised(ticket) {
                    Poll::Ready(Ok(link)) => self.link = Some(link),
                    Poll::Ready(Err(_)) => self.advertise = None,
                    Poll::Pending => {}
                },
            },
            Some(link) => self.carry(link),
        }
    }

    fn carry(&mut self, link: LinkId) {
        let mut core = self.memory.core();
        let Some(channel) = self.channel else {
            let options = ChannelOptions::new(120).mps(40).credits(2);
            self.channel = match self.who {
                _ if self.is_over || core.link_info(link).is_err() => None,
                0 => core.open_channel(link, PSM, &options).ok(),
                _ => core.accept_channel(link, PSM, &options).ok(),
            };
            return;
        };
        match core.channel(channel) {
            Poll::Pending => return,
            Poll::Ready(Ok(_)) => self.opened = true,
            Poll::Ready(Err(_)) => {}
        }
        let mut octets = [0; 50];
        let over = loop {
            match core.receive(channel, &mut octets) {
                Poll::Pending => break false,
                Poll::Ready(Err(_)) => break true,
                Poll::Ready(Ok(received)) => self.taken += usize::from(received.ends),
            }
        };
        while self.sending.0 < LENGTHS.len()
            && let Ok(number) = core.free_frame(channel)
        {
            let (sdu, done) = (vec![self.who as u8; LENGTHS[self.sending.0]], self.sending.1);
            match core.send_frame(channel, &sdu, done, &mut self.frames[usize::from(number)]) {
                Ok(more) if done + more == sdu.len() => self.sending = (self.sending.0 + 1, 0),
                Ok(more) => self.sending.1 = done + more,
                Err(_) => break,
            }
        }
        // Who has opened it closes it.
        let is_done = self.who == 0 && self.taken >= LENGTHS.len() && self.sending.0 == LENGTHS.len();
        if over || is_done {
            core.release_channel(channel);
            (self.channel, self.is_over) = (None, true);
        }
    }

    fn transmit(&mut self, now: Instant) -> Option<Owned> {
        let mut core = self.memory.core();
        let mut buffer = [0; TRANSMIT_BUFFER];
        let may = core.may_transmit();
        let packet = match core.poll_transmit(now, &mut buffer)? {
            Transmit::Packet(packet) => (packet.kind, packet.data.to_vec()),
            Transmit::Part(part) => {
                let packet = part.packet(&mut self.frames[usize::from(part.frame())]);
                (packet.kind, packet.data.to_vec())
            }
        };
        assert!(may, "{packet:02x?} was not to be expected");
        Some(packet)
    }
}

/// Plays a session, in which packets to a host may be changed.
fn play(mut meddle: impl FnMut(usize, &mut Owned) -> bool) -> [Player; 2] {
    let mut air = Air::new(27);
    let mut players = [Player::new(0), Player::new(1)];
    let mut now = Instant::ZERO;
    let mut waits = 0;
    for _ in 0..2_500 {
        let mut moved = false;
        for (who, player) in players.iter_mut().enumerate() {
            player.act();
            if let Some((kind, octets)) = player.transmit(now) {
                // A host that a lying controller has confused may send anything; the air takes what is well formed.
                if kind == PacketKind::Command || octets.len() <= 31 {
                    air.take(who, Packet::new(kind, &octets));
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
            continue;
        }
        // Nothing moves: time does, unless all is done.
        waits += 1;
        if waits > 6 || players.iter().all(|player| player.is_over) {
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
fn damaged_sessions_with_a_channel_do_no_harm() {
    const CASES: u64 = 3_000;
    let mut packets = 0;
    let mut valid = play(|_, _| {
        packets += 1;
        true
    });
    for player in &mut valid {
        assert!(
            player.opened && player.taken == LENGTHS.len() && player.is_over,
            "the session itself: {}",
            player.taken
        );
        let pools = player.memory.core().pools();
        assert_eq!((pools.channels.used, pools.blocks.used), (0, 0));
    }
    let (mut opened, mut whole) = (0, 0);
    for seed in 0..CASES {
        let mut numbers = Numbers(seed);
        let from = numbers.below(packets);
        let rate = 1 + numbers.below(8);
        let mut count = 0;
        let mut players = play(|_, packet| {
            count += 1;
            count <= from || !numbers.once_in(rate) || damage(&mut numbers, packet)
        });
        opened += u32::from(players[1].opened);
        whole += u32::from(players[1].taken == LENGTHS.len());
        for player in &mut players {
            let mut core = player.memory.core();
            core.transport_closed();
            if let Some(channel) = player.channel {
                assert!(core.channel_closed(channel).is_ready(), "seed {seed}: a channel without a link");
                core.release_channel(channel);
            }
            // What the transport was writing is written.
            player.transmit(Instant::ZERO);
            let pools = player.memory.core().pools();
            let used = (pools.links.used, pools.blocks.used, pools.channels.used, pools.controller_buffers.used);
            assert_eq!(used, (0, 0, 0, 0), "seed {seed}");
        }
    }
    println!("{CASES} damaged sessions of {packets} packets: {opened} opened their channel, {whole} took all");
    assert!(opened > 1_000 && whole > 300, "{opened} opened, {whole} took all: the damage is too early");
}

/// Damages a packet; false where it is lost.
fn damage(numbers: &mut Numbers, packet: &mut Owned) -> bool {
    let data = &mut packet.1;
    let at = numbers.below(data.len());
    match numbers.below(6) {
        0 => return false,
        1 => data[at] = numbers.next() as u8,
        2 => data[at] ^= 1 << numbers.below(8),
        3 => data.truncate(at),
        4 => data.extend([numbers.next() as u8; 3]),
        _ => {
            // A lie in a length, made good in the outer one.
            data[at] = data[at].wrapping_add(1);
            data.push(0);
            let length = if packet.0 == PacketKind::Event { 1 } else { 2 };
            if let Some(octet) = data.get_mut(length) {
                *octet = octet.wrapping_add(1);
            }
        }
    }
    true
}
