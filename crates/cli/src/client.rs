//! `explore`, `read`, `write`, `subscribe`.

use crate::{
    arguments::{Characteristic, SubscribeOptions, Target, WriteOptions},
    assigned,
    output::say,
    session::Session,
};
use anyhow::{Context, Result, bail};
use jelling::{ClientCharacteristic, ClientDescriptor, ClientService, Connection, Error, Policy, Properties, Updates};
use jelling_cli::file::PROPERTIES;
use serde_json::{Value, json};

type Service = ClientService<'static>;

async fn services(session: Session, connection: &Connection<'static>) -> Result<Vec<Service>, Error> {
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

async fn characteristics(session: Session, service: Service) -> Result<Vec<ClientCharacteristic<'static>>, Error> {
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

async fn disconnect(session: Session, connection: &Connection<'static>) {
    if let Err(error) = connection.disconnect().await {
        session.log(|| format!("disconnect: {error}"));
    }
}

pub(crate) async fn explore(session: Session, address: &Target) -> Result<()> {
    let connection = session.connect(address).await?;
    let mut table = vec![];
    let mut text = String::new();
    for service in services(session, &connection).await.context("discovery failed")? {
        let kind = if service.is_primary() { "service" } else { "secondary service" };
        let (uuid, name) = (service.uuid(), assigned::service(service.uuid()));
        text += &format!("{:#06x}-{:#06x} {kind} {uuid}{name}\n", service.handle(), service.end_handle());
        let mut inside = vec![];
        for characteristic in characteristics(session, service).await.context("discovery failed")? {
            let names: Vec<&str> = names(characteristic.properties()).collect();
            let value = match characteristic.properties().contains(Properties::READ) {
                true => value_of(&connection, Readable::Characteristic(characteristic), session).await?,
                false => None,
            };
            let (uuid, name) = (characteristic.uuid(), assigned::characteristic(characteristic.uuid()));
            text += &format!("  {:#06x} {uuid}{name} [{}]", characteristic.value_handle(), names.join(" "));
            text += &value.as_ref().map_or("\n".into(), |v| format!(" = {v}\n"));
            let mut descriptors = vec![];
            let mut search = characteristic.descriptors().timeout(session.timeout);
            while let Some(descriptor) = search.next().await.context("discovery failed")? {
                let value = value_of(&connection, Readable::Descriptor(descriptor), session).await?;
                let (uuid, name) = (descriptor.uuid(), assigned::descriptor(descriptor.uuid()));
                text += &format!("    {:#06x} {uuid}{name}", descriptor.handle());
                text += &value.as_ref().map_or("\n".into(), |v| format!(" = {v}\n"));
                descriptors.push(
                    json!({ "uuid": descriptor.uuid().to_string(), "handle": descriptor.handle(), "value": value }),
                );
            }
            inside.push(json!({
                "uuid": characteristic.uuid().to_string(),
                "handle": characteristic.handle(),
                "value_handle": characteristic.value_handle(),
                "properties": names,
                "value": value,
                "descriptors": descriptors,
            }));
        }
        table.push(json!({
            "uuid": service.uuid().to_string(),
            "handle": service.handle(),
            "end_handle": service.end_handle(),
            "primary": service.is_primary(),
            "characteristics": inside,
        }));
    }
    session.output.print(&json!({ "services": Value::Array(table) }), || text.trim_end().into());
    disconnect(session, &connection).await;
    Ok(())
}

enum Readable {
    Characteristic(ClientCharacteristic<'static>),
    Descriptor(ClientDescriptor<'static>),
}

/// A value in hex; none where the peer does not give it.
async fn value_of(connection: &Connection<'static>, what: Readable, session: Session) -> Result<Option<String>> {
    let mut buffer = [0; 512];
    let result = match what {
        Readable::Characteristic(c) => c.read_into(&mut buffer).timeout(session.timeout).await,
        Readable::Descriptor(d) => d.read_into(&mut buffer).timeout(session.timeout).await,
    };
    match result {
        Ok(length) => Ok(buffer.get(..length).map(hex::encode)),
        Err(_) if connection.is_connected() => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn names(properties: Properties) -> impl Iterator<Item = &'static str> {
    PROPERTIES.into_iter().filter(move |(_, p)| properties.contains(*p)).map(|(name, _)| name)
}

pub(crate) async fn read(session: Session, address: &Target, characteristic: &Characteristic) -> Result<()> {
    let connection = session.connect(address).await?;
    let characteristic = find(session, &connection, characteristic).await?;
    let mut buffer = [0; 512];
    let length =
        characteristic.read_into(&mut buffer).timeout(session.timeout).await.context("the value cannot be read")?;
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
    write.await.context("the value cannot be written")?;
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
        Ok((connection, subscribe.await.context("cannot subscribe")?, characteristic.value_handle()))
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
