//! What a scan gives: one result a device, merged, again when something changed, oldest first, and no more than there is room for.

use crate::support::{INTERVAL, play, sent, timed};
use core::time::Duration;
use embassy_futures::{
    join::join,
    select::{Either, select},
};
use embassy_time::Timer;
use jelling::{AddressKind, Advertise, Device, Error, Host, Packet, PacketKind, ScanResult, Scanner, Uuid, sim};

const LONG: Duration = Duration::from_secs(30);

async fn scanner<'d>(host: Host<'d>, active: bool) -> Scanner<'d> {
    let scan = host.scan(Duration::ZERO).interval(INTERVAL).window(INTERVAL);
    if active { scan.active().await.unwrap() } else { scan.await.unwrap() }
}

/// The results within two seconds.
async fn results(scanner: &mut Scanner<'_>) -> Vec<ScanResult> {
    let mut all = vec![];
    let collect = async {
        while let Some(result) = scanner.next().await {
            all.push(result);
        }
    };
    select(collect, Timer::after_secs(2)).await;
    all
}

/// What an active scan knows in the end of who advertises so.
fn seen(with: impl for<'d, 'a> Fn(Advertise<'d, 'a>) -> Advertise<'d, 'a>, judge: impl Fn(&ScanResult)) {
    play(async |[central, peripheral], _, _| {
        let look = async { results(&mut scanner(central, true).await).await };
        match select(with(peripheral.advertise(INTERVAL)), look).await {
            Either::First(_) => panic!("nobody connects"),
            Either::Second(all) => judge(all.last().expect("it is seen")),
        }
    });
}

#[test]
fn a_device_comes_once_and_again_when_its_data_change() {
    play(async |[central, peripheral], _, _| {
        let mut scanner = scanner(central, false).await;
        let advertise = peripheral.advertise(INTERVAL).name("one").timeout(Duration::from_secs(5));
        let (first, _) = join(results(&mut scanner), advertise).await;
        assert_eq!(first.iter().map(ScanResult::name).collect::<Vec<_>>(), [Some("one")]);
        let advertise = peripheral.advertise(INTERVAL).name("two").timeout(Duration::from_secs(5));
        let (second, _) = join(results(&mut scanner), advertise).await;
        assert_eq!(second.iter().map(ScanResult::name).collect::<Vec<_>>(), [Some("two")]);
        // Connectable or not is a change too.
        let advertise = peripheral.advertise(INTERVAL).name("two").non_connectable().timeout(Duration::from_secs(5));
        let (third, _) = join(results(&mut scanner), advertise).await;
        assert_eq!(third.iter().map(ScanResult::connectable).collect::<Vec<_>>(), [false]);
        assert_eq!((second[0].connectable(), second[0].device()), (true, sim::device(1)));
    });
}

#[test]
fn advertisement_and_scan_response_are_one_result() {
    play(async |[central, peripheral], _, _| {
        let response = b"\x05\x09name";
        let advertise = peripheral.advertise(INTERVAL).resp_data(response).timeout(LONG);
        let look = async {
            // A passive scan asks for none.
            let passive = results(&mut scanner(central, false).await).await;
            assert_eq!((passive.len(), passive[0].resp_data(), passive[0].name()), (1, None, None));
            let active = results(&mut scanner(central, true).await).await;
            let last = active.last().unwrap();
            assert!(active.len() <= 2);
            assert_eq!((last.adv_data(), last.resp_data()), (&[2, 1, 6][..], Some(&response[..])));
            assert_eq!((last.flags(), last.name()), (Some(6), Some("name")));
        };
        select(advertise, look).await;
    });
}

/// The signal changes with every packet: that alone is no news, unless it is asked for.
#[test]
fn signal_strength_is_news_on_request() {
    play(async |[central, peripheral], air, controllers| {
        let advertise = peripheral.advertise(INTERVAL).name("noisy");
        let noise = async {
            for rssi in (-90..-30).cycle() {
                air.set_rssi(&controllers[0], &controllers[1], rssi);
                Timer::after_millis(20).await;
            }
        };
        let look = async {
            let quiet = results(&mut scanner(central, false).await).await;
            assert_eq!(quiet.len(), 1);
            assert!((-90..-30).contains(&quiet[0].rssi()));
            let scan = central.scan(Duration::ZERO).interval(INTERVAL).window(INTERVAL).rssi_changes();
            let all = results(&mut scan.await.unwrap()).await;
            assert!(all.len() > 20, "{} in 2 s", all.len());
            assert!(all.windows(2).all(|pair| pair[0].rssi() != pair[1].rssi()));
        };
        assert!(matches!(select(select(advertise, noise), look).await, Either::Second(())));
    });
}

#[test]
fn it_lasts_as_long_as_it_should() {
    play(async |[central, _peripheral], _, _| {
        let (none, took) = timed(async { central.scan(Duration::from_secs(7)).await.unwrap().next().await }).await;
        assert_eq!((none, took.as_secs()), (None, 7));
        let mut scanner = central.scan(Duration::ZERO).await.unwrap();
        assert_eq!(central.scan(Duration::ZERO).await.map(|_| ()), Err(Error::Busy));
        // Zero is for ever.
        assert!(matches!(select(scanner.next(), Timer::after_secs(3_600)).await, Either::Second(())));
    });
}

