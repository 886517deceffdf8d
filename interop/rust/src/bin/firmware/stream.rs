//! Notifications of an MCU, and writes to it, counted.

use anyhow::{Context, Result, ensure};
use apps::stream::{LENGTH, LONGEST, SINK, STREAM, VALUE};
use embassy_time::{Duration, Instant};
use jelling::{Host, Updates};

/// How long each length is measured.
const TIME: Duration = Duration::from_secs(2);
/// For what stands behind other data.
const TIMEOUT: core::time::Duration = core::time::Duration::from_secs(20);
/// Values that are written.
const WRITES: u32 = 500;

pub(crate) async fn play(host: Host<'_>) -> Result<()> {
    let connection = crate::connect(host, "stream").await?;
    let mtu = connection.exchange_mtu().await.context("exchange MTU")?;
    ensure!(usize::from(mtu) >= LONGEST + 3, "an MTU of {mtu}");
    let service = connection.service(STREAM).await?;
    let (value, length) = (service.characteristic(VALUE).await?, service.characteristic(LENGTH).await?);
    for octets in [20, LONGEST] {
        // A subscription each: what is left of a length before is not counted.
        let mut updates = value.subscribe(Updates::NOTIFY).max_len(LONGEST).depth(16).await?;
        length.write(&u16::try_from(octets)?).response().await?;
        let mut buffer = [0; LONGEST];
        let mut start = Instant::now();
        let (mut first, mut count) = (0, 0u32);
        loop {
            let length = updates.notified_into(&mut buffer).await.context("a notification")?;
            let number = buffer.first_chunk().map_or(0, |octets| u32::from_le_bytes(*octets));
            ensure!(length == octets, "{length} octets");
            ensure!(count == 0 || number == first + count, "{number} after {}: values are lost", first + count);
            if count == 0 {
                (first, start) = (number, Instant::now());
            }
            count += 1;
            if start.elapsed() >= TIME {
                break;
            }
        }
        length.write(&0u16).response().await?;
        let rate = f64::from(count) / (start.elapsed().as_micros() as f64 / 1e6);
        println!("{octets} octets: {rate:.0} notifications/s, {:.0} octets/s", rate * octets as f64);
    }
    let sink = service.characteristic(SINK).await?;
    let start = Instant::now();
    for number in 0..WRITES {
        let mut octets = [0xa5; LONGEST];
        octets[..4].copy_from_slice(&number.to_le_bytes());
        sink.write(&octets[..]).no_response().await.context("a write")?;
    }
    // A controller may have taken all of them, and pass them on for a while.
    let taken = sink.read::<u32>().timeout(TIMEOUT).await.context("how many came")?;
    ensure!(taken == WRITES, "of {WRITES} writes {taken} came in a row");
    let rate = f64::from(WRITES) / (start.elapsed().as_micros() as f64 / 1e6);
    println!("{LONGEST} octets: {rate:.0} writes/s, {:.0} octets/s", rate * LONGEST as f64);
    Ok(connection.disconnect().await?)
}
