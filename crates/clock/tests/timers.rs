//! Timers of many threads and of one.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    missing_docs,
    reason = "tests"
)]

use embassy_futures::{block_on, join::join3};
use embassy_time::{Duration, Instant, Timer};
use jelling_clock as _;
use std::{cell::RefCell, thread};

#[test]
fn timers_end_in_their_order() {
    let order = RefCell::new(vec![]);
    let after = |millis: u64| {
        let order = &order;
        async move {
            Timer::after(Duration::from_millis(millis)).await;
            order.borrow_mut().push(millis);
        }
    };
    block_on(join3(after(30), after(10), after(20)));
    assert_eq!(*order.borrow(), [10, 20, 30]);
}

#[test]
fn a_moment_gone_by_is_due_at_once() {
    block_on(Timer::at(Instant::from_ticks(0)));
}

#[test]
fn threads_have_their_own_timers() {
    let threads: Vec<_> = (1..20u64)
        .map(|i| {
            thread::spawn(move || {
                let start = Instant::now();
                block_on(Timer::after(Duration::from_millis(i)));
                assert!(start.elapsed() >= Duration::from_millis(i));
            })
        })
        .collect();
    threads.into_iter().for_each(|t| t.join().unwrap());
}
