//! What the examples say to each other on simulated controllers, packet by packet.

#![allow(dead_code, clippy::expect_used, clippy::panic, reason = "tests; the examples' main functions")]

use core::time::Duration;
use embassy_futures::select::{Either, select};
use jelling::sim::{Passed, Simulation, on};
use jelling_examples_desktop::Folder;

#[path = "../src/bin/file_client.rs"]
mod file_client;
#[path = "../src/bin/file_server.rs"]
mod file_server;
#[path = "../src/bin/temp_client.rs"]
mod temp_client;
#[path = "../src/bin/temp_sensor.rs"]
mod temp_sensor;

/// The lines of what passed on one controller.
fn said(recording: &[Passed], controller: usize) -> String {
    recording.iter().filter(|p| p.controller == controller).map(|p| format!("{p}\n")).collect()
}

#[test]
fn the_client_asks_the_sensor() {
    let simulation = Simulation::new(1);
    simulation.air().record();
    let controllers = [simulation.air().controller(), simulation.air().controller()];
    on(&simulation, &controllers, async |[sensor, client]| {
        let served = temp_sensor::temp_sensor(sensor);
        let asked = temp_client::temp_client(client, 2);
        match select(served, asked).await {
            Either::First(end) => panic!("the sensor ended: {end:?}"),
            Either::Second(asked) => asked.expect("the client succeeds"),
        }
        // The sensor learns that the client has left.
        embassy_time::Timer::after_secs(1).await;
    });
    let recording = simulation.air().recording();
    insta::assert_snapshot!("temp_sensor", said(&recording, 0));
    insta::assert_snapshot!("temp_client", said(&recording, 1));
}

#[test]
fn a_client_without_a_sensor_gives_up() {
    let simulation = Simulation::new(1);
    simulation.air().record();
    let controllers = [simulation.air().controller()];
    let end = on(&simulation, &controllers, async |[client]| temp_client::temp_client(client, 1).await);
    assert_eq!(end, Err(jelling::Error::NotFound));
    assert!(simulation.now() >= Duration::from_secs(5).as_micros() as u64, "it has looked for five seconds");
    insta::assert_snapshot!("temp_client_alone", said(&simulation.air().recording(), 0));
}

#[test]
fn the_client_downloads_a_file() {
    let simulation = Simulation::new(1);
    simulation.air().record();
    let controllers = [simulation.air().controller(), simulation.air().controller()];
    let root = tempfile::tempdir().expect("a folder");
    let file: String = (0..250).map(|line| format!("line {line}\n")).collect();
    std::fs::write(root.path().join("file.txt"), &file).expect("a file");
    let output = root.path().join("output");
    on(&simulation, &controllers, async |[server, client]| {
        let served = file_server::file_server(server, Folder::new(root.path()).expect("a folder"));
        let asked = async {
            for wanted in [
                file_client::Wanted::List,
                file_client::Wanted::File { name: "file.txt".into(), output: Some(output.clone()) },
            ] {
                file_client::file_client(client, &wanted).await.expect("the client succeeds");
            }
            let missing = file_client::Wanted::File { name: "no.txt".into(), output: Some(root.path().join("no")) };
            let error = file_client::file_client(client, &missing).await.expect_err("there is no such file");
            assert_eq!(format!("{error:#}"), "no.txt: the server has no such file");
            // The server learns that the client has left.
            embassy_time::Timer::after_secs(1).await;
        };
        assert!(matches!(select(served, asked).await, Either::Second(())), "the server has ended");
    });
    assert_eq!(std::fs::read_to_string(output).expect("the output"), file);
    assert!(!root.path().join("no.part").exists(), "nothing is left of what did not come");
    let recording = simulation.air().recording();
    insta::assert_snapshot!("file_server", said(&recording, 0));
    insta::assert_snapshot!("file_client", said(&recording, 1));
}
