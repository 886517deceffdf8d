//! The test that README shows passes.
#![cfg(all(feature = "central", feature = "client", feature = "peripheral", feature = "server"))]
#![cfg(all(feature = "sim", not(feature = "sync")))]
#![allow(dead_code, missing_docs, clippy::unwrap_used, reason = "README's own text")]

// README from here
use core::time::Duration;
use embassy_futures::select::{Either, select};
use jelling::{Properties, Uuid};

#[test]
fn the_client_reads_the_sensor() {
    jelling::sim::run(1, async |[sensor, client]| {
        let mut db = sensor.services().unwrap();
        let service = db.service(Uuid::new16(0x181a)).unwrap();
        db.characteristic(service, Uuid::new16(0x2a6e), Properties::READ).unwrap().write(&2150i16).unwrap();
        db.register().unwrap();
        let serve = async { sensor.advertise(Duration::from_millis(100)).await.unwrap().disconnected().await };
        let ask = async {
            let connection = client.connect(jelling::sim::device(0)).await.unwrap();
            let service = connection.service(Uuid::new16(0x181a)).await.unwrap();
            service.characteristic(Uuid::new16(0x2a6e)).await.unwrap().read::<i16>().await
        };
        assert!(matches!(select(serve, ask).await, Either::Second(Ok(2150))));
    });
}
// README to here

/// What README shows is what stands here.
#[test]
fn readme_shows_this() {
    let (_, example) = include_str!("readme_test.rs").split_once("// README from here\n").unwrap();
    let (example, _) = example.split_once("// README to here\n").unwrap();
    assert!(include_str!("../../../README.md").contains(example));
}
