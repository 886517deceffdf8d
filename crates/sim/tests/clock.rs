//! Time in a simulation: virtual, a thread's own, and at a stop when nothing can go on.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    missing_docs,
    reason = "tests"
)]

use core::{future::pending, time::Duration};
use embassy_futures::join::join;
use embassy_time::{Instant, Timer, with_timeout};
use jelling_sim::{Air, Simulation, Stuck, apart};
use std::{cell::RefCell, thread, time};

#[test]
fn an_hour_takes_no_time() {
    let start = time::Instant::now();
    let simulation = Simulation::new(1);
    let before = simulation.now();
    simulation.block_on(Timer::after_secs(3_600));
    assert_eq!(simulation.now() - before, 3_600_000_000);
    assert!(start.elapsed() < time::Duration::from_secs(60));
}

#[test]
fn timers_fire_in_order_and_on_time() {
    let simulation = Simulation::new(1);
    let log = RefCell::new(vec![]);
    let wait = async |millis: u64| {
        Timer::after_millis(millis).await;
        log.borrow_mut().push((millis, Instant::now().as_millis()));
    };
    let began = simulation.now() / 1_000;
    simulation.block_on(join(join(wait(30), wait(10)), join(wait(20), wait(0))));
    assert_eq!(*log.borrow(), [0, 10, 20, 30].map(|m| (m, began + m)));
}

#[test]
fn two_threads_have_two_clocks() {
    let barrier = std::sync::Barrier::new(2);
    thread::scope(|scope| {
        let clocks = [10u64, 10_000].map(|seconds| {
            let barrier = &barrier;
            scope.spawn(move || {
                let simulation = Simulation::new(1);
                let before = simulation.now();
                barrier.wait();
                for _ in 0..10 {
                    simulation.block_on(Timer::after_secs(seconds / 10));
                }
                barrier.wait();
                (seconds * 1_000_000, simulation.now() - before)
            })
        });
        for clock in clocks {
            let (expected, passed) = clock.join().unwrap();
            assert_eq!(passed, expected);
        }
    });
}

#[test]
fn what_is_spawned_runs_as_time_passes() {
    let ticks = RefCell::new(0);
    let simulation = Simulation::new(1);
    simulation.spawn(async {
        loop {
            Timer::after_millis(10).await;
            *ticks.borrow_mut() += 1;
        }
    });
    simulation.run_until_idle();
    assert_eq!(*ticks.borrow(), 0);
    simulation.advance(Duration::from_millis(105));
    assert_eq!(*ticks.borrow(), 10);
}

#[test]
fn standing_still_spinning_and_being_late_are_told_apart() {
    let simulation = Simulation::new(1);
    let limit = Duration::from_secs(10);
    assert_eq!(simulation.try_block_on(pending::<()>(), limit), Err(Stuck::Idle));
    assert_eq!(simulation.try_block_on(Timer::after_secs(11), limit), Err(Stuck::Late));
    let spin = async {
        loop {
            embassy_futures::yield_now().await;
        }
    };
    assert_eq!(simulation.try_block_on::<core::future::Ready<()>>(core::future::ready(()), limit), Ok(()));
    assert_eq!(simulation.try_block_on(spin, limit), Err::<core::convert::Infallible, _>(Stuck::Spinning));
}

#[test]
fn a_timeout_is_one_of_virtual_time() {
    let simulation = Simulation::new(1);
    let late = simulation.block_on(with_timeout(embassy_time::Duration::from_secs(5), pending::<()>()));
    assert!(late.is_err());
}

#[test]
#[should_panic(expected = "this thread has a simulation already")]
fn a_thread_has_one_simulation_at_a_time() {
    let _one = Simulation::new(1);
    let _two = Simulation::on(Air::new(2));
}

#[test]
fn a_thread_has_one_simulation_after_the_other() {
    for _ in 0..3 {
        Simulation::new(1).block_on(Timer::after_secs(1));
    }
}

#[test]
fn what_runs_apart_is_polled_for_its_own_wakes_only() {
    let simulation = Simulation::new(1);
    let polls = std::cell::Cell::new(0);
    let sleeper = core::future::poll_fn(|_| {
        polls.set(polls.get() + 1);
        core::task::Poll::<()>::Pending
    });
    let busy = async {
        for _ in 0..10 {
            Timer::after_millis(1).await;
        }
    };
    simulation.block_on(embassy_futures::select::select(apart(sleeper), apart(busy)));
    assert_eq!(polls.get(), 1);
}
