//! A device is an address and its kind: equal, hashable, printed and parsed.

use jelling::{AddressKind, Device, InvalidDevice};
use std::collections::HashSet;

const OCTETS: [u8; 6] = [0xaa, 0xbb, 0xcc, 0x01, 0x02, 0x03];

#[test]
fn kind_and_octets_are_kept() {
    let device = Device::new(AddressKind::Random, OCTETS);
    assert_eq!((device.kind(), device.octets()), (AddressKind::Random, OCTETS));
    assert_eq!((AddressKind::Public as u8, AddressKind::Random as u8), (0, 1));
}

#[test]
fn devices_are_equal_when_both_parts_are() {
    let device = Device::new(AddressKind::Public, OCTETS);
    let mut all = HashSet::from([device]);
    assert!(!all.insert("aa:bb:cc:01:02:03".parse().unwrap()));
    assert!(all.insert(Device::new(AddressKind::Random, OCTETS)));
    assert!(all.insert(Device::new(AddressKind::Public, [0; 6])));
}

#[test]
fn it_is_printed_and_parsed_with_colons() {
    let device = Device::new(AddressKind::Public, OCTETS);
    assert_eq!(device.to_string(), "aa:bb:cc:01:02:03");
    assert_eq!(device.to_string().parse(), Ok(device));
    assert_eq!("AA:BB:CC:01:02:03/random".parse(), Ok(Device::new(AddressKind::Random, OCTETS)));
    for wrong in
        ["", "aa:bb:cc:01:02", "aa:bb:cc:01:02:03:04", "aa:bb:cc:01:02:0g", "aabbcc010203", "aa:bb:cc:01:02:03/own"]
    {
        assert_eq!(wrong.parse::<Device>(), Err(InvalidDevice), "{wrong}");
    }
}
