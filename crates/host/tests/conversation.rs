//! Scripts against the core: two hosts on thin controllers, in virtual time.
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

use core::{task::Poll, time::Duration};
use jelling_host::wire::{
    Address, AddressKind, Packet, PacketKind, Uuid,
    att::{ErrorCode, Pdu},
    hci::Opcode,
};
use jelling_host::*;
use support::{
    Air,
    pair::{CCCD, Pair, VALUE, advertising, serve},
};

#[test]
fn bring_up_sends_its_list() {
    let mut pair = Pair::new(251);
    pair.core(0).start();
    pair.pump();
    assert_eq!(pair.core(0).power(), Power::Up);
    let sent: Vec<Opcode> = pair.air.controllers[0]
        .sent
        .iter()
        .map(|(_, data)| Opcode::new(u16::from_le_bytes([data[0], data[1]])))
        .collect();
    let list = [
        Opcode::RESET,
        Opcode::READ_LOCAL_VERSION_INFORMATION,
        Opcode::READ_LOCAL_SUPPORTED_COMMANDS,
        Opcode::READ_LOCAL_SUPPORTED_FEATURES,
        Opcode::SET_EVENT_MASK,
        Opcode::LE_SET_EVENT_MASK,
        Opcode::LE_READ_BUFFER_SIZE,
        Opcode::LE_READ_LOCAL_SUPPORTED_FEATURES,
        Opcode::READ_BD_ADDR,
        Opcode::LE_WRITE_SUGGESTED_DEFAULT_DATA_LENGTH,
    ];
    assert_eq!(sent, list);
    // Bits 4, 7, 11, 15, 18, 25, 47 and 61; subevents 1 to 9 and 12.
    let mask = |i: usize| u64::from_le_bytes(pair.air.controllers[0].sent[i].1[3..].try_into().unwrap());
    assert_eq!(mask(4), 1 << 4 | 1 << 7 | 1 << 11 | 1 << 15 | 1 << 18 | 1 << 25 | 1 << 47 | 1 << 61);
    assert_eq!(mask(5), 0b1001_1111_1111);
}

#[test]
fn an_event_that_nobody_asked_for_is_no_surprise_where_it_tells_of_a_link() {
    let (mut pair, ..) = Pair::connected(251);
    let now = pair.now;
    // Data Length Change and PHY Update Complete, whole and cut off; Read Remote Version Information Complete, which nobody asked for.
    for (event, unexpected, malformed) in [
        (&[0x3e, 11, 0x07, 0x40, 0x00, 27, 0, 0x48, 0x01, 27, 0, 0x48, 0x01][..], 0, 0),
        (&[0x3e, 6, 0x0c, 0, 0x40, 0x00, 1, 1], 0, 0),
        (&[0x3e, 2, 0x07, 0x40], 0, 1),
        (&[0x3e, 1, 0x0c], 0, 1),
        (&[0x0c, 8, 0, 0x40, 0x00, 9, 0, 0, 0, 0], 1, 0),
    ] {
        let before = pair.core(0).counters();
        pair.core(0).handle_packet(now, Packet::new(PacketKind::Event, event));
        let after = pair.core(0).counters();
        assert_eq!(
            (after.unexpected - before.unexpected, after.malformed - before.malformed),
            (unexpected, malformed),
            "{event:?}"
        );
    }
}

#[test]
fn a_silent_controller_is_a_fault_and_the_next_start_begins_anew() {
    let mut pair = Pair::new(251);
    pair.air.controllers[0].silent = true;
    pair.core(0).start();
    pair.pump();
    let due = pair.core(0).poll_timeout().expect("a deadline");
    assert_eq!(due, Instant::ZERO.after(Duration::from_secs(2)));
    pair.core(0).handle_timeout(due);
    // The first Reset may have been the end of a packet that was cut off: it is sent again, behind octets without a meaning.
    pair.now = due;
    pair.pump();
    let due = pair.core(0).poll_timeout().expect("a deadline");
    pair.core(0).handle_timeout(due);
    assert_eq!(pair.core(0).power(), Power::Failed(Fault::Silent(Opcode::RESET)));
    let sent: Vec<_> = pair.air.controllers[0].sent.iter().map(|(_, octets)| octets[..2].to_vec()).collect();
    assert_eq!(sent, [[0x03, 0x0c], [0x35, 0x0c], [0x03, 0x0c]]);
    pair.air.controllers[0].silent = false;
    pair.core(0).start();
    pair.pump();
    assert_eq!(pair.core(0).power(), Power::Up);
}

