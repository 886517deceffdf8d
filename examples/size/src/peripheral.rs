//! A peripheral: with a server the battery service, without one a beacon.

use core::time::Duration;
use jelling::Host;

#[cfg(not(feature = "server"))]
pub(crate) async fn run(host: Host<'_>) -> Result<(), jelling::Error> {
    let beacon = host.advertise(Duration::from_millis(100)).name("battery").services(&[crate::BATTERY]);
    beacon.non_connectable().await?.disconnected().await
}

#[cfg(feature = "server")]
pub(crate) use battery::run;

#[cfg(feature = "server")]
mod battery {
    use super::{Duration, Host};
    use crate::{BATTERY, LEVEL};
    use jelling::{Characteristic, CharacteristicOptions, Properties, Uuid};

    const STATUS: Uuid = Uuid::new128(0x4088_13df_5dd4_1f87_ec11_cdb0_0110_0000);

    pub(crate) async fn run(host: Host<'_>) -> Result<(), jelling::Error> {
        let mut db = host.services()?;
        let service = db.service(BATTERY)?;
        let level = CharacteristicOptions::new(Properties::READ | Properties::NOTIFY).initial(&[10]).fixed();
        let level = db.characteristic_with(service, LEVEL, &level)?;
        let status =
            CharacteristicOptions::new(Properties::READ | Properties::WRITE | Properties::NOTIFY).initial(&[0]).fixed();
        let status = db.characteristic_with(service, STATUS, &status)?;
        db.register()?;
        loop {
            let advertise = host.advertise(Duration::from_millis(100)).name("battery").services(&[BATTERY]);
            let connection = advertise.await?;
            serve(&connection, level, status).await;
        }
    }

    async fn serve(connection: &jelling::Connection<'_>, level: Characteristic<'_>, status: Characteristic<'_>) {
        let mut percent = 10u8;
        while connection.is_connected() {
            percent = percent.wrapping_add(1);
            let _ = level.notify(connection, &percent).await;
            if let Ok((_, value)) = status.written::<u8>().timeout(Duration::from_secs(2)).await {
                percent = value;
            }
        }
    }
}
