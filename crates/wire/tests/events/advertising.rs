use crate::{ADVERTISER, HANDLE, PUBLIC, RANDOM, common::check, octets};
use jelling_wire::{
    Malformed, Writer,
    hci::{
        ConnectionHandle, Data, Status,
        event::{
            AdvertisingReports, DataStatus, DirectedAdvertisingReports, Event, ExtendedAdvertisingReports, IqSamples,
            PeriodicAdvertisingResponses, ReportedAddress,
        },
    },
};

const DATA: Data<'static> = Data(&[0x03, 0x09, 0x61, 0x62]);

rows! {
    [
        "LE Advertising Report", "3e1902020001f5f4f3f2f1f003020106c80400554433221100007f",
        Event::LeAdvertisingReport(
            AdvertisingReports::parse(&octets("020001f5f4f3f2f1f003020106c80400554433221100007f")).unwrap()
        )
    ],
    [
        "a report of an identity", "3e0c02010003f5f4f3f2f1f000c8",
        Event::LeAdvertisingReport(AdvertisingReports::parse(&octets("010003f5f4f3f2f1f000c8")).unwrap())
    ],
    [
        "LE Direct Advertising Report", "3e120b010101f5f4f3f2f1f0fe050403020141c8",
        Event::LeDirectedAdvertisingReport(
            DirectedAdvertisingReports::parse(&octets("010101f5f4f3f2f1f0fe050403020141c8")).unwrap()
        )
    ],
    [
        "LE Extended Advertising Report",
        "3e390d02130001f5f4f3f2f1f00100ff7fc800000000000000000003020106210000554433221100030204f99da000010504030201\
         410403096162",
        Event::LeExtendedAdvertisingReport(
            ExtendedAdvertisingReports::parse(&octets(
                "02130001f5f4f3f2f1f00100ff7fc800000000000000000003020106210000554433221100030204f99da000010504030201\
                 410403096162"
            ))
            .unwrap()
        )
    ],
    [
        "an anonymous report", "3e1a0d010000ff0000000000000101077fc80000fe05040302014100",
        Event::LeExtendedAdvertisingReport(
            ExtendedAdvertisingReports::parse(&octets("010000ff0000000000000101077fc80000fe05040302014100")).unwrap()
        )
    ],
    [
        "LE Periodic Advertising Sync Established", "3e100e0012000401f5f4f3f2f1f002a00005",
        Event::LePeriodicAdvertisingSyncEstablished {
            status: Status::SUCCESS,
            sync_handle: 0x12,
            sid: 4,
            address: ADVERTISER,
            phy: 2,
            interval: 160,
            clock_accuracy: 5
        }
    ],
    [
        "a synchronization that failed, of parameters without meaning", "3e100e44ffffff09ffffffffffffffffffff",
        Event::LePeriodicAdvertisingSyncEstablished {
            status: Status::OPERATION_CANCELLED_BY_HOST,
            sync_handle: 0xffff,
            sid: 0xff,
            address: ReportedAddress { kind: 9, octets: [0xff; 6] },
            phy: 0xff,
            interval: 0xffff,
            clock_accuracy: 0xff
        }
    ],
    [
        "LE Periodic Advertising Report", "3e0c0f1200f9c8ff010403096162",
        Event::LePeriodicAdvertisingReport {
            sync_handle: 0x12,
            tx_power: -7,
            rssi: -56,
            cte_type: 0xff,
            data_status: DataStatus::MORE,
            data: DATA
        }
    ],
    ["LE Periodic Advertising Sync Lost", "3e03101200", Event::LePeriodicAdvertisingSyncLost { sync_handle: 0x12 }],
    ["LE Scan Timeout", "3e0111", Event::LeScanTimeout {}],
    [
        "LE Advertising Set Terminated", "3e06120003400009",
        Event::LeAdvertisingSetTerminated {
            status: Status::SUCCESS,
            advertising_handle: 3,
            handle: HANDLE,
            completed_events: 9
        }
    ],
    [
        "a set that ended without a connection", "3e06124303ffff09",
        Event::LeAdvertisingSetTerminated {
            status: Status::LIMIT_REACHED,
            advertising_handle: 3,
            handle: ConnectionHandle(0xffff),
            completed_events: 9
        }
    ],
    [
        "LE Scan Request Received", "3e09130300554433221100",
        Event::LeScanRequestReceived { advertising_handle: 3, scanner: PUBLIC.into() }
    ],
    [
        "LE Connectionless IQ Report", "3e0d1512002540fe00010201341200",
        Event::LeConnectionlessIqReport {
            sync_handle: 0x12,
            channel: 0x25,
            rssi: -448,
            rssi_antenna: 0,
            cte_type: 1,
            slot_durations: 2,
            packet_status: 1,
            event_counter: 0x1234,
            samples: IqSamples::parse(&[0]).unwrap()
        }
    ],
    [
        "LE Periodic Advertising Sync Transfer Received", "3e1418004000341212000401f5f4f3f2f1f002a00005",
        Event::LePeriodicAdvertisingSyncTransferReceived {
            status: Status::SUCCESS,
            handle: HANDLE,
            service_data: 0x1234,
            sync_handle: 0x12,
            sid: 4,
            address: ADVERTISER,
            phy: 2,
            interval: 160,
            clock_accuracy: 5
        }
    ],
    [
        "LE Periodic Advertising Sync Established v2", "3e14240012000401f5f4f3f2f1f002a0000503060708",
        Event::LePeriodicAdvertisingSyncEstablishedV2 {
            status: Status::SUCCESS,
            sync_handle: 0x12,
            sid: 4,
            address: ADVERTISER,
            phy: 2,
            interval: 160,
            clock_accuracy: 5,
            subevents: 3,
            subevent_interval: 6,
            response_slot_delay: 7,
            response_slot_spacing: 8
        }
    ],
    [
        "LE Periodic Advertising Report v2", "3e0f251200f9c8ff341202000403096162",
        Event::LePeriodicAdvertisingReportV2 {
            sync_handle: 0x12,
            tx_power: -7,
            rssi: -56,
            cte_type: 0xff,
            event_counter: 0x1234,
            subevent: 2,
            data_status: DataStatus::COMPLETE,
            data: DATA
        }
    ],
    [
        "LE Periodic Advertising Sync Transfer Received v2", "3e1826004000341212000401f5f4f3f2f1f002a0000503060708",
        Event::LePeriodicAdvertisingSyncTransferReceivedV2 {
            status: Status::SUCCESS,
            handle: HANDLE,
            service_data: 0x1234,
            sync_handle: 0x12,
            sid: 4,
            address: ADVERTISER,
            phy: 2,
            interval: 160,
            clock_accuracy: 5,
            subevents: 3,
            subevent_interval: 6,
            response_slot_delay: 7,
            response_slot_spacing: 8
        }
    ],
    [
        "LE Periodic Advertising Subevent Data Request", "3e0427030102",
        Event::LePeriodicAdvertisingSubeventDataRequest { advertising_handle: 3, subevent_start: 1, subevent_count: 2 }
    ],
    [
        "LE Periodic Advertising Response Report", "3e132803010002f9c8ff040002aabb7f7fff05ff00",
        Event::LePeriodicAdvertisingResponseReport {
            advertising_handle: 3,
            subevent: 1,
            tx_status: 0,
            responses: PeriodicAdvertisingResponses::parse(&octets("02f9c8ff040002aabb7f7fff05ff00")).unwrap()
        }
    ],
    [
        "LE Monitored Advertisers Report", "3e093400cd2e0b04325600",
        Event::LeMonitoredAdvertisersReport {
            address: ReportedAddress { kind: ReportedAddress::PUBLIC, octets: [0xcd, 0x2e, 0x0b, 0x04, 0x32, 0x56] },
            condition: 0
        }
    ],
}

