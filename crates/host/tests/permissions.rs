//! Every door by which a value can leave or enter, with every permission and every state of the link.
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

use core::task::Poll;
use jelling_host::wire::{
    Uuid,
    att::{ErrorCode, Handles, Opcode, Pdu},
};
use jelling_host::*;
use support::pair::Pair;

const VALUE: u16 = 3;
const CCCD: u16 = 4;
const OPEN: u16 = 6;
const UUID: Uuid = Uuid::new16(0x2a6e);

/// What a door may demand of a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Demand {
    Nothing,
    Encrypted,
    Authenticated,
    Secure,
    Authorised,
    Key,
    All,
    Closed,
}

const DEMANDS: [Demand; 8] = [
    Demand::Nothing,
    Demand::Encrypted,
    Demand::Authenticated,
    Demand::Secure,
    Demand::Authorised,
    Demand::Key,
    Demand::All,
    Demand::Closed,
];

impl Demand {
    fn protection(self) -> Protection {
        let permissions = match self {
            Demand::Nothing => Permissions::READ | Permissions::WRITE,
            Demand::Encrypted => Permissions::READ_ENCRYPTED | Permissions::WRITE_ENCRYPTED,
            Demand::Authenticated => Permissions::READ_AUTHENTICATED | Permissions::WRITE_AUTHENTICATED,
            Demand::Secure => Permissions::READ_SECURE | Permissions::WRITE_SECURE,
            Demand::Authorised => Permissions::READ_AUTHORISED | Permissions::WRITE_AUTHORISED,
            // A key size alone demands a key.
            Demand::Key => Permissions::READ | Permissions::WRITE,
            Demand::All => Permissions::all(),
            Demand::Closed => Permissions::empty(),
        };
        Protection { permissions: Some(permissions), key_size: if self == Demand::Key { 16 } else { 0 } }
    }

    /// The rules of the specification, written down a second time: Vol 3, Part C, 10.3.1, and Part F, 3.4.1.1.
    fn expected(self, state: &State, reads: bool) -> Result<(), ErrorCode> {
        let security = state.security;
        let closed = if reads { ErrorCode::READ_NOT_PERMITTED } else { ErrorCode::WRITE_NOT_PERMITTED };
        let unencrypted = match (security.encrypted, security.bonded) {
            (true, _) => Ok(()),
            (false, true) => Err(ErrorCode::INSUFFICIENT_ENCRYPTION),
            (false, false) => Err(ErrorCode::INSUFFICIENT_AUTHENTICATION),
        };
        let needs = |holds: bool, code| if holds { Ok(()) } else { Err(code) };
        let authenticated = needs(security.authenticated, ErrorCode::INSUFFICIENT_AUTHENTICATION);
        let secure = needs(security.secure_connections, ErrorCode::INSUFFICIENT_AUTHENTICATION);
        let authorised = needs(state.authorisation == Authorisation::Granted, ErrorCode::INSUFFICIENT_AUTHORIZATION);
        match self {
            Demand::Nothing => Ok(()),
            Demand::Encrypted => unencrypted,
            Demand::Authenticated => unencrypted.and(authenticated),
            Demand::Secure => unencrypted.and(secure),
            Demand::Authorised => authorised,
            Demand::Key => unencrypted.and(needs(security.key_size == 16, ErrorCode::ENCRYPTION_KEY_SIZE_TOO_SHORT)),
            Demand::All => unencrypted.and(authenticated).and(secure).and(authorised),
            Demand::Closed => Err(closed),
        }
    }
}

/// A state of the link.
#[derive(Clone, Copy, Debug)]
struct State {
    security: Security,
    authorisation: Authorisation,
}

/// Every state that a link can be in.
fn states() -> Vec<State> {
    let mut states = vec![];
    for bits in 0..16u8 {
        for key_size in [7, 16] {
            for authorisation in [Authorisation::Refused, Authorisation::Granted] {
                let encrypted = bits & 1 != 0;
                let security = Security {
                    encrypted,
                    // What a key is says nothing while none is in use.
                    authenticated: encrypted && bits & 2 != 0,
                    secure_connections: encrypted && bits & 4 != 0,
                    bonded: bits & 8 != 0,
                    key_size: if encrypted { key_size } else { 0 },
                };
                states.push(State { security, authorisation });
            }
        }
    }
    states
}

