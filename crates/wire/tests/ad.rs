//! AD structures as Bumble writes them, and the two whose form the Supplement gives otherwise than Bumble.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    missing_docs,
    reason = "tests"
)]

use jelling_wire::{
    Address, AddressKind, Secret, Uuid, Writer,
    ad::{
        AdType, AdWrite, Builder, ChannelMapUpdate, ConnectionIntervalRange, DoesNotFit, EncryptedData, Flags, LeRole,
        OobFlags, ResolvableSetIdentifier, ResponseTiming, Structure, Structures, TransportBlock, Uri,
    },
    hci::LeFeatures,
};
use proptest::prelude::*;

const NUS: Uuid = Uuid::new128(0x6e40_0001_b5a3_f393_e0a9_e50e_24dc_ca9e);
const NUS_OCTETS: [u8; 16] =
    [0x9e, 0xca, 0xdc, 0x24, 0x0e, 0xe5, 0xa9, 0xe0, 0x93, 0xf3, 0xa3, 0xb5, 0x01, 0x00, 0x40, 0x6e];
const SIXTEEN: [u8; 16] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16];

fn written(write: impl FnOnce(&mut Writer<'_>) -> Result<(), DoesNotFit>) -> Vec<u8> {
    let mut buffer = [0; 300];
    let mut w = Writer::new(&mut buffer);
    write(&mut w).unwrap();
    w.finish().unwrap().to_vec()
}

fn only(octets: &[u8]) -> Structure<'_> {
    let mut structures = Structures::new(octets);
    let structure = structures.next().unwrap();
    assert!(structures.next().is_none() && !structures.is_malformed());
    structure
}

/// Type, octets, and what reads and writes them: both ways; of every other type, and cut or lengthened, it is nothing, or
/// another value that is written as it was read.
macro_rules! structures {
    ($test:ident, [$(($kind:ident, $octets:expr, $name:ident, $value:expr)),+ $(,)?]) => {
        #[test]
        fn $test() {
            $(
                let data: &[u8] = &$octets;
                let octets = [&[data.len() as u8 + 1, AdType::$kind.0][..], data].concat();
                let structure = only(&octets);
                assert_eq!(structure.kind, AdType::$kind);
                assert_eq!(structure.$name(), Some($value), "{}", AdType::$kind);
                assert_eq!(written(|w| w.$name($value)), octets, "{}", AdType::$kind);
                assert_eq!(Structure { kind: AdType(0xfe), data }.$name(), None);
                for length in (0..data.len()).chain([data.len() + 1, data.len() + 2]) {
                    let mut other = data.to_vec();
                    other.resize(length, 0);
                    let other = Structure { kind: AdType::$kind, data: &other };
                    if let Some(value) = other.$name() {
                        assert_eq!(&written(|w| w.$name(value))[2..], other.data, "{}, {length}", AdType::$kind);
                    }
                }
            )+
        }
    };
}

