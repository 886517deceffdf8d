//! Two hosts of ours pair in each way, and find each other again.
#![cfg(all(feature = "central", feature = "client", feature = "peripheral", feature = "server", feature = "security"))]
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

use core::task::Poll;
use jelling_host::{
    wire::{Packet, PacketKind, hci::Opcode, smp::IoCapability},
    *,
};
use support::{
    numbers::Numbers,
    pair::{Pair, serve},
};

/// Two hosts, and controllers that draw and encrypt.
struct Couple {
    pair: Pair,
    links: [LinkId; 2],
    numbers: Numbers,
    /// The key that the central gave, until the peripheral has.
    offered: Option<Vec<u8>>,
    passkey: Option<u32>,
    prompts: [Option<PasskeyTicket>; 2],
    /// What the central pairs with when it is asked to.
    central: PairSettings,
    /// Of controllers that work on P-256: their private keys, what they were asked, and whether they refuse.
    privates: [[u8; 32]; 2],
    curve_commands: usize,
    curve_refused: bool,
}

impl Couple {
    fn new(prepare: impl FnOnce(&mut Pair)) -> Self {
        let (mut pair, central, peripheral) = Pair::serving(27, |core| {
            serve(core, 20);
        });
        prepare(&mut pair);
        Couple {
            pair,
            links: [central, peripheral],
            numbers: Numbers(7),
            offered: None,
            passkey: None,
            prompts: [None; 2],
            central: PairSettings::new(),
            privates: [[0; 32]; 2],
            curve_commands: 0,
            curve_refused: false,
        }
    }

    fn event(&mut self, who: usize, octets: &[u8]) {
        self.pair.air.controllers[who].to_host.push_back((PacketKind::Event, octets.to_vec()));
    }

    /// What a thin controller does not do.
    fn secure(&mut self, who: usize, packet: Packet<'_>) -> bool {
        if packet.kind != PacketKind::Command {
            return false;
        }
        let (low, high) = (packet.data[0], packet.data[1]);
        match Opcode::new(u16::from_le_bytes([low, high])) {
            Opcode::LE_RAND => {
                let mut event = vec![0x0e, 12, 1, low, high, 0];
                event.extend(self.numbers.next().to_le_bytes());
                self.event(who, &event);
            }
            Opcode::LE_ENABLE_ENCRYPTION => {
                self.event(who, &[0x0f, 4, 0, 1, low, high]);
                self.offered = Some(packet.data[15..31].to_vec());
                let mut request = vec![0x3e, 13, 5, 0x40, 0];
                request.extend(&packet.data[5..15]);
                self.event(1 - who, &request);
            }
            Opcode::LE_LONG_TERM_KEY_REQUEST_REPLY => {
                self.event(who, &[0x0e, 6, 1, low, high, 0, 0x40, 0]);
                assert_eq!(self.offered.take().as_deref(), Some(&packet.data[5..21]), "both have the same key");
                for side in 0..2 {
                    self.event(side, &[0x08, 4, 0, 0x40, 0, 1]);
                }
            }
            Opcode::LE_LONG_TERM_KEY_REQUEST_NEGATIVE_REPLY => {
                self.event(who, &[0x0e, 6, 1, low, high, 0, 0x40, 0]);
                self.event(1 - who, &[0x08, 4, 6, 0x40, 0, 0]);
            }
            Opcode::LE_READ_LOCAL_P256_PUBLIC_KEY => {
                self.curve_commands += 1;
                self.event(who, &[0x0f, 4, if self.curve_refused { 0x0c } else { 0 }, 1, low, high]);
                if !self.curve_refused {
                    let private: [u8; 32] = core::array::from_fn(|_| self.numbers.next() as u8 & 0x7f);
                    self.privates[who] = private;
                    let PublicKey { x, y } = Software.public_key(&private).unwrap();
                    self.event(who, &[&[0x3e, 66, 0x08, 0][..], &x, &y].concat());
                }
            }
            Opcode::LE_GENERATE_DHKEY => {
                self.curve_commands += 1;
                self.event(who, &[0x0f, 4, 0, 1, low, high]);
                let peer =
                    PublicKey { x: packet.data[3..35].try_into().unwrap(), y: packet.data[35..67].try_into().unwrap() };
                let secret = Software.shared_secret(&self.privates[who], &peer).unwrap();
                self.event(who, &[&[0x3e, 34, 0x09, 0][..], &secret.0].concat());
            }
            _ => return false,
        }
        true
    }

