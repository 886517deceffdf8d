//! Signed writes, both sides (Vol 3, Part G, 4.9.2).
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

use core::task::Poll;
use jelling_host::wire::{PacketKind, Uuid, att::Pdu};
use jelling_host::*;
use support::{HANDLE, pair::Pair};

/// BlueZ, unit/test-crypto.c: key, message, counter and signature.
const KEY: [u8; 16] = [0x61, 0x1b, 0x64, 0xeb, 0xfb, 0xcd, 0x1f, 0xd3, 0x72, 0xec, 0x91, 0x96, 0xdf, 0x42, 0x5e, 0x50];
const SIGNED: [u8; 17] = *b"\xd2\x12\x00\x13\x37\x01\x00\x00\x00\xf1\x87\x1e\x93\x3c\x90\x0f\xf2";
/// BlueZ, unit/test-gatt.c, /TP/GAW/CL/BV-02-C.
const OTHER_KEY: [u8; 16] =
    [0x88, 0x81, 0x30, 0x88, 0x2e, 0x5a, 0xc0, 0x0d, 0x32, 0xea, 0x1f, 0x45, 0x48, 0x59, 0x51, 0xd8];
const OTHER_SIGNED: [u8; 18] = *b"\xd2\x07\x00\x01\x02\x03\x00\x00\x00\x00\x31\x1f\x0a\xcd\x1c\x3a\x5b\x0a";

const ACCEPTING: Config = Config { signed_writes: true, ..Config::new() };
/// Values that may be written with a signature only, without one too, and not at all.
const VALUE: u16 = 0x12;
const OPEN: u16 = 0x22;
const CLOSED: u16 = 0x32;

fn serve(core: &mut Core<'_>, hook: Hook) -> [AttributeId; 3] {
    core.begin_registration().unwrap();
    add(core, hook)
}

fn add(core: &mut Core<'_>, hook: Hook) -> [AttributeId; 3] {
    let service = ServiceSettings::primary(Uuid::new16(0x181a));
    core.add_service(&service).unwrap();
    let values =
        [(VALUE, Properties::SIGNED_WRITE), (OPEN, Properties::WRITE_WITHOUT_RESPONSE), (CLOSED, Properties::READ)];
    let ids = values.map(|(handle, properties)| {
        let settings = CharacteristicSettings {
            hooks: Hooks { read: Hook::DOOR, write: hook },
            handle: Some(handle - 1),
            value_handle: Some(handle),
            ..CharacteristicSettings::new(Uuid::new16(0x2a6e), properties, Storage::Variable(40, b"first"))
        };
        core.add_characteristic(&settings).unwrap()
    });
    core.commit_registration().unwrap();
    ids
}

/// A server with this configuration that knows the peer's key; its link, and its values.
fn serving(config: Config) -> (Pair, LinkId, LinkId, [AttributeId; 3]) {
    let mut values = None;
    let (mut pair, link, peripheral) = Pair::serving(251, |core| {
        core.configure(config);
        values = Some(serve(core, Hook::DOOR));
    });
    pair.core(1).inject_peer_signing_key(peripheral, KEY, 0).unwrap();
    (pair, link, peripheral, values.unwrap())
}

/// An ATT PDU of a peer that says what it likes.
fn say(pair: &mut Pair, pdu: &[u8]) {
    let [low, high] = (HANDLE | 0x2000).to_le_bytes();
    let length = pdu.len() as u8;
    let packet = [&[low, high, length + 4, 0, length, 0, 4, 0], pdu].concat();
    pair.air.controllers[1].to_host.push_back((PacketKind::Acl, packet));
    pair.pump();
}

fn value(pair: &mut Pair, id: AttributeId) -> Vec<u8> {
    let mut octets = [0; 40];
    let length = pair.core(1).read_local(id, &mut octets).unwrap();
    octets[..length].to_vec()
}

/// Signed writes that were dropped, and commands that were ignored.
fn dropped(pair: &mut Pair) -> (u32, u32) {
    let counters = pair.core(1).counters();
    (counters.signatures_refused, counters.unexpected)
}

/// The last ATT PDU that the client sent.
fn sent(pair: &Pair) -> Vec<u8> {
    let mut acl = pair.air.controllers[0].sent.iter().filter(|(kind, _)| *kind == PacketKind::Acl);
    acl.next_back().map(|(_, packet)| packet[8..].to_vec()).unwrap_or_default()
}

