//! The host's handle, connections, and what every application needs (aioble's `core.py` and `device.py`).

use crate::{
    Device,
    gate::{self, DynLock, Locked, NEVER, Verb, enter, next_deadline},
    operation::{Operation, Reach, Step, Wait, deadline},
    resources::{ChannelGroup, Resources, TaskGroup},
    runner::Runner,
    waiting::{Topic, Waiters},
};
use ::core::{fmt, future::Future, pin::pin, task::Poll, time::Duration};
use embassy_futures::select::{Either, select};
pub use jelling_host::Config;
use jelling_host::{
    Authorisation, BondGroup, ConnectionEvent, ControllerInfo, Core, Counters, Error, GattGroup, HostEvent, Instant,
    LinkGroup, LinkId, PoolGroup, Pools, Power, ScanGroup, Security,
    wire::hci::{Role, Status},
};

/// A host, as an application holds it: two words, `Copy`, no type parameter.
#[derive(Clone, Copy)]
pub struct Host<'d> {
    pub(crate) lock: &'d DynLock<'d>,
}

impl fmt::Debug for Host<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Host")
    }
}

/// Makes a host of its memory. Nothing happens before [`Runner::run`] is polled and an operation needs the radio.
#[cfg(not(feature = "sync"))]
pub fn new<'d, L, G, P, S, B, T, C>(
    resources: &'d mut Resources<L, G, P, S, B, T, C>,
    config: Config,
) -> (Host<'d>, Runner<'d>)
where
    L: LinkGroup + 'd,
    G: GattGroup + 'd,
    P: PoolGroup + 'd,
    S: ScanGroup + 'd,
    B: BondGroup + 'd,
    T: TaskGroup + 'd,
    C: ChannelGroup + 'd,
{
    begin(&*resources, config)
}

/// Makes a host of its memory. Nothing happens before [`Runner::run`] is polled and an operation needs the radio.
#[cfg(feature = "sync")]
pub fn new<'d, L, G, P, S, B, T, C>(
    resources: &'d mut Resources<L, G, P, S, B, T, C>,
    config: Config,
) -> (Host<'d>, Runner<'d>)
where
    L: LinkGroup + Send + 'd,
    G: GattGroup + Send + 'd,
    P: PoolGroup + Send + 'd,
    S: ScanGroup + Send + 'd,
    B: BondGroup + Send + 'd,
    T: TaskGroup + Send + 'd,
    C: ChannelGroup + 'd,
    C::Slots: Send,
    C::Frames: Send + Sync,
{
    begin(&*resources, config)
}

fn begin<'d>(lock: &'d DynLock<'d>, config: Config) -> (Host<'d>, Runner<'d>) {
    let host = Host { lock };
    host.with(|core| {
        core.configure(config);
        core.transport_closed();
        // Where `Gatt` has no room for them, a registration says so.
        #[cfg(feature = "server")]
        let _ = core.install_default_services();
    });
    (host, Runner { host })
}

