//! The face on a single-threaded executor: two hosts, their runners and their applications in one future.
#![cfg(all(feature = "central", feature = "client", feature = "peripheral", feature = "server"))]
#![cfg(not(feature = "sync"))]
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    missing_docs,
    reason = "tests"
)]

use core::time::Duration;
use embassy_futures::{
    join::{join, join3},
    select::{Either, Either3, select, select3},
};
use jelling::{
    AddressKind, Bonds, Characteristic, CharacteristicOptions, Config, Connection, Device, Error, Fault, Gatt, Host,
    Links, Pool, Properties, Resources, ScanSlots, Tasks, Updates, Uuid,
};
use jelling_sim::{Action, Controller, Direction, Simulation};

type Memory = Resources<Links<2, 247>, Gatt<32, 1024>, Pool<32, 6>, ScanSlots<4>, Bonds<4>, Tasks<24>>;

const SERVICE: Uuid = Uuid::new16(0x181a);
const VALUE: Uuid = Uuid::new16(0x2a6e);

fn peer() -> Device {
    Device::new(AddressKind::Public, [0x00, 0x00, 0x5e, 0x00, 0x53, 1])
}

/// Runs an application with a central and a peripheral, and wants nothing left in the pools.
fn with_hosts(application: impl AsyncFnOnce(Host<'_>, Host<'_>, &Controller)) {
    let mut memory = [Box::new(Memory::new()), Box::new(Memory::new())];
    let [one, two] = &mut memory;
    let (central, mut first) = jelling::new(&mut **one, Config::default());
    let (peripheral, mut second) = jelling::new(&mut **two, Config::default());
    let simulation = Simulation::new(1);
    let (a, b) = (simulation.air().controller(), simulation.air().controller());
    let ((reader, writer), (reader2, writer2)) = (a.transport(), b.transport());
    simulation.block_on(async {
        let app = async {
            application(central, peripheral, &a).await;
            join(central.stop(), peripheral.stop()).await;
        };
        let ended = select3(app, first.run(reader, writer), second.run(reader2, writer2)).await;
        assert!(matches!(ended, Either3::First(())), "a runner ended");
        for host in [central, peripheral] {
            let pools = host.pools();
            assert_eq!((pools.links.used, pools.blocks.used, pools.controller_buffers.used), (0, 0, 0), "{pools:?}");
        }
    });
}

fn serve<'d>(host: Host<'d>) -> Characteristic<'d> {
    let mut db = host.services().unwrap();
    let service = db.service(SERVICE).unwrap();
    let all = Properties::READ | Properties::WRITE | Properties::NOTIFY | Properties::INDICATE;
    let options = CharacteristicOptions::new(all).initial(b"hello").max_len(100);
    let characteristic = db.characteristic_with(service, VALUE, &options).unwrap();
    assert_eq!(characteristic.service().uuid(), Ok(SERVICE));
    db.register().unwrap();
    characteristic
}

async fn connect<'d>(central: Host<'d>, peripheral: Host<'d>) -> (Connection<'d>, Connection<'d>) {
    connect_to(peer(), central, peripheral).await
}

async fn connect_to<'d>(device: Device, central: Host<'d>, peripheral: Host<'d>) -> (Connection<'d>, Connection<'d>) {
    let advertise = peripheral.advertise(Duration::from_millis(100)).name("peer").services(&[SERVICE]);
    let (ours, theirs) = join(central.connect(device), advertise).await;
    (ours.unwrap(), theirs.unwrap())
}

#[test]
fn values_go_both_ways() {
    with_hosts(async |central, peripheral, _| {
        let local = serve(peripheral);
        let (connection, theirs) = connect(central, peripheral).await;
        let service = connection.service(SERVICE).await.unwrap();
        assert_eq!(connection.service(Uuid::new16(0x1234)).await.unwrap_err(), Error::NotFound);
        let remote = service.characteristic(VALUE).await.unwrap();
        assert_eq!(remote.value_handle(), local.handle());
        assert_eq!(remote.read::<[u8; 5]>().await, Ok(*b"hello"));
        assert_eq!(remote.read::<u32>().await, Err(Error::InvalidValue));
        remote.write(&0x1234u16).await.unwrap();
        assert_eq!(local.read::<u16>(), Ok(0x1234));
        let (writer, value) = local.written::<u16>().await.unwrap();
        assert_eq!((writer == theirs, value), (true, 0x1234));
        // Longer than a PDU: in prepared parts.
        remote.write(&[7u8; 90]).await.unwrap();
        assert_eq!(remote.read::<[u8; 90]>().await, Ok([7; 90]));
        assert_eq!(connection.mtu(), Ok(23));
        assert_eq!(connection.exchange_mtu().await, Ok(247));
        assert!(connection.exchange_mtu().await.is_err(), "a side asks once");
        // The same link again, not another.
        let again = central.connect(peer()).await.unwrap();
        assert!(again == connection);
    });
}

