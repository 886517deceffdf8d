//! aioble's defaults, each by the virtual time it takes or by the octets that are sent.

use crate::support::{INTERVAL, SERVICE, connected, everything, found, play, sent, serve, timed};
use core::time::Duration;
use embassy_futures::select::{Either, select};
use embassy_time::Timer;
use jelling::{
    AddressKind, Characteristic, ClientCharacteristic, Connection, Error, ErrorCode, Host, Properties, Updates, Uuid,
    sim,
};

/// Longer than any default, and as good as for ever.
const LONG: u64 = 600;

/// A client and a server that have found each other, and out of each other's range from then on.
fn cut_off(
    application: impl AsyncFnOnce(&Connection<'_>, ClientCharacteristic<'_>, Characteristic<'_>, &Connection<'_>),
) {
    play(async |[central, peripheral], air, controllers| {
        let local = serve(peripheral, &everything());
        let (ours, theirs) = connected(central, peripheral, 1).await;
        let remote = found(&ours).await;
        let updates = remote.subscribe(Updates::INDICATE).await.unwrap();
        air.set_in_range(&controllers[0], &controllers[1], false);
        application(&ours, remote, local, &theirs).await;
        drop(updates);
    });
}

/// It ends with `Timeout` after so long, to the millisecond.
async fn times_out<T>(millis: u128, future: impl Future<Output = Result<T, Error>>) {
    let (ended, took) = timed(future).await;
    assert_eq!((ended.map(|_| ()), took.as_millis()), (Err(Error::Timeout), millis));
}

/// It does not end, however long it is waited for.
async fn for_ever<T>(future: impl Future<Output = T>) {
    assert!(matches!(select(future, Timer::after_secs(LONG)).await, Either::Second(())));
}

#[test]
fn connect_takes_10_s() {
    play(async |[central], _, _| times_out(10_000, central.connect(sim::device(9))).await);
}

#[test]
fn disconnect_takes_2_s() {
    cut_off(async |ours, _, _, _| times_out(2_000, ours.disconnect()).await);
}

#[test]
fn an_exchange_of_the_mtu_takes_1_s() {
    cut_off(async |ours, _, _, _| times_out(1_000, ours.exchange_mtu()).await);
}

#[test]
fn a_read_takes_1_s() {
    cut_off(async |_, remote, _, _| times_out(1_000, remote.read::<u8>()).await);
    cut_off(async |_, remote, _, _| times_out(1_000, remote.read_into(&mut [0; 4])).await);
}

#[test]
fn a_write_takes_1_s() {
    cut_off(async |_, remote, _, _| times_out(1_000, remote.write(&1u8).response()).await);
}

#[test]
fn descriptors_take_1_s() {
    play(async |[central, peripheral], air, controllers| {
        serve(peripheral, &everything());
        let (ours, _theirs) = connected(central, peripheral, 1).await;
        let cccd = found(&ours).await.descriptor(Uuid::new16(0x2902)).await.unwrap();
        air.set_in_range(&controllers[0], &controllers[1], false);
        times_out(1_000, cccd.read::<u16>()).await;
        times_out(1_000, cccd.write(&0u16)).await;
    });
}

#[test]
fn an_indication_takes_1_s() {
    cut_off(async |_, _, local, theirs| times_out(1_000, local.indicate(theirs, &1u8)).await);
}

#[test]
fn discovery_takes_2_s() {
    let none = Uuid::new16(0x1234);
    cut_off(async |ours, _, _, _| times_out(2_000, ours.service(SERVICE)).await);
    cut_off(async |ours, _, _, _| times_out(2_000, ours.services(None).next()).await);
    cut_off(async |_, remote, _, _| times_out(2_000, remote.service().characteristic(none)).await);
    cut_off(async |_, remote, _, _| times_out(2_000, remote.service().characteristics(None).next()).await);
    cut_off(async |_, remote, _, _| times_out(2_000, remote.descriptor(none)).await);
    cut_off(async |_, remote, _, _| times_out(2_000, remote.descriptors().next()).await);
}

/// A discovery of the CCCD and a write.
#[test]
fn subscribing_takes_3_s() {
    cut_off(async |_, remote, _, _| times_out(3_000, remote.subscribe(Updates::NOTIFY)).await);
}

