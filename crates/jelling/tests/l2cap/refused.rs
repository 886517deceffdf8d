//! Channels that a peer refuses, with its result code (Vol 3, Part A, 4.23).

use crate::support::{MTU, PSM, connected, next, opened, play};
use embassy_futures::{
    join::join,
    select::{Either, select},
};
use jelling::{
    Authorisation, ChannelDemands, ChannelOptions, Connection, Error, Host, L2capChannel, LeConnectionResult,
};

/// What becomes of connecting while the peer listens so.
async fn connect<'d>(
    ours: &Connection<'d>,
    theirs: &Connection<'d>,
    demands: ChannelDemands,
    key_size: u8,
) -> Result<(L2capChannel<'d>, L2capChannel<'d>), Error> {
    let accept = theirs.l2cap_accept(PSM, MTU).demands(demands).key_size(key_size);
    let connect = ours.l2cap_connect(PSM, MTU);
    match select(accept, connect).await {
        Either::First(there) => {
            // Theirs is open when it has the request, and ours with the answer.
            unreachable!("the peer's side alone: {there:?}")
        }
        Either::Second(Err(error)) => Err(error),
        Either::Second(Ok(_)) => unreachable!("its other side came first"),
    }
}

fn refused(result: LeConnectionResult) -> Error {
    Error::ChannelRefused(result)
}

#[test]
fn nobody_listens() {
    play(async |hosts: [Host<'_>; 2], _, _| {
        let (ours, theirs) = connected(&hosts, 1).await;
        let error = ours.l2cap_connect(PSM, MTU).await.unwrap_err();
        assert_eq!(error, refused(LeConnectionResult::PSM_NOT_SUPPORTED));
        assert_eq!(error.to_string(), "the peer refused the channel: Connection refused - PSM not supported (0x0002)");
        // On another PSM, on this side, or until a moment ago is nobody either.
        drop(opened(&ours, &theirs, MTU).await);
        let error = ours.l2cap_connect(PSM, MTU).await.unwrap_err();
        assert_eq!(error, refused(LeConnectionResult::PSM_NOT_SUPPORTED));
        let listens = join(ours.l2cap_accept(PSM, MTU), theirs.l2cap_accept(PSM + 1, MTU));
        match select(listens, ours.l2cap_connect(PSM, MTU)).await {
            Either::Second(Err(error)) => assert_eq!(error, refused(LeConnectionResult::PSM_NOT_SUPPORTED)),
            other => panic!("{other:?}"),
        }
    });
}

#[test]
fn there_is_no_room() {
    play(async |hosts: [Host<'_>; 2], _, _| {
        let (ours, _theirs) = connected(&hosts, 1).await;
        let _listener = hosts[1].l2cap_listen(PSM, &ChannelOptions::new(23).mps(23)).unwrap();
        let mut channels = vec![];
        let refusal = loop {
            match ours.l2cap_connect(PSM, 23).mps(23).await {
                Ok(channel) => channels.push(channel),
                Err(error) => break error,
            }
        };
        // Sixteen slots, one of which listens.
        assert_eq!((channels.len(), refusal), (15, refused(LeConnectionResult::NO_RESOURCES)));
        // One that is closed makes room for another.
        channels.pop().unwrap().disconnect().await.unwrap();
    });
}

#[test]
fn the_application_has_not_authorised_the_peer() {
    play(async |hosts: [Host<'_>; 2], _, _| {
        let (ours, theirs) = connected(&hosts, 1).await;
        let error = connect(&ours, &theirs, ChannelDemands::AUTHORISED, 0).await.unwrap_err();
        assert_eq!(error, refused(LeConnectionResult::INSUFFICIENT_AUTHORIZATION));
        theirs.authorise(Authorisation::Granted).unwrap();
        let accept = theirs.l2cap_accept(PSM, MTU).demands(ChannelDemands::AUTHORISED);
        let (there, here) = join(accept, ours.l2cap_connect(PSM, MTU)).await;
        here.unwrap().send(b"yes").await.unwrap();
        assert_eq!(next(&there.unwrap()).await.unwrap(), b"yes");
    });
}

#[cfg(feature = "security")]
#[test]
fn the_connection_is_not_secure_enough() {
    use jelling::Pair;
    play(async |hosts: [Host<'_>; 2], _, _| {
        let (ours, theirs) = connected(&hosts, 1).await;
        for demands in [ChannelDemands::ENCRYPTED, ChannelDemands::AUTHENTICATED, ChannelDemands::SECURE] {
            let error = connect(&ours, &theirs, demands, 0).await.unwrap_err();
            assert_eq!(error, refused(LeConnectionResult::INSUFFICIENT_AUTHENTICATION), "{demands:?}");
        }
        let error = connect(&ours, &theirs, ChannelDemands::empty(), 16).await.unwrap_err();
        assert_eq!(error, refused(LeConnectionResult::INSUFFICIENT_AUTHENTICATION));
        ours.pair(Pair::new()).await.unwrap();
        // Nobody looked at a display: it is encrypted, and not authenticated.
        let error = connect(&ours, &theirs, ChannelDemands::AUTHENTICATED, 0).await.unwrap_err();
        assert_eq!(error, refused(LeConnectionResult::INSUFFICIENT_AUTHENTICATION));
        for (demands, key_size) in [(ChannelDemands::ENCRYPTED, 0), (ChannelDemands::SECURE, 16)] {
            let accept = theirs.l2cap_accept(PSM, MTU).demands(demands).key_size(key_size);
            let (there, here) = join(accept, ours.l2cap_connect(PSM, MTU)).await;
            here.unwrap().send(b"yes").await.unwrap();
            assert_eq!(next(&there.unwrap()).await.unwrap(), b"yes");
        }
    });
}

/// A peer that has a key is to switch encryption on; one whose key is too short is told so.
#[cfg(all(feature = "security", feature = "seams"))]
#[test]
fn a_key_is_there_or_too_short() {
    use jelling::Security;
    play(async |hosts: [Host<'_>; 2], _, _| {
        let (ours, theirs) = connected(&hosts, 1).await;
        let plain = theirs.security().unwrap();
        theirs.inject_security(Security { bonded: true, ..plain }).unwrap();
        let error = connect(&ours, &theirs, ChannelDemands::ENCRYPTED, 0).await.unwrap_err();
        assert_eq!(error, refused(LeConnectionResult::INSUFFICIENT_ENCRYPTION));
        theirs.inject_security(Security { encrypted: true, key_size: 7, ..plain }).unwrap();
        let error = connect(&ours, &theirs, ChannelDemands::ENCRYPTED, 8).await.unwrap_err();
        assert_eq!(error, refused(LeConnectionResult::ENCRYPTION_KEY_SIZE_TOO_SHORT));
    });
}
