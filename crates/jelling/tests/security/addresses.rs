//! A bonded peer that changes its address: found when it advertises, and connected to by its identity address.

use crate::support::{INTERVAL, agreed, connected, play, timed};
use core::time::Duration;
use embassy_futures::{
    join::join,
    select::{Either, select},
};
use embassy_time::Timer;
use jelling::{AddressKind, Config, Connection, Device, Error, Host, OwnAddress, Pair, sim::Direction};
use jelling_wire::Address;

/// A resolvable private address of this key (Vol 6, Part B, 1.3.2.2).
fn resolvable(key: &[u8; 16], number: u8) -> Address {
    let prand = [number, 0x5a, 0x40];
    let [h0, h1, h2] = jelling_host::toolbox::ah(key, &prand);
    Address::new(AddressKind::Random, [h0, h1, h2, prand[0], prand[1], prand[2]])
}

/// Hosts that have a bond; the key of the second, which goes by another address from then on.
async fn hidden(central: Host<'_>, peripheral: Host<'_>) -> ([u8; 16], Device) {
    let (ours, theirs) = connected(central, peripheral, 1).await;
    ours.pair(Pair::new()).await.unwrap();
    agreed(&[ours.clone(), theirs.clone()]).await;
    let bond = ours.bond().unwrap();
    ours.disconnect().await.unwrap();
    theirs.disconnected().await.unwrap();
    let key = bond.identity_key.expect("it has told its key").0;
    goes_by(peripheral, resolvable(&key, 1)).await;
    (key, bond.peer.into())
}

async fn goes_by(peripheral: Host<'_>, address: Address) {
    peripheral.stop().await;
    peripheral.configure(Config { address: OwnAddress::Fixed(address), ..peripheral.config() });
}

async fn meet<'d>(central: Host<'d>, device: Device, peripheral: Host<'d>) -> [Connection<'d>; 2] {
    let (ours, theirs) = join(central.connect(device), peripheral.advertise(INTERVAL)).await;
    [ours.unwrap(), theirs.unwrap()]
}

#[test]
fn it_is_found_by_its_identity_address() {
    play(async |[central, peripheral]: [Host<'_>; 2], _, _| {
        let (key, identity) = hidden(central, peripheral).await;
        for number in [1, 2] {
            let address = resolvable(&key, number);
            goes_by(peripheral, address).await;
            let sides = meet(central, identity, peripheral).await;
            let [ours, theirs] = &sides;
            assert_eq!((ours.device(), ours.identity()), (Ok(address.into()), Ok(identity)));
            assert!(ours.security().unwrap().bonded);
            assert!(ours.encrypt().await.unwrap().encrypted);
            agreed(&sides).await;
            // By either address it is the connection that there is.
            assert!(central.connect(identity).await.unwrap() == *ours);
            assert!(central.connect(address.into()).await.unwrap() == *ours);
            assert!(central.connect(resolvable(&key, 9).into()).await.unwrap() == *ours);
            ours.disconnect().await.unwrap();
            theirs.disconnected().await.unwrap();
        }
    });
}

#[test]
fn it_is_found_where_it_goes_by_its_identity_address() {
    play(async |[central, peripheral]: [Host<'_>; 2], _, _| {
        let (_, identity) = hidden(central, peripheral).await;
        peripheral.configure(Config { address: OwnAddress::Automatic, ..peripheral.config() });
        let [ours, _theirs] = meet(central, identity, peripheral).await;
        assert_eq!((ours.device(), ours.identity()), (Ok(identity), Ok(identity)));
    });
}

#[test]
fn it_connects_and_its_bond_is_found_in_the_other_role_too() {
    play(async |[central, peripheral]: [Host<'_>; 2], _, _| {
        let (key, identity) = hidden(central, peripheral).await;
        let (theirs, ours) = join(peripheral.connect(jelling::sim::device(0)), central.advertise(INTERVAL)).await;
        let (theirs, ours) = (theirs.unwrap(), ours.unwrap());
        assert_eq!((ours.device(), ours.identity()), (Ok(resolvable(&key, 1).into()), Ok(identity)));
        assert!(theirs.encrypt().await.unwrap().encrypted);
        assert!(ours.security().unwrap().bonded);
    });
}

#[test]
fn a_stranger_is_not_taken_for_it() {
    play(async |[central, peripheral]: [Host<'_>; 2], air, _| {
        let (_, identity) = hidden(central, peripheral).await;
        let other = resolvable(&[7; 16], 1);
        goes_by(peripheral, other).await;
        let advertise = peripheral.advertise(INTERVAL).timeout(Duration::from_secs(30));
        let ((result, took), _) = join(timed(central.connect(identity)), advertise).await;
        assert_eq!((result.map(|_| ()), took.as_millis()), (Err(Error::Timeout), 10_000));
        assert!(central.is_idle());
        assert_eq!(connects(air), 0, "nothing was connected to");
    });
}

/// LE Create Connection commands of the central since its last Reset but for the first connection, which made the bond.
fn connects(air: &crate::support::Tape) -> usize {
    let create = |p: &&jelling::sim::Passed| {
        p.controller == 0 && p.direction == Direction::ToController && p.octets.starts_with(&[0x0d, 0x20])
    };
    air.recording().iter().filter(create).count() - 1
}

