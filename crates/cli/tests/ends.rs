//! How a command ends that is stopped, by a signal or by an output that takes nothing more.

#![allow(missing_docs, reason = "tests")]

mod common;

use common::{end_of, jelling, rig, run, spec, start, told};
use rustix::process::Signal;
use std::{fs::File, io, process::Stdio};

const SENSOR: &str = "00:00:5e:00:53:01/public";
const NOBODY: &str = "00:00:5e:00:53:09/public";
const THERMO: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../interop/thermo.toml");

#[test]
fn a_signal_right_after_the_ready_line_is_a_good_end() {
    for arguments in [
        &["sim", "--tcp", "0", "--json"][..],
        &["sim", "--pty", "1", "--json"],
        &["-t", "sim:", "advertise", "--json"],
        &["-t", "sim:", "serve", THERMO, "--json"],
        &["-t", "sim:", "subscribe", SENSOR, "2a6e", "--json"],
        &["-t", "sim:", "l2cap", "listen", "--psm", "129", "--json"],
        &["-t", "sim:", "bench", "--serve", "--json"],
    ] {
        for signal in [Signal::TERM, Signal::INT, Signal::TERM, Signal::INT] {
            let mut command = start(arguments);
            command.prints("ready");
            command.signal(signal);
            assert_eq!(command.end(), (Some(0), String::new()), "{arguments:?} {signal:?}");
        }
    }
}

#[test]
fn what_runs_on_may_be_stopped_before_it_is_ready() {
    for (arguments, moment) in [
        (&["-t", "sim:", "-v", "subscribe", NOBODY, "2a6e"][..], "connecting to"),
        (&["-t", "sim:", "-v", "subscribe", "00:00:5e:00:53:09", "2a6e"], "looking for"),
        (&["-t", "sim:", "-v", "subscribe", SENSOR, "2a6e"], "connected to"),
        (&["-t", "sim:", "-v", "scan", "--duration", "0"], "is up"),
    ] {
        for signal in [Signal::TERM, Signal::INT] {
            let mut command = start(arguments);
            command.says(moment);
            command.signal(signal);
            assert_eq!(command.end().0, Some(0), "{arguments:?} {signal:?}");
        }
    }
}

#[test]
fn what_does_one_thing_fails_when_it_is_stopped() {
    for (verb, more) in
        [("read", &["2a6e"][..]), ("write", &["2a6e", "00"]), ("explore", &[]), ("pair", &["--io", "display"])]
    {
        let arguments = [&["-t", "sim:", "-v", verb, NOBODY], more].concat();
        let mut command = start(&arguments);
        command.says("connecting to");
        command.signal(Signal::TERM);
        assert_eq!(command.end(), (Some(1), "jelling: interrupted\n".into()), "{arguments:?}");
    }
}

#[test]
fn a_silent_controller_does_not_keep_a_command_that_is_stopped() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let spec = spec(listener.local_addr().unwrap().port());
    let command = start(&["-t", &spec, "--timeout", "1000", "info"]);
    // The connection stands: its signals are listened for since before.
    let _connection = listener.accept().unwrap();
    command.signal(Signal::INT);
    assert_eq!(command.end(), (Some(1), "jelling: interrupted\n".into()));
}

#[test]
fn a_command_that_is_stopped_disconnects() {
    let mut rig = rig();
    let spec = spec(rig.ports[1]);
    for moment in ["connected to", "ready"] {
        let mut command = start(&["-t", &spec, "-v", "--json", "subscribe", &rig.peer, "2a6e"]);
        match moment {
            "ready" => command.prints(moment),
            _ => command.says(moment),
        };
        command.signal(Signal::TERM);
        assert_eq!(command.end().0, Some(0));
        rig.server.prints("\"connected\"");
        rig.server.prints("\"disconnected\"");
    }
    rig.sim.signal(Signal::TERM);
    assert_eq!(rig.sim.end().0, Some(0));
}

fn closed() -> Stdio {
    io::pipe().unwrap().1.into()
}

#[test]
fn what_runs_on_ends_well_when_nobody_reads_its_output() {
    for arguments in [
        &["-t", "sim:", "scan", "--duration", "0"][..],
        &["-t", "sim:", "subscribe", SENSOR, "2a6e"],
        &["-t", "sim:", "advertise", "--json"],
        &["-t", "sim:", "serve", THERMO, "--json"],
        &["-t", "sim:", "l2cap", "listen", "--psm", "129"],
        // A simulator goes on: its end is that of its time.
        &["sim", "--tcp", "0", "--duration", "0.1"],
    ] {
        let mut command = jelling(arguments);
        let mut child = command.stdout(closed()).stderr(Stdio::null()).spawn().unwrap();
        assert_eq!(end_of(&mut child), Some(0), "{arguments:?}");
    }
}

#[test]
fn output_that_cannot_be_written_is_an_error() {
    for arguments in [
        &["-t", "sim:", "read", SENSOR, "2a6e"][..],
        &["-t", "sim:", "info"],
        &["-t", "sim:", "scan", "--duration", "0"],
        &["-t", "sim:", "subscribe", SENSOR, "2a6e"],
        &["-t", "sim:", "advertise"],
        &["sim", "--tcp", "0"],
        &["demo"],
    ] {
        let full = File::options().write(true).open("/dev/full").unwrap();
        let output = jelling(arguments).stdout(full).output().unwrap();
        let error = "jelling: standard output cannot be written: No space left on device\n";
        assert_eq!(told(&output), (Some(1), String::new(), error.into()), "{arguments:?}");
    }
}

#[test]
fn nobody_needs_to_read_what_it_says_beside() {
    let mut command = jelling(&["-t", "sim:", "-vv", "info"]);
    assert_eq!(end_of(&mut command.stdout(Stdio::null()).stderr(closed()).spawn().unwrap()), Some(0));
    assert_eq!(run(&["-t", "sim:", "info"]).status.code(), Some(0));
}
