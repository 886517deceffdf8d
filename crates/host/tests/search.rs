//! Connecting to a bonded peer that changes its address, command by command (Vol 3, Part C, 10.8.2.3).
#![cfg(all(feature = "central", feature = "security"))]
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    missing_docs,
    reason = "tests"
)]

use core::{task::Poll, time::Duration};
use jelling_host::{
    wire::{
        Address, AddressKind, Packet, PacketKind, Secret,
        hci::{Opcode, ScanKind, command},
    },
    *,
};

type Memory = Store<Links<2, 64>, Gatt<0, 0>, Pool<4, 1>, Scan<2>, Bonds<2>>;

const KEY: [u8; 16] = [0x3c; 16];
const IDENTITY: Address = Address::new(AddressKind::Random, [1, 2, 3, 4, 5, 0xc6]);

/// A resolvable private address of the peer.
fn resolvable(key: &[u8; 16], number: u8) -> Address {
    let prand = [number, 0x5a, 0x40];
    let [h0, h1, h2] = toolbox::ah(key, &prand);
    Address::new(AddressKind::Random, [h0, h1, h2, prand[0], prand[1], prand[2]])
}

/// A host on a controller that answers at once, and what it was told of scanning and connecting.
struct Bench {
    memory: Box<Memory>,
    now: Instant,
    told: Vec<Vec<u8>>,
    refuses: Option<Opcode>,
    /// The end of a cancelled attempt is told by hand.
    holds_cancel: bool,
}

impl Bench {
    fn new() -> Self {
        let mut bench = Bench {
            memory: Box::new(Store::NEW),
            now: Instant::ZERO,
            told: vec![],
            refuses: None,
            holds_cancel: false,
        };
        let mut core = bench.memory.core();
        core.configure(Config::default());
        core.start();
        bench.work();
        assert_eq!(bench.core().power(), Power::Up);
        let bond = Bond {
            central_key: Some(LongTermKey { key: Secret([1; 16]), diversifier: 0, random: [0; 8] }),
            identity_key: Some(Secret(KEY)),
            ..Bond::new(IDENTITY)
        };
        bench.core().restore_bond(&bond).unwrap();
        bench
    }

