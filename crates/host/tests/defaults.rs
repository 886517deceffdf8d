//! The services that stand in front of every table: GAP and GATT.
#![cfg(all(feature = "central", feature = "client", feature = "peripheral", feature = "server"))]
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

use core::time::Duration;
use jelling_host::wire::{
    Uuid,
    att::{ErrorCode, Pdu},
};
use jelling_host::*;
use support::pair::{Pair, add};

/// Handles of the default services.
const NAME: u16 = 3;
const APPEARANCE: u16 = 5;
const CHANGED_CCCD: u16 = 9;
const FEATURES: u16 = 11;
/// The first handle behind them.
const OWN: u16 = if cfg!(feature = "security") { 16 } else { 14 };

fn read(pair: &mut Pair, link: LinkId, handle: u16) -> Result<Vec<u8>, Error> {
    pair.ask(link, &Pdu::ReadRequest { handle }).map(|answer| answer[1..].to_vec())
}

fn write(pair: &mut Pair, link: LinkId, handle: u16, value: &[u8]) -> Result<(), Error> {
    pair.ask(link, &Pdu::WriteRequest { handle, value }).map(|_| ())
}

/// The primary services: first and last handle, and UUID.
fn services(pair: &mut Pair, link: LinkId) -> Vec<(u16, u16, u16)> {
    let mut found = vec![];
    let mut start = 1;
    while let Ok(answer) =
        pair.ask(link, &Pdu::ReadByGroupTypeRequest { start, end: 0xffff, kind: Uuid::new16(0x2800) })
    {
        assert_eq!(answer[1], 6);
        let word = |o: &[u8]| u16::from_le_bytes([o[0], o[1]]);
        found.extend(answer[2..].chunks(6).map(|o| (word(o), word(&o[2..]), word(&o[4..]))));
        start = found.last().unwrap().1 + 1;
    }
    found
}

fn register(core: &mut Core<'_>) -> AttributeId {
    core.begin_registration().unwrap();
    core.add_default_services().unwrap();
    let id = add(core, 20);
    core.commit_registration().unwrap();
    id
}

#[test]
fn gap_and_gatt_stand_in_front_even_where_nothing_is_registered() {
    let (mut pair, link, _) = Pair::serving(251, |core| {
        core.configure(Config { name: "thermometer", appearance: 0x0300, ..Config::new() });
        core.install_default_services().unwrap();
    });
    let both = [(1, 5, 0x1800), (6, OWN - 1, 0x1801)];
    assert_eq!(services(&mut pair, link), both);
    assert_eq!(read(&mut pair, link, NAME).unwrap(), b"thermometer");
    assert_eq!(read(&mut pair, link, APPEARANCE).unwrap(), [0x00, 0x03]);
    // Service Changed is indicated and nothing else; there are no server features.
    let declarations = pair.ask(link, &Pdu::ReadByTypeRequest { start: 6, end: 0xffff, kind: Uuid::new16(0x2803) });
    let declarations = declarations.unwrap();
    assert_eq!(declarations[2..9], [7, 0, 0x20, 8, 0, 0x05, 0x2a]);
    assert_eq!(declarations[9..16], [10, 0, 0x0a, 11, 0, 0x29, 0x2b]);
    assert_eq!(read(&mut pair, link, 8), Err(Error::Gatt(ErrorCode::READ_NOT_PERMITTED)));
    let features = pair.ask(link, &Pdu::ReadByTypeRequest { start: 1, end: 0xffff, kind: Uuid::new16(0x2b3a) });
    assert_eq!(features.unwrap()[4..], [0]);
    assert_eq!(write(&mut pair, link, NAME, b"mine"), Err(Error::Gatt(ErrorCode::WRITE_NOT_PERMITTED)));
    // What is registered comes behind them.
    let id = register(&mut pair.core(1));
    assert_eq!(id.handle(), OWN + 2);
    assert_eq!(services(&mut pair, link), [both[0], both[1], (OWN, OWN + 3, 0x181a)]);
    assert_eq!(read(&mut pair, link, OWN + 2).unwrap(), b"first");
}

