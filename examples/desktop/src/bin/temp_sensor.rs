//! aioble's `temp_sensor.py`: a temperature that changes each second, for whoever connects.
//!
//! `cargo run -p jelling-examples-desktop --bin temp_sensor -- tcp:127.0.0.1:6402`

use core::time::Duration;
use embassy_time::Timer;
use jelling::{Characteristic, Error, Host, Properties, Uuid};

const ENV_SENSE: Uuid = Uuid::new16(0x181A);
const TEMPERATURE: Uuid = Uuid::new16(0x2A6E);
const THERMOMETER: u16 = 768;

async fn sensor_task(temperature: Characteristic<'_>) -> Result<(), Error> {
    for t in (2450i16..).step_by(10) {
        temperature.update(&t)?;
        Timer::after_secs(1).await;
    }
    Ok(())
}

async fn peripheral_task(host: Host<'_>) -> Result<(), Error> {
    loop {
        let advertise = host.advertise(Duration::from_millis(250)).name("rust-temp").services(&[ENV_SENSE]);
        let connection = advertise.appearance(THERMOMETER).await?;
        println!("connection from {}", connection.device()?);
        connection.disconnected().await?;
        println!("disconnected");
    }
}

pub(crate) async fn temp_sensor(host: Host<'_>) -> Result<(), Error> {
    let mut db = host.services()?;
    let service = db.service(ENV_SENSE)?;
    let temperature = db.characteristic(service, TEMPERATURE, Properties::READ | Properties::NOTIFY)?;
    db.register()?;
    let (sensor, peripheral) = tokio::join!(sensor_task(temperature), peripheral_task(host));
    sensor.and(peripheral)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let Some(spec) = std::env::args().nth(1) else { anyhow::bail!("usage: temp_sensor tcp:HOST:PORT") };
    jelling_examples_desktop::on_transport(&spec, temp_sensor).await
}