#[test]
fn subscriptions_deliver_in_order_and_end_when_dropped() {
    with_hosts(async |central, peripheral, _| {
        let local = serve(peripheral);
        let (connection, theirs) = connect(central, peripheral).await;
        let remote = connection.service(SERVICE).await.unwrap().characteristic(VALUE).await.unwrap();
        assert_eq!(local.notify(&theirs, &1u8).await, Err(Error::NotSubscribed));
        let mut updates = remote.subscribe(Updates::NOTIFY | Updates::INDICATE).depth(4).max_len(4).await.unwrap();
        let (who, what) = local.subscription_changed().await.unwrap();
        assert_eq!((who == theirs, what), (true, Updates::all()));
        let send = async {
            for i in 0..50u32 {
                local.notify(&theirs, &i).await.unwrap();
            }
            for i in 0..10u32 {
                local.indicate(&theirs, &i).await.unwrap();
            }
        };
        let receive = async {
            for i in 0..50u32 {
                assert_eq!(updates.notified::<u32>().await, Ok(i));
            }
            for i in 0..10u32 {
                assert_eq!(updates.indicated::<u32>().await, Ok(i));
            }
        };
        join(send, receive).await;
        drop(updates);
        let (_, what) = local.subscription_changed().await.unwrap();
        assert_eq!(what, Updates::empty());
    });
}

#[test]
fn a_new_link_has_subscribed_to_nothing() {
    with_hosts(async |central, peripheral, _| {
        let local = serve(peripheral);
        let (connection, theirs) = connect(central, peripheral).await;
        let remote = connection.service(SERVICE).await.unwrap().characteristic(VALUE).await.unwrap();
        let updates = remote.subscribe(Updates::NOTIFY).await.unwrap();
        drop(local.subscription_changed().await.unwrap());
        local.notify(&theirs, &1u8).await.unwrap();
        join(connection.disconnect(), theirs.disconnected()).await.0.unwrap();
        drop(updates);
        let (_connection, theirs) = connect(central, peripheral).await;
        assert_eq!(local.notify(&theirs, &1u8).await, Err(Error::NotSubscribed));
    });
}

#[test]
fn eight_tasks_on_one_connection_all_end_at_its_disconnect() {
    with_hosts(async |central, peripheral, controller| {
        let local = serve(peripheral);
        let (connection, theirs) = connect(central, peripheral).await;
        let remote = connection.service(SERVICE).await.unwrap().characteristic(VALUE).await.unwrap();
        let mut notifications = remote.subscribe(Updates::NOTIFY).await.unwrap();
        let mut more = remote.subscribe(Updates::NOTIFY).await.unwrap();
        let gone = |result: Result<(), Error>| assert_eq!(result, Err(Error::Disconnected));
        let reads = async || -> Result<(), Error> {
            loop {
                remote.read::<[u8; 5]>().await?;
            }
        };
        let tasks = join3(
            join3(
                async { gone(notifications.notified::<u8>().await.map(|_| ())) },
                async { gone(more.notified::<u8>().await.map(|_| ())) },
                async { gone(reads().await) },
            ),
            join3(
                async { gone(reads().await) },
                async { assert_eq!(connection.disconnected().await, Ok(())) },
                async { assert_eq!(theirs.disconnected().await, Ok(())) },
            ),
            join3(
                async { gone(connection.timeout(None, core::future::pending::<()>()).await) },
                async {
                    loop {
                        if let Err(error) = connection.service(SERVICE).await {
                            return assert_eq!(error, Error::Disconnected);
                        }
                    }
                },
                async {
                    // Some way into all of it the link is lost.
                    embassy_time::Timer::after_millis(20).await;
                    controller.lose_links();
                },
            ),
        );
        tasks.await;
        assert_eq!(connection.reason().map(|r| r.0), Some(0x08));
        assert_eq!(remote.read::<u8>().await, Err(Error::Disconnected));
        assert_eq!(local.notify(&theirs, &1u8).await, Err(Error::Disconnected));
        assert_eq!(connection.disconnect().await, Ok(()), "no error when it is down");
    });
}

