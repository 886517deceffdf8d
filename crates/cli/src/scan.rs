//! `info` and `scan`.

use crate::{
    arguments::ScanOptions,
    output::{address_type, say},
    session::Session,
};
use anyhow::Result;
use jelling::{Device, LeFeatures, ScanResult};
use serde_json::json;

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
        while let Some(result) = scanner.try_next().await? {
            let named = options.name.as_deref().is_none_or(|name| result.name() == Some(name));
            let serves = options.service.is_none_or(|uuid| result.services().any(|u| u == uuid));
            if named && serves {
                print(session, &result);
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

fn print(session: Session, result: &ScanResult) {
    let device = result.device();
    let services: Vec<String> = result.services().map(|u| u.to_string()).collect();
    let manufacturer: Vec<_> =
        result.manufacturer(None).map(|(id, data)| json!({ "id": id, "data": hex::encode(data) })).collect();
    let json = json!({
        "address": device.to_string(),
        "address_type": address_type(device),
        "rssi": result.rssi(),
        "connectable": result.connectable(),
        "name": result.name(),
        "services": services,
        "manufacturer": manufacturer,
        "adv_data": hex::encode(result.adv_data()),
        "resp_data": result.resp_data().map(hex::encode),
    });
    session.output.print(&json, || {
        let name = result.name().unwrap_or("-");
        let connectable = if result.connectable() { "connectable" } else { "" };
        format!(
            "{device} {:6} {:4} dBm  {name:20} {} {connectable}",
            address_type(device),
            result.rssi(),
            services.join(",")
        )
    });
}