#[test]
fn every_time_can_be_another() {
    let other = Duration::from_millis(1_300);
    play(async |[central], _, _| times_out(1_300, central.connect(sim::device(9)).timeout(other)).await);
    cut_off(async |ours, _, _, _| times_out(1_300, ours.disconnect().timeout(other)).await);
    cut_off(async |ours, _, _, _| times_out(1_300, ours.disconnected().timeout(other)).await);
    cut_off(async |ours, _, _, _| times_out(1_300, ours.exchange_mtu().timeout(other)).await);
    cut_off(async |ours, _, _, _| times_out(1_300, ours.service(SERVICE).timeout(other)).await);
    cut_off(async |ours, _, _, _| times_out(1_300, ours.services(None).timeout(other).next()).await);
    cut_off(async |_, remote, _, _| {
        times_out(1_300, remote.service().characteristics(None).timeout(other).next()).await
    });
    cut_off(async |_, remote, _, _| times_out(1_300, remote.service().characteristic(SERVICE).timeout(other)).await);
    cut_off(async |_, remote, _, _| times_out(1_300, remote.descriptor(SERVICE).timeout(other)).await);
    cut_off(async |_, remote, _, _| times_out(1_300, remote.descriptors().timeout(other).next()).await);
    cut_off(async |_, remote, _, _| times_out(1_300, remote.read::<u8>().timeout(other)).await);
    cut_off(async |_, remote, _, _| times_out(1_300, remote.write(&1u8).response().timeout(other)).await);
    cut_off(async |_, remote, _, _| times_out(1_300, remote.subscribe(Updates::NOTIFY).timeout(other)).await);
    cut_off(async |_, _, local, theirs| times_out(1_300, local.indicate(theirs, &1u8).timeout(other)).await);
    cut_off(async |_, _, local, _| times_out(1_300, local.written::<u8>().timeout(other)).await);
    play(async |[host], _, _| times_out(1_300, host.advertise(INTERVAL).timeout(other)).await);
    play(async |[central, peripheral], _, _| {
        serve(peripheral, &everything());
        let (ours, _theirs) = connected(central, peripheral, 1).await;
        let both = Updates::NOTIFY | Updates::INDICATE;
        let mut updates = found(&ours).await.subscribe(both).await.unwrap();
        times_out(1_300, updates.notified::<u8>().timeout(other)).await;
        times_out(1_300, updates.indicated::<u8>().timeout(other)).await;
    });
    // Longer than the default, too.
    let longer = Duration::from_secs(15);
    play(async |[central], _, _| times_out(15_000, central.connect(sim::device(9)).timeout(longer)).await);
}

#[test]
fn what_comes_from_the_peer_is_waited_for_for_ever() {
    play(async |[central, peripheral], _, _| {
        let local = serve(peripheral, &everything());
        let (ours, theirs) = connected(central, peripheral, 1).await;
        let remote = found(&ours).await;
        let mut updates = remote.subscribe(Updates::NOTIFY | Updates::INDICATE).await.unwrap();
        for_ever(updates.notified::<u8>()).await;
        for_ever(updates.indicated::<u8>()).await;
        for_ever(local.written::<u8>()).await;
        for_ever(theirs.disconnected()).await;
        for_ever(theirs.timeout(None, core::future::pending::<()>())).await;
        for_ever(peripheral.advertise(INTERVAL)).await;
        assert!(ours.is_connected());
    });
}

/// LE Set Scan Parameters: passive, an interval of 1.28 s, a window of 11.25 ms, in units of 625 us.
#[test]
fn a_scan_is_passive_and_leisurely() {
    play(async |[central], air, _| {
        let scanner = central.scan(Duration::from_secs(1)).await.unwrap();
        Timer::after_millis(1).await;
        drop(scanner);
        assert_eq!(sent(&air.recording(), 0, &[0x0b, 0x20, 7]), [[0, 0x00, 0x08, 0x12, 0x00, 0, 0]]);
    });
}

/// LE Set Advertising Parameters and Data: connectable by everybody, general discoverable, no BR/EDR, nothing else.
#[test]
fn advertising_is_connectable_and_general() {
    play(async |[host], air, _| {
        select(host.advertise(Duration::from_millis(250)), host.advertising()).await;
        let recording = air.recording();
        let parameters = sent(&recording, 0, &[0x06, 0x20, 15]);
        assert_eq!(parameters, [[0x90, 1, 0x90, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7, 0]]);
        assert_eq!(sent(&recording, 0, &[0x08, 0x20, 32])[0][..5], [3, 2, 1, 6, 0]);
        assert_eq!(sent(&recording, 0, &[0x09, 0x20, 32])[0], [0; 32]);
    });
}