    fn core(&mut self) -> Core<'_> {
        self.memory.core()
    }

    fn hear(&mut self, event: &[u8]) {
        let now = self.now;
        self.core().handle_packet(now, Packet::new(PacketKind::Event, event));
        self.work();
    }

    /// Lets the host send what it has, and answers it.
    fn work(&mut self) {
        let mut buffer = [0; TRANSMIT_BUFFER];
        loop {
            let now = self.now;
            let Some(packet) = self.core().poll_transmit(now, &mut buffer).and_then(|t| t.packet()) else { break };
            let packet = packet.data.to_vec();
            let (opcode, _) = command::header(&packet).unwrap();
            let [low, high] = opcode.number().to_le_bytes();
            let status = if self.refuses == Some(opcode) { 0x0c } else { 0 };
            let kinds = [
                Opcode::LE_SET_SCAN_PARAMETERS,
                Opcode::LE_SET_SCAN_ENABLE,
                Opcode::LE_CREATE_CONNECTION,
                Opcode::LE_CREATE_CONNECTION_CANCEL,
            ];
            if kinds.contains(&opcode) {
                self.told.push(packet);
            }
            let complete = |rest: &[u8]| {
                let length = u8::try_from(rest.len() + 4).unwrap();
                [&[0x0e, length, 1, low, high, status][..], rest].concat()
            };
            let answer = match opcode {
                Opcode::READ_LOCAL_VERSION_INFORMATION => complete(&[12, 0, 0, 12, 0xff, 0xff, 0, 0]),
                Opcode::READ_LOCAL_SUPPORTED_COMMANDS => complete(&[0xff; 64]),
                Opcode::READ_LOCAL_SUPPORTED_FEATURES | Opcode::LE_READ_LOCAL_SUPPORTED_FEATURES => {
                    complete(&[0x20, 0, 0, 0, 0, 0, 0, 0])
                }
                Opcode::LE_READ_BUFFER_SIZE => complete(&[251, 0, 8]),
                Opcode::READ_BD_ADDR => complete(&[1, 2, 3, 4, 5, 6]),
                Opcode::LE_RAND => complete(&[1, 2, 3, 4, 5, 6, 7, 8]),
                Opcode::LE_CREATE_CONNECTION => vec![0x0f, 4, status, 1, low, high],
                _ => complete(&[]),
            };
            self.core().handle_packet(now, Packet::new(PacketKind::Event, &answer));
            if opcode == Opcode::LE_CREATE_CONNECTION_CANCEL && !self.holds_cancel {
                self.core().handle_packet(now, Packet::new(PacketKind::Event, &cancelled()));
            }
        }
    }

    /// An advertisement of this kind: 0 is connectable, 3 is not (Vol 4, Part E, 7.7.65.2).
    fn advertised(&mut self, address: Address, kind: u8) {
        let report = [&[0x3e, 12, 0x02, 1, kind, address.kind as u8], &address.octets[..], &[0, 0xc8]].concat();
        self.hear(&report);
    }

    fn connected(&mut self, address: Address) {
        let mut event = vec![0x3e, 19, 0x01, 0, 0x40, 0, 0, address.kind as u8];
        event.extend(address.octets);
        event.extend([24, 0, 0, 0, 0x2c, 1, 0]);
        self.hear(&event);
    }

    fn connect(&mut self) -> ConnectTicket {
        let ticket = self.core().connect(&ConnectSettings::new(IDENTITY)).unwrap();
        self.work();
        ticket
    }

    /// What the controller was told since, in words.
    fn told(&mut self) -> Vec<String> {
        let words = |packet: Vec<u8>| {
            let (opcode, p) = command::header(&packet).unwrap();
            match opcode {
                Opcode::LE_SET_SCAN_PARAMETERS => {
                    let number = |at: usize| u16::from_le_bytes([p[at], p[at + 1]]);
                    format!("{} {} {}", if p[0] == 0 { "passive" } else { "active" }, number(1), number(3))
                }
                Opcode::LE_SET_SCAN_ENABLE => if p[0] == 1 { "on" } else { "off" }.into(),
                Opcode::LE_CREATE_CONNECTION => format!("connect {:02x?}", &p[6..12]),
                _ => "cancel".into(),
            }
        };
        core::mem::take(&mut self.told).into_iter().map(words).collect()
    }

    fn later(&mut self, millis: u64) {
        self.now = self.now.after(Duration::from_millis(millis));
        let now = self.now;
        self.core().handle_timeout(now);
        self.work();
    }
}

/// LE Connection Complete of an attempt that was cancelled.
fn cancelled() -> Vec<u8> {
    let mut failed = vec![0x3e, 19, 0x01, 0x02];
    failed.resize(21, 0);
    failed
}

fn to(address: Address) -> String {
    format!("connect {:02x?}", address.octets)
}

const SEARCH: [&str; 2] = ["passive 96 48", "on"];

#[test]
fn it_listens_and_connects_to_what_it_heard() {
    for address in [IDENTITY, resolvable(&KEY, 1), resolvable(&KEY, 2)] {
        let mut bench = Bench::new();
        let ticket = bench.connect();
        assert_eq!(bench.told(), SEARCH);
        // Strangers, and what nobody can connect to.
        bench.advertised(resolvable(&[9; 16], 1), 0);
        bench.advertised(Address::new(AddressKind::Public, IDENTITY.octets), 0);
        bench.advertised(address, 3);
        bench.advertised(address, 4);
        assert_eq!((bench.told(), bench.core().connected(ticket)), (vec![], Poll::Pending));
        bench.advertised(address, 0);
        assert_eq!(bench.told(), ["off".to_string(), to(address)]);
        bench.connected(address);
        let Poll::Ready(Ok(link)) = bench.core().connected(ticket) else { panic!("no link") };
        assert_eq!(bench.core().link_info(link).map(|info| info.peer), Ok(address));
        assert_eq!(bench.core().bond_of(link).map(|bond| bond.peer), Some(IDENTITY));
        // By each of its addresses it is the link that there is.
        for other in [IDENTITY, address, resolvable(&KEY, 7)] {
            assert_eq!(bench.core().existing(other), Some(link));
            assert_eq!(bench.core().connect(&ConnectSettings::new(other)), Err(Error::Busy));
        }
        assert_eq!(bench.core().existing(resolvable(&[9; 16], 7)), None);
        assert_eq!(bench.told(), [""; 0]);
    }
}

