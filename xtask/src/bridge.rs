//! `jelling l2cap` and Bumble's `bumble-l2cap-bridge`, which joins channels to TCP connections, in both roles: what goes in at one
//! end comes out at the other, octet by octet.

use crate::{
    command::jelling,
    interop::{BRING_UP, DISCONNECT, PERIPHERAL_COMMANDS},
    judge::{Implied, judge},
    rig::Radio,
};
use anyhow::{Context, Result, ensure};
use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

const BRIDGE: &str = "target/tools/venv/bin/bumble-l2cap-bridge";
const CREATE_CONNECTION: u16 = 0x200d;
const PSM: &str = "129";
/// Bumble's address.
const PEER: &str = "f0:f1:f2:f3:f4:f5";
const LENGTHS: [usize; 4] = [0, 1, 1_000, 65_536];
/// Options of ours. Of a channel that we have accepted Bumble knows a moment after its answer: credits that come with that are lost
/// there, so not to have any at first is for those who connect.
const OPTIONS: [&[&str]; 4] =
    [&[], &["--mtu", "23", "--mps", "23"], &["--credits", "0", "--mtu", "65535"], &["--credits", "1", "--sdu", "100"]];
/// How long a command or a connection may take.
const LIMIT: Duration = Duration::from_secs(30);

pub(crate) fn play(radio: &Radio, captures: &Path) -> Result<()> {
    let folder = captures.join("bridge");
    std::fs::create_dir_all(&folder)?;
    let device = folder.join("device.json");
    std::fs::write(
        &device,
        format!("{{\"name\": \"bridge\", \"address\": \"{PEER}\", \"advertising_interval\": 50}}"),
    )?;
    let stage = Stage { radio, folder, device };
    stage.connect().context("bumble-l2cap-bridge as server")?;
    stage.listen().context("bumble-l2cap-bridge as client")
}

/// A process that is ended when it is dropped, and what it prints.
struct Running {
    process: Child,
    lines: mpsc::Receiver<String>,
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Running {
    fn start(command: &mut Command) -> Result<Running> {
        let mut process = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
        let stdout = BufReader::new(process.stdout.take().context("no stdout")?);
        let (tell, lines) = mpsc::channel();
        thread::spawn(move || stdout.lines().map_while(Result::ok).try_for_each(|line| tell.send(line)));
        Ok(Running { process, lines })
    }

    /// A command that runs on has its good end.
    fn stop(mut self) -> Result<()> {
        let kill = Command::new("sh").arg("-c").arg(format!("kill {}", self.process.id())).status()?;
        ensure!(kill.success() && self.process.wait()?.success(), "a signal is no good end");
        Ok(())
    }

    /// Waits for a line with this word.
    fn prints(&mut self, word: &str) -> Result<String> {
        let mut before = String::new();
        loop {
            let line = self.lines.recv_timeout(LIMIT).with_context(|| format!("no {word:?} after {before}"))?;
            if line.contains(word) {
                return Ok(line);
            }
            before += &line;
        }
    }
}

struct Stage<'a> {
    radio: &'a Radio,
    folder: PathBuf,
    device: PathBuf,
}

/// Octets in which no two stretches are the same.
fn octets(length: usize) -> Vec<u8> {
    (0..length).map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8).collect()
}

fn text(path: &Path) -> Result<&str> {
    path.to_str().context("a path that is no text")
}

/// Sends back what comes on each connection, one after the other, and tells what that was.
fn echo(listener: TcpListener) -> mpsc::Receiver<Vec<u8>> {
    let (tell, told) = mpsc::channel();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let (mut all, mut part) = (vec![], [0; 4_096]);
            while let Ok(length @ 1..) = stream.read(&mut part) {
                all.extend_from_slice(&part[..length]);
                if stream.write_all(&part[..length]).is_err() {
                    break;
                }
            }
            if tell.send(all).is_err() {
                return;
            }
        }
    });
    told
}

