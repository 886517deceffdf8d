//! `read`, `write`, `subscribe`, and the discovery that `explore` shares with them.

use crate::{
    arguments::{Characteristic, SubscribeOptions, Target, WriteOptions},
    output::say,
    session::Session,
};
use anyhow::{Context, Result, anyhow, bail};
use jelling::{ClientCharacteristic, ClientService, Connection, Error, ErrorCode, Policy, Properties, Updates};
use serde_json::json;

type Service = ClientService<'static>;

pub(crate) async fn services(session: Session, connection: &Connection<'static>) -> Result<Vec<Service>, Error> {
    let mut found = vec![];
    let mut primary = connection.services(None).timeout(session.timeout);
    while let Some(service) = primary.next().await? {
        found.push(service);
    }
    let mut secondary = connection.secondary_services().timeout(session.timeout);
    loop {
        match secondary.next().await {
            Ok(Some(service)) => found.push(service),
            // A server need not know the group type of secondary services.
            Ok(None) | Err(Error::Gatt(_)) => break,
            Err(error) => return Err(error),
        }
    }
    found.sort_by_key(|service| service.handle());
    Ok(found)
}

pub(crate) async fn characteristics(
    session: Session,
    service: Service,
) -> Result<Vec<ClientCharacteristic<'static>>, Error> {
    let mut found = vec![];
    let mut search = service.characteristics(None).timeout(session.timeout);
    while let Some(characteristic) = search.next().await? {
        found.push(characteristic);
    }
    Ok(found)
}

/// The one characteristic of that name.
async fn find(
    session: Session,
    connection: &Connection<'static>,
    wanted: &Characteristic,
) -> Result<ClientCharacteristic<'static>> {
    let mut found = vec![];
    for service in services(session, connection).await.context("discovery failed")? {
        for characteristic in characteristics(session, service).await.context("discovery failed")? {
            let is_wanted = match wanted {
                Characteristic::Uuid(uuid) => characteristic.uuid() == *uuid,
                Characteristic::Handle(handle) => characteristic.value_handle() == *handle,
            };
            if is_wanted {
                found.push(characteristic);
            }
        }
    }
    match &*found {
        [one] => Ok(*one),
        [] => bail!("the peer has no characteristic {wanted}"),
        several => {
            let handles: Vec<String> = several.iter().map(|c| format!("{:#06x}", c.value_handle())).collect();
            bail!("the peer has several characteristics {wanted}: name one by its handle: {}", handles.join(", "))
        }
    }
}

pub(crate) async fn disconnect(session: Session, connection: &Connection<'static>) {
    if let Err(error) = connection.disconnect().await {
        session.log(|| format!("disconnect: {error}"));
    }
}

/// What the peer refused, with what to do where the link is not secured as it demands.
fn refused(connection: &Connection<'_>, error: Error, what: &'static str) -> anyhow::Error {
    let wants_security = matches!(
        error,
        Error::Gatt(
            ErrorCode::INSUFFICIENT_AUTHENTICATION
                | ErrorCode::INSUFFICIENT_ENCRYPTION
                | ErrorCode::ENCRYPTION_KEY_SIZE_TOO_SHORT
        )
    );
    let error = anyhow::Error::from(error);
    match (wants_security, connection.security().is_ok_and(|security| security.encrypted)) {
        (false, _) => error.context(what),
        (true, false) => anyhow!("{what}: {error}: pair with it (`jelling pair`), with the same --bonds FILE as here"),
        (true, true) => anyhow!("{what}: {error}: the bond is too weak: pair with it again, with --mitm"),
    }
}

pub(crate) async fn read(session: Session, address: &Target, characteristic: &Characteristic) -> Result<()> {
    let connection = session.connect(address).await?;
    let characteristic = find(session, &connection, characteristic).await?;
    let mut buffer = [0; 512];
    let length = characteristic.read_into(&mut buffer).timeout(session.timeout).await;
    let length = length.map_err(|error| refused(&connection, error, "the value cannot be read"))?;
    let value = buffer.get(..length).map(hex::encode).unwrap_or_default();
    session.output.print(&json!({ "handle": characteristic.value_handle(), "value": value }), || value.clone());
    disconnect(session, &connection).await;
    Ok(())
}

pub(crate) async fn write(session: Session, options: &WriteOptions) -> Result<()> {
    let value = match (&options.value, &options.text) {
        (Some(hex), _) => &*hex.0,
        (None, Some(text)) => text.as_bytes(),
        (None, None) => &[],
    };
    let connection = session.connect(&options.address).await?;
    let characteristic = find(session, &connection, &options.characteristic).await?;
    let write = characteristic.write(value).timeout(session.timeout);
    let write = match characteristic.properties().contains(Properties::WRITE) && !options.no_response {
        true => write.response(),
        false => write.no_response(),
    };
    write.await.map_err(|error| refused(&connection, error, "the value cannot be written"))?;
    let json = json!({ "handle": characteristic.value_handle(), "written": value.len() });
    session.output.print(&json, || format!("{} octets written", value.len()));
    disconnect(session, &connection).await;
    Ok(())
}

pub(crate) async fn subscribe(session: Session, options: &SubscribeOptions) -> Result<()> {
    let prepare = async {
        let connection = session.connect(&options.address).await?;
        let characteristic = find(session, &connection, &options.characteristic).await?;
        let kind = if options.indicate { Updates::INDICATE } else { Updates::NOTIFY };
        let subscribe = characteristic.subscribe(kind).depth(16).policy(Policy::DropNewest).timeout(session.timeout);
        let subscription = subscribe.await.map_err(|error| refused(&connection, error, "cannot subscribe"))?;
        Ok((connection, subscription, characteristic.value_handle()))
    };
    let Some((connection, mut subscription, handle)) = session.until_stopped(None, prepare).await? else {
        return Ok(());
    };
    session.output.print(&json!({ "event": "ready", "handle": handle }), String::new);
    let work = async {
        let mut left = options.count;
        while left != Some(0) {
            let mut buffer = [0; 514];
            let length = match options.indicate {
                true => subscription.indicated_into(&mut buffer).await,
                false => subscription.notified_into(&mut buffer).await,
            };
            let length = length.context("the subscription ended")?;
            let value = buffer.get(..length).map(hex::encode).unwrap_or_default();
            session.output.print(&json!({ "handle": handle, "value": value }), || value.clone());
            left = left.map(|n| n.saturating_sub(1));
        }
        Ok(())
    };
    session.until_stopped(options.duration, work).await?;
    if subscription.dropped() > 0 {
        let dropped = subscription.dropped();
        say(format_args!("{dropped} values were dropped: they came faster than they could be printed"));
    }
    drop(subscription);
    if connection.is_connected() {
        disconnect(session, &connection).await;
    }
    Ok(())
}
