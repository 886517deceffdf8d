//! `replay`: a captured session in a fresh core gives the same octets.

#![allow(missing_docs, reason = "tests")]

mod common;

use common::{end_with_output, jelling, pairing::Peers, run, spec, start, told};
use embassy_futures::select::{Either, select};
use jelling::{Config, OwnAddress, Resources, sim::Simulation};
use jelling_transport::{Snoop, SnoopSink, btsnoop::FILE_HEADER};
use rustix::process::Signal;
use serde_json::Value;
use std::{cell::RefCell, io::Write, path::Path, process::Stdio, time::Duration};

const THERMO: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../interop/thermo.toml");
const CENTRAL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/captures/central.btsnoop");

fn report(arguments: &[&str]) -> Value {
    let arguments = [&["--json", "replay"], arguments].concat();
    let (first, second) = (told(&run(&arguments)), told(&run(&arguments)));
    assert_eq!(first, second, "one replay is as the other");
    assert_eq!((first.0, &*first.2), (Some(0), ""));
    serde_json::from_str(&first.1).unwrap()
}

/// Every packet of the host is the same, and nothing was counted.
fn is_equal(report: &Value) {
    assert_eq!(report["difference"], Value::Null, "{report}");
    assert_eq!((&report["same"], &report["sent"]), (&report["host"], &report["host"]), "{report}");
    assert!(report["host"].as_u64() > Some(10), "{report}");
    assert!(report["counters"].as_object().unwrap().values().all(|n| *n == 0), "{report}");
    assert!(report["not_replayed"].as_object().unwrap().is_empty(), "{report}");
}

#[test]
fn a_server_and_its_clients_are_replayed_octet_for_octet() {
    let directory = tempfile::tempdir().unwrap();
    let file = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
    let mut sim = start(&["sim", "--tcp", "0", "0", "--json"]);
    let ports = sim.ports();
    let served = file("serve.btsnoop");
    let server_spec = spec(ports[0]);
    let serve = ["-t", &*server_spec, "--snoop", &*served, "serve", THERMO, "--json", "--stdin"];
    let mut server = common::start_with(jelling(&serve).stdin(Stdio::piped()));
    let ready = server.prints("ready");
    let peer = format!("{}/public", ready.split_once("\"address\":\"").unwrap().1.get(..17).unwrap());
    let client = spec(ports[1]);
    let snoops: Vec<String> = ["explore", "read", "write", "subscribe"].map(file).into();
    let long = "00".repeat(20);
    for (snoop, arguments) in
        snoops.iter().zip([&["explore", &*peer][..], &["read", &*peer, "2a6e"], &["write", &*peer, "2a6e", &*long]])
    {
        let arguments = [&["-t", &*client, "--snoop", &**snoop], arguments].concat();
        assert_eq!(run(&arguments).status.code(), Some(0), "{arguments:?}");
    }
    let subscribe = ["-t", &*client, "--snoop", &*snoops[3], "--json", "subscribe", &*peer, "2a6e", "--count", "2"];
    let mut subscriber = start(&subscribe);
    subscriber.prints("ready");
    server.prints("\"subscribe\"");
    let mut stdin = server.stdin();
    for line in ["notify 2a6e 0102", "notify 2a6e 030405"] {
        writeln!(stdin, "{line}").unwrap();
    }
    assert_eq!(subscriber.end().0, Some(0));
    server.signal(Signal::TERM);
    assert_eq!(server.end().0, Some(0));
    let server = report(&[&served, "--serve", THERMO]);
    is_equal(&server);
    assert_eq!(server["links"], 4);
    for snoop in &snoops {
        let client = report(&[snoop]);
        is_equal(&client);
        assert_eq!(client["links"], 1);
    }
    // With another table the answers are others, and so it is told.
    let other = report(&[&served]);
    assert!(other["same"].as_u64() < other["host"].as_u64(), "{other}");
    let difference = &other["difference"];
    let (expected, sent) = (difference["expected"].as_str().unwrap(), difference["sent"].as_str().unwrap());
    // It has the default services and nothing else.
    let groups = "ATT: Read By Group Type Response";
    assert!(expected.contains(groups) && expected.contains("value 1a18"), "{difference}");
    assert!(sent.contains(groups) && !sent.contains("value 1a18"), "{difference}");
    assert!(other["not_replayed"].as_object().unwrap().keys().any(|k| k.contains("Notification")), "{other}");
    let (_, text, _) = told(&run(&["replay", &served]));
    assert!(text.contains(&format!("\n  captured {expected}\n  replayed {sent}\n")), "{text}");
}

#[test]
fn our_central_against_bumble_on_rootcanal_is_replayed() {
    is_equal(&report(&[CENTRAL]));
}

struct Memory(RefCell<Vec<u8>>);

impl SnoopSink for Memory {
    fn unix_micros(&self) -> u64 {
        embassy_time::Instant::now().as_micros()
    }
    fn write(&self, pieces: &[&[u8]]) {
        self.0.borrow_mut().extend(pieces.concat());
    }
}

