//! The `jelling` command against itself, and what it says when something is wrong.

use crate::rig::Radio;
use anyhow::{Context, Result, ensure};
use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpListener,
    process::{Child, ChildStdout, Command, Output, Stdio},
    time::{Duration, Instant},
};

pub(crate) fn jelling(arguments: &[&str]) -> Command {
    let mut command = Command::new(format!("{}/debug/jelling", crate::target()));
    command.env_remove("JELLING_TRANSPORT").env("RUST_BACKTRACE", "0").args(arguments);
    command
}

/// Ended when it is dropped.
pub(crate) struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Server {
    /// `jelling serve` of a file: with it what it prints, and its address with the type.
    pub(crate) fn start(radio: &Radio, file: &str) -> Result<(Server, BufReader<ChildStdout>, String)> {
        let mut serve = jelling(&["-t", &radio.spec(), "--json", "serve", file, "--stdin"]);
        let mut serve = Server(serve.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?);
        let mut lines = BufReader::new(serve.0.stdout.take().context("no stdout")?);
        let mut ready = String::new();
        lines.read_line(&mut ready)?;
        let address = ready.split("\"address\":\"").nth(1).and_then(|rest| rest.get(..17)).context("no ready line")?;
        let address = format!("{address}/public");
        Ok((serve, lines, address))
    }
}

/// Wants an exit code and a word in what was printed on either stream.
fn want(output: &Output, code: i32, word: &str) -> Result<()> {
    let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    ensure!(
        output.status.code() == Some(code) && text.contains(word),
        "wanted exit {code} and {word:?}: {} {text}",
        output.status
    );
    Ok(())
}

pub(crate) fn play(radio: &Radio) -> Result<()> {
    crate::programs()?;
    let (mut serve, _lines, address) = Server::start(radio, "interop/thermo.toml")?;
    let spec = radio.spec();
    let run = |arguments: &[&str]| jelling(&["-t", &spec, "--json"]).args(arguments).output();
    want(&run(&["info"])?, 0, "LE Encryption")?;
    want(&run(&["scan", "--active", "--duration", "1", "--service", "181a"])?, 0, "\"name\":\"thermo\"")?;
    want(&run(&["explore", &address])?, 0, "\"value\":\"726f6f6d\"")?;
    want(&run(&["read", &address, "2a6e"])?, 0, "\"value\":\"c409\"")?;
    want(&run(&["write", &address, "2a6e", "0102030405"])?, 0, "\"written\":5")?;
    want(&run(&["read", &address, "2a6e"])?, 0, "\"value\":\"0102030405\"")?;
    want(&run(&["read", &address, "2a6f"])?, 1, "does not offer")?;
    want(&run(&["read", &address, "beef"])?, 1, "no characteristic beef")?;

    let mut subscribe = jelling(&["-t", &spec, "--json", "subscribe", &address, "2a6e", "--count", "2"]);
    let mut subscribe = Server(subscribe.stdout(Stdio::piped()).spawn()?);
    let mut printed = BufReader::new(subscribe.0.stdout.take().context("no stdout")?);
    let mut line = String::new();
    printed.read_line(&mut line)?;
    ensure!(line.contains("ready"), "subscribe: {line}");
    let orders = serve.0.stdin.as_mut().context("no stdin")?;
    writeln!(orders, "notify 2a6e aabb\nnotify 2a6e ccdd")?;
    let mut values = String::new();
    printed.read_to_string(&mut values)?;
    ensure!(values.contains("aabb") && values.contains("ccdd"), "subscribe: {values}");
    ensure!(subscribe.0.wait()?.success(), "subscribe failed");

    want(&run(&["--timeout", "1", "read", "aa:bb:cc:dd:ee:ff/public", "2a6e"])?, 1, "aa:bb:cc:dd:ee:ff")?;
    want(&run(&["read", "nonsense", "2a6e"])?, 2, "nonsense")?;
    want(&run(&["write", &address, "2a6e", "0"])?, 2, "hex")?;
    want(&jelling(&["info"]).output()?, 2, "--transport")?;
    want(&jelling(&["-t", "nowhere", "info"]).output()?, 2, "tcp:HOST:PORT")?;
    want(&jelling(&["-t", "tcp:127.0.0.1:1", "info"]).output()?, 1, "tcp:127.0.0.1:1")?;
    want(&jelling(&["-t", "sim:", "--json", "scan", "--active", "--duration", "1"]).output()?, 0, "jelling-demo")?;
    want(&jelling(&["sim"]).output()?, 2, "--tcp")?;
    want(&jelling(&["sim", "--tcp", "0", "--loss", "2"]).output()?, 2, "0.0 to 1.0")?;
    want(&jelling(&["demo"]).output()?, 0, "demo ok")?;
    want(&jelling(&["demo", "--json"]).output()?, 0, "{\"event\":\"done\"}")?;
    garbage()?;
    silence()
}

/// A port that answers everything with noise.
fn garbage() -> Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let spec = format!("tcp:{}", listener.local_addr()?);
    let noise = std::thread::spawn(move || {
        if let Ok((mut stream, _)) = listener.accept() {
            let octets: Vec<u8> = (0..1u32 << 16).map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
            let _ = stream.write_all(&octets);
            let _ = stream.read_to_end(&mut vec![]);
        }
    });
    within(Duration::from_secs(5), || want(&jelling(&["-t", &spec, "--timeout", "1", "info"]).output()?, 1, &spec))?;
    noise.join().map_err(|_| anyhow::anyhow!("the noise stopped"))
}

/// A port that answers nothing.
fn silence() -> Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let spec = format!("tcp:{}", listener.local_addr()?);
    within(Duration::from_secs(5), || {
        want(&jelling(&["-t", &spec, "--timeout", "1", "info"]).output()?, 1, "does not answer")
    })
}

fn within(limit: Duration, work: impl FnOnce() -> Result<()>) -> Result<()> {
    let start = Instant::now();
    work()?;
    ensure!(start.elapsed() < limit, "it took {:?}", start.elapsed());
    Ok(())
}
