//! The radio comes up on demand, `stop` tears everything down, and what comes after begins anew.

use crate::support::{INTERVAL, connected, everything, found, play, sent, serve};
use core::time::Duration;
use embassy_futures::{
    join::{join, join3},
    select::{Either, select},
};
use embassy_time::Timer;
use jelling::{Config, Error, HostEvent, OwnAddress, Uuid, sim};

#[test]
fn nothing_needs_a_start() {
    play(async |[scanning, advertising, connecting], _, _| {
        for host in [scanning, advertising, connecting] {
            assert!(!host.is_up());
            // Neither does a registration, nor the configuration.
            serve(host, &everything());
            host.configure(Config { name: "on demand", ..host.config() });
            assert_eq!((host.config().name, host.is_up()), ("on demand", false));
        }
        let see = async {
            let scan = scanning.scan(Duration::from_secs(5)).interval(INTERVAL).window(INTERVAL);
            scan.await.unwrap().next().await.map(|result| result.device())
        };
        let advertise = advertising.advertise(INTERVAL);
        let connect = async {
            Timer::after_secs(1).await;
            connecting.connect(sim::device(1)).await
        };
        let (seen, theirs, ours) = join3(see, advertise, connect).await;
        assert_eq!((seen, theirs.is_ok(), ours.is_ok()), (Some(sim::device(1)), true, true));
    });
}

#[test]
fn a_configuration_is_asked_and_set() {
    play(async |[central, peripheral], _, _| {
        let address = "c0:01:02:03:04:05/random".parse::<jelling::Device>().unwrap();
        let octets = {
            let mut octets = address.octets();
            octets.reverse();
            octets
        };
        let fixed = OwnAddress::Fixed(jelling_wire::Address::new(address.kind(), octets));
        let config = Config { name: "named", appearance: 768, mtu: 100, address: fixed, ..peripheral.config() };
        peripheral.configure(config);
        assert_eq!(peripheral.config(), config);
        serve(peripheral, &everything());
        let (ours, _theirs) = join(central.connect(address), peripheral.advertise(INTERVAL)).await;
        let ours = ours.unwrap();
        assert_eq!(ours.exchange_mtu().await, Ok(100));
        let gap = ours.service(Uuid::new16(0x1800)).await.unwrap();
        let name = gap.characteristic(Uuid::new16(0x2a00)).await.unwrap();
        assert_eq!(name.read::<[u8; 5]>().await, Ok(*b"named"));
        assert_eq!(gap.characteristic(Uuid::new16(0x2a01)).await.unwrap().read::<u16>().await, Ok(768));
    });
}

#[test]
fn stop_ends_everything() {
    play(async |[host, other, third], _, controllers| {
        let local = serve(other, &everything());
        let (ours, theirs) = connected(host, other, 1).await;
        let remote = found(&ours).await;
        let mut updates = remote.subscribe(jelling::Updates::NOTIFY).await.unwrap();
        let waits = join3(
            async { updates.notified::<u8>().await.err() },
            async { host.connect(sim::device(9)).no_timeout().await.err() },
            async { ours.disconnected().await.err() },
        );
        let advertise = async { host.advertise(INTERVAL).await.err() };
        let stop = async {
            Timer::after_secs(1).await;
            host.stop().await;
            assert!(!ours.is_connected() && !host.is_up() && host.is_idle());
        };
        let ((notified, connect, disconnected), advertised, ()) = join3(waits, advertise, stop).await;
        assert_eq!((notified, disconnected), (Some(Error::Disconnected), None));
        assert_eq!((connect, advertised), (Some(Error::Stopped), Some(Error::Stopped)));
        assert_eq!(remote.read::<u8>().await, Err(Error::Disconnected));
        theirs.disconnected().await.unwrap();
        assert_eq!(local.notify(&theirs, &1u8).await, Err(Error::Disconnected));
        assert_eq!(controllers[0].links(), 0);

        let mut scanner = third.scan(Duration::ZERO).await.unwrap();
        let (scanned, ()) = join(scanner.try_next(), third.stop()).await;
        assert_eq!(scanned, Err(Error::Stopped));
    });
}

#[test]
fn start_stop_start_keeps_the_address() {
    play(async |[central, peripheral], air, _| {
        for round in 0..4u8 {
            let value = serve(peripheral, &everything().initial(&[round]));
            let info = peripheral.start().await.unwrap();
            assert_eq!(jelling::Device::from(info.address), sim::device(1));
            let (ours, _theirs) = connected(central, peripheral, 1).await;
            assert_eq!(found(&ours).await.read::<u8>().await, Ok(round));
            assert_eq!(value.read::<u8>(), Ok(round));
            join(central.stop(), peripheral.stop()).await;
            assert!(!ours.is_connected());
        }
        // A start begins with Reset, and nothing failed meanwhile.
        assert!(sent(&air.recording(), 1, &[0x03, 0x0c]).len() >= 4);
        let quiet = select(peripheral.event(), Timer::after_secs(1)).await;
        assert!(!matches!(quiet, Either::First(HostEvent::Lost(_) | HostEvent::Failed(_))), "{quiet:?}");
    });
}
