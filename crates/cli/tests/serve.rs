//! `serve` as a program drives it.

#![allow(missing_docs, reason = "tests")]

mod common;

use common::{Running, jelling, run, spec, start, start_with, told};
use rustix::process::Signal;
use serde_json::{Value, json};
use std::{fs, io::Write, path::PathBuf, process::Stdio};
use tempfile::TempDir;

/// Controllers on one air, and a file that is served on the first of them.
struct Served {
    sim: Running,
    ports: Vec<u16>,
    server: Running,
    peer: String,
    #[expect(dead_code, reason = "it goes with the file")]
    directory: TempDir,
}

fn file(text: &str) -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("served.toml");
    fs::write(&path, text).unwrap();
    (directory, path)
}

fn serve(text: &str) -> Served {
    let (directory, path) = file(text);
    let mut sim = start(&["sim", "--tcp", "0", "0", "0", "--json"]);
    let ports = sim.ports();
    let arguments = ["-t", &*spec(ports[0]), "--json", "serve", path.to_str().unwrap(), "--stdin"];
    let mut server = start_with(jelling(&arguments).stdin(Stdio::piped()));
    let ready: Value = serde_json::from_str(&server.prints("ready")).unwrap();
    let peer = format!("{}/public", ready["address"].as_str().unwrap());
    Served { sim, ports, server, peer, directory }
}

impl Served {
    /// Runs a command on the controller of this number.
    fn client(&self, number: usize, command: &str, rest: &[&str]) -> (Option<i32>, String, String) {
        let spec = spec(self.ports[number]);
        let arguments = [&["-t", &*spec, "--json", command, &*self.peer], rest].concat();
        told(&run(&arguments))
    }

    fn subscriber(&mut self, number: usize, rest: &[&str]) -> Running {
        let spec = spec(self.ports[number]);
        let arguments = [&["-t", &*spec, "--json", "subscribe", &*self.peer], rest].concat();
        let mut subscriber = start(&arguments);
        subscriber.prints("ready");
        self.server.prints("\"subscribe\"");
        subscriber
    }
}

fn value(line: &str) -> Value {
    serde_json::from_str(line).unwrap()
}

