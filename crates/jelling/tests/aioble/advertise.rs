//! What is advertised: fields, their order and room, raw data, modes, and how it ends.

use crate::support::{INTERVAL, connected, play, sent, timed};
use core::time::Duration;
use embassy_futures::{
    join::join,
    select::{Either, select},
};
use embassy_time::Timer;
use jelling::{Advertise, Connection, Error, Resource, Uuid, ad::AdType, sim};

const SERVICES: [Uuid; 2] = [Uuid::new16(0x181a), Uuid::new16(0x180f)];

/// Plays an advertiser until the controller advertises, and gives the octets of LE Set Advertising Data and of LE Set Scan
/// Response Data, without their padding.
fn data(with: impl for<'d, 'a> Fn(Advertise<'d, 'a>) -> Advertise<'d, 'a>) -> [Vec<u8>; 2] {
    let mut octets = [vec![], vec![]];
    play(async |[host], air, _| {
        let told = select(with(host.advertise(INTERVAL)), host.advertising()).await;
        assert!(matches!(told, Either::Second(Ok(()))));
        let recording = air.recording();
        octets = [0x08, 0x09].map(|command| {
            let sent = sent(&recording, 0, &[command, 0x20, 32]).pop().unwrap_or_default();
            sent.split_first().map_or(vec![], |(length, octets)| octets[..usize::from(*length)].to_vec())
        });
    });
    octets
}

/// Advertises what cannot be, and gives the error.
fn refused(with: impl for<'d, 'a> Fn(Advertise<'d, 'a>) -> Advertise<'d, 'a>) -> Error {
    let mut error = None;
    play(async |[host], _, _| {
        let (ended, told) = join(with(host.advertise(INTERVAL)), host.advertising()).await;
        error = ended.map(|_| ()).err();
        assert_eq!(told.err(), error, "who waits for it learns");
    });
    error.expect("it cannot be advertised")
}

#[test]
fn fields_stand_in_order() {
    let all = data(|a| a.manufacturer(0xffff, b"m").appearance(768).name("name").services(&SERVICES));
    let wanted = b"\x02\x01\x06\x05\x03\x1a\x18\x0f\x18\x05\x09name\x03\x19\x00\x03\x04\xff\xff\xffm";
    assert_eq!(all, [wanted.to_vec(), vec![]]);
}

#[test]
fn flags_say_general_or_limited_and_br_edr() {
    assert_eq!(data(|a| a)[0], [2, 1, 0x06]);
    assert_eq!(data(|a| a.limited())[0], [2, 1, 0x05]);
    assert_eq!(data(|a| a.br_edr())[0], [2, 1, 0x1a]);
    assert_eq!(data(|a| a.limited().br_edr())[0], [2, 1, 0x19]);
}

/// All 31 octets are used, and a name's length counts octets, not characters.
#[test]
fn what_does_not_fit_goes_into_the_scan_response() {
    let exact = "n".repeat(26);
    let [adv, resp] = data(|a| a.name("nnnnnnnnnnnnnnnnnnnnnnnnnn"));
    assert_eq!((adv.len(), &adv[5..], resp.len()), (31, exact.as_bytes(), 0));
    let [adv, resp] = data(|a| a.name("nnnnnnnnnnnnnnnnnnnnnnnnnnn").appearance(768));
    // What comes later and is shorter finds room before it.
    assert_eq!((adv, resp.len()), (b"\x02\x01\x06\x03\x19\x00\x03".to_vec(), 29));
    let [adv, _] = data(|a| a.name("grün"));
    assert_eq!(adv, "\x02\x01\x06\x06\x09grün".as_bytes());
}

#[test]
fn a_field_without_room_is_named() {
    let name = "a name that is longer than any scan response";
    assert_eq!(refused(|a| a.name(name)), Error::DoesNotFit(AdType::COMPLETE_NAME));
    assert_eq!(refused(|a| a.manufacturer(1, &[0; 28])), Error::DoesNotFit(AdType::MANUFACTURER));
    let taken = refused(|a| a.manufacturer(1, &[0; 24]).name("nnnnnnnnnnnnnnnnnnnnnnnnnnnnn").appearance(1));
    assert_eq!(taken, Error::DoesNotFit(AdType::MANUFACTURER));
    assert_eq!(taken.to_string(), "Manufacturer Specific Data does not fit into the advertising data");
    assert_eq!(refused(|a| a.adv_data(&[0; 32])), Error::Full(Resource::AdvertisingData));
    assert_eq!(refused(|a| a.resp_data(&[0; 32])), Error::Full(Resource::AdvertisingData));
}

