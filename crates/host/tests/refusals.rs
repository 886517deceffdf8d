//! What a peer asks of a host that lacks it is refused in the words of the specification, and never left unanswered.
//! Played by any host that has a role, whatever its features.
#![cfg(any(feature = "central", feature = "peripheral"))]
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

use jelling_host::wire::{Address, Packet, PacketKind, hci::Opcode};
use jelling_host::*;
use support::{Air, HANDLE};

const ATT: u8 = 0x04;
const SMP: u8 = 0x06;

/// A host with a link to a peer that a script plays.
struct Asked {
    memory: Box<Store<Links<2, 64>, Gatt<8, 256>, Pool<8, 2>, Scan<2>>>,
    air: Air,
}

impl Asked {
    fn new() -> Self {
        let mut asked = Asked { memory: Box::new(Store::NEW), air: Air::new(251) };
        asked.memory.core().start();
        asked.pump();
        assert_eq!(asked.memory.core().power(), Power::Up);
        asked
    }

    /// The same with a link.
    fn connected() -> Self {
        let mut asked = Self::new();
        asked.connect();
        asked
    }

    /// A link in the role that the host asks for.
    fn connect(&mut self) {
        #[cfg(feature = "peripheral")]
        let role = {
            let settings = AdvertisingSettings {
                interval: core::time::Duration::from_millis(100),
                kind: jelling_host::wire::hci::AdvertisingKind::ConnectableUndirected,
                peer: Address::default(),
                adv_data: &[],
                resp_data: &[],
            };
            self.memory.core().advertise(&settings).unwrap();
            1
        };
        #[cfg(not(feature = "peripheral"))]
        let role = {
            self.memory.core().connect(&ConnectSettings::new(Address::default())).unwrap();
            0
        };
        self.pump();
        self.air.connected = true;
        self.complete(role);
    }

    /// The controller tells of a link in this role.
    fn complete(&mut self, role: u8) {
        // Vol 4, Part E, 7.7.65.1.
        let mut complete = vec![0x01, 0, HANDLE as u8, 0, role, 0];
        complete.extend([1, 2, 3, 4, 5, 6, 24, 0, 0, 0, 0x2c, 1, 0]);
        self.event(0x3e, &complete);
    }

    fn event(&mut self, code: u8, parameters: &[u8]) {
        let mut packet = vec![code, parameters.len() as u8];
        packet.extend(parameters);
        self.memory.core().handle_packet(Instant::ZERO, Packet::new(PacketKind::Event, &packet));
        self.pump();
    }

    fn pump(&mut self) {
        let mut buffer = [0; TRANSMIT_BUFFER];
        loop {
            let mut moved = false;
            if let Some(packet) = self.memory.core().poll_transmit(Instant::ZERO, &mut buffer) {
                self.air.take(0, packet);
                moved = true;
            }
            if let Some((kind, data)) = self.air.controllers[0].to_host.pop_front() {
                self.memory.core().handle_packet(Instant::ZERO, Packet::new(kind, &data));
                moved = true;
            }
            if !moved {
                return;
            }
        }
    }

    /// What the host sends when the peer sends this on a channel: payloads on the same channel.
    fn answers(&mut self, channel: u8, payload: &[u8]) -> Vec<Vec<u8>> {
        self.air.controllers[0].sent.clear();
        let length = payload.len() as u8;
        let mut packet = vec![HANDLE as u8, 0x20, length + 4, 0, length, 0, channel, 0];
        packet.extend(payload);
        self.memory.core().handle_packet(Instant::ZERO, Packet::new(PacketKind::Acl, &packet));
        self.pump();
        let sent = self.air.controllers[0].sent.iter().filter(|(kind, _)| *kind == PacketKind::Acl);
        sent.map(|(_, data)| data).filter(|data| data[6] == channel).map(|data| data[8..].to_vec()).collect()
    }

    fn commands(&self) -> Vec<(Opcode, Vec<u8>)> {
        let sent = self.air.controllers[0].sent.iter().filter(|(kind, _)| *kind == PacketKind::Command);
        sent.map(|(_, data)| (Opcode(u16::from_le_bytes([data[0], data[1]])), data[3..].to_vec())).collect()
    }
}

#[test]
fn a_long_term_key_is_refused() {
    let mut asked = Asked::new();
    let mask = asked.commands().into_iter().find(|(opcode, _)| *opcode == Opcode::LE_SET_EVENT_MASK).unwrap().1;
    assert_eq!(mask[0] & 0x10, 0x10, "the controller is to ask: a masked event leaves the peer without an answer");
    asked.connect();
    asked.air.controllers[0].sent.clear();
    // Vol 4, Part E, 7.7.65.5: handle, random number, diversifier.
    asked.event(0x3e, &[0x05, HANDLE as u8, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    let refusal = (Opcode::LE_LONG_TERM_KEY_REQUEST_NEGATIVE_REPLY, vec![HANDLE as u8, 0]);
    assert_eq!(asked.commands(), [refusal]);
    assert_eq!(asked.memory.core().counters().unexpected, 0);
}

#[test]
fn every_command_of_the_security_manager_is_refused() {
    let mut asked = Asked::connected();
    // Vol 3, Part H, 3.3: codes 0x01 to 0x0e.
    for code in (0x01..=0x0e).filter(|code| *code != 0x05) {
        assert_eq!(asked.answers(SMP, &[code, 0, 0, 0, 0, 0, 0]), [vec![0x05, 0x05]], "code {code:#04x}");
    }
    let refused = asked.memory.core().counters().unexpected;
    // Were a refusal refused, two hosts without pairing would never stop; reserved codes are ignored.
    for code in [0x05, 0x00, 0x0f, 0xff] {
        assert_eq!(asked.answers(SMP, &[code, 5]), [[0u8; 0]; 0], "code {code:#04x}");
    }
    assert_eq!(asked.memory.core().counters().unexpected, refused + 4);
    assert_eq!(asked.answers(ATT, &[0xff]), [[0u8; 0]; 0], "the link goes on, and a command has no answer");
}