/// A value has room for 20 octets, is empty, has no capture, and nothing is offered that was not asked for.
#[test]
fn a_characteristic_has_room_for_20_octets_and_no_capture() {
    play(async |[central, peripheral], _, _| {
        let local = serve(peripheral, &jelling::CharacteristicOptions::new(Properties::WRITE));
        assert_eq!(local.read::<[u8; 0]>(), Ok([]));
        assert_eq!((local.write(&[1; 20]), local.write(&[1; 21])), (Ok(()), Err(Error::TooLong)));
        assert_eq!(local.properties(), Ok(Properties::WRITE));
        let (ours, _theirs) = connected(central, peripheral, 1).await;
        ours.exchange_mtu().await.unwrap();
        let remote = found(&ours).await;
        let too_long = Err(Error::Gatt(ErrorCode::INVALID_ATTRIBUTE_VALUE_LENGTH));
        assert_eq!((remote.write(&[1; 20]).await, remote.write(&[1; 21]).await), (Ok(()), too_long));
        // Two writes, and the newest of them arrives; a second one does not add to the first.
        remote.write(&[2; 3]).await.unwrap();
        assert_eq!(local.written::<[u8; 3]>().await.unwrap().1, [2; 3]);
        assert_eq!(local.written::<[u8; 3]>().timeout(INTERVAL).await.map(|_| ()), Err(Error::Timeout));
        // No answer without Read.
        assert_eq!(remote.read::<[u8; 3]>().await, Err(Error::NotSupported));
    });
}

/// A subscription holds one value, the newest.
#[test]
fn a_subscription_holds_the_newest_value() {
    play(async |[central, peripheral], _, _| {
        let local = serve(peripheral, &everything());
        let (ours, theirs) = connected(central, peripheral, 1).await;
        let mut updates = found(&ours).await.subscribe(Updates::NOTIFY).await.unwrap();
        for value in 0..5u8 {
            local.notify(&theirs, &value).await.unwrap();
        }
        Timer::after_secs(1).await;
        assert_eq!((updates.dropped(), updates.notified::<u8>().await), (4, Ok(4)));
        assert!(matches!(select(updates.notified::<u8>(), Timer::after_secs(1)).await, Either::Second(())));
    });
}

/// An MTU of its own is asked for where one is named, else the most there is room for.
#[test]
fn the_mtu_asked_for_is_the_largest() {
    play(async |[central, peripheral], _, _| {
        let most: u16 = 517;
        let (ours, theirs) = connected(central, peripheral, 1).await;
        assert_eq!((ours.exchange_mtu().await, theirs.mtu()), (Ok(most), Ok(most)));
    });
}

/// A device without a kind behind it is a public one.
#[test]
fn a_device_is_public_unless_it_says_so() {
    let device: jelling::Device = "aa:bb:cc:dd:ee:ff".parse().unwrap();
    assert_eq!(device.kind(), AddressKind::Public);
}

/// A write without a response has no answer to wait for: it is done when there is room.
#[test]
fn a_write_without_response_does_not_wait_for_the_peer() {
    cut_off(async |_, remote, _, _| {
        assert_eq!(timed(remote.write(&1u8)).await, (Ok(()), Duration::ZERO));
    });
}

/// Nothing is served but what is registered, and GAP in front of it.
#[test]
fn a_host_serves_what_it_was_told() {
    async fn services(host: Host<'_>, other: Host<'_>) -> Vec<Uuid> {
        let (ours, _theirs) = connected(other, host, 0).await;
        let mut all = ours.services(None);
        let mut uuids = vec![];
        while let Some(service) = all.next().await.unwrap() {
            uuids.push(service.uuid());
        }
        uuids
    }
    play(async |[host, other], _, _| {
        assert!(!services(host, other).await.contains(&SERVICE));
        serve(host, &everything());
        assert_eq!(services(host, other).await.last(), Some(&SERVICE));
        host.bare_services().unwrap().register().unwrap();
        assert_eq!(services(host, other).await, []);
    });
}
