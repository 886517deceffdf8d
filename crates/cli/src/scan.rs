//! `info` and `scan`.

use crate::{
    arguments::ScanOptions,
    output::{address_type, say},
    session::Session,
};
use anyhow::Result;
use jelling::{Device, LeFeatures, ScanResult};
use serde_json::json;
use std::collections::BTreeMap;

pub(crate) async fn info(session: Session) -> Result<()> {
    let info = session.start().await?;
    let device = Device::from(info.address);
    let features: Vec<&str> = LeFeatures(info.le_features).names().collect();
    let json = json!({
        "address": device.to_string(),
        "address_type": address_type(device),
        "hci_version": info.version.hci_version,
        "manufacturer": info.version.manufacturer,
        "acl": { "length": info.acl_length, "packets": info.acl_packets },
        "features": features,
    });
    session.output.print(&json, || {
        format!(
            "address       {device} ({})\nHCI version   {:#04x}\nmanufacturer  {:#06x}\nACL buffers   {} of {} octets\nfeatures      {}",
            address_type(device),
            info.version.hci_version,
            info.version.manufacturer,
            info.acl_packets,
            info.acl_length,
            features.join("\n              "),
        )
    });
    Ok(())
}

pub(crate) async fn scan(session: Session, options: &ScanOptions) -> Result<()> {
    let work = async {
        session.start().await?;
        let mut scan = session.host.scan(options.duration).interval(options.interval).window(options.window);
        if options.active {
            scan = scan.active();
        }
        let mut scanner = scan.await?;
        let mut shown = BTreeMap::new();
        while let Some(result) = scanner.try_next().await? {
            let named = options.name.as_deref().is_none_or(|name| result.name() == Some(name));
            let serves = options.service.is_none_or(|uuid| result.services().any(|u| u == uuid));
            if named && serves {
                print(session, &result, &mut shown);
            }
        }
        Ok(())
    };
    session.until_stopped(None, work).await?;
    let dropped = session.host.counters().reports_dropped;
    if dropped > 0 {
        say(format_args!("{dropped} reports were dropped: too many devices at once"));
    }
    Ok(())
}

/// Prints a result; for people only where it looks different from the last line of that device.
fn print(session: Session, result: &ScanResult, shown: &mut BTreeMap<String, String>) {
    let device = result.device();
    let services: Vec<String> = result.services().map(|u| u.to_string()).collect();
    let manufacturer: Vec<_> = result.manufacturer(None).map(|(id, data)| (id, hex::encode(data))).collect();
    let of_makers: Vec<_> = manufacturer.iter().map(|(id, data)| json!({ "id": id, "data": data })).collect();
    let json = json!({
        "address": device.to_string(),
        "address_type": address_type(device),
        "rssi": result.rssi(),
        "connectable": result.connectable(),
        "name": result.name(),
        "services": services,
        "manufacturer": of_makers,
        "adv_data": hex::encode(result.adv_data()),
        "resp_data": result.resp_data().map(hex::encode),
    });
    session.output.print(&json, || {
        let mut look = format!("{:20} {}", result.name().unwrap_or("-"), services.join(","));
        for (id, data) in &manufacturer {
            look += &format!(" {id:04x}:{data}");
        }
        if result.connectable() {
            look += " connectable";
        }
        let device = format!("{device} {:6}", address_type(device));
        if shown.get(&device) == Some(&look) {
            return String::new();
        }
        let line = format!("{device} {:4} dBm  {look}", result.rssi());
        shown.insert(device, look);
        line
    });
}
