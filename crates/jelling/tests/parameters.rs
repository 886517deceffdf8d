//! Connection parameters between two hosts in the simulator, on controllers that know the procedure of the link layer and on
//! others.
#![cfg(all(feature = "sim", feature = "central", feature = "peripheral", not(feature = "sync")))]
#![allow(clippy::unwrap_used, clippy::panic, missing_docs, reason = "tests")]

use core::time::Duration;
use embassy_futures::{
    join::join,
    select::{Either, select},
};
use embassy_time::Timer;
use jelling::{
    Argument, Connection, ConnectionEvent, ConnectionParameters, Error, ParameterPolicy, Status,
    sim::{self, Air, ControllerConfig, Simulation},
};

const MS: fn(u64) -> Duration = Duration::from_millis;
const ABLE: u64 = 0;
/// Connection Parameters Request (Vol 6, Part B, 4.6).
const OLD: u64 = 1 << 1;

fn wanted(milliseconds: u64) -> ConnectionParameters {
    ConnectionParameters { latency: 1, ..ConnectionParameters::new(MS(milliseconds), MS(milliseconds)) }
}

/// A peripheral and its central, on controllers that lack these features: whether L2CAP was used.
fn with_link(missing: [u64; 2], application: impl AsyncFnOnce(Connection<'_>, Connection<'_>)) -> bool {
    let air = Air::new(1);
    let controllers = missing.map(|features_missing| {
        air.controller_with(ControllerConfig { features_missing, ..ControllerConfig::default() })
    });
    air.record();
    let simulation = Simulation::on(air);
    sim::on(&simulation, &controllers, async |[peripheral, central]| {
        let advertise = peripheral.advertise(MS(20));
        let (theirs, ours) = join(advertise, central.connect(sim::device(0))).await;
        application(theirs.unwrap(), ours.unwrap()).await;
    });
    assert_eq!(simulation.air().violations(), []);
    let packets = simulation.air().recording();
    packets.iter().any(|passed| passed.to_string().contains("Connection Parameter Update Request"))
}

async fn changed(connection: &Connection<'_>) -> Duration {
    loop {
        if let ConnectionEvent::ParametersChanged { interval, latency: 1, supervision_timeout } =
            connection.event().await.unwrap()
        {
            assert_eq!(supervision_timeout, Duration::from_secs(5));
            return interval;
        }
    }
}

#[test]
fn either_side_changes_the_parameters_of_the_link() {
    // By the link layer; by L2CAP where the central does not know that, or the peripheral's own controller, or neither.
    for missing in [[ABLE, ABLE], [ABLE, OLD], [OLD, ABLE], [OLD, OLD]] {
        let by_l2cap = with_link(missing, async |peripheral, central| {
            assert_eq!(peripheral.update_parameters(wanted(15)).await, Ok(()), "{missing:?}");
            assert_eq!(peripheral.interval(), Ok(MS(15)));
            assert_eq!(join(changed(&peripheral), changed(&central)).await, (MS(15), MS(15)));
            assert_eq!(central.update_parameters(wanted(60)).await, Ok(()));
            assert_eq!(central.interval(), Ok(MS(60)));
            assert_eq!(join(changed(&peripheral), changed(&central)).await, (MS(60), MS(60)));
            // The same again.
            assert_eq!(peripheral.update_parameters(wanted(60)).await, Ok(()));
            assert_eq!(central.update_parameters(wanted(60)).await, Ok(()));
        });
        assert_eq!(by_l2cap, missing != [ABLE, ABLE]);
    }
}

#[test]
fn a_central_takes_refuses_or_asks() {
    for missing in [[ABLE, ABLE], [ABLE, OLD], [OLD, ABLE]] {
        with_link(missing, async |peripheral, central| {
            let refused = Err(Error::ParametersRefused(Status::UNACCEPTABLE_CONNECTION_PARAMETERS));
            central.on_parameter_request(Some(ParameterPolicy::Reject)).unwrap();
            assert_eq!(peripheral.update_parameters(wanted(15)).await, refused, "{missing:?}");
            let range = ConnectionParameters { latency: 1, ..ConnectionParameters::new(MS(20), MS(100)) };
            central.on_parameter_request(Some(ParameterPolicy::Within(range))).unwrap();
            assert_eq!(peripheral.update_parameters(wanted(15)).await, refused);
            assert_eq!(peripheral.update_parameters(wanted(30)).await, Ok(()));
            assert_eq!(changed(&central).await, MS(30));
            assert_eq!(central.answer_parameters(None), Err(Error::Stale));
            // The application decides.
            central.on_parameter_request(Some(ParameterPolicy::Ask)).unwrap();
            for (word, result) in [(Some(wanted(45)), Ok(())), (None, refused)] {
                let decide = async {
                    loop {
                        if let ConnectionEvent::ParametersRequested(asked) = central.event().await.unwrap() {
                            assert_eq!(asked, wanted(45));
                            return central.answer_parameters(word);
                        }
                    }
                };
                let both = join(peripheral.update_parameters(wanted(45)), decide).await;
                assert_eq!(both, (result, Ok(())));
            }
            // Nobody answers.
            assert_eq!(peripheral.update_parameters(wanted(75)).await, refused);
            assert_eq!(peripheral.interval(), Ok(MS(45)));
        });
    }
}

#[test]
fn updates_of_several_tasks_go_one_after_the_other() {
    for missing in [[ABLE, ABLE], [OLD, ABLE]] {
        with_link(missing, async |peripheral, central| {
            let two = join(peripheral.update_parameters(wanted(15)), peripheral.update_parameters(wanted(30)));
            assert_eq!(two.await, (Ok(()), Ok(())));
            let two = join(central.update_parameters(wanted(15)), central.update_parameters(wanted(45)));
            assert_eq!(two.await, (Ok(()), Ok(())));
            // One that is dropped is in nobody's way.
            for patience in [0, 1, 40, 100] {
                let dropped = select(peripheral.update_parameters(wanted(75)), Timer::after_millis(patience)).await;
                assert!(matches!(dropped, Either::Second(())), "{patience}");
                assert_eq!(peripheral.update_parameters(wanted(15)).await, Ok(()), "{patience}");
            }
        });
    }
}

#[test]
fn an_update_ends_with_its_link_and_with_its_time() {
    for missing in [[ABLE, ABLE], [OLD, ABLE]] {
        with_link(missing, async |peripheral, central| {
            let none = peripheral.update_parameters(wanted(4_001)).await;
            assert_eq!(none, Err(Error::InvalidArgument(Argument::ConnectionParameters)));
            central.on_parameter_request(Some(ParameterPolicy::Ask)).unwrap();
            let short = peripheral.update_parameters(wanted(15)).timeout(Duration::from_secs(1)).await;
            assert_eq!(short, Err(Error::Timeout));
            // The central has not answered, so the next one waits, until its link ends.
            let end = async {
                Timer::after_secs(1).await;
                central.disconnect().await
            };
            let ended = join(peripheral.update_parameters(wanted(15)), end).await;
            assert_eq!(ended, (Err(Error::Disconnected), Ok(())));
            assert_eq!(peripheral.update_parameters(wanted(15)).await, Err(Error::Disconnected));
            assert_eq!(peripheral.on_parameter_request(None), Err(Error::Disconnected));
            assert_eq!(peripheral.answer_parameters(None), Err(Error::Disconnected));
        });
    }
}
