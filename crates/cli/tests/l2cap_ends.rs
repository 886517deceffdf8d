//! How a channel of `l2cap` ends in the middle, at either side; and what never begins.

#![allow(missing_docs, reason = "tests")]

mod common;

use common::{
    Running,
    channels::{Air, Listener, air, field, octets},
    jelling, run, spec, start, told,
};
use rustix::process::Signal;
use std::io::{Read, Write};

/// A transfer that is in its middle: this much has gone, and more may come.
const GONE: usize = 50_000;

struct Middle {
    air: Air,
    listener: Listener,
    connect: Running,
    stdin: std::process::ChildStdin,
}

fn middle(options: &[&str]) -> Middle {
    let air = air();
    let mut listener = air.listen_to_stdout(options);
    let mut connect = air.begins(&listener.peer, &[]);
    let mut stdin = connect.stdin();
    stdin.write_all(&octets(GONE)).unwrap();
    let mut received = vec![0; GONE];
    listener.command.stdout.read_exact(&mut received).unwrap();
    assert!(received == octets(GONE));
    Middle { air, listener, connect, stdin }
}

#[test]
fn a_listener_that_is_stopped_closes_and_has_written_everything() {
    for signal in [Signal::INT, Signal::TERM] {
        let mut middle = middle(&[]);
        middle.listener.command.signal(signal);
        let closed = middle.listener.command.says("\"closed\"");
        assert_eq!(field(&closed, "received"), GONE);
        assert_eq!(middle.listener.command.end(), (Some(0), String::new()));
        // Nothing that was read is unsent: the peer's end is a good one.
        let (code, error) = middle.connect.end();
        assert_eq!(code, Some(0), "{error}");
    }
}

#[test]
fn a_listener_that_is_stopped_waits_for_a_reader_only_so_long() {
    let air = air();
    let mut listener = air.listen_to_stdout(&[]);
    let mut connect = air.begins(&listener.peer, &[]);
    let mut stdin = connect.stdin();
    // More than the pipe holds; nobody reads until it stands still.
    let writing = std::thread::spawn(move || {
        let _ = stdin.write_all(&octets(1 << 20));
    });
    listener.command.stdout.read_exact(&mut [0; GONE]).unwrap();
    listener.command.signal(Signal::TERM);
    // It is said before its end what has been written, and that was to be read.
    let received = field(&listener.command.says("\"closed\""), "received").as_u64().unwrap();
    assert!(received >= GONE as u64, "{received}");
    let mut rest = vec![];
    listener.command.stdout.read_to_end(&mut rest).unwrap();
    assert_eq!(listener.command.end().0, Some(0));
    assert!((GONE + rest.len()) as u64 >= received);
    assert_eq!(connect.end().0, Some(1));
    writing.join().unwrap();
}

#[test]
fn a_listener_ends_after_its_time() {
    let mut middle = middle(&["--duration", "10"]);
    let closed = middle.listener.command.says("\"closed\"");
    assert_eq!(field(&closed, "received"), GONE);
    assert_eq!(middle.listener.command.end(), (Some(0), String::new()));
    assert_eq!(middle.connect.end().0, Some(0));
}

#[test]
fn who_connects_and_is_stopped_disconnects_and_the_listener_goes_on() {
    let mut middle = middle(&[]);
    middle.connect.signal(Signal::INT);
    let (code, error) = middle.connect.end();
    assert_eq!(code, Some(1));
    assert!(error.ends_with("jelling: interrupted\n"), "{error}");
    let closed = middle.listener.command.says("\"closed\"");
    assert_eq!(field(&closed, "received"), GONE);
    drop(middle.stdin);
    // The next one.
    let input = middle.air.given("in", b"again");
    let (code, _, error) = middle.air.connects(&middle.listener.peer, &["--input", &input, "--linger", "0"]);
    assert_eq!(code, Some(0), "{error}");
    assert_eq!(field(&middle.listener.command.says("\"closed\""), "received"), 5);
}

#[test]
fn a_peer_that_closes_before_it_has_everything_is_an_error() {
    let air = air();
    let mut listener = air.listen_to_stdout(&[]);
    // More than all pipes and windows hold.
    let input = air.given("in", &octets(4 << 20));
    let connect = common::start_with(&mut air.connect(&listener.peer, &["--input", &input]));
    listener.command.stdout.read_exact(&mut [0; GONE]).unwrap();
    listener.command.signal(Signal::TERM);
    let received = field(&listener.command.says("\"closed\""), "received").as_u64().unwrap();
    assert!(received >= GONE as u64);
    assert_eq!(listener.command.end().0, Some(0));
    let (code, error) = connect.end();
    assert_eq!(code, Some(1));
    assert!(error.contains("before it had everything") && error.contains("of 4194304 octets were sent"), "{error}");
}

