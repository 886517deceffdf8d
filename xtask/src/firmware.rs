//! The firmware of `examples/firmware`, in QEMU with its UART on a controller, and who talks to it.

mod files;
mod lines;
mod traced;

use crate::{
    cargo, images,
    rig::{Kind, Radio},
    run as run_command, setup,
};
use anyhow::{Context, Result, bail, ensure};
use std::{
    io::{BufRead, BufReader, Read, Write},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Stdio},
    sync::{
        Arc, Mutex,
        mpsc::{Receiver, RecvTimeoutError, channel},
    },
    thread,
    time::{Duration, Instant},
};

/// What an image shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Image {
    /// The thermometer: read, subscribe, pair; after a reset it encrypts with the bond in its flash
    Sensor,
    /// A central that follows a thermometer on the PC
    Central,
    /// The battery service, whose size is measured
    Battery,
    /// Notifications as fast as they go, counted on the PC
    Stream,
    /// A file server, whose files are downloaded to the PC and compared
    Files,
    /// The thermometer with its host's lines on the console, or as frames of defmt, and a capture on UART2
    Traced,
}

/// Who talks to the thermometer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Peer {
    /// Our host on the PC
    Desktop,
    /// Bumble: interop/firmware.py
    Bumble,
}

/// How long anything may take that is waited for.
const LIMIT: Duration = Duration::from_secs(40);

/// Octets a second of a UART of 1 Mbaud, with a start and a stop bit each; QEMU's has no baud rate.
const UART: u32 = 100_000;

/// Installs the board.
pub(crate) fn tools() -> Result<()> {
    setup::packages(&[("qemu-system-arm", "qemu-system-arm")])
}

/// Builds the images, and looks at what logging costs.
pub(crate) fn built() -> Result<()> {
    build()?;
    lines::check()
}

/// Builds the images without features of their own.
pub(crate) fn build() -> Result<()> {
    build_with(&[])
}

/// Builds an image that has features of its own.
fn build_one(name: &str, features: &str) -> Result<()> {
    build_with(&["--bin", name, "--features", features])
}

fn build_with(more: &[&str]) -> Result<()> {
    let mut command = images::cross(&["build", "--quiet", "--release"])?;
    command.args(["--manifest-path", "examples/firmware/Cargo.toml", "--package", "firmware"]).args(more);
    command.env("CARGO_TARGET_DIR", std::path::absolute(images::folder("thumb"))?);
    command.env("RUSTFLAGS", "-Clinker=ld.lld -Clinker-flavor=ld.lld");
    // Without a word `defmt` leaves out all but errors.
    run_command(command.env("DEFMT_LOG", "debug"))
}

/// Formatted, and without a warning. As for a PC: clippy has no compiler for the MCU everywhere, and nothing here asks for which it is.
pub(crate) fn lint() -> Result<()> {
    let manifest = ["--manifest-path", "examples/firmware/Cargo.toml"];
    run_command(cargo(&["fmt", "--all", "--check"]).args(manifest))?;
    let mut clippy =
        cargo(&["clippy", "--quiet", "--package", "board", "--package", "firmware", "--features", "firmware/l2cap"]);
    clippy.args(manifest).env("CARGO_TARGET_DIR", std::path::absolute(images::folder("firmware-lint"))?);
    run_command(clippy.args(["--", "--deny", "warnings"]))
}

/// Plays what one image shows, or all of them.
pub(crate) fn run(image: Option<Image>, peer: Option<Peer>) -> Result<()> {
    tools()?;
    setup::radio()?;
    crate::programs()?;
    build()?;
    let start = Instant::now();
    let peers: &[Peer] = match &peer {
        Some(one) => std::slice::from_ref(one),
        None => &[Peer::Desktop, Peer::Bumble],
    };
    if peers.contains(&Peer::Bumble) {
        setup::bumble()?;
    }
    for kind in [Kind::Rootcanal, Kind::Sim] {
        let scene = Scene { kind, captures: crate::interop::captures(kind) };
        std::fs::create_dir_all(&scene.captures)?;
        let wanted = |one: Image| image.is_none_or(|image| image == one);
        for peer in peers.iter().filter(|_| wanted(Image::Sensor)) {
            scene.play(&format!("sensor and {peer:?}"), |radio| sensor(&scene, radio, *peer))?;
        }
        if wanted(Image::Central) {
            scene.play("central", central)?;
        }
        if wanted(Image::Battery) {
            scene.play("battery", |radio| battery(&scene, radio))?;
        }
        if wanted(Image::Stream) {
            scene.play("stream", |radio| stream(&scene, radio))?;
        }
        if wanted(Image::Files) {
            build_one("files", "l2cap")?;
            scene.play("files", |radio| files::play(&scene, radio))?;
        }
        // One kind of controller will do: what is shown is the wire beside it.
        if kind == Kind::Rootcanal && wanted(Image::Traced) {
            build_one("sensor-traced", "log,snoop")?;
            scene.play("traced", |radio| traced::play(&scene, radio))?;
            build_one("sensor-defmt", "defmt,snoop")?;
            scene.play("frames", |radio| traced::frames(&scene, radio))?;
        }
    }
    println!("firmware: all of it in {:.1} s", start.elapsed().as_secs_f32());
    Ok(())
}

