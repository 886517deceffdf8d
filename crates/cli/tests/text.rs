//! What people read.

#![allow(missing_docs, reason = "tests")]

mod common;

use common::{rig, run, spec, start, told};

#[test]
fn explore_names_what_is_assigned() {
    let (code, text, error) = told(&run(&["-t", "sim:", "explore", "00:00:5e:00:53:01/public"]));
    assert_eq!((code, &*error), (Some(0), ""));
    for part in ["service 1800 GAP\n", " 2a00 Device Name [read", "service 181a Environmental Sensing\n"] {
        assert!(text.contains(part), "{part:?}: {text}");
    }
    for part in [" 2a6e Temperature [read notify] = ", " 2902 Client Characteristic Configuration = 0000"] {
        assert!(text.contains(part), "{part:?}: {text}");
    }
    let (_, json, _) = told(&run(&["-t", "sim:", "--json", "explore", "00:00:5e:00:53:01/public"]));
    assert!(json.contains("\"uuid\":\"2a6e\"") && !json.contains("Temperature"), "{json}");
}

#[test]
fn scan_tells_a_device_again_only_when_it_looks_different() {
    let rig = rig();
    let (code, text, _) = told(&run(&["-t", &spec(rig.ports[1]), "scan", "--active", "--duration", "0.5"]));
    assert_eq!(code, Some(0));
    let lines: Vec<&str> = text.lines().collect();
    assert!(!lines.is_empty() && lines.windows(2).all(|two| two[0] != two[1]), "{text}");
    assert!(lines.iter().any(|line| line.contains("thermo") && line.contains("181a")), "{text}");
}

#[test]
fn scan_shows_the_data_of_manufacturers() {
    let mut sim = start(&["sim", "--tcp", "0", "0", "--json"]);
    let ports = sim.ports();
    let mut beacon =
        start(&["-t", &spec(ports[0]), "--json", "advertise", "--name", "b", "--manufacturer", "0xffff:0102"]);
    beacon.prints("ready");
    let mut scan = start(&["-t", &spec(ports[1]), "scan", "--duration", "0"]);
    scan.prints(" ffff:0102 connectable\n");
}