#[test]
fn a_link_that_is_lost_is_an_error_with_a_sentence() {
    let middle = middle(&[]);
    middle.listener.command.signal(Signal::KILL);
    let (code, error) = middle.connect.end();
    assert_eq!(code, Some(1));
    let last = error.lines().last().unwrap();
    assert!(last.starts_with("jelling: the link was lost (") && last.contains("50000 octets were sent"), "{error}");
}

#[test]
fn a_listener_tells_of_a_lost_link_and_goes_on_or_fails_where_it_was_the_only_one() {
    for (options, goes_on) in [(&[][..], true), (&["--once"], false)] {
        let mut middle = middle(options);
        middle.connect.signal(Signal::KILL);
        let closed = middle.listener.command.says("\"closed\"");
        assert_eq!(field(&closed, "received"), GONE);
        let lost = middle.listener.command.says("the link was lost (");
        assert!(lost.contains("50000 octets were received"), "{lost}");
        if goes_on {
            middle.listener.command.signal(Signal::TERM);
        }
        let code = if goes_on { 0 } else { 1 };
        assert_eq!(middle.listener.command.end(), (Some(code), String::new()));
    }
}

#[test]
fn a_channel_that_is_refused_is_an_error_with_its_reason() {
    let air = air();
    let listener = air.listen(&[]);
    let spec = spec(air.ports[1]);
    let arguments = ["-t", &spec, "l2cap", "connect", &listener.peer, "--psm", "130"];
    let error =
        "jelling: no channel with PSM 130: Connection refused - PSM not supported (0x0002): does it listen there?\n";
    assert_eq!(told(&run(&arguments)), (Some(1), String::new(), error.into()));
}

#[test]
fn a_peer_that_is_not_there() {
    let air = air();
    let spec = spec(air.ports[1]);
    let peer = "00:00:5e:00:53:00/public";
    let (code, out, error) = told(&run(&["-t", &spec, "--timeout", "1", "l2cap", "connect", peer, "--psm", "129"]));
    assert_eq!((code, &*out), (Some(1), ""));
    assert!(error.contains("no connection to 00:00:5e:00:53:00 within 1s"), "{error}");
}

#[test]
fn a_file_that_cannot_be_is_said_before_anything_else() {
    let folder = tempfile::tempdir().unwrap();
    let absent = folder.path().join("absent/file");
    let absent = absent.to_str().unwrap();
    let nobody = "00:00:5e:00:53:09/public";
    for (arguments, what) in [
        (&["listen", "--output", absent][..], "written"),
        (&["connect", nobody, "--output", absent], "written"),
        (&["connect", nobody, "--input", absent], "read"),
    ] {
        // There is no controller either.
        let arguments = [&["-t", "tcp:127.0.0.1:1", "l2cap"], arguments, &["--psm", "129"]].concat();
        let error = format!("jelling: {absent} cannot be {what}: No such file or directory\n");
        assert_eq!(told(&run(&arguments)), (Some(1), String::new(), error), "{arguments:?}");
    }
}

#[test]
fn nobody_reads_what_comes_and_that_is_a_good_end_when_all_was_sent() {
    let air = air();
    let mut listener = air.listen(&["--echo"]);
    let mut connect = air.begins(&listener.peer, &[]);
    let mut stdin = connect.stdin();
    stdin.write_all(b"1").unwrap();
    connect.stdout.read_exact(&mut [0]).unwrap();
    // Its reader goes away.
    drop(std::mem::replace(&mut connect.stdout, std::io::BufReader::new(closed_pipe())));
    stdin.write_all(b"2").unwrap();
    let (code, error) = connect.end();
    assert_eq!(code, Some(0), "{error}");
    assert_eq!(field(error.lines().last().unwrap(), "received"), 1);
    assert_eq!(listener.closed(), 2);
}

/// A stream that takes the place of another.
fn closed_pipe() -> std::process::ChildStdout {
    let mut child = jelling(&["--version"]).stdout(std::process::Stdio::piped()).spawn().unwrap();
    child.wait().unwrap();
    child.stdout.take().unwrap()
}

#[test]
fn the_way_to_a_listener_that_stops_right_away() {
    let air = air();
    let spec = spec(air.ports[0]);
    for signal in [Signal::TERM, Signal::INT] {
        let mut listener = start(&["-t", &spec, "--json", "l2cap", "listen", "--psm", "1"]);
        listener.prints("ready");
        listener.signal(signal);
        assert_eq!(listener.end(), (Some(0), String::new()));
    }
}
