//! The thermometer, before and after a reset of its MCU.

use anyhow::{Context, Result, bail, ensure};
use apps::{ENV_SENSE, INTERVAL, NAME, TEMPERATURE};
use core::time::Duration;
use jelling::{ClientCharacteristic, Connection, Error, Host, Pair, Raise, Updates};

/// The longest supervision timeout that a connection of ours has, and more.
const LOSS: Duration = Duration::from_secs(30);

async fn find<'d>(connection: &Connection<'d>) -> Result<[ClientCharacteristic<'d>; 2]> {
    let service = connection.service(ENV_SENSE).await.context("the service")?;
    Ok([service.characteristic(TEMPERATURE).await?, service.characteristic(INTERVAL).await?])
}

pub(crate) async fn play(host: Host<'_>) -> Result<()> {
    let connection = crate::connect(host, NAME).await?;
    let [temperature, interval] = find(&connection).await?;
    println!("read {}", temperature.read::<i16>().await.context("read")?);
    let mut updates = temperature.subscribe(Updates::NOTIFY).await.context("subscribe")?;
    let mut last = updates.notified::<i16>().await.context("a notification")?;
    println!("notified {last}");
    for _ in 0..2 {
        let next = updates.notified::<i16>().await.context("a notification")?;
        ensure!(next > last && (next - last) % 10 == 0, "{next} was notified after {last}");
        println!("notified {next}");
        last = next;
    }

    connection.raise_by(Some(Raise::Never))?;
    match interval.write(&1u16).response().await {
        Err(Error::Gatt(code)) => println!("not paired, so a write is refused: {code}"),
        other => bail!("written without pairing: {other:?}"),
    }
    let security = connection.pair(Pair::new()).await.context("pair")?;
    ensure!(security.encrypted && security.bonded && security.secure_connections, "{security:?}");
    println!("paired: {security:?}");
    interval.write(&2u16).response().await.context("write")?;

    println!("reset");
    let lost = async {
        while updates.notified::<i16>().await.is_ok() {}
        connection.disconnected().timeout(LOSS).await
    };
    tokio::time::timeout(LOSS, lost).await.context("the reset was not noticed")??;
    drop(updates);
    println!("the link is lost");

    let connection = crate::connect(host, NAME).await?;
    let security = connection.security()?;
    ensure!(security.bonded && !security.encrypted, "{security:?}");
    // Never pairs.
    let security = connection.encrypt().await.context("encrypt with the bond")?;
    ensure!(security.encrypted && security.bonded && security.secure_connections, "{security:?}");
    println!("encrypted with the bond");
    let [temperature, interval] = find(&connection).await?;
    ensure!(interval.read::<u16>().await? == 1, "what was written is in RAM, and gone with the reset");
    interval.write(&2u16).response().await.context("write")?;
    println!("read {}", temperature.read::<i16>().await.context("read")?);
    Ok(connection.disconnect().await?)
}