#[test]
fn a_client_signs_as_others_do_and_never_twice_with_one_counter() {
    let (mut pair, link, _, _) = serving(Config::new());
    assert_eq!(pair.core(0).signed_write_command(link, VALUE, b"value"), Err(Error::NoSigningKey));
    pair.core(0).inject_own_signing_key(link, KEY, 1).unwrap();
    pair.core(0).signed_write_command(link, 0x12, &[0x13, 0x37]).unwrap();
    assert_eq!(pair.core(0).signed_write_command(link, 0x12, &[0x13, 0x37]), Err(Error::Busy));
    pair.pump();
    assert_eq!(sent(&pair), SIGNED);
    pair.core(0).signed_write_command(link, 0x12, &[0x13, 0x37]).unwrap();
    pair.pump();
    assert_eq!((&sent(&pair)[..5], &sent(&pair)[5..9]), (&SIGNED[..5], &[2, 0, 0, 0][..]));
    assert_ne!(sent(&pair)[9..], SIGNED[9..]);
    pair.core(0).inject_own_signing_key(link, OTHER_KEY, 0).unwrap();
    pair.core(0).signed_write_command(link, 7, &[1, 2, 3]).unwrap();
    pair.pump();
    assert_eq!(sent(&pair), OTHER_SIGNED);
    // ATT_MTU - 15 octets at most; what is refused takes no counter.
    assert_eq!(pair.core(0).signed_write_command(link, 7, &[0; 9]), Err(Error::TooLong));
    pair.core(0).signed_write_command(link, 7, &[0; 8]).unwrap();
    pair.pump();
    assert_eq!(sent(&pair)[11..15], [1, 0, 0, 0]);
    // The last counter is used once.
    pair.core(0).inject_own_signing_key(link, KEY, u32::MAX).unwrap();
    pair.core(0).signed_write_command(link, VALUE, b"value").unwrap();
    pair.pump();
    assert_eq!(pair.core(0).signed_write_command(link, VALUE, b"value"), Err(Error::NoSigningKey));
}

#[test]
fn on_an_encrypted_link_a_client_does_without_a_signature() {
    let (mut pair, link, _, _) = serving(ACCEPTING);
    let security =
        Security { encrypted: true, authenticated: false, secure_connections: false, bonded: true, key_size: 16 };
    pair.core(0).inject_security(link, security).unwrap();
    pair.core(0).signed_write_command(link, OPEN, b"value").unwrap();
    pair.pump();
    assert_eq!(sent(&pair), b"\x52\x22\x00value");
}

/// Vol 3, Part C, 10.2: where a link is encrypted, signatures are not used, and it satisfies who wants one.
#[test]
fn on_an_encrypted_link_a_server_does_without_a_signature() {
    let security =
        Security { encrypted: true, authenticated: false, secure_connections: false, bonded: true, key_size: 16 };
    for (config, hook, expected) in [
        (ACCEPTING, Hook::DOOR, &b"value"[..]),
        (ACCEPTING, Hook::DEFERRED, b"value"),
        (Config::new(), Hook::DOOR, b"first"),
    ] {
        let mut values = None;
        let (mut pair, link, peripheral) = Pair::serving(251, |core| {
            core.configure(config);
            values = Some(serve(core, hook));
        });
        let [id, _, closed] = values.unwrap();
        pair.core(0).inject_security(link, security).unwrap();
        pair.core(1).inject_security(peripheral, security).unwrap();
        for handle in [CLOSED, VALUE] {
            pair.core(0).signed_write_command(link, handle, b"value").unwrap();
            pair.pump();
        }
        if let Poll::Ready(question) = pair.core(1).take_question(id, AccessKind::Write) {
            let now = pair.now;
            pair.core(1).answer_question(now, question.unwrap(), Ok(())).unwrap();
        }
        assert_eq!((value(&mut pair, id), value(&mut pair, closed)), (expected.to_vec(), b"first".to_vec()));
        // A request is not what the property offers.
        assert!(pair.ask(link, &Pdu::WriteRequest { handle: VALUE, value: b"x" }).is_err());
        assert!(pair.ask(link, &Pdu::PrepareWriteRequest { handle: VALUE, offset: 0, value: b"x" }).is_err());
    }
}

#[test]
fn a_server_carries_out_what_the_peer_signed_and_nothing_else() {
    let (mut pair, _, _, [id, ..]) = serving(ACCEPTING);
    // Each octet changed: another handle, value, counter or code.
    for at in 1..SIGNED.len() {
        let mut forged = SIGNED;
        forged[at] ^= 0x10;
        say(&mut pair, &forged);
        assert_eq!(dropped(&mut pair), (at as u32, 0), "{at}");
    }
    let forged = SIGNED.len() as u32 - 1;
    assert_eq!(value(&mut pair, id), b"first");
    say(&mut pair, &SIGNED);
    assert_eq!(value(&mut pair, id), [0x13, 0x37]);
    assert_eq!(dropped(&mut pair), (forged, 0));
    // Again, it is an old one.
    pair.core(1).write_local(id, b"other").unwrap();
    say(&mut pair, &SIGNED);
    assert_eq!(value(&mut pair, id), b"other");
    assert_eq!(dropped(&mut pair), (forged + 1, 0));
    // Too short for a signature: malformed, without an answer.
    for length in 1..15 {
        say(&mut pair, &SIGNED[..length]);
    }
    assert_eq!(pair.core(1).counters().malformed, 14);
    assert_eq!(value(&mut pair, id), b"other");
}

