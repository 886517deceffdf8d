//! The throughput of README, by two hosts.
#![cfg(all(feature = "central", feature = "peripheral"))]
#![cfg(all(feature = "sim", not(feature = "sync")))]
#![allow(missing_docs, clippy::unwrap_used, reason = "README's own text")]

// README from here
use core::time::Duration;
use jelling::{Connection, ConnectionParameters, Error, Phys};

async fn fast(connection: &Connection<'_>) -> Result<(), Error> {
    connection.set_phy(Phys::LE_2M, Phys::LE_2M).await?; // twice the rate of 1M
    connection.set_data_length(251).await?; // mostly there already: controllers begin with it
    let interval = (Duration::from_micros(7_500), Duration::from_millis(15));
    connection.update_parameters(ConnectionParameters::new(interval.0, interval.1)).await
}
// README to here

use embassy_futures::join::join;
use jelling::{DataLength, LinkPhy, Phy};

/// What README shows is what stands here.
#[test]
fn readme_shows_this() {
    let (_, example) = include_str!("readme_throughput.rs").split_once("// README from here\n").unwrap();
    let (example, _) = example.split_once("// README to here").unwrap();
    assert!(include_str!("../../../README.md").contains(&format!("```rust\n{example}```\n")));
}

/// Either side may ask.
#[test]
fn a_connection_becomes_fast() {
    for side in [0, 1] {
        jelling::sim::run(1, async |[peripheral, central]| {
            let advertise = peripheral.advertise(Duration::from_millis(20));
            let (theirs, ours) = join(advertise, central.connect(jelling::sim::device(0))).await;
            let sides = [theirs.unwrap(), ours.unwrap()];
            fast(sides.get(side).unwrap()).await.unwrap();
            for connection in &sides {
                assert_eq!(connection.phy(), Ok(LinkPhy { tx: Phy::Le2M, rx: Phy::Le2M }));
                assert_eq!(connection.data_length(), Ok(DataLength { tx_octets: 251, rx_octets: 251 }));
                assert_eq!(connection.interval(), Ok(Duration::from_millis(15)));
            }
        });
    }
}
