//! `sim` as hosts outside meet with it.

#![allow(missing_docs, reason = "tests")]

mod common;

use common::start;
use rustix::process::Signal;
use std::{
    fs::File,
    io::{ErrorKind, Read, Write},
    net::TcpStream,
    thread,
};

const RESET: [u8; 4] = [0x01, 0x03, 0x0c, 0x00];
const RESET_DONE: [u8; 7] = [0x04, 0x0e, 0x04, 0x01, 0x03, 0x0c, 0x00];
const READ_BD_ADDR: [u8; 4] = [0x01, 0x09, 0x10, 0x00];

fn reset(stream: &mut (impl Read + Write)) {
    stream.write_all(&RESET).unwrap();
    let mut answer = [0; 7];
    stream.read_exact(&mut answer).unwrap();
    assert_eq!(answer, RESET_DONE);
}

/// The path of the only pty.
fn pty(line: &str) -> String {
    line.split_once("[\"").unwrap().1.split_once('"').unwrap().0.to_owned()
}

fn open(path: &str) -> File {
    File::options().read(true).write(true).open(path).unwrap()
}

#[test]
fn a_port_takes_one_client_at_a_time_and_closes_the_second_at_once() {
    let mut sim = start(&["sim", "--tcp", "0", "--json"]);
    let port = ("127.0.0.1", sim.ports()[0]);
    let mut first = TcpStream::connect(port).unwrap();
    reset(&mut first);
    for _ in 0..20 {
        let mut second = TcpStream::connect(port).unwrap();
        match second.read(&mut [0; 1]) {
            Ok(n) => assert_eq!(n, 0),
            Err(error) => assert_eq!(error.kind(), ErrorKind::ConnectionReset),
        }
        reset(&mut first);
    }
    // Who comes when the one before has gone is taken, whatever that one left unread.
    for _ in 0..200 {
        first.write_all(&READ_BD_ADDR).unwrap();
        drop(first);
        first = TcpStream::connect(port).unwrap();
        reset(&mut first);
    }
}

#[test]
fn a_breach_is_told_as_it_happens_and_of_many_the_number() {
    let mut sim = start(&["sim", "--tcp", "0", "0", "--json"]);
    let ports = sim.ports();
    let mut client = TcpStream::connect(("127.0.0.1", ports[1])).unwrap();
    reset(&mut client);
    let told = format!("jelling: tcp:127.0.0.1:{}: the host broke a", ports[1]);
    client.write_all(&[0x01, 0x06, 0x04, 0x03, 0x40, 0x00, 0x13]).unwrap();
    let state =
        "Disconnect (0x01|0x0006) in a state that forbids it, answered with Unknown Connection Identifier (0x02)";
    assert_eq!(sim.says("rule of HCI"), format!("{told} rule of HCI: {state}\n"));
    client.read_exact(&mut [0; 7]).unwrap();
    client.write_all(&[0x02, 0xff, 0x0e, 0x04, 0x00, 0, 0, 0, 0].repeat(1_000)).unwrap();
    let dead = format!("{told} rule of HCI: ACL data on handle 0x0eff, which is not connected\n");
    for _ in 0..19 {
        assert_eq!(sim.says("rule of HCI"), dead);
    }
    reset(&mut client);
    drop(client);
    assert_eq!(sim.says("rules of HCI"), told.replace("broke a", "broke rules of HCI 981 times more\n"));
    sim.signal(Signal::TERM);
    assert_eq!(sim.end(), (Some(0), String::new()));
}

#[test]
fn each_packet_is_told_if_somebody_wants_to_know() {
    let mut sim = start(&["sim", "--tcp", "0", "--json", "-vv"]);
    reset(&mut TcpStream::connect(("127.0.0.1", sim.ports()[0])).unwrap());
    sim.says("> HCI Command: Reset");
    sim.says("< HCI Event: Command Complete (0x0e) plen 4 Reset (0x03|0x0003) ncmd 1 status Success (0x00)");
}

#[test]
fn a_pty_is_there_for_one_client_after_the_other() {
    let mut sim = start(&["sim", "--pty", "1", "--json"]);
    let path = pty(&sim.prints("ready"));
    for _ in 0..20 {
        reset(&mut open(&path));
    }
}

#[test]
fn a_host_that_reads_late_gets_every_answer() {
    const COMMANDS: usize = 5_000;
    let mut sim = start(&["sim", "--pty", "1", "--json"]);
    let path = pty(&sim.prints("ready"));
    let mut client = open(&path);
    reset(&mut client);
    let mut writer = client.try_clone().unwrap();
    let flood = thread::spawn(move || writer.write_all(&READ_BD_ADDR.repeat(COMMANDS)).unwrap());
    for _ in 0..COMMANDS {
        let mut answer = [0; 13];
        client.read_exact(&mut answer).unwrap();
        assert_eq!(answer[..7], [0x04, 0x0e, 0x0a, 0x01, 0x09, 0x10, 0x00]);
    }
    flood.join().unwrap();
    reset(&mut client);
}

#[test]
fn a_client_that_goes_without_having_read_leaves_the_pty_to_the_next() {
    let mut sim = start(&["sim", "--pty", "1", "--json"]);
    let path = pty(&sim.prints("ready"));
    for _ in 0..3 {
        let client = open(&path);
        // More than the kernel and the controller keep: answers of 13 octets to commands of 4.
        (&client).write_all(&READ_BD_ADDR.repeat(1_000)).unwrap();
        drop(client);
        let mut client = open(&path);
        // What the one before left behind comes first.
        client.write_all(&RESET).unwrap();
        let mut heard = vec![];
        while !heard.ends_with(&RESET_DONE) {
            let mut octet = [0];
            client.read_exact(&mut octet).unwrap();
            heard.push(octet[0]);
        }
    }
}
