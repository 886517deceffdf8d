//! Security that is raised for requests: by which policy, once, and with the error of what failed.

use crate::support::{
    AUTHENTICATED, Did, ENCRYPTED, OPEN, beside, bonded, follows, found, pair_of, pairs, play, refusals, said, serve,
};
use core::future::pending;
use embassy_futures::join::join3;
use jelling::{
    Config, Connection, Error, ErrorCode, Host, IoCapability, PacketKind, Pair, Raise, Reason, Security, Updates, Uuid,
    sim::{Direction, Passed},
};

const COMPARES: Pair = Pair::new().mitm().io(IoCapability::DISPLAY_YES_NO);
const REFUSED: Error = Error::Gatt(ErrorCode::INSUFFICIENT_AUTHENTICATION);

/// ATT PDUs that the host of this controller sent.
fn asked(recording: &[Passed], controller: usize) -> Vec<Vec<u8>> {
    let to = |p: &Passed| p.direction == Direction::ToController && p.kind == PacketKind::Acl;
    let sent = |p: &&Passed| p.controller == controller && to(p);
    let pdu = |p: &Passed| match &p.octets[..] {
        [_, _, _, _, _, _, 4, 0, pdu @ ..] => Some(pdu.to_vec()),
        _ => None,
    };
    recording.iter().filter(sent).filter_map(pdu).collect()
}

/// How many of them have this opcode.
fn count(recording: &[Passed], controller: usize, opcode: u8) -> usize {
    asked(recording, controller).iter().filter(|pdu| pdu[0] == opcode).count()
}

/// Each request that a client can make of the encrypted value, with its number.
async fn request(number: usize, ours: &Connection<'_>) -> Result<(), Error> {
    let encrypted = found(ours, ENCRYPTED).await;
    let open = found(ours, OPEN).await;
    let handles = [open.value_handle(), encrypted.value_handle()];
    let mut buffer = [0; 512];
    match number {
        0 => encrypted.read::<u8>().await.map(|_| ()),
        1 => encrypted.read_into(&mut buffer).await.map(|_| ()),
        2 => encrypted.write(&b'0').response().await,
        3 => encrypted.write(&[b'0'; 50]).response().await,
        4 => ours.reliable_write(&[(open, b"1"), (encrypted, b"2")]).await,
        5 => ours.read_multiple(&handles, &mut buffer).await.map(|_| ()),
        6 => ours.read_multiple_variable(&handles, &mut buffer).await.map(|_| ()),
        7 => ours.read_by_uuid(ENCRYPTED).next_into(&mut buffer).await.map(|found| assert!(found.is_some())),
        8 => encrypted.subscribe(Updates::NOTIFY).await.map(|_| ()),
        9 => encrypted.descriptor(Uuid::new16(0x2902)).await?.write(&1u16).await,
        _ => unreachable!(),
    }
}

const REQUESTS: usize = 10;

#[test]
fn each_request_encrypts_towards_a_bonded_peer() {
    for number in 0..REQUESTS {
        play(async |hosts: [Host<'_>; 2], air, _| {
            let served = serve(hosts[1]);
            let [ours, _theirs] = bonded(hosts).await;
            let before = said(&air.recording(), 0).len();
            assert_eq!(request(number, &ours).await, Ok(()), "{number}");
            assert!(ours.security().unwrap().encrypted, "{number}");
            assert_eq!(said(&air.recording(), 0).len(), before, "nobody pairs");
            let values = [served.open.read::<[u8; 1]>(), served.encrypted.read::<[u8; 1]>()];
            match number {
                3 => assert_eq!(served.encrypted.read::<[u8; 50]>(), Ok([b'0'; 50])),
                // All of it, though it was refused in the middle.
                4 => assert_eq!(values, [Ok(*b"1"), Ok(*b"2")]),
                _ => assert_eq!(values, [Ok(*b"0"), Ok(*b"0")]),
            }
        });
    }
}

#[test]
fn a_stranger_is_not_paired_by_default() {
    for number in 0..REQUESTS {
        pair_of(async |hosts, sides, air| {
            serve(hosts[1]);
            assert_eq!(request(number, &sides[0]).await, Err(REFUSED), "{number}");
            assert_eq!(sides[0].security(), Ok(Security::default()));
            assert_eq!(said(&air.recording(), 0).len(), 0);
        });
    }
}

#[test]
fn each_request_pairs_where_the_policy_says_so() {
    for number in 0..REQUESTS {
        pair_of(async |hosts, sides, _| {
            serve(hosts[1]);
            hosts[0].configure(Config { raise: Raise::Pair(Pair::new()), ..hosts[0].config() });
            assert_eq!(request(number, &sides[0]).await, Ok(()), "{number}");
            assert!(sides[0].security().unwrap().bonded, "{number}");
        });
    }
}

