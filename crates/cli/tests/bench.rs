//! `bench`: four rows, of which nothing is lost.

#![allow(missing_docs, reason = "tests")]

mod common;

use common::{run, spec, start, told};
use rustix::process::Signal;
use serde_json::Value;

#[test]
fn each_test_is_a_row_in_which_everything_arrived() {
    let mut sim = start(&["sim", "--tcp", "0", "0", "--json"]);
    let ports = sim.ports();
    let mut server = start(&["-t", &spec(ports[0]), "bench", "--serve", "--json"]);
    let ready: Value = serde_json::from_str(&server.prints("ready")).unwrap();
    let peer = ready["address"].as_str().unwrap().to_owned() + "/public";
    let client = spec(ports[1]);
    let measure = ["-t", &client, "bench", &peer, "--octets", "20000", "--count", "5"];
    for _ in 0..2 {
        let (code, out, error) = told(&run(&[&measure[..], &["--json"]].concat()));
        assert_eq!((code, &*error), (Some(0), ""));
        let rows: Vec<Value> = out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let tests: Vec<_> = rows.iter().map(|row| row["test"].as_str().unwrap()).collect();
        assert_eq!(tests, ["gatt-notify", "gatt-write", "coc-one-way", "coc-round-trip"]);
        for row in rows {
            assert!(row["octets"].as_u64().unwrap() >= 20_000, "{row}");
            assert_eq!(row["lost"], 0, "{row}");
            let of = |name: &str| row["latency"][name].as_f64().unwrap();
            assert_eq!(row["latency"]["count"], 5, "{row}");
            assert!(0.0 < of("min") && of("min") <= of("p50") && of("p50") <= of("p90"), "{row}");
            assert!(of("p90") <= of("p99") && of("p99") <= of("max"), "{row}");
            let rate = row["octets"].as_f64().unwrap() / row["seconds"].as_f64().unwrap();
            assert!((row["rate"].as_f64().unwrap() - rate).abs() < 1e-3 * rate, "{row}");
        }
        server.prints("\"connected\"");
        server.prints("\"disconnected\"");
    }
    let (code, out, error) = told(&run(&[&measure[..], &["--sdu", "16"]].concat()));
    assert_eq!((code, &*error), (Some(0), ""));
    assert!(out.lines().count() == 4 && out.lines().all(|line| line.contains(" 0 lost ")), "{out}");
    server.signal(Signal::TERM);
    assert_eq!(server.end().0, Some(0));
}

#[test]
fn a_peer_that_serves_something_else() {
    let rig = common::rig();
    let error = "jelling: the peer has nothing to measure with: does `jelling bench --serve` run there?\n";
    let output = run(&["-t", &spec(rig.ports[1]), "bench", &rig.peer]);
    assert_eq!(told(&output), (Some(1), String::new(), error.into()));
}