#[test]
fn what_is_configured_later_is_shown_at_once() {
    let (mut pair, link, _) = Pair::serving(251, |core| core.install_default_services().unwrap());
    assert_eq!(read(&mut pair, link, NAME).unwrap(), b"jelling");
    let preferred = ConnectionParameters {
        interval_min: Duration::from_millis(15),
        interval_max: Duration::from_secs(10),
        latency: 3,
        supervision_timeout: Duration::ZERO,
    };
    let config = Config { name: "other", appearance: 0x0341, preferred_parameters: Some(preferred), ..Config::new() };
    pair.core(1).configure(config);
    assert_eq!(read(&mut pair, link, NAME).unwrap(), b"other");
    assert_eq!(read(&mut pair, link, APPEARANCE).unwrap(), [0x41, 0x03]);
    let ppcp = Pdu::ReadByTypeRequest { start: 1, end: 0xffff, kind: Uuid::new16(0x2a04) };
    assert_eq!(pair.ask(link, &ppcp), Err(Error::Gatt(ErrorCode::ATTRIBUTE_NOT_FOUND)));
    // A characteristic more comes with the next registration; out of range is the nearest that is not (Vol 3, Part C, 12.3).
    register(&mut pair.core(1));
    assert_eq!(pair.ask(link, &ppcp).unwrap()[2..], [7, 0, 12, 0, 0x80, 0x0c, 3, 0, 10, 0]);
    let shown = pair.core(1).config().preferred_parameters.unwrap();
    assert_eq!((shown.interval_max, shown.latency), (Duration::from_secs(4), 3));
    let preferred = ConnectionParameters { latency: 7, ..preferred };
    pair.core(1).configure(Config { preferred_parameters: Some(preferred), ..config });
    assert_eq!(pair.ask(link, &ppcp).unwrap()[8..10], [7, 0]);
    assert_eq!(services(&mut pair, link)[2], (OWN + 2, OWN + 5, 0x181a));
    // And goes with it.
    pair.core(1).configure(Config::new());
    register(&mut pair.core(1));
    assert_eq!(pair.ask(link, &ppcp), Err(Error::Gatt(ErrorCode::ATTRIBUTE_NOT_FOUND)));
    assert_eq!(services(&mut pair, link)[2], (OWN, OWN + 3, 0x181a));
}

#[test]
fn they_can_be_switched_off_by_the_configuration_and_for_one_registration() {
    let (mut pair, link, _) = Pair::serving(251, |core| {
        core.configure(Config { default_services: false, ..Config::new() });
        core.install_default_services().unwrap();
    });
    assert_eq!(services(&mut pair, link), []);
    assert_eq!(register(&mut pair.core(1)).handle(), 3);
    assert_eq!(services(&mut pair, link), [(1, 4, 0x181a)]);
    pair.core(1).configure(Config::new());
    assert_eq!(register(&mut pair.core(1)).handle(), OWN + 2);
    write(&mut pair, link, CHANGED_CCCD, &[2, 0]).unwrap();
    // A bare registration takes every handle, and with the next one they are there again, as new.
    let mut core = pair.core(1);
    core.begin_registration().unwrap();
    add(&mut core, 20);
    core.commit_registration().unwrap();
    assert_eq!(services(&mut pair, link), [(1, 4, 0x181a)]);
    assert_eq!(read(&mut pair, link, 3).unwrap(), b"first");
    assert_eq!(register(&mut pair.core(1)).handle(), OWN + 2);
    assert_eq!(services(&mut pair, link).len(), 3);
    assert_eq!(read(&mut pair, link, CHANGED_CCCD).unwrap(), [0, 0]);
}

#[test]
fn another_registration_leaves_them_as_they_are() {
    let (mut pair, link, _) = Pair::serving(251, |core| _ = register(core));
    write(&mut pair, link, CHANGED_CCCD, &[2, 0]).unwrap();
    write(&mut pair, link, OWN + 3, &[1, 0]).unwrap();
    write(&mut pair, link, FEATURES, &[4]).unwrap();
    for _ in 0..3 {
        let id = register(&mut pair.core(1));
        assert_eq!(id.handle(), OWN + 2);
        assert_eq!(services(&mut pair, link), [(1, 5, 0x1800), (6, OWN - 1, 0x1801), (OWN, OWN + 3, 0x181a)]);
        assert_eq!(read(&mut pair, link, CHANGED_CCCD).unwrap(), [2, 0]);
        assert_eq!(read(&mut pair, link, FEATURES).unwrap(), [4]);
        assert_eq!(read(&mut pair, link, NAME).unwrap(), b"jelling");
        // The application's own table is new.
        assert_eq!(read(&mut pair, link, OWN + 3).unwrap(), [0, 0]);
        assert_eq!(read(&mut pair, link, OWN + 2).unwrap(), b"first");
        pair.core(1).write_local(id, b"changed").unwrap();
        assert_eq!(read(&mut pair, link, OWN + 2).unwrap(), b"changed");
    }
    // One that is given up changes nothing.
    let mut core = pair.core(1);
    core.begin_registration().unwrap();
    core.add_default_services().unwrap();
    add(&mut core, 20);
    core.discard_registration();
    assert_eq!(read(&mut pair, link, CHANGED_CCCD).unwrap(), [2, 0]);
    assert_eq!(read(&mut pair, link, OWN + 2).unwrap(), b"changed");
}