#[test]
fn time_runs_out_and_nothing_is_left_behind() {
    with_hosts(async |central, peripheral, _| {
        let short = Duration::from_millis(20);
        assert_eq!(central.connect(peer()).timeout(short).await.unwrap_err(), Error::Timeout);
        assert_eq!(peripheral.advertise(short).timeout(short).await.unwrap_err(), Error::Timeout);
        let mut scanner = central.scan(short).await.unwrap();
        assert_eq!(scanner.next().await, None);
        assert!(central.scan(short).await.is_err(), "one scanner at a time");
        drop(scanner);
        drop(central.connect(peer()));
        let (connection, _theirs) = connect(central, peripheral).await;
        assert!(connection.is_connected());
    });
}

#[test]
fn a_scan_merges_names_and_services() {
    with_hosts(async |central, peripheral, _| {
        let advertise = peripheral.advertise(Duration::from_millis(100)).name("peer").services(&[SERVICE]);
        let scan = async {
            peripheral.advertising().await.unwrap();
            let mut scanner = central.scan(Duration::from_secs(1)).active().await.unwrap();
            let result = scanner.next().await.expect("a result");
            assert_eq!((result.name(), result.device(), result.connectable()), (Some("peer"), peer(), true));
            assert!(result.services().eq([SERVICE]));
            assert_eq!(result.flags(), Some(6));
            assert_eq!(result.rssi(), -60);
        };
        assert!(matches!(select(advertise, scan).await, Either::Second(())));
    });
}

#[test]
fn stop_and_start_again_with_other_services() {
    with_hosts(async |central, peripheral, _| {
        let first = serve(peripheral);
        let (connection, _theirs) = connect(central, peripheral).await;
        peripheral.stop().await;
        connection.disconnected().await.unwrap();
        let second = serve(peripheral);
        assert_eq!(first.read::<[u8; 5]>(), Err(Error::Stale));
        assert_eq!(second.read::<[u8; 5]>(), Ok(*b"hello"));
        let (connection, _theirs) = connect(central, peripheral).await;
        assert!(connection.service(SERVICE).await.is_ok());
    });
}

#[test]
fn dropping_the_last_handle_disconnects_and_detach_does_not() {
    with_hosts(async |central, peripheral, _| {
        let (connection, theirs) = connect(central, peripheral).await;
        let clone = connection.clone();
        drop(connection);
        assert!(clone.is_connected());
        drop(clone);
        theirs.disconnected().await.unwrap();
        let (connection, theirs) = connect(central, peripheral).await;
        connection.detach();
        let held = central.connections().next().expect("still there");
        assert!(held.is_connected() && theirs.is_connected());
    });
}

#[test]
fn a_silent_controller_is_told_and_ends_what_waits() {
    let mut memory = Box::new(Memory::new());
    let config = Config { command_timeout: Duration::from_millis(30), ..Config::default() };
    let (host, mut runner) = jelling::new(&mut *memory, config);
    let simulation = Simulation::new(1);
    let controller = simulation.air().controller();
    controller.inject(jelling_sim::Fault { direction: Direction::ToController, index: 0, action: Action::Silence });
    let (reader, writer) = controller.transport();
    simulation.block_on(async {
        let app = async {
            let error = host.start().await.unwrap_err();
            assert!(matches!(error, Error::Down(Fault::Silent(_))), "{error}");
        };
        assert!(matches!(select(app, runner.run(reader, writer)).await, Either::First(())));
    });
}

#[test]
fn a_host_goes_on_with_another_transport() {
    let mut memory = [Box::new(Memory::new()), Box::new(Memory::new())];
    let [one, two] = &mut memory;
    let (central, mut first) = jelling::new(&mut **one, Config::default());
    let (peripheral, mut second) = jelling::new(&mut **two, Config::default());
    let local = serve(peripheral);
    let simulation = Simulation::new(1);
    for round in 0..3u8 {
        let (a, b) = (simulation.air().controller(), simulation.air().controller());
        let ((reader, writer), (reader2, writer2)) = (a.transport(), b.transport());
        let device = |c: &Controller| jelling_wire::Address::new(AddressKind::Public, c.address()).into();
        let mut connections = None;
        simulation.block_on(async {
            let app = async {
                let (connection, theirs) = connect_to(device(&b), central, peripheral).await;
                local.write(&round).unwrap();
                let remote = connection.service(SERVICE).await.unwrap().characteristic(VALUE).await.unwrap();
                assert_eq!(remote.read::<u8>().await, Ok(round));
                connections = Some((connection, theirs));
            };
            select3(app, first.run(reader, writer), second.run(reader2, writer2)).await;
        });
        // The transports are gone, and so are the links; the handles say so.
        let (connection, theirs) = connections.expect("connected");
        assert!(!connection.is_connected() && !theirs.is_connected());
        assert!(!central.is_up());
    }
}
