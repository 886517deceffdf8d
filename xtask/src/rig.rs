//! Controllers on free loopback ports: RootCanal's, where each connection to its HCI port is a controller of its own on one
//! air, or those of `jelling sim`, each on its own port.

use crate::setup;
use anyhow::{Context, Result, bail, ensure};
use std::{
    cell::Cell,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

/// Which controllers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Kind {
    /// RootCanal
    Rootcanal,
    /// `jelling sim`
    Sim,
}

impl Kind {
    /// Whose air it is, as tables tell it.
    pub(crate) const fn air(self) -> &'static str {
        match self {
            Kind::Rootcanal => "RootCanal",
            Kind::Sim => "our controllers",
        }
    }
}

/// An air with controllers, each of which takes one host.
pub(crate) enum Radio {
    RootCanal(RootCanal),
    Sim(Sim),
}

impl Radio {
    pub(crate) fn start(kind: Kind) -> Result<Self> {
        Ok(match kind {
            Kind::Rootcanal => Radio::RootCanal(RootCanal::start()?),
            Kind::Sim => Radio::Sim(Sim::start()?),
        })
    }

    /// The port of a controller for the next host.
    pub(crate) fn port(&self) -> u16 {
        match self {
            Radio::RootCanal(rootcanal) => rootcanal.hci,
            Radio::Sim(sim) => sim.port(),
        }
    }

    /// The SPEC of a transport to a controller for the next host.
    pub(crate) fn spec(&self) -> String {
        format!("tcp:127.0.0.1:{}", self.port())
    }
}

/// A pty that leads to a controller of a radio, by socat; dropping it ends it.
pub(crate) struct SerialPort {
    process: Child,
    path: PathBuf,
}

impl Drop for SerialPort {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl SerialPort {
    /// A port beside this path.
    pub(crate) fn start(path: &Path, radio: &Radio) -> Result<Self> {
        let path = path.with_extension("pty");
        let _ = std::fs::remove_file(&path);
        let process = Command::new("socat")
            .arg(format!("PTY,link={},raw,echo=0", path.display()))
            .arg(format!("TCP:127.0.0.1:{},nodelay", radio.port()))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("socat cannot be started: run `cargo xtask setup`")?;
        let port = SerialPort { process, path };
        let end = Instant::now() + Duration::from_secs(5);
        while !port.path.exists() {
            ensure!(Instant::now() < end, "socat made no {}", port.path.display());
            thread::sleep(Duration::from_millis(5));
        }
        Ok(port)
    }

    /// Its SPEC: 1 Mbaud with RTS/CTS, as by default.
    pub(crate) fn spec(&self) -> String {
        format!("serial:{}", self.path.display())
    }
}

/// A running `jelling sim`; dropping it ends it.
pub(crate) struct Sim {
    process: Child,
    /// TCP ports, or the paths of ptys.
    places: Vec<String>,
    next: Cell<usize>,
}

impl Drop for Sim {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Sim {
    fn start() -> Result<Self> {
        Self::spawn(&["--tcp", "0", "0", "0", "0", "0", "0"])
    }

    /// Two controllers on ptys.
    pub(crate) fn ptys() -> Result<Self> {
        Self::spawn(&["--pty", "2"])
    }

    fn spawn(places: &[&str]) -> Result<Self> {
        crate::programs()?;
        let mut process = Command::new(format!("{}/debug/jelling", crate::target()))
            .args(["--json", "sim"])
            .args(places)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .context("jelling sim cannot be started")?;
        let mut ready = String::new();
        let mut lines = BufReader::new(process.stdout.take().context("no stdout")?);
        lines.read_line(&mut ready)?;
        let list = ready.split(['[', ']']).nth(1).context("jelling sim did not say its ports")?;
        let places = list.split(',').map(|place| place.trim_matches('"').to_owned()).collect();
        Ok(Sim { process, places, next: Cell::new(0) })
    }

    /// The paths of its ptys.
    pub(crate) fn paths(&self) -> &[String] {
        &self.places
    }

