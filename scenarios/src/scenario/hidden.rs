//! A central that hides, and whose address changes every second, whatever it does.

use super::plays::{both, leave, link, stays};
use crate::stage::Stage;
use core::time::Duration;
use embassy_time::Timer;
use jelling::{Config, Error, OwnAddress};

const PERIOD: Duration = Duration::from_secs(1);
const SHORT: Duration = Duration::from_millis(30);

pub(super) async fn hidden(stage: Stage<'_>) -> Result<(), Error> {
    let config = stage.central.config();
    stage.central.configure(Config { address: OwnAddress::Resolvable, private_address_timeout: PERIOD, ..config });
    let result = hides(&stage).await;
    // Another start, another address: who comes next is to find no trace of this.
    stage.central.stop().await;
    stage.central.configure(config);
    result
}

/// A scan, an attempt, advertising beside a link: each goes on under several addresses.
async fn hides(stage: &Stage<'_>) -> Result<(), Error> {
    let on_air = async || stage.call(async || stage.central.start().await).await.map(|info| info.on_air);
    let central = async || {
        let before = on_air().await?;
        let mut scanner = stage.call(async || stage.central.scan(PERIOD * 2).active().await).await?;
        while stage.call(async || scanner.try_next().await).await?.is_some() {}
        let connection = link(stage).await?;
        let shown = stage.call(async || stage.central.advertise(SHORT).timeout(PERIOD * 2).await).await;
        if !matches!(shown, Err(Error::Timeout)) {
            return shown.map(|_| ());
        }
        if on_air().await? == before {
            return Err(Error::NotFound);
        }
        leave(stage, &connection).await
    };
    let peripheral = async || {
        Timer::after_secs(4).await;
        stays(stage).await
    };
    both(stage, central, peripheral).await
}
