//! The services of every host, and what clients learn of a table that changes; signed writes: the face in the simulator.
#![cfg(all(feature = "central", feature = "client", feature = "peripheral", feature = "server"))]
#![cfg(all(feature = "sim", feature = "security", not(feature = "sync")))]
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, missing_docs, reason = "tests")]

use core::time::Duration;
use embassy_futures::join::join;
use jelling::{
    Argument, Characteristic, CharacteristicOptions, ClientCharacteristic, Config, Connection, ConnectionParameters,
    Error, ErrorCode, Host, Properties, Registration, Resource, Updates, Uuid,
    sim::{self, Simulation},
};

const SERVICE: Uuid = Uuid::new16(0x181a);
const VALUE: Uuid = Uuid::new16(0x2a6e);

/// Runs an application with a peripheral of this configuration and a central, connected.
fn play(config: Config, application: impl AsyncFnOnce(Host<'_>, Connection<'_>, Connection<'_>)) {
    let simulation = Simulation::new(1);
    let controllers = [simulation.air().controller(), simulation.air().controller()];
    let run = async |[peripheral, central]: [Host<'_>; 2]| {
        let advertise = peripheral.advertise(Duration::from_millis(50));
        let (theirs, ours) = join(advertise, central.connect(sim::device(0))).await;
        application(peripheral, theirs.unwrap(), ours.unwrap()).await;
    };
    simulation.try_block_on(sim::hosts(&controllers, [config, Config::default()], run), sim::LIMIT).unwrap();
}

fn serve(host: Host<'_>, properties: Properties, value: &[u8]) {
    let mut db = host.services().unwrap();
    let service = db.service(SERVICE).unwrap();
    db.characteristic_with(service, VALUE, &CharacteristicOptions::new(properties).initial(value)).unwrap();
    db.register().unwrap();
}

async fn find<'d>(connection: &Connection<'d>, service: Uuid, uuid: u16) -> ClientCharacteristic<'d> {
    connection.service(service).await.unwrap().characteristic(Uuid::new16(uuid)).await.unwrap()
}

#[test]
fn a_host_that_registers_nothing_shows_what_it_is() {
    let preferred = ConnectionParameters {
        interval_min: Duration::from_millis(15),
        interval_max: Duration::from_millis(30),
        latency: 4,
        supervision_timeout: Duration::from_secs(3),
    };
    let config =
        Config { name: "thermometer", appearance: 0x0300, preferred_parameters: Some(preferred), ..Config::default() };
    play(config, async |host, _theirs, ours| {
        assert_eq!(host.config().preferred_parameters, Some(preferred));
        let gap = Uuid::new16(0x1800);
        assert_eq!(find(&ours, gap, 0x2a00).await.read::<[u8; 11]>().await, Ok(*b"thermometer"));
        assert_eq!(find(&ours, gap, 0x2a01).await.read::<u16>().await, Ok(0x0300));
        assert_eq!(find(&ours, gap, 0x2a04).await.read::<[u8; 8]>().await, Ok([12, 0, 24, 0, 4, 0, 44, 1]));
        let hash = find(&ours, Uuid::new16(0x1801), 0x2b2a).await;
        let before = hash.read::<[u8; 16]>().await.unwrap();
        serve(host, Properties::READ, b"value");
        assert_ne!(hash.read::<[u8; 16]>().await, Ok(before));
        host.bare_services().unwrap().register().unwrap();
        assert_eq!(ours.service(gap).await.err(), Some(Error::NotFound));
    });
    play(Config { default_services: false, ..Config::default() }, async |host, _theirs, ours| {
        assert!(ours.services(None).next().await.unwrap().is_none());
        serve(host, Properties::READ, b"value");
        assert_eq!(find(&ours, SERVICE, 0x2a6e).await.value_handle(), 3);
    });
}

#[test]
fn a_client_learns_that_the_table_has_changed() {
    play(Config::default(), async |host, theirs, ours| {
        let offers = Properties::READ | Properties::WRITE | Properties::NOTIFY;
        serve(host, offers, b"old");
        let gatt = ours.service(Uuid::new16(0x1801)).await.unwrap();
        let changed = gatt.characteristic(Uuid::new16(0x2a05)).await.unwrap();
        let mut changes = changed.subscribe(Updates::INDICATE).await.unwrap();
        let features = gatt.characteristic(Uuid::new16(0x2b29)).await.unwrap();
        features.write(&[1u8]).await.unwrap();
        assert_eq!(features.write(&[0u8]).await, Err(Error::Gatt(ErrorCode::VALUE_NOT_ALLOWED)));
        let value = find(&ours, SERVICE, 0x2a6e).await;
        serve(host, offers, b"new");
        // It has not been told yet, or has not looked: once it is refused.
        assert_eq!(value.read::<[u8; 3]>().await, Err(Error::Gatt(ErrorCode::DATABASE_OUT_OF_SYNC)));
        assert_eq!(value.read::<[u8; 3]>().await, Ok(*b"new"));
        let first = value.service().handle();
        let last = first + 3;
        let range = |[s0, s1, e0, e1]: [u8; 4]| (u16::from_le_bytes([s0, s1]), u16::from_le_bytes([e0, e1]));
        assert_eq!(changes.indicated::<[u8; 4]>().await.map(range), Ok((first, last)));
        // Who confirms knows.
        let mut db = host.services().unwrap();
        let service = db.service(SERVICE).unwrap();
        let own = db.characteristic(service, VALUE, Properties::READ | Properties::NOTIFY).unwrap();
        db.register().unwrap();
        // aioble's notify, to who has not subscribed, waits for that.
        let notify = own.notify(&theirs, &[7u8]).forced();
        let (notified, told) = join(notify, changes.indicated::<[u8; 4]>()).await;
        assert_eq!((notified, told.map(range)), (Ok(()), Ok((first, last))));
        assert!(value.read::<[u8; 0]>().await.is_ok());
    });
}

