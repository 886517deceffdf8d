//! Two commands that pair: `serve` and `pair` on controllers of one air.

use super::{Running, jelling, run, spec, start, start_with, told};
use rustix::process::Signal;
use serde_json::Value;
use std::{
    fs,
    io::{Read, Write},
    path::PathBuf,
    process::{ChildStdin, Stdio},
};
use tempfile::TempDir;

/// A value for everybody at handle 3, and one at 6, 9 and 11 that needs an encrypted, authenticated, secure link.
const TABLE: &str = "
    default_services = false
    [[service]]
    uuid = \"181a\"
    [[service.characteristic]]
    uuid = \"2a6e\"
    properties = [\"read\", \"notify\"]
    value = \"c409\"
    [[service.characteristic]]
    uuid = \"2a6f\"
    properties = [\"read\", \"notify\"]
    permissions = [\"read_encrypted\"]
    value = \"01\"
    [[service.characteristic]]
    uuid = \"2a70\"
    properties = [\"read\"]
    permissions = [\"read_authenticated\"]
    value = \"02\"
    [[service.characteristic]]
    uuid = \"2a71\"
    properties = [\"read\"]
    permissions = [\"read_secure\"]
    value = \"03\"
    ";

/// Options that stand for others: `--bonds` with the file of the side, and `--privacy`.
const SHORT: [&str; 2] = ["bonds", "private"];

/// A command whose questions are answered.
pub struct Asked {
    pub command: Running,
    stdin: Option<ChildStdin>,
}

impl Asked {
    pub fn start(arguments: &[&str]) -> Self {
        let mut command = start_with(jelling(arguments).stdin(Stdio::piped()));
        let stdin = Some(command.stdin());
        Asked { command, stdin }
    }

    /// The next line on stderr, which must begin so: nothing else has been said before.
    pub fn asks(&mut self, what: &str) -> String {
        let line = self.command.says("");
        assert!(line.starts_with(what), "{line:?} is not {what:?}");
        line
    }

    pub fn answer(&mut self, line: &str) {
        writeln!(self.stdin.as_mut().unwrap(), "{line}").unwrap();
    }

    /// The end of its input.
    pub fn hang_up(&mut self) {
        self.stdin = None;
    }

    /// Stops what runs on, which is its good end.
    pub fn stop(&mut self) {
        self.command.signal(Signal::TERM);
        assert_eq!(self.command.wait(), Some(0));
    }

    /// Its exit code, and the rest of stdout and of stderr. Its input ends after it.
    pub fn end(mut self) -> (Option<i32>, String, String) {
        let mut out = String::new();
        self.command.stdout.read_to_string(&mut out).unwrap();
        let (code, error) = self.command.end();
        (code, out, error)
    }
}

/// Three controllers, a server on the first, whose bonds and those of the client on the second are in files.
pub struct Peers {
    pub sim: Running,
    pub ports: Vec<u16>,
    pub server: Asked,
    pub peer: String,
    pub directory: TempDir,
}

impl Peers {
    /// `serve` with these options, which is ready.
    pub fn new(options: &[&str]) -> Self {
        let mut peers = Peers::started(options);
        peers.is_ready();
        peers
    }

    /// `serve` with these options.
    pub fn started(options: &[&str]) -> Self {
        let mut sim = start(&["sim", "--tcp", "0", "0", "0", "--json"]);
        let ports = sim.ports();
        let directory = tempfile::tempdir().unwrap();
        let server = serve(&directory, ports[0], options);
        Peers { sim, ports, server, peer: String::new(), directory }
    }

    pub fn is_ready(&mut self) {
        let ready: Value = serde_json::from_str(&self.server.command.prints("ready")).unwrap();
        let of = |field: &str| ready[field].as_str().unwrap().to_owned();
        self.peer = format!("{}/{}", of("address"), of("address_type"));
    }

    /// The address of the server, without its type.
    pub fn address(&self) -> &str {
        self.peer.split_once('/').unwrap().0
    }

    /// The server ends, and another begins.
    pub fn serve_anew(&mut self, options: &[&str]) {
        self.server.stop();
        self.server = serve(&self.directory, self.ports[0], options);
        self.is_ready();
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub fn path(&self, name: &str) -> String {
        self.file(name).to_str().unwrap().into()
    }

    /// A command of the second controller that goes on.
    pub fn begin(&self, command: &str, options: &[&str]) -> Asked {
        self.begin_on(1, command, options)
    }

    /// A command of the controller with this number.
    pub fn begin_on(&self, number: usize, command: &str, options: &[&str]) -> Asked {
        let bonds = self.path("client.json");
        let port = spec(self.ports[number]);
        let mut arguments = vec!["-t", &*port, "--json"];
        if options.contains(&"bonds") {
            arguments.extend(["--bonds", &bonds]);
        }
        if options.contains(&"private") {
            arguments.push("--privacy");
        }
        arguments.extend([command, &*self.peer]);
        arguments.extend(options.iter().filter(|option| !SHORT.contains(option)));
        Asked::start(&arguments)
    }

    pub fn pair(&self, options: &[&str]) -> Asked {
        self.begin("pair", options)
    }

    /// A command of the second controller, to its end, with the client's bonds.
    pub fn client(&self, command: &str, rest: &[&str]) -> (Option<i32>, String, String) {
        self.begin(command, &[&["bonds"], rest].concat()).end()
    }

    /// `bonds` on one of the files.
    pub fn bonds(&self, file: &str, rest: &[&str]) -> (Option<i32>, String, String) {
        told(&run(&[&["--json", "--bonds", &*self.path(file), "bonds"], rest].concat()))
    }
}

fn serve(directory: &TempDir, port: u16, options: &[&str]) -> Asked {
    let file = directory.path().join("served.toml");
    fs::write(&file, TABLE).unwrap();
    let bonds = directory.path().join("server.json");
    let port = spec(port);
    let mut arguments = vec!["-t", &*port, "--json"];
    if options.contains(&"bonds") {
        arguments.extend(["--bonds", bonds.to_str().unwrap()]);
    }
    if options.contains(&"private") {
        arguments.push("--privacy");
    }
    arguments.extend(["serve", file.to_str().unwrap()]);
    arguments.extend(options.iter().filter(|option| !SHORT.contains(option)));
    Asked::start(&arguments)
}

/// The one line that `pair` prints.
pub fn paired(out: &str) -> Value {
    let mut lines = out.lines();
    let value = serde_json::from_str(lines.next().expect("no result")).unwrap();
    assert_eq!(lines.next(), None, "{out}");
    value
}
