//! The image that has no panic in it: octets that no compiler can foresee go to every entry point of `wire` and `host`, and the
//! panic handler calls a function that does not exist. If any panic could be reached, this would not link.
#![no_std]
#![no_main]

mod channels;
mod input;
mod pairing;

use core::panic::PanicInfo;
use core::time::Duration;
use input::{octets, word};
use jelling_host::{
    Access, AdvertisingSettings, Authorisation, Bond, CharacteristicSettings, Config, ConnectSettings,
    ConnectionParameters, Core, Curve, DescriptorSettings, Event, Gatt, Hook, Hooks, HostBuffers, Identity, Instant,
    LinkId, Links, LongTermKey, OwnAddress, ParameterPolicy, Permissions, Phys, Policy, Pool, Properties, Protection, Scan,
    ScanSettings, Security, ServiceSettings, SigningKey, Storage, Store, Updates, toolbox,
    wire::{
        Address, AddressKind, Packet, PacketKind, Secret, Uuid, Writer,
        ad::{self, AdWrite},
        att::{ErrorCode, Handles, Pdu},
        hci::{AdvertisingKind, ScanKind, acl::AclPacket, command::CommandPacket, event::Event as HciEvent},
        l2cap::{Frame, signalling::Signal},
        smp,
    },
};

unsafe extern "C" {
    fn THERE_IS_A_PANIC() -> !;
}

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    unsafe { THERE_IS_A_PANIC() }
}

static mut STORE: Store<Links<2, 247>, Gatt<32, 512>, Pool<16, 4>, Scan<4>> = Store::NEW;

#[unsafe(no_mangle)]
pub extern "C" fn _start() -> ! {
    let mut core = unsafe { (*core::ptr::addr_of_mut!(STORE)).core() };
    loop {
        wire();
        cryptography();
        host(&mut core);
    }
}

/// Everything that takes octets apart, and puts together again what came out.
#[inline(never)]
fn wire() {
    let mut buffer = [0; 300];
    let octets = octets(&mut buffer);
    let mut out = [0; 300];
    let mut w = Writer::new(&mut out);
    if let Ok(pdu) = Pdu::parse(octets) {
        pdu.emit(&mut w);
    }
    if let Ok(event) = HciEvent::parse(octets) {
        event.emit(&mut w);
    }
    if let Ok(command) = CommandPacket::parse(octets) {
        command.emit(&mut w);
    }
    if let Ok(packet) = AclPacket::parse(octets) {
        packet.emit(&mut w);
    }
    if let Ok(frame) = Frame::parse(octets) {
        frame.emit(&mut w);
    }
    if let Ok(signal) = Signal::parse(octets) {
        signal.emit(&mut w);
    }
    if let Ok(pdu) = smp::Pdu::parse(octets) {
        pdu.emit(&mut w);
    }
    let mut builder = ad::Builder::new();
    for structure in ad::Structures::new(octets) {
        word_out(structure.uuids().count() as u32);
        word_out(u32::from(structure.manufacturer().is_some()) + u32::from(structure.service_data().is_some()));
        word_out(u32::from(builder.raw(structure.kind, structure.data).is_ok()));
        again(&structure, &mut w);
    }
    word_out(builder.adv().len() as u32 + builder.resp().len() as u32 + w.len() as u32);
}

/// The toolbox of pairing.
#[inline(never)]
fn cryptography() {
    let (long, short) = ([word() as u8; 32], [word() as u8; 16]);
    let address = &Address::new(AddressKind::Random, [word() as u8; 6]);
    let (mac_key, key) = toolbox::f5(&long, &short, &short, address, address);
    let pdu = [word() as u8; 7];
    let mut values = [
        mac_key,
        key,
        toolbox::aes_128(&short, &short),
        toolbox::c1(&short, &short, &pdu, &pdu, *address, *address),
        toolbox::s1(&short, &short, &short),
        toolbox::f4(&long, &long, &short, word() as u8),
        toolbox::f6(&short, &short, &short, &short, [word() as u8; 3], address, address),
    ];
    word_out(toolbox::g2(&long, &long, &short, &short));
    word_out(u32::from(toolbox::equal(&toolbox::ah(&short, &[word() as u8; 3]), &[word() as u8; 3])));
    for value in &mut values {
        word_out(u32::from(value.first().copied().unwrap_or_default()));
        toolbox::wipe(value);
    }
}

