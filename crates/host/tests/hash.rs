//! The Database Hash over the table in force.
#![cfg(all(feature = "central", feature = "client", feature = "peripheral", feature = "server", feature = "security"))]
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    missing_docs,
    reason = "tests"
)]

mod support;

use jelling_host::wire::{Uuid, att::Pdu};
use jelling_host::*;
use support::pair::{Pair, add};

/// That of the specification's sample, most significant octet first.
const SAMPLE: [u8; 16] =
    [0xf1, 0xca, 0x2d, 0x48, 0xec, 0xf5, 0x8b, 0xac, 0x8a, 0x88, 0x30, 0xbb, 0xb9, 0xfb, 0xa9, 0x90];

/// The hash as a client reads it, turned so that the most significant octet comes first.
fn hash(pair: &mut Pair, link: LinkId) -> Vec<u8> {
    let read = Pdu::ReadByTypeRequest { start: 1, end: 0xffff, kind: Uuid::new16(0x2b2a) };
    let answer = pair.ask(link, &read).unwrap();
    assert_eq!((answer[0], answer[1]), (0x09, 18));
    answer[4..].iter().rev().copied().collect()
}

fn service(core: &mut Core<'_>, uuid: u16, primary: bool, handle: u16) {
    let settings = ServiceSettings { uuid: Uuid::new16(uuid), primary, handle: Some(handle), end_handle: None };
    core.add_service(&settings).unwrap();
}

fn characteristic(core: &mut Core<'_>, uuid: u16, properties: u8, handle: u16, octets: &[u8]) -> AttributeId {
    let settings = CharacteristicSettings {
        handle: Some(handle),
        value_handle: Some(handle + 1),
        ..CharacteristicSettings::new(
            Uuid::new16(uuid),
            Properties::from_bits_retain(properties),
            Storage::Variable(20, octets),
        )
    };
    core.add_characteristic(&settings).unwrap()
}

fn descriptor(core: &mut Core<'_>, uuid: u16, handle: u16, octets: &[u8]) {
    add_descriptor(core, Uuid::new16(uuid), Some(handle), Storage::Fixed(octets));
}

fn add_descriptor(core: &mut Core<'_>, uuid: Uuid, handle: Option<u16>, storage: Storage<'_>) {
    // 2902 makes a CCCD, which can be written whatever its door.
    let (protection, hooks) = (Protection::OPEN, Hooks::DOOR);
    core.add_descriptor(&DescriptorSettings { uuid, protection, hooks, handle, storage }).unwrap();
}

/// The database of Vol 3, Part G, Appendix B.
fn sample(core: &mut Core<'_>) {
    core.begin_registration().unwrap();
    service(core, 0x1800, true, 0x01);
    characteristic(core, 0x2a00, 0x0a, 0x02, b"name");
    characteristic(core, 0x2a01, 0x02, 0x04, &[0, 0]);
    service(core, 0x1801, true, 0x06);
    characteristic(core, 0x2a05, 0x20, 0x07, &[0; 4]);
    descriptor(core, 0x2902, 0x09, &[]);
    characteristic(core, 0x2b29, 0x0a, 0x0a, &[0]);
    characteristic(core, 0x2b2a, 0x02, 0x0c, &[]);
    service(core, 0x1808, true, 0x0e);
    core.add_include(Some(0x0f), 0x14).unwrap();
    characteristic(core, 0x2a18, 0xa2, 0x10, &[]);
    descriptor(core, 0x2902, 0x12, &[]);
    descriptor(core, 0x2900, 0x13, &[0, 0]);
    service(core, 0x180f, false, 0x14);
    characteristic(core, 0x2a19, 0x02, 0x15, &[100]);
    core.commit_registration().unwrap();
}

#[test]
fn it_is_that_of_the_specification_for_its_sample() {
    let (mut pair, link, _) = Pair::serving(251, sample);
    assert_eq!(hash(&mut pair, link), SAMPLE);
    // By its handle too, and however often.
    let answer = pair.ask(link, &Pdu::ReadRequest { handle: 0x0d }).unwrap();
    assert!(answer[1..].iter().rev().eq(&SAMPLE));
    // Values do not count (7.3.1).
    pair.ask(link, &Pdu::WriteRequest { handle: 0x03, value: b"other" }).unwrap();
    pair.ask(link, &Pdu::WriteRequest { handle: 0x12, value: &[2, 0] }).unwrap();
    sample(&mut pair.core(1));
    assert_eq!(hash(&mut pair, link), SAMPLE);
}

#[test]
fn it_changes_with_the_table_and_with_nothing_else() {
    let register = |core: &mut Core<'_>, length: usize, description: Option<&'static [u8]>| {
        core.begin_registration().unwrap();
        core.add_default_services().unwrap();
        let id = add(core, length);
        if let Some(octets) = description {
            add_descriptor(core, Uuid::new16(0x2901), None, Storage::Constant(octets));
        }
        core.commit_registration().unwrap();
        id
    };
    let (mut pair, link, _) = Pair::serving(251, |core| core.install_default_services().unwrap());
    let alone = hash(&mut pair, link);
    assert_ne!(alone, [0; 16]);
    register(&mut pair.core(1), 20, None);
    let one = hash(&mut pair, link);
    assert_ne!(one, alone);
    // A longer value is the same table.
    let id = register(&mut pair.core(1), 30, None);
    pair.core(1).write_local(id, b"another").unwrap();
    assert_eq!(hash(&mut pair, link), one);
    // A descriptor more is another, whatever it says.
    register(&mut pair.core(1), 20, Some(b"temperature"));
    let described = hash(&mut pair, link);
    assert_ne!(described, one);
    register(&mut pair.core(1), 20, Some(b"humidity"));
    assert_eq!(hash(&mut pair, link), described);
    // A registration that is given up changes nothing.
    let mut core = pair.core(1);
    core.begin_registration().unwrap();
    core.add_default_services().unwrap();
    core.discard_registration();
    assert_eq!(hash(&mut pair, link), described);
    pair.core(1).install_default_services().unwrap();
    assert_eq!(hash(&mut pair, link), alone);
}

#[test]
fn long_uuids_count_whole_and_other_descriptors_not_at_all() {
    let (service, value) = (Uuid::new128(0x0011_2233_4455_6677_8899_aabb_ccdd_eeff), Uuid::new128(7));
    let (mut pair, link, _) = Pair::serving(251, |core| {
        core.begin_registration().unwrap();
        core.add_service(&ServiceSettings::primary(service)).unwrap();
        let settings = CharacteristicSettings::new(value, Properties::READ, Storage::Constant(b""));
        core.add_characteristic(&settings).unwrap();
        descriptor(core, 0x2906, 4, b"range");
        add_descriptor(core, Uuid::new128(8), Some(5), Storage::Constant(b"own"));
        characteristic(core, 0x2b2a, 0x02, 6, &[]);
        core.commit_registration().unwrap();
    });
    let mut message = vec![1, 0, 0x00, 0x28];
    service.with_le_bytes(|octets| message.extend(octets));
    message.extend([2, 0, 0x03, 0x28, 0x02, 3, 0]);
    value.with_le_bytes(|octets| message.extend(octets));
    message.extend([6, 0, 0x03, 0x28, 0x02, 7, 0, 0x2a, 0x2b]);
    assert_eq!(hash(&mut pair, link), Core::aes_cmac(&[0; 16], &message));
}
