//! The serial ports of this computer.

use core::fmt;
use std::io;
use tokio_serial::{SerialPortInfo, SerialPortType, UsbPortInfo};

/// A serial port that is there.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Port {
    /// What [`open`](crate::open) takes.
    pub path: String,
    /// What it is, as far as the operating system knows.
    pub description: String,
}

impl fmt::Display for Port {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}  {}", self.path, self.description)
    }
}

/// The ports of this computer: those of USB first, then by name.
///
/// # Errors
/// Those of the operating system.
pub fn ports() -> io::Result<Vec<Port>> {
    Ok(listed(tokio_serial::available_ports()?))
}

fn listed(mut found: Vec<SerialPortInfo>) -> Vec<Port> {
    // macOS lists each port twice. Its `tty.` waits for a carrier that no dongle has.
    found.retain(|port| !port.port_name.starts_with("/dev/tty."));
    found.sort_by_cached_key(|port| {
        (!matches!(port.port_type, SerialPortType::UsbPort(_)), digits_last(&port.port_name))
    });
    let describe = |port: SerialPortInfo| Port { description: description(&port.port_type), path: port.port_name };
    found.into_iter().map(describe).collect()
}

/// A key by which `COM10` comes after `COM9`.
fn digits_last(name: &str) -> (String, u32) {
    let stem = name.trim_end_matches(|c: char| c.is_ascii_digit());
    let number = name.strip_prefix(stem).and_then(|digits| digits.parse().ok()).unwrap_or(0);
    (stem.into(), number)
}

fn description(kind: &SerialPortType) -> String {
    match kind {
        SerialPortType::UsbPort(usb) => usb_description(usb),
        SerialPortType::PciPort => "built in".into(),
        SerialPortType::BluetoothPort => "over Bluetooth".into(),
        SerialPortType::Unknown => "serial port".into(),
    }
}

/// `nRF52 Connectivity, Nordic Semiconductor, serial number C0FFEE, USB 1915:c00a`
fn usb_description(usb: &UsbPortInfo) -> String {
    let serial = usb.serial_number.as_deref().map(|number| format!("serial number {number}"));
    let ids = format!("USB {:04x}:{:04x}", usb.vid, usb.pid);
    let parts = [usb.product.clone(), usb.manufacturer.clone(), serial, Some(ids)];
    parts.into_iter().flatten().filter(|part| !part.trim().is_empty()).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests;
