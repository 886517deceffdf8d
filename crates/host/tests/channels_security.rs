//! Which links may open a channel: each demand, each state of the link, both doors, against Vol 3, Part C, 10.3.1 written down a second
//! time.
#![cfg(all(feature = "central", feature = "client", feature = "peripheral", feature = "server", feature = "security"))]
#![cfg(feature = "l2cap")]
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
use jelling_host::{wire::l2cap::Psm, *};
use support::channels::{
    Bench, FAR, PSM, end, near,
    signals::{self, CONNECTED, End},
};

const AUTHENTICATION: u16 = 5;
const AUTHORISATION: u16 = 6;
const KEY_SIZE: u16 = 7;
const ENCRYPTION: u16 = 8;

#[derive(Clone, Copy, Debug)]
struct State {
    security: Security,
    authorisation: Authorisation,
}

/// Every state that a link can be in.
fn states() -> Vec<State> {
    let mut states = vec![];
    for bits in 0..16u8 {
        for key_size in [7, 15, 16] {
            for authorisation in [Authorisation::Refused, Authorisation::Granted] {
                let encrypted = bits & 1 != 0;
                let security = Security {
                    encrypted,
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

/// The results that may be given; none where the channel is to be opened.
fn faults(demands: ChannelDemands, key_size: u8, state: &State) -> Vec<u16> {
    let security = state.security;
    let mut faults = vec![];
    let of_key = ChannelDemands::ENCRYPTED | ChannelDemands::AUTHENTICATED | ChannelDemands::SECURE;
    if demands.contains(ChannelDemands::AUTHORISED) && state.authorisation == Authorisation::Refused {
        faults.push(AUTHORISATION);
    }
    let keyed = demands.intersects(of_key) || key_size > 0;
    if keyed && !security.encrypted {
        // Without a key for the peer it is authentication that lacks.
        faults.push(if security.bonded { ENCRYPTION } else { AUTHENTICATION });
        return faults;
    }
    if demands.contains(ChannelDemands::AUTHENTICATED) && !security.authenticated
        || demands.contains(ChannelDemands::SECURE) && !security.secure_connections
    {
        faults.push(AUTHENTICATION);
    }
    if keyed && security.key_size < key_size {
        faults.push(KEY_SIZE);
    }
    faults
}

#[test]
fn a_channel_is_opened_on_a_link_that_is_secure_enough() {
    let mut opened = 0;
    for bits in 0..16 {
        let demands = ChannelDemands::from_bits_truncate(bits);
        for key_size in [0, 7, 16] {
            for once in [false, true] {
                opened += door(demands, key_size, once);
            }
        }
    }
    assert!(opened > 1000, "{opened} opened");
}

/// A door with these demands, in each state of the link: how often it was open.
fn door(demands: ChannelDemands, key_size: u8, once: bool) -> usize {
    let mut bench = Bench::new(27, 1);
    let options = near().demands(demands).key_size(key_size);
    let (link, mut opened) = (bench.link(0), 0);
    let listener = (!once).then(|| bench.core().listen(Psm(PSM), &options).unwrap());
    let mut waits = None;
    for state in states() {
        let what = format!("{demands:?}, {key_size} octets, {state:?}");
        bench.core().inject_security(link, state.security).unwrap();
        bench.core().set_authorised(link, state.authorisation).unwrap();
        if once && waits.is_none() {
            waits = Some(bench.core().accept_channel(link, Psm(PSM), &options).unwrap());
        }
        let answer = bench.answer(0, &signals::connect(7, PSM, &FAR));
        assert_eq!((answer.code, answer.identifier), (CONNECTED, 7), "{what}");
        let (host, result) = (end(&answer.fields), answer.fields[4]);
        let expected = faults(demands, key_size, &state);
        if expected.is_empty() {
            assert_eq!(result, 0, "{what}");
            opened += 1;
            let channel = match listener {
                None => waits.take().unwrap(),
                Some(listener) => match bench.core().take_channel(listener) {
                    Poll::Ready(Ok(channel)) => channel,
                    other => panic!("{other:?} {what}"),
                },
            };
            assert!(matches!(bench.core().channel(channel), Poll::Ready(Ok(_))), "{what}");
            bench.core().release_channel(channel);
            bench.settle();
            let asked = bench.signals(0);
            assert_eq!(asked, [signals::disconnect(asked[0].identifier, FAR.cid, host.cid)], "{what}");
            assert!(bench.ask(0, &signals::disconnected(asked[0].identifier, FAR.cid, host.cid)).is_empty());
        } else {
            assert!(expected.contains(&result), "{result}, not of {expected:?}: {what}");
            assert_eq!(host, End { cid: 0, mtu: 0, mps: 0, credits: 0 }, "{what}");
            match (listener, waits) {
                (Some(listener), _) => assert!(bench.core().take_channel(listener).is_pending(), "{what}"),
                (_, Some(channel)) => assert!(bench.core().channel(channel).is_pending(), "{what}"),
                _ => {}
            }
        }
        // Whether there is somebody who listens does not depend on the link: an unknown one is refused as that.
        let answer = bench.answer(0, &signals::connect(8, PSM + 1, &FAR));
        assert_eq!(answer.fields[4], 2, "{what}");
    }
    if let Some(listener) = listener {
        bench.core().unlisten(listener);
    }
    if let Some(channel) = waits {
        bench.core().release_channel(channel);
    }
    bench.settle();
    bench.is_whole();
    opened
}

/// Security is asked for when a channel is opened; what the link loses later is the business of who uses it.
#[test]
fn who_refused_for_want_of_security_accepts_when_it_is_there() {
    let mut bench = Bench::new(27, 1);
    let link = bench.link(0);
    let options = near().demands(ChannelDemands::SECURE | ChannelDemands::AUTHENTICATED).key_size(16);
    let channel = bench.core().accept_channel(link, Psm(PSM), &options).unwrap();
    let mut result = |security| {
        bench.core().inject_security(link, security).unwrap();
        bench.answer(0, &signals::connect(7, PSM, &FAR)).fields[4]
    };
    let mut security = Security::default();
    assert_eq!(result(security), AUTHENTICATION);
    security.bonded = true;
    assert_eq!(result(security), ENCRYPTION);
    (security.encrypted, security.key_size) = (true, 16);
    assert_eq!(result(security), AUTHENTICATION);
    security.authenticated = true;
    assert_eq!(result(security), AUTHENTICATION);
    (security.secure_connections, security.key_size) = (true, 15);
    assert_eq!(result(security), KEY_SIZE);
    security.key_size = 16;
    assert_eq!(result(security), 0);
    assert!(matches!(bench.core().channel(channel), Poll::Ready(Ok(_))));
    bench.core().release_channel(channel);
    bench.is_whole();
}

/// A peer is judged by its own link.
#[test]
fn each_link_is_judged_by_itself() {
    let mut bench = Bench::new(27, 3);
    let options = near().demands(ChannelDemands::ENCRYPTED);
    let listener = bench.core().listen(Psm(PSM), &options).unwrap();
    let link = bench.link(1);
    let security = Security { encrypted: true, key_size: 16, ..Security::default() };
    bench.core().inject_security(link, security).unwrap();
    for (peer, expected) in [(0, AUTHENTICATION), (1, 0), (2, AUTHENTICATION)] {
        assert_eq!(bench.answer(peer, &signals::connect(7, PSM, &FAR)).fields[4], expected);
    }
    let Poll::Ready(Ok(channel)) = bench.core().take_channel(listener) else { panic!("no channel") };
    let Poll::Ready(Ok(info)) = bench.core().channel(channel) else { panic!("not open") };
    assert_eq!(info.link, link);
    bench.core().unlisten(listener);
    bench.core().release_channel(channel);
    bench.is_whole();
}
