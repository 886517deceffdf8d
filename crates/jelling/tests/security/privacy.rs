//! Hosts that hide: strangers learn nothing of who they are, and bonded peers find each other whatever their addresses are by then.

use crate::support::{ENCRYPTED, INTERVAL, Tape, agreed, found, play, serve, timed};
use core::time::Duration;
use embassy_futures::{
    join::join,
    select::{Either, select},
};
use embassy_time::Timer;
use jelling::{
    AddressKind, Config, Connection, ConnectionEvent, Device, Host, OwnAddress, Packet, PacketKind, Pair, ScanResult,
    Updates,
    sim::{Direction, Passed},
};

const PERIOD: Duration = Duration::from_secs(900);

fn hide(hosts: &[Host<'_>]) {
    for host in hosts {
        host.configure(Config { address: OwnAddress::Resolvable, ..host.config() });
    }
}

/// What the host goes by on air.
async fn on_air(host: Host<'_>) -> Device {
    host.start().await.unwrap().on_air.into()
}

/// What a scan finds first.
async fn seen(host: Host<'_>) -> ScanResult {
    let mut scanner = host.scan(Duration::from_secs(60)).active().await.unwrap();
    scanner.next().await.expect("somebody advertises")
}

/// Two hosts that find each other by a scan: the first is the central.
async fn meet<'d>(central: Host<'d>, peripheral: Host<'d>) -> [Connection<'d>; 2] {
    let find = async {
        let device = seen(central).await.device();
        central.connect(device).await.unwrap()
    };
    let (ours, theirs) = join(find, peripheral.advertise(INTERVAL).name("hidden")).await;
    [ours, theirs.unwrap()]
}

/// They meet, pair, and part.
async fn bond(central: Host<'_>, peripheral: Host<'_>) {
    let [ours, theirs] = meet(central, peripheral).await;
    ours.pair(Pair::new()).await.unwrap();
    agreed(&[ours.clone(), theirs.clone()]).await;
    ours.disconnect().await.unwrap();
    theirs.disconnected().await.unwrap();
}

/// The packets that have an address in them, but for Read BD_ADDR's answer.
fn tell(recording: &[Passed], address: [u8; 6]) -> Vec<&Passed> {
    let own = |p: &Passed| p.direction == Direction::FromController && p.octets.starts_with(&[0x0e, 10, 1, 0x09, 0x10]);
    recording.iter().filter(|p| !own(p) && p.octets.windows(6).any(|six| six == address)).collect()
}

/// In the order of the air.
fn public(number: u8) -> [u8; 6] {
    let mut octets = jelling::sim::device(number).octets();
    octets.reverse();
    octets
}

/// A PDU of the Security Manager with an identity address, on its way from one host to the other.
fn hands_over(p: &Passed) -> bool {
    p.kind == PacketKind::Acl && p.octets[6..9] == [0x06, 0x00, 0x09]
}

#[test]
fn nobody_learns_who_they_are_before_they_pair() {
    play(async |[central, peripheral]: [Host<'_>; 2], air: &Tape, _| {
        hide(&[central, peripheral]);
        serve(peripheral);
        let sides = meet(central, peripheral).await;
        let devices = [on_air(peripheral).await, on_air(central).await];
        assert_eq!(sides.each_ref().map(|side| side.device().unwrap()), devices);
        assert!(devices.iter().all(|device| device.kind() == AddressKind::Random));
        // All that a client can read.
        let mut services = sides[0].services(None);
        let mut values = 0;
        while let Some(service) = services.next().await.unwrap() {
            let mut characteristics = service.characteristics(None);
            while let Some(characteristic) = characteristics.next().await.unwrap() {
                let mut octets = [0; 512];
                values += u32::from(characteristic.read_into(&mut octets).await.is_ok());
            }
        }
        assert!(values > 2, "the GAP service has some");
        sides[0].pair(Pair::new().no_bond()).await.unwrap();
        agreed(&sides).await;
        for number in [0, 1] {
            assert_eq!(tell(&air.recording(), public(number)), Vec::<&Passed>::new());
        }
        // Who bonds is told.
        sides[0].disconnect().await.unwrap();
        sides[1].disconnected().await.unwrap();
        drop(sides);
        let before = air.recording().len();
        bond(central, peripheral).await;
        for number in [0, 1] {
            let recording = air.recording();
            let told = tell(&recording, public(number));
            assert!(!told.is_empty() && told.iter().all(|p| hands_over(p)), "{told:?}");
            assert_eq!(tell(&recording[..before], public(number)).len(), 0);
        }
    });
}

