//! The battery service, whose image is measured.

use anyhow::{Context, Result, ensure};
use apps::{BATTERY, LEVEL, battery::STATUS};
use jelling::{Host, Updates};

/// What is written.
const PERCENT: u8 = 50;
/// Levels that may have been on their way.
const BEFORE: usize = 5;

pub(crate) async fn play(host: Host<'_>) -> Result<()> {
    let connection = crate::connect(host, "battery").await?;
    let service = connection.service(BATTERY).await.context("the service")?;
    let (level, status) = (service.characteristic(LEVEL).await?, service.characteristic(STATUS).await?);
    println!("read {}", level.read::<u8>().await.context("read")?);
    let mut updates = level.subscribe(Updates::NOTIFY).await.context("subscribe")?;
    println!("notified {}", updates.notified::<u8>().await.context("a notification")?);
    status.write(&PERCENT).response().await.context("write")?;
    ensure!(status.read::<u8>().await? == PERCENT, "another status was read");
    let mut told = vec![];
    while told.last() != Some(&(PERCENT + 1)) {
        ensure!(told.len() < BEFORE, "{PERCENT} was written, and {told:?} notified");
        told.push(updates.notified::<u8>().await.context("a notification")?);
    }
    println!("wrote {PERCENT}, notified {told:?}");
    drop(updates);
    Ok(connection.disconnect().await?)
}