structures!(
    of_one_value,
    [
        (SHORTENED_NAME, *b"rust", shortened_name, "rust"),
        (COMPLETE_NAME, *b"rust-temp", complete_name, "rust-temp"),
        (TX_POWER, [0xf9], tx_power, -7),
        (CLASS_OF_DEVICE, [0x04, 0x04, 0x24], class_of_device, [0x04, 0x04, 0x24]),
        (SIMPLE_PAIRING_HASH_192, SIXTEEN, simple_pairing_hash_192, SIXTEEN),
        (SIMPLE_PAIRING_RANDOMIZER_192, SIXTEEN, simple_pairing_randomizer_192, Secret(SIXTEEN)),
        (SECURITY_MANAGER_TK_VALUE, SIXTEEN, security_manager_tk_value, Secret(SIXTEEN)),
        (
            SECURITY_MANAGER_OOB_FLAGS,
            [0x0b],
            security_manager_oob_flags,
            OobFlags::DATA_PRESENT | OobFlags::LE_SUPPORTED | OobFlags::RANDOM_ADDRESS
        ),
        (
            PERIPHERAL_CONNECTION_INTERVAL_RANGE,
            [6, 0, 0xff, 0xff],
            peripheral_connection_interval_range,
            ConnectionIntervalRange { interval_min: 6, interval_max: 0xffff }
        ),
        (APPEARANCE, [0x00, 0x03], appearance, 0x0300),
        // Supplement, Part A, 1.16: the type is the most significant octet. Bumble and Wireshark put it first, Nordic's SDK
        // where it belongs.
        (
            LE_DEVICE_ADDRESS,
            [0xf5, 0xf4, 0xf3, 0xf2, 0xf1, 0xf0, 1],
            le_device_address,
            Address::new(AddressKind::Random, [0xf5, 0xf4, 0xf3, 0xf2, 0xf1, 0xf0])
        ),
        (LE_ROLE, [2], le_role, LeRole::PERIPHERAL_PREFERRED),
        (SIMPLE_PAIRING_HASH_256, SIXTEEN, simple_pairing_hash_256, SIXTEEN),
        (SIMPLE_PAIRING_RANDOMIZER_256, SIXTEEN, simple_pairing_randomizer_256, Secret(SIXTEEN)),
        (SECURE_CONNECTIONS_CONFIRMATION, SIXTEEN, secure_connections_confirmation, SIXTEEN),
        (SECURE_CONNECTIONS_RANDOM, SIXTEEN, secure_connections_random, Secret(SIXTEEN)),
        (URI, *b"\x17//example.com", uri, Uri { scheme: Uri::HTTPS, rest: "//example.com" }),
        (INDOOR_POSITIONING, [0], indoor_positioning, &[0][..]),
        (
            CHANNEL_MAP_UPDATE,
            [0xff, 0xff, 0xff, 0xff, 0x1f, 0x34, 0x12],
            channel_map_update,
            ChannelMapUpdate { map: [0xff, 0xff, 0xff, 0xff, 0x1f], instant: 0x1234 }
        ),
        (PB_ADV, [1, 2, 3, 4, 5, 6, 7], pb_adv, &[1, 2, 3, 4, 5, 6, 7][..]),
        (MESH_MESSAGE, [0x68, 0xca], mesh_message, &[0x68, 0xca][..]),
        (MESH_BEACON, [1, 0], mesh_beacon, &[1, 0][..]),
        (BIG_INFO, [7; 33], big_info, &[7; 33][..]),
        (BROADCAST_CODE, SIXTEEN, broadcast_code, Secret(SIXTEEN)),
        (
            RESOLVABLE_SET_IDENTIFIER,
            [1, 2, 3, 4, 5, 0x46],
            resolvable_set_identifier,
            ResolvableSetIdentifier { hash: [1, 2, 3], random: [4, 5, 0x46] }
        ),
        (BROADCAST_NAME, *b"Aula", broadcast_name, "Aula"),
        // The sample of the Supplement, Part A, 2.3.
        (
            ENCRYPTED_DATA,
            [
                0x18, 0xe1, 0x57, 0xca, 0xde, 0x74, 0xe4, 0xdc, 0xaf, 0xdc, 0x51, 0xc7, 0x28, 0x28, 0x10, 0xc2, 0x21,
                0x7f, 0x0e, 0x4c, 0xef, 0x43, 0x43, 0x18, 0x1f, 0xba, 0x00, 0x69, 0xcc
            ],
            encrypted_data,
            EncryptedData {
                randomizer: [0x18, 0xe1, 0x57, 0xca, 0xde],
                payload: &[
                    0x74, 0xe4, 0xdc, 0xaf, 0xdc, 0x51, 0xc7, 0x28, 0x28, 0x10, 0xc2, 0x21, 0x7f, 0x0e, 0x4c, 0xef,
                    0x43, 0x43, 0x18, 0x1f
                ],
                mic: [0xba, 0x00, 0x69, 0xcc]
            }
        ),
        (
            PERIODIC_ADVERTISING_RESPONSE_TIMING,
            [0xd6, 0xbe, 0x89, 0x8e, 4, 20, 5, 8],
            periodic_advertising_response_timing,
            ResponseTiming {
                access_address: 0x8e89_bed6,
                subevents: 4,
                subevent_interval: 20,
                response_slot_delay: 5,
                response_slot_spacing: 8
            }
        ),
        (ELECTRONIC_SHELF_LABEL, [0], electronic_shelf_label, &[0][..]),
        (THREE_D_INFORMATION, [0, 5], three_d_information, &[0, 5][..]),
    ]
);