#[test]
fn reads_writes_and_long_writes_cross_in_fragments() {
    for acl_length in [27, 251] {
        let (mut pair, link, _, value) = Pair::connected(acl_length);
        assert_eq!(pair.ask(link, &Pdu::ReadRequest { handle: VALUE }).unwrap(), b"\x0bfirst");
        pair.ask(link, &Pdu::WriteRequest { handle: VALUE, value: b"second" }).unwrap();
        assert_eq!(pair.ask(link, &Pdu::ReadRequest { handle: VALUE }).unwrap(), b"\x0bsecond");
        let now = pair.now;
        let mtu = pair.core(0).exchange_mtu(now, link, None).unwrap();
        pair.pump();
        let Poll::Ready(Ok(answer)) = pair.core(0).answer(mtu) else { panic!("no MTU") };
        pair.core(0).free_answer(answer);
        assert_eq!(pair.core(0).link_info(link).unwrap().mtu, 247);
        let long: Vec<u8> = (0..480u16).map(|i| i as u8).collect();
        for (i, part) in long.chunks(240).enumerate() {
            let offset = i as u16 * 240;
            pair.ask(link, &Pdu::PrepareWriteRequest { handle: VALUE, offset, value: part }).unwrap();
        }
        pair.ask(link, &Pdu::ExecuteWriteRequest { flags: 1 }).unwrap();
        let mut stored = [0; 512];
        let length = pair.core(1).read_local(value, &mut stored).unwrap();
        assert_eq!(stored[..length], long);
        pair.core(0).disconnect(link);
        pair.pump();
        pair.is_whole();
    }
}

#[test]
fn what_a_server_answers() {
    let error = |request: u8, handle: u16, code: ErrorCode| {
        let [low, high] = handle.to_le_bytes();
        vec![0x01, request, low, high, code.0]
    };
    let table: Vec<(&str, Vec<u8>, Vec<u8>)> = vec![
        ("read of no handle", vec![0x0a, 0x99, 0], error(0x0a, 0x99, ErrorCode::INVALID_HANDLE)),
        ("read cut short", vec![0x0a, 0x03], error(0x0a, 0, ErrorCode::INVALID_PDU)),
        ("read with one octet more", vec![0x0a, 3, 0, 0], error(0x0a, 0, ErrorCode::INVALID_PDU)),
        ("unknown request", vec![0x3e, 1, 2], error(0x3e, 0, ErrorCode::REQUEST_NOT_SUPPORTED)),
        ("start is zero", vec![0x04, 0, 0, 0xff, 0xff], error(0x04, 0, ErrorCode::INVALID_HANDLE)),
        ("start after end", vec![0x04, 9, 0, 8, 0], error(0x04, 9, ErrorCode::INVALID_HANDLE)),
        ("nothing there", vec![0x04, 9, 0, 0xff, 0xff], error(0x04, 9, ErrorCode::ATTRIBUTE_NOT_FOUND)),
        ("group type", vec![0x10, 1, 0, 0xff, 0xff, 3, 0x28], error(0x10, 1, ErrorCode::UNSUPPORTED_GROUP_TYPE)),
        ("services", vec![0x10, 1, 0, 0xff, 0xff, 0, 0x28], vec![0x11, 6, 1, 0, 4, 0, 0x1a, 0x18]),
        ("service by UUID", vec![0x06, 1, 0, 0xff, 0xff, 0, 0x28, 0x1a, 0x18], vec![0x07, 1, 0, 4, 0]),
        ("characteristics", vec![0x08, 1, 0, 0xff, 0xff, 3, 0x28], vec![0x09, 7, 2, 0, 0x3a, 3, 0, 0x6e, 0x2a]),
        ("descriptors", vec![0x04, 4, 0, 4, 0], vec![0x05, 1, 4, 0, 2, 0x29]),
        ("blob past the end", vec![0x0c, 3, 0, 6, 0], error(0x0c, 3, ErrorCode::INVALID_OFFSET)),
        ("blob at the end", vec![0x0c, 3, 0, 5, 0], vec![0x0d]),
        ("read multiple", vec![0x0e, 3, 0, 3, 0], b"\x0ffirstfirst".to_vec()),
        ("write of a declaration", vec![0x12, 2, 0, 1], error(0x12, 2, ErrorCode::WRITE_NOT_PERMITTED)),
        ("CCCD of one octet", vec![0x12, 4, 0, 1], error(0x12, 4, ErrorCode::INVALID_ATTRIBUTE_VALUE_LENGTH)),
        ("execute with flags", vec![0x18, 2], error(0x18, 0, ErrorCode::INVALID_PDU)),
    ];
    for (name, request, expected) in table {
        let (mut pair, ..) = Pair::connected(27);
        let before = pair.air.controllers[1].sent.len();
        let mut packet = vec![0x40, 0x20, request.len() as u8 + 4, 0, request.len() as u8, 0, 4, 0];
        packet.extend(&request);
        let now = pair.now;
        pair.core(1).handle_packet(now, Packet::new(PacketKind::Acl, &packet));
        let mut buffer = [0; TRANSMIT_BUFFER];
        let answer =
            pair.core(1).poll_transmit(now, &mut buffer).and_then(|t| t.packet()).map(|p| p.data[8..].to_vec());
        assert_eq!(answer, Some(expected), "{name}");
        assert_eq!(pair.air.controllers[1].sent.len(), before);
    }
    // Commands are never answered, whatever they are.
    for command in [vec![0x52, 0x99, 0, 1], vec![0x52], vec![0x7f, 1], vec![0xd2, 3, 0]] {
        let (mut pair, ..) = Pair::connected(27);
        let mut packet = vec![0x40, 0x20, command.len() as u8 + 4, 0, command.len() as u8, 0, 4, 0];
        packet.extend(&command);
        let now = pair.now;
        pair.core(1).handle_packet(now, Packet::new(PacketKind::Acl, &packet));
        assert_eq!(pair.core(1).poll_transmit(now, &mut [0; TRANSMIT_BUFFER]).and_then(|t| t.packet()), None);
    }
}