/// On whose controllers.
struct Scene {
    kind: Kind,
    captures: PathBuf,
}

impl Scene {
    fn play(&self, what: &str, work: impl FnOnce(&Radio) -> Result<()>) -> Result<()> {
        println!("-- {what} on {:?}", self.kind);
        let radio = Radio::start(self.kind)?;
        work(&radio).with_context(|| format!("{what} on {:?}: what the board said stands above", self.kind))
    }

    /// Our host on the PC.
    fn desktop(&self, what: &str, radio: &Radio) -> Result<Player> {
        let mut command = Command::new(format!("{}/debug/firmware", crate::target()));
        let capture = self.captures.join(format!("firmware-{what}.btsnoop"));
        command.args([what, &radio.port().to_string(), "--snoop"]).arg(capture);
        Player::start("desktop", &mut command)
    }
}

fn sensor(scene: &Scene, radio: &Radio, peer: Peer) -> Result<()> {
    let mut board = board("sensor", radio)?;
    board.until("sensor ")?;
    let mut peer = match peer {
        Peer::Desktop => scene.desktop("sensor", radio)?,
        Peer::Bumble => {
            let mut command = Command::new(setup::PYTHON);
            Player::start("bumble", command.arg("interop/firmware.py").arg(radio.port().to_string()))?
        }
    };
    peer.until("reset")?;
    board.until("kept")?;
    board.until("measures each 2 s")?;
    let Status { stack, room, .. } = status(&mut board)?;
    ensure!(stack < room, "the stack has run over");
    board.tell("r")?;
    board.until("bonds: 1")?;
    board.until("encrypted, bonded: true")?;
    board.until("measures each 2 s")?;
    peer.finish()?;
    board.until("disconnected")?;
    let before = status(&mut board)?;
    // What it does for nobody: advertise, and measure now and then. By its own clock.
    thread::sleep(Duration::from_secs(1));
    let after = status(&mut board)?;
    ensure!(after.lost == 0, "the FIFO of the UART ran over {} times", after.lost);
    let (woken, time) = (after.sleeps - before.sleeps, after.time - before.time);
    ensure!((1..=time / 10).contains(&woken), "with nothing to do it fell asleep {woken} times in {time} ms");
    Ok(())
}

fn central(radio: &Radio) -> Result<()> {
    let mut sensor = Command::new(format!("{}/debug/temp_sensor", crate::target()));
    let _sensor = Player::start("desktop", sensor.arg(radio.spec()))?;
    let mut board = board("central", radio)?;
    board.until("connecting to")?;
    board.until("read ")?;
    let [first, second, third] = [(); 3].map(|()| board.until("notified ").map(|line| numbers(&line)));
    let (first, second, third) = (first?, second?, third?);
    ensure!(first < second && second < third, "the temperatures are {first:?}, {second:?}, {third:?}");
    Ok(())
}

fn battery(scene: &Scene, radio: &Radio) -> Result<()> {
    let _board = board("battery", radio)?;
    scene.desktop("battery", radio)?.finish()
}

/// While it is written to, the board computes something else now and then: nothing may be lost.
fn stream(scene: &Scene, radio: &Radio) -> Result<()> {
    let mut board = board("stream", radio)?;
    let packet = numbers(&board.until("stream ")?).pop().context("no length of packets")?;
    let mut desktop = scene.desktop("stream", radio)?;
    for _ in 0..2 {
        let line = desktop.until("notifications/s")?;
        let [octets, rate, ..] = numbers(&line)[..] else { bail!("{line}") };
        // Headers of L2CAP and ATT once, those of H4 and of the packet in each.
        let frame = octets + 4 + 3;
        let carried = rate * (frame + frame.div_ceil(packet) * (1 + 4));
        println!("        | on the UART {carried} octets/s, of the {UART} that 1 Mbaud carries; packets of {packet}");
    }
    desktop.finish()?;
    let Status { full, lost, .. } = status(&mut board)?;
    ensure!(full > 0 && lost == 0, "the ring must have been full, and nothing be lost");
    Ok(())
}

/// How the board is, since its start.
struct Status {
    /// Milliseconds by its own clock.
    time: u64,
    /// Octets of its stack that were used, and that there are.
    stack: u64,
    room: u64,
    /// How often the ring of the UART was full, and its FIFO ran over.
    full: u64,
    lost: u64,
    /// How often it fell asleep.
    sleeps: u64,
}

