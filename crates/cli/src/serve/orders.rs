//! Orders on standard input: `set`, `notify`, `indicate`, in the lines that answer no question. A mistake is told and the next line read.

use crate::{
    arguments::{Characteristic as Name, Hex},
    output::say,
    session::Session,
};
use anyhow::{Context, Result, bail};
use jelling::{Connection, Error, Updates};
use jelling_cli::file::{Served, ServedCharacteristic};
use std::rc::Rc;

const EXPECTED: &str = "expected `set CHAR HEX`, `notify CHAR HEX` or `indicate CHAR HEX`";

pub(super) async fn obey(session: Session, served: Rc<Served<'static>>) {
    while let Some(line) = session.input.order().await {
        if let Err(error) = order(session, &served, &line).await {
            say(format_args!("{:?}: {error:#}", line.trim()));
        }
    }
}

async fn order(session: Session, served: &Served<'static>, line: &str) -> Result<()> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let (verb, name, value) = match *words {
        [] => return Ok(()),
        [verb, name, value] => (verb, name, value.parse::<Hex>().map_err(anyhow::Error::msg)?.0),
        [verb, name] => (verb, name, vec![]),
        _ => bail!(EXPECTED),
    };
    let kind = match verb {
        "set" => None,
        "notify" => Some(Updates::NOTIFY),
        "indicate" => Some(Updates::INDICATE),
        _ => bail!(EXPECTED),
    };
    let one = find(served, name.parse().map_err(anyhow::Error::msg)?)?;
    match kind {
        None => one.characteristic.write(&value[..]).context("the value cannot be set"),
        Some(kind) => tell(session, one, kind, &value).await,
    }
}

fn find<'s>(served: &'s Served<'static>, name: Name) -> Result<&'s ServedCharacteristic<'static>> {
    let is_it = |s: &&ServedCharacteristic<'_>| match name {
        Name::Uuid(uuid) => s.uuid == uuid,
        Name::Handle(handle) => s.handle == handle,
    };
    let found: Vec<&ServedCharacteristic<'_>> = served.characteristics.iter().filter(is_it).collect();
    match *found {
        [one] => Ok(one),
        [] => bail!("no characteristic is {name}"),
        _ => {
            let handles: Vec<String> = found.iter().map(|one| format!("{:#06x}", one.handle)).collect();
            bail!("several characteristics are {name}: name one by its handle: {}", handles.join(", "))
        }
    }
}

/// Tells whoever has subscribed. One who cannot be told keeps nobody else from it.
async fn tell(session: Session, one: &ServedCharacteristic<'static>, kind: Updates, value: &[u8]) -> Result<()> {
    let (mut told, mut failures) = (0, vec![]);
    for connection in session.host.connections() {
        // One that has left meanwhile has not subscribed.
        if !one.characteristic.subscribed(&connection).is_ok_and(|updates| updates.contains(kind)) {
            continue;
        }
        told += 1;
        if let Err(error) = send(session, one, kind, value, &connection).await {
            let device = connection.device().map_or_else(|_| "a peer".into(), |device| device.to_string());
            failures.push(format!("{device} was not told: {error}"));
        }
    }
    match (told, failures.is_empty()) {
        (0, _) => bail!("nobody has subscribed to it"),
        (_, true) => Ok(()),
        (_, false) => bail!(failures.join("; ")),
    }
}

async fn send(
    session: Session,
    one: &ServedCharacteristic<'static>,
    kind: Updates,
    value: &[u8],
    connection: &Connection<'static>,
) -> Result<(), Error> {
    match kind == Updates::NOTIFY {
        true => one.characteristic.notify(connection, value).timeout(session.timeout).await,
        false => one.characteristic.indicate(connection, value).timeout(session.timeout).await,
    }
}