impl Stage<'_> {
    fn bridge(&self, arguments: &[&str]) -> Result<Running> {
        let mut command = Command::new(BRIDGE);
        command.arg("--device-config").arg(&self.device).args(["--psm", PSM, "--hci-transport"]);
        command.arg(format!("tcp-client:127.0.0.1:{}", self.radio.port())).args(arguments);
        Running::start(command.env("PYTHONUNBUFFERED", "1")).context("bumble-l2cap-bridge cannot be started")
    }

    fn connect(&self) -> Result<()> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let port = listener.local_addr()?.port().to_string();
        let told = echo(listener);
        let mut bridge = self.bridge(&["server", "--tcp-host", "127.0.0.1", "--tcp-port", &port])?;
        bridge.prints("Listening")?;
        let output = self.folder.join("out");
        let snoop = self.folder.join("connect.btsnoop");
        let spec = self.radio.spec();
        let peer = format!("{PEER}/random");
        let connect = ["-t", &spec, "--snoop", text(&snoop)?, "--json", "l2cap", "connect", &peer];
        let start = |psm: &str, options: &[&str]| -> Result<Child> {
            let mut command = jelling(
                &[&connect[..], &["--psm", psm, "--output", text(&output)?, "--linger", "0.5"], options].concat(),
            );
            Ok(command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?)
        };
        let lengths = LENGTHS.map(|length| (length, OPTIONS[0]));
        for (length, options) in lengths.into_iter().chain(OPTIONS.map(|options| (3_000, options))) {
            let sent = octets(length);
            let mut command = start(PSM, options)?;
            // Before its TCP connection stands, the bridge drops what comes.
            let arrived = bridge.prints("### Connected");
            let written = command.stdin.take().map(|mut stdin| stdin.write_all(&sent));
            let ended = command.wait_with_output()?;
            let said = String::from_utf8_lossy(&ended.stderr);
            ensure!(ended.status.success(), "l2cap connect, {length} octets, {options:?}: {said}");
            arrived?;
            ensure!(written.is_some_and(|written| written.is_ok()), "{options:?}: {said}");
            ensure!(told.recv_timeout(LIMIT)? == sent, "{length} octets, {options:?}: not as sent");
            ensure!(std::fs::read(&output)? == sent, "{length} octets, {options:?}: they came back otherwise");
        }
        let ended = start("130", &[])?.wait_with_output()?;
        let said = String::from_utf8_lossy(&ended.stderr);
        ensure!(ended.status.code() == Some(1) && said.contains("PSM not supported"), "{}: {said}", ended.status);
        let commands = [&BRING_UP[..], &[CREATE_CONNECTION, DISCONNECT]].concat();
        judge(
            &snoop,
            Implied { commands: &commands, events: &[], att: &[0x02, 0x03], smp: &[], signals: &[], wrong: &[] },
        )
    }

    fn listen(&self) -> Result<()> {
        let output = self.folder.join("out");
        let snoop = self.folder.join("listen.btsnoop");
        for (what, options, echo) in [
            ("--output", OPTIONS[0], None),
            ("--output", OPTIONS[3], None),
            ("--echo", OPTIONS[0], Some(1_024)),
            ("--echo", OPTIONS[1], Some(23)),
        ] {
            let spec = self.radio.spec();
            let listen = ["-t", &spec, "--snoop", text(&snoop)?, "--json", "l2cap", "listen", "--psm", PSM, what];
            let file = if echo.is_some() { vec![] } else { vec![text(&output)?] };
            let mut listener = Running::start(&mut jelling(&[&listen[..], &file, options].concat()))?;
            let ready = listener.prints("ready")?;
            let address = ready.split("\"address\":\"").nth(1).and_then(|rest| rest.get(..17)).context("no address")?;
            // In Bumble's notation.
            let address = format!("{address}/P");
            let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
            let number = port.to_string();
            let mut bridge = self.bridge(&["client", &address, "--tcp-host", "127.0.0.1", "--tcp-port", &number])?;
            bridge.prints("Listening")?;
            // The channels of one link, one after the other.
            let mut all = vec![];
            for length in LENGTHS.into_iter().take(if options.is_empty() { 4 } else { 3 }) {
                let sent = octets(length);
                through(port, &sent, echo).with_context(|| format!("{length} octets, {options:?}"))?;
                let closed = listener.prints("\"closed\"")?;
                ensure!(closed.contains(&format!("\"received\":{length}}}")), "{length} octets: {closed}");
                all.extend(sent);
                ensure!(echo.is_some() || std::fs::read(&output)? == all, "{length} octets arrived otherwise");
            }
            listener.stop()?;
        }
        let commands = [&BRING_UP[..], &PERIPHERAL_COMMANDS].concat();
        judge(&snoop, Implied { commands: &commands, events: &[], att: &[], smp: &[], signals: &[], wrong: &[] })
    }
}

/// Sends to the bridge, and hangs up. With an echo of so many octets, each must come back before the next goes: what has to wait in the bridge
/// leaves it in the wrong order (its `FlowControlAsyncPipe` takes the last one first).
fn through(port: u16, sent: &[u8], echo: Option<usize>) -> Result<()> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(LIMIT))?;
    for part in sent.chunks(echo.unwrap_or(usize::MAX)) {
        stream.write_all(part)?;
        let mut back = vec![0; echo.map_or(0, |_| part.len())];
        stream.read_exact(&mut back)?;
        ensure!(echo.is_none() || back == part, "another came back");
    }
    stream.shutdown(Shutdown::Write)?;
    let mut rest = vec![];
    stream.read_to_end(&mut rest)?;
    ensure!(rest.is_empty(), "{} octets more came back", rest.len());
    Ok(())
}
