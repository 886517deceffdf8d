//! `l2cap listen` and `l2cap connect`, on controllers of one air.

use super::{Running, end_with_output, jelling, spec, start, start_with};
use serde_json::Value;
use std::{
    path::PathBuf,
    process::{Command, Stdio},
};
use tempfile::TempDir;

pub const PSM: &str = "129";

/// Two controllers, and a folder.
pub struct Air {
    pub sim: Running,
    pub ports: Vec<u16>,
    pub folder: TempDir,
}

/// A listener that is ready, and its address.
pub struct Listener {
    pub command: Running,
    pub peer: String,
}

/// Octets in which no two stretches are the same.
pub fn octets(length: usize) -> Vec<u8> {
    let mut state = 0x2545_f491u32;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state as u8
    };
    (0..length).map(|_| next()).collect()
}

pub fn air() -> Air {
    let mut sim = start(&["sim", "--tcp", "0", "0", "0", "--json"]);
    let ports = sim.ports();
    Air { sim, ports, folder: tempfile::tempdir().unwrap() }
}

/// The value of a field of a line of JSON.
pub fn field(line: &str, name: &str) -> Value {
    serde_json::from_str::<Value>(line).unwrap_or_else(|error| panic!("{line:?}: {error}"))[name].clone()
}

fn peer(ready: &str) -> String {
    let of = |name| field(ready, name).as_str().unwrap().to_owned();
    format!("{}/{}", of("address"), of("address_type"))
}

impl Air {
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The path of a file, as an argument.
    pub fn path(&self, name: &str) -> String {
        self.file(name).to_str().unwrap().into()
    }

    /// A file with these octets.
    pub fn given(&self, name: &str, octets: &[u8]) -> String {
        std::fs::write(self.file(name), octets).unwrap();
        self.path(name)
    }

    pub fn found(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.file(name)).unwrap()
    }

    /// `l2cap listen` on the first controller, whose events are on stdout.
    pub fn listen(&self, options: &[&str]) -> Listener {
        let port = spec(self.ports[0]);
        let mut command = start(&[&["-t", &port, "--json", "l2cap", "listen", "--psm", PSM], options].concat());
        let peer = peer(&command.prints("ready"));
        Listener { command, peer }
    }

    /// `l2cap listen --output -`: its events are on stderr.
    pub fn listen_to_stdout(&self, options: &[&str]) -> Listener {
        let port = spec(self.ports[0]);
        let listen = ["-t", &port, "--json", "l2cap", "listen", "--psm", PSM, "--output", "-"];
        let mut command = start(&[&listen, options].concat());
        let peer = peer(&command.says("ready"));
        Listener { command, peer }
    }

    /// `l2cap connect` on the second controller.
    pub fn connect(&self, peer: &str, options: &[&str]) -> Command {
        let port = spec(self.ports[1]);
        jelling(&[&["-t", &port, "--json", "l2cap", "connect", peer, "--psm", PSM], options].concat())
    }

    /// The same, to its end: exit code, stdout, stderr.
    pub fn connects(&self, peer: &str, options: &[&str]) -> (Option<i32>, String, String) {
        let mut command = self.connect(peer, options);
        end_with_output(command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap())
    }

    /// The same, with a standard input that stays open.
    pub fn begins(&self, peer: &str, options: &[&str]) -> Running {
        start_with(self.connect(peer, options).stdin(Stdio::piped()))
    }
}

impl Listener {
    /// Waits for the end of a channel: how many octets came.
    pub fn closed(&mut self) -> u64 {
        field(&self.command.prints("\"closed\""), "received").as_u64().unwrap()
    }
}
