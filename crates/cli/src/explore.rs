//! `explore`: a peer's table, shown and exported.

mod export;

use crate::{
    arguments::ExploreOptions,
    assigned,
    client::{characteristics, disconnect, services},
    output::{reason, say},
    session::Session,
};
use anyhow::{Context, Result, anyhow};
use jelling::{ClientAttribute, ClientCharacteristic, ClientService, Connection, Error, ErrorCode, Properties, Uuid};
use jelling_cli::file::PROPERTIES;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// A service of the peer.
struct Service {
    itself: ClientService<'static>,
    /// Handle of each include, and of the service that is included.
    includes: Vec<(u16, u16)>,
    characteristics: Vec<Characteristic>,
    /// Handles of attributes before the first characteristic that are no includes.
    loose: Vec<u16>,
}

struct Characteristic {
    itself: ClientCharacteristic<'static>,
    value: Answer,
    descriptors: Vec<Descriptor>,
}

struct Descriptor {
    uuid: Uuid,
    handle: u16,
    value: Answer,
}

/// What the peer gave to who read.
enum Answer {
    Octets(Vec<u8>),
    /// It refused, with an ATT error or otherwise.
    Refused(Option<ErrorCode>),
}

impl Answer {
    fn hex(&self) -> Option<String> {
        match self {
            Answer::Octets(octets) => Some(hex::encode(octets)),
            Answer::Refused(_) => None,
        }
    }
}

pub(crate) async fn explore(session: Session, options: &ExploreOptions) -> Result<()> {
    let connection = session.connect(&options.address).await?;
    let mut table = vec![];
    for service in services(session, &connection).await.context("discovery failed")? {
        table.push(Service::explore(session, &connection, service).await?);
    }
    let is_encrypted = connection.security().is_ok_and(|security| security.encrypted);
    disconnect(session, &connection).await;
    if let Some(path) = &options.export {
        for handle in table.iter().flat_map(|service| &service.loose) {
            say(format_args!("attribute {handle:#06x} belongs to no characteristic: it is left out of the file"));
        }
        std::fs::write(path, export::file(&table, is_encrypted))
            .map_err(|error| anyhow!("cannot write {}: {}", path.display(), reason(&error)))?;
    }
    let json: Vec<Value> = table.iter().map(Service::json).collect();
    session.output.print(&json!({ "services": json }), || {
        let text: String = table.iter().map(Service::text).collect();
        text.trim_end().into()
    });
    Ok(())
}

/// The value that the peer gives, whatever the properties say: its permissions decide.
async fn read(session: Session, connection: &Connection<'static>, what: ClientAttribute<'static>) -> Result<Answer> {
    let mut buffer = [0; 512];
    match what.read_into(&mut buffer).timeout(session.timeout).await {
        Ok(length) => Ok(Answer::Octets(buffer.get(..length).unwrap_or_default().to_vec())),
        Err(Error::Gatt(code)) => Ok(Answer::Refused(Some(code))),
        Err(_) if connection.is_connected() => Ok(Answer::Refused(None)),
        Err(error) => Err(error.into()),
    }
}

async fn includes(session: Session, service: ClientService<'static>) -> Result<Vec<(u16, u16)>, Error> {
    let mut found = vec![];
    let mut search = service.includes().timeout(session.timeout);
    loop {
        match search.next().await {
            Ok(Some(include)) => found.push((include.handle(), include.service().handle())),
            // A server need not know includes.
            Ok(None) | Err(Error::Gatt(_)) => return Ok(found),
            Err(error) => return Err(error),
        }
    }
}

impl Service {
    async fn explore(
        session: Session,
        connection: &Connection<'static>,
        itself: ClientService<'static>,
    ) -> Result<Self> {
        let includes = includes(session, itself).await.context("discovery failed")?;
        let found = characteristics(session, itself).await.context("discovery failed")?;
        let mut attributes = BTreeMap::new();
        let mut search = itself.attributes().timeout(session.timeout);
        while let Some(attribute) = search.next().await.context("discovery failed")? {
            attributes.insert(attribute.handle(), attribute);
        }
        let first = found.first().map_or(u16::MAX, ClientCharacteristic::handle);
        let before = attributes.range(itself.handle().saturating_add(1)..first).map(|(handle, _)| *handle);
        let loose = before.filter(|handle| includes.iter().all(|(include, _)| include != handle)).collect();
        let mut service = Service { itself, includes, characteristics: vec![], loose };
        for characteristic in found {
            let value = match attributes.get(&characteristic.value_handle()) {
                Some(value) => read(session, connection, *value).await?,
                None => Answer::Refused(None),
            };
            let mut descriptors = vec![];
            let last = characteristic.end_handle();
            for (handle, attribute) in attributes.range(characteristic.value_handle()..=last).skip(1) {
                let value = read(session, connection, *attribute).await?;
                descriptors.push(Descriptor { uuid: attribute.uuid(), handle: *handle, value });
            }
            service.characteristics.push(Characteristic { itself: characteristic, value, descriptors });
        }
        Ok(service)
    }

    fn json(&self) -> Value {
        let characteristics: Vec<Value> = self.characteristics.iter().map(Characteristic::json).collect();
        json!({
            "uuid": self.itself.uuid().to_string(),
            "handle": self.itself.handle(),
            "end_handle": self.itself.end_handle(),
            "primary": self.itself.is_primary(),
            "characteristics": characteristics,
        })
    }

    fn text(&self) -> String {
        let kind = if self.itself.is_primary() { "service" } else { "secondary service" };
        let (uuid, name) = (self.itself.uuid(), assigned::service(self.itself.uuid()));
        let (handle, end) = (self.itself.handle(), self.itself.end_handle());
        let mut text = format!("{handle:#06x}-{end:#06x} {kind} {uuid}{name}\n");
        for (handle, service) in &self.includes {
            text += &format!("  {handle:#06x} includes {service:#06x}\n");
        }
        text.extend(self.characteristics.iter().map(Characteristic::text));
        text
    }
}

impl Characteristic {
    fn json(&self) -> Value {
        let descriptors: Vec<Value> = self.descriptors.iter().map(Descriptor::json).collect();
        json!({
            "uuid": self.itself.uuid().to_string(),
            "handle": self.itself.handle(),
            "value_handle": self.itself.value_handle(),
            "properties": names(self.itself.properties()),
            "value": self.value.hex(),
            "descriptors": descriptors,
        })
    }

    fn text(&self) -> String {
        let (uuid, name) = (self.itself.uuid(), assigned::characteristic(self.itself.uuid()));
        let (handle, names) = (self.itself.value_handle(), names(self.itself.properties()).join(" "));
        let mut text = format!("  {handle:#06x} {uuid}{name} [{names}]{}\n", shown(&self.value));
        for Descriptor { uuid, handle, value } in &self.descriptors {
            text += &format!("    {handle:#06x} {uuid}{}{}\n", assigned::descriptor(*uuid), shown(value));
        }
        text
    }
}

impl Descriptor {
    fn json(&self) -> Value {
        json!({ "uuid": self.uuid.to_string(), "handle": self.handle, "value": self.value.hex() })
    }
}

fn shown(value: &Answer) -> String {
    value.hex().map_or_else(String::new, |hex| format!(" = {hex}"))
}

fn names(properties: Properties) -> Vec<&'static str> {
    PROPERTIES.into_iter().filter(|(_, p)| properties.contains(*p)).map(|(name, _)| name).collect()
}