#[test]
fn dropping_the_connect_ends_the_search() {
    play(async |[central, peripheral]: [Host<'_>; 2], _, _| {
        let (_, identity) = hidden(central, peripheral).await;
        assert!(matches!(select(central.connect(identity), Timer::after_secs(3)).await, Either::Second(())));
        Timer::after_secs(1).await;
        assert!(central.is_idle());
        let [ours, _theirs] = meet(central, identity, peripheral).await;
        assert!(ours.is_connected());
    });
}

#[test]
fn a_scan_meanwhile_gets_its_results() {
    play(async |[central, peripheral, other]: [Host<'_>; 3], _, _| {
        let (_, identity) = hidden(central, peripheral).await;
        let connect = central.connect(identity).no_timeout();
        let scan = async {
            Timer::after_millis(200).await;
            let mut scanner = central.scan(Duration::ZERO).active().await.unwrap();
            while let Some(result) = scanner.next().await {
                if result.device() == jelling::sim::device(2) && result.name() == Some("other") {
                    break;
                }
            }
            drop(scanner);
            // The search has gone on.
            peripheral.advertise(INTERVAL).await.unwrap()
        };
        let show = other.advertise(INTERVAL).name("other").non_connectable();
        let both = join(connect, scan);
        match select(both, show).await {
            Either::First((ours, _theirs)) => assert_eq!(ours.unwrap().identity(), Ok(identity)),
            Either::Second(_) => panic!("advertising ended"),
        }
    });
}

#[test]
fn an_address_that_is_gone_when_it_is_connected_to_is_looked_for_again() {
    play(async |[central, peripheral]: [Host<'_>; 2], air, controllers| {
        let (key, identity) = hidden(central, peripheral).await;
        let vanish = async {
            // It is heard once, and goes by another address when it comes again.
            let slow = peripheral.advertise(Duration::from_secs(2));
            let heard = async {
                while connects(air) == 0 {
                    Timer::after_millis(1).await;
                }
                air.set_in_range(&controllers[0], &controllers[1], false);
            };
            assert!(matches!(select(slow, heard).await, Either::Second(())));
            goes_by(peripheral, resolvable(&key, 2)).await;
            air.set_in_range(&controllers[0], &controllers[1], true);
            peripheral.advertise(INTERVAL).await.unwrap()
        };
        let (ours, _theirs) = join(central.connect(identity).no_timeout(), vanish).await;
        assert_eq!(ours.unwrap().device(), Ok(resolvable(&key, 2).into()));
    });
}

#[test]
fn a_scan_tells_whose_address_it_is() {
    play(async |[central, peripheral]: [Host<'_>; 2], _, _| {
        let (key, identity) = hidden(central, peripheral).await;
        let mut seen = vec![];
        for address in [resolvable(&key, 3), resolvable(&[7; 16], 3)] {
            goes_by(peripheral, address).await;
            let mut scanner = central.scan(Duration::from_secs(60)).await.unwrap();
            let show = peripheral.advertise(INTERVAL);
            match select(scanner.next(), show).await {
                Either::First(Some(result)) => seen.push((result.device(), result.identity())),
                _ => panic!("nothing was heard"),
            }
            assert_eq!(seen.last().map(|(device, _)| *device), Some(address.into()));
        }
        assert_eq!(seen.map_identities(), [Some(identity), None]);
    });
}

trait Identities {
    fn map_identities(&self) -> Vec<Option<Device>>;
}

impl Identities for Vec<(Device, Option<Device>)> {
    fn map_identities(&self) -> Vec<Option<Device>> {
        self.iter().map(|(_, identity)| *identity).collect()
    }
}

#[test]
fn two_hosts_that_both_hide_find_each_other_again_and_again() {
    play(async |hosts: [Host<'_>; 2], _, _| {
        for host in hosts {
            let period = Duration::from_secs(60);
            host.configure(Config {
                address: OwnAddress::Resolvable,
                private_address_timeout: period,
                ..host.config()
            });
        }
        let [one, two] = hosts;
        // Strangers meet by the addresses that they have.
        let advertise = two.advertise(INTERVAL);
        let connect = async {
            let mut scanner = one.scan(Duration::ZERO).await.unwrap();
            let result = scanner.next().await.unwrap();
            assert_eq!(result.identity(), None);
            one.connect(result.device()).await
        };
        let (ours, theirs) = join(connect, advertise).await;
        let sides = [ours.unwrap(), theirs.unwrap()];
        sides[0].pair(Pair::new()).await.unwrap();
        agreed(&sides).await;
        let identities = sides.each_ref().map(|side| side.identity().unwrap());
        let mut seen = vec![sides[0].device().unwrap()];
        assert_ne!(seen[0], identities[0]);
        sides[0].disconnect().await.unwrap();
        sides[1].disconnected().await.unwrap();
        drop(sides);
        for round in 0..4 {
            Timer::after_secs(90).await;
            // The roles change from round to round.
            let (central, peripheral) = if round % 2 == 0 { (one, two) } else { (two, one) };
            let identity = identities[round % 2];
            let sides = meet(central, identity, peripheral).await;
            assert!(sides[0].encrypt().await.unwrap().encrypted, "round {round}");
            assert!(agreed(&sides).await.bonded);
            assert_eq!(sides[0].identity(), Ok(identity));
            let device = sides[0].device().unwrap();
            assert!(!seen.contains(&device) && device != identity, "round {round}");
            seen.push(device);
            sides[0].disconnect().await.unwrap();
            sides[1].disconnected().await.unwrap();
        }
    });
}
