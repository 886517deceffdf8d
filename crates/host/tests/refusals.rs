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
            let may = self.memory.core().may_transmit();
            if let Some(packet) = self.memory.core().poll_transmit(Instant::ZERO, &mut buffer).and_then(|t| t.packet())
            {
                assert!(may, "{packet:?} was not to be expected");
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

    /// The one deadline of a link on which nothing goes on: when it is asked after.
    #[cfg(not(all(feature = "client", feature = "server")))]
    fn quiet(&mut self) -> Option<Instant> {
        Some(Instant::ZERO.after(self.memory.core().config().link_check))
    }

    fn commands(&self) -> Vec<(Opcode, Vec<u8>)> {
        let sent = self.air.controllers[0].sent.iter().filter(|(kind, _)| *kind == PacketKind::Command);
        sent.map(|(_, data)| (Opcode::new(u16::from_le_bytes([data[0], data[1]])), data[3..].to_vec())).collect()
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
        // What comes behind a refusal may have been on its way: it gets none of its own.
        asked = Asked::connected();
        let answers = asked.answers(SMP, &[code, 0, 0, 0, 0, 0, 0]);
        match answers.as_slice() {
            // Of a host that pairs: that this is no command, or nothing to begin with.
            [answer] if cfg!(feature = "security") => {
                assert!(matches!(answer[..], [0x05, 0x07 | 0x08 | 0x0a]), "{answer:?}")
            }
            _ => assert_eq!(answers, [vec![0x05, 0x05]], "code {code:#04x}"),
        }
    }
    let refused = asked.memory.core().counters().unexpected;
    // Were a refusal refused, two hosts without pairing would never stop; reserved codes are ignored.
    for code in [0x05, 0x00, 0x0f, 0xff] {
        assert_eq!(asked.answers(SMP, &[code, 5]), [[0u8; 0]; 0], "code {code:#04x}");
    }
    assert_eq!(asked.memory.core().counters().unexpected, refused + 4);
    assert_eq!(asked.answers(ATT, &[0xff]), [[0u8; 0]; 0], "the link goes on, and a command has no answer");
}

#[cfg(not(feature = "server"))]
#[test]
fn without_a_server_each_request_is_not_supported() {
    let mut asked = Asked::connected();
    // Vol 3, Part F, 3.4: every request there is, a malformed one, and one that nobody knows; responses and the rest apart.
    for request in [0x00, 0x02, 0x04, 0x06, 0x08, 0x0a, 0x0c, 0x0e, 0x10, 0x12, 0x16, 0x18, 0x20, 0x3e] {
        for payload in [vec![request], vec![request, 1, 0, 0xff, 0xff, 0, 0x28], vec![request; 24]] {
            let answers = asked.answers(ATT, &payload);
            assert_eq!(answers, [vec![0x01, request, 0, 0, 0x06]], "request {request:#04x}");
        }
    }
    // A command, a signed one, and a confirmation have no answer.
    for silent in [vec![0x52, 1, 0, 7], vec![0xd2; 15], vec![0x1e]] {
        assert_eq!(asked.answers(ATT, &silent), [[0u8; 0]; 0]);
    }
    assert_eq!(asked.memory.core().poll_timeout(), asked.quiet());
}

#[cfg(not(feature = "client"))]
#[test]
fn without_a_client_an_indication_is_confirmed_all_the_same() {
    let mut asked = Asked::connected();
    assert_eq!(asked.answers(ATT, &[0x1d, 3, 0, 1, 2]), [vec![0x1e]], "Handle Value Confirmation");
    assert_eq!(asked.answers(ATT, &[0x1b, 3, 0, 1, 2]), [[0u8; 0]; 0], "a notification");
    assert_eq!(asked.answers(ATT, &[0x0b, 1, 2]), [[0u8; 0]; 0], "a response to no request");
    assert_eq!(asked.memory.core().counters().unexpected, 3);
    assert_eq!(asked.memory.core().poll_timeout(), asked.quiet());
}

#[cfg(not(feature = "central"))]
#[test]
fn without_a_central_its_events_are_not_asked_for_and_its_links_are_ended() {
    let mut asked = Asked::new();
    let mask = asked.commands().into_iter().find(|(opcode, _)| *opcode == Opcode::LE_SET_EVENT_MASK).unwrap().1;
    assert_eq!(mask[0] & 0x02, 0, "LE Advertising Report");
    asked.air.controllers[0].sent.clear();
    asked.event(0x3e, &[0x02, 1, 0, 0, 1, 2, 3, 4, 5, 6, 0, 0xc8]);
    asked.complete(0);
    assert_eq!(asked.commands(), [(Opcode::DISCONNECT, vec![HANDLE as u8, 0, 0x13])]);
    assert_eq!(asked.memory.core().counters().unexpected, 2);
    assert_eq!(asked.memory.core().pools().links.used, 0);
}

#[cfg(not(feature = "peripheral"))]
#[test]
fn without_a_peripheral_a_link_in_its_role_is_ended() {
    let mut asked = Asked::new();
    asked.air.controllers[0].sent.clear();
    asked.complete(1);
    assert_eq!(asked.commands(), [(Opcode::DISCONNECT, vec![HANDLE as u8, 0, 0x13])]);
    assert_eq!((asked.memory.core().counters().unexpected, asked.memory.core().pools().links.used), (1, 0));
}

/// The memory of what is switched off costs nothing, whatever its sizes.
#[test]
fn groups_without_their_feature_have_no_octets() {
    let pool = cfg!(any(feature = "client", feature = "server"));
    for (name, octets, is_there) in [
        ("Gatt", size_of::<Gatt<32, 512>>(), cfg!(feature = "server")),
        ("Scan", size_of::<Scan<8>>(), cfg!(feature = "central")),
        ("Bonds", size_of::<Bonds<4>>(), cfg!(feature = "security")),
        ("Pool", size_of::<Pool<16, 8>>(), pool),
    ] {
        assert_eq!(octets != 0, is_there, "{name}: {octets} octets");
    }
}