    /// Moves packets, does jobs and answers for the users until nothing goes on.
    fn go_on(&mut self) {
        let mut software = Software;
        for _ in 0..10_000 {
            let mut moved = false;
            for who in 0..2 {
                let now = self.pair.now;
                let mut buffer = [0; TRANSMIT_BUFFER];
                let may = self.pair.core(who).may_transmit();
                let sent = self
                    .pair
                    .core(who)
                    .poll_transmit(now, &mut buffer)
                    .and_then(|t| t.packet())
                    .map(|p| (p.kind, p.data.to_vec()));
                if let Some((kind, data)) = sent {
                    assert!(may);
                    let packet = Packet::new(kind, &data);
                    if !self.secure(who, packet) {
                        self.pair.air.take(who, packet);
                    }
                    moved = true;
                }
                if let Some((kind, data)) = self.pair.air.controllers[who].to_host.pop_front() {
                    self.pair.core(who).handle_packet(now, Packet::new(kind, &data));
                    moved = true;
                }
                while let Some(job) = self.pair.core(who).poll_job() {
                    let result = job.run(&mut software);
                    self.pair.core(who).finish_job(now, result);
                    moved = true;
                }
                if let Poll::Ready((ticket, action)) = self.pair.core(who).take_passkey_action() {
                    match action {
                        PasskeyAction::Display(passkey) => self.passkey = Some(passkey),
                        PasskeyAction::Compare(passkey) => {
                            assert_eq!(*self.passkey.get_or_insert(passkey), passkey, "both show the same");
                            self.pair.core(who).answer_passkey(now, ticket, PasskeyAnswer::Confirm).unwrap();
                        }
                        PasskeyAction::Input => self.prompts[who] = Some(ticket),
                    }
                    moved = true;
                }
                if let (Some(passkey), Some(ticket)) = (self.passkey, self.prompts[who]) {
                    self.prompts[who] = None;
                    self.pair.core(who).answer_passkey(now, ticket, PasskeyAnswer::Input(passkey)).unwrap();
                    moved = true;
                }
                while self.pair.core(who).poll_event().is_some() {}
            }
            if !moved {
                return;
            }
        }
        panic!("the hosts never come to rest");
    }

    fn pair(&mut self, who: usize, settings: &PairSettings) -> Result<Security, Error> {
        let (now, link) = (self.pair.now, self.links[who]);
        let ticket = self.pair.core(who).pair(now, link, settings)?;
        self.go_on();
        if who == 1 {
            // The central's application does as it is asked.
            let central = self.links[0];
            let event = self.pair.core(0).take_link_event(central);
            assert_eq!(event, Poll::Ready(Ok(ConnectionEvent::SecurityRequested)));
            let follow = self.central;
            self.pair.core(0).pair(now, central, &follow).unwrap();
            self.go_on();
        }
        match self.pair.core(who).pair_outcome(ticket) {
            Poll::Ready(outcome) => outcome,
            Poll::Pending => panic!("it goes on"),
        }
    }

    fn allow(&mut self, settings: PairSettings) {
        let link = self.links[1];
        self.pair.core(1).allow_pairing(link, Some(settings)).unwrap();
    }
}

fn with(io: IoCapability) -> PairSettings {
    PairSettings { io, mitm: io != IoCapability::NO_INPUT_NO_OUTPUT, ..PairSettings::new() }
}

const ALL: [IoCapability; 5] = [
    IoCapability::DISPLAY_ONLY,
    IoCapability::DISPLAY_YES_NO,
    IoCapability::KEYBOARD_ONLY,
    IoCapability::NO_INPUT_NO_OUTPUT,
    IoCapability::KEYBOARD_DISPLAY,
];

#[test]
fn each_pair_of_capabilities_by_either_side() {
    for le_secure in [
        LeSecure::Required,
        #[cfg(feature = "legacy-pairing")]
        LeSecure::Off,
    ] {
        for (ours, theirs) in ALL.into_iter().flat_map(|a| ALL.map(|b| (a, b))) {
            for who in 0..2 {
                let settings = [ours, theirs].map(|io| PairSettings { mitm: false, le_secure, ..with(io) });
                let mut couple = Couple::new(|_| {});
                couple.allow(settings[1]);
                couple.central = settings[0];
                if [ours, theirs] == [IoCapability::KEYBOARD_ONLY; 2] {
                    couple.passkey = Some(123_456);
                }
                // One wants protection where there can be some: then there is.
                let mut asked = settings[who];
                let none = IoCapability::NO_INPUT_NO_OUTPUT;
                let shows = |io| matches!(io, IoCapability::DISPLAY_ONLY | IoCapability::DISPLAY_YES_NO);
                let types = |io| matches!(io, IoCapability::KEYBOARD_ONLY | IoCapability::KEYBOARD_DISPLAY);
                let compares = |io| matches!(io, IoCapability::DISPLAY_YES_NO | IoCapability::KEYBOARD_DISPLAY);
                let can = ours != none
                    && theirs != none
                    && (types(ours)
                        || types(theirs)
                        || (le_secure == LeSecure::Required && compares(ours) && compares(theirs)));
                assert!(!can || (shows(ours) || types(ours)), "of a table that is symmetric");
                asked.mitm = can;
                let security = couple.pair(who, &asked).unwrap_or_else(|e| panic!("{ours:?} {theirs:?} {who}: {e}"));
                assert_eq!(security.authenticated, can, "{ours:?} {theirs:?}");
                assert!(security.encrypted && security.bonded && security.key_size == 16);
                assert_eq!(security.secure_connections, le_secure == LeSecure::Required);
                for who in 0..2 {
                    let link = couple.links[who];
                    assert_eq!(couple.pair.core(who).security(link), Ok(security));
                    assert!(couple.pair.core(who).bond_of(link).is_some());
                }
            }
        }
    }
}