impl<'d> Host<'d> {
    /// Does something under the lock, of which nothing is expected.
    pub(crate) fn with(self, mut f: impl FnMut(&mut Core<'_>)) {
        gate::run(self.lock, Verb::Act, |core, _, _| f(core));
    }

    /// Asks something under the lock.
    pub(crate) fn ask<R>(self, mut f: impl FnMut(&mut Core<'_>) -> Result<R, Error>) -> Result<R, Error> {
        let mut result = Err(Error::Busy);
        gate::run(self.lock, Verb::Act, |core, _, _| result = f(core));
        result
    }

    /// The configuration in force.
    pub fn config(self) -> Config {
        enter(self.lock, Verb::Look, |core, _, _| core.config()).unwrap_or_default()
    }

    /// Sets the configuration. Address and time-outs count from the next start on, the rest at once.
    pub fn configure(self, config: Config) {
        self.with(|core| core.configure(config));
    }

    /// True while the radio is up.
    pub fn is_up(self) -> bool {
        enter(self.lock, Verb::Look, |core, _, _| core.power() == Power::Up).unwrap_or(false)
    }

    /// Counters of what was dropped, since the host was made.
    pub fn counters(self) -> Counters {
        enter(self.lock, Verb::Look, |core, _, _| core.counters()).unwrap_or_default()
    }

    /// How full the pools are.
    pub fn pools(self) -> Pools {
        enter(self.lock, Verb::Look, |core, _, _| core.pools()).unwrap_or_default()
    }

    /// Tasks that wait for this host just now. None, and nothing under way: no time runs either.
    pub fn waiting(self) -> usize {
        enter(self.lock, Verb::Look, |_, waiters, _| waiters.waiting()).unwrap_or(0)
    }

    /// True when nothing goes on: no connection, no advertising, scanning or connecting, and no command that the controller has
    /// not answered.
    pub fn is_idle(self) -> bool {
        enter(self.lock, Verb::Look, |core, _, _| core.is_idle()).unwrap_or(false)
    }

    /// How long until the host has something to do by itself; `None` when no time runs.
    pub fn next_deadline(self) -> Option<Duration> {
        let (at, now) = enter(self.lock, Verb::Look, |core, waiters, now| (next_deadline(core, waiters), now))?;
        (at != NEVER).then(|| at.since(now))
    }

    /// Switches the radio on, if it is off, and tells what the controller is. Other operations do so by themselves.
    ///
    /// Dropping the future leaves the radio as it is.
    pub async fn start(self) -> Result<ControllerInfo, Error> {
        Operation::new(self, StartStep, None).await
    }

    /// Tears down advertising, scanning and every connection, and switches the radio off. What waits ends with an error.
    /// The next operation switches it on again.
    ///
    /// Dropping the future does not stop the stopping.
    pub async fn stop(self) {
        self.with(|core| core.stop());
        let stopped = |core: &mut Core<'_>| match core.power() {
            Power::Off | Power::Failed(_) => Poll::Ready(Ok(())),
            _ => Poll::Pending,
        };
        // Every step of stopping ends within the time that the core gives it.
        let _ = crate::operation::wait(self, Topic::Host, None, stopped).await;
    }

    /// What happened beside any call: the controller failed, the host is up again, or gave up. Only the latest is kept.
    ///
    /// After a fault (a command not answered in [`Config::command_timeout`], a hardware error, a restart) all links are lost,
    /// what waits ends with [`Error::Down`] or `Disconnected`, and the host brings its controller up again: three times at most
    /// until it has been up for 10 s, then it gives up. The GATT table and a random static address stay, advertising goes on,
    /// and operations that had not begun wait. When the transport ends, the same happens with the next [`Runner::run`].
    /// Dropping the future loses nothing.
    pub async fn event(self) -> HostEvent {
        let look = |core: &mut Core<'_>| core.take_event().map_or(Poll::Pending, |event| Poll::Ready(Ok(event)));
        loop {
            // Nothing but a lock that is taken can fail here.
            if let Ok(event) = crate::operation::wait(self, Topic::Host, None, look).await {
                return event;
            }
            embassy_futures::yield_now().await;
        }
    }

    /// The connections that are up.
    pub fn connections(self) -> impl Iterator<Item = Connection<'d>> {
        let mut next = 0;
        ::core::iter::from_fn(move || {
            let found = enter(self.lock, Verb::Look, |core, _, _| {
                let id = core.links().find(|id| id.index() >= next)?;
                core.retain(id);
                Some(id)
            });
            let id = found.flatten()?;
            next = id.index().saturating_add(1);
            Some(Connection::counted(self, id))
        })
    }
}

#[cfg(feature = "server")]
impl jelling_host::Gate for Host<'_> {
    fn enter(&self, f: &mut dyn FnMut(&mut Core<'_>)) {
        self.with(|core| f(core));
    }
}

/// See [`Host::start`].
#[derive(Debug)]
struct StartStep;

impl<'d> Step<'d> for StartStep {
    type Raw = ControllerInfo;
    type Output = ControllerInfo;
    const REACH: Reach = Reach::Start;

    fn wait_for(&self) -> Wait {
        Wait(Topic::Host)
    }
    fn step(&mut self, core: &mut Core<'_>, _: Instant) -> Poll<Result<ControllerInfo, Error>> {
        core.controller().map_or(Poll::Pending, |info| Poll::Ready(Ok(info)))
    }
    fn undo(&mut self, _: &mut Core<'_>) {}
    fn finish(_: Host<'d>, info: ControllerInfo) -> ControllerInfo {
        info
    }
}

/// A connection. Cloning counts another handle to it, dropping the last one disconnects; [`Connection::detach`] keeps it up.
///
/// A handle from before a reconnect never touches the new link: it is disconnected for good.
#[must_use = "dropping the last handle of a connection disconnects it"]
pub struct Connection<'d> {
    pub(crate) host: Host<'d>,
    pub(crate) id: LinkId,
}

