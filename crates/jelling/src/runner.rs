//! The runner: endless futures side by side, so that neither a read nor a write is dropped half way; but for a read when
//! the host begins anew with Reset.

use crate::{
    core::Host,
    gate::{Verb, enter_telling, look, next_deadline, now},
    waiting::{Due, Waiters},
};
use ::core::{
    convert::Infallible,
    fmt,
    future::poll_fn,
    pin::{Pin, pin},
    sync::atomic::{AtomicU8, Ordering},
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
        let due = &Noticed::default();
        let receive = async {
            let mut buffer = [0; RECEIVE_BUFFER];
            loop {
                let read = due.watching(Noticed::READS, reader.read(&mut buffer));
                let outcome = match select(read, when(due, Due::ANEW)).await {
                    Either::First(outcome) => outcome,
                    Either::Second(()) => {
                        reader.begin_anew();
                        due.set(act(host, |core| core.begun_anew()));
                        continue;
                    }
                };
                match outcome {
                    Ok(packet) => {
                        let handle = |core: &mut Core<'_>, _: &mut Waiters<'_>, now| {
                            core.handle_packet(now, packet);
                            (core.has_question(), core.may_overflow())
                        };
                        let (found, told) = enter_telling(host.lock, Verb::Run, handle);
                        due.set(told.due);
                        // Before the next packet: of writes without an answer one can wait for each link.
                        let (asks, full) = found.unwrap_or_default();
                        if asks {
                            ask_functions(host);
                        }
                        // A transport may have more packets at once: tasks of the same executor that this one woke take its
                        // news first, or a disconnect would overtake an answer; values that queue have time while there is
                        // room. Twice, for a `select` that changes its order may poll this future last in one round and first
                        // in the next.
                        if told.woke || full {
                            yield_now().await;
                            yield_now().await;
                        }
                    }
                    Err(error) if R::is_noise(&error) => due.set(act(host, |core| core.transport_noise())),
                    Err(error) => return error,
                }
            }
        };
        let transmit = async {
            let mut buffer = [0; TRANSMIT_BUFFER];
            loop {
                when(due, Due::TRANSMIT).await;
                let poll = |core: &mut Core<'_>, waiters: &mut Waiters<'_>, now| {
                    // The reader has to know of a Reset before it is sent, or it would take the answers behind it for
                    // what came before.
                    let ready = !core.begins_anew();
                    let packet = ready.then(|| core.poll_transmit(now, &mut buffer)).flatten();
                    let packet = packet.map(|packet| (packet.kind, packet.data.len()));
                    waiters.runner.due.set(Due::TRANSMIT, packet.is_some() && core.may_transmit());
                    // A request that was held meets its hook only now.
                    let asks = packet.is_none() && core.has_question();
                    // Putting a frame together is no work that is left.
                    core.take_work();
                    (packet, asks)
                };
                let (next, told) = enter_telling(host.lock, Verb::Send, poll);
                due.set(told.due);
                match next {
                    Some((Some((kind, length)), _)) => {
                        let packet = Packet::new(kind, buffer.get(..length).unwrap_or_default());
                        if let Err(error) = due.watching(Noticed::WRITES, writer.write(packet)).await {
                            return error;
                        }
                    }
                    Some((None, true)) => ask_functions(host),
                    _ => {}
                }
            }
        };
        // Arithmetic comes last: what is due goes before it.
        let time = select(keep_time(host, due), do_jobs(host, due));
        let (receive, transmit, time) = (pin!(receive), pin!(transmit), pin!(time));
        let mut all = select3(receive, transmit, time);
        let ended = poll_fn(|context| {
            due.set(look(host.lock, context.waker()));
            Pin::new(&mut all).poll(context)
        });
        match ended.await {
            Either3::First(error) => RunError::Read(error),
            Either3::Second(error) => RunError::Write(error),
            Either3::Third(Either::First(never) | Either::Second(never)) => match never {},
        }
    }
}

/// What the parts of a runner know to be due, and which of them wait for the transport. They are one task; the octets are atomic
/// only so that the task may go from one thread to another.
#[derive(Debug, Default)]
struct Noticed {
    due: AtomicU8,
    waits: AtomicU8,
}

