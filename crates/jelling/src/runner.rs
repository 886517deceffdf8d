//! The runner: endless futures side by side, so that neither a read nor a write is dropped half way; but for a read when
//! the host begins anew with Reset.

mod behind;
mod completed;
#[cfg(feature = "security")]
mod jobs;

#[cfg(feature = "l2cap")]
use crate::l2cap::FrameBuffer;
use crate::{
    core::Host,
    gate::{self, NEVER, Verb, next_deadline, now},
    waiting::Due,
};
#[cfg(feature = "l2cap")]
use ::core::ops::DerefMut;
use ::core::{
    fmt,
    future::poll_fn,
    pin::{Pin, pin},
    sync::atomic::{AtomicU8, Ordering},
    task::{Context, Poll},
};
use behind::Behind;
use completed::Completed;
use embassy_futures::yield_now;
use embassy_time::{Instant as Clock, Timer};
#[cfg(feature = "l2cap")]
use jelling_host::FramePart;
use jelling_host::{
    Core, TRANSMIT_BUFFER, Transmit,
    wire::{Packet, PacketKind},
};
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

/// A transport: open as long as this is there.
struct Session<'d>(Host<'d>);

impl<'d> Session<'d> {
    fn open(host: Host<'d>) -> Self {
        host.with(|core| core.transport_opened());
        Session(host)
    }
}

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
    #[expect(clippy::manual_async_fn, reason = "an async fn keeps its arguments twice: a transport has big ones")]
    pub fn run<R: PacketRead, W: PacketWrite>(
        &mut self,
        mut reader: R,
        mut writer: W,
    ) -> impl Future<Output = RunError<R::Error, W::Error>> {
        async move {
            let shared = &Shared::new(self.host);
            let mut receive = pin!(async {
                let mut buffer = [0; RECEIVE_BUFFER];
                loop {
                    let outcome = shared.reading(pin!(reader.read(&mut buffer))).await;
                    match outcome {
                        None => {
                            reader.begin_anew();
                            shared.act(|core| core.begun_anew());
                        }
                        Some(Ok(packet)) if shared.take_in(packet) => pause().await,
                        Some(Ok(_)) => {}
                        Some(Err(error)) if R::is_noise(&error) => shared.act(|core| core.transport_noise()),
                        Some(Err(error)) => return error,
                    }
                }
            });
            let mut transmit = pin!(async {
                let mut buffer = [0; TRANSMIT_BUFFER];
                let mut behind = Behind::default();
                loop {
                    let next = poll_fn(|_| shared.next(&mut buffer, &mut behind)).await;
                    #[cfg(feature = "l2cap")]
                    let mut frame = None;
                    let packet = match next {
                        Next::Packet(kind, length) => Packet::new(kind, buffer.get(..length).unwrap_or_default()),
                        // The core has given the frame buffer to the runner: nobody else has it until the packet is written.
                        #[cfg(feature = "l2cap")]
                        Next::Part(part) => match shared.frame(part.frame()) {
                            Some(octets) => part.packet(frame.insert(octets)),
                            None => continue,
                        },
                    };
                    if let Err(error) = shared.writing(pin!(writer.write(packet))).await {
                        return error;
                    }
                }
            });
            let mut alarm = Alarm::default();
            #[cfg(feature = "security")]
            let mut jobs = jobs::Jobs::default();
            poll_fn(|context| {
                shared.set_due(shared.host().lock.look(context.waker()).0);
                if let Poll::Ready(error) = receive.as_mut().poll(context) {
                    return Poll::Ready(RunError::Read(error));
                }
                if let Poll::Ready(error) = transmit.as_mut().poll(context) {
                    return Poll::Ready(RunError::Write(error));
                }
                alarm.poll(shared, context);
                // Arithmetic comes last: what is due goes before it.
                #[cfg(feature = "security")]
                jobs.poll(shared, context);
                Poll::Pending
            })
            .await
        }
    }
}

/// What is to be written next.
enum Next {
    /// This kind of packet, in the runner's own buffer, and its length.
    Packet(PacketKind, usize),
    /// A packet in a frame buffer.
    #[cfg(feature = "l2cap")]
    Part(FramePart),
}