impl fmt::Debug for Connection<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").field("id", &self.id).finish_non_exhaustive()
    }
}

impl Clone for Connection<'_> {
    fn clone(&self) -> Self {
        self.host.with(|core| core.retain(self.id));
        Connection { host: self.host, id: self.id }
    }
}

impl Drop for Connection<'_> {
    fn drop(&mut self) {
        let mut release = Release { link: self.id, left: false };
        self.host.lock.lock(&mut release);
        // The last handle leaves something to do.
        if release.left {
            gate::run(self.host.lock, Verb::Look, |_, _, _| {});
        }
    }
}

/// A handle's end.
struct Release {
    link: LinkId,
    left: bool,
}

impl Locked for Release {
    fn locked(&mut self, core: &mut Core<'_>, _: &mut Waiters<'_>) {
        core.release(self.link);
        self.left = core.has_left();
    }
}

impl PartialEq for Connection<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id && ::core::ptr::addr_eq(self.host.lock, other.host.lock)
    }
}

impl Eq for Connection<'_> {}

/// See [`Connection::disconnect`].
pub type Disconnect<'d> = Operation<'d, DisconnectStep>;
/// See [`Connection::disconnected`].
pub type Disconnected<'d> = Operation<'d, DisconnectedStep>;

impl<'d> Connection<'d> {
    /// A handle for a link that the core has counted.
    pub(crate) fn counted(host: Host<'d>, id: LinkId) -> Self {
        Connection { host, id }
    }

    /// The peer; once the link is down its last known address is forgotten and this is `Disconnected`.
    pub fn device(&self) -> Result<Device, Error> {
        self.host.ask(|core| core.link_info(self.id)).map(|info| info.peer.into())
    }

    /// True while the link is up.
    pub fn is_connected(&self) -> bool {
        self.host.ask(|core| core.link_info(self.id)).is_ok()
    }

    /// Why the link ended; `None` while it is up, or when its slot has had another link since.
    pub fn reason(&self) -> Option<Status> {
        enter(self.host.lock, Verb::Look, |core, _, _| core.disconnect_reason(self.id)).flatten()
    }

    /// Our role on the link.
    pub fn role(&self) -> Result<Role, Error> {
        self.host.ask(|core| core.link_info(self.id)).map(|info| info.role)
    }

    /// The ATT MTU: 23 until an exchange by either side (Vol 3, Part G, 5.2.1).
    pub fn mtu(&self) -> Result<u16, Error> {
        self.host.ask(|core| core.link_info(self.id)).map(|info| info.mtu)
    }

    /// The connection interval.
    pub fn interval(&self) -> Result<Duration, Error> {
        self.host.ask(|core| core.link_info(self.id)).map(|info| info.interval)
    }

    /// How well the link is secured just now: aioble's `encrypted`, `authenticated`, `bonded` and `key_size` in one read.
    pub fn security(&self) -> Result<Security, Error> {
        self.host.ask(|core| core.security(self.id))
    }

    /// Lets the peer do, or not, what only an authorised one may (`READ_AUTHORISED`, `WRITE_AUTHORISED`), as long as the link
    /// lasts (Vol 3, Part C, 10.5). At first it may not.
    pub fn authorise(&self, authorisation: Authorisation) -> Result<(), Error> {
        self.host.ask(|core| core.set_authorised(self.id, authorisation))
    }

    /// For tests: sets what pairing and encryption set.
    #[cfg(feature = "seams")]
    pub fn inject_security(&self, security: Security) -> Result<(), Error> {
        self.host.ask(|core| core.inject_security(self.id, security))
    }

    /// For tests: sets the key with which the peer signs, most significant octet first, and the lowest counter that is accepted.
    #[cfg(all(feature = "seams", feature = "security", feature = "server"))]
    pub fn inject_peer_signing_key(&self, key: [u8; 16], counter: u32) -> Result<(), Error> {
        self.host.ask(|core| core.inject_peer_signing_key(self.id, key, counter))
    }

