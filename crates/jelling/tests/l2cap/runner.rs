//! Channels over transports that are slow, or end; frame buffers of other numbers and sizes.

use crate::support::{MTU, PSM, next, octets, opened, rest};
use core::{future::pending, pin::pin, time::Duration};
use embassy_futures::{
    join::{join, join3},
    select::{Either, select, select3},
};
use embassy_time::Timer;
use jelling::{
    Bonds, Channels, Config, Connection, Error, Gatt, Host, Links, Packet, PacketWrite, Pool, Resources, ScanSlots,
    Tasks, sim,
};
use jelling_sim::Simulation;

type Memory<C> = Resources<Links<2, 247>, Gatt<32, 64>, Pool<64, 4>, ScanSlots<2>, Bonds<2>, Tasks<24>, C>;

/// A transport that takes its time, and has the packet all the while.
struct Slow<W>(W, u64);

impl<W: PacketWrite> PacketWrite for Slow<W> {
    type Error = W::Error;
    async fn write(&mut self, packet: Packet<'_>) -> Result<(), W::Error> {
        self.0.write(packet).await?;
        Timer::after_micros(self.1).await;
        Ok(())
    }
}

async fn connected<'d>(central: Host<'d>, peripheral: Host<'d>) -> (Connection<'d>, Connection<'d>) {
    let advertise = peripheral.advertise(Duration::from_millis(50));
    let (ours, theirs) = join(central.connect(sim::device(1)), advertise).await;
    (ours.unwrap(), theirs.unwrap())
}

/// Octets go there and back, over transports that take so long for a packet.
macro_rules! carries {
    ($channels:ty, $micros:expr) => {{
        let mut memory = [Box::new(Memory::<$channels>::new()), Box::new(Memory::<$channels>::new())];
        let [one, two] = &mut memory;
        let (central, mut first) = jelling::new(&mut **one, Config::default());
        let (peripheral, mut second) = jelling::new(&mut **two, Config::default());
        let simulation = Simulation::new(5);
        let (a, b) = (simulation.air().controller(), simulation.air().controller());
        let ((reader, writer), (reader2, writer2)) = (a.transport(), b.transport());
        simulation.block_on(async {
            let app = async {
                let (ours, theirs) = connected(central, peripheral).await;
                let (here, there) = opened(&ours, &theirs, MTU).await;
                let data = octets(0, 4_000);
                let echo = async {
                    let mut count = 0;
                    while count < data.len() {
                        let sdu = next(&there).await.unwrap();
                        there.send(&sdu).await.unwrap();
                        count += sdu.len();
                    }
                };
                let take = async {
                    let mut came = vec![];
                    while came.len() < data.len() {
                        came.extend(next(&here).await.unwrap());
                    }
                    came
                };
                let (sent, (), came) = join3(here.send(&data), echo, take).await;
                sent.unwrap();
                assert!(came == data, stringify!($channels));
                drop((here, there));
                join(central.stop(), peripheral.stop()).await;
            };
            let runners = join(first.run(reader, Slow(writer, $micros)), second.run(reader2, Slow(writer2, $micros)));
            assert!(matches!(select(app, runners).await, Either::First(())));
        });
        for host in [central, peripheral] {
            let pools = host.pools();
            assert_eq!((pools.channels.used, pools.blocks.used, pools.controller_buffers.used), (0, 0, 0));
        }
    }};
}

#[test]
fn frame_buffers_of_any_number_and_size() {
    carries!(Channels<1, 1, 31>, 0);
    carries!(Channels<1, 1, 255>, 0);
    carries!(Channels<2, 3, 100>, 0);
    carries!(Channels<1, 5, 1_032>, 0);
}

#[test]
fn a_slow_transport_holds_its_buffer() {
    carries!(Channels<1, 1, 31>, 150);
    carries!(Channels<2, 2, 255>, 300);
}

