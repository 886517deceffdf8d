//! aioble's sensor and its client: a temperature that changes each second, for one client after another.

use crate::support::{INTERVAL, SERVICE, VALUE, play};
use core::time::Duration;
use embassy_futures::select::{Either, Either3, select, select3};
use embassy_time::Timer;
use jelling::{Characteristic, Error, Host, Properties, Updates};

const THERMOMETER: u16 = 768;

async fn sense(temperature: Characteristic<'_>) -> Result<(), Error> {
    for t in (2450i16..).step_by(10) {
        temperature.update(&t)?;
        Timer::after_secs(1).await;
    }
    Ok(())
}

async fn serve(host: Host<'_>) -> Result<(), Error> {
    loop {
        let advertise = host.advertise(Duration::from_millis(250)).name("rust-temp").services(&[SERVICE]);
        advertise.appearance(THERMOMETER).await?.disconnected().await?;
    }
}

/// Finds the sensor, and gives what it read and what it was told.
async fn ask(host: Host<'_>) -> Result<Vec<i16>, Error> {
    let mut scanner = host.scan(Duration::from_secs(5)).interval(INTERVAL).window(INTERVAL).active().await?;
    let device = loop {
        let result = scanner.try_next().await?.ok_or(Error::NotFound)?;
        if result.name() == Some("rust-temp") && result.services().any(|uuid| uuid == SERVICE) {
            assert_eq!(result.appearance(), Some(THERMOMETER));
            break result.device();
        }
    };
    let connection = host.connect(device).await?;
    let temperature = connection.service(SERVICE).await?.characteristic(VALUE).await?;
    let mut values = vec![temperature.read::<i16>().await?];
    let mut updates = temperature.subscribe(Updates::NOTIFY).await?;
    for _ in 0..3 {
        values.push(updates.notified::<i16>().timeout(Duration::from_secs(2)).await?);
    }
    drop(updates);
    connection.disconnect().await?;
    Ok(values)
}

#[test]
fn a_sensor_and_its_clients() {
    play(async |[sensor, client, another], _, _| {
        let mut db = sensor.services().unwrap();
        let service = db.service(SERVICE).unwrap();
        let temperature = db.characteristic(service, VALUE, Properties::READ | Properties::NOTIFY).unwrap();
        db.register().unwrap();
        let clients = async {
            for host in [client, another, client] {
                let values = ask(host).await.unwrap();
                // One after the other, ten hundredths apart: the one that was read may be told once more.
                assert!(values.windows(2).skip(1).all(|pair| pair[1] == pair[0] + 10), "{values:?}");
                assert!((0..=10).contains(&(values[1] - values[0])), "{values:?}");
            }
        };
        let ended = select3(sense(temperature), serve(sensor), clients).await;
        assert!(matches!(ended, Either3::Third(())), "the sensor ended");
    });
}

#[test]
fn a_client_without_a_sensor_gives_up() {
    play(async |[other, client], _, _| {
        let elsewhere = other.advertise(INTERVAL).name("another");
        match select(elsewhere, ask(client)).await {
            Either::First(_) => panic!("the client connected to another"),
            Either::Second(asked) => assert_eq!(asked, Err(Error::NotFound)),
        }
        assert_eq!(client.connections().count(), 0);
    });
}