#[test]
fn reports_are_told_one_by_one() {
    let octets = octets(ROWS[0].1);
    let Ok(Event::LeAdvertisingReport(reports)) = Event::parse(&octets) else { panic!() };
    let told: Vec<_> = reports.iter().map(|r| (r.kind, r.address, r.data, r.rssi)).collect();
    assert_eq!(told, [(0, RANDOM, &[2, 1, 6][..], -56), (4, PUBLIC, &[][..], 127)]);
}

#[test]
fn extended_reports_are_told_one_by_one() {
    let octets = octets(ROWS[3].1);
    let Ok(Event::LeExtendedAdvertisingReport(reports)) = Event::parse(&octets) else { panic!() };
    let told: Vec<_> = reports.iter().collect();
    let [legacy, part] = told[..] else { panic!() };
    assert_eq!(
        (legacy.kind, legacy.data_status(), legacy.address.address()),
        (0x13, DataStatus::COMPLETE, Some(RANDOM))
    );
    assert_eq!((legacy.sid, legacy.tx_power, legacy.rssi, legacy.data.0), (0xff, 127, -56, &[2, 1, 6][..]));
    assert_eq!((part.data_status(), part.address.address()), (DataStatus::MORE, Some(PUBLIC)));
    assert_eq!((part.primary_phy, part.secondary_phy, part.sid, part.tx_power), (3, 2, 4, -7));
    assert_eq!((part.rssi, part.periodic_interval, part.target.octets[5]), (-99, 160, 0x41));
}

#[test]
fn responses_are_told_one_by_one() {
    let octets = octets("3e132803010002f9c8ff040002aabb7f7fff05ff00");
    let Ok(Event::LePeriodicAdvertisingResponseReport { responses, .. }) = Event::parse(&octets) else { panic!() };
    let told: Vec<_> = responses.iter().map(|r| (r.tx_power, r.response_slot, r.data_status, r.data.0)).collect();
    assert_eq!(told, [(-7, 4, DataStatus::COMPLETE, &[0xaa, 0xbb][..]), (127, 5, DataStatus::FAILED, &[][..])]);
}

#[test]
fn an_address_is_what_its_type_says() {
    let of = |kind| ReportedAddress { kind, octets: RANDOM.octets };
    assert_eq!(of(ReportedAddress::RANDOM_IDENTITY).address(), Some(RANDOM));
    assert_eq!(of(ReportedAddress::UNRESOLVED).address(), Some(RANDOM));
    assert_eq!(of(ReportedAddress::ANONYMOUS).address(), None);
    assert_eq!(of(9).address(), None);
    let identities: Vec<_> = (0..=0xff).filter(|kind| of(*kind).is_identity()).collect();
    assert_eq!(identities, [2, 3]);
}