#[test]
fn signalling_requests_are_rejected_and_responses_ignored() {
    type Row = (&'static str, &'static [u8], Option<Vec<u8>>);
    let reject = |identifier: u8| Some(vec![0x01, identifier, 2, 0, 0, 0]);
    let not_supported = vec![0x15, 2, 10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0];
    let refused = if cfg!(feature = "l2cap") { Some(not_supported) } else { reject(2) };
    let table: [Row; 11] = [
        ("parameter update, by a central", &[0x12, 1, 8, 0, 6, 0, 12, 0, 0, 0, 100, 0], reject(1)),
        ("LE connection", &[0x14, 2, 10, 0, 0x80, 0, 0x40, 0, 23, 0, 23, 0, 1, 0], refused),
        ("connection, whose code is odd", &[0x17, 3, 10, 0, 0x80, 0, 64, 0, 64, 0, 1, 0, 0x40, 0], reject(3)),
        ("reconfiguration, whose code is odd", &[0x19, 4, 6, 0, 64, 0, 64, 0, 0x40, 0], reject(4)),
        ("a code to come", &[0x1b, 5, 0, 0], reject(5)),
        ("rejection", &[0x01, 6, 2, 0, 0, 0], None),
        ("disconnection response", &[0x07, 6, 4, 0, 0x40, 0, 0x41, 0], None),
        ("credits", &[0x16, 7, 4, 0, 0x40, 0, 1, 0], None),
        ("connection response, whose code is even", &[0x18, 8, 10, 0, 64, 0, 64, 0, 1, 0, 0, 0, 0x40, 0], None),
        ("reconfiguration response, whose code is even", &[0x1a, 9, 2, 0, 0, 0], None),
        ("identifier zero", &[0x14, 0, 0, 0], None),
    ];
    for (name, command, expected) in table {
        let (mut pair, ..) = Pair::connected(27);
        let mut packet = vec![0x40, 0x20, command.len() as u8 + 4, 0, command.len() as u8, 0, 5, 0];
        packet.extend(command);
        let now = pair.now;
        pair.core(1).handle_packet(now, Packet::new(PacketKind::Acl, &packet));
        let mut buffer = [0; TRANSMIT_BUFFER];
        let answer =
            pair.core(1).poll_transmit(now, &mut buffer).and_then(|t| t.packet()).map(|p| p.data[8..].to_vec());
        assert_eq!(answer, expected, "{name}");
    }
}

