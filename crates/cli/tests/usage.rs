//! Wrong usage: exit 2 and one sentence.

#![allow(missing_docs, reason = "tests")]

mod common;

use common::{jelling, run, told};

#[test]
fn wrong_usage_is_one_sentence_and_exit_2() {
    for (arguments, text) in [
        (&["info"][..], "no controller: say where it is with --transport SPEC or JELLING_TRANSPORT; sim: needs none"),
        (
            &["-t", "nowhere", "info"],
            "invalid value 'nowhere' for '--transport <SPEC>': expected serial:PATH[,BAUD[,noflow]], tcp:HOST:PORT or sim:",
        ),
        (
            &["-t", "", "info"],
            "invalid value '' for '--transport <SPEC>': expected serial:PATH[,BAUD[,noflow]], tcp:HOST:PORT or sim:",
        ),
        (&["-t", "tcp:host", "info"], "invalid value 'tcp:host' for '--transport <SPEC>': expected tcp:HOST:PORT"),
        (&["-t", "sim:", "read"], "the following required arguments were not provided: <ADDR> <CHAR>"),
        (&["sim"], "the following required arguments were not provided: <--tcp <PORT>...|--pty <N>>"),
        (&["sim", "--pty", "0"], "invalid value '0' for '--pty <N>': 0 is not in 1..=65535"),
        (
            &["sim", "--tcp", "0", "--snoop", "file"],
            "sim writes no capture: let the hosts on its controllers write theirs with --snoop",
        ),
        (&["show", "file", "--snoop", "other"], "--snoop is of no use here: nothing crosses HCI"),
        (&["replay"], "the following required arguments were not provided: <FILE.btsnoop>"),
        (&["l2cap", "listen"], "the following required arguments were not provided: --psm <N>"),
        (
            &["l2cap", "listen", "--psm", "129", "--echo", "--output", "file"],
            "the argument '--echo' cannot be used with '--output <FILE>'",
        ),
        (&["bench"], "the following required arguments were not provided: <ADDR|--serve>"),
        (&["nonsense"], "unrecognized subcommand 'nonsense'"),
    ] {
        let error = format!("jelling: {text} (see --help)\n");
        assert_eq!(told(&run(arguments)), (Some(2), String::new(), error), "{arguments:?}");
    }
}

#[test]
fn a_serial_port_has_a_path_a_rate_and_noflow() {
    for (spec, code) in [
        ("serial:/dev/x", 1),
        ("serial:/dev/x,115200", 1),
        ("serial:/dev/x,115200,noflow", 1),
        ("serial:", 2),
        ("serial:,115200", 2),
        ("serial:/dev/x,abc", 2),
        ("serial:/dev/x,0", 2),
        ("serial:/dev/x,115200,foo", 2),
        ("serial:/dev/x,115200,noflow,more", 2),
    ] {
        assert_eq!(run(&["-t", spec, "info"]).status.code(), Some(code), "{spec}");
    }
}

#[test]
fn the_environment_names_a_transport_and_an_empty_one_is_none() {
    let with =
        |value: &str, arguments: &[&str]| told(&jelling(arguments).env("JELLING_TRANSPORT", value).output().unwrap());
    assert_eq!(with("sim:", &["info"]).0, Some(0));
    assert!(with("", &["info"]).2.contains("no controller"));
    assert_eq!(with("", &["info"]).0, Some(2));
    assert_eq!(with("", &["-t", "sim:", "info"]).0, Some(0));
    let (code, _, error) = with("nowhere", &["info"]);
    assert_eq!(code, Some(2));
    assert!(error.starts_with("jelling: invalid value 'nowhere' of JELLING_TRANSPORT: expected "), "{error}");
    assert_eq!(with("nowhere", &["demo"]).0, Some(0));
}

