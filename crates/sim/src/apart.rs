//! Futures of one task that are polled as if each were a task: only when its own waker was woken.

use core::{
    future::{Future, poll_fn},
    pin::pin,
    sync::atomic::{AtomicBool, Ordering},
    task::{Context, Poll, Waker},
};
use std::{
    sync::{Arc, Mutex, PoisonError},
    task::Wake,
};

/// The waker of one part, and whose it is to be polled for.
struct Part {
    woken: AtomicBool,
    whole: Mutex<Option<Waker>>,
}

impl Wake for Part {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }
    fn wake_by_ref(self: &Arc<Self>) {
        // Whoever was woken and has not been polled since need not be woken again.
        if !self.woken.swap(true, Ordering::AcqRel)
            && let Some(whole) = &*self.whole.lock().unwrap_or_else(PoisonError::into_inner)
        {
            whole.wake_by_ref();
        }
    }
}

/// Runs a part of a `join` or `select` as if it were a task of its own. Without this, whatever wakes one part polls them all,
/// and a wake-up that one of them lacks is not missed: in an application with several tasks it would be.
pub async fn apart<F: Future>(future: F) -> F::Output {
    let part = Arc::new(Part { woken: AtomicBool::new(true), whole: Mutex::new(None) });
    let waker = Waker::from(part.clone());
    let mut future = pin!(future);
    poll_fn(|context| {
        {
            let mut whole = part.whole.lock().unwrap_or_else(PoisonError::into_inner);
            if !whole.as_ref().is_some_and(|waker| waker.will_wake(context.waker())) {
                *whole = Some(context.waker().clone());
            }
        }
        if !part.woken.swap(false, Ordering::AcqRel) {
            return Poll::Pending;
        }
        future.as_mut().poll(&mut Context::from_waker(&waker))
    })
    .await
}
