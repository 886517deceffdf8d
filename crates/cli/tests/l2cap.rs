//! `l2cap listen` and `l2cap connect`: what is sent arrives, whole.

#![allow(missing_docs, reason = "tests")]

mod common;

use common::channels::{air, field, octets};
use rustix::process::Signal;
use std::{
    io::{Read, Write},
    process::Stdio,
};

#[test]
fn files_arrive_and_each_channel_is_told() {
    let air = air();
    let mut listener = air.listen(&["--output", &air.path("out"), "--mtu", "1000"]);
    let mut all = vec![];
    for length in [0, 1, 65_536, 1 << 20] {
        let sent = octets(length);
        let input = air.given("in", &sent);
        let (code, out, error) = air.connects(&listener.peer, &["--input", &input, "--linger", "0"]);
        assert_eq!((code, &*out), (Some(0), ""), "{length}: {error}");
        let mut lines = error.lines();
        let channel = lines.next().unwrap();
        assert_eq!((field(channel, "our_mtu"), field(channel, "peer_mtu")), (2_048.into(), 1_000.into()));
        assert!(listener.peer.starts_with(field(channel, "address").as_str().unwrap()), "{channel}");
        assert_eq!(lines.collect::<Vec<_>>(), [r#"{"event":"closed","received":0}"#]);
        let channel = listener.command.prints("\"channel\"");
        assert_eq!((field(&channel, "our_mtu"), field(&channel, "peer_mtu")), (1_000.into(), 2_048.into()));
        assert_eq!(listener.closed(), length as u64);
        // What is told to be closed has been written.
        all.extend(sent);
        assert!(air.found("out") == all, "{length}");
    }
    listener.command.signal(Signal::TERM);
    assert_eq!(listener.command.end(), (Some(0), String::new()));
}

#[test]
fn what_is_sent_comes_back() {
    let air = air();
    let mut listener = air.listen(&["--echo"]);
    for length in [0, 1, 65_536] {
        let sent = octets(length);
        let (input, output) = (air.given("in", &sent), air.path("out"));
        let (code, out, error) = air.connects(&listener.peer, &["--input", &input, "--output", &output]);
        assert_eq!((code, &*error), (Some(0), ""), "{length}");
        assert!(air.found("out") == sent, "{length}");
        assert_eq!(listener.closed(), length as u64);
        // Events are on stdout where the data is not.
        let closed = out.lines().last().unwrap();
        assert_eq!(field(closed, "received"), length);
    }
    listener.command.signal(Signal::INT);
    assert_eq!(listener.command.end(), (Some(0), String::new()));
}

#[test]
fn pipes_carry_octets_and_nothing_else() {
    let air = air();
    let mut listener = air.listen(&["--echo", "--once"]);
    let mut connect = air.begins(&listener.peer, &[]);
    let mut stdin = connect.stdin();
    // All octets, line ends and zeros among them, each part as soon as it is there.
    for part in octets(20_000).chunks(777) {
        stdin.write_all(part).unwrap();
        let mut back = vec![0; part.len()];
        connect.stdout.read_exact(&mut back).unwrap();
        assert_eq!(back, part);
    }
    drop(stdin);
    let mut rest = vec![];
    connect.stdout.read_to_end(&mut rest).unwrap();
    assert_eq!(rest, b"");
    let (code, error) = connect.end();
    assert_eq!(code, Some(0), "{error}");
    assert_eq!(field(error.lines().last().unwrap(), "received"), 20_000);
    assert_eq!(listener.closed(), 20_000);
    assert_eq!(listener.command.end(), (Some(0), String::new()));
}

#[test]
fn both_ends_are_pipes_and_their_reader_is_slow() {
    let air = air();
    let mut listener = air.listen_to_stdout(&["--once"]);
    let mut connect = air.begins(&listener.peer, &["--linger", "0"]);
    let sent = octets(400_000);
    let mut stdin = connect.stdin();
    let octets = sent.clone();
    let writer = std::thread::spawn(move || stdin.write_all(&octets).unwrap());
    // The channel stands, and nobody reads: what the pipe and the window hold is all that goes.
    listener.command.says("\"channel\"");
    let mut received = vec![];
    for length in [1, 10, 100, 1_000] {
        let mut part = vec![0; length];
        listener.command.stdout.read_exact(&mut part).unwrap();
        received.extend(part);
        std::thread::yield_now();
    }
    listener.command.stdout.read_to_end(&mut received).unwrap();
    writer.join().unwrap();
    assert!(received == sent);
    let (code, error) = connect.end();
    assert_eq!(code, Some(0), "{error}");
    let (code, error) = listener.command.end();
    assert_eq!((code, field(error.trim(), "received")), (Some(0), 400_000.into()));
}

#[test]
fn sdus_frames_and_credits_of_all_sizes() {
    let air = air();
    let output = air.path("out");
    for (length, listens, connects) in [
        (2_000, &["--mtu", "23", "--mps", "23"][..], &["--mtu", "23", "--mps", "23"][..]),
        (65_535, &["--mtu", "65535"], &["--mtu", "65535", "--sdu", "65535"]),
        (200, &["--mtu", "512"], &["--sdu", "1"]),
        (3_000, &["--mtu", "512"], &["--sdu", "512"]),
        // More than the peer takes is not sent.
        (500, &["--mtu", "100", "--sdu", "7"], &["--sdu", "2000"]),
        (2_000, &["--credits", "1"], &["--credits", "1"]),
        (3_000, &["--credits", "0", "--mtu", "65535"], &["--credits", "0", "--mtu", "65535"]),
        (3_000, &["--mps", "65533", "--mtu", "65535"], &["--mps", "1000"]),
    ] {
        let sent = octets(length);
        let input = air.given("in", &sent);
        let mut listener = air.listen(&[&["--echo", "--once"], listens].concat());
        let options = [&["--input", &input, "--output", &output], connects].concat();
        let (code, _, error) = air.connects(&listener.peer, &options);
        assert_eq!((code, &*error), (Some(0), ""), "{listens:?} {connects:?}");
        assert!(air.found("out") == sent, "{listens:?} {connects:?}");
        assert_eq!(listener.closed(), length as u64);
        assert_eq!(listener.command.end(), (Some(0), String::new()));
    }
}

#[test]
fn without_echo_and_output_octets_are_counted() {
    let air = air();
    let mut listener = air.listen(&["--name", "counter", "--duration", "1000"]);
    let (code, _, error) = air.connects(&listener.peer, &["--input", &air.given("in", b"12345"), "--linger", "0"]);
    assert_eq!(code, Some(0), "{error}");
    assert_eq!(listener.closed(), 5);
}

#[test]
fn the_text_is_for_people() {
    let air = air();
    let mut listener =
        common::start(&["-t", &common::spec(air.ports[0]), "l2cap", "listen", "--psm", "0x81", "--echo"]);
    let address = listener.prints("advertising as").split_whitespace().nth(2).unwrap().to_owned();
    let input = air.given("in", b"hello");
    let spec = common::spec(air.ports[1]);
    let arguments = ["-t", &spec, "l2cap", "connect", &address, "--psm", "0x81", "--input", &input];
    let (code, out, error) = common::told(&common::run(&arguments));
    assert_eq!((code, &*out), (Some(0), "hello"), "{error}");
    assert!(error.contains("channel with ") && error.contains("closed: 5 octets sent, 5 received in "), "{error}");
    let channel = listener.prints("channel with");
    assert!(channel.contains("our MTU is 2048, the peer's 2048"), "{channel}");
    listener.prints("closed: 5 octets sent, 5 received");
}

#[test]
fn a_bonded_peer_is_encrypted_first() {
    let mut peers = common::pairing::Peers::new(&["bonds", "--pairing", "none"]);
    assert_eq!(peers.client("pair", &[]).0, Some(0));
    peers.server.stop();
    let spec = common::spec(peers.ports[0]);
    let bonds = peers.path("server.json");
    let listen = ["-t", &spec, "--bonds", &bonds, "--json", "l2cap", "listen", "--psm", "129", "--echo", "--once"];
    let mut listener = common::start(&listen);
    listener.prints("ready");
    std::fs::write(peers.file("in"), b"secret").unwrap();
    let more = ["-v", "--psm", "129", "--input", &peers.path("in"), "--output", &peers.path("out")];
    let spec = common::spec(peers.ports[1]);
    let bonds = peers.path("client.json");
    let connect = ["-t", &spec, "--bonds", &bonds, "l2cap", "connect", &peers.peer];
    let (code, out, error) = common::told(&common::run(&[&connect[..], &more].concat()));
    assert_eq!(code, Some(0), "{error}");
    assert!(error.contains("encrypted with"), "{error}");
    assert!(out.contains("channel with"), "{out}");
    assert_eq!(std::fs::read(peers.file("out")).unwrap(), b"secret");
    assert_eq!(listener.wait(), Some(0));
}

#[test]
fn a_named_pipe_waits_for_its_other_end_and_a_signal_ends_that() {
    let air = air();
    let pipe = air.path("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let mut command = air.connect("00:00:5e:00:53:00/public", &["--input", &pipe]);
    let command = common::start_with(command.stdin(Stdio::null()));
    // Its own signal is listened for before the pipe is opened.
    command.waits_for_signals();
    command.signal(Signal::TERM);
    assert_eq!(command.end(), (Some(1), "jelling: interrupted\n".into()));
}
