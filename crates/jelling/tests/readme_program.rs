//! The shortest useful program of README compiles.
#![cfg(all(feature = "central", feature = "client", feature = "peripheral", feature = "server"))]
#![cfg(all(feature = "sim", not(feature = "sync")))]
#![allow(dead_code, missing_docs, clippy::unwrap_used, reason = "README's own text")]

// README from here
use core::time::Duration;
use embassy_futures::select::select;
use jelling::{Config, Error, Host, PacketRead, PacketWrite, Properties, Resources, Uuid};

const ENV_SENSE: Uuid = Uuid::new16(0x181A);
const TEMPERATURE: Uuid = Uuid::new16(0x2A6E);

async fn sensor(host: Host<'_>) -> Result<(), Error> {
    let mut db = host.services()?;
    let service = db.service(ENV_SENSE)?;
    let temperature = db.characteristic(service, TEMPERATURE, Properties::READ | Properties::NOTIFY)?;
    db.register()?;
    loop {
        let connection = host.advertise(Duration::from_millis(250)).name("rust-temp").services(&[ENV_SENSE]).await?;
        temperature.update(&2450i16)?; // set, and told to every subscriber
        connection.disconnected().await?;
    }
}

async fn run(reader: impl PacketRead, writer: impl PacketWrite) {
    let mut resources: Resources = Resources::new();
    let (host, mut runner) = jelling::new(&mut resources, Config::default());
    select(runner.run(reader, writer), sensor(host)).await;
}
// README to here

/// What README shows is what stands here.
#[test]
fn readme_shows_this() {
    let (_, example) = include_str!("readme_program.rs").split_once("// README from here\n").unwrap();
    let (example, _) = example.split_once("// README to here\n").unwrap();
    assert!(include_str!("../../../README.md").contains(example));
}