const THERMO: &str = "
    default_services = false
    [[service]]
    uuid = \"181a\"
    [[service.characteristic]]
    uuid = \"2a6e\"
    properties = [\"read\", \"notify\", \"indicate\", \"write\"]
    value = \"c409\"
    [[service.characteristic.descriptor]]
    uuid = \"2901\"
    text = \"room\"
    permissions = [\"read\", \"write\"]
    [[service.characteristic]]
    uuid = \"2a6f\"
    properties = [\"read\"]
    [[service.characteristic]]
    uuid = \"2a6f\"
    properties = [\"read\", \"notify\"]
    variable = true
    max_length = 4
    ";

#[test]
fn a_mistake_in_an_order_is_told_and_the_server_goes_on() {
    let mut served = serve(THERMO);
    let mut stdin = served.server.stdin();
    for (order, told) in [
        ("set 2a6f 00", "several characteristics are 2a6f: name one by its handle: 0x0007, 0x0009"),
        ("set 2aff 00", "no characteristic is 2aff"),
        ("set 0x0008 00", "no characteristic is 0x0008"),
        ("set 2a6e 000", "expected an even number of hex digits"),
        ("set 2a6e 000000", "the value cannot be set: the value is too long"),
        ("set 9 0102030405", "the value cannot be set: the value is too long"),
        ("sat 2a6e 0000", "expected `set CHAR HEX`, `notify CHAR HEX` or `indicate CHAR HEX`"),
        ("set", "expected `set CHAR HEX`, `notify CHAR HEX` or `indicate CHAR HEX`"),
        ("set 2a6e 00 00", "expected `set CHAR HEX`, `notify CHAR HEX` or `indicate CHAR HEX`"),
        ("set nonsense 00", "expected a UUID (4 hex digits or 128 bits with dashes) or a handle (decimal or 0x..)"),
        ("notify 2a6e 0000", "nobody has subscribed to it"),
        ("\u{fffd}", "expected `set CHAR HEX`, `notify CHAR HEX` or `indicate CHAR HEX`"),
    ] {
        // What is no UTF-8 is no end of the orders.
        match order {
            "\u{fffd}" => stdin.write_all(b"\xff\n\n").unwrap(),
            order => writeln!(stdin, "{order}").unwrap(),
        }
        assert_eq!(served.server.says("jelling: "), format!("jelling: {order:?}: {told}\n"));
    }
    writeln!(stdin, "set 2a6e d007\r\nset 9 01020304\nset 0x0007\nset nonsense 00").unwrap();
    served.server.says("nonsense");
    assert_eq!(served.client(1, "read", &["2a6e"]).1, "{\"handle\":3,\"value\":\"d007\"}\n");
    assert_eq!(served.client(1, "read", &["9"]).1, "{\"handle\":9,\"value\":\"01020304\"}\n");
    let (code, _, error) = served.client(1, "read", &["2a6f"]);
    assert_eq!(code, Some(1));
    assert!(error.contains("0x0007, 0x0009"), "{error}");
    drop(stdin);
    served.server.signal(Signal::TERM);
    assert_eq!(served.server.end(), (Some(0), String::new()));
    served.sim.signal(Signal::TERM);
    assert_eq!(served.sim.end(), (Some(0), String::new()));
}

#[test]
fn only_subscribers_are_told_and_two_links_are_served_at_once() {
    let mut served = serve(THERMO);
    let mut stdin = served.server.stdin();
    let mut notified = served.subscriber(1, &["2a6e"]);
    let mut indicated = served.subscriber(2, &["2a6e", "--indicate"]);
    writeln!(stdin, "notify 2a6e 0001\nindicate 3 0002\nnotify 2a6e 0003\nnotify 9 00\nindicate 2a6e 0004").unwrap();
    assert_eq!(served.server.says("jelling: "), "jelling: \"notify 9 00\": nobody has subscribed to it\n");
    for value in ["0001", "0003"] {
        assert_eq!(notified.prints("value"), format!("{{\"handle\":3,\"value\":\"{value}\"}}\n"));
    }
    for value in ["0002", "0004"] {
        assert_eq!(indicated.prints("value"), format!("{{\"handle\":3,\"value\":\"{value}\"}}\n"));
    }
    // More than a PDU holds.
    writeln!(stdin, "notify 2a6e {}", "00".repeat(515)).unwrap();
    assert!(served.server.says("jelling: ").ends_with("was not told: the value is too long\n"));
    // What was notified was not stored.
    notified.signal(Signal::TERM);
    assert_eq!(notified.end(), (Some(0), String::new()));
    assert_eq!(value(&served.server.prints("disconnected"))["event"], "disconnected");
    assert_eq!(served.client(1, "read", &["2a6e"]).1, "{\"handle\":3,\"value\":\"c409\"}\n");
}

#[test]
fn writes_to_values_and_descriptors_are_events() {
    let mut served = serve(THERMO);
    assert_eq!(served.client(1, "write", &["2a6e", "d007"]).0, Some(0));
    let write = value(&served.server.prints("\"write\""));
    let address = write["address"].clone();
    assert_eq!(write, json!({"event": "write", "uuid": "2a6e", "handle": 3, "value": "d007", "address": address}));
    assert_eq!(address.as_str().unwrap().len(), 17);
    let subscriber = served.subscriber(1, &["2a6e"]);
    subscriber.signal(Signal::TERM);
    assert_eq!(subscriber.end(), (Some(0), String::new()));
}

/// A table with this many services, each of a declaration and two characteristics with values of 512 octets and a CCCD.
fn large(services: usize) -> String {
    let value = "ab".repeat(512);
    let characteristic = format!(
        "[[service.characteristic]]\nuuid = \"2a56\"\nproperties = [\"read\", \"write\", \"notify\"]\nvalue = \"{value}\"\n"
    );
    let service = format!("[[service]]\nuuid = \"1815\"\n{characteristic}{characteristic}");
    "default_services = false\n".to_owned() + &service.repeat(services)
}

#[test]
fn hundreds_of_attributes_with_the_longest_values_have_room() {
    let mut served = serve(&large(60));
    let last = (60 * 7 - 1).to_string();
    let whole = "cd".repeat(512);
    assert_eq!(served.client(1, "write", &[&last, &whole]).0, Some(0));
    assert_eq!(value(&served.server.prints("write"))["value"], whole);
    assert_eq!(value(&served.client(1, "read", &[&last]).1)["value"], whole);
}

#[test]
fn a_file_beyond_the_room_is_an_error_with_its_line() {
    for (text, expected) in [
        (
            large(64),
            "no room in the table: expected values of at most 65,000 octets together, where a variable one counts with its max_length",
        ),
        ("[[service]]\nuuid = \"1815\"\n".repeat(8_300), "no room in the table: expected at most 8,192 attributes"),
    ] {
        let (_directory, path) = file(&text);
        let (code, out, error) = told(&run(&["-t", "sim:", "serve", path.to_str().unwrap()]));
        assert_eq!((code, &*out), (Some(1), ""));
        let line = error.trim_end().rsplit_once("served.toml:").unwrap().1;
        let (line, what) = line.split_once(": ").unwrap();
        assert_eq!(what, expected);
        assert!(line.parse::<usize>().unwrap() > 500, "{error}");
    }
}