impl Noticed {
    /// Nothing has come that has not been taken in.
    const READS: u8 = 1;
    /// The transport has not taken a packet yet.
    const WRITES: u8 = 2;

    fn get(&self) -> Due {
        Due(self.due.load(Ordering::Relaxed))
    }

    fn set(&self, due: Due) {
        self.due.store(due.0, Ordering::Relaxed);
    }

    #[cfg(feature = "security")]
    fn waits(&self, part: u8) -> bool {
        self.waits.load(Ordering::Relaxed) & part != 0
    }

    /// Something of the transport, which tells while it waits.
    async fn watching<F: Future>(&self, part: u8, future: F) -> F::Output {
        let mut future = pin!(future);
        poll_fn(|context| {
            let poll = future.as_mut().poll(context);
            let others = self.waits.load(Ordering::Relaxed) & !part;
            self.waits.store(if poll.is_pending() { others | part } else { others }, Ordering::Relaxed);
            poll
        })
        .await
    }
}

/// Does something that may have left the runner, who does it, something to look at.
fn act(host: Host<'_>, f: impl FnOnce(&mut Core<'_>)) -> Due {
    enter_telling(host.lock, Verb::Run, |core, _, _| f(core)).1.due
}

/// Waits until the runner finds this due.
async fn when(due: &Noticed, part: Due) {
    poll_fn(|_| if due.get().has(part) { Poll::Ready(()) } else { Poll::Pending }).await;
}

/// No pairing, no arithmetic.
#[cfg(not(feature = "security"))]
async fn do_jobs(_: Host<'_>, _: &Noticed) -> Infallible {
    ::core::future::pending().await
}

/// Rounds after which a job is done though packets still come: a peer that never stops keeps nobody from pairing.
#[cfg(feature = "security")]
const PATIENCE: u16 = 256;

/// Does the arithmetic of pairings that no task has taken upon itself, with the lock open. Before each job what has come is taken
/// in, and what is to go out goes, so that a packet waits for one at most.
#[cfg(feature = "security")]
async fn do_jobs(host: Host<'_>, due: &Noticed) -> Infallible {
    loop {
        when(due, Due::JOB).await;
        let mut rounds = 0;
        poll_fn(|context| {
            // The end of a write is a reason to look again.
            if due.waits(Noticed::WRITES) {
                return Poll::Pending;
            }
            let is_quiet = due.waits(Noticed::READS) && !due.get().has(Due::TRANSMIT);
            // Two, for what the last packet woke: see `receive`.
            if rounds >= PATIENCE || (is_quiet && rounds >= 2) {
                return Poll::Ready(());
            }
            rounds = rounds.saturating_add(1);
            context.waker().wake_by_ref();
            Poll::Pending
        })
        .await;
        due.set(crate::security::run_one(host));
    }
}

/// No server, no questions.
#[cfg(not(feature = "server"))]
fn ask_functions(_: Host<'_>) {}

/// Calls the application's functions that decide on reads and writes, with the lock open.
#[cfg(feature = "server")]
fn ask_functions(host: Host<'_>) {
    while let Some((question, function)) =
        crate::gate::enter(host.lock, Verb::Look, |core, _, _| core.poll_question()).flatten()
    {
        let word = function(&jelling_host::Access::new(&host, question));
        // A peer that has left is owed nothing.
        let _ = host.ask(|core| core.answer_question(now(), question, word));
    }
}

/// Sleeps until something is due, again and again.
async fn keep_time(host: Host<'_>, due: &Noticed) -> Infallible {
    loop {
        let (next, told) = enter_telling(host.lock, Verb::Act, |core, waiters, now| {
            core.handle_timeout(now);
            // Whatever has begun, the timer is armed for the first of all.
            let _ = core.take_sooner();
            let next = next_deadline(core, waiters);
            waiters.runner.armed = next;
            waiters.runner.due.set(Due::TIMER, false);
            next
        });
        due.set(told.due);
        // Due when a deadline before the armed one appears.
        sleep_until(next.flatten(), pin!(when(due, Due::TIMER))).await;
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
