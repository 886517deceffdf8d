//! `advertise`.

use crate::{arguments::AdvertiseOptions, output::address_type, pairing, session::Session};
use anyhow::Result;
use jelling::{Connection, Device, Error};
use serde_json::json;

/// Tells that others can reach us.
pub(crate) async fn ready(session: Session) -> Result<(), Error> {
    session.host.advertising().await?;
    let address = session.host.start().await?.on_air;
    let device = Device::from(address);
    let json = json!({ "event": "ready", "address": device.to_string(), "address_type": address_type(device) });
    session.output.print(&json, || format!("advertising as {device} ({})", address_type(device)));
    Ok(())
}

/// Tells that a central came or went.
pub(crate) fn tell(session: Session, event: &str, device: Device) {
    session.output.print(&json!({ "event": event, "address": device.to_string() }), || format!("{event} {device}"));
}

/// Tells of a central, and holds the link until it ends.
pub(crate) async fn attend(session: Session, connection: &Connection<'static>) -> Result<(), Error> {
    let Ok(device) = connection.device() else { return Ok(()) };
    tell(session, "connected", device);
    let (ended, ()) = tokio::join!(connection.disconnected(), pairing::watch(session, connection));
    ended?;
    tell(session, "disconnected", device);
    Ok(())
}

async fn serve(session: Session, options: &AdvertiseOptions) -> Result<(), Error> {
    loop {
        let mut advertise = session.host.advertise(options.interval).services(&options.service);
        if let Some(name) = &options.name {
            advertise = advertise.name(name);
        }
        if let Some(appearance) = options.appearance {
            advertise = advertise.appearance(appearance);
        }
        if let Some(manufacturer) = &options.manufacturer {
            advertise = advertise.manufacturer(manufacturer.id, &manufacturer.data);
        }
        if let Some(data) = &options.adv_data {
            advertise = advertise.adv_data(&data.0);
        }
        if let Some(data) = &options.resp_data {
            advertise = advertise.resp_data(&data.0);
        }
        if options.limited {
            advertise = advertise.limited();
        }
        if options.non_connectable {
            advertise = advertise.non_connectable();
        }
        let connection = advertise.await?;
        attend(session, &connection).await?;
    }
}

pub(crate) async fn advertise(session: Session, options: &AdvertiseOptions) -> Result<()> {
    let work = async {
        session.start().await?;
        tokio::try_join!(serve(session, options), ready(session))?;
        Ok(())
    };
    session.until_stopped(options.duration, work).await.map(|_| ())
}
