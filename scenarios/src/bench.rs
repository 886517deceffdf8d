//! How fast the simulator is, with two hosts of ours on it.

use crate::scenario::{SERVICE, VALUE, serve};
use anyhow::{Context, Result};
use core::time::Duration;
use embassy_futures::select::{Either, select};
use jelling::{Error, Host, Updates, sim};
use std::time::Instant;

/// Octets of a value that fills an ACL packet.
const LENGTH: usize = 244;
/// Notifications on the instant air.
const COUNT: usize = 100_000;
/// Simulated seconds of the busy link.
const BUSY: Duration = Duration::from_secs(600);

/// Notifies as fast as it goes until so many have come, or for so long.
async fn flood(hosts: [Host<'_>; 2], count: usize, span: Duration) -> Result<usize, Error> {
    let [peripheral, central] = hosts;
    let value = serve(peripheral)?.value;
    let send = async {
        let connection = peripheral.advertise(Duration::from_millis(30)).await?;
        drop(value.subscription_changed().await?);
        loop {
            value.notify(&connection, &[0x5a; LENGTH][..]).await?;
        }
    };
    let receive = async {
        let interval = Duration::from_micros(7_500);
        let connection = central.connect(sim::device(0)).interval(interval, interval).await?;
        connection.exchange_mtu().await?;
        let remote = connection.service(SERVICE).await?.characteristic(VALUE).await?;
        let mut updates = remote.subscribe(Updates::NOTIFY).depth(8).max_len(LENGTH).await?;
        let mut buffer = [0; LENGTH];
        let mut seen = 0;
        let take = async {
            while seen < count {
                updates.notified_into(&mut buffer).await?;
                seen += 1;
            }
            Ok(())
        };
        // An instant air has no time that could run out.
        let took: Result<(), Error> = if span.is_zero() {
            take.await
        } else {
            let end = embassy_time::Timer::after_micros(u64::try_from(span.as_micros()).unwrap_or(u64::MAX));
            match select(take, end).await {
                Either::First(result) => result,
                Either::Second(()) => Ok(()),
            }
        };
        took.map(|()| seen)
    };
    match select(send, receive).await {
        Either::First(result) => result,
        Either::Second(result) => result,
    }
}

/// Plays on an air; seconds, notifications and packets.
fn measure(air: sim::Air, count: usize, span: Duration) -> Result<(f64, usize, u64)> {
    let simulation = sim::Simulation::on(air);
    let controllers = [simulation.air().controller(), simulation.air().controller()];
    let start = Instant::now();
    let seen = sim::on(&simulation, &controllers, async |hosts| flood(hosts, count, span).await);
    let seconds = start.elapsed().as_secs_f64();
    Ok((seconds, seen.context("the link failed")?, simulation.air().packets()))
}

/// Prints both figures.
///
/// # Errors
/// Where the hosts fail.
pub fn run() -> Result<()> {
    let (seconds, seen, packets) = measure(sim::Air::instant(1), COUNT, Duration::ZERO)?;
    println!(
        "instant air: {seen} notifications, {packets} HCI packets in {seconds:.2} s: {:.0} packets a second",
        packets as f64 / seconds
    );
    let (seconds, seen, packets) = measure(sim::Air::new(1), usize::MAX, BUSY)?;
    let span = BUSY.as_secs_f64();
    println!(
        "busy link, interval 7.5 ms: {span:.0} simulated seconds, {seen} notifications of {LENGTH} octets ({:.0} kbit/s), {packets} HCI packets in {seconds:.2} s: {:.0} simulated seconds a second",
        seen as f64 * LENGTH as f64 * 8.0 / span / 1_000.0,
        span / seconds
    );
    Ok(())
}