#[test]
fn updates_reach_subscribers_and_indications_are_confirmed_when_taken() {
    let (mut pair, central, peripheral, value) = Pair::connected(27);
    assert_eq!(pair.core(1).notify(value, peripheral, b"x"), Err(Error::NotSubscribed));
    let open =
        |pair: &mut Pair, kind| pair.core(0).open_subscription(central, VALUE, kind, 4, None, Policy::DropNewest);
    let notifications = open(&mut pair, Updates::NOTIFY).unwrap();
    let indications = open(&mut pair, Updates::INDICATE).unwrap();
    pair.ask(central, &Pdu::WriteRequest { handle: CCCD, value: &[3, 0] }).unwrap();
    assert_eq!(pair.core(1).subscribed(value, peripheral), Ok(Updates::all()));
    // The latest of two values is what a subscriber gets.
    pair.core(1).update(value, b"one").unwrap();
    pair.core(1).update(value, b"two").unwrap();
    pair.pump();
    let mut got = [0; 20];
    assert_eq!(pair.core(0).take_value(notifications, &mut got), Poll::Ready(Ok(3)));
    assert_eq!(&got[..3], b"two");
    assert_eq!(pair.core(0).take_value(notifications, &mut got), Poll::Pending);
    let now = pair.now;
    let ticket = pair.core(1).indicate(now, value, peripheral, b"three").unwrap();
    pair.pump();
    assert_eq!(pair.core(1).confirmed(ticket), Poll::Pending, "it has not been taken");
    assert_eq!(pair.core(1).indicate(now, value, peripheral, b"four"), Err(Error::Busy));
    assert_eq!(pair.core(0).take_value(indications, &mut got), Poll::Ready(Ok(5)));
    pair.pump();
    assert_eq!(pair.core(1).confirmed(ticket), Poll::Ready(Ok(())));
    // Dropping one of the two leaves the other switched on.
    pair.core(0).close_subscription(notifications, Some(CCCD));
    pair.pump();
    assert_eq!(pair.core(1).subscribed(value, peripheral), Ok(Updates::INDICATE));
    pair.core(0).close_subscription(indications, Some(CCCD));
    pair.pump();
    assert_eq!(pair.core(1).subscribed(value, peripheral), Ok(Updates::empty()));
    pair.core(1).disconnect(peripheral);
    pair.pump();
    pair.is_whole();
}

#[test]
fn a_request_unanswered_for_30_s_ends_the_bearer() {
    let (mut pair, central, ..) = Pair::connected(27);
    pair.air.controllers[0].silent = true;
    let now = pair.now;
    let ticket = pair.core(0).request(now, central, &Pdu::ReadRequest { handle: VALUE }).unwrap();
    pair.pump();
    let due = now.after(Duration::from_secs(30));
    assert_eq!(pair.core(0).poll_timeout(), Some(due));
    pair.core(0).handle_timeout(due);
    assert_eq!(pair.core(0).answer(ticket), Poll::Ready(Err(Error::Timeout)));
    let again = pair.core(0).request(due, central, &Pdu::ReadRequest { handle: VALUE });
    assert_eq!(again, Err(Error::Timeout));
    assert_eq!(pair.core(0).pools().blocks.used, 0);
}

#[test]
fn an_abandoned_answer_never_meets_the_next_request() {
    let (mut pair, central, ..) = Pair::connected(27);
    let now = pair.now;
    let ticket = pair.core(0).request(now, central, &Pdu::ReadRequest { handle: VALUE }).unwrap();
    pair.core(0).abandon_request(ticket);
    assert_eq!(pair.core(0).request(now, central, &Pdu::ReadRequest { handle: CCCD }), Err(Error::Busy));
    pair.pump();
    assert_eq!(pair.ask(central, &Pdu::ReadRequest { handle: CCCD }).unwrap(), [0x0b, 0, 0]);
}

#[test]
fn a_handle_from_before_is_disconnected_for_good() {
    let (mut pair, central, peripheral, _) = Pair::connected(27);
    pair.air.part([0x08, 0x08]);
    pair.pump();
    assert_eq!(pair.core(0).link_info(central), Err(Error::Disconnected));
    assert_eq!(pair.core(0).disconnect_reason(central).map(|s| s.0), Some(0x08));
    pair.is_whole();
    let adv = pair.core(1).advertise(&advertising()).unwrap();
    let settings = ConnectSettings::new(Address::new(AddressKind::Public, Air::address(1)));
    let connect = pair.core(0).connect(&settings).unwrap();
    pair.pump();
    let Poll::Ready(Ok(again)) = pair.core(0).connected(connect) else { panic!("no link") };
    assert!(pair.core(1).advertised(adv).is_ready());
    assert_eq!(again.index(), central.index());
    assert_eq!(pair.core(0).link_info(central), Err(Error::Disconnected));
    pair.core(0).release(central);
    pair.core(1).release(peripheral);
    pair.pump();
    assert!(pair.core(0).link_info(again).is_ok(), "an old handle touched the new link");
}