#[test]
fn directed_advertising_is_heard_too() {
    let mut bench = Bench::new();
    bench.connect();
    bench.told();
    bench.advertised(resolvable(&KEY, 1), 1);
    assert_eq!(bench.told(), ["off".to_string(), to(resolvable(&KEY, 1))]);
}

#[test]
fn a_peer_of_one_address_is_connected_to_at_once() {
    let mut bench = Bench::new();
    let other = Address::new(AddressKind::Public, [7; 6]);
    // Without a bond, with one without a key, and with one whose key is none (Vol 3, Part H, 2.4.2.1).
    for key in [None, Some(Secret([0; 16]))] {
        bench.core().connect(&ConnectSettings::new(other)).map(|ticket| bench.core().end_connect(ticket)).unwrap();
        bench.work();
        bench.core().restore_bond(&Bond { identity_key: key, ..Bond::new(other) }).unwrap();
        let ticket = bench.core().connect(&ConnectSettings::new(other)).unwrap();
        bench.work();
        assert_eq!(bench.told(), [to(other)]);
        bench.core().end_connect(ticket);
        bench.work();
        bench.told();
        bench.core().remove_bond(other).unwrap();
        // What a store is still to remove does not come back from it.
        while bench.core().take_bond_change().is_some() {}
    }
    // An address that was heard in a scan is one address, whosever it is.
    bench.core().connect(&ConnectSettings::new(resolvable(&KEY, 1))).unwrap();
    bench.work();
    assert_eq!(bench.told(), [to(resolvable(&KEY, 1))]);
}

#[test]
fn giving_it_up_leaves_nothing_in_the_controller() {
    let mut bench = Bench::new();
    let ticket = bench.connect();
    bench.core().end_connect(ticket);
    bench.work();
    assert_eq!(bench.told().last().map(String::as_str), Some("off"));
    assert!(bench.core().is_idle());
    let ticket = bench.connect();
    bench.advertised(resolvable(&KEY, 1), 0);
    bench.told();
    bench.core().end_connect(ticket);
    bench.work();
    assert_eq!(bench.told(), ["cancel"]);
    assert!(bench.core().is_idle());
    assert_eq!(bench.core().poll_timeout(), None);
}

#[test]
fn an_attempt_of_5_s_is_given_up_and_the_peer_looked_for_again() {
    let mut bench = Bench::new();
    let ticket = bench.connect();
    bench.later(60_000);
    assert_eq!(bench.told(), SEARCH);
    for number in 1..4 {
        bench.advertised(resolvable(&KEY, number), 0);
        assert_eq!(bench.told(), ["off".to_string(), to(resolvable(&KEY, number))]);
        // What is heard of it meanwhile changes nothing.
        bench.advertised(resolvable(&KEY, 9), 0);
        bench.later(4_999);
        assert_eq!(bench.told(), [""; 0]);
        bench.later(1);
        assert_eq!(bench.told(), ["cancel", SEARCH[0], SEARCH[1]]);
        assert_eq!(bench.core().connected(ticket), Poll::Pending);
    }
    // It comes up while it is cancelled.
    bench.advertised(IDENTITY, 0);
    bench.connected(IDENTITY);
    assert!(matches!(bench.core().connected(ticket), Poll::Ready(Ok(_))));
    bench.later(60_000);
    bench.told();
    assert!(!bench.core().has_left() || bench.core().poll_event().is_some());
}

#[test]
fn what_is_heard_before_the_attempt_is_over_is_not_connected_to() {
    let mut bench = Bench::new();
    let ticket = bench.connect();
    bench.advertised(resolvable(&KEY, 1), 0);
    bench.told();
    bench.holds_cancel = true;
    bench.later(5_000);
    assert_eq!(bench.told(), ["cancel"]);
    bench.advertised(resolvable(&KEY, 2), 0);
    assert_eq!((bench.told(), bench.core().connected(ticket)), (vec![], Poll::Pending));
    bench.hear(&cancelled());
    assert_eq!((bench.told(), bench.core().connected(ticket)), (SEARCH.map(String::from).to_vec(), Poll::Pending));
    bench.advertised(resolvable(&KEY, 2), 0);
    assert_eq!(bench.told(), ["off".to_string(), to(resolvable(&KEY, 2))]);
}

