//! Services of every size are advertised and read from a scan.

use crate::support::{INTERVAL, play};
use core::time::Duration;
use embassy_futures::select::{Either, select};
use jelling::{Host, ScanResult, Uuid, ad::AdType, sim};

/// What an active scan sees of the services that are advertised.
async fn seen(central: Host<'_>, peripheral: Host<'_>, services: &[Uuid]) -> ScanResult {
    let scan = async {
        let scan = central.scan(Duration::from_secs(10)).active().interval(INTERVAL).window(INTERVAL);
        let mut scanner = scan.await.unwrap();
        loop {
            let result = scanner.next().await.expect("the device is seen");
            // The scan response comes after the advertisement.
            if result.resp_data().is_some() {
                return result;
            }
        }
    };
    match select(peripheral.advertise(INTERVAL).services(services), scan).await {
        Either::First(_) => panic!("nobody connects"),
        Either::Second(result) => result,
    }
}

fn sizes(result: &ScanResult) -> Vec<AdType> {
    result.structures().map(|structure| structure.kind).collect()
}

#[test]
fn services_of_16_and_32_bits_are_read_from_a_scan() {
    play(async |[central, peripheral], _, _| {
        let short = [Uuid::new16(0x181a), Uuid::new16(0x180f)];
        let long = [Uuid::new32(0x1122_3344), Uuid::new32(0xa1b2_c3d4)];
        let both = [short[0], long[0], short[1], long[1]];
        for services in [&short[..1], &short, &long[..1], &long, &both] {
            let result = seen(central, peripheral, services).await;
            // In the order of their sizes.
            let wanted = services.iter().filter(|uuid| uuid.as_u16().is_some());
            let wanted: Vec<_> =
                wanted.chain(services.iter().filter(|uuid| uuid.as_u16().is_none())).copied().collect();
            assert_eq!(result.services().collect::<Vec<_>>(), wanted);
            assert_eq!(result.device(), sim::device(1));
        }
        let result = seen(central, peripheral, &both).await;
        assert_eq!(sizes(&result), [AdType::FLAGS, AdType::COMPLETE_UUIDS_16, AdType::COMPLETE_UUIDS_32]);
    });
}

/// Where there is no room left, a list goes into the scan response; all 31 octets are used first.
#[test]
fn services_of_128_bits_are_read_from_a_scan() {
    play(async |[central, peripheral], _, _| {
        let long = Uuid::new128(0x19b1_0000_e8f2_537e_4f6c_d104_768a_1214);
        let services = [long, Uuid::new16(0x181a), Uuid::new32(0x1122_3344)];
        let result = seen(central, peripheral, &services).await;
        assert_eq!(result.services().collect::<Vec<_>>(), [services[1], services[2], long]);
        assert_eq!((result.adv_data().len(), result.resp_data()), (31, Some(&[][..])));
        let services = [long, Uuid::new16(0x181a), Uuid::new32(0x1122_3344), Uuid::new16(0x180f)];
        let result = seen(central, peripheral, &services).await;
        assert_eq!(result.services().collect::<Vec<_>>(), [services[1], services[3], services[2], long]);
        assert_eq!((result.adv_data().len(), result.resp_data().map(<[u8]>::len)), (15, Some(18)));
    });
}