/// What the parts of a runner share: the host, what they know to be due there, and which of them wait for the transport. They are
/// one task; the octets are atomic only so that the task may go from one thread to another.
struct Shared<'d> {
    session: Session<'d>,
    due: AtomicU8,
    waits: AtomicU8,
    completed: Completed,
}

/// Nothing has come that has not been taken in.
const READS: u8 = 1;
/// The transport has not taken a packet yet.
const WRITES: u8 = 2;
/// It has not taken at once what it was given since the last look at what is to be written.
const WAITED: u8 = 4;

impl<'d> Shared<'d> {
    fn new(host: Host<'d>) -> Self {
        Shared {
            session: Session::open(host),
            due: AtomicU8::new(0),
            waits: AtomicU8::new(0),
            completed: Completed::default(),
        }
    }

    fn host(&self) -> Host<'d> {
        self.session.0
    }

    fn is_due(&self, part: Due) -> bool {
        Due(self.due.load(Ordering::Relaxed)).has(part)
    }

    fn set_due(&self, due: Due) {
        self.due.store(due.0, Ordering::Relaxed);
    }

    #[cfg(any(feature = "security", feature = "l2cap"))]
    fn waits(&self, part: u8) -> bool {
        self.waits.load(Ordering::Relaxed) & part != 0
    }

    fn set_waits(&self, part: u8, waits: bool) {
        let others = self.waits.load(Ordering::Relaxed) & !part;
        self.waits.store(if waits { others | part } else { others }, Ordering::Relaxed);
    }

    /// What is read; `None` where the host begins anew meanwhile.
    fn reading<F: Future>(&self, mut read: Pin<&mut F>) -> impl Future<Output = Option<F::Output>> {
        poll_fn(move |context| {
            let poll = read.as_mut().poll(context);
            self.set_waits(READS, poll.is_pending());
            if poll.is_pending() {
                self.tell_completed();
            }
            match poll {
                Poll::Ready(outcome) => Poll::Ready(Some(outcome)),
                Poll::Pending if self.is_due(Due::ANEW) => Poll::Ready(None),
                Poll::Pending => Poll::Pending,
            }
        })
    }

    /// How writing ended.
    fn writing<F: Future>(&self, mut write: Pin<&mut F>) -> impl Future<Output = F::Output> {
        poll_fn(move |context| {
            let poll = write.as_mut().poll(context);
            self.set_waits(WRITES, poll.is_pending());
            if poll.is_pending() {
                self.set_waits(WAITED, true);
            }
            poll
        })
    }

    /// Does something that may have left the runner, who does it, something to look at.
    fn act(&self, f: fn(&mut Core<'_>)) {
        self.set_due(gate::run(self.host().lock, Verb::Run, |core, _, _| f(core)).due);
    }

    /// Takes a packet in. True where tasks of the same executor have to come before the next one: a transport may have more packets
    /// at once, and those that this one woke take its news first, or a disconnect would overtake an answer; values that queue have
    /// time while there is room.
    fn take_in(&self, packet: Packet<'_>) -> bool {
        let host = self.host();
        let (mut asks, mut is_full) = (false, false);
        if self.completed.add(packet) {
            return false;
        }
        let completed = self.completed.take();
        let told = gate::run(host.lock, Verb::Run, |core, _, now| {
            if let Some(event) = completed {
                core.handle_packet(now, Packet::new(PacketKind::Event, &event));
            }
            core.handle_packet(now, packet);
            (asks, is_full) = (core.has_question(), core.may_overflow());
        });
        self.set_due(told.due);
        // Before the next packet: of writes without an answer one can wait for each link.
        if asks {
            ask_functions(host);
        }
        told.woke || is_full
    }

    /// Tells the core of what has been completed.
    fn tell_completed(&self) {
        if let Some(event) = self.completed.take() {
            let told = gate::run(self.host().lock, Verb::Run, |core, _, now| {
                core.handle_packet(now, Packet::new(PacketKind::Event, &event));
            });
            self.set_due(told.due);
        }
    }

    /// The octets of a frame buffer.
    #[cfg(feature = "l2cap")]
    fn frame(&self, number: u8) -> Option<impl DerefMut<Target = [u8]> + use<'d>> {
        self.host().lock.frame(number).and_then(FrameBuffer::try_lock)
    }

    /// The next of the parts that were given together.
    #[cfg(feature = "l2cap")]
    fn next_part(&self, behind: &mut Behind) -> Option<FramePart> {
        loop {
            let part = behind.take()?;
            // While the transport took its time the link may have been lost.
            let look = |core: &mut Core<'_>| core.is_part_lost(&part);
            if !self.waits(WAITED)
                || !gate::enter(self.host().lock, Verb::Look, |core, _, _| look(core)).unwrap_or(true)
            {
                return Some(part);
            }
        }
    }

    /// What is to be written next, when there is something; but for parts of frames it is in `buffer` then. What it gave before is
    /// written.
    fn next(&self, buffer: &mut [u8], behind: &mut Behind) -> Poll<Next> {
        #[cfg(feature = "l2cap")]
        if let Some(part) = self.next_part(behind) {
            return Poll::Ready(Next::Part(part));
        }
        self.set_waits(WAITED, false);
        let host = self.host();
        while self.is_due(Due::TRANSMIT) {
            let (mut next, mut asks) = (None, false);
            let told = gate::run(host.lock, Verb::Send, |core, waiters, now| {
                // The reader has to know of a Reset before it is sent, or it would take the answers behind it for what came
                // before.
                if !core.begins_anew() {
                    next = core.poll_transmit(now, buffer).map(|transmit| match transmit {
                        Transmit::Packet(packet) => Next::Packet(packet.kind, packet.data.len()),
                        #[cfg(feature = "l2cap")]
                        Transmit::Part(part) => Next::Part(part),
                    });
                    behind.fill(&mut next, core, now);
                }
                waiters.runner.due.set(Due::TRANSMIT, next.is_some() && core.may_transmit());
                // A request that was held meets its hook only now.
                asks = next.is_none() && core.has_question();
                // Putting a frame together is no work that is left.
                core.take_work();
            });
            self.set_due(told.due);
            if let Some(next) = next {
                return Poll::Ready(next);
            }
            if asks {
                ask_functions(host);
            }
        }
        Poll::Pending
    }
}

