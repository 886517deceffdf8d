//! aioble's `temp_client.py`: finds the thermometer, connects and hands on what it is told.

use crate::{ENV_SENSE, NAME, TEMPERATURE};
use core::{ops::ControlFlow, time::Duration};
use jelling::{Device, Error, Host, Updates};

/// What the client tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum News {
    /// A thermometer was found, and is connected to.
    Found(Device),
    /// The temperature was read: hundredths of a degree Celsius.
    Read(i16),
    /// The temperature was notified.
    Notified(i16),
}

/// Follows a thermometer until `tell` breaks, and disconnects.
///
/// # Errors
/// `NotFound` after five seconds without a thermometer; where the link is lost; what it answers.
pub async fn follow(host: Host<'_>, mut tell: impl FnMut(News) -> ControlFlow<()>) -> Result<(), Error> {
    let device = find(host).await?;
    if tell(News::Found(device)).is_break() {
        return Ok(());
    }
    let connection = host.connect(device).await?;
    let temperature = connection.service(ENV_SENSE).await?.characteristic(TEMPERATURE).await?;
    let mut flow = tell(News::Read(temperature.read().await?));
    let mut updates = temperature.subscribe(Updates::NOTIFY).max_len(2).await?;
    while flow.is_continue() {
        flow = tell(News::Notified(updates.notified().await?));
    }
    drop(updates);
    connection.disconnect().await
}

async fn find(host: Host<'_>) -> Result<Device, Error> {
    let interval = Duration::from_millis(30);
    let mut scanner = host.scan(Duration::from_secs(5)).interval(interval).window(interval).active().await?;
    while let Some(result) = scanner.next().await {
        if result.name() == Some(NAME) && result.services().any(|uuid| uuid == ENV_SENSE) {
            return Ok(result.device());
        }
    }
    Err(Error::NotFound)
}
