//! Hosts on simulated controllers, for tests of applications: no radio, and an hour passes in no time.
//!
//! ```
//! # use core::time::Duration;
//! # use embassy_futures::select::{Either, select};
//! use jelling::{AddressKind, Device, Properties, Uuid};
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
//! have two clocks. Afterwards the hosts are stopped, and a breach of HCI by one of them fails the test. [`on`] runs on
//! controllers and an air of your own making: with loss, out of range, with faults.

pub use jelling_sim::*;

use crate::{Config, Device, Gatt, Host, Links, Pool, Resources, RunError, ScanSlots, Tasks};
use ::core::{array, convert::Infallible, future::pending, pin::pin};
use embassy_futures::{
    join::join_array,
    select::{Either, select},
};

/// The memory of a host in a simulation: more than a test needs.
pub type Memory = Resources<Links<8, 517>, Gatt<128, 4096>, Pool<192, 32>, ScanSlots<16>, Tasks<64>>;

/// The device behind the controller with this number on its air.
pub fn device(number: u8) -> Device {
    Device::new(crate::AddressKind::Public, [0x00, 0x00, 0x5e, 0x00, 0x53, number])
}

/// Runs an application with `N` hosts, each on a controller of its own, on an air whose randomness follows from `seed`.
///
/// # Panics
/// Where the application panics, where nothing can go on any more, and where a host broke the rules of HCI.
pub fn run<const N: usize, R>(seed: u64, application: impl AsyncFnOnce([Host<'_>; N]) -> R) -> R {
    let simulation = Simulation::new(seed);
    let controllers = array::from_fn(|_| simulation.air().controller());
    on(&simulation, &controllers, application)
}

/// Runs an application with `N` hosts on these controllers, and stops the hosts when it is done.
///
/// # Panics
/// Where the application panics, and where nothing can go on any more.
pub fn on<const N: usize, R>(
    simulation: &Simulation<'_>,
    controllers: &[Controller; N],
    application: impl AsyncFnOnce([Host<'_>; N]) -> R,
) -> R {
    simulation.block_on(hosts(controllers, [Config::default(); N], application))
}

/// The future of [`on`], with a configuration for each host.
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
        async move {
            if let Some((reader, writer)) = transport {
                // A simulated transport does not end.
                let (RunError::Read(never) | RunError::Write(never)) = runner.run(reader, writer).await;
                match never {}
            }
        }
    });
    let runners = async {
        join_array(runners).await;
        pending::<Infallible>().await
    };
    let work = async {
        let result = application(handles).await;
        join_array(handles.map(Host::stop)).await;
        result
    };
    match select(pin!(work), pin!(runners)).await {
        Either::First(result) => result,
        Either::Second(never) => match never {},
    }
}
