//! Tasks of one thread, each of which is polled when it was woken: what an executor does.

use super::Tally;
use core::{
    cell::RefCell,
    future::Future,
    hint::black_box,
    pin::Pin,
    sync::atomic::{AtomicBool, Ordering},
    task::{Context, Waker},
};
use std::{sync::Arc, task::Wake};

struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }
    fn wake_by_ref(self: &Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

struct Task<'a> {
    future: Pin<Box<dyn Future<Output = ()> + 'a>>,
    woken: Arc<Flag>,
    waker: Waker,
}

/// The tasks.
#[derive(Default)]
pub(crate) struct Crowd<'a>(Vec<Task<'a>>);

impl<'a> Crowd<'a> {
    /// One more.
    pub(crate) fn spawn(&mut self, future: impl Future<Output = ()> + 'a) {
        let woken = Arc::new(Flag(AtomicBool::new(true)));
        let waker = Waker::from(woken.clone());
        // None of them is polled after its end.
        let future = Box::pin(async {
            future.await;
            core::future::pending().await
        });
        self.0.push(Task { future, woken, waker });
    }

    /// Runs them until the measurement is over.
    pub(crate) fn run(mut self, tally: &Tally) {
        while !tally.counts() {
            assert!(self.round(), "what is measured never begins");
        }
        measured(&mut self, tally);
    }

    /// Polls each that was woken once; false when there was none.
    fn round(&mut self) -> bool {
        let mut any = false;
        for task in &mut self.0 {
            if task.woken.0.load(Ordering::Relaxed) {
                task.woken.0.store(false, Ordering::Relaxed);
                any = true;
                let _ = task.future.as_mut().poll(&mut Context::from_waker(&task.waker));
            }
        }
        any
    }
}

/// What is between begin and end: callgrind counts in here only.
#[inline(never)]
fn measured(crowd: &mut Crowd<'_>, tally: &Tally) {
    while black_box(tally.counts()) {
        let any = crowd.round();
        tally.round(any);
    }
}

/// Where one task leaves something for another one.
pub(crate) struct Place<T>(RefCell<Option<T>>);

impl<T> Place<T> {
    /// So many empty places.
    pub(crate) fn many(count: usize) -> Vec<Self> {
        (0..count).map(|_| Place(RefCell::new(None))).collect()
    }

    pub(crate) fn put(&self, value: T) {
        *self.0.borrow_mut() = Some(value);
    }

    /// Waits for it.
    pub(crate) async fn take(&self) -> T {
        loop {
            if let Some(value) = self.0.borrow_mut().take() {
                return value;
            }
            embassy_futures::yield_now().await;
        }
    }
}