#[test]
fn pairing_options_are_checked_as_a_whole() {
    const PEER: &str = "00:00:5e:00:53:01";
    let (half, whole) = ("00".repeat(16), "00".repeat(32));
    for (arguments, text) in [
        (&["pair", PEER, "--legacy", "--sc-only"][..], "the argument '--legacy' cannot be used with '--sc-only'"),
        (&["pair", PEER, "--io", "voice"], "invalid value 'voice' for '--io <IO>'"),
        (&["pair", PEER, "--oob", "00"], "invalid value '00' for '--oob <HEX>': expected 64 hex digits"),
        (&["pair", PEER, "--oob", "zz"], "invalid value 'zz' for '--oob <HEX>': expected 64 hex digits"),
        (&["pair", PEER, "--oob", &half], "--oob of 16 octets is for --legacy: expected 64 hex digits"),
        (&["pair", PEER, "--oob", &whole, "--legacy"], "--oob of 32 octets is for LE Secure Connections: expected 64"),
        (&["pair"], "the following required arguments were not provided: <ADDR>"),
        (&["pair", "nonsense"], "invalid value 'nonsense' for '<ADDR>'"),
        (&["serve", "file", "--pairing"], "a value is required for '--pairing <IO>' but none was supplied"),
        (&["serve", "file", "--mitm"], "--mitm needs --pairing IO: without it pairing is refused"),
        (&["serve", "file", "--oob-print"], "--oob-print needs --pairing IO: without it pairing is refused"),
        (&["serve", "file", "--pairing", "none", "--oob", &half], "--oob of 16 octets is for --legacy"),
        (&["bonds", "list"], "no bond store: say where it is with --bonds FILE"),
        (&["bonds", "--bonds", "file", "remove"], "the following required arguments were not provided: <ADDR>"),
        (&["bonds", "--bonds", "file", "remove", "nonsense"], "invalid value 'nonsense' for '<ADDR>'"),
        (&["bonds", "--bonds", "file", "list", "--snoop", "other"], "--snoop is of no use here: nothing crosses HCI"),
        (&["demo", "--bonds", "file"], "--bonds is of no use here: nothing connects"),
        (&["sim", "--tcp", "0", "--bonds", "file"], "--bonds is of no use here: nothing connects"),
        (&["demo", "--privacy"], "--privacy is of no use here: nothing connects"),
        (&["sim", "--tcp", "0", "--privacy"], "--privacy is of no use here: nothing connects"),
        (&["bonds", "--bonds", "file", "list", "--privacy"], "--privacy is of no use here: nothing connects"),
    ] {
        let (code, out, error) = told(&run(&[&["-t", "sim:"], arguments].concat()));
        assert_eq!((code, &*out), (Some(2), ""), "{arguments:?}");
        assert!(error.starts_with(&format!("jelling: {text}")) && error.ends_with(" (see --help)\n"), "{error}");
    }
    assert_eq!(run(&["-t", "sim:", "bonds", "--bonds", "file"]).status.code(), Some(2));
}

#[test]
fn numbers_of_a_channel_have_their_ranges() {
    for (option, least, greatest) in [
        ("--psm", 1, 255),
        ("--mtu", 23, 65_535),
        ("--mps", 23, 65_533),
        ("--sdu", 1, 65_535),
        ("--credits", 0, 65_535),
    ] {
        let with = |number: i32| {
            let number = number.to_string();
            let mut arguments = vec!["-t", "tcp:127.0.0.1:1", "l2cap", "listen", option, &number];
            if option != "--psm" {
                arguments.extend(["--psm", "1"]);
            }
            told(&run(&arguments))
        };
        for number in [least, greatest] {
            // Nothing but the controller is wrong.
            let (code, _, error) = with(number);
            assert!(code == Some(1) && error.contains("no controller can be reached"), "{option} {number}: {error}");
        }
        for number in [least - 1, greatest + 1, 1 << 17, -1] {
            let (code, out, error) = with(number);
            assert_eq!((code, &*out), (Some(2), ""), "{option} {number}: {error}");
            let lines = error.lines().count();
            assert!(lines == 1 && error.ends_with(" (see --help)\n"), "{option} {number}: {error}");
        }
    }
}

#[test]
fn help_is_no_error() {
    for arguments in [&["--help"][..], &["--version"], &["read", "--help"], &["help", "sim"]] {
        let (code, out, error) = told(&run(arguments));
        assert_eq!((code, &*error), (Some(0), ""), "{arguments:?}");
        assert!(out.contains("jelling"), "{out}");
    }
    assert_eq!(run(&[]).status.code(), Some(2));
}
