//! The table that scripts are played against: gaps, UUIDs of both sizes, a service up to 0xffff, a value of each sort.

use jelling_host::{
    wire::{Uuid, att::ErrorCode},
    *,
};

/// The octets of the long value.
pub(crate) fn long() -> Vec<u8> {
    (0..512u16).map(|i| (i % 251) as u8).collect()
}

/// A UUID of sixteen equal octets.
pub(crate) const fn wide(octet: u8) -> Uuid {
    Uuid::new128(u128::from_le_bytes([octet; 16]))
}

/// The function of the hooked value; it is never called, for `word` is said in its place.
fn function(_: &Access<'_>) -> Result<(), ErrorCode> {
    Err(ErrorCode::UNLIKELY_ERROR)
}

/// The word of functions: 0x80 to reads, 0x81 to writes.
pub(crate) fn word(_: &mut Core<'_>, question: QuestionId) -> Result<(), ErrorCode> {
    Err(ErrorCode(if question.kind() == AccessKind::Read { 0x80 } else { 0x81 }))
}

fn service(core: &mut Core<'_>, handle: u16, uuid: Uuid, primary: bool, end_handle: Option<u16>) {
    core.add_service(&ServiceSettings { uuid, primary, handle: Some(handle), end_handle }).unwrap();
}

/// What a characteristic is when nothing else is said; its value stands behind its declaration.
fn plain<'s>(handle: u16, uuid: u16, properties: Properties, storage: Storage<'s>) -> CharacteristicSettings<'s> {
    CharacteristicSettings {
        handle: Some(handle),
        cccd: properties.intersects(Properties::NOTIFY | Properties::INDICATE),
        ..CharacteristicSettings::new(Uuid::new16(uuid), properties, storage)
    }
}

fn descriptor(core: &mut Core<'_>, handle: u16, uuid: Uuid, permissions: Permissions, storage: Storage<'_>) {
    let protection = Protection { permissions: Some(permissions), key_size: 0 };
    let settings = DescriptorSettings { uuid, protection, hooks: Hooks::DOOR, handle: Some(handle), storage };
    core.add_descriptor(&settings).unwrap();
}

/// What scripts want of the table beside its handles.
pub(crate) struct Served {
    /// Every value that can be read here.
    pub(crate) values: Vec<AttributeId>,
    pub(crate) captured: AttributeId,
    /// A value to notify.
    pub(crate) told: AttributeId,
}

/// Puts the table in force.
pub(crate) fn serve(core: &mut Core<'_>) -> Served {
    let read = Properties::READ;
    let both = Properties::READ | Properties::WRITE;
    let all = both | Properties::WRITE_WITHOUT_RESPONSE | Properties::NOTIFY | Properties::INDICATE;
    let demand = |permissions| Protection { permissions: Some(permissions), key_size: 0 };
    let long = long();
    core.begin_registration().unwrap();
    let mut values = vec![];
    let mut add = |core: &mut Core<'_>, settings: CharacteristicSettings<'_>| {
        let id = core.add_characteristic(&settings).unwrap();
        values.push(id);
        id
    };

    service(core, 0x01, Uuid::new16(0x180a), true, None);
    add(core, plain(0x02, 0x2a29, read, Storage::Constant(b"jelling")));

    service(core, 0x10, wide(b'S'), false, None);
    add(core, CharacteristicSettings { uuid: wide(b'X'), ..plain(0x11, 0, both, Storage::Fixed(b"abcd")) });

    service(core, 0x20, wide(b'P'), true, Some(0x3f));
    core.add_include(Some(0x21), 0x01).unwrap();
    core.add_include(Some(0x22), 0x10).unwrap();
    add(core, plain(0x23, 0x2a6e, all, Storage::Variable(20, b"first")));
    descriptor(core, 0x26, Uuid::new16(0x2901), Permissions::READ, Storage::Constant(b"name"));
    descriptor(core, 0x27, wide(b'Y'), Permissions::READ | Permissions::WRITE, Storage::Variable(8, b"desc"));
    add(core, plain(0x28, 0x2a6e, both, Storage::Fixed(b"fixed")));
    add(core, plain(0x2a, 0x2a6e, both, Storage::Variable(512, &long)));
    add(core, plain(0x2c, 0x2a70, Properties::WRITE, Storage::Variable(20, b"")));
    add(core, CharacteristicSettings { append: true, ..plain(0x2e, 0x2a71, both, Storage::Variable(10, b"log:")) });
    let captured = add(core, plain(0x30, 0x2a72, both, Storage::Variable(20, b"")));
    let protected = [
        (0x32, &b"key"[..], demand(Permissions::READ_ENCRYPTED | Permissions::WRITE_ENCRYPTED)),
        (0x34, b"who", demand(Permissions::READ_AUTHORISED | Permissions::WRITE_AUTHORISED)),
        (0x36, b"big", Protection { permissions: None, key_size: 16 }),
        (0x38, b"mitm", demand(Permissions::READ_AUTHENTICATED | Permissions::WRITE_AUTHENTICATED)),
    ];
    for (handle, octets, protection) in protected {
        let settings = plain(handle, 0x2a6f, both, Storage::Variable(20, octets));
        add(core, CharacteristicSettings { protection, ..settings });
    }
    let hooks = Hooks { read: Hook::call(function), write: Hook::call(function) };
    add(core, CharacteristicSettings { hooks, ..plain(0x3a, 0x2a73, both, Storage::Fixed(b"no")) });

    service(core, 0xfff0, Uuid::new16(0x1812), true, None);
    let told = add(core, plain(0xfff1, 0x2a4d, Properties::NOTIFY, Storage::Variable(20, b"")));
    descriptor(core, 0xffff, Uuid::new16(0x2905), Permissions::READ | Permissions::WRITE, Storage::Fixed(b"end!"));
    core.commit_registration().unwrap();
    core.open_capture(captured, 2, 20).unwrap();
    Served { values, captured, told }
}
