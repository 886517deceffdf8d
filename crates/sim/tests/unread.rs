//! What a host leaves unread, or does without end, costs the simulator no memory.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    missing_docs,
    reason = "tests"
)]

mod common;

use common::{Bench, scanning};
use core::{
    cell::Cell,
    future::Future,
    pin::pin,
    task::{Context, Waker},
};
use embassy_futures::join::{join, join3};
use embassy_time::Timer;
use embedded_io_async::{Read, Write};
use jelling_sim::{Breach, Simulation, apart};
use jelling_transport::{PacketRead, PacketWrite};
use jelling_wire::{
    Packet, PacketKind,
    hci::{ConnectionHandle, ScanKind, Switch, acl::Boundary, command::LeSetScanEnable},
};

#[test]
fn of_breaches_without_end_the_first_are_kept_and_all_are_counted() {
    let mut bench = Bench::new(1);
    for handle in 0..1_000 {
        bench.hosts[0].handle = ConnectionHandle(handle);
        bench.data(0, Boundary::FirstNonFlushable, &[0; 9]);
    }
    assert_eq!(bench.air.violation_count(), 1_000);
    let kept = bench.air.take_violations();
    assert_eq!((kept.len(), &kept[63].breach), (64, &Breach::DeadHandle { handle: 63 }));
    assert_eq!(bench.air.violation_count(), 0);
    bench.data(0, Boundary::FirstNonFlushable, &[0; 9]);
    assert_eq!(bench.air.take_violations().len(), 1);
}

/// Read BD_ADDR, as H4.
const COMMAND: [u8; 4] = [0x01, 0x09, 0x10, 0x00];

#[test]
fn a_host_that_does_not_read_cannot_send_without_end_and_goes_on_when_it_reads() {
    let simulation = Simulation::new(1);
    let controller = simulation.air().controller();
    let (mut reader, mut writer) = controller.transport();
    let sent = Cell::new(0);
    let flood = async {
        for _ in 0..1_000 {
            writer.write(Packet::new(PacketKind::Command, &COMMAND[1..])).await.unwrap();
            sent.set(sent.get() + 1);
        }
    };
    let read = async {
        Timer::after_secs(10).await;
        assert_eq!(sent.get(), 128);
        for _ in 0..1_000 {
            assert_eq!(reader.read(&mut [0; 260]).await.unwrap().data[..2], [0x0e, 10]);
        }
    };
    simulation.block_on(join(apart(flood), apart(read)));
    simulation.air().take_violations();
}

#[test]
fn a_serial_line_holds_its_host_back_and_goes_on_when_it_reads() {
    let simulation = Simulation::new(1);
    let controller = simulation.air().controller();
    let (mut reader, mut writer, _) = controller.serial();
    let flood = async { writer.write_all(&COMMAND.repeat(1_000)).await.unwrap() };
    let read = async {
        Timer::after_secs(10).await;
        assert_eq!(controller.passed()[0], 128);
        let mut answers = [0; 13_000];
        reader.read_exact(&mut answers).await.unwrap();
    };
    simulation.block_on(join(apart(flood), apart(read)));
    simulation.air().take_violations();
}

#[test]
fn two_who_write_to_one_controller_both_go_on() {
    let simulation = Simulation::new(1);
    let controller = simulation.air().controller();
    let flood = || async {
        let (_, mut writer) = controller.transport();
        for _ in 0..500 {
            writer.write(Packet::new(PacketKind::Command, &COMMAND[1..])).await.unwrap();
        }
    };
    let read = async {
        let (mut reader, _) = controller.transport();
        for _ in 0..1_000 {
            reader.read(&mut [0; 260]).await.unwrap();
        }
    };
    simulation.block_on(join3(apart(flood()), apart(flood()), apart(read)));
    simulation.air().take_violations();
}

#[test]
fn a_power_cycle_lets_a_writer_go_on() {
    let simulation = Simulation::new(1);
    let controller = simulation.air().controller();
    let (_, mut writer, _) = controller.serial();
    let flood = async { writer.write_all(&COMMAND.repeat(200)).await.unwrap() };
    let cycle = async {
        Timer::after_secs(1).await;
        controller.power_cycle();
    };
    simulation.block_on(join(apart(flood), apart(cycle)));
    simulation.air().take_violations();
}

#[test]
fn reports_are_lost_to_a_host_that_does_not_read_and_it_can_send_its_command() {
    let mut bench = Bench::new(2);
    bench.advertise(0);
    bench.ok(1, &scanning(ScanKind::Passive));
    bench.ok(1, &LeSetScanEnable { enable: Switch::On, filter_duplicates: Switch::Off });
    bench.air.advance_to(bench.air.now() + 60_000_000);
    let (_, mut writer) = bench.hosts[1].controller.transport();
    let mut write = pin!(writer.write(Packet::new(PacketKind::Command, &COMMAND[1..])));
    assert!(write.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready());
    let mut unread = 0;
    while bench.hosts[1].controller.receive().is_some() {
        unread += 1;
    }
    assert_eq!(unread, 65);
}
