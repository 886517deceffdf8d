//! What an argument can be: peers, characteristics, octets, times.

use jelling::{Device, Uuid};
use std::{str::FromStr, time::Duration};

/// A peer, whose address type may be unknown.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) device: Device,
    pub(crate) typed: bool,
}

impl FromStr for Target {
    type Err = jelling::InvalidDevice;
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        Ok(Target { device: s.parse()?, typed: s.contains('/') })
    }
}

/// A characteristic, by UUID or by its value's handle.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Characteristic {
    Uuid(Uuid),
    Handle(u16),
}

impl FromStr for Characteristic {
    type Err = String;
    fn from_str(s: &str) -> Result<Self, String> {
        if let Some(digits) = s.strip_prefix("0x") {
            return match u16::from_str_radix(digits, 16) {
                Ok(handle) if handle != 0 => Ok(Characteristic::Handle(handle)),
                _ => Err("a handle is 0x0001 to 0xffff".into()),
            };
        }
        if (s.len() == 4 || s.len() == 36)
            && let Ok(uuid) = s.parse()
        {
            return Ok(Characteristic::Uuid(uuid));
        }
        match s.parse() {
            Ok(handle) if handle != 0 => Ok(Characteristic::Handle(handle)),
            _ => Err("expected a UUID (4 hex digits or 128 bits with dashes) or a handle (decimal or 0x..)".into()),
        }
    }
}

impl std::fmt::Display for Characteristic {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Characteristic::Uuid(uuid) => uuid.fmt(f),
            Characteristic::Handle(handle) => write!(f, "{handle:#06x}"),
        }
    }
}

/// Octets in hex.
#[derive(Clone, Debug)]
pub(crate) struct Hex(pub(crate) Vec<u8>);

impl FromStr for Hex {
    type Err = String;
    fn from_str(s: &str) -> Result<Self, String> {
        hex::decode(s).map(Hex).map_err(|_| "expected an even number of hex digits".into())
    }
}

/// Company identifier and data.
#[derive(Clone, Debug)]
pub(crate) struct Manufacturer {
    pub(crate) id: u16,
    pub(crate) data: Vec<u8>,
}

impl FromStr for Manufacturer {
    type Err = String;
    fn from_str(s: &str) -> Result<Self, String> {
        let (id, data) = s.split_once(':').ok_or("expected ID:HEX")?;
        Ok(Manufacturer { id: number(id)?, data: data.parse::<Hex>()?.0 })
    }
}

pub(super) fn number(s: &str) -> Result<u16, String> {
    let parsed = match s.strip_prefix("0x") {
        Some(digits) => u16::from_str_radix(digits, 16),
        None => s.parse(),
    };
    parsed.map_err(|_| "expected a number from 0 to 65535, decimal or 0x..".into())
}

/// A number within these bounds.
fn within(s: &str, least: u16, greatest: u16) -> Result<u16, String> {
    match number(s) {
        Ok(number) if (least..=greatest).contains(&number) => Ok(number),
        _ => Err(format!("expected a number from {least} to {greatest}, decimal or 0x..")),
    }
}

/// Vol 3, Part A, 4.22: an SPSM has one octet, and 0 is none.
pub(super) fn psm(s: &str) -> Result<u16, String> {
    within(s, 1, 255)
}

pub(super) fn channel_mtu(s: &str) -> Result<u16, String> {
    within(s, 23, 65_535)
}

pub(super) fn mps(s: &str) -> Result<u16, String> {
    within(s, 23, 65_533)
}

pub(super) fn sdu(s: &str) -> Result<u16, String> {
    within(s, 1, 65_535)
}

pub(super) fn part(s: &str) -> Result<f64, String> {
    match s.parse() {
        Ok(part) if (0.0..=1.0).contains(&part) => Ok(part),
        _ => Err("expected a part from 0.0 to 1.0".into()),
    }
}

pub(super) fn seconds(s: &str) -> Result<Duration, String> {
    let value: f64 = s.parse().map_err(|_| "expected seconds")?;
    Duration::try_from_secs_f64(value).map_err(|_| "expected seconds".into())
}

pub(super) fn millis(s: &str) -> Result<Duration, String> {
    let value: f64 = s.parse().map_err(|_| "expected milliseconds")?;
    Duration::try_from_secs_f64(value / 1000.0).map_err(|_| "expected milliseconds".into())
}
