//! PHYs and the length of packets between two hosts in the simulator, on controllers that have all of them and on others.
#![cfg(all(feature = "sim", feature = "central", feature = "peripheral", not(feature = "sync")))]
#![allow(clippy::unwrap_used, clippy::panic, missing_docs, reason = "tests")]

use core::time::Duration;
use embassy_futures::{
    join::{join, join3},
    select::select,
};
use embassy_time::Timer;
use jelling::{
    Argument, Connection, ConnectionEvent, ConnectionParameters, DataLength, Error, LinkPhy, Phy, Phys, Status,
    sim::{self, Air, ControllerConfig, Simulation},
};
use jelling_host::wire::hci::Opcode;

const ALL: u64 = 0;
/// Bits of features that a controller may lack (Vol 6, Part B, 4.6).
const LENGTH: u64 = 1 << 5;
const LE_2M: u64 = 1 << 8;
const LE_CODED: u64 = 1 << 11;

const BOTH_2M: LinkPhy = LinkPhy { tx: Phy::Le2M, rx: Phy::Le2M };
const LONGEST: DataLength = DataLength { tx_octets: 251, rx_octets: 251 };

/// A peripheral and its central, on controllers that lack these features.
fn with_link(missing: [u64; 2], application: impl AsyncFnOnce(Connection<'_>, Connection<'_>)) {
    let air = Air::new(1);
    let controllers = missing.map(|features_missing| {
        air.controller_with(ControllerConfig { features_missing, ..ControllerConfig::default() })
    });
    let simulation = Simulation::on(air);
    sim::on(&simulation, &controllers, async |[peripheral, central]| {
        let advertise = peripheral.advertise(Duration::from_millis(20));
        let (theirs, ours) = join(advertise, central.connect(sim::device(0))).await;
        let (theirs, ours) = (theirs.unwrap(), ours.unwrap());
        // What the controllers agree on by themselves.
        Timer::after_secs(1).await;
        application(theirs, ours).await;
    });
    assert_eq!(simulation.air().violations(), []);
}

/// The next event of another kind than the lengths.
async fn phy_changed(connection: &Connection<'_>) -> LinkPhy {
    loop {
        if let ConnectionEvent::PhyChanged(phy) = connection.event().await.unwrap() {
            return phy;
        }
    }
}

#[test]
fn either_side_changes_the_phys() {
    with_link([ALL, ALL], async |peripheral, central| {
        assert_eq!(central.phy(), Ok(LinkPhy::default()));
        assert_eq!(central.set_phy(Phys::LE_2M, Phys::LE_2M).await, Ok(BOTH_2M));
        assert_eq!(phy_changed(&peripheral).await, BOTH_2M);
        assert_eq!((central.phy(), peripheral.phy()), (Ok(BOTH_2M), Ok(BOTH_2M)));
        // What a side wants it keeps to, whoever asks.
        assert_eq!(peripheral.set_phy(Phys::LE_1M, Phys::LE_1M).await, Ok(BOTH_2M));
        assert_eq!(central.set_phy(Phys::empty(), Phys::empty()).await, Ok(LinkPhy::default()));
        // Each direction by itself, and the best of several.
        let ours = LinkPhy { tx: Phy::LeCoded, rx: Phy::Le2M };
        assert_eq!(peripheral.set_phy(Phys::LE_CODED, Phys::all()).await, Ok(ours));
        let theirs = LinkPhy { tx: Phy::Le2M, rx: Phy::LeCoded };
        loop {
            if phy_changed(&central).await == theirs {
                break;
            }
        }
        // The same again is no change, and ends all the same.
        assert_eq!(peripheral.set_phy(Phys::LE_CODED, Phys::LE_2M).await, Ok(ours));
        assert_eq!(central.set_phy(Phys::LE_1M, Phys::LE_1M).await, Ok(theirs));
    });
}

