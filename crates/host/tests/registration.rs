//! Registrations that end early: nothing of them is kept.
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

use jelling_host::{wire::Uuid, *};

type Memory = Store<Links<1>, Gatt<16, 256>, Pool<16, 4>, Scan<1>>;

fn add(core: &mut Core<'_>) -> AttributeId {
    let uuid = Uuid::new16(0x181a);
    core.add_service(&ServiceSettings::primary(uuid)).unwrap();
    let settings = CharacteristicSettings::new(Uuid::new16(0x2a6e), Properties::WRITE, Storage::Variable(20, b""));
    core.add_characteristic(&settings).unwrap()
}

fn used(core: &mut Core<'_>) -> (usize, usize) {
    let pools = core.pools();
    (pools.queues.used, pools.blocks.used)
}

#[test]
fn a_discarded_registration_gives_its_captures_back() {
    let mut memory = Box::new(Memory::NEW);
    let mut core = memory.core();
    core.begin_registration().unwrap();
    let value = add(&mut core);
    core.open_capture(value, 2, 20).unwrap();
    core.commit_registration().unwrap();
    let kept = used(&mut core);
    assert_eq!(kept.0, 1);
    // As often as would use up every queue.
    for _ in 0..8 {
        core.begin_registration().unwrap();
        let value = add(&mut core);
        core.open_capture(value, 2, 20).unwrap();
        core.discard_registration();
        assert_eq!(used(&mut core), kept, "what the table in force has is kept, and no more");
    }
    // Once more changes nothing, nor does one that follows a whole one.
    core.discard_registration();
    assert_eq!(used(&mut core), kept);
    assert!(core.capture_of(value).is_some());
}

#[test]
fn a_capture_that_is_opened_anew_replaces_the_one_before() {
    let mut memory = Box::new(Memory::NEW);
    let mut core = memory.core();
    core.begin_registration().unwrap();
    let value = add(&mut core);
    for depth in [1, 2, 1] {
        core.open_capture(value, depth, 20).unwrap();
        assert_eq!(used(&mut core), (1, depth));
    }
    // One that fails changes nothing.
    assert_eq!(core.open_capture(value, 16, 200), Err(Error::Full(Resource::Blocks)));
    assert_eq!(used(&mut core), (1, 1));
    core.discard_registration();
    assert_eq!(used(&mut core), (0, 0));
}

#[test]
fn what_fails_half_way_leaves_nothing_behind() {
    let mut memory = Box::new(Memory::NEW);
    let mut core = memory.core();
    core.begin_registration().unwrap();
    let first = add(&mut core);
    let failed = core.all_or_nothing(|core| {
        let value = add(core);
        core.open_capture(value, 2, 20)?;
        core.open_capture(value, 16, 200)
    });
    assert_eq!(failed, Err(Error::Full(Resource::Blocks)));
    assert_eq!(used(&mut core), (0, 0));
    assert_eq!(add(&mut core).handle(), first.handle() + 3);
}

fn service(core: &mut Core<'_>, handle: u16) {
    let uuid = Uuid::new16(0x181a);
    let settings = ServiceSettings { uuid, primary: true, handle: Some(handle), end_handle: None };
    core.add_service(&settings).unwrap();
}

/// Vol 3, Part G, 3.2: an include refers to a service.
#[test]
fn an_include_of_no_service_is_refused_and_the_table_in_force_stays() {
    let mut memory = Box::new(Memory::NEW);
    let mut core = memory.core();
    core.begin_registration().unwrap();
    let kept = add(&mut core);
    core.commit_registration().unwrap();
    for (included, result) in [
        (0, Err(Error::InvalidArgument(Argument::Handle))),
        // The include itself.
        (2, Err(Error::InvalidArgument(Argument::Handle))),
        (9, Err(Error::InvalidArgument(Argument::Handle))),
        // Its own service, and one that comes later.
        (1, Ok(())),
        (5, Ok(())),
    ] {
        core.begin_registration().unwrap();
        service(&mut core, 1);
        core.add_include(None, included).unwrap();
        service(&mut core, 5);
        assert_eq!(core.attribute_uuid(kept).is_ok(), included != 5);
        assert_eq!(core.commit_registration(), result, "{included}");
        // It is over, whatever came of it.
        assert_eq!(core.commit_registration(), Err(Error::Stale));
    }
}

#[test]
fn a_name_in_the_making_is_never_one_of_the_table_in_force() {
    let mut memory = Box::new(Memory::NEW);
    let mut core = memory.core();
    core.begin_registration().unwrap();
    let kept = add(&mut core);
    core.commit_registration().unwrap();
    for _ in 0..=u16::MAX {
        core.begin_registration().unwrap();
        let pending = add(&mut core);
        assert_ne!(pending, kept);
        core.write_local(pending, b"new").unwrap();
        core.discard_registration();
    }
    assert_eq!(core.read_local(kept, &mut []), Ok(0));
}

#[test]
fn a_value_that_cannot_be_set_says_why() {
    let mut memory = Box::new(Memory::NEW);
    let mut core = memory.core();
    core.begin_registration().unwrap();
    service(&mut core, 1);
    let mut add = |storage| {
        let settings = CharacteristicSettings::new(Uuid::new16(0x2a6e), Properties::READ, storage);
        core.add_characteristic(&settings).unwrap()
    };
    let [constant, fixed, variable] =
        [Storage::Constant(b"four"), Storage::Fixed(b"four"), Storage::Variable(4, b"")].map(&mut add);
    core.commit_registration().unwrap();
    let lengths: [&[u8]; 3] = [b"one", b"more", b"seven"];
    let written = |core: &mut Core<'_>, id| lengths.map(|octets| core.write_local(id, octets));
    assert_eq!(written(&mut core, constant), [Err(Error::NotSupported); 3]);
    assert_eq!(written(&mut core, fixed), [Err(Error::InvalidValue), Ok(()), Err(Error::TooLong)]);
    assert_eq!(written(&mut core, variable), [Ok(()), Ok(()), Err(Error::TooLong)]);
}
