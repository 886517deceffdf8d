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

use common::Bench;
use jelling_sim::Breach;
use jelling_wire::hci::{ConnectionHandle, acl::Boundary};

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
