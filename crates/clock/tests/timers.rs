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
use std::{
    cell::RefCell,
    future::Future,
    sync::{Arc, mpsc},
    task::{Context, Wake, Waker},
    thread,
};

/// Tells which timer woke it.
struct Alarm(u64, mpsc::Sender<u64>);

impl Wake for Alarm {
    fn wake(self: Arc<Self>) {
        self.1.send(self.0).unwrap();
    }
}

#[test]
fn timers_end_in_their_order() {
    let (sender, woken) = mpsc::channel();
    let mut timers: Vec<_> = [300, 100, 200].map(|m| (m, Box::pin(Timer::after(Duration::from_millis(m))))).into();
    for (millis, timer) in &mut timers {
        let waker = Waker::from(Arc::new(Alarm(*millis, sender.clone())));
        assert!(timer.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    }
    assert_eq!(woken.iter().take(3).collect::<Vec<_>>(), [100, 200, 300]);
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

#[test]
fn a_thread_with_virtual_time_moves_only_when_told() {
    let time = jelling_clock::VirtualTime::begin().expect("none yet");
    assert!(jelling_clock::VirtualTime::begin().is_none(), "one a thread");
    let start = Instant::now();
    let order = RefCell::new(vec![]);
    let after = |seconds: u64| {
        let order = &order;
        async move {
            Timer::after(Duration::from_secs(seconds)).await;
            order.borrow_mut().push((seconds, start.elapsed().as_secs()));
        }
    };
    let mut all = Box::pin(join3(after(300), after(100), after(200)));
    // Another thread's clock is the real one, and goes on.
    thread::spawn(|| block_on(Timer::after(Duration::from_millis(5)))).join().unwrap();
    for second in [99, 100, 200, 300] {
        assert!(embassy_futures::poll_once(&mut all).is_pending());
        time.advance_to((start.as_micros()) + second * 1_000_000);
    }
    assert!(embassy_futures::poll_once(&mut all).is_ready());
    assert_eq!(order.borrow().iter().map(|(s, _)| *s).collect::<Vec<_>>(), [100, 200, 300]);
    drop(time);
    assert!(jelling_clock::VirtualTime::begin().is_some());
}
