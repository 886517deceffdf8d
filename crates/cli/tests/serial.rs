//! Serial ports, on the ptys of `sim`.

#![allow(missing_docs, reason = "tests")]

mod common;

use common::{Running, run, start, told};
use rustix::process::Signal;
use std::{os::unix::fs::symlink, path::Path};

/// Controllers, each on a pty of its own, and the paths of these.
fn sim(ptys: usize) -> (Running, Vec<String>) {
    let mut sim = start(&["sim", "--pty", &ptys.to_string(), "--json"]);
    let line = sim.prints("ready");
    let ready: serde_json::Value = serde_json::from_str(&line).unwrap();
    let paths = ready["ports"].as_array().unwrap().iter().map(|path| path.as_str().unwrap().to_owned()).collect();
    (sim, paths)
}

fn plug(port: &Path, target: &str) {
    let _ = std::fs::remove_file(port);
    symlink(target, port).unwrap();
}

#[test]
fn both_ends_of_a_link_on_serial_ports() {
    let (_sim, paths) = sim(2);
    let thermo = concat!(env!("CARGO_MANIFEST_DIR"), "/../../interop/thermo.toml");
    let spec = |i: usize, settings: &str| format!("serial:{}{settings}", paths[i]);
    let mut server = start(&["-t", &spec(0, ""), "serve", thermo, "--json"]);
    let ready: serde_json::Value = serde_json::from_str(&server.prints("ready")).unwrap();
    let peer = format!("{}/public", ready["address"].as_str().unwrap());
    for settings in ["", ",115200", ",1000000,noflow"] {
        let (code, out, error) = told(&run(&["-t", &spec(1, settings), "read", &peer, "2a6e", "--json"]));
        assert_eq!((code, &*error), (Some(0), ""), "{settings}");
        assert!(out.contains("\"value\":\"c409\""), "{out}");
    }
}

#[test]
fn a_port_that_is_taken_absent_or_none() {
    let (_sim, paths) = sim(1);
    let spec = format!("serial:{}", paths[0]);
    let mut server = start(&["-t", &spec, "advertise", "--json"]);
    server.prints("ready");
    let wrong = |spec: &str| told(&run(&["-t", spec, "info"]));
    let error = format!("jelling: {spec}: another program has the port open: end that one first\n");
    assert_eq!(wrong(&spec), (Some(1), String::new(), error));
    let error = "jelling: serial:/dev/none: there is no such port: is the device plugged in?\n";
    assert_eq!(wrong("serial:/dev/none"), (Some(1), String::new(), error.into()));
    let (code, _, error) = wrong("serial:/etc/hostname");
    assert_eq!(code, Some(1));
    assert!(error.contains("it cannot be used as a serial port"), "{error}");
}

#[test]
fn a_port_is_unplugged_and_plugged_in_again() {
    let folder = tempfile::tempdir().unwrap();
    let port = folder.path().join("port");
    let (first, paths) = sim(1);
    plug(&port, &paths[0]);
    let spec = format!("serial:{}", port.display());
    let mut server = start(&["-t", &spec, "advertise", "--name", "again", "--json"]);
    server.prints("ready");
    // The other end of the pty is closed, as by pulling the plug.
    drop(first);
    assert_eq!(
        server.says("gone"),
        format!("jelling: {spec}: the port is gone: waiting until it is plugged in again\n")
    );
    let (second, paths) = sim(2);
    plug(&port, &paths[0]);
    assert_eq!(server.says("back"), format!("jelling: {spec}: the port is back\n"));
    let scan = ["-t", &format!("serial:{}", paths[1]), "scan", "--duration", "0", "--name", "again", "--json"];
    start(&scan).prints("again");
    server.signal(Signal::TERM);
    assert_eq!(server.end(), (Some(0), String::new()));
    second.signal(Signal::TERM);
    assert_eq!(second.end().0, Some(0));
}

#[test]
fn what_does_one_thing_ends_with_its_port() {
    let (first, paths) = sim(1);
    let spec = format!("serial:{}", paths[0]);
    let mut reader = start(&["-t", &spec, "read", "aa:bb:cc:dd:ee:ff/public", "2a6e", "-v"]);
    reader.says("connecting");
    drop(first);
    let (code, error) = reader.end();
    assert_eq!(code, Some(1));
    assert_eq!(error, format!("jelling: {spec}: the port is gone: is the device still plugged in?\n"));
}

#[test]
fn ports_are_listed() {
    let (code, out, error) = told(&run(&["ports", "--json"]));
    assert_eq!(code, Some(0));
    for line in out.lines() {
        let port: serde_json::Value = serde_json::from_str(line).unwrap();
        assert!(port["path"].is_string() && port["description"].is_string(), "{line}");
    }
    assert_eq!(out.is_empty(), error.contains("no serial port is here"), "{error}");
}
