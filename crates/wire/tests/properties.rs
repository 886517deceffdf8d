//! Any octets give a value or `Malformed`; what a value is written as reads as the same value.
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
    Uuid, Writer,
    ad::{AdType, AdWrite, Builder, Flags, Structures},
    att::Pdu,
    hci::{acl::AclPacket, command::CommandPacket, event::Event},
    l2cap::{Frame, signalling::Signal},
};
use proptest::prelude::*;

macro_rules! any_octets {
    ($($test:ident: $type:ident),+) => {$(
        proptest! {
            #![proptest_config(ProptestConfig::with_cases(2000))]
            #[test]
            fn $test(octets in proptest::collection::vec(any::<u8>(), 0..80), first in 0u8..0x40) {
                let mut octets = octets;
                if let Some(octet) = octets.first_mut() {
                    // Half of the cases begin as packets do.
                    if first & 1 == 0 { *octet = first; }
                }
                if let Ok(value) = $type::parse(&octets) {
                    let mut buffer = [0; 600];
                    let mut w = Writer::new(&mut buffer);
                    value.emit(&mut w);
                    let written = w.finish().unwrap();
                    prop_assert_eq!($type::parse(written), Ok(value));
                    prop_assert!(!value.to_string().is_empty());
                }
            }
        }
    )+};
}

any_octets!(pdus: Pdu, events: Event, commands: CommandPacket, packets: AclPacket, frames: Frame, signals: Signal);

proptest! {
    #[test]
    fn ad_structures(octets: Vec<u8>) {
        for structure in Structures::new(&octets) {
            let _ = (structure.uuids().count(), structure.manufacturer(), structure.service_data());
        }
    }

    #[test]
    fn a_built_advertisement_reads_as_it_was_meant(name in "[a-zé]{0,20}", company: u16, data in proptest::collection::vec(any::<u8>(), 0..20)) {
        let mut builder = Builder::new();
        builder.flags(Flags::GENERAL_DISCOVERABLE | Flags::BR_EDR_NOT_SUPPORTED).unwrap();
        let services = [Uuid::new16(0x181a), Uuid::new16(0x180f)];
        builder.services(&services).unwrap();
        let named = builder.complete_name(&name).is_ok();
        let made = builder.manufacturer(company, &data).is_ok();
        prop_assert!(builder.adv().len() <= 31 && builder.resp().len() <= 31);
        let all = || Structures::new(builder.adv()).chain(Structures::new(builder.resp()));
        prop_assert!(all().flat_map(|s| s.uuids()).eq(services));
        let found = all().find(|s| s.kind == AdType::COMPLETE_NAME).map(|s| s.data);
        prop_assert_eq!(found, named.then_some(name.as_bytes()));
        prop_assert_eq!(all().find_map(|s| s.manufacturer()), made.then_some((company, &data[..])));
    }

    #[test]
    fn uuids_of_every_form_are_one(value: u32) {
        let short = Uuid::new32(value);
        prop_assert_eq!(short.as_u32(), Some(value));
        prop_assert_eq!(Uuid::new128(short.as_u128()), short);
        prop_assert_eq!(short.to_string().parse(), Ok(short));
        prop_assert_eq!(short.as_u16(), u16::try_from(value).ok());
    }
}

#[test]
fn an_advertisement_uses_all_of_its_31_octets() {
    let mut builder = Builder::new();
    builder.flags(Flags::GENERAL_DISCOVERABLE | Flags::BR_EDR_NOT_SUPPORTED).unwrap();
    builder.complete_name("exactly twenty-six octets.").unwrap();
    assert_eq!((builder.adv().len(), builder.resp().len()), (31, 0));
    builder.appearance(768).unwrap();
    assert_eq!((builder.adv().len(), builder.resp().len()), (31, 4));
    assert_eq!(builder.raw(AdType::URI, &[0; 26]).map_err(|e| e.0), Err(AdType::URI));
    assert_eq!(builder.raw(AdType::URI, &[0; 25]), Ok(()));
}