/// A host that draws its address: the random numbers are blanked in its capture.
fn host_with_a_random_address(path: &Path) {
    let simulation = Simulation::new(5);
    let (reader, writer) = simulation.air().controller().transport();
    let sink = Memory(RefCell::new(FILE_HEADER.to_vec()));
    let mut resources: Resources = Resources::new();
    let config = Config { address: OwnAddress::RandomStatic, ..Config::default() };
    let (host, mut runner) = jelling::new(&mut resources, config);
    let work = async {
        let window = Duration::from_millis(50);
        let mut scanner = host.scan(Duration::from_secs(1)).interval(window).window(window).await.unwrap();
        assert!(scanner.next().await.is_none(), "nobody is there");
        host.stop().await;
    };
    let runs = runner.run(Snoop::new(reader, &sink), Snoop::new(writer, &sink));
    assert!(matches!(simulation.block_on(select(work, runs)), Either::First(())));
    std::fs::write(path, sink.0.take()).unwrap();
}

#[test]
fn random_numbers_that_are_blanked_are_told() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("x.btsnoop");
    host_with_a_random_address(&path);
    let report = report(&[path.to_str().unwrap()]);
    is_equal(&report);
    assert_eq!(report["blanked"], 1);
    let (_, text, _) = told(&run(&["replay", path.to_str().unwrap()]));
    assert!(text.contains("blanked in the capture: 1 answers of LE Rand"), "{text}");
}

#[test]
fn a_session_with_a_pairing_is_replayed_up_to_it() {
    let peers = Peers::new(&["--pairing", "none"]);
    let path = peers.path("pair.btsnoop");
    assert_eq!(peers.pair(&["--snoop", &path]).end().0, Some(0));
    let report = report(&[&path]);
    assert!(report["not_replayed"]["pairing"].as_u64() > Some(0), "{report}");
    let expected = report["difference"]["expected"].as_str().unwrap();
    assert!(expected.contains("LE Rand") || expected.contains("Pairing Request"), "{report}");
    let (_, text, _) = told(&run(&["replay", &path]));
    assert!(text.contains(" answers of LE Rand, without which no pairing can be replayed\n"), "{text}");
}

#[test]
fn a_cut_capture_is_replayed_as_far_as_it_goes() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("x.btsnoop");
    let octets = std::fs::read(CENTRAL).unwrap();
    std::fs::write(&path, &octets[..octets.len() - 1]).unwrap();
    let (code, out, error) = told(&run(&["--json", "replay", path.to_str().unwrap()]));
    assert_eq!(code, Some(1));
    assert!(error.contains(": the file ends within record ") && error.ends_with("was replayed\n"), "{error}");
    assert_eq!(serde_json::from_str::<Value>(&out).unwrap()["difference"], Value::Null);
}

/// The records of a capture: where each begins, and that its time stands 16 octets on.
fn begins(octets: &[u8]) -> Vec<usize> {
    let mut begins = vec![];
    let mut at = FILE_HEADER.len();
    while at < octets.len() {
        begins.push(at);
        at += 24 + usize::try_from(u32::from_be_bytes(octets[at + 4..at + 8].try_into().unwrap())).unwrap();
    }
    begins
}

#[test]
fn a_clock_that_was_set_in_the_middle_takes_no_time() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("x.btsnoop");
    let mut octets = std::fs::read(CENTRAL).unwrap();
    let begins = begins(&octets);
    // A thousand years on from the middle of the session, and back for its end.
    for at in &begins[begins.len() / 2..begins.len() * 3 / 4] {
        let time = &mut octets[at + 16..at + 24];
        let later = u64::from_be_bytes((&*time).try_into().unwrap()) + 31_557_600_000_000_000;
        time.copy_from_slice(&later.to_be_bytes());
    }
    std::fs::write(&path, &octets).unwrap();
    let report = report(&[path.to_str().unwrap()]);
    assert_eq!(report["records"], begins.len());
    assert!(report["counters"]["malformed"] == 0 && report["host"].as_u64() > Some(10), "{report}");
}

#[test]
fn no_capture_makes_it_panic_or_hang() {
    let octets = std::fs::read(CENTRAL).unwrap();
    let mut state = 1_u64;
    let mut dice = |limit: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap() % limit
    };
    for round in 0..40 {
        let mut damaged = octets.clone();
        for _ in 0..=dice(12) {
            let at = FILE_HEADER.len() + dice(octets.len() - FILE_HEADER.len());
            damaged[at] = u8::try_from(dice(256)).unwrap();
        }
        for arguments in [&["replay", "-"][..], &["--json", "replay", "-", "--serve", THERMO], &["show", "-"]] {
            let mut command = jelling(arguments);
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
            let mut child = command.spawn().unwrap();
            let _ = child.stdin.take().unwrap().write_all(&damaged);
            // Whoever hangs is killed after a while, and has no code.
            let (code, out, error) = end_with_output(child);
            assert!(matches!(code, Some(0 | 1)) && !error.contains("panicked"), "{round} {arguments:?}: {out} {error}");
        }
    }
}