#[test]
fn a_client_signs_what_it_writes() {
    play(Config { signed_writes: true, ..Config::default() }, async |host, theirs, ours| {
        let mut db = host.services().unwrap();
        let service = db.service(SERVICE).unwrap();
        let options = CharacteristicOptions::new(Properties::SIGNED_WRITE | Properties::READ).capture(2);
        let signed = db.characteristic_with(service, VALUE, &options).unwrap();
        db.register().unwrap();
        let value = find(&ours, SERVICE, 0x2a6e).await;
        assert_eq!(value.write(&1u8).signed().await, Err(Error::NoSigningKey));
        theirs.inject_peer_signing_key([7; 16], 0).unwrap();
        ours.inject_own_signing_key([7; 16], 3).unwrap();
        assert_eq!(value.write(&[0u8; 9]).signed().await, Err(Error::TooLong));
        for number in 0..3u8 {
            value.write(&number).signed().await.unwrap();
            let (writer, octet) = signed.written::<u8>().await.unwrap();
            assert_eq!((writer == theirs, octet), (true, number));
        }
        assert_eq!(value.write(&1u8).await, Err(Error::NotSupported));
        // A key of somebody else.
        ours.inject_own_signing_key([8; 16], 9).unwrap();
        value.write(&9u8).signed().await.unwrap();
        assert_eq!(value.read::<u8>().await, Ok(2));
        assert_eq!(host.counters().signatures_refused, 1);
        let name = find(&ours, Uuid::new16(0x1800), 0x2a00).await;
        assert_eq!(name.write(&1u8).signed().await, Err(Error::NotSupported));
    });
}

#[test]
fn several_values_reach_a_client_with_and_without_the_word_that_it_takes_them_together() {
    play(Config::default(), async |host, theirs, ours| {
        let mut db = host.services().unwrap();
        let service = db.service(SERVICE).unwrap();
        let [first, second] =
            [0x2a6e, 0x2a6f].map(|uuid| db.characteristic(service, Uuid::new16(uuid), Properties::NOTIFY).unwrap());
        db.register().unwrap();
        let values = [(first, &[1u8][..]), (second, &[2, 2]), (first, &[3])];
        assert_eq!(theirs.notify_several(&values).await, Err(Error::NotSubscribed));
        let mut updates = vec![];
        for uuid in [0x2a6e, 0x2a6f] {
            let characteristic = find(&ours, SERVICE, uuid).await;
            updates.push(characteristic.subscribe(Updates::NOTIFY).depth(2).await.unwrap());
        }
        let [firsts, seconds] = &mut updates[..] else { panic!("two subscriptions") };
        for word in [None, Some(4u8)] {
            if let Some(word) = word {
                find(&ours, Uuid::new16(0x1801), 0x2b29).await.write(&word).await.unwrap();
            }
            theirs.notify_several(&values).await.unwrap();
            assert_eq!(firsts.notified::<u8>().await, Ok(1));
            assert_eq!(firsts.notified::<u8>().await, Ok(3));
            assert_eq!(seconds.notified::<[u8; 2]>().await, Ok([2, 2]));
        }
    });
}

fn describe<'d>(
    db: &mut Registration<'d>,
    characteristic: Characteristic<'d>,
    options: &CharacteristicOptions<'_>,
) -> Result<(), Error> {
    db.descriptor(characteristic, Uuid::new16(0x2901), options).map(|_| ())
}

#[test]
fn what_cannot_be_added_is_not_there() {
    sim::run(1, async |[server, client]| {
        let mut db = server.bare_services().unwrap();
        let first = db.service(SERVICE).unwrap();
        let readable = CharacteristicOptions::new(Properties::READ);
        // There are blocks for one of these.
        let captured = readable.max_len(512).capture(16);
        let value = db.characteristic_with(first, VALUE, &captured).unwrap();
        let order = Err(Error::InvalidArgument(Argument::Order));
        let full = db.characteristic_with(first, VALUE, &captured).map(|_| ());
        assert_eq!(full, Err(Error::Full(Resource::Blocks)));
        assert_eq!(describe(&mut db, value, &captured), full);
        describe(&mut db, value, &readable).unwrap();
        let second = db.service(SERVICE).unwrap();
        assert_eq!(second.handle(), value.handle() + 2);
        // Neither goes to another one than it was meant for.
        assert_eq!(db.characteristic_with(first, VALUE, &readable).map(|_| ()), order);
        assert_eq!(describe(&mut db, value, &readable), order);
        let last = db.characteristic_with(second, VALUE, &readable).unwrap();
        describe(&mut db, last, &readable).unwrap();
        db.register().unwrap();
        assert_eq!((server.pools().queues.used, client.pools().queues.used), (1, 0));
    });
}
