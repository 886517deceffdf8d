//! A table that `jelling serve` serves, what `jelling explore` exports of it, and that served again: `bumble-gatt-dump` must see
//! the same each time, and what it sees must be what `explore` tells.

use crate::{
    command::{Server, jelling},
    rig::Radio,
};
use anyhow::{Context, Result, ensure};
use serde_json::Value;
use std::{path::Path, process::Command};

const DUMP: &str = "target/tools/venv/bin/bumble-gatt-dump";

pub(crate) fn play(radio: &Radio, directory: &Path) -> Result<()> {
    let (one, two) = (directory.join("export.toml"), directory.join("export-again.toml"));
    let first = look(radio, Path::new("interop/database.toml"), &one)?;
    let second = look(radio, &one, &two)?;
    ensure!(first == second, "the dumps differ: {first}{second}");
    ensure!(std::fs::read(&one)? == std::fs::read(&two)?, "{} and {} differ", one.display(), two.display());
    Ok(())
}

/// Serves a file, exports it to another, and gives Bumble's dump.
fn look(radio: &Radio, file: &Path, export: &Path) -> Result<String> {
    let path = |path: &Path| path.to_str().map(str::to_owned).context("a path that is no text");
    let (_server, _lines, address) = Server::start(radio, &path(file)?)?;
    let spec = radio.spec();
    let explored = jelling(&["-t", &spec, "--json", "explore", &address, "--export", &path(export)?]).output()?;
    ensure!(explored.status.success(), "explore: {}", String::from_utf8_lossy(&explored.stderr));
    let table: Value = serde_json::from_slice(&explored.stdout)?;
    let mut command = Command::new(DUMP);
    // In Bumble's notation.
    command.arg(format!("tcp-client:127.0.0.1:{}", radio.port())).arg(address.replace("/public", "/P"));
    let dump = command.env("NO_COLOR", "1").output().context("bumble-gatt-dump cannot be started")?;
    let said = String::from_utf8_lossy(&dump.stderr);
    ensure!(dump.status.success(), "bumble-gatt-dump: {said}");
    let dump = plain(&String::from_utf8_lossy(&dump.stdout));
    let (services, attributes) = dump.split_once("=== All Attributes ===").context("no attributes")?;
    let services = services.split_once("=== Services ===").context("no services")?.1;
    let (theirs, ours) = (parse_services(services), tell_services(&table));
    ensure!(theirs == ours && ours.len() > 20, "Bumble's services: {theirs:#?}, ours: {ours:#?}");
    let (theirs, ours) = (parse_attributes(attributes), tell_attributes(&table));
    ensure!(theirs == ours && ours.len() >= 60, "Bumble's attributes: {theirs:#?}, ours: {ours:#?}");
    Ok(format!("{services}{attributes}"))
}

/// A text without its colours.
fn plain(text: &str) -> String {
    let mut parts = text.split("\u{1b}[");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |all, part| all + part.split_once('m').map_or("", |(_, rest)| rest))
}

/// The hex digits after `handle=0x`, as a number.
fn handle(line: &str) -> Option<u64> {
    u64::from_str_radix(line.split_once("handle=0x")?.1.get(..4)?, 16).ok()
}

/// The UUID after `uuid=` or `type=`, without its name.
fn uuid(line: &str) -> Option<String> {
    let (_, rest) = line.split_once("uuid=").or_else(|| line.split_once("type="))?;
    let uuid = rest.trim_start_matches("UUID-16:").split([' ', ',', ')']).next()?;
    Some(uuid.to_lowercase())
}

/// Kind, handle, UUID and properties of each line: `Characteristic(handle=0x0003, uuid=UUID-16:2A00 (Device Name), READ)`.
fn parse_services(text: &str) -> Vec<String> {
    let line = |line: &str| {
        let kind = line.trim_start().split('(').next()?;
        let properties = match kind {
            "Characteristic" => line.trim_end_matches(')').rsplit(", ").next()?,
            _ => "",
        };
        let mut properties: Vec<&str> = properties.split('|').collect();
        properties.sort_unstable();
        Some(format!("{kind} {:#06x} {} {}", handle(line)?, uuid(line)?, properties.join(" ")))
    };
    text.lines().filter_map(line).collect()
}

