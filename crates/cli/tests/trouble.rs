//! What a command says when its controller is not there, goes away, or is none.

#![allow(missing_docs, reason = "tests")]

mod common;

use common::{run, spec, start, told};
use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    thread,
};

/// A port whose first client is treated like this.
fn port(treat: impl FnOnce(TcpStream) + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let spec = spec(listener.local_addr().unwrap().port());
    thread::spawn(move || treat(listener.accept().unwrap().0));
    spec
}

fn info(spec: &str) -> String {
    let (code, out, error) = told(&run(&["-t", spec, "--timeout", "1", "info"]));
    assert_eq!((code, &*out), (Some(1), ""));
    error
}

#[test]
fn nobody_listens() {
    let unused = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let spec = spec(unused);
    let error = format!("jelling: {spec}: no controller can be reached (Connection refused): is it running?\n");
    assert_eq!(info(&spec), error);
}

#[test]
fn the_controller_goes_away() {
    // With what it was sent unread it resets the connection, else it closes it.
    let resets = port(|mut stream| stream.read_exact(&mut [0; 1]).unwrap());
    let closes = port(|mut stream| stream.read_exact(&mut [0; 4]).unwrap());
    for spec in [resets, closes] {
        let error = format!("jelling: {spec}: the controller closed the connection: is it still running?\n");
        assert_eq!(info(&spec), error);
    }
}

#[test]
fn the_controller_answers_nothing() {
    let spec = port(|mut stream| {
        let _ = stream.read_to_end(&mut vec![]);
    });
    let error = "the controller does not answer Reset (0x03|0x0003): is it one that speaks H4, and still running?";
    assert_eq!(info(&spec), format!("jelling: {spec}: {error}\n"));
}

#[test]
fn the_controller_breaks_the_protocol() {
    let spec = port(|mut stream| {
        let _ = stream.write_all(&[0xff; 5_000]);
        let _ = stream.read_to_end(&mut vec![]);
    });
    assert!(info(&spec).starts_with(&format!("jelling: {spec}: the controller does not answer Reset")));
}

#[test]
fn a_port_that_is_taken() {
    let mut sim = start(&["sim", "--tcp", "0", "--json"]);
    let port = sim.ports()[0].to_string();
    let error = format!("jelling: port {port} cannot be listened on: is it in use?\n");
    assert_eq!(told(&run(&["sim", "--tcp", &port])), (Some(1), String::new(), error));
}

#[test]
fn an_address_that_cannot_be_written_to() {
    // Nothing is refused there: the operating system has no way to it.
    let error = info("tcp:255.255.255.255:1");
    assert!(error.starts_with("jelling: tcp:255.255.255.255:1: no controller can be reached ("), "{error}");
    assert!(!error.contains("os error"), "{error}");
}