#[test]
fn raw_data_is_sent_as_it_is() {
    let raw = b"\x05\xff\xff\xffab";
    let [adv, resp] =
        data(|a| a.adv_data(b"\x02\x01\x04\x02\x0a\x08").resp_data(b"\x05\xff\xff\xffab").name("ignored"));
    assert_eq!((adv, resp), (b"\x02\x01\x04\x02\x0a\x08".to_vec(), raw.to_vec()));
    // Fields that the advertisement has no room for go behind a raw scan response.
    let [adv, resp] = data(|a| {
        a.resp_data(b"\x05\xff\xff\xffab").name("nnnnnnnnnnnnnnnnnnnnn").appearance(1).services(&[SERVICES[0]; 3])
    });
    assert_eq!((adv.len(), &resp[..6], resp.len()), (3 + 8 + 4, &raw[..], 6 + 23));
}

#[test]
fn it_ends_with_the_connection() {
    play(async |[central, peripheral], _, _| {
        let (ours, theirs) = connected(central, peripheral, 1).await;
        assert_eq!((ours.device(), theirs.device()), (Ok(sim::device(1)), Ok(sim::device(0))));
        assert_eq!((ours.role(), theirs.role()), (Ok(jelling::Role::Central), Ok(jelling::Role::Peripheral)));
        // The one connection it was for: nobody else is let in.
        assert_eq!(peripheral.connections().count(), 1);
    });
}

#[test]
fn a_timeout_ends_it() {
    play(async |[host, central], _, controllers| {
        let (ended, took) = timed(host.advertise(INTERVAL).timeout(Duration::from_secs(3))).await;
        assert_eq!(ended.map(|_: Connection<'_>| ()), Err(Error::Timeout));
        assert_eq!(took.as_secs(), 3);
        // The controller has stopped too.
        let connect = central.connect(sim::device(0)).timeout(Duration::from_secs(5)).await;
        assert_eq!(connect.map(|_| ()), Err(Error::Timeout));
        assert_eq!(controllers[0].links(), 0);
    });
}

#[test]
fn dropping_it_ends_it() {
    play(async |[host, central], _, controllers| {
        select(host.advertise(INTERVAL), Timer::after_secs(1)).await;
        let connect = central.connect(sim::device(0)).timeout(Duration::from_secs(5)).await;
        assert_eq!(connect.map(|_| ()), Err(Error::Timeout));
        assert_eq!(controllers[0].links(), 0);
        let (ours, _theirs) = connected(central, host, 0).await;
        assert!(ours.is_connected());
    });
}

#[test]
fn it_goes_on_while_connected_and_one_at_a_time() {
    play(async |[one, two, peripheral], _, _| {
        let (first, theirs) = connected(one, peripheral, 2).await;
        let second = async {
            peripheral.advertising().await.unwrap();
            let busy = peripheral.advertise(INTERVAL).await;
            assert_eq!(busy.map(|_| ()), Err(Error::Busy));
            two.connect(sim::device(2)).await.unwrap()
        };
        let (again, second) = join(peripheral.advertise(INTERVAL), second).await;
        let again = again.unwrap();
        assert_eq!((theirs.device(), again.device()), (Ok(sim::device(0)), Ok(sim::device(1))));
        assert!(first.is_connected() && second.is_connected());
    });
}

#[test]
fn nobody_connects_to_what_is_not_connectable() {
    play(async |[central, peripheral], _, _| {
        let beacon = peripheral.advertise(INTERVAL).name("beacon").non_connectable();
        let beacon = timed(beacon.timeout(Duration::from_secs(20)));
        let look = async {
            let mut scanner = central.scan(Duration::from_secs(5)).interval(INTERVAL).window(INTERVAL).await.unwrap();
            let result = scanner.next().await.expect("it is seen");
            assert_eq!((result.name(), result.connectable()), (Some("beacon"), false));
            central.connect(sim::device(1)).await.map(|_| ())
        };
        let ((ended, took), connect) = join(beacon, look).await;
        assert_eq!((ended.map(|_| ()), connect), (Err(Error::Timeout), Err(Error::Timeout)));
        assert_eq!(took.as_secs(), 20);
    });
}

#[test]
fn it_comes_as_often_as_it_should() {
    play(async |[host], air, _| {
        for (millis, units) in [(20, 32u16), (250, 400), (10_240, 16_384)] {
            select(host.advertise(Duration::from_millis(millis)), host.advertising()).await;
            let parameters = sent(&air.recording(), 0, &[0x06, 0x20, 15]).pop().unwrap();
            let [a, b] = units.to_le_bytes();
            assert_eq!(parameters[..4], [a, b, a, b]);
        }
    });
}
