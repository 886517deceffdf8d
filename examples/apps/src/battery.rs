//! The battery service: a level that is read and notified, and a status that is written too.

use crate::{BATTERY, LEVEL};
use core::time::Duration;
use jelling::{Characteristic, CharacteristicOptions, Connection, Error, Host, Properties, Uuid};

/// Status: what is written to it is the level from then on.
pub const STATUS: Uuid = Uuid::new128(0x4088_13df_5dd4_1f87_ec11_cdb0_0110_0000);

/// Serves one client after another: the level rises every two seconds, or is what a client has written.
///
/// # Errors
/// Where the table has no room, or the host cannot advertise.
pub async fn battery(host: Host<'_>) -> Result<(), Error> {
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

async fn serve(connection: &Connection<'_>, level: Characteristic<'_>, status: Characteristic<'_>) {
    let mut percent = 10u8;
    while connection.is_connected() {
        percent = percent.wrapping_add(1);
        let _ = level.notify(connection, &percent).await;
        if let Ok((_, value)) = status.written::<u8>().timeout(Duration::from_secs(2)).await {
            percent = value;
        }
    }
}
