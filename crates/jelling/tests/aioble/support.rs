//! Hosts, what they serve, and how long something takes.

use core::{array, future::Future, time::Duration};
use embassy_futures::join::join;
use embassy_time::Instant;
use jelling::{
    Characteristic, CharacteristicOptions, ClientCharacteristic, Connection, Host, Properties, Uuid,
    sim::{self, Air, Controller, Direction, Passed, Simulation},
};

pub(crate) const INTERVAL: Duration = Duration::from_millis(50);
pub(crate) const SERVICE: Uuid = Uuid::new16(0x181a);
pub(crate) const VALUE: Uuid = Uuid::new16(0x2a6e);
pub(crate) const OTHER: Uuid = Uuid::new128(0x19b1_0001_e8f2_537e_4f6c_d104_768a_1214);

/// Runs an application with as many hosts as it takes, each on the controller of its number. What passes is recorded, and
/// afterwards nothing may be left in the pools.
pub(crate) fn play<const N: usize>(application: impl AsyncFnOnce([Host<'_>; N], &Air, &[Controller; N])) {
    let air = Air::new(1);
    air.record();
    let controllers: [Controller; N] = array::from_fn(|_| air.controller());
    let simulation = Simulation::on(air);
    sim::on(&simulation, &controllers, async |hosts| {
        application(hosts, simulation.air(), &controllers).await;
        for host in hosts {
            host.stop().await;
            // Captured writes go with their table.
            host.bare_services().unwrap().register().unwrap();
            let pools = host.pools();
            let used = [pools.links, pools.blocks, pools.queues, pools.controller_buffers].map(|pool| pool.used);
            assert_eq!(used, [0; 4], "{pools:?}");
        }
    });
}

/// The central's connection to the peripheral with this number, and the peripheral's to it.
pub(crate) async fn connected<'d>(
    central: Host<'d>,
    peripheral: Host<'d>,
    number: u8,
) -> (Connection<'d>, Connection<'d>) {
    let (ours, theirs) = join(central.connect(sim::device(number)), peripheral.advertise(INTERVAL)).await;
    (ours.unwrap(), theirs.unwrap())
}

/// Serves one characteristic.
pub(crate) fn serve<'d>(host: Host<'d>, options: &CharacteristicOptions<'_>) -> Characteristic<'d> {
    let mut db = host.services().unwrap();
    let service = db.service(SERVICE).unwrap();
    let value = db.characteristic_with(service, VALUE, options).unwrap();
    db.register().unwrap();
    value
}

/// A characteristic that offers everything.
pub(crate) const fn everything<'a>() -> CharacteristicOptions<'a> {
    CharacteristicOptions::new(
        Properties::READ
            .union(Properties::WRITE)
            .union(Properties::WRITE_WITHOUT_RESPONSE)
            .union(Properties::NOTIFY)
            .union(Properties::INDICATE),
    )
}

/// What [`serve`] serves, found by the client.
pub(crate) async fn found<'d>(connection: &Connection<'d>) -> ClientCharacteristic<'d> {
    connection.service(SERVICE).await.unwrap().characteristic(VALUE).await.unwrap()
}

/// What a future gives, and how long it took.
pub(crate) async fn timed<T>(future: impl Future<Output = T>) -> (T, Duration) {
    let start = Instant::now();
    let output = future.await;
    (output, Duration::from_micros(start.elapsed().as_micros()))
}

/// The octets of packets that one controller's host sent which begin with these, behind them.
pub(crate) fn sent(recording: &[Passed], controller: usize, beginning: &[u8]) -> Vec<Vec<u8>> {
    let to = |p: &&Passed| p.controller == controller && p.direction == Direction::ToController;
    let rest = |p: &Passed| p.octets.strip_prefix(beginning).map(<[u8]>::to_vec);
    recording.iter().filter(to).filter_map(rest).collect()
}
