//! A command's session: the controller, the host on it, and a clean end, whatever ends it.

use crate::{
    arguments::{Global, Spec, Target},
    output::Output,
    trace::Trace,
    transport,
};
use anyhow::{Context, Result, anyhow, bail};
use jelling::{
    Config, Connection, ControllerInfo, Device, Error, Gatt, Host, Links, Pool, Resources, ScanSlots, Tasks,
};
use jelling_transport::{Snoop, WriteSink};
use static_cell::ConstStaticCell;
use std::{fs::File, future::Future, io::Write, time::Duration};
use tokio::signal::unix::{SignalKind, signal};

type Memory = Resources<Links<8, 517>, Gatt<2048, 60_000>, Pool<16_384, 250>, ScanSlots<64>, Tasks<512>>;

/// What a command works with.
#[derive(Clone, Copy)]
pub(crate) struct Session {
    pub(crate) host: Host<'static>,
    pub(crate) output: Output,
    pub(crate) timeout: Duration,
    pub(crate) verbose: u8,
}

/// How a command that runs on came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// By a signal or by `--duration`.
    Stopped,
    /// By itself.
    Done,
}

/// Where a capture goes; nowhere without `--snoop`.
enum Capture {
    Off,
    On(WriteSink<File>),
}

impl jelling_transport::SnoopSink for Capture {
    fn unix_micros(&self) -> u64 {
        match self {
            Capture::Off => 0,
            Capture::On(sink) => sink.unix_micros(),
        }
    }
    fn write(&self, pieces: &[&[u8]]) {
        if let Capture::On(sink) = self {
            sink.write(pieces);
        }
    }
}

/// Runs a command on the controller.
pub(crate) async fn run(global: &Global, command: impl AsyncFnOnce(Session) -> Result<()>) -> Result<()> {
    let Some(spec) = &global.transport else {
        bail!("no controller: say where it is with --transport SPEC or JELLING_TRANSPORT; sim: needs none")
    };
    if global.bonds.is_some() || global.privacy {
        bail!("--bonds and --privacy need security, which this version does not have");
    }
    let capture = match &global.snoop {
        None => Capture::Off,
        Some(path) => {
            let open = || -> std::io::Result<_> { WriteSink::new(File::create(path)?) };
            Capture::On(open().with_context(|| format!("cannot write the capture {}", path.display()))?)
        }
    };
    let (reader, writer) = transport::open(spec, global.timeout).await?;
    let on = global.verbose > 1;
    let (reader, writer) = (Trace { inner: reader, on }, Trace { inner: writer, on });

    // One host for the life of the program: its handles may go into tasks.
    static MEMORY: ConstStaticCell<Memory> = ConstStaticCell::new(Memory::new());
    let memory = MEMORY.try_take().context("one session a program")?;
    // The first Reset is sent twice.
    let config = Config { command_timeout: global.timeout / 2, ..Config::default() };
    let (host, mut runner) = jelling::new(memory, config);
    let session =
        Session { host, output: Output { json: global.json }, timeout: global.timeout, verbose: global.verbose };
    let work = async {
        let result = command(session).await;
        host.stop().await;
        result
    };
    tokio::select! {
        result = work => result.map_err(|error| explain(error, spec)),
        end = runner.run(Snoop::new(reader, &capture), Snoop::new(writer, &capture)) => {
            Err(anyhow!("{spec}: {end}"))
        }
    }
}

/// Names the controller where it is at fault.
fn explain(error: anyhow::Error, spec: &Spec) -> anyhow::Error {
    match error.downcast_ref::<Error>() {
        Some(Error::Down(_)) => anyhow!("{spec}: {error:#}"),
        _ => error,
    }
}

/// Runs what runs on until a signal, the duration, or its own end.
pub(crate) async fn until_stopped(duration: Option<Duration>, work: impl Future<Output = Result<()>>) -> Result<End> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let time_is_up = async {
        match duration {
            Some(duration) => tokio::time::sleep(duration).await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        result = work => result.map(|()| End::Done),
        _ = interrupt.recv() => Ok(End::Stopped),
        _ = terminate.recv() => Ok(End::Stopped),
        () = time_is_up => Ok(End::Stopped),
    }
}

impl Session {
    /// Logs for `-v`.
    pub(crate) fn log(&self, text: impl FnOnce() -> String) {
        if self.verbose > 0 {
            let _ = writeln!(std::io::stderr(), "{}", text());
        }
    }

    /// Brings the controller up.
    pub(crate) async fn start(&self) -> Result<ControllerInfo> {
        let info = self.host.start().await?;
        self.log(|| format!("controller {} is up", Device::from(info.address)));
        Ok(info)
    }

    /// Runs what runs on until a signal, the duration, or its own end.
    pub(crate) async fn until_stopped(
        &self,
        duration: Option<Duration>,
        work: impl Future<Output = Result<()>>,
    ) -> Result<End> {
        until_stopped(duration, work).await
    }

    /// Connects to a peer; one whose address type is unknown is looked for first.
    pub(crate) async fn connect(&self, target: &Target) -> Result<Connection<'static>> {
        self.start().await?;
        let device = if target.typed { target.device } else { self.find(target.device).await? };
        self.log(|| format!("connecting to {device:?}"));
        match self.host.connect(device).timeout(self.timeout).await {
            Ok(connection) => {
                // The largest MTU makes everything faster; a peer that refuses it does no harm.
                if let Err(error) = connection.exchange_mtu().timeout(self.timeout).await {
                    self.log(|| format!("no MTU exchange: {error}"));
                }
                Ok(connection)
            }
            Err(Error::Timeout) => {
                bail!("no connection to {device} within {:?}: is it there and connectable?", self.timeout)
            }
            Err(error) => Err(error).with_context(|| format!("no connection to {device}")),
        }
    }

    async fn find(&self, wanted: Device) -> Result<Device> {
        let limit = self.timeout.min(Duration::from_secs(5));
        let window = Duration::from_millis(60);
        let mut scanner = self.host.scan(limit).interval(window).window(window).await?;
        while let Some(result) = scanner.try_next().await? {
            if result.device().octets() == wanted.octets() {
                return Ok(result.device());
            }
        }
        bail!("{wanted} was not found within {limit:?}: is it advertising? (its type can be given: {wanted}/random)")
    }
}
