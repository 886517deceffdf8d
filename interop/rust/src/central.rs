//! The central's part: scan, connect, discover, read, write, subscribe, count, disconnect.

use crate::{INDICATING, INDICATIONS, LONG, NOTIFICATIONS, NOTIFYING, SERVICE, WRITABLE, long_value};
use anyhow::{Context, Result, ensure};
use core::time::Duration;
use embassy_time::Instant;
use jelling::{Connection, Device, Host, Updates};

/// Who ends the link.
pub(crate) enum End {
    /// We.
    Ours,
    /// The peer, when it is asked to.
    Theirs,
}

async fn find(host: Host<'_>, name: &str) -> Result<Device> {
    let step = Duration::from_millis(30);
    let mut scanner = host.scan(Duration::from_secs(10)).active().interval(step).window(step).await?;
    while let Some(result) = scanner.try_next().await? {
        if result.name() == Some(name) && result.connectable() {
            return Ok(result.device());
        }
    }
    anyhow::bail!("{name} was not found")
}

pub(crate) async fn connect<'d>(host: Host<'d>, name: &str) -> Result<Connection<'d>> {
    let device = find(host, name).await?;
    // The shortest interval: an air that takes its time gives a PDU each way in it.
    let interval = Duration::from_micros(7_500);
    host.connect(device).interval(interval, interval).await.context("connect")
}

pub(crate) async fn play(host: Host<'_>, name: &str, end: End) -> Result<()> {
    let connection = connect(host, name).await?;
    let service = connection.service(SERVICE).await.context("service")?;
    let mut all = connection.services(None);
    let mut seen = 0;
    while let Some(found) = all.next().await.context("services")? {
        seen += u32::from(found.uuid() == SERVICE);
    }
    ensure!(seen == 1, "the service was seen {seen} times");

    let long = service.characteristic(LONG).await.context("long")?;
    let mut buffer = [0; 512];
    ensure!(connection.mtu()? == 23, "the MTU before an exchange is 23");
    let length = long.read_into(&mut buffer).await.context("read at MTU 23")?;
    ensure!(buffer[..length] == long_value(), "the long value differs");
    let mtu = connection.exchange_mtu().await.context("exchange MTU")?;
    ensure!(mtu > 23 && connection.mtu()? == mtu, "MTU {mtu}");
    let length = long.read_into(&mut buffer).await.context("read at the larger MTU")?;
    ensure!(buffer[..length] == long_value(), "the long value differs");

    let writable = service.characteristic(WRITABLE).await.context("writable")?;
    writable.write(b"answered").response().await.context("write")?;
    ensure!(writable.read::<[u8; 8]>().await? == *b"answered");
    writable.write(b"unanswered").no_response().await.context("write command")?;
    ensure!(writable.read::<[u8; 10]>().await? == *b"unanswered");
    let whole = long_value();
    writable.write(&whole[..]).response().timeout(Duration::from_secs(5)).await.context("long write")?;
    let length = writable.read_into(&mut buffer).await?;
    ensure!(buffer[..length] == whole, "the long write differs");

    let notifying = service.characteristic(NOTIFYING).await.context("notifying")?;
    let mut updates =
        notifying.subscribe(Updates::NOTIFY).depth(16).max_len(4).await.context("subscribe to notifications")?;
    for expected in 0..NOTIFICATIONS {
        let got = updates.notified::<u32>().timeout(Duration::from_secs(5)).await.context("notified")?;
        ensure!(got == expected, "notification {got} in place of {expected}, {} dropped", updates.dropped());
    }
    drop(updates);
    let indicating = service.characteristic(INDICATING).await.context("indicating")?;
    let mut updates = indicating.subscribe(Updates::INDICATE).await.context("subscribe to indications")?;
    for expected in 0..INDICATIONS {
        let got = updates.indicated::<u32>().timeout(Duration::from_secs(5)).await.context("indicated")?;
        ensure!(got == expected, "indication {got} in place of {expected}");
    }
    drop(updates);
    match end {
        End::Ours => connection.disconnect().await.context("disconnect")?,
        End::Theirs => {
            writable.write(b"bye").response().await.context("bye")?;
            connection.disconnected().timeout(Duration::from_secs(5)).await.context("disconnected")?;
        }
    }
    ensure!(!connection.is_connected());
    println!("central ok");
    Ok(())
}

/// The median time of a read of 20 octets.
pub(crate) async fn round_trips(host: Host<'_>, name: &str) -> Result<()> {
    let connection = connect(host, name).await?;
    connection.exchange_mtu().await?;
    let writable = connection.service(SERVICE).await?.characteristic(WRITABLE).await?;
    writable.write(&[7u8; 20]).response().await?;
    let mut times = vec![];
    for _ in 0..300 {
        let start = Instant::now();
        writable.read::<[u8; 20]>().await?;
        times.push(start.elapsed());
    }
    times.sort();
    println!("{}", times[times.len() / 2].as_micros());
    writable.write(b"bye").response().await?;
    connection.disconnected().timeout(Duration::from_secs(5)).await?;
    Ok(())
}