#[test]
fn a_phy_that_one_side_does_not_have_is_not_used() {
    with_link([LE_CODED, ALL], async |peripheral, central| {
        // The controllers have none in common: what was in force stays.
        assert_eq!(central.set_phy(Phys::LE_CODED, Phys::LE_CODED).await, Ok(LinkPhy::default()));
        assert_eq!(peripheral.set_phy(Phys::LE_CODED, Phys::LE_2M).await, Err(Error::NotSupported));
        assert_eq!(central.set_phy(Phys::all(), Phys::all()).await, Ok(BOTH_2M));
        assert_eq!(peripheral.set_phy(Phys::LE_CODED | Phys::LE_2M, Phys::all()).await, Ok(BOTH_2M));
    });
    with_link([LE_2M | LE_CODED, ALL], async |peripheral, central| {
        let refused = Err(Error::Refused(Opcode::LE_SET_PHY, Status::UNSUPPORTED_REMOTE_FEATURE));
        assert_eq!(central.set_phy(Phys::LE_2M, Phys::LE_2M).await, refused);
        assert_eq!(peripheral.set_phy(Phys::LE_2M, Phys::LE_2M).await, Err(Error::NotSupported));
        assert_eq!(peripheral.phy(), Ok(LinkPhy::default()));
    });
}

#[test]
fn packets_are_as_long_as_both_sides_want() {
    with_link([ALL, ALL], async |peripheral, central| {
        // By themselves, at the beginning.
        assert_eq!((central.data_length(), peripheral.data_length()), (Ok(LONGEST), Ok(LONGEST)));
        assert!(select(central.event(), Timer::after_secs(1)).await.is_second());
        assert_eq!(central.set_data_length(251).await, Ok(LONGEST));
        let shorter = DataLength { tx_octets: 100, rx_octets: 251 };
        assert_eq!(peripheral.set_data_length(100).await, Ok(shorter));
        Timer::after_secs(1).await;
        assert_eq!(central.data_length(), Ok(DataLength { tx_octets: 251, rx_octets: 100 }));
        assert_eq!(peripheral.set_data_length(251).await, Ok(LONGEST));
        let wrong = Err(Error::InvalidArgument(Argument::DataLength));
        assert_eq!((central.set_data_length(26).await, central.set_data_length(252).await), (wrong, wrong));
    });
    with_link([LENGTH, ALL], async |peripheral, central| {
        let least = DataLength { tx_octets: 27, rx_octets: 27 };
        assert_eq!((central.data_length(), peripheral.data_length()), (Ok(least), Ok(least)));
        assert_eq!(peripheral.set_data_length(251).await, Err(Error::NotSupported));
        // Nothing changes, of which nobody tells.
        assert_eq!(central.set_data_length(251).await, Err(Error::Timeout));
        assert_eq!(central.set_data_length(27).await, Ok(least));
    });
}

#[test]
fn updates_of_all_kinds_take_turns() {
    with_link([ALL, ALL], async |peripheral, central| {
        for connection in [&peripheral, &central] {
            let fast = ConnectionParameters::new(Duration::from_micros(7_500), Duration::from_millis(15));
            let (parameters, phy, length) = join3(
                connection.update_parameters(fast),
                connection.set_phy(Phys::LE_2M, Phys::LE_2M),
                connection.set_data_length(251),
            )
            .await;
            assert_eq!((parameters, phy, length), (Ok(()), Ok(BOTH_2M), Ok(LONGEST)));
        }
        let end = async {
            Timer::after_millis(1).await;
            central.disconnect().await
        };
        let (phy, length, _) =
            join3(peripheral.set_phy(Phys::LE_1M, Phys::LE_1M), peripheral.set_data_length(27), end).await;
        assert_eq!((phy, length), (Err(Error::Disconnected), Err(Error::Disconnected)));
        assert_eq!(peripheral.phy(), Err(Error::Disconnected));
        assert_eq!(peripheral.data_length(), Err(Error::Disconnected));
    });
}
