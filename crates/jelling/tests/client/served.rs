//! A server of ours, and a connection to it.

use core::{future::Future, time::Duration};
use embassy_futures::{
    join::join,
    select::{Either, select},
    yield_now,
};
use jelling::{
    Characteristic, CharacteristicOptions, ClientCharacteristic, ClientService, Connection, Host, Properties,
    ServiceOptions, Uuid, sim,
};

pub(crate) const MAIN: Uuid = Uuid::new16(0x181a);
pub(crate) const SHORT: Uuid = Uuid::new16(0x180f);
pub(crate) const WIDE: Uuid = Uuid::new128(0x7d2e_0009_5c0b_4f5a_9a3e_6b1f_0c2d_4e01);
pub(crate) const LEVEL: Uuid = Uuid::new16(0x2a19);
pub(crate) const TEXT: Uuid = Uuid::new128(0x7d2e_000a_5c0b_4f5a_9a3e_6b1f_0c2d_4e01);
pub(crate) const NAME: Uuid = Uuid::new16(0x2901);
pub(crate) const ALL: Properties =
    Properties::READ.union(Properties::WRITE).union(Properties::NOTIFY).union(Properties::INDICATE);

/// The octets of the long value.
pub(crate) fn text() -> Vec<u8> {
    (0..300u32).map(|i| (i % 251) as u8).collect()
}

/// Two secondary services, and one that includes both and itself holds two levels and a long text.
pub(crate) fn serve<'d>(host: Host<'d>) -> [Characteristic<'d>; 3] {
    let mut db = host.bare_services().unwrap();
    let short = ServiceOptions::new().secondary().handle(0x10).end_handle(0x1f);
    let short = db.service_with(SHORT, &short).unwrap();
    db.characteristic(short, LEVEL, Properties::READ).unwrap().write(&1u8).unwrap();
    let wide = db.service_with(WIDE, &ServiceOptions::new().secondary().handle(0x20)).unwrap();
    db.characteristic(wide, LEVEL, Properties::READ).unwrap().write(&2u8).unwrap();
    let main = db.service_with(MAIN, &ServiceOptions::new().handle(0x40).end_handle(0xffff)).unwrap();
    for (handle, included) in [(0x41, 0x10), (0x42, 0x20), (0x43, 0x10)] {
        db.include(Some(handle), included).unwrap();
    }
    let level = db.characteristic(main, LEVEL, ALL).unwrap();
    let name = CharacteristicOptions::new(Properties::READ).initial(b"level");
    db.descriptor(level, NAME, &name).unwrap();
    let other = db.characteristic(main, LEVEL, ALL).unwrap();
    let octets = text();
    let long = CharacteristicOptions::new(ALL).initial(&octets).max_len(512);
    let long = db.characteristic_with(main, TEXT, &long).unwrap();
    db.register().unwrap();
    level.write(&3u8).unwrap();
    other.write(&0x0504u16).unwrap();
    [level, other, long]
}

/// The application's side of a connection to that server.
pub(crate) struct Ours<'d> {
    pub(crate) connection: Connection<'d>,
    pub(crate) service: ClientService<'d>,
    pub(crate) level: ClientCharacteristic<'d>,
    pub(crate) other: ClientCharacteristic<'d>,
    pub(crate) text: ClientCharacteristic<'d>,
}

pub(crate) async fn connect<'d>(server: Host<'d>, client: Host<'d>) -> (Ours<'d>, Connection<'d>) {
    let (connection, theirs) = join(client.connect(sim::device(0)), server.advertise(Duration::from_millis(50))).await;
    let (connection, theirs) = (connection.unwrap(), theirs.unwrap());
    let service = connection.service(MAIN).await.unwrap();
    let mut levels = service.characteristics(Some(LEVEL));
    let [level, other] = [levels.next().await, levels.next().await].map(|found| found.unwrap().unwrap());
    assert!(levels.next().await.unwrap().is_none());
    drop(levels);
    let text = service.characteristic(TEXT).await.unwrap();
    (Ours { connection, service, level, other, text }, theirs)
}

pub(crate) fn with_server(application: impl AsyncFnOnce(Ours<'_>, Connection<'_>, [Characteristic<'_>; 3])) {
    sim::run(1, async |[server, client]| {
        let local = serve(server);
        let (ours, theirs) = connect(server, client).await;
        application(ours, theirs, local).await;
        let pools = client.pools();
        assert_eq!((pools.blocks.used, pools.queues.used), (0, 0), "{pools:?}");
    });
}

/// A future that is dropped after so many polls; its result if it was done before.
pub(crate) async fn polled<F: Future>(times: usize, future: F) -> Option<F::Output> {
    let give_up = async {
        for _ in 1..times {
            yield_now().await;
        }
    };
    match select(future, give_up).await {
        Either::First(output) => Some(output),
        Either::Second(()) => None,
    }
}