/// The same of what `explore` prints: Bumble discovers no secondary services.
fn tell_services(table: &Value) -> Vec<String> {
    let number = |value: &Value| value.as_u64().unwrap_or(0);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut told = vec![];
    for service in list(&table["services"]).filter(|service| service["primary"] == true) {
        told.push(format!("Service {:#06x} {} ", number(&service["handle"]), text(&service["uuid"])));
        for one in list(&service["characteristics"]) {
            let mut properties: Vec<String> = list(&one["properties"]).map(|name| property(&text(name))).collect();
            properties.sort_unstable();
            let (handle, properties) = (number(&one["value_handle"]), properties.join(" "));
            told.push(format!("Characteristic {handle:#06x} {} {properties}", text(&one["uuid"])));
            for one in list(&one["descriptors"]) {
                told.push(format!("Descriptor {:#06x} {} ", number(&one["handle"]), text(&one["uuid"])));
            }
        }
    }
    told
}

/// Bumble's name of a property.
fn property(name: &str) -> String {
    match name {
        "signed_write" => "AUTHENTICATED_SIGNED_WRITES".into(),
        "extended" => "EXTENDED_PROPERTIES".into(),
        name => name.to_uppercase(),
    }
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// An attribute: handle, type, and its value in hex if it was given.
type Attribute = (u64, String, Option<String>);

/// Every attribute but includes, of which `explore --json` does not tell.
fn parse_attributes(text: &str) -> Vec<Attribute> {
    let mut found: Vec<Attribute> = vec![];
    for line in text.lines().filter(|line| !line.is_empty()) {
        if line.starts_with("Attribute(") {
            found.extend(handle(line).zip(uuid(line)).map(|(handle, uuid)| (handle, uuid, Some(String::new()))));
        } else if let Some((.., value)) = found.last_mut() {
            *value = line.bytes().all(|octet| octet.is_ascii_hexdigit()).then(|| line.to_owned());
        }
    }
    found.retain(|(_, uuid, _)| uuid != "2802");
    found
}

fn tell_attributes(table: &Value) -> Vec<Attribute> {
    let number = |value: &Value| value.as_u64().unwrap_or(0);
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let mut told = vec![];
    let mut tell = |handle: &Value, uuid: &Value, value: Option<String>| {
        told.push((number(handle), text(uuid).unwrap_or_default(), value));
    };
    for service in list(&table["services"]) {
        let kind = if service["primary"] == true { "2800" } else { "2801" };
        tell(&service["handle"], &kind.into(), octets(&service["uuid"]));
        for one in list(&service["characteristics"]) {
            let names = [
                "broadcast",
                "read",
                "write_without_response",
                "write",
                "notify",
                "indicate",
                "signed_write",
                "extended",
            ];
            let bits = list(&one["properties"]).filter_map(|name| names.iter().position(|n| name == n));
            let bits: u8 = bits.map(|bit| 1 << bit).sum();
            let value = u16::try_from(number(&one["value_handle"])).unwrap_or(0).swap_bytes();
            let declaration = octets(&one["uuid"]).map(|uuid| format!("{bits:02x}{value:04x}{uuid}"));
            tell(&one["handle"], &"2803".into(), declaration);
            tell(&one["value_handle"], &one["uuid"], text(&one["value"]));
            for one in list(&one["descriptors"]) {
                tell(&one["handle"], &one["uuid"], text(&one["value"]));
            }
        }
    }
    told
}

/// The octets of a UUID in hex, as the air has them.
fn octets(uuid: &Value) -> Option<String> {
    let digits = uuid.as_str()?.replace('-', "");
    let pairs = (0..digits.len()).step_by(2).rev().filter_map(|at| digits.get(at..at + 2));
    Some(pairs.collect())
}
