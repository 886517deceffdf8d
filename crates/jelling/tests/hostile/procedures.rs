//! Every procedure of the client, on a peer that may be hostile.

use crate::support::{Peer, honest};
use core::{future::Future, pin::Pin};
use jelling::{ClientCharacteristic, ClientService, Connection, Error, ErrorCode, Host, Updates, Uuid};

/// What a procedure works on.
#[derive(Clone)]
pub(crate) struct Remote<'d> {
    pub(crate) host: Host<'d>,
    pub(crate) connection: Connection<'d>,
    pub(crate) service: ClientService<'d>,
    pub(crate) characteristic: ClientCharacteristic<'d>,
}

pub(crate) type Ending<'a> = Pin<Box<dyn Future<Output = Result<(), Error>> + 'a>>;
pub(crate) type Procedure = for<'a> fn(&'a Remote<'_>) -> Ending<'a>;

macro_rules! procedure {
    ($remote:ident, $body:expr) => {
        |$remote| Box::pin(async move { $body })
    };
}

/// Every item of a discovery.
macro_rules! all {
    ($discovery:expr) => {{
        let mut discovery = $discovery;
        while discovery.next().await?.is_some() {}
        Ok(())
    }};
}

pub(crate) const VALUE: Uuid = Uuid::new16(honest::CHARACTERISTIC);
pub(crate) const LONG: [u8; 40] = [7; 40];
pub(crate) const HANDLES: [u16; 2] = [honest::VALUE, honest::VALUE];

/// Every procedure of the client, by the name of its section or call.
pub(crate) const PROCEDURES: [(&str, Procedure); 18] = [
    ("services", procedure!(r, all!(r.connection.services(None)))),
    ("service by UUID", procedure!(r, r.connection.service(Uuid::new16(honest::SERVICE)).await.map(drop))),
    ("secondary services", procedure!(r, all!(r.connection.secondary_services()))),
    ("includes", procedure!(r, all!(r.service.includes()))),
    ("characteristics", procedure!(r, all!(r.service.characteristics(None)))),
    ("descriptors", procedure!(r, all!(r.characteristic.descriptors()))),
    ("attributes", procedure!(r, all!(r.connection.attributes(1..=0xffff)))),
    ("read", procedure!(r, r.characteristic.read_into(&mut [0; 512]).await.map(drop))),
    (
        "read by UUID",
        procedure!(r, {
            let mut values = r.connection.read_by_uuid(VALUE);
            while values.next_into(&mut [0; 512]).await?.is_some() {}
            Ok(())
        }),
    ),
    ("read multiple", procedure!(r, r.connection.read_multiple(&HANDLES, &mut [0; 512]).await.map(drop))),
    (
        "read multiple variable",
        procedure!(r, r.connection.read_multiple_variable(&HANDLES, &mut [0; 512]).await.map(drop)),
    ),
    ("write", procedure!(r, r.characteristic.write(&1u16).response().await)),
    ("long write", procedure!(r, r.characteristic.write(&LONG).await)),
    (
        "reliable write",
        procedure!(r, r.connection.reliable_write(&[(r.characteristic, &[1]), (r.characteristic, &LONG)]).await),
    ),
    ("subscribe", procedure!(r, r.characteristic.subscribe(Updates::NOTIFY).await.map(drop))),
    (
        "attribute",
        procedure!(r, {
            let mut attributes = r.service.attributes();
            let Some(attribute) = attributes.next().await? else { return Err(Error::NotFound) };
            attribute.read_into(&mut [0; 512]).await.map(drop)
        }),
    ),
    ("write command", procedure!(r, r.characteristic.write(&1u16).no_response().await)),
    (
        "MTU",
        procedure!(
            r,
            match r.connection.exchange_mtu().await {
                // This side asks once on a link.
                Err(Error::Gatt(ErrorCode::REQUEST_NOT_SUPPORTED)) => Ok(()),
                result => result.map(drop),
            }
        ),
    ),
];

pub(crate) async fn remote<'d>(host: Host<'d>, connection: Connection<'d>, peer: &Peer<'_>) -> Remote<'d> {
    peer.answers(honest::answer);
    let service = connection.service(Uuid::new16(honest::SERVICE)).await.unwrap();
    let characteristic = service.characteristic(VALUE).await.unwrap();
    assert_eq!((characteristic.value_handle(), characteristic.end_handle()), (honest::VALUE, 0x1f));
    Remote { host, connection, service, characteristic }
}

/// After whatever the peer did: nothing is kept, the link lives, and a procedure works.
pub(crate) async fn is_well(remote: &Remote<'_>, peer: &Peer<'_>, what: &dyn core::fmt::Debug) {
    peer.answers(honest::answer);
    assert_eq!(remote.characteristic.read::<u16>().await, Ok(0x09c4), "after {what:?}");
    assert_eq!(remote.characteristic.write(&LONG).await, Ok(()), "after {what:?}");
    assert!(remote.connection.is_connected(), "{what:?} ended the link");
    let pools = remote.host.pools();
    assert_eq!((pools.blocks.used, pools.queues.used), (0, 0), "{what:?} is kept: {pools:?}");
}
