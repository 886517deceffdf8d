//! What ends a command from outside: SIGINT and SIGTERM, from its first moment on, and a standard output that takes nothing more.

use anyhow::{Context, Result, bail};
use std::io::{Error, ErrorKind};
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::watch,
    task::spawn_local,
};

/// Whether the command is to end. What has come stays: whoever asks late learns of it too.
#[derive(Debug)]
pub(crate) struct Stop {
    signals: watch::Sender<u32>,
    output: watch::Sender<Option<Error>>,
}

async fn until<T>(sender: &watch::Sender<T>, is_it: impl FnMut(&T) -> bool) {
    // The sender lives as long as the program.
    let _ = sender.subscribe().wait_for(is_it).await;
}

impl Stop {
    /// Listens for signals from here on: a signal before would kill the program without a clean end.
    pub(crate) fn listen() -> Result<&'static Stop> {
        let stop: &'static Stop =
            Box::leak(Box::new(Stop { signals: watch::Sender::new(0), output: watch::Sender::new(None) }));
        for kind in [SignalKind::interrupt(), SignalKind::terminate()] {
            let mut signals = signal(kind).context("cannot listen for signals")?;
            spawn_local(async move {
                while signals.recv().await.is_some() {
                    stop.signals.send_modify(|count| *count = count.saturating_add(1));
                }
            });
        }
        Ok(stop)
    }

    /// Waits for a signal.
    pub(crate) async fn signalled(&self) {
        until(&self.signals, |count| *count > 0).await;
    }

    /// Waits for a second signal: somebody does not want to wait for the clean end.
    pub(crate) async fn insisted(&self) {
        until(&self.signals, |count| *count > 1).await;
    }

    /// Waits for a signal, or until nobody takes the output any more.
    pub(crate) async fn ended(&self) {
        let closed = until(&self.output, Option::is_some);
        tokio::select! { () = self.signalled() => {}, () = closed => {} }
    }

    /// True after a signal, or when nobody takes the output any more.
    pub(crate) fn has_ended(&self) -> bool {
        *self.signals.borrow() > 0 || self.output.borrow().is_some()
    }

    /// Standard output failed.
    pub(crate) fn output_failed(&self, error: Error) {
        self.output.send_if_modified(|first| match first {
            Some(_) => false,
            None => {
                *first = Some(error);
                true
            }
        });
    }

    /// What was printed so far has been written, or its reader has gone away, which is its own affair.
    pub(crate) fn output_is_well(&self) -> Result<()> {
        match &*self.output.borrow() {
            Some(error) if error.kind() != ErrorKind::BrokenPipe => {
                bail!("standard output cannot be written: {}", crate::output::reason(error))
            }
            _ => Ok(()),
        }
    }
}