    /// In turn: whoever has left a port has left its controller.
    fn port(&self) -> u16 {
        let next = self.next.get();
        self.next.set(next + 1);
        self.places[next % self.places.len()].parse().unwrap_or(0)
    }
}

/// A running RootCanal; dropping it ends it.
pub(crate) struct RootCanal {
    process: Child,
    hci: u16,
}

impl Drop for RootCanal {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl RootCanal {
    /// Starts it, with an empty air and a tick of a millisecond.
    pub(crate) fn start() -> Result<Self> {
        // A few starts in a hundred come up without the test port: those are tried again.
        for _ in 0..5 {
            if let Some(rootcanal) = Self::try_start()? {
                return Ok(rootcanal);
            }
        }
        bail!("RootCanal does not come up: run `cargo xtask setup` and look at {}", setup::ROOTCANAL)
    }

    fn try_start() -> Result<Option<Self>> {
        let [test, hci, link, link_ble] = free_ports()?;
        let process = Command::new(setup::ROOTCANAL)
            .args([format!("--test_port={test}"), format!("--link_port={link}"), format!("--link_ble_port={link_ble}")])
            .arg(format!("--configuration=tcp_server {{ tcp_port: {hci} configuration {{ strict: false }} }}"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("RootCanal is not set up: run `cargo xtask setup`")?;
        let mut rootcanal = RootCanal { process, hci };
        if !rootcanal.listens(&[test, hci])? {
            return Ok(None);
        }
        // Its two beacons are of no use here, and a tick of 10 ms would make everything slow.
        let commands: [&[&str]; 3] = [&["del", "0"], &["del", "1"], &["set_timer_period", "1"]];
        test_channel(test, &commands)?;
        Ok(Some(rootcanal))
    }

    /// Waits until these ports listen. Connecting to find out would abort RootCanal.
    fn listens(&mut self, ports: &[u16]) -> Result<bool> {
        let end = Instant::now() + Duration::from_secs(5);
        while Instant::now() < end {
            let listening = listening_ports()?;
            if ports.iter().all(|port| listening.contains(port)) {
                return Ok(true);
            }
            if self.process.try_wait()?.is_some() {
                return Ok(false);
            }
            thread::sleep(Duration::from_millis(20));
        }
        Ok(false)
    }
}

fn free_ports() -> Result<[u16; 4]> {
    let bind = || TcpListener::bind("127.0.0.1:0");
    let listeners = [bind()?, bind()?, bind()?, bind()?];
    let mut ports = [0; 4];
    for (port, listener) in ports.iter_mut().zip(&listeners) {
        *port = listener.local_addr()?.port();
    }
    Ok(ports)
}

fn listening_ports() -> Result<Vec<u16>> {
    const LISTEN: &str = "0A";
    let table = std::fs::read_to_string("/proc/net/tcp")?;
    let port = |line: &str| {
        let mut fields = line.split_whitespace().skip(1);
        let (local, state) = (fields.next()?, fields.nth(1)?);
        (state == LISTEN).then(|| u16::from_str_radix(local.rsplit(':').next()?, 16).ok())?
    };
    Ok(table.lines().skip(1).filter_map(port).collect())
}

/// Commands of the test channel: a length-prefixed name and its length-prefixed arguments; answers are length-prefixed text.
fn test_channel(port: u16, commands: &[&[&str]]) -> Result<()> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(Duration::from_secs(2)))?;
    let answer = |stream: &mut TcpStream| -> Result<()> {
        let mut length = [0; 4];
        stream.read_exact(&mut length)?;
        let mut text = vec![0; usize::try_from(u32::from_le_bytes(length))?];
        Ok(stream.read_exact(&mut text)?)
    };
    answer(&mut stream)?;
    for words in commands {
        let [name, arguments @ ..] = words else { continue };
        let mut octets = vec![u8::try_from(name.len())?];
        octets.extend(name.as_bytes());
        octets.push(u8::try_from(arguments.len())?);
        for argument in arguments {
            octets.push(u8::try_from(argument.len())?);
            octets.extend(argument.as_bytes());
        }
        stream.write_all(&octets)?;
        answer(&mut stream)?;
    }
    Ok(())
}
