//! A port on a pty, with a simulated controller behind it: opened, taken, unplugged and plugged in again.
#![cfg(unix)]
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    missing_docs,
    reason = "tests"
)]

use embedded_io_async::{Read, Write};
use jelling::{
    Config, Fault, Host, HostEvent,
    sim::{Air, Controller, Memory},
};
use jelling_serial::{FlowControl, OpenError, Settings, open, ports};
use std::{cell::Cell, os::unix::fs::symlink, path::Path, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    select,
    time::timeout,
};
use tokio_serial::{SerialPort, SerialStream};

fn pty() -> (SerialStream, String) {
    let (master, slave) = SerialStream::pair().unwrap();
    (master, slave.name().unwrap())
}

/// The cable: from the pty to the controller and back, until it is dropped.
async fn cable(master: SerialStream, controller: &Controller) {
    let (mut reader, mut writer, _) = controller.serial();
    let (mut from_host, mut to_host) = tokio::io::split(master);
    let up = async {
        let mut buffer = [0; 512];
        loop {
            match from_host.read(&mut buffer).await {
                Ok(n @ 1..) => {
                    let Ok(()) = writer.write_all(&buffer[..n]).await;
                }
                // Nobody has the port open, and nothing tells when somebody has.
                _ => tokio::time::sleep(Duration::from_millis(5)).await,
            }
        }
    };
    let down = async {
        let mut buffer = [0; 512];
        loop {
            let Ok(n) = reader.read(&mut buffer).await;
            to_host.write_all(&buffer[..n]).await.unwrap();
        }
    };
    select! { () = up => {}, () = down => {} }
}

#[tokio::test]
async fn settings_reach_the_port_and_nobody_else_gets_it() {
    let (master, path) = pty();
    let both = Settings::default();
    let (reader, writer) = open(&path, &both).unwrap();
    let now = |master: &SerialStream| (master.flow_control().unwrap(), master.baud_rate().unwrap());
    assert_eq!(now(&master), (tokio_serial::FlowControl::Hardware, 1_000_000));
    assert!(matches!(open(&path, &both), Err(OpenError::Busy)));
    drop((reader, writer));
    let settings = Settings { baud: 115_200, flow_control: FlowControl::None };
    let _port = open(&path, &settings).unwrap();
    assert_eq!(now(&master), (tokio_serial::FlowControl::None, 115_200));
}

#[tokio::test]
async fn what_is_no_port() {
    let settings = Settings::default();
    assert!(matches!(open("/dev/no-such-port", &settings), Err(OpenError::Absent)));
    let file = tempfile::NamedTempFile::new().unwrap();
    assert!(matches!(open(file.path().to_str().unwrap(), &settings), Err(OpenError::Unsuited(_))));
}

#[test]
fn ports_can_be_listed() {
    for port in ports().unwrap() {
        assert!(!port.path.is_empty() && !port.description.is_empty(), "{port}");
    }
}

/// Waits until the host says this.
async fn hears(host: Host<'_>, event: HostEvent) {
    let wait = async { while host.event().await != event {} };
    timeout(Duration::from_secs(20), wait).await.unwrap();
}

#[tokio::test]
async fn a_port_that_is_unplugged_and_plugged_in_again() {
    let air = Air::new(1);
    let controller = air.controller();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("port");
    let plug = |path: &Path| {
        let (master, target) = pty();
        let _ = std::fs::remove_file(path);
        symlink(target, path).unwrap();
        controller.power_cycle();
        master
    };
    let mut memory = Box::new(Memory::new());
    let (host, mut runner) = jelling::new(&mut *memory, Config::default());
    let plugged = Cell::new(true);
    let name = path.to_str().unwrap().to_owned();
    let run = async {
        loop {
            if let Ok((reader, writer)) = open(&name, &Settings::default()) {
                let end = runner.run(reader, writer).await;
                assert!(!plugged.get(), "{end}");
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let advertise = async {
        let _ = host.advertise(Duration::from_millis(100)).await;
    };
    let story = async {
        {
            let wire = cable(plug(&path), &controller);
            let up = async { timeout(Duration::from_secs(20), host.advertising()).await.unwrap().unwrap() };
            select! { () = wire => panic!("the cable"), () = up => {} }
        }
        plugged.set(false);
        std::fs::remove_file(&path).unwrap();
        hears(host, HostEvent::Lost(Fault::TransportClosed)).await;
        let wire = cable(plug(&path), &controller);
        plugged.set(true);
        let again = async {
            hears(host, HostEvent::Recovered(Fault::TransportClosed)).await;
            timeout(Duration::from_secs(20), host.advertising()).await.unwrap().unwrap();
        };
        select! { () = wire => panic!("the cable"), () = again => {} }
    };
    select! { () = story => {}, () = run => {}, () = advertise => panic!("advertising ended") }
}