#[test]
fn a_controller_works_on_p_256_where_it_can() {
    for refused in [false, true] {
        let mut couple = Couple::new(|pair| {
            for who in 0..2 {
                pair.core(who).configure(Config { curve: Curve::Controller, ..Config::new() });
            }
        });
        couple.curve_refused = refused;
        couple.allow(with(IoCapability::DISPLAY_YES_NO));
        for round in 1..=2 {
            let settings = PairSettings { overwrite: Overwrite::Always, ..with(IoCapability::DISPLAY_YES_NO) };
            // A bond would do for the second pairing.
            for who in 0..2 {
                let peers: Vec<_> = couple.pair.core(who).bonds().map(|bond| bond.peer).collect();
                peers.into_iter().for_each(|peer| couple.pair.core(who).remove_bond(peer).unwrap());
            }
            couple.passkey = None;
            let security = couple.pair(0, &settings).unwrap();
            assert!(security.authenticated && security.secure_connections);
            // Two commands of each; or one that was refused, and then the host did it.
            assert_eq!(couple.curve_commands, if refused { 2 } else { 4 } * round);
        }
    }
}

#[test]
fn secure_connections_only_takes_nothing_less() {
    let only = |pair: &mut Pair| {
        pair.core(1).configure(Config { secure_connections_only: true, ..Config::new() });
    };
    let refused = Err(Error::PairingRejected(wire::smp::Reason::AUTHENTICATION_REQUIREMENTS));
    // Just Works, and legacy pairing, however well authenticated.
    let mut couple = Couple::new(only);
    couple.allow(with(IoCapability::DISPLAY_YES_NO));
    assert_eq!(couple.pair(0, &PairSettings::new()), refused);
    #[cfg(feature = "legacy-pairing")]
    {
        couple.allow(PairSettings { le_secure: LeSecure::Preferred, ..with(IoCapability::KEYBOARD_DISPLAY) });
        let legacy = PairSettings { le_secure: LeSecure::Off, ..with(IoCapability::KEYBOARD_DISPLAY) };
        assert_eq!(couple.pair(0, &legacy), refused);
    }
    let security = couple.pair(0, &with(IoCapability::DISPLAY_YES_NO)).unwrap();
    assert!(security.authenticated && security.secure_connections);
    // Nor does a bond that is weaker encrypt, if there is one of earlier days.
    let mut couple = Couple::new(|_| {});
    couple.pair(0, &PairSettings::new()).unwrap();
    couple.pair.air.part([0x16, 0x13]);
    couple.go_on();
    only(&mut couple.pair);
    couple.connect();
    let (now, link) = (couple.pair.now, couple.links[0]);
    let ticket = couple.pair.core(0).encrypt(now, link).unwrap();
    couple.go_on();
    assert_eq!(couple.pair.core(0).pair_outcome(ticket), Poll::Ready(Err(Error::BondLost)));
}

#[test]
fn one_that_asks_for_protection_gets_it_or_nothing() {
    let mut couple = Couple::new(|_| {});
    let outcome = couple.pair(0, &with(IoCapability::DISPLAY_YES_NO));
    assert_eq!(outcome, Err(Error::PairingFailed(wire::smp::Reason::AUTHENTICATION_REQUIREMENTS)));
    let outcome = couple.pair(0, &PairSettings::new());
    assert!(outcome.is_ok_and(|security| !security.authenticated));
}

#[test]
fn a_bond_encrypts_the_next_link_by_either_side() {
    for who in 0..2 {
        let mut couple = Couple::new(|_| {});
        couple.pair(0, &PairSettings::new()).unwrap();
        couple.pair.air.part([0x16, 0x13]);
        couple.go_on();
        couple.connect();
        let bonded = couple.pair.core(who).security(couple.links[who]).unwrap();
        assert!(bonded.bonded && !bonded.encrypted);
        let (now, link) = (couple.pair.now, couple.links[who]);
        let ticket = couple.pair.core(who).encrypt(now, link).unwrap();
        couple.go_on();
        let Poll::Ready(Ok(security)) = couple.pair.core(who).pair_outcome(ticket) else { panic!("not encrypted") };
        assert!(security.encrypted && security.bonded && security.secure_connections);
    }
}