#[test]
fn a_connect_given_up_is_cancelled_and_the_next_one_works() {
    let mut pair = Pair::new(27);
    pair.core(0).start();
    pair.core(1).start();
    pair.pump();
    let settings = ConnectSettings::new(Address::new(AddressKind::Public, Air::address(1)));
    let connect = pair.core(0).connect(&settings).unwrap();
    pair.pump();
    assert_eq!(pair.core(0).connected(connect), Poll::Pending);
    pair.core(0).end_connect(connect);
    assert_eq!(pair.core(0).connect(&settings), Err(Error::Busy), "the cancel is under way");
    pair.pump();
    let connect = pair.core(0).connect(&settings).unwrap();
    let adv = pair.core(1).advertise(&advertising()).unwrap();
    pair.pump();
    assert!(matches!(pair.core(0).connected(connect), Poll::Ready(Ok(_))));
    assert!(matches!(pair.core(1).advertised(adv), Poll::Ready(Ok(_))));
}

#[test]
fn a_discarded_registration_changes_nothing_and_a_new_one_replaces() {
    let mut pair = Pair::new(27);
    let mut core = pair.core(1);
    let old = serve(&mut core, 20);
    core.begin_registration().unwrap();
    let uuid = Uuid::new128(7);
    let dropped = core.add_service(&ServiceSettings::primary(uuid)).unwrap();
    core.discard_registration();
    assert_eq!(core.attribute_uuid(dropped), Err(Error::Stale));
    assert_eq!(core.read_local(old, &mut []), Ok(5));
    let new = serve(&mut core, 20);
    assert_eq!(core.read_local(old, &mut []), Err(Error::Stale));
    assert_eq!(core.read_local(new, &mut []), Ok(5));
}

#[test]
fn a_value_that_may_not_be_read_may_not_be_guessed() {
    let (mut pair, link, _, _) = Pair::connected(27);
    let guess = Pdu::FindByTypeValueRequest { start: 1, end: 0xffff, kind: 0x2a6e, value: b"first" };
    assert_eq!(pair.ask(link, &guess).unwrap(), [0x07, 3, 0, 3, 0]);
    let mut core = pair.core(1);
    core.begin_registration().unwrap();
    let uuid = Uuid::new16(0x181a);
    core.add_service(&ServiceSettings::primary(uuid)).unwrap();
    let settings = CharacteristicSettings::new(Uuid::new16(0x2a6e), Properties::WRITE, Storage::Fixed(b"first"));
    core.add_characteristic(&settings).unwrap();
    core.commit_registration().unwrap();
    assert_eq!(pair.ask(link, &guess), Err(Error::Gatt(ErrorCode::ATTRIBUTE_NOT_FOUND)));
    assert_eq!(pair.ask(link, &Pdu::ReadRequest { handle: 3 }), Err(Error::Gatt(ErrorCode::READ_NOT_PERMITTED)));
}

#[test]
fn only_the_events_of_the_masks_are_taken_apart() {
    let (mut pair, ..) = Pair::connected(27);
    let before = pair.core(0).counters();
    let now = pair.now;
    let mut hear = |octets: &[u8]| {
        let mut core = pair.core(0);
        core.handle_packet(now, Packet::new(PacketKind::Event, octets));
        let after = core.counters();
        (after.malformed - before.malformed, after.unexpected - before.unexpected)
    };
    // Of the masks and cut short: Disconnection Complete, LE Connection Complete.
    assert_eq!(hear(&[0x05, 1, 0]), (1, 0));
    assert_eq!(hear(&[0x3e, 2, 0x01, 0]), (2, 0));
    // Of no mask, whatever follows: Authentication Complete, LE Enhanced Connection Complete, LE Extended Advertising Report, a vendor's.
    assert_eq!(hear(&[0x06, 1, 0]), (2, 1));
    assert_eq!(hear(&[0x3e, 2, 0x0a, 0]), (2, 2));
    assert_eq!(hear(&[0x3e, 2, 0x0d, 0]), (2, 3));
    assert_eq!(hear(&[0xff, 1, 0]), (2, 4));
    // A connection to nobody.
    assert_eq!(hear(&[0x3e, 19, 1, 0, 0x70, 0, 0, 0xff, 0, 0, 0, 0, 0, 0, 24, 0, 0, 0, 42, 0, 0]), (3, 4));
}