    /// For tests: sets the key with which we sign for the peer, most significant octet first, and the next counter.
    #[cfg(all(feature = "seams", feature = "security", feature = "client"))]
    pub fn inject_own_signing_key(&self, key: [u8; 16], counter: u32) -> Result<(), Error> {
        self.host.ask(|core| core.inject_own_signing_key(self.id, key, counter))
    }

    /// Keeps the link up when its last handle is dropped.
    pub fn detach(self) {
        self.host.with(|core| core.detach(self.id));
    }

    /// Ends the link and waits until it is down: 2 s at most, unless `timeout` says otherwise. No error when it is down already.
    ///
    /// Once polled, dropping the future does not stop the disconnect.
    pub fn disconnect(&self) -> Disconnect<'d> {
        Operation::new(self.host, DisconnectStep(self.id), Some(Duration::from_secs(2)))
    }

    /// Waits for the link's end, by whichever side, for ever unless `timeout` says otherwise.
    ///
    /// Dropping the future changes nothing.
    pub fn disconnected(&self) -> Disconnected<'d> {
        Operation::new(self.host, DisconnectedStep(self.id), None)
    }

    /// What happened beside any call: the parameters, the MTU or the security changed, or the peer left a request or an indication
    /// without an answer for 30 s. `Disconnected` once the link is down. Of each kind only the latest is kept, from the
    /// connection's beginning on, and one task is told of it.
    ///
    /// What a peer says of its services (Service Changed, Vol 3, Part G, 7.1) is not among it: subscribe to 0x2A05.
    /// Dropping the future loses nothing.
    ///
    /// ```no_run
    /// # async fn watch(connection: jelling::Connection<'_>) {
    /// use jelling::ConnectionEvent;
    /// while let Ok(event) = connection.event().await {
    ///     if let ConnectionEvent::ParametersChanged { interval, .. } = event {
    ///         println!("an event every {interval:?}");
    ///     }
    /// }
    /// # }
    /// ```
    pub async fn event(&self) -> Result<ConnectionEvent, Error> {
        let look = |core: &mut Core<'_>| core.take_link_event(self.id);
        crate::operation::wait(self.host, Topic::Link(self.id.index()), None, look).await
    }

    /// Runs `future` until it ends, the time is up (`Timeout`), or the link is down (`Disconnected`).
    ///
    /// In the two latter cases `future` is dropped.
    pub async fn timeout<F: Future>(&self, timeout: Option<Duration>, future: F) -> Result<F::Output, Error> {
        let id = self.id;
        let down = |core: &mut Core<'_>| match core.link_info(id) {
            Ok(_) => Poll::Pending,
            Err(error) => Poll::Ready(Err::<(), Error>(error)),
        };
        let end = crate::operation::wait(self.host, Topic::Link(id.index()), deadline(timeout), down);
        match select(pin!(future), pin!(end)).await {
            Either::First(output) => Ok(output),
            Either::Second(end) => Err(end.err().unwrap_or(Error::Disconnected)),
        }
    }
}

/// See [`Connection::disconnect`].
#[derive(Debug)]
pub struct DisconnectStep(LinkId);

impl<'d> Step<'d> for DisconnectStep {
    type Raw = ();
    type Output = ();

    fn wait_for(&self) -> Wait {
        Wait(Topic::Link(self.0.index()))
    }
    fn step(&mut self, core: &mut Core<'_>, _: Instant) -> Poll<Result<(), Error>> {
        if core.link_info(self.0).is_err() {
            return Poll::Ready(Ok(()));
        }
        core.disconnect(self.0);
        Poll::Pending
    }
    fn undo(&mut self, _: &mut Core<'_>) {}
    fn finish(_: Host<'d>, (): ()) {}
}

/// See [`Connection::disconnected`].
#[derive(Debug)]
pub struct DisconnectedStep(LinkId);

impl<'d> Step<'d> for DisconnectedStep {
    type Raw = ();
    type Output = ();

    fn wait_for(&self) -> Wait {
        Wait(Topic::Down(self.0.index()))
    }
    fn step(&mut self, core: &mut Core<'_>, _: Instant) -> Poll<Result<(), Error>> {
        if core.link_info(self.0).is_err() { Poll::Ready(Ok(())) } else { Poll::Pending }
    }
    fn undo(&mut self, _: &mut Core<'_>) {}
    fn finish(_: Host<'d>, (): ()) {}
}