/// Dropped, it ends, and the controller with it.
#[test]
fn dropping_the_scanner_ends_the_scan() {
    play(async |[central, peripheral], _, controllers| {
        let look = async {
            let mut first = scanner(central, false).await;
            assert!(first.next().await.is_some());
            drop(first);
            Timer::after_secs(1).await;
            assert!(central.is_idle());
            let before = controllers[0].passed();
            Timer::after_secs(5).await;
            assert_eq!(controllers[0].passed(), before, "reports go on");
            // A new scan has forgotten what the old one saw.
            assert!(scanner(central, false).await.next().await.is_some());
        };
        assert!(matches!(select(peripheral.advertise(INTERVAL), look).await, Either::Second(())));
    });
}

/// A scan that follows at once is the new one, not the rest of the old one, however far that was.
#[test]
fn a_scan_after_another_has_its_own_parameters() {
    play(async |[central, peripheral], air, _| {
        let window = Duration::from_millis(10);
        let look = async {
            central.start().await.unwrap();
            let mut active = true;
            for polls in 0..12 {
                let scan = central.scan(Duration::ZERO).interval(window * 3).window(window);
                let mut old = if active { scan.await } else { scan.active().await }.unwrap();
                for _ in 0..polls {
                    select(old.next(), embassy_futures::yield_now()).await;
                }
                drop(old);
                air.recording();
                let mut new = scanner(central, active).await;
                let all = results(&mut new).await;
                assert_eq!(all.last().and_then(ScanResult::resp_data).is_some(), active, "after {polls} polls");
                let parameters = sent(&air.recording(), 0, &[0x0b, 0x20, 7]);
                let [a, b] = 80u16.to_le_bytes();
                let wanted = [u8::from(active), a, b, a, b, 0, 0];
                assert_eq!(parameters.last().map(|p| &p[..]), Some(&wanted[..]), "after {polls} polls");
                active = !active;
            }
        };
        let advertise = peripheral.advertise(INTERVAL).name("peer");
        assert!(matches!(select(advertise, look).await, Either::Second(())));
    });
}

/// An LE Advertising Report of a device, as a controller tells it.
fn report(number: u8) -> Vec<u8> {
    let mut event = vec![0x3e, 15, 0x02, 1, 0, 0, number, 2, 3, 4, 5, 6, 3, 2, 1, 6];
    event.push(0xc4);
    event
}

#[test]
fn results_are_bounded_and_come_oldest_first() {
    play(async |[central], _, controllers| {
        let mut scanner = scanner(central, false).await;
        Timer::after_millis(100).await;
        // The host of a simulation has room for 16.
        for number in 0..20 {
            controllers[0].say(Packet::new(PacketKind::Event, &report(number)));
        }
        Timer::after_millis(100).await;
        assert_eq!(central.counters().reports_dropped, 4);
        for number in 0..16 {
            let result = scanner.next().await.unwrap();
            let device = Device::new(AddressKind::Public, [6, 5, 4, 3, 2, number]);
            assert_eq!((result.device(), result.rssi()), (device, -60));
        }
        let no_more = select(scanner.next(), Timer::after_secs(1)).await;
        assert!(matches!(no_more, Either::Second(())));
        // What was read makes room.
        controllers[0].say(Packet::new(PacketKind::Event, &report(30)));
        assert!(scanner.next().await.is_some());
    });
}

#[test]
fn a_name_is_complete_or_shortened_and_the_advertisement_goes_first() {
    seen(|a| a.adv_data(b"\x04\x09one").resp_data(b"\x04\x09two"), |r| assert_eq!(r.name(), Some("one")));
    seen(|a| a.adv_data(b"\x04\x08one").resp_data(b"\x04\x09two"), |r| assert_eq!(r.name(), Some("one")));
    seen(|a| a.adv_data(b"\x02\x01\x06").resp_data(b"\x04\x08two"), |r| assert_eq!(r.name(), Some("two")));
    seen(|a| a.adv_data(b"\x03\x09\xff\xfe").resp_data(b""), |r| assert_eq!(r.name(), None));
    seen(|a| a.name("grün"), |r| assert_eq!(r.name(), Some("grün")));
    seen(|a| a, |r| assert_eq!(r.name(), None));
}

#[test]
fn manufacturer_data_of_all_or_of_one_company() {
    let two = |r: &ScanResult| {
        let all: Vec<_> = r.manufacturer(None).collect();
        assert_eq!(all, [(0x004c, &b"ab"[..]), (0xffff, &b"c"[..])]);
        assert_eq!(r.manufacturer(Some(0xffff)).collect::<Vec<_>>(), [(0xffff, &b"c"[..])]);
        assert_eq!(r.manufacturer(Some(0x1234)).count(), 0);
    };
    seen(|a| a.manufacturer(0x004c, b"ab").resp_data(b"\x04\xff\xff\xffc"), two);
}

#[test]
fn the_other_fields_are_there() {
    let adv = b"\x02\x01\x06\x03\x19\x00\x03\x02\x0a\xf8\x05\x16\x1a\x18\x09\xc4";
    let resp = b"\x0f\x24\x17//example.org";
    let all = |r: &ScanResult| {
        assert_eq!((r.flags(), r.appearance(), r.tx_power()), (Some(6), Some(768), Some(-8)));
        assert_eq!(r.service_data().collect::<Vec<_>>(), [(Uuid::new16(0x181a), &[0x09, 0xc4][..])]);
        assert_eq!(r.uri(), Some("\u{17}//example.org"));
        assert_eq!(r.structures().count(), 5);
    };
    seen(|a| a.adv_data(adv).resp_data(resp), all);
    seen(
        |a| a.adv_data(b""),
        |r| assert_eq!((r.flags(), r.appearance(), r.tx_power(), r.uri()), (None, None, None, None)),
    );
}