#[test]
fn there_need_not_be_room_for_two_copies() {
    // Beside the default services, room for two tables of four attributes: UUID of 16 octets, value of 20, a CCCD.
    let mut memory = Box::new(Store::<Links<1>, Gatt<{ OWN as usize - 1 + 8 }, 120>, Pool, Scan>::NEW);
    let mut core = memory.core();
    core.install_default_services().unwrap();
    for _ in 0..4 {
        register(&mut core);
    }
    let mut memory = Box::new(Store::<Links<1>, Gatt<8, 120>, Pool, Scan>::NEW);
    let mut core = memory.core();
    assert_eq!(core.install_default_services(), Err(Error::Full(Resource::Attributes)));
    // Without them such a host serves all the same.
    core.begin_registration().unwrap();
    assert_eq!(core.add_default_services(), Err(Error::Full(Resource::Attributes)));
    assert_eq!(add(&mut core, 20).handle(), 3);
    core.commit_registration().unwrap();
}

#[test]
fn they_come_first_in_a_registration_and_keep_their_handles() {
    let mut memory = Box::new(Store::<Links<1>, Gatt, Pool, Scan>::NEW);
    let mut core = memory.core();
    assert_eq!(core.add_default_services(), Err(Error::Stale));
    core.begin_registration().unwrap();
    add(&mut core, 20);
    assert_eq!(core.add_default_services(), Err(Error::InvalidArgument(Argument::Order)));
    core.discard_registration();
    register(&mut core);
    core.begin_registration().unwrap();
    core.add_default_services().unwrap();
    let at = |handle| ServiceSettings { uuid: Uuid::new16(0x181a), primary: true, handle, end_handle: None };
    for handle in [1, OWN - 1] {
        assert_eq!(core.add_service(&at(Some(handle))), Err(Error::InvalidArgument(Argument::Handle)));
    }
    // A characteristic needs a service of its own: GATT is closed.
    let settings = CharacteristicSettings::new(Uuid::new16(0x2a6e), Properties::READ, Storage::Fixed(b"value"));
    assert_eq!(core.add_characteristic(&settings), Err(Error::InvalidArgument(Argument::Order)));
    assert_eq!(core.add_service(&at(Some(0xffff))).unwrap().handle(), 0xffff);
    core.commit_registration().unwrap();
}

#[test]
fn a_client_tells_its_features_and_takes_none_back() {
    let (mut pair, link, _) = Pair::serving(251, |core| core.install_default_services().unwrap());
    let not_allowed = Err(Error::Gatt(ErrorCode::VALUE_NOT_ALLOWED));
    let no_length = Err(Error::Gatt(ErrorCode::INVALID_ATTRIBUTE_VALUE_LENGTH));
    for (written, result, shown) in [
        (&[][..], no_length, 0),
        (&[0x04], Ok(()), 4),
        (&[0x00], not_allowed, 4),
        (&[0x01], not_allowed, 4),
        // What has no meaning is not kept, nor what stands behind the first octet.
        (&[0xf5, 0xff], Ok(()), 5),
        (&[0x05], Ok(()), 5),
    ] {
        assert_eq!(write(&mut pair, link, FEATURES, written), result, "{written:?}");
        assert_eq!(read(&mut pair, link, FEATURES).unwrap(), [shown], "{written:?}");
    }
    // Prepared or not.
    let prepare = Pdu::PrepareWriteRequest { handle: FEATURES, offset: 0, value: &[7] };
    pair.ask(link, &prepare).unwrap();
    pair.ask(link, &Pdu::ExecuteWriteRequest { flags: 1 }).unwrap();
    assert_eq!(read(&mut pair, link, FEATURES).unwrap(), [7]);
    pair.ask(link, &Pdu::PrepareWriteRequest { handle: FEATURES, offset: 0, value: &[3] }).unwrap();
    assert_eq!(pair.ask(link, &Pdu::ExecuteWriteRequest { flags: 1 }).map(|_| ()), not_allowed);
    assert_eq!(read(&mut pair, link, FEATURES).unwrap(), [7]);
}

#[test]
fn a_host_shows_how_it_is_configured_though_a_registration_was_open_meanwhile() {
    let (mut pair, link, _) = Pair::serving(251, |core| {
        core.configure(Config { name: "before", appearance: 1, ..Config::new() });
        core.begin_registration().unwrap();
        core.add_default_services().unwrap();
        core.configure(Config { name: "after", appearance: 2, ..Config::new() });
        core.commit_registration().unwrap();
    });
    assert_eq!(read(&mut pair, link, NAME).unwrap(), b"after");
    assert_eq!(read(&mut pair, link, APPEARANCE).unwrap(), [2, 0]);
}