#[test]
fn a_bond_that_the_peer_has_lost_is_told_and_not_made_anew() {
    let mut couple = Couple::new(|_| {});
    couple.pair(0, &PairSettings::new()).unwrap();
    couple.pair.air.part([0x16, 0x13]);
    couple.go_on();
    let bond = couple.pair.core(1).bonds().next().unwrap();
    couple.pair.core(1).remove_bond(bond.peer).unwrap();
    couple.connect();
    assert_eq!(couple.pair(0, &PairSettings::new()), Err(Error::BondLost));
    let link = couple.links[0];
    assert_eq!(couple.pair.core(0).take_link_event(link), Poll::Ready(Ok(ConnectionEvent::BondLost)));
    assert!(!couple.pair.core(0).security(link).unwrap().encrypted);
    let bond = couple.pair.core(0).bonds().next().unwrap();
    couple.pair.core(0).remove_bond(bond.peer).unwrap();
    assert!(couple.pair(0, &PairSettings::new()).is_ok());
}

#[test]
fn a_pairing_that_is_not_kept_is_no_bond_though_there_is_one() {
    let mut couple = Couple::new(|_| {});
    couple.pair(0, &PairSettings::new()).unwrap();
    couple.pair.air.part([0x16, 0x13]);
    couple.go_on();
    let bond = couple.pair.core(0).bonds().next().unwrap();
    couple.pair.core(0).remove_bond(bond.peer).unwrap();
    couple.connect();
    let link = couple.links[1];
    assert!(couple.pair.core(1).security(link).unwrap().bonded);
    // Whoever has this address may do that: it has not shown to be the one that the bond is with.
    let security = couple.pair(0, &PairSettings { bond: false, ..PairSettings::new() }).unwrap();
    assert!(security.encrypted && !security.bonded);
    assert_eq!(couple.pair.core(1).security(link), Ok(security));
    assert_eq!(couple.pair.core(1).bond_of(link), None);
    assert_eq!(couple.pair.core(1).bonds().count(), 1);
}

#[test]
fn who_wants_more_than_the_bond_has_not_lost_it() {
    let mut couple = Couple::new(|_| {});
    couple.pair(0, &PairSettings::new()).unwrap();
    couple.pair.air.part([0x16, 0x13]);
    couple.go_on();
    couple.connect();
    couple.allow(with(IoCapability::DISPLAY_YES_NO));
    let security = couple.pair(0, &with(IoCapability::DISPLAY_YES_NO)).unwrap();
    assert!(security.authenticated && security.bonded);
    // Each side is told of the new level, once.
    for who in 0..2 {
        let link = couple.links[who];
        let mut core = couple.pair.core(who);
        assert_eq!(core.take_link_event(link), Poll::Ready(Ok(ConnectionEvent::SecurityChanged(security))));
        assert!(core.take_link_event(link).is_pending());
    }
}

#[test]
fn out_of_band_either_way() {
    for (central_knows, peripheral_knows) in [(true, false), (false, true), (true, true)] {
        let mut couple = Couple::new(|_| {});
        let own = [0, 1].map(|who| {
            assert!(couple.pair.core(who).own_oob().is_pending());
            couple.go_on();
            let Poll::Ready(Ok(own)) = couple.pair.core(who).own_oob() else { panic!("no data") };
            PeerOob::SecureConnections { confirm: own.confirm, random: own.random }
        });
        let settings = |known: Option<PeerOob>| PairSettings { oob: known, mitm: true, ..PairSettings::new() };
        couple.allow(settings(peripheral_knows.then_some(own[0])));
        let security = couple.pair(0, &settings(central_knows.then_some(own[1]))).unwrap();
        assert!(security.authenticated && security.secure_connections);
    }
}

impl Couple {
    fn connect(&mut self) {
        let adv = self.pair.core(1).advertise(&support::pair::advertising()).unwrap();
        self.go_on();
        let peer = wire::Address::new(wire::AddressKind::Public, support::Air::address(1));
        let connect = self.pair.core(0).connect(&ConnectSettings::new(peer)).unwrap();
        self.go_on();
        let Poll::Ready(Ok(central)) = self.pair.core(0).connected(connect) else { panic!("no link") };
        let Poll::Ready(Ok(peripheral)) = self.pair.core(1).advertised(adv) else { panic!("no link") };
        self.links = [central, peripheral];
    }
}
