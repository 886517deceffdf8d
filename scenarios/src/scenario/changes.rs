//! A play in which the server's table changes while a client works with it.

use super::{
    NUMBER, OTHER,
    plays::{PATIENCE, advertise, both, leave, link, until_the_end},
    serve,
};
use crate::stage::Stage;
use embassy_futures::select::{Either, select};
use embassy_time::Timer;
use jelling::{Error, ErrorCode, Updates, Uuid};

const GATT: Uuid = Uuid::new16(0x1801);
const SERVICE_CHANGED: Uuid = Uuid::new16(0x2a05);
const CLIENT_FEATURES: Uuid = Uuid::new16(0x2b29);

/// What is refused because the table has changed is as good as done: the next time it is served.
fn in_sync(result: Result<(), Error>) -> Result<(), Error> {
    if result == Err(Error::Gatt(ErrorCode::DATABASE_OUT_OF_SYNC)) { Ok(()) } else { result }
}

pub(super) async fn changed(stage: Stage<'_>) -> Result<(), Error> {
    let central = async || {
        let connection = link(&stage).await?;
        let other = stage.call(async || connection.service(OTHER).await).await?;
        let number = stage.call(async || other.characteristic(NUMBER).await).await?;
        let gatt = stage.call(async || connection.service(GATT).await).await?;
        let features = stage.call(async || gatt.characteristic(CLIENT_FEATURES).await).await?;
        let changed = stage.call(async || gatt.characteristic(SERVICE_CHANGED).await).await?;
        let subscribe = async || changed.subscribe(Updates::INDICATE).timeout(PATIENCE).await;
        let mut changes = stage.call(subscribe).await?;
        // From here on it is held back until it knows.
        stage.call(async || in_sync(features.write(&1u8).timeout(PATIENCE).await)).await?;
        let told = stage.call(async || changes.indicated::<[u8; 4]>().timeout(PATIENCE).await).await?;
        let (first, last) = (u16::from_le_bytes([told[0], told[1]]), u16::from_le_bytes([told[2], told[3]]));
        if !(first..=last).contains(&number.value_handle()) {
            return Err(Error::InvalidValue);
        }
        stage.call(async || in_sync(number.read::<u16>().timeout(PATIENCE).await.map(|_| ()))).await?;
        leave(&stage, &connection).await
    };
    let peripheral = async || {
        let connection = advertise(&stage).await?;
        let change = async {
            loop {
                Timer::after_millis(300).await;
                serve(stage.peripheral)?;
            }
        };
        match select(change, until_the_end(&stage, &connection)).await {
            Either::First(ended) | Either::Second(ended) => ended,
        }
    };
    both(&stage, central, peripheral).await
}
