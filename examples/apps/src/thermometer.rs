//! aioble's `temp_sensor.py`: a temperature that is measured again and again, for whoever connects.

#[cfg(feature = "security")]
use crate::INTERVAL;
use crate::{ENV_SENSE, NAME, TEMPERATURE};
use core::{cell::Cell, future::pending, time::Duration};
use embassy_futures::select::{Either3, select3};
use embassy_time::Timer;
use jelling::{Characteristic, Connection, ConnectionEvent, Device, Error, Host, Properties, Security};
#[cfg(feature = "security")]
use jelling::{CharacteristicOptions, Permissions};

/// Generic Thermometer (assigned numbers, 2.6.3).
const APPEARANCE: u16 = 768;

/// Who says how often is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interval {
    /// Nobody: each second.
    Fixed,
    /// Whoever has paired: the Measurement Interval is read by all, and written on encrypted links alone.
    #[cfg(feature = "security")]
    Paired,
}

/// What the thermometer tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum News {
    /// Somebody connected.
    Connected(Device),
    /// The link is now so secure.
    Secured(Security),
    /// Seconds from one measurement to the next, as somebody has written.
    Interval(u16),
    /// The link is down.
    Disconnected,
}

/// Measures, and serves one client after another.
///
/// # Errors
/// Where the table has no room, or the host cannot advertise.
pub async fn thermometer(
    host: Host<'_>,
    interval: Interval,
    mut measure: impl FnMut() -> i16,
    tell: impl Fn(News),
) -> Result<(), Error> {
    let mut db = host.services()?;
    let service = db.service(ENV_SENSE)?;
    let temperature = db.characteristic(service, TEMPERATURE, Properties::READ | Properties::NOTIFY)?;
    let setting = match interval {
        Interval::Fixed => None,
        #[cfg(feature = "security")]
        Interval::Paired => {
            let options = CharacteristicOptions::new(Properties::READ | Properties::WRITE)
                .permissions(Permissions::READ | Permissions::WRITE_ENCRYPTED);
            Some(db.characteristic_with(service, INTERVAL, &options.initial(&1u16.to_le_bytes()).fixed())?)
        }
    };
    db.register()?;
    let seconds = Cell::new(1);
    let measuring = async {
        loop {
            if let Err(error) = temperature.update(&measure()) {
                return error;
            }
            Timer::after_secs(u64::from(seconds.get())).await;
        }
    };
    match select3(measuring, set(setting, &seconds, &tell), serve(host, &tell)).await {
        Either3::First(error) | Either3::Second(error) | Either3::Third(error) => Err(error),
    }
}

/// Takes what clients write.
async fn set(setting: Option<Characteristic<'_>>, seconds: &Cell<u16>, tell: &impl Fn(News)) -> Error {
    let Some(setting) = setting else { return pending().await };
    loop {
        match setting.written::<u16>().await {
            Ok((_, value)) => {
                seconds.set(value.max(1));
                tell(News::Interval(value));
            }
            Err(error) => return error,
        }
    }
}

async fn serve(host: Host<'_>, tell: &impl Fn(News)) -> Error {
    loop {
        let advertise = host.advertise(Duration::from_millis(250)).name(NAME).services(&[ENV_SENSE]);
        match advertise.appearance(APPEARANCE).await {
            Ok(connection) => watch(&connection, tell).await,
            Err(error) => return error,
        }
    }
}

/// Tells what becomes of a link, to its end.
async fn watch(connection: &Connection<'_>, tell: &impl Fn(News)) {
    if let Ok(device) = connection.device() {
        tell(News::Connected(device));
    }
    while let Ok(event) = connection.event().await {
        if let ConnectionEvent::SecurityChanged(security) = event {
            tell(News::Secured(security));
        }
    }
    tell(News::Disconnected);
}
