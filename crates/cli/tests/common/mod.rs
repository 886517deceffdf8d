//! The binary as a program drives it.

#![allow(dead_code, unreachable_pub, reason = "each file of tests uses its part")]

pub mod channels;
pub mod pairing;

use rustix::process::{Pid, Signal, kill_process};
use std::{
    io::{BufRead, BufReader, Read},
    process::{Child, ChildStderr, ChildStdin, ChildStdout, Command, Output, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

/// The command with these arguments, and no transport from outside.
pub fn jelling(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_jelling"));
    command.env_remove("JELLING_TRANSPORT").args(arguments).stdin(Stdio::null());
    command
}

/// Runs it to its end.
pub fn run(arguments: &[&str]) -> Output {
    jelling(arguments).output().unwrap()
}

/// Its exit code, what it printed on stdout and on stderr.
pub fn told(output: &Output) -> (Option<i32>, String, String) {
    let text = |octets: &[u8]| String::from_utf8(octets.to_vec()).unwrap();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

/// A command that runs on, with both its streams to read. It ends when it is dropped.
pub struct Running {
    child: Child,
    pub stdout: BufReader<ChildStdout>,
    pub stderr: BufReader<ChildStderr>,
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Starts it.
pub fn start(arguments: &[&str]) -> Running {
    start_with(&mut jelling(arguments))
}

/// Starts it with a standard input of one's own.
pub fn start_with(command: &mut Command) -> Running {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let (stdout, stderr) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
    Running { child, stdout: BufReader::new(stdout), stderr: BufReader::new(stderr) }
}

fn line_with(stream: &mut impl BufRead, word: &str) -> String {
    let mut before = String::new();
    loop {
        let mut line = String::new();
        assert_ne!(stream.read_line(&mut line).unwrap(), 0, "no line with {word:?} after {before}");
        if line.contains(word) {
            return line;
        }
        before += &line;
    }
}

impl Running {
    /// Waits for a line of stdout with this word.
    pub fn prints(&mut self, word: &str) -> String {
        line_with(&mut self.stdout, word)
    }

    /// Waits for a line of stderr with this word.
    pub fn says(&mut self, word: &str) -> String {
        line_with(&mut self.stderr, word)
    }

    /// What it reads, if it was started with a pipe.
    pub fn stdin(&mut self) -> ChildStdin {
        self.child.stdin.take().unwrap()
    }

    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Waits until it has said that it takes SIGTERM itself.
    pub fn waits_for_signals(&self) {
        let status = format!("/proc/{}/status", self.child.id());
        let takes = |line: &str| {
            let caught = line.strip_prefix("SigCgt:").map(|mask| u64::from_str_radix(mask.trim(), 16).unwrap());
            caught.is_some_and(|mask| mask & (1 << (Signal::TERM.as_raw() - 1)) != 0)
        };
        while !std::fs::read_to_string(&status).unwrap().lines().any(takes) {
            thread::yield_now();
        }
    }

    /// Waits for a line of stderr of this length.
    pub fn says_of_length(&mut self, length: usize) -> String {
        loop {
            let line = self.says("");
            if line.trim_end().len() == length {
                return line.trim_end().into();
            }
        }
    }

    /// Waits for its end: its exit code.
    pub fn wait(&mut self) -> Option<i32> {
        end_of(&mut self.child)
    }

    /// Waits for its end: its exit code, none where a signal killed it, and the rest of stderr.
    pub fn end(mut self) -> (Option<i32>, String) {
        let code = end_of(&mut self.child);
        let mut rest = String::new();
        self.stderr.read_to_string(&mut rest).unwrap();
        (code, rest)
    }

    /// The TCP ports of a `sim --json`, from its first line.
    pub fn ports(&mut self) -> Vec<u16> {
        let line = self.prints("ready");
        let ports = line.split_once('[').unwrap().1.split_once(']').unwrap().0;
        ports.split(',').map(|port| port.parse().unwrap()).collect()
    }
}

/// Waits for the end of a program. One that does not end is killed after a while, so that its test fails and does not hang.
pub fn end_of(child: &mut Child) -> Option<i32> {
    let pid = Pid::from_child(child);
    let (ended, end) = mpsc::channel::<()>();
    let guard = thread::spawn(move || {
        if end.recv_timeout(Duration::from_secs(60)) == Err(mpsc::RecvTimeoutError::Timeout) {
            let _ = kill_process(pid, Signal::KILL);
        }
    });
    let code = child.wait().unwrap().code();
    drop(ended);
    guard.join().unwrap();
    code
}

/// As [`end_of`], with what the program printed and what it said.
pub fn end_with_output(mut child: Child) -> (Option<i32>, String, String) {
    let read = |mut stream: Box<dyn Read + Send>| {
        thread::spawn(move || {
            let mut text = String::new();
            stream.read_to_string(&mut text).unwrap();
            text
        })
    };
    let out = read(Box::new(child.stdout.take().unwrap()));
    let error = read(Box::new(child.stderr.take().unwrap()));
    (end_of(&mut child), out.join().unwrap(), error.join().unwrap())
}

/// Two controllers on one air, and a server on the first of them.
pub struct Rig {
    pub sim: Running,
    pub ports: Vec<u16>,
    pub server: Running,
    /// The server's address with its type.
    pub peer: String,
}

pub fn rig() -> Rig {
    let mut sim = start(&["sim", "--tcp", "0", "0", "--json"]);
    let ports = sim.ports();
    let thermo = concat!(env!("CARGO_MANIFEST_DIR"), "/../../interop/thermo.toml");
    let mut server = start(&["-t", &spec(ports[0]), "serve", thermo, "--json"]);
    let ready = server.prints("ready");
    let address = ready.split_once("\"address\":\"").unwrap().1.get(..17).unwrap();
    Rig { peer: format!("{address}/public"), sim, ports, server }
}

pub fn spec(port: u16) -> String {
    format!("tcp:127.0.0.1:{port}")
}