/// Asks the board.
fn status(board: &mut Player) -> Result<Status> {
    board.tell("s")?;
    let line = board.until("stack ")?;
    let [time, stack, room, full, lost, sleeps] = numbers(&line)[..] else { bail!("no status: {line}") };
    Ok(Status { time, stack, room, full, lost, sleeps })
}

/// The numbers in a line.
fn numbers(line: &str) -> Vec<u64> {
    line.split(|c: char| !c.is_ascii_digit()).filter_map(|word| word.parse().ok()).collect()
}

/// QEMU with an image, UART0 to be read and told, UART1 at a controller.
fn board(image: &str, radio: &Radio) -> Result<Player> {
    board_with(image, radio, "null")
}

/// As [`board`], with UART2 where QEMU is told.
fn board_with(image: &str, radio: &Radio, extra: &str) -> Result<Player> {
    // It ends with this process, however that ends.
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL", "qemu-system-arm"]);
    command.args(["-M", "lm3s6965evb", "-cpu", "cortex-m4", "-display", "none", "-monitor", "none"]);
    command.args(["-semihosting-config", "enable=on,target=native", "-serial", "stdio"]);
    // Octet by octet: with Nagle's algorithm each packet would wait for 40 ms.
    command.arg("-chardev").arg(format!("socket,id=hci,host=127.0.0.1,port={},nodelay=on", radio.port()));
    command.args(["-serial", "chardev:hci", "-serial", extra, "-kernel"]).arg(self::image(image));
    Player::start("board", &mut command)
}

/// Where an image is.
fn image(name: &str) -> PathBuf {
    Path::new(&images::folder("thumb")).join(images::TARGET).join("release").join(name)
}

/// A process whose lines are shown as they come, ended when it is dropped.
struct Player {
    name: &'static str,
    process: Child,
    input: Option<ChildStdin>,
    lines: Receiver<String>,
    /// What it wrote on stdout, as it came.
    heard: Arc<Mutex<Vec<u8>>>,
}

impl Drop for Player {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Player {
    fn start(name: &'static str, command: &mut Command) -> Result<Self> {
        command.env("RUST_BACKTRACE", "0").env("PYTHONUNBUFFERED", "1");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut process = command.spawn().with_context(|| format!("cannot run {command:?}"))?;
        let (sender, lines) = channel();
        let heard: Arc<Mutex<Vec<u8>>> = Arc::default();
        let streams: [(Option<Box<dyn Read + Send>>, _); 2] = [
            (process.stdout.take().map(|s| Box::new(s) as _), Arc::clone(&heard)),
            (process.stderr.take().map(|s| Box::new(s) as _), Arc::default()),
        ];
        for (stream, heard) in streams {
            let (Some(stream), sender) = (stream, sender.clone()) else { continue };
            thread::spawn(move || {
                let (mut reader, mut octets) = (BufReader::new(stream), vec![]);
                while reader.read_until(b'\n', &mut octets).is_ok_and(|length| length > 0) {
                    // Frames of `defmt`, each between zeros, share the board's output with its console.
                    let text = octets.rsplit(|octet| *octet == 0).next().unwrap_or_default();
                    let line = String::from_utf8_lossy(text).trim_end().to_owned();
                    if let Ok(mut heard) = heard.lock() {
                        heard.append(&mut octets);
                    }
                    // What QEMU says of its own timer, whatever runs on the board.
                    if line != "Timer with period zero, disabling" {
                        println!("{name:>7} | {line}");
                        let _ = sender.send(line);
                    }
                }
            });
        }
        Ok(Player { name, input: process.stdin.take(), process, lines, heard })
    }

    /// Waits for a line with a word in it.
    fn until(&mut self, word: &str) -> Result<String> {
        let end = Instant::now() + LIMIT;
        loop {
            match self.lines.recv_timeout(end.saturating_duration_since(Instant::now())) {
                Ok(line) if line.contains(word) => return Ok(line),
                Ok(_) => {}
                Err(RecvTimeoutError::Timeout) => bail!("{} did not say {word:?} within {LIMIT:?}", self.name),
                Err(RecvTimeoutError::Disconnected) => {
                    bail!("{} ended before it said {word:?}: {}", self.name, self.process.wait()?)
                }
            }
        }
    }

    fn tell(&mut self, text: &str) -> Result<()> {
        let input = self.input.as_mut().context("no input")?;
        input.write_all(text.as_bytes())?;
        Ok(input.flush()?)
    }

    /// Waits until it closes what it writes to, which is its end, and wants success.
    fn finish(&mut self) -> Result<()> {
        let end = Instant::now() + LIMIT;
        loop {
            match self.lines.recv_timeout(end.saturating_duration_since(Instant::now())) {
                Ok(_) => {}
                Err(RecvTimeoutError::Timeout) => bail!("{} is not done after {LIMIT:?}", self.name),
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        let status = self.process.wait()?;
        ensure!(status.success(), "{} failed: {status}", self.name);
        Ok(())
    }
}