/// A table with the value behind `demand`, with a CCCD, and one that is open.
fn serve(core: &mut Core<'_>, demand: Demand) -> AttributeId {
    core.begin_registration().unwrap();
    let service = ServiceSettings::primary(Uuid::new16(0x181a));
    core.add_service(&service).unwrap();
    let settings = |uuid, protection, cccd| CharacteristicSettings {
        protection,
        cccd,
        ..CharacteristicSettings::new(
            uuid,
            Properties::READ
                | Properties::WRITE
                | Properties::WRITE_WITHOUT_RESPONSE
                | Properties::NOTIFY
                | Properties::INDICATE,
            Storage::Variable(8, b"secret"),
        )
    };
    let id = core.add_characteristic(&settings(UUID, demand.protection(), true)).unwrap();
    core.add_characteristic(&settings(Uuid::new16(0x2a00), Demand::Nothing.protection(), false)).unwrap();
    core.commit_registration().unwrap();
    id
}

/// The doors: what goes through each, as the peer asks for it.
fn requests(handles: &[u8]) -> Vec<(&'static str, bool, Pdu<'_>)> {
    let reads = |name, pdu| (name, true, pdu);
    let handles = Handles::parse(handles).unwrap();
    vec![
        reads("read", Pdu::ReadRequest { handle: VALUE }),
        reads("read blob", Pdu::ReadBlobRequest { handle: VALUE, offset: 0 }),
        reads("read by type", Pdu::ReadByTypeRequest { start: 1, end: 0xffff, kind: UUID }),
        reads("read multiple", Pdu::ReadMultipleRequest { handles }),
        reads("read multiple variable", Pdu::ReadMultipleVariableRequest { handles }),
        ("write", false, Pdu::WriteRequest { handle: VALUE, value: b"changed" }),
        ("prepare write", false, Pdu::PrepareWriteRequest { handle: VALUE, offset: 0, value: b"changed" }),
    ]
}

fn stored(pair: &mut Pair, id: AttributeId) -> Vec<u8> {
    let mut octets = [0; 16];
    let length = pair.core(1).read_local(id, &mut octets).unwrap();
    octets[..length].to_vec()
}

#[test]
fn each_door_lets_through_what_the_link_is_secure_enough_for() {
    let mut checked = 0;
    for demand in DEMANDS {
        let (mut pair, link, peripheral, _) = Pair::connected(251);
        let id = serve(&mut pair.core(1), demand);
        for state in states() {
            pair.core(1).inject_security(peripheral, state.security).unwrap();
            pair.core(1).set_authorised(peripheral, state.authorisation).unwrap();
            for order in [[OPEN as u8, 0, VALUE as u8, 0], [VALUE as u8, 0, OPEN as u8, 0]] {
                for (door, reads, request) in requests(&order) {
                    let answer = pair.ask(link, &request);
                    let expected = demand.expected(&state, reads);
                    let what = || format!("{demand:?} {door} {state:?}");
                    assert_eq!(
                        answer.as_ref().map(|_| ()),
                        expected.map_err(Error::Gatt).as_ref().map(|_| ()),
                        "{}",
                        what()
                    );
                    assert_eq!(answer.as_ref().err(), expected.map_err(Error::Gatt).as_ref().err(), "{}", what());
                    checked += 1;
                    if expected.is_err() {
                        assert_eq!(stored(&mut pair, id), b"secret", "{}", what());
                    }
                    pair.core(1).write_local(id, b"secret").unwrap();
                    pair.ask(link, &Pdu::ExecuteWriteRequest { flags: 0 }).unwrap();
                }
            }
            doors_without_an_error(&mut pair, [link, peripheral], id, demand, &state);
            a_door_that_closes_before_execute(&mut pair, [link, peripheral], id, demand, &state);
            telling(&mut pair, [link, peripheral], id, demand, &state);
        }
        pair.core(0).disconnect(link);
        pair.pump();
        pair.is_whole();
    }
    assert_eq!(checked, 8 * 64 * 2 * 7);
}

/// Find By Type Value is silent of what may not be read; a command is ignored.
fn doors_without_an_error(pair: &mut Pair, links: [LinkId; 2], id: AttributeId, demand: Demand, state: &State) {
    let find = Pdu::FindByTypeValueRequest { start: 1, end: 0xffff, kind: 0x2a6e, value: b"secret" };
    let found = pair.ask(links[0], &find);
    match demand.expected(state, true) {
        Ok(()) => assert_eq!(found.unwrap(), [0x07, 3, 0, 3, 0], "{demand:?} {state:?}"),
        Err(_) => assert_eq!(found, Err(Error::Gatt(ErrorCode::ATTRIBUTE_NOT_FOUND)), "{demand:?} {state:?}"),
    }
    pair.core(0).write_command(links[0], VALUE, b"changed").unwrap();
    pair.pump();
    let expected: &[u8] = if demand.expected(state, false).is_ok() { b"changed" } else { b"secret" };
    assert_eq!(stored(pair, id), expected, "{demand:?} {state:?}");
    pair.core(1).write_local(id, b"secret").unwrap();
}