#[test]
fn a_policy_of_a_connection_goes_before_that_of_the_host() {
    pair_of(async |hosts, sides, _| {
        serve(hosts[1]);
        hosts[0].configure(Config { raise: Raise::Pair(Pair::new()), ..hosts[0].config() });
        sides[0].raise_by(Some(Raise::Never)).unwrap();
        let encrypted = found(&sides[0], ENCRYPTED).await;
        assert_eq!(encrypted.read::<u8>().await, Err(REFUSED));
        sides[0].raise_by(None).unwrap();
        assert_eq!(encrypted.read::<u8>().await, Ok(b'0'));
    });
}

#[test]
fn with_never_a_bond_is_not_used() {
    play(async |hosts: [Host<'_>; 2], _, _| {
        serve(hosts[1]);
        let [ours, _theirs] = bonded(hosts).await;
        ours.raise_by(Some(Raise::Never)).unwrap();
        let result = found(&ours, ENCRYPTED).await.read::<u8>().await;
        assert_eq!(result, Err(Error::Gatt(ErrorCode::INSUFFICIENT_ENCRYPTION)));
    });
}

#[test]
fn a_request_is_repeated_once_and_then_it_is_refused() {
    pair_of(async |hosts, sides, air| {
        serve(hosts[1]);
        // It pairs without protection, and the value wants it.
        sides[0].raise_by(Some(Raise::Pair(Pair::new()))).unwrap();
        let value = found(&sides[0], AUTHENTICATED).await;
        assert_eq!(value.read::<u8>().await, Err(REFUSED));
        assert_eq!(count(&air.recording(), 0, 0x0a), 2);
        // Now that it is paired, nothing is better for pairing as before.
        assert_eq!(value.read::<u8>().await, Err(REFUSED));
        assert!(count(&air.recording(), 0, 0x0a) <= 4);
        let requests = said(&air.recording(), 0).iter().filter(|pdu| pdu[0] == 0x01).count();
        assert_eq!(requests, 1, "one pairing");
        // With protection it is let in.
        sides[0].raise_by(Some(Raise::Pair(COMPARES))).unwrap();
        sides[1].allow_pairing(Some(COMPARES)).unwrap();
        let read = async { value.read::<u8>().await.map(|_| Security::default()) };
        let (result, did) = pairs(hosts, read).await;
        assert_eq!((result.is_ok(), &did[..]), (true, &[(0, Did::Compared), (1, Did::Compared)][..]));
    });
}

#[test]
fn what_the_pairing_failed_of_is_the_error_of_the_request() {
    for number in 0..REQUESTS {
        pair_of(async |hosts, sides, air| {
            serve(hosts[1]);
            sides[0].raise_by(Some(Raise::Pair(Pair::new()))).unwrap();
            sides[1].allow_pairing(None).unwrap();
            let reason = Reason::PAIRING_NOT_SUPPORTED;
            assert_eq!(request(number, &sides[0]).await, Err(Error::PairingRejected(reason)), "{number}");
            assert_eq!(refusals(air, 1), [reason.0]);
        });
    }
}

#[test]
fn several_requests_share_what_is_raised() {
    play(async |hosts: [Host<'_>; 2], air, _| {
        serve(hosts[1]);
        let [ours, _theirs] = bonded(hosts).await;
        let encrypted = found(&ours, ENCRYPTED).await;
        let all = join3(encrypted.read::<u8>(), encrypted.write(&b'0').response(), encrypted.read::<u8>()).await;
        assert_eq!(all, (Ok(b'0'), Ok(()), Ok(b'0')));
        assert_eq!(encryptions(air), 1);
    });
    pair_of(async |hosts, sides, air| {
        serve(hosts[1]);
        sides[0].raise_by(Some(Raise::Pair(Pair::new()))).unwrap();
        let encrypted = found(&sides[0], ENCRYPTED).await;
        let all = join3(encrypted.read::<u8>(), encrypted.write(&b'0').response(), encrypted.read::<u8>()).await;
        assert_eq!(all, (Ok(b'0'), Ok(()), Ok(b'0')));
        assert_eq!(said(&air.recording(), 0).iter().filter(|pdu| pdu[0] == 0x01).count(), 1, "one pairing");
    });
}

/// LE Enable Encryption commands of the central since its last link came up.
fn encryptions(air: &crate::support::Tape) -> usize {
    let recording = air.recording();
    let sent = |p: &&Passed| p.controller == 0 && p.direction == Direction::ToController;
    let commands: Vec<[u8; 2]> =
        recording.iter().filter(sent).filter_map(|p| Some([*p.octets.first()?, *p.octets.get(1)?])).collect();
    let connected = commands.iter().rposition(|opcode| *opcode == [0x0d, 0x20]).unwrap();
    commands[connected..].iter().filter(|opcode| **opcode == [0x19, 0x20]).count()
}