/// Lets other tasks of the executor come first: twice, for a `select` that changes its order may poll this one last in one round and
/// first in the next.
async fn pause() {
    yield_now().await;
    yield_now().await;
}

/// Looks after deadlines.
#[derive(Default)]
struct Alarm {
    waits: bool,
    timer: Option<Timer>,
}

impl Alarm {
    fn poll(&mut self, shared: &Shared<'_>, context: &mut Context<'_>) {
        loop {
            let fired = self.timer.as_mut().is_some_and(|timer| Pin::new(timer).poll(context).is_ready());
            // Due when a deadline before the armed one appears.
            if self.waits && !fired && !shared.is_due(Due::TIMER) {
                return;
            }
            let mut next = NEVER;
            let told = gate::run(shared.host().lock, Verb::Act, |core, waiters, now| {
                core.handle_timeout(now);
                // Whatever has begun, the timer is armed for the first of all.
                let _ = core.take_sooner();
                next = next_deadline(core, waiters);
                waiters.runner.armed.set(next);
                waiters.runner.due.set(Due::TIMER, false);
            });
            shared.set_due(told.due);
            self.waits = next > now();
            // embassy-time counts in ticks, perhaps longer than a microsecond: never wake before the moment.
            let at = Clock::from_micros(next.as_micros().saturating_add(1));
            self.timer = (self.waits && next != NEVER).then(|| Timer::at(at));
        }
    }
}

/// No server, no questions.
#[cfg(not(feature = "server"))]
fn ask_functions(_: Host<'_>) {}

/// Calls the application's functions that decide on reads and writes, with the lock open.
#[cfg(feature = "server")]
fn ask_functions(host: Host<'_>) {
    if let Some(ask) = gate::enter(host.lock, Verb::Look, |core, _, _| core.questions()).flatten() {
        ask(&host, now);
    }
}