/// What a structure says, by its type, and the structure that says it.
fn again(structure: &ad::Structure<'_>, w: &mut Writer<'_>) {
    let mut fits = true;
    fits &= structure.flags().is_none_or(|flags| w.flags(flags).is_ok());
    fits &= structure.appearance().is_none_or(|appearance| w.appearance(appearance).is_ok());
    fits &= structure.complete_name().is_none_or(|name| w.complete_name(name).is_ok());
    fits &= structure.big_info().is_none_or(|octets| w.big_info(octets).is_ok());
    fits &= structure.service_data().is_none_or(|(service, data)| w.service_data(service, data).is_ok());
    fits &= structure.advertising_interval().is_none_or(|interval| w.advertising_interval(interval).is_ok());
    fits &= structure.le_device_address().is_none_or(|address| w.le_device_address(address).is_ok());
    fits &= structure.le_supported_features().is_none_or(|features| w.le_supported_features(features).is_ok());
    fits &= structure.uri().is_none_or(|uri| w.uri(uri).is_ok());
    fits &= structure.encrypted_data().is_none_or(|data| w.encrypted_data(data).is_ok());
    fits &= structure
        .periodic_advertising_response_timing()
        .is_none_or(|timing| w.periodic_advertising_response_timing(timing).is_ok());
    for block in structure.transport_blocks() {
        fits &= w.transport_blocks(&[block]).is_ok();
    }
    for target in structure.targets() {
        fits &= w.targets(&[target]).is_ok();
    }
    for service in structure.solicited() {
        fits &= w.solicited(&[service]).is_ok();
    }
    word_out(u32::from(fits));
}

fn word_out(value: u32) {
    input::out(value);
}

/// The verbs and entry points of the core.
#[inline(never)]
fn host(core: &mut Core<'_>) {
    let now = Instant::from_micros(u64::from(word()));
    let mut buffer = [0; 300];
    let octets = octets(&mut buffer);
    let mut target = [0; 64];
    pairing::pairing(core, now);
    match word() % 16 {
        0 => core.handle_packet(now, Packet::new(PacketKind::Event, octets)),
        1 => core.handle_packet(now, Packet::new(PacketKind::Acl, octets)),
        2 => core.handle_timeout(now),
        3 => channels::transmit(core, now),
        4 => word_out(core.poll_timeout().map_or(0, |t| t.as_micros() as u32)),
        5 => match core.poll_event() {
            Some(Event::Attribute(handle)) => word_out(u32::from(handle)),
            event => word_out(u32::from(event.is_some())),
        },
        6 => match word() % 4 {
            0 => core.start(),
            1 => core.stop(),
            2 => core.transport_closed(),
            _ => core.configure(config()),
        },
        7 => {
            let (adv_data, resp_data) = octets.split_at_checked(word() as usize).unwrap_or_default();
            let settings = AdvertisingSettings {
                interval: Duration::from_micros(u64::from(word())),
                kind: AdvertisingKind::ConnectableUndirected,
                peer: Address::default(),
                adv_data,
                resp_data,
            };
            if let Ok(ticket) = core.advertise(&settings) {
                word_out(u32::from(core.is_advertising(ticket)));
                let _ = core.advertised(ticket);
                core.end_advertising(ticket);
            }
        }
        8 => {
            let settings = ScanSettings {
                kind: ScanKind::Active,
                interval: Duration::from_micros(u64::from(word())),
                window: Duration::from_micros(u64::from(word())),
                rssi_is_news: word() & 1 == 1,
            };
            if let Ok(ticket) = core.scan(&settings) {
                let _ = core.scanned(ticket);
                core.end_scan(ticket);
            }
        }
        9 => {
            let peer = Address::new(AddressKind::Random, [word() as u8; 6]);
            let mut settings = ConnectSettings::new(peer);
            settings.interval_min = Duration::from_micros(u64::from(word()));
            settings.latency = word() as u16;
            word_out(u32::from(core.existing(peer).is_some()));
            if let Ok(ticket) = core.connect(&settings) {
                let _ = core.connected(ticket);
                core.end_connect(ticket);
            }
        }
        10 => register(core, octets),
        11 => question(core, now, &mut target),
        12 => bonds(core),
        13 => channels::channels(core, octets, &mut target),
        _ => links(core, now, octets, &mut target),
    }
    let (counters, pools) = (core.counters(), core.pools());
    word_out(counters.malformed ^ pools.blocks.used as u32);
}

fn on_access(_: &Access<'_>) -> Result<(), ErrorCode> {
    Err(ErrorCode(word() as u8))
}

/// A question for a function or for a task, and its answer.
#[inline(never)]
fn question(core: &mut Core<'_>, now: Instant, octets: &mut [u8]) {
    let word = || if word() & 1 == 1 { Ok(()) } else { Err(ErrorCode(word() as u8)) };
    if let Some((question, _)) = core.poll_question() {
        let _ = core.question_value(question, octets);
        let _ = core.answer_question(now, question, word());
    }
}

