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
    core.add_service(&ServiceSettings { uuid, primary: true, handle: None, end_handle: None }).unwrap();
    let settings = CharacteristicSettings {
        uuid: Uuid::new16(0x2a6e),
        properties: Properties::WRITE,
        protection: Protection::OPEN,
        hooks: Hooks::DOOR,
        handle: None,
        value_handle: None,
        storage: Storage::Variable(20, b""),
        append: false,
        cccd: false,
    };
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
    assert!(core.is_captured(value));
}