/// The link is lost, and another has channels in the same slots, while the transport still writes from a frame buffer.
macro_rules! loses {
    ($channels:ty) => {{
        let mut memory = [Box::new(Memory::<$channels>::new()), Box::new(Memory::<$channels>::new())];
        let [one, two] = &mut memory;
        let (central, mut first) = jelling::new(&mut **one, Config::default());
        let (peripheral, mut second) = jelling::new(&mut **two, Config::default());
        let simulation = Simulation::new(5);
        let (a, b) = (simulation.air().controller(), simulation.air().controller());
        let ((reader, writer), (reader2, writer2)) = (a.transport(), b.transport());
        simulation.block_on(async {
            let app = async {
                for round in 0..8 {
                    let (ours, theirs) = connected(central, peripheral).await;
                    let accept = theirs.l2cap_accept(PSM, 1_900).credits(8);
                    let (there, here) = join(accept, ours.l2cap_connect(PSM, 64)).await;
                    let (here, there) = (here.unwrap(), there.unwrap());
                    let data = octets(round, 30_000);
                    let lose = async {
                        Timer::after_millis(400 + 7 * round as u64).await;
                        theirs.disconnect().await.unwrap();
                    };
                    let ((sdus, end), sent, ()) = join3(rest(&there), here.send(&data), lose).await;
                    assert_eq!((sent, end), (Err(Error::Disconnected), Error::Disconnected));
                    assert!(data.starts_with(&sdus.concat()), "round {round}");
                    ours.disconnected().await.unwrap();
                }
                join(central.stop(), peripheral.stop()).await;
            };
            let runners = join(first.run(reader, Slow(writer, 20_000)), second.run(reader2, writer2));
            assert!(matches!(select(app, runners).await, Either::First(())));
        });
    }};
}

#[test]
fn a_buffer_is_not_filled_while_the_transport_has_it() {
    loses!(Channels<1, 1>);
}

#[test]
fn parts_that_wait_for_the_transport_are_not_written_to_a_lost_link() {
    loses!(Channels<1, 4>);
}

#[test]
fn a_runner_that_ends_in_a_write_leaves_nothing() {
    for millis in (0..40).map(|n| 800 + 3 * n) {
        let mut memory = [Box::new(Memory::<Channels<1, 2>>::new()), Box::new(Memory::<Channels<1, 2>>::new())];
        let [one, two] = &mut memory;
        let (central, mut first) = jelling::new(&mut **one, Config::default());
        let (peripheral, mut second) = jelling::new(&mut **two, Config::default());
        let simulation = Simulation::new(5);
        let (a, b) = (simulation.air().controller(), simulation.air().controller());
        let (reader2, writer2) = b.transport();
        simulation.block_on(async {
            let app = async {
                let (ours, theirs) = connected(central, peripheral).await;
                let (here, there) = opened(&ours, &theirs, MTU).await;
                let data = octets(0, 100_000);
                let ((sdus, end), sent) = join(rest(&there), here.send(&data)).await;
                assert_eq!((sent, end), (Err(Error::Disconnected), Error::Disconnected));
                assert!(data.starts_with(&sdus.concat()), "a prefix of what was sent");
                drop((here, there, ours, theirs));
                // With the next runner all is well.
                let (ours, theirs) = connected(central, peripheral).await;
                let (here, there) = opened(&ours, &theirs, MTU).await;
                here.send(&data[..512]).await.unwrap();
                assert_eq!(next(&there).await.unwrap(), data[..512]);
                drop((here, there));
                join(central.stop(), peripheral.stop()).await;
            };
            let runs = async {
                let (mut reader, writer) = a.transport();
                let mut writer = Slow(writer, 2_000);
                // In the middle of a write, more often than not.
                assert!(select(first.run(&mut reader, &mut writer), Timer::after_millis(millis)).await.is_second());
                first.run(&mut reader, &mut writer).await;
                pending::<()>().await;
            };
            let runs = pin!(runs);
            select3(app, runs, second.run(reader2, writer2)).await;
        });
        let pools = central.pools();
        assert_eq!((pools.channels.used, pools.blocks.used, pools.controller_buffers.used), (0, 0, 0), "{millis} ms");
    }
}
