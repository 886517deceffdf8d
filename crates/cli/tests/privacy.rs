//! `--privacy`: what is seen of a command that hides, and who finds it all the same.
#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use common::{
    pairing::{Peers, paired},
    run, spec, told,
};
use serde_json::{Value, json};

const HIDES: &[&str] = &["bonds", "--pairing", "none", "--privacy"];
const OPEN: &str = "{\"handle\":6,\"value\":\"01\"}\n";

/// What a scan on the controller with this number shows of the advertiser: its address with its type.
fn scanned(peers: &Peers, number: usize, rest: &[&str]) -> Vec<String> {
    let arguments = ["-t", &spec(peers.ports[number]), "--json", "scan", "--active", "--duration", "1"];
    let (code, out, error) = told(&run(&[&arguments, rest].concat()));
    assert_eq!((code, &*error), (Some(0), ""));
    let seen = out.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let typed = |v: Value| format!("{}/{}", v["address"].as_str().unwrap(), v["address_type"].as_str().unwrap());
    let mut all: Vec<_> = seen.map(typed).collect();
    all.dedup();
    all
}

/// A random address whose two most significant bits are 01 (Vol 6, Part B, 1.3.2.2).
fn is_resolvable(typed: &str) -> bool {
    let top = u8::from_str_radix(&typed[..2], 16).unwrap();
    typed.ends_with("/random") && top >> 6 == 0b01
}

#[test]
fn a_server_that_hides_is_found_by_whom_it_is_bonded_with() {
    let mut peers = Peers::new(HIDES);
    let first = peers.peer.clone();
    assert!(is_resolvable(&first), "{first}");
    assert_eq!(scanned(&peers, 1, &[]), [&*first]);
    // The one who pairs hides too. Each is told who the other is.
    let (code, out, error) = peers.client("pair", &["--privacy"]);
    assert_eq!((code, &*error), (Some(0), ""));
    assert_eq!(paired(&out)["bonded"], true);
    let listed = |file: &str| {
        let (_, out, _) = peers.bonds(file, &["list"]);
        serde_json::from_str::<Value>(out.trim_end()).unwrap()
    };
    let [server, client] = ["client.json", "server.json"].map(listed);
    assert_eq!([&server["address_type"], &client["address_type"]], [&json!("public"); 2]);
    assert_ne!(server["address"], client["address"]);
    let identity = format!("{}/public", server["address"].as_str().unwrap());

    // The identity outlives the server, its address does not.
    peers.serve_anew(HIDES);
    let second = peers.peer.clone();
    assert!(is_resolvable(&second) && second != first, "{second}");
    for peer in [&identity, identity.split_once('/').unwrap().0, &second] {
        peers.peer = peer.into();
        assert_eq!(peers.client("read", &["2a6f", "--privacy"]), (Some(0), OPEN.into(), String::new()), "{peer}");
    }
    // A stranger does not find it by that.
    peers.peer = identity;
    let (code, _, error) = peers.begin_on(2, "read", &["2a6e", "--timeout", "1"]).end();
    assert_eq!(code, Some(1));
    assert!(error.contains("is it there and connectable?"), "{error}");
    assert_eq!(scanned(&peers, 2, &["--privacy"]), [&*second]);
}

#[test]
fn info_tells_who_it_is() {
    let peers = Peers::new(&[]);
    let info = |rest: &[&str]| {
        let arguments = ["-t", &spec(peers.ports[1]), "--json", "info"];
        let (code, out, _) = told(&run(&[&arguments, rest].concat()));
        assert_eq!(code, Some(0));
        out
    };
    assert_eq!(info(&["--privacy"]), info(&[]));
}
