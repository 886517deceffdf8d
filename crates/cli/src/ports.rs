//! `ports`.

use crate::output::{Output, reason, say};
use anyhow::{Result, anyhow};
use serde_json::json;

pub(crate) fn ports(output: Output) -> Result<()> {
    let ports =
        jelling_serial::ports().map_err(|error| anyhow!("serial ports cannot be listed ({})", reason(&error)))?;
    if ports.is_empty() {
        say("no serial port is here: plug a board or a dongle in");
    }
    for port in ports {
        let json = json!({ "path": port.path, "description": port.description });
        output.print(&json, || port.to_string());
    }
    Ok(())
}