/// A bond of any kind.
fn bond(peer: Address) -> Bond {
    let key = Secret([word() as u8; 16]);
    let long = LongTermKey { key, diversifier: word() as u16, random: [word() as u8; 8] };
    let signing = SigningKey { key, counter: word() };
    let mut bond = Bond::new(peer);
    (bond.key_size, bond.last_use, bond.client_features) = (word() as u8, word(), word() as u8);
    (bond.central_key, bond.peripheral_key) = (Some(long), (word() & 1 == 1).then_some(long));
    (bond.own_signing, bond.peer_signing) = (Some(signing), (word() & 1 == 1).then_some(signing));
    (bond.identity_key, bond.database_hash) = (Some(key), (word() & 1 == 1).then_some([word() as u8; 16]));
    for _ in 0..word() {
        word_out(u32::from(bond.subscriptions.set(word() as u16, Updates::from_bits_truncate(word() as u8))));
    }
    bond
}

/// Bonds come from the store, from pairing, and go.
#[inline(never)]
fn bonds(core: &mut Core<'_>) {
    let kind = if word() & 1 == 1 { AddressKind::Random } else { AddressKind::Public };
    let peer = Address::new(kind, [word() as u8; 6]);
    let bond = bond(peer);
    word_out(u32::from(core.restore_bond(&bond).is_ok()));
    word_out(u32::from(core.restore_identity(&Identity { address: Some(peer), ..core.identity() }).is_ok()));
    let link = core.links().nth(word() as usize);
    if let Some(link) = link {
        word_out(u32::from(core.inject_bond(link, bond).is_ok()));
        word_out(u32::from(core.inject_encryption(link).is_ok()));
        word_out(core.bond_of(link).map_or(0, |bond| bond.last_use));
    }
    word_out(core.find_bond(peer).map_or(0, |bond| bond.last_use) + core.bonds().count() as u32);
    while let Some(change) = core.bond_change() {
        core.bond_change_kept(&change);
    }
    word_out(u32::from(core.remove_bond(peer).is_ok()));
}

/// What pairing and the application say of a link.
#[inline(never)]
fn security(core: &mut Core<'_>, link: LinkId) {
    let (flags, key_size) = (word(), word() as u8);
    let flag = |bit: u32| flags >> bit & 1 == 1;
    let security =
        Security { encrypted: flag(0), authenticated: flag(1), secure_connections: flag(2), bonded: flag(3), key_size };
    let _ = core.inject_security(link, security);
    let _ = core.inject_peer_signing_key(link, [word() as u8; 16], word());
    let _ = core.inject_own_signing_key(link, [word() as u8; 16], word());
    let _ = core.set_authorised(link, if flag(4) { Authorisation::Granted } else { Authorisation::Refused });
}

/// Connection parameters, ours and what the peer asks for.
#[inline(never)]
fn update(core: &mut Core<'_>, link: LinkId) {
    if let Ok(ticket) = core.update_parameters(link, &parameters()) {
        word_out(u32::from(core.updated(ticket).is_ready()));
        core.end_update(ticket);
    }
    if let Ok(ticket) = core.set_phy(link, Phys::from_bits_truncate(word() as u8), Phys::LE_2M) {
        core.end_update(ticket);
    }
    word_out(u32::from(core.set_data_length(link, word() as u16).is_ok()));
    let _ = core.on_parameter_request(link, (word() & 1 == 1).then(parameter_policy));
    let _ = core.answer_parameters(link, (word() & 1 == 1).then(parameters).as_ref());
}

fn parameters() -> ConnectionParameters {
    let duration = || Duration::from_micros(u64::from(word()));
    ConnectionParameters {
        interval_min: duration(),
        interval_max: duration(),
        latency: word() as u16,
        supervision_timeout: duration(),
    }
}

fn parameter_policy() -> ParameterPolicy {
    match word() % 4 {
        0 => ParameterPolicy::Accept,
        1 => ParameterPolicy::Reject,
        2 => ParameterPolicy::Within(parameters()),
        _ => ParameterPolicy::Ask,
    }
}

/// A configuration of any kind.
fn config() -> Config {
    Config {
        mtu: word() as u16,
        address: OwnAddress::RandomStatic,
        appearance: word() as u16,
        preferred_parameters: (word() & 1 == 1).then(parameters),
        parameter_requests: parameter_policy(),
        flow_control: (word() & 1 == 1).then(|| HostBuffers { acl_length: word() as u16, acl_packets: word() as u8 }),
        default_services: word() & 1 == 1,
        signed_writes: word() & 1 == 1,
        pairing: (word() & 1 == 1).then(pairing::settings),
        secure_connections_only: word() & 1 == 1,
        debug_keys: word() & 1 == 1,
        curve: if word() & 1 == 1 { Curve::Controller } else { Curve::Host },
        ..Config::new()
    }
}