#[test]
fn lists_of_services() {
    let services = [Uuid::new16(0x181a), NUS, Uuid::new32(0x1234_5678), Uuid::new16(0x180f)];
    let sorted = [services[0], services[3], services[2], services[1]];
    let octets = |kinds: [u8; 3]| {
        let (of_16, of_32) = ([5, kinds[0], 0x1a, 0x18, 0x0f, 0x18], [5, kinds[1], 0x78, 0x56, 0x34, 0x12]);
        [&of_16[..], &of_32, &[17, kinds[2]], &NUS_OCTETS].concat()
    };
    for (kinds, written) in [
        ([0x03, 0x05, 0x07], written(|w| w.services(&services))),
        ([0x02, 0x04, 0x06], written(|w| w.incomplete_services(&services))),
    ] {
        assert_eq!(written, octets(kinds));
        assert!(Structures::new(&written).flat_map(|s| s.uuids()).eq(sorted));
        assert_eq!(Structures::new(&written).flat_map(|s| s.solicited()).count(), 0);
    }
    let kinds = [0x14, 0x1f, 0x15];
    assert_eq!(written(|w| w.solicited(&services)), octets(kinds));
    assert!(Structures::new(&octets(kinds)).flat_map(|s| s.solicited()).eq(sorted));
    assert_eq!(Structures::new(&octets(kinds)).flat_map(|s| s.uuids()).count(), 0);
    assert!(written(|w| w.services(&[])).is_empty());
    // Half an entry at the end is given up.
    assert!(only(&[4, 0x03, 0x1a, 0x18, 0x0f]).uuids().eq([services[0]]));
}

#[test]
fn data_of_services_and_companies() {
    let rows = [
        (Uuid::new16(0xfeaa), vec![5, 0x16, 0xaa, 0xfe, 0x10, 0x00], &[0x10, 0x00][..]),
        (Uuid::new32(0x1234_5678), vec![6, 0x20, 0x78, 0x56, 0x34, 0x12, 1], &[1]),
        (NUS, [&[18, 0x21][..], &NUS_OCTETS, &[1]].concat(), &[1]),
    ];
    for (service, octets, data) in rows {
        assert_eq!(only(&octets).service_data(), Some((service, data)));
        assert_eq!(written(|w| w.service_data(service, data)), octets);
    }
    assert_eq!(only(&[2, 0x16, 0xaa]).service_data(), None);
    let octets = [5, 0xff, 0x4c, 0x00, 0x02, 0x15];
    assert_eq!(only(&octets).manufacturer(), Some((0x004c, &[0x02, 0x15][..])));
    assert_eq!(written(|w| w.manufacturer(0x004c, &[0x02, 0x15])), octets);
    assert_eq!(only(&[2, 0xff, 0x4c]).manufacturer(), None);
}

#[test]
fn advertising_intervals() {
    let rows: [(u32, &[u8]); 5] = [
        (0x0140, &[3, 0x1a, 0x40, 0x01]),
        (0xffff, &[3, 0x1a, 0xff, 0xff]),
        (0x0001_0000, &[4, 0x2f, 0x00, 0x00, 0x01]),
        (0x00ff_ffff, &[4, 0x2f, 0xff, 0xff, 0xff]),
        (0x1234_5678, &[5, 0x2f, 0x78, 0x56, 0x34, 0x12]),
    ];
    for (interval, octets) in rows {
        assert_eq!(only(octets).advertising_interval(), Some(interval));
        assert_eq!(written(|w| w.advertising_interval(interval)), octets);
    }
    assert_eq!(only(&[5, 0x2f, 0x56, 0x34, 0x12, 0]).advertising_interval(), Some(0x0012_3456), "more than it needs");
    for octets in [&[2, 0x1a, 1][..], &[4, 0x1a, 1, 2, 3], &[3, 0x2f, 1, 2], &[6, 0x2f, 1, 2, 3, 4, 5]] {
        assert_eq!(only(octets).advertising_interval(), None);
    }
}

#[test]
fn target_addresses() {
    let public = Address::new(AddressKind::Public, [0xf0, 0xf1, 0xf2, 0xf3, 0xf4, 0xf5]);
    let random = Address::new(AddressKind::Random, [0xf5, 0xf4, 0xf3, 0xf2, 0xf1, 0xf0]);
    let octets = written(|w| w.targets(&[random, public]));
    let public_octets = [7, 0x17, 0xf0, 0xf1, 0xf2, 0xf3, 0xf4, 0xf5];
    assert_eq!(octets, [&public_octets[..], &[7, 0x18, 0xf5, 0xf4, 0xf3, 0xf2, 0xf1, 0xf0]].concat());
    assert!(Structures::new(&octets).flat_map(|s| s.targets()).eq([public, random]));
    assert_eq!(only(&[6, 0x17, 1, 2, 3, 4, 5]).targets().count(), 0);
}