#[test]
fn counters_may_skip_but_not_go_back() {
    let (mut pair, link, peripheral, [id, ..]) = serving(ACCEPTING);
    let mut refused = 0;
    for (counter, accepted) in [(0, true), (0, false), (7, true), (6, false), (7, false), (8, true), (u32::MAX, true)] {
        pair.core(1).write_local(id, b"before").unwrap();
        pair.core(0).inject_own_signing_key(link, KEY, counter).unwrap();
        pair.core(0).signed_write_command(link, VALUE, b"after").unwrap();
        pair.pump();
        refused += u32::from(!accepted);
        assert_eq!(value(&mut pair, id) == b"after", accepted, "{counter}");
        assert_eq!(dropped(&mut pair), (refused, 0), "{counter}");
    }
    // No counter is left.
    pair.core(0).inject_own_signing_key(link, KEY, u32::MAX).unwrap();
    pair.core(0).signed_write_command(link, VALUE, b"again").unwrap();
    pair.pump();
    assert_eq!(dropped(&mut pair), (refused + 1, 0));
    // Where counting goes on is set with the key.
    pair.core(1).inject_peer_signing_key(peripheral, KEY, 5).unwrap();
    for (counter, accepted) in [(4, false), (5, true)] {
        pair.core(0).inject_own_signing_key(link, KEY, counter).unwrap();
        pair.core(0).signed_write_command(link, VALUE, &[counter as u8]).unwrap();
        pair.pump();
        assert_eq!(value(&mut pair, id) == [counter as u8], accepted, "{counter}");
    }
}

#[test]
fn they_are_off_unless_they_are_switched_on_and_need_a_key() {
    let (mut pair, _, _, [id, ..]) = serving(Config::new());
    say(&mut pair, &SIGNED);
    assert_eq!((value(&mut pair, id), dropped(&mut pair)), (b"first".to_vec(), (0, 1)));
    let mut values = None;
    let (mut pair, _, _) = Pair::serving(251, |core| {
        core.configure(ACCEPTING);
        values = Some(serve(core, Hook::DOOR));
    });
    say(&mut pair, &SIGNED);
    assert_eq!((value(&mut pair, values.unwrap()[0]), dropped(&mut pair)), (b"first".to_vec(), (1, 0)));
}

#[test]
fn the_door_counts_all_the_same() {
    let (mut pair, link, _, [signed, open, closed]) = serving(ACCEPTING);
    let send = |pair: &mut Pair, handle, value: &[u8]| {
        pair.core(0).signed_write_command(link, handle, value).unwrap();
        pair.pump();
    };
    pair.core(0).inject_own_signing_key(link, KEY, 0).unwrap();
    send(&mut pair, OPEN, b"one");
    assert_eq!(value(&mut pair, open), b"one");
    for (handle, ignored) in [(CLOSED, 1), (0x11, 2), (0x99, 3)] {
        send(&mut pair, handle, b"two");
        assert_eq!(dropped(&mut pair), (0, ignored), "{handle}");
    }
    assert_eq!(value(&mut pair, closed), b"first");
    // Without a signature what takes signed writes only is closed, after a signed one too.
    send(&mut pair, VALUE, b"three");
    pair.core(0).write_command(link, VALUE, b"four").unwrap();
    pair.pump();
    assert_eq!(value(&mut pair, signed), b"three");
    assert_eq!(dropped(&mut pair), (0, 4));
}

#[test]
fn the_application_may_decide_on_them_too() {
    let mut values = None;
    let (mut pair, link, peripheral) = Pair::serving(251, |core| {
        core.configure(ACCEPTING);
        values = Some(serve(core, Hook::DEFERRED));
    });
    let [id, ..] = values.unwrap();
    pair.core(1).inject_peer_signing_key(peripheral, KEY, 0).unwrap();
    pair.core(0).inject_own_signing_key(link, KEY, 0).unwrap();
    pair.core(0).signed_write_command(link, VALUE, b"later").unwrap();
    pair.pump();
    assert_eq!(value(&mut pair, id), b"first");
    let Poll::Ready(Ok(question)) = pair.core(1).take_question(id, AccessKind::Write) else { panic!("no question") };
    let now = pair.now;
    pair.core(1).answer_question(now, question, Ok(())).unwrap();
    assert_eq!(value(&mut pair, id), b"later");
}

/// A client of robust caching that does not know the table is ignored (Vol 3, Part G, 2.5.2.1), for good.
#[test]
fn what_was_ignored_cannot_be_said_again_by_another() {
    let register = |core: &mut Core<'_>| {
        core.begin_registration().unwrap();
        core.add_default_services().unwrap();
        add(core, Hook::DOOR)
    };
    let (mut pair, link, peripheral) = Pair::serving(251, |core| {
        core.configure(ACCEPTING);
        register(core);
    });
    pair.core(1).inject_peer_signing_key(peripheral, KEY, 0).unwrap();
    pair.ask(link, &Pdu::WriteRequest { handle: 11, value: &[1] }).unwrap();
    let [id, ..] = register(&mut pair.core(1));
    say(&mut pair, &SIGNED);
    let read = Pdu::ReadRequest { handle: OPEN };
    assert!(pair.ask(link, &read).is_err(), "the table is another one");
    pair.ask(link, &read).unwrap_err();
    assert_eq!(dropped(&mut pair), (0, 1));
    say(&mut pair, &SIGNED);
    assert_eq!(value(&mut pair, id), b"first");
    assert_eq!(dropped(&mut pair), (1, 1));
}
