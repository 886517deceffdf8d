//! aioble's `temp_sensor.py`: a temperature that changes each second, for whoever connects.
//!
//! `cargo run -p jelling-examples-desktop --bin temp_sensor -- tcp:127.0.0.1:6402`

use apps::thermometer::{Interval, News, thermometer};
use jelling::{Error, Host};

fn tell(news: News) {
    match news {
        News::Connected(device) => println!("connection from {device}"),
        News::Disconnected => println!("disconnected"),
        other => println!("{other:?}"),
    }
}

pub(crate) async fn temp_sensor(host: Host<'_>) -> Result<(), Error> {
    let mut temperatures = (2450i16..).step_by(10);
    thermometer(host, Interval::Fixed, || temperatures.next().unwrap_or(i16::MAX), tell).await
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let Some(spec) = std::env::args().nth(1) else { anyhow::bail!("usage: temp_sensor tcp:HOST:PORT") };
    jelling_examples_desktop::on_transport(&spec, temp_sensor).await
}
