//! The runner: three endless futures side by side, so that neither a read nor a write is dropped half way; but for a read when
//! the host begins anew with Reset.

use crate::{
    core::Host,
    gate::{Verb, Waiters, enter, enter_telling, next_deadline, now},
};
use ::core::{
    fmt,
    future::poll_fn,
    pin::{Pin, pin},
    task::Poll,
};
use embassy_futures::{
    select::{Either, Either3, select, select3},
    yield_now,
};
use embassy_time::{Instant as Clock, Timer};
use jelling_host::{Core, Instant, TRANSMIT_BUFFER, wire::Packet};
use jelling_transport::{PacketRead, PacketWrite};

/// Octets of the longest packet from the controller.
const RECEIVE_BUFFER: usize = 260;

/// Why [`Runner::run`] ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum RunError<R, W> {
    /// Nothing can be read any more.
    Read(R),
    /// Nothing can be written any more.
    Write(W),
}

impl<R: fmt::Debug, W: fmt::Debug> fmt::Display for RunError<R, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RunError::Read(error) => write!(f, "the transport cannot be read: {error:?}"),
            RunError::Write(error) => write!(f, "the transport cannot be written: {error:?}"),
        }
    }
}

/// What moves packets and time. Nothing happens on a host unless its runner runs.
#[derive(Debug)]
pub struct Runner<'d> {
    pub(crate) host: Host<'d>,
}

/// The transport is gone, however `run` ends.
struct Session<'d>(Host<'d>);

impl Drop for Session<'_> {
    fn drop(&mut self) {
        self.0.with(|core| core.transport_closed());
    }
}

impl Runner<'_> {
    /// Runs the host on a transport. Ends only when the transport does, and may be called again with another.
    /// The radio comes up when an operation first needs it.
    ///
    /// Dropping the future is the end of the transport: links are lost and waiting operations end with an error.
    pub async fn run<R: PacketRead, W: PacketWrite>(
        &mut self,
        mut reader: R,
        mut writer: W,
    ) -> RunError<R::Error, W::Error> {
        let host = self.host;
        let _session = Session(host);
        host.with(|core| core.transport_opened());
        let receive = async {
            let mut buffer = [0; RECEIVE_BUFFER];
            loop {
                let outcome = match select(reader.read(&mut buffer), begins_anew(host)).await {
                    Either::First(outcome) => outcome,
                    Either::Second(()) => {
                        reader.begin_anew();
                        host.with(|core| core.begun_anew());
                        continue;
                    }
                };
                match outcome {
                    Ok(packet) => {
                        let handle = |core: &mut Core<'_>, _: &mut Waiters<'_>, now| {
                            core.handle_packet(now, packet);
                            core.has_question()
                        };
                        let (asks, news) = enter_telling(host.lock, Verb::Act, handle);
                        // Before the next packet: of writes without an answer one can wait for each link.
                        if asks == Some(true) {
                            ask_functions(host);
                        }
                        // A transport may have more packets at once: tasks of the same executor take this one's news
                        // first, or a burst would fill their queues, and a disconnect overtake an answer. Twice, for
                        // a `select` that changes its order may poll this future last in one round and first in the next.
                        if news {
                            yield_now().await;
                            yield_now().await;
                        }
                    }
                    Err(error) if R::is_noise(&error) => host.with(|core| core.transport_noise()),
                    Err(error) => return error,
                }
            }
        };
        let transmit = async {
            let mut buffer = [0; TRANSMIT_BUFFER];
            loop {
                let next = poll_fn(|context| {
                    enter(host.lock, Verb::Look, |core, waiters, now| {
                        // The reader has to know of a Reset before it is sent, or it would take the answers behind it for
                        // what came before.
                        let ready = !core.begins_anew();
                        match ready.then(|| core.poll_transmit(now, &mut buffer)).flatten() {
                            Some(packet) => Poll::Ready(Some((packet.kind, packet.data.len()))),
                            // A request that was held meets its hook only now.
                            None if core.has_question() => Poll::Ready(None),
                            None => {
                                waiters.runner.transmit = Some(context.waker().clone());
                                Poll::Pending
                            }
                        }
                    })
                    .unwrap_or(Poll::Pending)
                })
                .await;
                let Some((kind, length)) = next else {
                    ask_functions(host);
                    continue;
                };
                let packet = Packet::new(kind, buffer.get(..length).unwrap_or_default());
                if let Err(error) = writer.write(packet).await {
                    return error;
                }
            }
        };
        match select3(pin!(receive), pin!(transmit), pin!(keep_time(host))).await {
            Either3::First(error) => RunError::Read(error),
            Either3::Second(error) => RunError::Write(error),
            Either3::Third(never) => match never {},
        }
    }
}

/// No server, no questions.
#[cfg(not(feature = "server"))]
fn ask_functions(_: Host<'_>) {}

/// Calls the application's functions that decide on reads and writes, with the lock open.
#[cfg(feature = "server")]
fn ask_functions(host: Host<'_>) {
    while let Some((question, function)) = enter(host.lock, Verb::Look, |core, _, _| core.poll_question()).flatten() {
        let word = function(&jelling_host::Access::new(&host, question));
        // A peer that has left is owed nothing.
        let _ = host.ask(|core| core.answer_question(now(), question, word));
    }
}

/// Waits until the host is to begin anew with Reset.
async fn begins_anew(host: Host<'_>) {
    poll_fn(|context| {
        let waits = enter(host.lock, Verb::Look, |core, waiters, _| {
            if core.begins_anew() {
                return Poll::Ready(());
            }
            waiters.runner.receive = Some(context.waker().clone());
            Poll::Pending
        });
        waits.unwrap_or(Poll::Pending)
    })
    .await;
}

/// Sleeps until something is due, again and again.
async fn keep_time(host: Host<'_>) -> ::core::convert::Infallible {
    loop {
        let next = enter(host.lock, Verb::Act, |core, waiters, now| {
            core.handle_timeout(now);
            let next = next_deadline(core, waiters);
            waiters.runner.armed = next;
            next
        })
        .flatten();
        let sooner = pin!(poll_fn(|context| {
            // Woken when a deadline before the armed one appears.
            let pending = enter(host.lock, Verb::Look, |core, waiters, _| {
                let earliest = next_deadline(core, waiters);
                let armed = waiters.runner.armed;
                if earliest.is_some_and(|e| armed.is_none_or(|a| e < a)) {
                    return Poll::Ready(());
                }
                waiters.runner.timer = Some(context.waker().clone());
                Poll::Pending
            });
            pending.unwrap_or(Poll::Pending)
        }));
        sleep_until(next, sooner).await;
    }
}

async fn sleep_until(next: Option<Instant>, sooner: Pin<&mut impl Future<Output = ()>>) {
    match next {
        None => sooner.await,
        Some(at) if at <= now() => {}
        // embassy-time counts in ticks, perhaps longer than a microsecond: never wake before the moment.
        Some(at) => {
            let at = Clock::from_micros(at.as_micros().saturating_add(1));
            match select(Timer::at(at), sooner).await {
                Either::First(()) | Either::Second(()) => {}
            }
        }
    }
}
