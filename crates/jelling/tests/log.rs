//! What a user reads with the feature `log`: the life of a host, and never what a link carries.
#![cfg(all(feature = "central", feature = "client", feature = "peripheral", feature = "server"))]
#![cfg(all(feature = "sim", feature = "log", not(feature = "sync")))]
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    missing_docs,
    reason = "tests"
)]

use core::time::Duration;
use embassy_futures::join::join;
use jelling::{
    HostEvent, Packet, PacketKind,
    sim::{self, Air, Simulation},
};
use std::sync::Mutex;

/// Lines of the host, with their levels.
static LINES: Mutex<Vec<String>> = Mutex::new(vec![]);

struct Lines;

impl log::Log for Lines {
    fn enabled(&self, metadata: &log::Metadata<'_>) -> bool {
        metadata.target().starts_with("jelling_host")
    }
    fn log(&self, record: &log::Record<'_>) {
        if self.enabled(record.metadata()) {
            LINES.lock().unwrap().push(format!("{} {}", record.level(), record.args()));
        }
    }
    fn flush(&self) {}
}

#[test]
fn the_life_of_a_host_is_told() {
    log::set_logger(&Lines).unwrap();
    log::set_max_level(log::LevelFilter::Trace);
    let air = Air::new(1);
    let controllers = [air.controller(), air.controller()];
    let simulation = Simulation::on(air);
    sim::on(&simulation, &controllers, async |[central, peripheral]| {
        let advertise = peripheral.advertise(Duration::from_millis(50));
        let (theirs, ours) = join(advertise, central.connect(sim::device(1))).await;
        let (theirs, ours) = (theirs.unwrap(), ours.unwrap());
        ours.disconnect().await.unwrap();
        theirs.disconnected().await.unwrap();
        controllers[0].say(Packet::new(PacketKind::Event, &[0x3e, 1]));
        controllers[0].say(Packet::new(PacketKind::Event, &[0x10, 1, 0x42]));
        while !matches!(central.event().await, HostEvent::Recovered(_)) {}
    });
    let lines = LINES.lock().unwrap();
    let count = |line: &str| lines.iter().filter(|l| l.starts_with(line)).count();
    for (line, times) in [
        ("INFO the host is up: address 00:00:5e:00:53:00, HCI version ", 2),
        ("INFO the host is up: address 00:00:5e:00:53:01, HCI version ", 1),
        ("INFO link 0 is up: 00:00:5e:00:53:01, we are its Central", 1),
        ("INFO link 0 is up: 00:00:5e:00:53:00, we are its Peripheral", 1),
        ("INFO link 0 is down: Connection Terminated By Local Host", 1),
        ("INFO link 0 is down: Remote User Terminated Connection", 1),
        ("DEBUG a malformed packet was dropped: an event", 1),
        ("WARN the host is down: the controller reported hardware error 0x42", 1),
        ("INFO recovered from: the controller reported hardware error 0x42", 1),
        ("INFO the host is off", 2),
    ] {
        assert_eq!(count(line), times, "{line:?} in {lines:#?}");
    }
    assert_eq!(lines.len(), 12, "no other lines: {lines:#?}");
}
