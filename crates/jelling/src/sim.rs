//! Hosts on simulated controllers, for tests of applications: no radio, and an hour passes in no time.
//!
//! ```
//! use core::time::Duration;
//! use embassy_futures::select::{Either, select};
//! use jelling::{Properties, Uuid};
//!
//! // #[test]
//! fn the_client_reads_the_sensor() {
//!     jelling::sim::run(1, async |[sensor, client]| {
//!         let mut db = sensor.services().unwrap();
//!         let service = db.service(Uuid::new16(0x181a)).unwrap();
//!         db.characteristic(service, Uuid::new16(0x2a6e), Properties::READ).unwrap().write(&2150i16).unwrap();
//!         db.register().unwrap();
//!         let serve = async { sensor.advertise(Duration::from_millis(100)).await.unwrap().disconnected().await };
//!         let ask = async {
//!             let connection = client.connect(jelling::sim::device(0)).await.unwrap();
//!             let service = connection.service(Uuid::new16(0x181a)).await.unwrap();
//!             service.characteristic(Uuid::new16(0x2a6e)).await.unwrap().read::<i16>().await
//!         };
//!         assert!(matches!(select(serve, ask).await, Either::Second(Ok(2150))));
//!     });
//! }
//! # the_client_reads_the_sensor();
//! ```
//!
//! The body is an application like any other: its `embassy_time::Timer` obeys the simulated clock, and two tests on two threads
//! have two clocks. Afterwards the hosts are stopped, and a breach of HCI by one of them fails the test; so does an application
//! that stands still, spins, or has not ended after [`LIMIT`].
//!
//! # Your own air
//!
//! [`on`] runs on controllers and an air of your own making: with loss, out of range, with faults. Here a link is lost because
//! the sensor went out of range:
//!
//! ```
//! use core::time::Duration;
//! use embassy_futures::join::join;
//! use jelling::sim::{self, Air, Simulation};
//!
//! let air = Air::new(7);
//! let controllers = [air.controller(), air.controller()];
//! air.set_loss(0.1);
//! let simulation = Simulation::on(air);
//! sim::on(&simulation, &controllers, async |[sensor, client]| {
//!     let advertise = sensor.advertise(Duration::from_millis(100));
//!     let (theirs, ours) = join(advertise, client.connect(sim::device(0))).await;
//!     let (_theirs, ours) = (theirs.unwrap(), ours.unwrap());
//!     simulation.air().set_in_range(&controllers[0], &controllers[1], false);
//!     ours.disconnected().await.unwrap();
//! });
//! ```
//!
//! # Step by step
//!
//! What is spawned runs as time is told to pass:
//!
//! ```
//! use core::{cell::Cell, time::Duration};
//! use embassy_time::Timer;
//! use jelling::sim::{self, Air, Simulation};
//!
//! let air = Air::new(1);
//! let controllers = [air.controller(), air.controller()];
//! let seen = Cell::new(0);
//! let simulation = Simulation::on(air);
//! simulation.spawn(sim::hosts(&controllers, Default::default(), async |[sensor, client]| {
//!     let mut scanner = client.scan(Duration::ZERO).interval(Duration::from_millis(10)).window(Duration::from_millis(10)).await.unwrap();
//!     let show = sensor.advertise(Duration::from_millis(100)).name("sensor");
//!     let look = async { while scanner.next().await.is_some() { seen.set(seen.get() + 1) } };
//!     embassy_futures::join::join(show, look).await;
//! }));
//! simulation.run_until_idle(); // both hosts have sent their first command
//! assert_eq!(seen.get(), 0);
//! simulation.advance(Duration::from_secs(1));
//! assert_eq!(seen.get(), 1);
//! ```

pub use jelling_sim::*;

use crate::{Bonds, Channels, Config, Device, Gatt, Host, Links, Pool, Resources, RunError, ScanSlots, Tasks};
use ::core::{array, convert::Infallible, future::pending, pin::pin, time::Duration};
use embassy_futures::{
    join::join_array,
    select::{Either, select},
};

/// The memory of a host in a simulation: more than a test needs.
pub type Memory =
    Resources<Links<8, 517>, Gatt<128, 4096>, Pool<192, 32>, ScanSlots<16>, Bonds<16>, Tasks<64>, Channels<16>>;

/// The virtual time that an application may take: six hours. One that needs more has [`Simulation::try_block_on`].
pub const LIMIT: Duration = Duration::from_secs(6 * 3_600);

/// The device behind the controller with this number on its air.
pub fn device(number: u8) -> Device {
    Device::new(crate::AddressKind::Public, [0x00, 0x00, 0x5e, 0x00, 0x53, number])
}

/// Runs an application with `N` hosts, each on a controller of its own, on an air whose randomness follows from `seed`.
///
/// # Panics
/// Where the application panics, where nothing can go on any more or [`LIMIT`] is reached, and where a host broke the rules of
/// HCI.
pub fn run<const N: usize, R>(seed: u64, application: impl AsyncFnOnce([Host<'_>; N]) -> R) -> R {
    let simulation = Simulation::new(seed);
    let controllers = array::from_fn(|_| simulation.air().controller());
    on(&simulation, &controllers, application)
}

/// Runs an application with `N` hosts on these controllers, and stops the hosts when it is done.
///
/// # Panics
/// Where the application panics, and where nothing can go on any more or [`LIMIT`] is reached.
#[allow(clippy::panic, reason = "a test that does not end has failed")]
pub fn on<const N: usize, R>(
    simulation: &Simulation<'_>,
    controllers: &[Controller; N],
    application: impl AsyncFnOnce([Host<'_>; N]) -> R,
) -> R {
    match simulation.try_block_on(hosts(controllers, [Config::default(); N], application), LIMIT) {
        Ok(result) => result,
        Err(Stuck::Late) => {
            panic!("the application has not ended after six hours of virtual time: what waits without a timeout?")
        }
        Err(stuck) => panic!("{stuck}"),
    }
}

/// The future of [`on`], with a configuration for each host. The application and each host are polled as if they were tasks of
/// their own: see [`apart`].
pub async fn hosts<const N: usize, R>(
    controllers: &[Controller; N],
    configs: [Config; N],
    application: impl AsyncFnOnce([Host<'_>; N]) -> R,
) -> R {
    let mut memory: [Box<Memory>; N] = array::from_fn(|_| Box::new(Memory::new()));
    let mut configs = configs.into_iter();
    let hosts = memory.each_mut().map(|m| crate::new(&mut **m, configs.next().unwrap_or_default()));
    let handles = hosts.each_ref().map(|(host, _)| *host);
    let mut transports = controllers.iter().map(Controller::transport);
    let runners = hosts.map(|(_, mut runner)| {
        let transport = transports.next();
        apart(async move {
            if let Some((reader, writer)) = transport {
                // A simulated transport does not end.
                let (RunError::Read(never) | RunError::Write(never)) = runner.run(reader, writer).await;
                match never {}
            }
        })
    });
    let runners = async {
        join_array(runners).await;
        pending::<Infallible>().await
    };
    let work = async {
        let result = apart(application(handles)).await;
        join_array(handles.map(Host::stop)).await;
        result
    };
    match select(pin!(work), pin!(runners)).await {
        Either::First(result) => result,
        Either::Second(never) => match never {},
    }
}
