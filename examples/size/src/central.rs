//! A central: it looks for a battery and connects; with a client it reads the level and follows it.

use apps::BATTERY;
use core::time::Duration;
use jelling::{Connection, Error, Host};

pub(crate) async fn run(host: Host<'_>) -> Result<(), Error> {
    let mut scanner = host.scan(Duration::from_secs(5)).active().await?;
    while let Some(result) = scanner.next().await {
        if result.services().any(|uuid| uuid == BATTERY) {
            let connection = host.connect(result.device()).await?;
            #[cfg(feature = "security")]
            connection.pair(pair()).await?;
            follow(&connection).await?;
        }
    }
    Ok(())
}

/// As peripherals of yesterday do, where they may.
#[cfg(feature = "security")]
fn pair() -> jelling::Pair {
    let pair = jelling::Pair::new();
    #[cfg(feature = "legacy-pairing")]
    let pair = pair.le_secure(jelling::LeSecure::Preferred);
    pair
}

#[cfg(not(feature = "client"))]
async fn follow(connection: &Connection<'_>) -> Result<(), Error> {
    connection.disconnected().await
}

#[cfg(feature = "client")]
async fn follow(connection: &Connection<'_>) -> Result<(), Error> {
    let level = connection.service(BATTERY).await?.characteristic(apps::LEVEL).await?;
    let mut percent = level.read::<u8>().await?;
    let mut updates = level.subscribe(jelling::Updates::NOTIFY).max_len(1).await?;
    while percent > 10 {
        percent = updates.notified().await?;
    }
    Ok(())
}