#[inline(never)]
fn register(core: &mut Core<'_>, octets: &[u8]) {
    let uuid = Uuid::from_le_bytes(octets).unwrap_or(Uuid::new16(word() as u16));
    let handle = (word() & 1 == 1).then_some(word() as u16);
    word_out(u32::from(core.install_default_services().is_ok()));
    let _ = core.begin_registration();
    if word() & 1 == 1 {
        word_out(u32::from(core.add_default_services().is_ok()));
    }
    let _ = core.add_service(&ServiceSettings { uuid, primary: word() & 1 == 1, handle, end_handle: handle });
    let _ = core.add_include(handle, word() as u16);
    let protection =
        Protection { permissions: Some(Permissions::from_bits_truncate(word() as u16)), key_size: word() as u8 };
    let hooks = Hooks { read: Hook::call(on_access), write: if word() & 1 == 1 { Hook::DEFERRED } else { Hook::DOOR } };
    let properties = Properties::from_bits_truncate(word() as u8);
    let characteristic = CharacteristicSettings {
        protection,
        hooks,
        handle,
        value_handle: handle,
        append: word() & 1 == 1,
        cccd: true,
        ..CharacteristicSettings::new(uuid, properties, Storage::Variable(word() as usize, octets))
    };
    if let Ok(id) = core.add_characteristic(&characteristic) {
        let _ = core.open_capture(id, word() as usize, word() as usize);
    }
    let _ =
        core.add_descriptor(&DescriptorSettings { uuid, protection, hooks, handle, storage: Storage::Fixed(octets) });
    match word() & 1 {
        0 => core.discard_registration(),
        _ => word_out(u32::from(core.commit_registration().is_ok())),
    }
}

#[inline(never)]
fn links(core: &mut Core<'_>, now: Instant, octets: &[u8], target: &mut [u8]) {
    let Some(link) = core.links().nth(word() as usize) else { return };
    match word() % 10 {
        0 => core.disconnect(link),
        1 => core.release(link),
        2 => core.retain(link),
        3 => {
            let mut turn = None;
            if let Ok(pdu) = Pdu::parse(octets)
                && let Ok(ticket) = core.in_turn(link, &mut turn, |core| core.request(now, link, &pdu))
            {
                if let core::task::Poll::Ready(Ok(answer)) = core.answer(ticket) {
                    word_out(core.read_answer(&answer, word() as usize, target) as u32);
                    core.free_answer(answer);
                }
                core.abandon_request(ticket);
            }
            core.leave_line(turn);
        }
        4 => {
            let _ = core.write_command(link, word() as u16, octets);
            let _ = core.signed_write_command(link, word() as u16, octets);
            let _ = core.exchange_mtu(now, link, Some(word() as u16));
        }
        5 => {
            if let Ok(queue) = core.open_subscription(
                link,
                word() as u16,
                Updates::INDICATE,
                word() as usize,
                None,
                Policy::DropNewest,
            ) {
                let _ = core.take_value(queue, target);
                core.close_subscription(queue, Some(word() as u16));
            }
        }
        6 => security(core, link),
        7 => requests(core, now, link),
        8 => update(core, link),
        _ => attributes(core, now, octets, target),
    }
}

/// Requests in their turn, and the peer's queue of prepared writes.
#[inline(never)]
fn requests(core: &mut Core<'_>, now: Instant, link: LinkId) {
    let (handles, mut turn) = ([word() as u16; 3], None);
    let Some(handles) = Handles::new(handles.get(..word() as usize).unwrap_or_default()) else { return };
    let pdu = Pdu::ReadMultipleVariableRequest { handles };
    if let Ok(ticket) = core.in_turn(link, &mut turn, |core| core.request(now, link, &pdu)) {
        core.abandon_request(ticket);
    }
    core.leave_line(turn);
    if let Ok(ticket) = core.begin_prepared(link) {
        match word() & 1 {
            0 => core.finish_prepared(ticket),
            _ => core.cancel_prepared(ticket),
        }
    }
    word_out(u32::from(core.take_link_event(link).is_ready()));
}

#[inline(never)]
fn attributes(core: &mut Core<'_>, now: Instant, octets: &[u8], target: &mut [u8]) {
    let Some(link) = core.links().next() else { return };
    // The handle of a table that is being made: any of its numbers.
    let service = ServiceSettings::primary(Uuid::new16(word() as u16));
    let _ = core.begin_registration();
    let Ok(id) = core.add_service(&service) else { return };
    let _ = core.read_local(id, target);
    let _ = core.write_local(id, octets);
    let _ = core.update(id, octets);
    let _ = core.notify(id, link, octets);
    if let Ok(ticket) = core.indicate(now, id, link, octets) {
        let _ = core.confirmed(ticket);
        core.abandon_indication(ticket);
    }
    let _ = core.take_written(id);
    let _ = core.take_captured(id, target);
    let _ = core.take_subscription_change(id);
    let _ = core.attribute_uuid(id);
}