#[test]
fn transports() {
    let blocks = [
        TransportBlock { organization: 1, flags: 2, data: &[0xab, 0xcd] },
        TransportBlock { organization: 2, flags: 0, data: &[] },
    ];
    let octets = [9, 0x26, 1, 2, 2, 0xab, 0xcd, 2, 0, 0];
    assert_eq!(written(|w| w.transport_blocks(&blocks)), octets);
    assert!(only(&octets).transport_blocks().eq(blocks));
    // The second block runs over the end.
    assert!(only(&[9, 0x26, 1, 2, 2, 0xab, 0xcd, 2, 0, 1]).transport_blocks().eq([blocks[0]]));
    assert_eq!(only(&[2, 0xff, 1]).transport_blocks().count(), 0);
}

#[test]
fn what_grows_later_is_read_as_far_as_it_is_known() {
    let flags = Flags::GENERAL_DISCOVERABLE | Flags::BR_EDR_NOT_SUPPORTED;
    assert_eq!(only(&[2, 0x01, 6]).flags(), Some(flags));
    assert_eq!(written(|w| w.flags(flags)), [2, 0x01, 6]);
    // Supplement, Part A, 1.3: zero or more octets.
    assert_eq!(only(&[1, 0x01]).flags(), Some(Flags::empty()));
    assert_eq!(only(&[3, 0x01, 0x86, 0xff]).flags(), Some(Flags::from_bits_retain(0x86)));
    assert_eq!(only(&[4, 0x27, 0, 1, 1]).le_supported_features(), Some(LeFeatures(0x01_0100)));
    assert_eq!(written(|w| w.le_supported_features(LeFeatures(0x01_0100))), [4, 0x27, 0, 1, 1]);
    assert_eq!(written(|w| w.le_supported_features(LeFeatures(0))), [2, 0x27, 0]);
    assert_eq!(only(&[10, 0x27, 1, 0, 0, 0, 0, 0, 0, 0, 1]).le_supported_features(), Some(LeFeatures(1)));
    assert_eq!(only(&[1, 0x27]).le_supported_features(), None);
    // Reserved bits beside the type of the address.
    let address = only(&[8, 0x1b, 1, 2, 3, 4, 5, 6, 0xfe]).le_device_address();
    assert_eq!(address, Some(Address::new(AddressKind::Public, [1, 2, 3, 4, 5, 6])));
    assert_eq!(only(&[3, 0x09, 0xff, 0xff]).complete_name(), None, "no UTF-8");
    assert_eq!(only(&[1, 0x24]).uri(), None);
}