#[test]
fn a_scan_of_the_application_shares_the_scanner() {
    let settings = ScanSettings {
        kind: ScanKind::Active,
        interval: Duration::from_secs(1),
        window: Duration::from_millis(10),
        rssi_is_news: false,
    };
    let mut bench = Bench::new();
    bench.core().scan(&settings).unwrap();
    bench.work();
    assert_eq!(bench.told(), ["active 1600 16", "on"]);
    // Connecting ends a scan.
    let ticket = bench.connect();
    assert_eq!(bench.told(), ["off", SEARCH[0], SEARCH[1]]);
    let scan = bench.core().scan(&settings).unwrap();
    bench.work();
    assert_eq!(bench.told(), ["off", "active 96 48", "on"]);
    bench.advertised(Address::new(AddressKind::Public, [7; 6]), 0);
    assert!(matches!(bench.core().scanned(scan), Poll::Ready(Ok(Some(_)))));
    // Without the search the scan goes on as it was asked for.
    bench.core().end_connect(ticket);
    bench.work();
    assert_eq!(bench.told(), ["off", "active 1600 16", "on"]);
    bench.connect();
    bench.told();
    let scan = bench.core().scan(&settings).unwrap();
    bench.work();
    assert_eq!(bench.told(), ["off", "active 96 48", "on"]);
    // The peer is heard by both, and the scan goes on as it was asked for.
    bench.advertised(resolvable(&KEY, 1), 0);
    let Poll::Ready(Ok(Some(report))) = bench.core().scanned(scan) else { panic!("nothing was heard") };
    assert_eq!((report.address(), report.identity()), (resolvable(&KEY, 1), Some(IDENTITY)));
    assert_eq!(bench.told(), ["off".to_string(), to(resolvable(&KEY, 1)), "active 1600 16".into(), "on".into()]);
    bench.core().end_scan(scan);
    bench.work();
    assert_eq!(bench.told(), ["off"]);
}

#[test]
fn a_controller_that_does_not_scan_is_an_error() {
    for opcode in [Opcode::LE_SET_SCAN_PARAMETERS, Opcode::LE_SET_SCAN_ENABLE] {
        let mut bench = Bench::new();
        bench.refuses = Some(opcode);
        let ticket = bench.connect();
        let Poll::Ready(Err(error)) = bench.core().connected(ticket) else { panic!("it goes on") };
        assert!(matches!(error, Error::Refused(refused, _) if refused == opcode), "{error:?}");
        bench.refuses = None;
        bench.work();
        bench.told();
        assert!(bench.core().is_idle());
        bench.connect();
        assert_eq!(bench.told(), SEARCH);
    }
}

#[test]
fn a_host_that_is_stopped_looks_for_nobody() {
    let mut bench = Bench::new();
    let ticket = bench.connect();
    bench.core().stop();
    bench.work();
    assert_eq!(bench.core().connected(ticket), Poll::Ready(Err(Error::Stopped)));
    bench.core().start();
    bench.told();
    bench.work();
    assert_eq!(bench.told(), [""; 0]);
    assert!(bench.core().is_idle());
}

#[test]
fn an_identity_is_told_with_the_report_of_its_address() {
    let settings = ScanSettings {
        kind: ScanKind::Passive,
        interval: Duration::from_millis(60),
        window: Duration::from_millis(30),
        rssi_is_news: false,
    };
    let mut bench = Bench::new();
    let scan = bench.core().scan(&settings).unwrap();
    bench.work();
    for (address, identity) in [
        (resolvable(&KEY, 1), Some(IDENTITY)),
        (IDENTITY, Some(IDENTITY)),
        (resolvable(&[9; 16], 1), None),
        (Address::new(AddressKind::Public, resolvable(&KEY, 1).octets), None),
    ] {
        bench.advertised(address, 0);
        let Poll::Ready(Ok(Some(report))) = bench.core().scanned(scan) else { panic!("nothing was heard") };
        assert_eq!((report.address(), report.identity()), (address, identity));
    }
}
