//! Bonds in the file of `--bonds`: kept while a command runs, and `bonds` on the file alone.

use crate::{
    arguments::{BondsCommand, Global, Target},
    output::{Output, address_type},
    pairing::kind,
};
use anyhow::{Context, Error, Result, bail};
use jelling::{Bond, Device, Host, security};
use jelling_bonds::JsonFile;
use serde_json::{Map, Value, json};
use std::{
    future::{pending, ready},
    path::Path,
    pin::Pin,
};

/// The store of `--bonds`; none without it.
pub(crate) fn open(global: &Global) -> Result<Option<JsonFile>> {
    Ok(global.bonds.as_deref().map(JsonFile::open).transpose()?)
}

/// Gives the host what the store has.
pub(crate) async fn load(host: Host<'static>, store: &mut Option<JsonFile>) -> Result<()> {
    match store {
        Some(store) => Ok(security::load(host, store).await?),
        None => Ok(()),
    }
}

/// Keeps in the store what changes, for ever; the error is the store's.
pub(crate) async fn keep(host: Host<'static>, store: &mut Option<JsonFile>) -> Error {
    match store {
        Some(store) => security::keep(host, store).await.into(),
        None => pending().await,
    }
}

/// What is still to be kept when all else has ended: a file takes it at once.
pub(crate) async fn settle(keep: Pin<&mut impl Future<Output = Error>>) -> Result<()> {
    tokio::select! {
        biased;
        error = keep => Err(error),
        () = ready(()) => Ok(()),
    }
}

/// `bonds`.
pub(crate) fn bonds(global: &Global, output: Output, what: &BondsCommand) -> Result<()> {
    let path = global.bonds.as_deref().context("no bond store")?;
    match what {
        BondsCommand::List => list(output, path),
        BondsCommand::Remove { address } => remove(output, path, address),
        BondsCommand::Export => export(output, path),
    }
}

/// What tells one bond, without its keys.
fn fields(bond: &Bond) -> Map<String, Value> {
    let device = Device::from(bond.peer);
    let fields = [
        ("address", device.to_string().into()),
        ("address_type", address_type(device).into()),
        ("authenticated", bond.authenticated.into()),
        ("secure_connections", bond.secure_connections.into()),
        ("key_size", bond.key_size.into()),
    ];
    fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

fn tell(output: Output, bond: &Bond) {
    output.print(&fields(bond).into(), || {
        let kind = kind(bond.authenticated, bond.secure_connections, bond.key_size);
        format!("{}  {kind}", typed(Device::from(bond.peer)))
    });
}

fn typed(device: Device) -> String {
    format!("{device}/{}", address_type(device))
}

/// Nobody is kept from the file, so that it can be looked at while it is used.
fn list(output: Output, path: &Path) -> Result<()> {
    match JsonFile::peek(path) {
        Ok(contents) => contents.bonds.iter().for_each(|bond| tell(output, bond)),
        // Who opens it puts it aside, and says where.
        Err(jelling_bonds::Error::Damaged { .. }) => {
            JsonFile::open(path)?.list().iter().for_each(|bond| tell(output, bond));
        }
        Err(error) => return Err(error.into()),
    }
    Ok(())
}

fn remove(output: Output, path: &Path, address: &Target) -> Result<()> {
    let mut store = JsonFile::open(path)?;
    let is_it = |bond: &&Bond| {
        let device = Device::from(bond.peer);
        if address.typed { device == address.device } else { device.octets() == address.device.octets() }
    };
    let found: Vec<Bond> = store.list().iter().filter(is_it).cloned().collect();
    match &*found {
        [bond] => {
            store.forget(bond.peer)?;
            tell(output, bond);
            Ok(())
        }
        [] => bail!("there is no bond with {} in {}: `jelling bonds list` shows them", address.device, path.display()),
        several => {
            let names: Vec<String> = several.iter().map(|bond| typed(Device::from(bond.peer))).collect();
            bail!("there are several bonds with {}: name one with its type: {}", address.device, names.join(", "))
        }
    }
}

/// The file itself, for another host; a line a bond with `--json`.
fn export(output: Output, path: &Path) -> Result<()> {
    let store = JsonFile::open(path)?;
    let text = store.export()?;
    if !output.json {
        output.write(text.as_bytes());
        return Ok(());
    }
    let file: Value = serde_json::from_str(&text)?;
    for (bond, record) in store.list().iter().zip(file["records"]["bonds"].as_array().into_iter().flatten()) {
        let mut line = fields(bond);
        line.extend(record.as_object().into_iter().flatten().map(|(name, value)| (name.clone(), value.clone())));
        line.remove("peer");
        output.print(&json!(line), String::new);
    }
    Ok(())
}