/// What was prepared on a link that was secure enough is not written on one that no longer is.
fn a_door_that_closes_before_execute(
    pair: &mut Pair,
    links: [LinkId; 2],
    id: AttributeId,
    demand: Demand,
    state: &State,
) {
    if demand == Demand::Closed {
        return;
    }
    let best = Security { encrypted: true, authenticated: true, secure_connections: true, bonded: true, key_size: 16 };
    pair.core(1).inject_security(links[1], best).unwrap();
    pair.core(1).set_authorised(links[1], Authorisation::Granted).unwrap();
    pair.ask(links[0], &Pdu::PrepareWriteRequest { handle: OPEN, offset: 0, value: b"open" }).unwrap();
    pair.ask(links[0], &Pdu::PrepareWriteRequest { handle: VALUE, offset: 0, value: b"changed" }).unwrap();
    pair.core(1).inject_security(links[1], state.security).unwrap();
    pair.core(1).set_authorised(links[1], state.authorisation).unwrap();
    let executed = pair.ask(links[0], &Pdu::ExecuteWriteRequest { flags: 1 });
    let expected = demand.expected(state, false);
    assert_eq!(executed.err(), expected.err().map(Error::Gatt), "{demand:?} {state:?}");
    // All of it or nothing.
    let (one, other) =
        if expected.is_ok() { (&b"changed"[..], &b"open"[..]) } else { (&b"secret"[..], &b"secret"[..]) };
    assert_eq!(stored(pair, id), one);
    assert_eq!(pair.ask(links[0], &Pdu::ReadRequest { handle: OPEN }).unwrap()[1..], *other);
    pair.ask(links[0], &Pdu::WriteRequest { handle: OPEN, value: b"secret" }).unwrap();
    pair.core(1).write_local(id, b"secret").unwrap();
}

/// The ATT PDUs that host 1 has sent since the last call.
fn told(pair: &mut Pair) -> Vec<Vec<u8>> {
    let sent = core::mem::take(&mut pair.air.controllers[1].sent);
    let data = sent.into_iter().filter(|(kind, _)| *kind == jelling_host::wire::PacketKind::Acl);
    data.map(|(_, packet)| packet[8..].to_vec()).filter(|pdu| matches!(pdu[0], 0x1b | 0x1d)).collect()
}

/// Notifications and indications are doors too, and so is the CCCD.
fn telling(pair: &mut Pair, links: [LinkId; 2], id: AttributeId, demand: Demand, state: &State) {
    // Of a value that nobody may read, notifications are open: nothing is demanded of who hears it.
    let tells = if demand == Demand::Closed { Ok(()) } else { demand.expected(state, true) };
    let best = Security { encrypted: true, authenticated: true, secure_connections: true, bonded: true, key_size: 16 };
    pair.core(1).inject_security(links[1], best).unwrap();
    pair.core(1).set_authorised(links[1], Authorisation::Granted).unwrap();
    pair.ask(links[0], &Pdu::WriteRequest { handle: CCCD, value: &[3, 0] }).unwrap();
    pair.core(1).inject_security(links[1], state.security).unwrap();
    pair.core(1).set_authorised(links[1], state.authorisation).unwrap();
    let subscribed = pair.ask(links[0], &Pdu::WriteRequest { handle: CCCD, value: &[3, 0] });
    assert_eq!(subscribed.err(), tells.err().map(Error::Gatt), "{demand:?} {state:?}");
    told(pair);
    let now = pair.now;
    let refused = tells.map_err(Error::NotPermitted);
    assert_eq!(pair.core(1).notify(id, links[1], b"one"), refused, "{demand:?} {state:?}");
    pair.pump();
    let indicated = pair.core(1).indicate(now, id, links[1], b"two");
    assert_eq!(indicated.err(), refused.err(), "{demand:?} {state:?}");
    pair.pump();
    if let Ok(ticket) = indicated {
        assert_eq!(pair.core(1).confirmed(ticket), Poll::Ready(Ok(())));
    }
    pair.core(1).update(id, b"secret").unwrap();
    pair.pump();
    let opcodes: Vec<u8> = told(pair).iter().map(|pdu| pdu[0]).collect();
    let [notified, indicated] =
        [Opcode::HANDLE_VALUE_NOTIFICATION, Opcode::HANDLE_VALUE_INDICATION].map(|opcode| opcode.0);
    let all = vec![notified, indicated, notified];
    assert_eq!(opcodes, if tells.is_ok() { all } else { vec![] }, "{demand:?} {state:?}");
    // Who becomes secure enough is told the latest value then.
    pair.core(1).inject_security(links[1], best).unwrap();
    pair.core(1).set_authorised(links[1], Authorisation::Granted).unwrap();
    pair.pump();
    assert_eq!(told(pair).len(), usize::from(tells.is_err()), "{demand:?} {state:?}");
    pair.ask(links[0], &Pdu::WriteRequest { handle: CCCD, value: &[0, 0] }).unwrap();
    told(pair);
}
