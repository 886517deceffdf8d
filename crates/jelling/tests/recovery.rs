//! A controller or a transport fails under a host: links are lost once, the host comes up again as it was, and says so.
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
    select::{select, select3},
};
use embassy_time::{Instant, Timer};
use jelling::{
    AddressKind, Bonds, Characteristic, Config, Connection, Device, Error, Fault, Gatt, Host, HostEvent, Links, Pool,
    Properties, Resources, ScanSlots, Tasks, Uuid,
};
use jelling_sim::{Action, Controller, Direction, Simulation};
use jelling_wire::hci::Opcode;

type Memory = Resources<Links<2, 247>, Gatt<32, 1024>, Pool<32, 6>, ScanSlots<4>, Bonds<4>, Tasks<24>>;

const SERVICE: Uuid = Uuid::new16(0x181a);
const VALUE: Uuid = Uuid::new16(0x2a6e);

fn device(controller: &Controller) -> Device {
    jelling_wire::Address::new(AddressKind::Public, controller.address()).into()
}

fn serve<'d>(host: Host<'d>) -> Characteristic<'d> {
    let mut db = host.services().unwrap();
    let service = db.service(SERVICE).unwrap();
    let value = db.characteristic(service, VALUE, Properties::READ).unwrap();
    db.register().unwrap();
    value.write(&7u8).unwrap();
    value
}

async fn read(host: Host<'_>, device: Device) -> Result<u8, Error> {
    let connection = host.connect(device).await?;
    let value = connection.service(SERVICE).await?.characteristic(VALUE).await?.read::<u8>().await?;
    connection.disconnect().await?;
    Ok(value)
}

async fn connected<'d>(central: Host<'d>, peripheral: Host<'d>, to: Device) -> (Connection<'d>, Connection<'d>) {
    let (ours, theirs) = join(central.connect(to), peripheral.advertise(Duration::from_millis(50))).await;
    (ours.unwrap(), theirs.unwrap())
}

/// Lets `action` happen at the peripheral's controller while it has a link, and while its application advertises again.
fn after(action: Action, fault: Fault, within: Duration) {
    let mut memory = [Box::new(Memory::new()), Box::new(Memory::new())];
    let [one, two] = &mut memory;
    let (central, mut first) = jelling::new(&mut **one, Config::default());
    let (peripheral, mut second) = jelling::new(&mut **two, Config::default());
    let simulation = Simulation::new(5);
    let (a, b) = (simulation.air().controller(), simulation.air().controller());
    let ((reader, writer), (reader2, writer2)) = (a.transport(), b.transport());
    simulation.block_on(async {
        let app = async {
            let value = serve(peripheral);
            let (ours, theirs) = connected(central, peripheral, device(&b)).await;
            let again = async {
                // The first link stays while the peripheral waits for another central.
                let other = peripheral.advertise(Duration::from_millis(50)).await.unwrap();
                other.disconnected().await.unwrap();
            };
            let watch = async {
                peripheral.advertising().await.unwrap();
                let start = Instant::now();
                let [to, _] = b.passed();
                b.inject(jelling_sim::Fault { direction: Direction::ToController, index: to, action });
                // Something passes, so that the fault has a packet to happen at.
                let reading = async {
                    let remote = ours.service(SERVICE).await?.characteristic(VALUE).await?;
                    remote.read::<u8>().no_timeout().await
                };
                assert!(matches!(reading.await, Err(Error::Timeout | Error::Disconnected)));
                ours.disconnected().await.unwrap();
                theirs.disconnected().await.unwrap();
                loop {
                    match peripheral.event().await {
                        HostEvent::Lost(f) => assert_eq!(f, fault),
                        HostEvent::Recovered(f) => break assert_eq!(f, fault),
                        other => panic!("{other:?}"),
                    }
                }
                let late = Duration::from_micros(start.elapsed().as_micros());
                assert!(late <= within, "{action:?}: up again after {late:?}");
                // The table is as it was, and so is advertising, of which the application saw nothing end.
                assert_eq!(value.read::<u8>(), Ok(7));
                assert_eq!(read(central, device(&b)).await, Ok(7));
            };
            join(again, watch).await;
            join(central.stop(), peripheral.stop()).await;
        };
        select3(app, first.run(reader, writer), second.run(reader2, writer2)).await;
    });
    for host in [central, peripheral] {
        let pools = host.pools();
        assert_eq!((pools.links.used, pools.blocks.used, pools.controller_buffers.used), (0, 0, 0), "{pools:?}");
    }
}