#[test]
fn duplicates_and_types_to_come_survive() {
    let octets = [2, 0x0a, 1, 2, 0x0a, 2, 3, 0x77, 1, 2];
    let all: Vec<_> = Structures::new(&octets).collect();
    assert_eq!(all.iter().filter_map(Structure::tx_power).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(all[2], Structure { kind: AdType(0x77), data: &[1, 2] });
    let again = written(|w| all.iter().try_for_each(|s| w.raw(s.kind, s.data)));
    assert_eq!(again, octets);
}

#[test]
fn what_does_not_fit_changes_nothing() {
    let mut buffer = [0; 8];
    let mut w = Writer::new(&mut buffer);
    w.tx_power(4).unwrap();
    assert_eq!(w.complete_name("four"), Err(DoesNotFit(AdType::COMPLETE_NAME)));
    w.complete_name("hej").unwrap();
    assert_eq!(w.finish(), Ok(&[2, 0x0a, 4, 4, 9, b'h', b'e', b'j'][..]));
    // A structure has 254 octets of data at most, whatever room there is.
    let mut buffer = [0; 1650];
    let mut w = Writer::new(&mut buffer);
    assert_eq!(w.raw(AdType::MANUFACTURER, &[0; 255]), Err(DoesNotFit(AdType::MANUFACTURER)));
    w.raw(AdType::MANUFACTURER, &[0; 254]).unwrap();
    assert_eq!((w.len(), w.written()[0]), (256, 255));
    // Flags go into an advertisement, and into no scan response.
    let mut builder = Builder::new();
    builder.raw(AdType::URI, &[0; 28]).unwrap();
    assert_eq!(builder.flags(Flags::empty()), Err(DoesNotFit(AdType::FLAGS)));
    assert_eq!(builder.tx_power(4), Ok(()));
    assert_eq!((builder.adv().len(), builder.resp()), (30, &[2, 0x0a, 4][..]));
}

#[test]
fn lines_tell_the_value_and_no_key() {
    let lines: [(&[u8], &str); 9] = [
        (&[2, 1, 6], "Flags (0x01) len 1 LE General Discoverable Mode, BR/EDR Not Supported (0x06)"),
        (&[5, 3, 0x1a, 0x18, 0x0f, 0x18], "Complete List of 16-bit Service UUIDs (0x03) len 4 181a, 180f"),
        (&[5, 9, b'r', b'u', b's', b't'], "Complete Local Name (0x09) len 4 \"rust\""),
        (&[2, 0x0a, 0xf9], "Tx Power Level (0x0a) len 1 -7"),
        (&[3, 0x0a, 1, 2], "Tx Power Level (0x0a) len 2 0102"),
        (&[5, 0xff, 0x4c, 0, 2, 0x15], "Manufacturer Specific Data (0xff) len 4 company 0x004c 0215"),
        (&[3, 0x77, 1, 2], "Unknown (0x77) len 2 0102"),
        (&[2, 0x10, 0xa5], "Security Manager TK Value (0x10) len 1 (1 octets)"),
        (&[2, 0x1c, 3], "LE Role (0x1c) len 1 Central Role preferred (0x03)"),
    ];
    for (octets, line) in lines {
        assert_eq!(only(octets).to_string(), line);
    }
    for kind in [
        AdType::SIMPLE_PAIRING_RANDOMIZER_192,
        AdType::SIMPLE_PAIRING_RANDOMIZER_256,
        AdType::SECURITY_MANAGER_TK_VALUE,
        AdType::SECURE_CONNECTIONS_RANDOM,
        AdType::BROADCAST_CODE,
    ] {
        for length in [15, 16, 17] {
            let structure = Structure { kind, data: &[0xa5; 17][..length] };
            for text in [structure.to_string(), format!("{structure:?}")] {
                assert!(!text.contains("a5") && text.contains("octets)"), "{text}");
            }
        }
    }
}

proptest! {
    #[test]
    fn any_octets_of_any_type(index in 0..=AdType::ALL.len(), other: u8, data in proptest::collection::vec(any::<u8>(), 0..40)) {
        let kind = AdType::ALL.get(index).copied().unwrap_or(AdType(other));
        let octets = written(|w| w.raw(kind, &data));
        let structure = only(&octets);
        prop_assert_eq!((structure.kind, structure.data), (kind, &data[..]));
        prop_assert!(!structure.to_string().is_empty());
        let lists = (structure.uuids().count(), structure.solicited().count(), structure.targets().count());
        prop_assert!(lists.0 + lists.1 + lists.2 <= data.len());
    }

    #[test]
    fn what_is_written_is_read(interval: u32, features: u64, scheme: char, rest in ".{0,20}", data in proptest::collection::vec(any::<u8>(), 0..60)) {
        let mut buffer = [0; 300];
        let mut w = Writer::new(&mut buffer);
        let uri = Uri { scheme, rest: &rest };
        let encrypted = EncryptedData { randomizer: [1, 2, 3, 4, 5], payload: &data, mic: [6, 7, 8, 9] };
        let block = TransportBlock { organization: 1, flags: 2, data: &data };
        w.advertising_interval(interval).unwrap();
        w.le_supported_features(LeFeatures(features)).unwrap();
        w.uri(uri).unwrap();
        w.encrypted_data(encrypted).unwrap();
        w.transport_blocks(&[block]).unwrap();
        let all: Vec<_> = Structures::new(w.written()).collect();
        prop_assert_eq!(all.len(), 5);
        prop_assert_eq!(all[0].advertising_interval(), Some(interval));
        prop_assert_eq!(all[1].le_supported_features(), Some(LeFeatures(features)));
        prop_assert_eq!(all[2].uri(), Some(uri));
        prop_assert_eq!(all[3].encrypted_data(), Some(encrypted));
        prop_assert!(all[4].transport_blocks().eq([block]));
    }
}
