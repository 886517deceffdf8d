//! Flow control from the controller to the host in the simulator: a stream of notifications to a host with few buffers.
#![cfg(all(feature = "central", feature = "client", feature = "peripheral", feature = "server"))]
#![cfg(all(feature = "sim", not(feature = "sync")))]
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    missing_docs,
    reason = "tests"
)]

use core::time::Duration;
use embassy_futures::join::join;
use jelling::{
    Config, HostBuffers, Packet, PacketKind, Properties, Updates, Uuid,
    sim::{self, Air, ControllerConfig, Direction, Passed, Simulation},
};
use jelling_host::wire::hci::{Opcode, command};

const SERVICE: Uuid = Uuid::new16(0x181a);
const VALUE: Uuid = Uuid::new16(0x2a6e);
const COUNT: u32 = 300;

/// Host 0 sends [`COUNT`] values to host 1, whose controller has these commands missing and is told of these buffers: what passed
/// between those two.
fn stream(commands_missing: &'static [Opcode], flow_control: Option<HostBuffers>, works: bool) -> Vec<Passed> {
    let air = Air::new(3);
    air.record();
    let config = ControllerConfig { commands_missing, ..ControllerConfig::default() };
    let controllers = [air.controller(), air.controller_with(config)];
    let simulation = Simulation::on(air);
    let configs = [Config::default(), Config { flow_control, ..Config::default() }];
    simulation.block_on(sim::hosts(&controllers, configs, async |[server, client]| {
        assert_eq!(client.start().await.unwrap().flow_control, works);
        let mut db = server.services().unwrap();
        let service = db.service(SERVICE).unwrap();
        let value = db.characteristic(service, VALUE, Properties::NOTIFY).unwrap();
        db.register().unwrap();
        let advertise = server.advertise(Duration::from_millis(20));
        let (theirs, ours) = join(advertise, client.connect(sim::device(0))).await;
        let (theirs, ours) = (theirs.unwrap(), ours.unwrap());
        let remote = ours.service(SERVICE).await.unwrap().characteristic(VALUE).await.unwrap();
        let mut values = remote.subscribe(Updates::NOTIFY).await.unwrap();
        let send = async {
            for n in 0..COUNT {
                value.notify(&theirs, &n).await.unwrap();
            }
        };
        let receive = async {
            for n in 0..COUNT {
                assert_eq!(values.notified::<u32>().await, Ok(n));
            }
        };
        join(send, receive).await;
        drop(values);
        ours.disconnect().await.unwrap();
    }));
    assert_eq!(simulation.air().violations(), []);
    let mut packets = simulation.air().recording();
    packets.retain(|passed| passed.controller == 1);
    packets
}

/// What Host Number Of Completed Packets gives back.
fn given_back(passed: &Passed) -> Option<u16> {
    if passed.direction != Direction::ToController || passed.kind != PacketKind::Command {
        return None;
    }
    let (opcode, parameters) = command::header(&passed.octets).unwrap();
    let links = parameters.get(1..).unwrap_or_default().chunks(4);
    let is_it = opcode == Opcode::HOST_NUMBER_OF_COMPLETED_PACKETS && parameters.len() < 100;
    is_it.then(|| links.map(|link| u16::from_le_bytes([link[2], link[3]])).sum())
}

#[test]
fn a_stream_goes_on_through_few_buffers() {
    for (acl_length, acl_packets) in [(251, 1), (27, 1), (27, 2), (251, 3), (251, 20), (251, 255)] {
        let packets = stream(&[], Some(HostBuffers { acl_length, acl_packets }), true);
        let (mut held, mut most, mut commands) = (0, 0, 0);
        for passed in &packets {
            if let Some(count) = given_back(passed) {
                held -= count;
                commands += 1;
            }
            if passed.direction == Direction::FromController && passed.kind == PacketKind::Acl {
                held += 1;
                let Packet { data, .. } = Packet::new(passed.kind, &passed.octets);
                assert!(data.len() <= usize::from(acl_length) + 4);
            }
            most = most.max(held);
        }
        assert!(most <= u16::from(acl_packets), "{most} of {acl_packets}");
        // Several packets a command, where there are several.
        let batch = u32::from(acl_packets / 2).max(1);
        assert!(commands >= COUNT / batch && commands <= 2 * COUNT / batch, "{commands} for {acl_packets}");
    }
}

#[test]
fn a_host_without_it_says_nothing_of_what_it_takes() {
    const MISSING: &[Opcode] = &[Opcode::SET_CONTROLLER_TO_HOST_FLOW_CONTROL];
    for (missing, buffers) in [(&[][..], None), (MISSING, Some(HostBuffers::new(1)))] {
        let packets = stream(missing, buffers, false);
        assert_eq!(packets.iter().filter_map(given_back).count(), 0);
    }
}