#[test]
fn a_hardware_error() {
    after(Action::HardwareError(0x42), Fault::Hardware(0x42), Duration::from_secs(6));
}

#[test]
fn a_restart() {
    after(Action::Restart, Fault::Restarted, Duration::from_secs(6));
}

#[test]
fn a_controller_that_hangs_until_it_is_reset() {
    // Data that is not taken any more is noticed after 40 s, the Disconnect that is not answered 2 s later.
    after(Action::Hang, Fault::Silent(Opcode::DISCONNECT), Duration::from_secs(46));
}

#[test]
fn a_dead_controller_is_given_up_and_everybody_is_told() {
    let mut memory = Box::new(Memory::new());
    let (host, mut runner) = jelling::new(&mut *memory, Config::default());
    let simulation = Simulation::new(1);
    let controller = simulation.air().controller();
    let (reader, writer) = controller.transport();
    simulation.block_on(async {
        let app = async {
            host.start().await.unwrap();
            let [to, _] = controller.passed();
            let kill =
                jelling_sim::Fault { direction: Direction::ToController, index: to + 4, action: Action::Silence };
            controller.inject(kill);
            let start = Instant::now();
            let advertise = async { host.advertise(Duration::from_millis(50)).await.unwrap_err() };
            let scan = async {
                Timer::after_millis(500).await;
                let Ok(mut scanner) = host.scan(Duration::ZERO).await else { return };
                assert!(scanner.try_next().await.is_err());
            };
            let event = async { while !matches!(host.event().await, HostEvent::Failed(_)) {} };
            let (error, (), ()) = join3(advertise, scan, event).await;
            assert!(matches!(error, Error::Down(Fault::Silent(_))), "{error}");
            assert!(start.elapsed().as_secs() <= 9, "three more attempts of 2 s each");
            // Another controller in its place: the next operation starts again.
            controller.power_cycle();
            host.start().await.unwrap();
        };
        select(app, runner.run(reader, writer)).await;
    });
}

#[test]
fn a_new_transport_brings_links_table_and_advertising_back() {
    let mut memory = [Box::new(Memory::new()), Box::new(Memory::new())];
    let [one, two] = &mut memory;
    let (central, mut first) = jelling::new(&mut **one, Config::default());
    let (peripheral, mut second) = jelling::new(&mut **two, Config::default());
    let simulation = Simulation::new(1);
    let (a, b, c) = (simulation.air().controller(), simulation.air().controller(), simulation.air().controller());
    let (reader, writer) = a.transport();
    let app = async {
        serve(peripheral);
        let (_ours, theirs) = connected(central, peripheral, device(&b)).await;
        let again = async {
            let connection = peripheral.advertise(Duration::from_millis(50)).await.unwrap();
            connection.disconnected().await.unwrap();
        };
        let ask = async {
            theirs.disconnected().await.unwrap();
            while peripheral.event().await != HostEvent::Recovered(Fault::TransportClosed) {}
            assert_eq!(read(central, device(&c)).await, Ok(7));
        };
        join(again, ask).await;
        join(central.stop(), peripheral.stop()).await;
    };
    let transports = async {
        for controller in [&b, &c] {
            let (reader, writer) = controller.transport();
            // The first transport ends after a second.
            let end = async {
                match controller.number() {
                    1 => Timer::after_secs(1).await,
                    _ => core::future::pending().await,
                }
            };
            select(second.run(reader, writer), end).await;
            Timer::after_secs(3).await;
        }
    };
    simulation.block_on(async { select3(app, first.run(reader, writer), transports).await });
}
