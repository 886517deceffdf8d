//! The bar of `l2cap connect`: on a terminal, and nowhere else.

#![allow(missing_docs, reason = "tests")]

mod common;

use common::channels::{air, octets};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use std::{
    fs::File,
    io::Read,
    process::{Command, Stdio},
    thread,
};

/// Runs a command whose stderr is a terminal, and gives what was drawn there.
fn on_a_terminal(command: &mut Command) -> String {
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&master).unwrap();
    unlockpt(&master).unwrap();
    let path = ptsname(&master, vec![]).unwrap().into_string().unwrap();
    let terminal = File::options().read(true).write(true).open(path).unwrap();
    let mut child = command.stderr(terminal).spawn().unwrap();
    // The command keeps its end open no longer than it lives.
    *command = Command::new("true");
    let reader = thread::spawn(move || {
        let (mut master, mut drawn) = (File::from(master), vec![]);
        // The end of a terminal is an error.
        let _ = master.read_to_end(&mut drawn);
        String::from_utf8_lossy(&drawn).into_owned()
    });
    assert_eq!(common::end_of(&mut child), Some(0));
    reader.join().unwrap()
}

#[test]
fn a_bar_with_the_rate_is_for_terminals() {
    let air = air();
    let listener = air.listen(&[]);
    let input = air.given("in", &octets(50_000));
    let spec = common::spec(air.ports[1]);
    let connect = |first: &[&str], stdout: Stdio, input: Option<&str>| {
        let rest = ["l2cap", "connect", &listener.peer, "--psm", "129", "--linger", "0"];
        let mut command = common::jelling(&[&["-t", &spec], first, &rest].concat());
        command.stdout(stdout).env("TERM", "xterm");
        match input {
            Some(input) => command.args(["--input", input]),
            None => command.stdin(File::open(air.file("in")).unwrap()),
        };
        on_a_terminal(&mut command)
    };
    let drawn = connect(&[], Stdio::null(), Some(&input));
    assert!(drawn.contains("of 50.00 kB") && drawn.contains("/s"), "{drawn:?}");
    // The last thing on it is for people, with the bar gone.
    assert!(drawn.trim_end().ends_with("kB/s") && drawn.contains("closed: 50000 octets sent"), "{drawn:?}");
    // Of standard input the length is not known.
    let drawn = connect(&[], Stdio::null(), None);
    assert!(drawn.contains("/s") && !drawn.contains(" % "), "{drawn:?}");
    let drawn = connect(&["--json"], Stdio::null(), Some(&input));
    let lines: Vec<&str> = drawn.lines().collect();
    assert!(lines.len() == 2 && lines.iter().all(|line| line.starts_with('{')), "{drawn:?}");
}