#[test]
fn they_find_each_other_after_both_have_changed_their_addresses() {
    play(async |[central, peripheral]: [Host<'_>; 2], _, _| {
        hide(&[central, peripheral]);
        let served = serve(peripheral);
        let [ours, theirs] = meet(central, peripheral).await;
        let security = ours.pair(Pair::new()).await.unwrap();
        agreed(&[ours.clone(), theirs.clone()]).await;
        assert_eq!((ours.identity(), theirs.identity()), (Ok(jelling::sim::device(1)), Ok(jelling::sim::device(0))));
        let remote = found(&ours, ENCRYPTED).await;
        let updates = remote.subscribe(Updates::NOTIFY).await.unwrap();
        ours.disconnect().await.unwrap();
        theirs.disconnected().await.unwrap();
        drop((updates, ours, theirs));

        let before = [on_air(central).await, on_air(peripheral).await];
        Timer::after_secs(PERIOD.as_secs()).await;
        let after = [on_air(central).await, on_air(peripheral).await];
        assert!(before[0] != after[0] && before[1] != after[1]);
        // The scan tells whose the new address is.
        let Either::First(result) = select(seen(central), peripheral.advertise(INTERVAL)).await else { panic!() };
        assert_eq!((result.device(), result.identity()), (after[1], Some(jelling::sim::device(1))));
        let (ours, theirs) = join(central.connect(jelling::sim::device(1)), peripheral.advertise(INTERVAL)).await;
        let (ours, theirs) = (ours.unwrap(), theirs.unwrap());
        assert_eq!((ours.device(), theirs.device()), (Ok(after[1]), Ok(after[0])));
        assert_eq!((ours.identity(), theirs.identity()), (Ok(jelling::sim::device(1)), Ok(jelling::sim::device(0))));
        assert_eq!(served.encrypted.subscribed(&theirs), Ok(Updates::empty()));
        assert_eq!(ours.encrypt().await, Ok(security));
        assert_eq!(agreed(&[ours.clone(), theirs.clone()]).await, security);
        assert_eq!(served.encrypted.subscribed(&theirs), Ok(Updates::NOTIFY));
        // The roles change, and the bond stays.
        ours.disconnect().await.unwrap();
        theirs.disconnected().await.unwrap();
        let (ours, theirs) = join(peripheral.connect(jelling::sim::device(0)), central.advertise(INTERVAL)).await;
        assert_eq!(ours.unwrap().encrypt().await, Ok(security));
        assert_eq!(theirs.unwrap().identity(), Ok(jelling::sim::device(1)));
    });
}

#[test]
fn what_goes_on_does_not_notice_that_the_address_changes() {
    play(async |[central, peripheral, other]: [Host<'_>; 3], _, _| {
        hide(&[central, peripheral, other]);
        bond(central, peripheral).await;
        // A link that is up, and stays.
        let [ours, theirs] = meet(other, peripheral).await;
        // The central looks for a peer, advertises and scans, for hours.
        let connect = central.connect(jelling::sim::device(1)).no_timeout();
        let advertise = central.advertise(INTERVAL).name("central");
        let scan = async {
            let mut scanner = central.scan(Duration::ZERO).await.unwrap();
            while scanner.try_next().await.unwrap().is_some() {}
        };
        let wait = async {
            let mut addresses = vec![];
            for _ in 0..8 {
                addresses.push(on_air(central).await);
                let result = seen(other).await;
                assert_eq!((result.device(), result.name()), (on_air(central).await, Some("central")));
                Timer::after_secs(PERIOD.as_secs()).await;
            }
            addresses.sort_by_key(|device| device.octets());
            addresses.dedup();
            assert_eq!(addresses.len(), 8);
            assert!(ours.is_connected() && theirs.is_connected());
            // Now the peer is there.
            peripheral.advertise(INTERVAL).await.unwrap()
        };
        let both = join(connect, wait);
        match select(both, join(advertise, scan)).await {
            Either::First((ours, theirs)) => {
                assert_eq!(ours.unwrap().identity(), Ok(jelling::sim::device(1)));
                assert_eq!(theirs.identity(), Ok(jelling::sim::device(0)));
            }
            Either::Second(_) => panic!("it ended"),
        }
    });
}

#[test]
fn an_attempt_to_a_stranger_keeps_its_time() {
    play(async |[central, peripheral]: [Host<'_>; 2], _, _| {
        hide(&[central]);
        central.configure(Config { private_address_timeout: Duration::from_secs(3), ..central.config() });
        let connect = central.connect(jelling::sim::device(1));
        let (result, took) = timed(connect).await;
        assert_eq!((result.map(|_| ()), took.as_secs()), (Err(jelling::Error::Timeout), 10));
        Timer::after_secs(1).await;
        assert!(central.is_idle());
        // Under many addresses a peer that comes late is found.
        let late = async {
            Timer::after_secs(7).await;
            peripheral.advertise(INTERVAL).await.unwrap()
        };
        let (ours, theirs) = join(central.connect(jelling::sim::device(1)), late).await;
        assert_eq!(theirs.device().unwrap().kind(), AddressKind::Random);
        // Nor does the link care.
        let ours = ours.unwrap();
        let quiet = async { while ours.event().await != Err(jelling::Error::Disconnected) {} };
        assert!(matches!(select(quiet, Timer::after_secs(60)).await, Either::Second(())));
        assert!(ours.is_connected());
    });
}

#[test]
fn a_host_that_restarts_with_its_identity_is_found() {
    play(async |[central, peripheral]: [Host<'_>; 2], _, controllers| {
        hide(&[central, peripheral]);
        bond(central, peripheral).await;
        let before = on_air(peripheral).await;
        // Hardware Error.
        controllers[1].say(Packet::new(PacketKind::Event, &[0x10, 1, 0x42]));
        let (ours, theirs) = join(central.connect(jelling::sim::device(1)), peripheral.advertise(INTERVAL)).await;
        let (ours, theirs) = (ours.unwrap(), theirs.unwrap());
        assert_ne!(ours.device(), Ok(before));
        assert!(ours.encrypt().await.unwrap().encrypted);
        assert_eq!(theirs.event().await, Ok(ConnectionEvent::SecurityChanged(ours.security().unwrap())));
    });
}