#[test]
fn a_peripheral_raises_too() {
    pair_of(async |hosts, sides, air| {
        serve(hosts[0]);
        sides[1].raise_by(Some(Raise::Pair(Pair::new()))).unwrap();
        let encrypted = found(&sides[1], ENCRYPTED).await;
        assert_eq!(beside(encrypted.read::<u8>(), follows(&sides[0], Pair::new())).await, Ok(b'0'));
        assert_eq!(said(&air.recording(), 1)[0][0], 0x0b, "Security Request");
    });
}

#[test]
fn a_refusal_for_another_reason_raises_nothing() {
    // What a server refuses until the link is encrypted.
    fn lacks<const CODE: u8>(access: &jelling::Access<'_>) -> Result<(), ErrorCode> {
        if access.security().is_ok_and(|security| security.encrypted) { Ok(()) } else { Err(ErrorCode(CODE)) }
    }
    for (on_read, code, raised) in [
        (lacks::<0x05> as jelling::OnAccess, 0x05, true),
        (lacks::<0x0c>, 0x0c, true),
        (lacks::<0x0f>, 0x0f, true),
        (lacks::<0x02>, 0x02, false),
        (lacks::<0x08>, 0x08, false),
        (lacks::<0x0e>, 0x0e, false),
        (lacks::<0x80>, 0x80, false),
    ] {
        pair_of(async |hosts, sides, air| {
            let mut db = hosts[1].services().unwrap();
            let service = db.service(crate::support::SERVICE).unwrap();
            let options = jelling::CharacteristicOptions::new(jelling::Properties::READ).initial(b"0").on_read(on_read);
            db.characteristic_with(service, OPEN, &options).unwrap();
            db.register().unwrap();
            sides[0].raise_by(Some(Raise::Pair(Pair::new()))).unwrap();
            let result = found(&sides[0], OPEN).await.read::<u8>().await;
            assert_eq!(result, if raised { Ok(b'0') } else { Err(Error::Gatt(ErrorCode(code))) }, "{code:#x}");
            assert_eq!(!said(&air.recording(), 0).is_empty(), raised, "{code:#x}");
        });
    }
}

#[test]
fn a_peripheral_with_a_bond_asks_its_central_to_encrypt() {
    play(async |hosts: [Host<'_>; 2], air, _| {
        serve(hosts[0]);
        let [ours, theirs] = bonded(hosts).await;
        let before = said(&air.recording(), 0).len();
        assert_eq!(found(&theirs, ENCRYPTED).await.read::<u8>().await, Ok(b'0'));
        assert!(ours.security().unwrap().encrypted);
        assert_eq!(said(&air.recording(), 0).len(), before, "nobody pairs");
    });
}

#[test]
fn one_pairing_that_fails_is_enough_for_all_who_wait() {
    pair_of(async |hosts, sides, air| {
        serve(hosts[1]);
        sides[0].raise_by(Some(Raise::Pair(COMPARES))).unwrap();
        sides[1].allow_pairing(Some(COMPARES)).unwrap();
        let encrypted = found(&sides[0], ENCRYPTED).await;
        let no = async {
            hosts[1].passkey_action().await.reject().unwrap();
            pending().await
        };
        let all = join3(encrypted.read::<u8>(), encrypted.write(&b'0').response(), encrypted.read::<u8>());
        let (one, two, three) = beside(all, no).await;
        let failed = Error::PairingRejected(Reason::NUMERIC_COMPARISON_FAILED);
        let mut errors = [one.unwrap_err(), two.unwrap_err(), three.unwrap_err()];
        errors.sort_by_key(|error| *error != failed);
        assert_eq!(errors, [failed, REFUSED, REFUSED]);
        assert_eq!(said(&air.recording(), 0).iter().filter(|pdu| pdu[0] == 0x01).count(), 1, "one pairing");
    });
}

#[test]
fn what_was_prepared_before_a_refusal_is_thrown_away_and_prepared_again() {
    play(async |hosts: [Host<'_>; 2], air, _| {
        let served = serve(hosts[1]);
        let [ours, _theirs] = bonded(hosts).await;
        let (open, encrypted) = (found(&ours, OPEN).await, found(&ours, ENCRYPTED).await);
        ours.reliable_write(&[(open, b"1"), (encrypted, b"2")]).await.unwrap();
        assert_eq!([served.open.read::<[u8; 1]>(), served.encrypted.read::<[u8; 1]>()], [Ok(*b"1"), Ok(*b"2")]);
        let prepare = |handle: u16, value| [&[0x16][..], &handle.to_le_bytes(), &[0, 0, value]].concat();
        let (one, two) = (prepare(open.value_handle(), b'1'), prepare(encrypted.value_handle(), b'2'));
        let said: Vec<_> =
            asked(&air.recording(), 0).into_iter().filter(|pdu| [0x16, 0x18].contains(&pdu[0])).collect();
        // Vol 3, Part F, 3.4.6.3: cancelled, then written.
        assert_eq!(said, [one.clone(), two.clone(), vec![0x18, 0], one, two, vec![0x18, 1]]);
    });
}
