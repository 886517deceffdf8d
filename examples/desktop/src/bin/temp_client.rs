//! aioble's `temp_client.py`: finds the sensor, connects and prints what it is told.
//!
//! `cargo run -p jelling-examples-desktop --bin temp_client -- tcp:127.0.0.1:6402 [COUNT]`

use core::time::Duration;
use jelling::{Error, Host, Updates, Uuid};

const ENV_SENSE: Uuid = Uuid::new16(0x181A);
const TEMPERATURE: Uuid = Uuid::new16(0x2A6E);

async fn find_sensor(host: Host<'_>) -> Result<jelling::Device, Error> {
    let interval = Duration::from_millis(30);
    let mut scanner = host.scan(Duration::from_secs(5)).interval(interval).window(interval).active().await?;
    while let Some(result) = scanner.next().await {
        if result.name() == Some("rust-temp") && result.services().any(|uuid| uuid == ENV_SENSE) {
            return Ok(result.device());
        }
    }
    Err(Error::NotFound)
}

pub(crate) async fn temp_client(host: Host<'_>, count: usize) -> Result<(), Error> {
    let device = find_sensor(host).await?;
    println!("connecting to {device}");
    let connection = host.connect(device).await?;
    let temperature = connection.service(ENV_SENSE).await?.characteristic(TEMPERATURE).await?;
    println!("temperature {:.2}", f32::from(temperature.read::<i16>().await?) / 100.0);
    let mut updates = temperature.subscribe(Updates::NOTIFY).await?;
    for _ in 0..count {
        println!("temperature {:.2}", f32::from(updates.notified::<i16>().await?) / 100.0);
    }
    drop(updates);
    connection.disconnect().await
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let mut args = std::env::args().skip(1);
    let Some(spec) = args.next() else { anyhow::bail!("usage: temp_client tcp:HOST:PORT [COUNT]") };
    let count = args.next().map_or(Ok(usize::MAX), |n| n.parse())?;
    jelling_examples_desktop::on_transport(&spec, async move |host: Host<'_>| temp_client(host, count).await).await
}
