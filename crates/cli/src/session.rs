//! A command's session: the controller, the host on it, and a clean end, whatever ends it.

use crate::{
    arguments::{Global, Target},
    bonds,
    capture::Capture,
    carrier,
    input::Input,
    output::Output,
    pairing, transport, trouble,
};
use anyhow::{Context, Result, anyhow, bail};
use jelling::{
    Bonds, Channels, Config, Connection, ControllerInfo, Device, Error, Gatt, Host, Links, OwnAddress, Pool, Resources,
    ScanSlots, Tasks,
};
use jelling_cli::file;
use static_cell::ConstStaticCell;
use std::{future::Future, io::Write, pin::pin, time::Duration};

type Memory = Resources<
    Links<8, 517>,
    Gatt<{ file::ATTRIBUTES }, { file::OCTETS }>,
    Pool<16_384, 250>,
    ScanSlots<64>,
    Bonds<128>,
    Tasks<4_096>,
    Channels<8, 4>,
>;

/// What a command works with.
#[derive(Clone, Copy)]
pub(crate) struct Session {
    pub(crate) host: Host<'static>,
    pub(crate) output: Output,
    pub(crate) input: &'static Input,
    pub(crate) timeout: Duration,
    pub(crate) verbose: u8,
    /// Bonds outlive the program.
    pub(crate) keeps_bonds: bool,
}

/// What a signal makes of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ends {
    /// It does one thing, which then has not been done.
    AtOnce,
    /// So too, and it sees to that itself: a user whom it asks something answers with a signal, too.
    Asking,
    /// It runs on until it is stopped, and that is its good end.
    Stopped,
}

impl Ends {
    fn result(self) -> Result<()> {
        match self {
            Ends::AtOnce | Ends::Asking => bail!("interrupted"),
            Ends::Stopped => Ok(()),
        }
    }
}

/// Runs a command on the controller.
pub(crate) async fn run(
    global: &Global,
    output: Output,
    ends: Ends,
    command: impl AsyncFnOnce(Session) -> Result<()>,
) -> Result<()> {
    let stop = output.stop;
    let Some(spec) = &global.transport else { bail!("no controller") };
    let capture = Capture::open(global.snoop.as_deref())?;
    let mut store = bonds::open(global)?;
    let transport = tokio::select! {
        opened = transport::open(spec, global.timeout) => opened?,
        () = stop.signalled() => return ends.result(),
    };

    // One host for the life of the program: its handles may go into tasks.
    static MEMORY: ConstStaticCell<Memory> = ConstStaticCell::new(Memory::new());
    let memory = MEMORY.try_take().context("one session a program")?;
    // The first Reset is sent twice.
    // No command but `pair`, and `serve` where it is told to, lets anybody pair.
    let address = if global.privacy { OwnAddress::Resolvable } else { OwnAddress::Automatic };
    let config = Config { command_timeout: global.timeout / 2, address, pairing: None, ..Config::default() };
    let (host, mut runner) = jelling::new(memory, config);
    let session = Session {
        host,
        output,
        input: Input::new(),
        timeout: global.timeout,
        verbose: global.verbose,
        keeps_bonds: global.bonds.is_some(),
    };
    bonds::load(host, &mut store).await?;
    let mut keep = pin!(bonds::keep(host, &mut store));
    let work = async {
        let result = tokio::select! {
            result = command(session) => result,
            // What runs on sees to its end itself.
            () = stop.signalled(), if ends == Ends::AtOnce => ends.result(),
        };
        wind_down(session).await;
        result
    };
    let result = tokio::select! {
        result = work => result.map_err(|error| trouble::explain(error, spec)),
        // That they are not kept must not go unnoticed, whatever else has been done.
        error = &mut keep => return Err(error),
        end = carrier::carry(&mut runner, transport, &capture, global, ends, spec) => match stop.has_ended() {
            true => ends.result(),
            false => Err(end),
        },
    };
    result.and(bonds::settle(keep).await)
}

/// Disconnects and switches the radio off. Who sends a second signal does not wait for it; and a controller without links that
/// does not answer is not worth waiting for.
async fn wind_down(session: Session) {
    let limit = match session.host.connections().next() {
        Some(_) => session.timeout,
        None => session.timeout.min(Duration::from_secs(1)),
    };
    tokio::select! {
        () = session.host.stop() => {}
        () = session.output.stop.insisted() => {}
        () = tokio::time::sleep(limit) => {}
    }
}

/// Waits this long; for ever where nothing is said.
pub(crate) async fn time_is_up(duration: Option<Duration>) {
    match duration {
        Some(duration) => tokio::time::sleep(duration).await,
        None => std::future::pending().await,
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

    /// Runs what runs on until it is stopped or the time is up; none then. Else what it came to by itself.
    pub(crate) async fn until_stopped<T>(
        &self,
        duration: Option<Duration>,
        work: impl Future<Output = Result<T>>,
    ) -> Result<Option<T>> {
        tokio::select! {
            result = work => result.map(Some),
            () = self.output.stop.ended() => Ok(None),
            () = time_is_up(duration) => Ok(None),
        }
    }

    /// Connects to a peer, and encrypts towards it where there is a bond. It pairs with nobody.
    pub(crate) async fn connect(&self, target: &Target) -> Result<Connection<'static>> {
        let connection = self.reach(target).await?;
        if connection.bond().is_some() {
            let peer = connection.identity()?.to_string();
            let encrypt = connection.encrypt().timeout(self.timeout);
            encrypt.await.map_err(|error| match error {
                Error::Timeout => anyhow!("no encryption with {peer} within {:?}: is it still there?", self.timeout),
                error => pairing::explain(error, &peer),
            })?;
            self.log(|| format!("encrypted with {peer}"));
        }
        Ok(connection)
    }

    /// Connects to a peer, no more; one whose address type is unknown is looked for first.
    pub(crate) async fn reach(&self, target: &Target) -> Result<Connection<'static>> {
        self.start().await?;
        let device = match (target.typed, self.bonded(target.device)) {
            (true, _) => target.device,
            (false, Some(bonded)) => bonded,
            (false, None) => self.find(target.device).await?,
        };
        self.log(|| format!("connecting to {device}"));
        // What follows are many requests, one after the other: they go no faster than connection events.
        let (least, greatest) = (Duration::from_micros(7_500), Duration::from_millis(15));
        match self.host.connect(device).interval(least, greatest).timeout(self.timeout).await {
            Ok(connection) => {
                self.log(|| format!("connected to {device}"));
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

    /// The peer of this address that there is one bond with.
    fn bonded(&self, wanted: Device) -> Option<Device> {
        let mut bonds = self.host.bonds().map(|bond| Device::from(bond.peer));
        let found = bonds.by_ref().find(|device| device.octets() == wanted.octets());
        let others = bonds.filter(|device| device.octets() == wanted.octets());
        found.filter(|_| others.count() == 0)
    }

    async fn find(&self, wanted: Device) -> Result<Device> {
        self.log(|| format!("looking for {wanted}"));
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
