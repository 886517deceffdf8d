//! `--bonds` and `bonds`: what is kept, what it is used for, and what happens when one side has lost it.

#![allow(missing_docs, reason = "tests")]

mod common;

use common::{
    pairing::{Peers, paired},
    run, told,
};
use serde_json::{Value, json};
use std::fs;

/// Peers that are bonded without questions.
fn bonded() -> Peers {
    let mut peers = Peers::new(&["bonds", "--pairing", "none"]);
    let (code, out, error) = peers.pair(&["bonds"]).end();
    assert_eq!((code, &*error), (Some(0), ""));
    assert_eq!(paired(&out)["bonded"], true);
    peers.server.command.says(", bonded\n");
    peers
}

fn lines(out: &str) -> Vec<Value> {
    out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// A server that has both files from the beginning.
const SERVER: &[&str] = &["bonds", "--pairing", "none"];
const OPEN: &str = "{\"handle\":6,\"value\":\"01\"}\n";

#[test]
fn a_bonded_peer_is_encrypted_with_by_what_connects() {
    let mut peers = bonded();
    for anew in [false, true] {
        if anew {
            peers.serve_anew(SERVER);
        }
        assert_eq!(peers.client("read", &["2a6f"]), (Some(0), OPEN.into(), String::new()));
        let (code, out, _) = peers.client("explore", &[]);
        assert_eq!(
            (code, lines(&out)[0]["services"][0]["characteristics"][1]["value"].clone()),
            (Some(0), json!("01"))
        );
        assert_eq!(peers.begin("subscribe", &["bonds", "2a6e", "--duration", "0"]).end().0, Some(0));
        // Who has no bond is not encrypted with.
        // The peer knows that there is a key (Vol 3, Part C, 10.3.1.1).
        let refused = "the value cannot be read: the peer answered Insufficient Encryption (0x0f)";
        let pair = "pair with it (`jelling pair`), with the same --bonds FILE as here";
        let (code, out, error) = peers.begin("read", &["2a6f"]).end();
        assert_eq!((code, &*out, error), (Some(1), "", format!("jelling: {refused}: {pair}\n")));
        let refused = "the value cannot be read: the peer answered Insufficient Authentication (0x05)";
        let weak = "the bond is too weak: pair with it again, with --mitm";
        let (code, out, error) = peers.client("read", &["2a70"]);
        assert_eq!((code, &*out, error), (Some(1), "", format!("jelling: {refused}: {weak}\n")));
    }
    // It needs not be allowed to pair.
    peers.serve_anew(&["bonds"]);
    assert_eq!(peers.client("read", &["2a6f"]), (Some(0), OPEN.into(), String::new()));
}

#[test]
fn an_address_without_its_type_is_that_of_the_bond() {
    let mut peers = bonded();
    peers.peer = peers.address().into();
    assert_eq!(peers.client("read", &["2a6f"]), (Some(0), OPEN.into(), String::new()));
}

#[test]
fn pairing_again_encrypts_and_a_weaker_bond_is_replaced() {
    let mut peers = bonded();
    let (code, out, error) = peers.pair(&["bonds"]).end();
    assert_eq!((code, &*error, &paired(&out)["authenticated"]), (Some(0), "", &json!(false)));
    let before = lines(&peers.bonds("client.json", &["export"]).1);
    peers.serve_anew(&["bonds", "--pairing", "yesno"]);
    let mut central = peers.pair(&["bonds", "--io", "yesno", "--mitm"]);
    assert_eq!(central.asks("compare "), peers.server.command.says("compare "));
    central.answer("y");
    peers.server.answer("y");
    let (code, out, _) = central.end();
    assert_eq!((code, &paired(&out)["authenticated"]), (Some(0), &json!(true)));
    let after = lines(&peers.bonds("client.json", &["export"]).1);
    assert_eq!((before.len(), after.len()), (1, 1));
    assert_ne!(before, after);
    // What is as strong as what is asked for is not replaced: nobody is asked.
    for options in [&["bonds"][..], &["bonds", "--io", "yesno", "--mitm"]] {
        let (code, out, error) = peers.pair(options).end();
        assert_eq!((code, &*error, &paired(&out)["authenticated"]), (Some(0), "", &json!(true)));
    }
    assert_eq!(peers.client("read", &["2a70"]).1, "{\"handle\":9,\"value\":\"02\"}\n");
    assert_eq!(peers.client("read", &["2a71"]).1, "{\"handle\":11,\"value\":\"03\"}\n");
}

#[test]
fn a_bond_of_legacy_pairing_encrypts_and_is_replaced_by_what_is_better() {
    let mut peers = Peers::new(&["bonds", "--pairing", "none", "--legacy"]);
    let (code, out, _) = peers.pair(&["bonds", "--legacy"]).end();
    assert_eq!((code, &paired(&out)["bonded"]), (Some(0), &json!(true)));
    peers.server.command.says(", bonded\n");
    let before = peers.bonds("client.json", &["export"]).1;
    peers.serve_anew(SERVER);
    assert_eq!(peers.client("read", &["2a6f"]), (Some(0), OPEN.into(), String::new()));
    assert_eq!(peers.client("pair", &["--legacy"]).0, Some(0));
    let key = |text: &str| lines(text)[0]["central_key"]["key"].clone();
    assert_eq!(key(&before), key(&peers.bonds("client.json", &["export"]).1));
    let (code, out, _) = peers.client("pair", &[]);
    assert_eq!((code, &paired(&out)["secure_connections"]), (Some(0), &json!(true)));
    assert_ne!(key(&before), key(&peers.bonds("client.json", &["export"]).1));
    assert_eq!(peers.client("read", &["2a6f"]).1, OPEN);
}

#[test]
fn a_weaker_pairing_takes_no_bonds_place() {
    let mut peers = Peers::new(&["bonds", "--pairing", "yesno"]);
    let mut central = peers.pair(&["bonds", "--io", "yesno", "--mitm"]);
    assert_eq!(central.asks("compare "), peers.server.asks("compare "));
    central.answer("y");
    peers.server.answer("y");
    assert_eq!(central.end().0, Some(0));
    peers.server.command.says(", bonded\n");
    let kept = lines(&peers.bonds("server.json", &["list"]).1);
    // Somebody who has no key, and would be taken for the peer without a question.
    fs::remove_file(peers.file("client.json")).unwrap();
    let (code, out, error) = peers.client("pair", &[]);
    assert_eq!((code, &*out), (Some(1), ""), "{error}");
    assert!(error.contains("the peer ended pairing: "), "{error}");
    assert_eq!(lines(&peers.bonds("server.json", &["list"]).1), kept);
}

#[test]
fn the_list_of_bonds() {
    let peers = bonded();
    let expected = json!({
        "address": peers.address(), "address_type": "public", "authenticated": false, "secure_connections": true, "key_size": 16,
    });
    let (code, out, error) = peers.bonds("client.json", &["list"]);
    assert_eq!((code, lines(&out), &*error), (Some(0), vec![expected], ""));
    assert_eq!(lines(&peers.bonds("server.json", &["list"]).1).len(), 1);
    let (code, out, _) = told(&run(&["--bonds", &peers.path("client.json"), "bonds", "list"]));
    assert_eq!(code, Some(0));
    let expected =
        format!("{}/public  not authenticated, LE Secure Connections, a key of 16 octets\n", peers.address());
    assert_eq!(out, expected);
}

#[test]
fn without_a_store_nothing_is_kept() {
    let peers = Peers::new(&["--pairing", "none"]);
    let (code, out, _) = peers.pair(&["bonds"]).end();
    assert_eq!((code, &paired(&out)["bonded"]), (Some(0), &json!(false)), "the server keeps none");
    let (code, out, error) = peers.bonds("client.json", &["list"]);
    assert_eq!((code, &*out, &*error), (Some(0), "", ""));
    // No file is no bonds, too.
    assert_eq!(peers.bonds("other.json", &["list"]), (Some(0), String::new(), String::new()));
    assert!(!peers.file("other.json").exists());
}

#[test]
fn a_peer_that_has_lost_its_bond_is_told_of_and_not_paired_with() {
    let mut peers = bonded();
    fs::remove_file(peers.file("server.json")).unwrap();
    peers.serve_anew(SERVER);
    for (command, rest) in [("read", &["2a6e"][..]), ("explore", &[]), ("pair", &[])] {
        let (code, out, error) = peers.client(command, rest);
        let address = peers.address();
        let expected = format!(
            "jelling: {address} has no key of the bond any more: remove it here too (`jelling bonds remove {address}`), and pair again\n"
        );
        assert_eq!((code, &*out, &*error), (Some(1), "", &*expected), "{command}");
    }
    assert_eq!(peers.bonds("server.json", &["list"]).1, "");
    // As it says.
    let address = peers.address().to_owned();
    assert_eq!(peers.bonds("client.json", &["remove", &address]).0, Some(0));
    assert_eq!(peers.client("pair", &[]).0, Some(0));
    assert_eq!(peers.client("read", &["2a6f"]).0, Some(0));
}

#[test]
fn who_has_removed_a_bond_pairs_again() {
    let peers = bonded();
    let address = peers.address().to_owned();
    let (code, out, error) = peers.bonds("client.json", &["remove", &format!("{address}/public")]);
    assert_eq!((code, &lines(&out)[0]["address"], &*error), (Some(0), &json!(address), ""));
    assert_eq!(peers.bonds("client.json", &["list"]).1, "");
    assert_eq!(peers.client("read", &["2a6f"]).0, Some(1));
    assert_eq!(peers.client("pair", &[]).0, Some(0));
    assert_eq!(peers.client("read", &["2a6f"]).0, Some(0));
    assert_eq!(lines(&peers.bonds("server.json", &["list"]).1).len(), 1);
}

#[test]
fn who_is_unknown_cannot_be_removed() {
    let peers = bonded();
    let address = peers.address().to_owned();
    for unknown in ["00:00:5e:00:53:09", &format!("{address}/random")] {
        let (code, out, error) = peers.bonds("client.json", &["remove", unknown]);
        assert_eq!((code, &*out), (Some(1), ""));
        assert!(error.starts_with("jelling: there is no bond with ") && error.contains(&unknown[..17]), "{error}");
    }
    assert_eq!(lines(&peers.bonds("client.json", &["list"]).1).len(), 1);
}

#[test]
fn an_export_has_the_keys_and_nothing_else_shows_them() {
    let peers = Peers::new(SERVER);
    let snoop = peers.path("pair.btsnoop");
    let (code, _, trace) = peers.pair(&["bonds", "-vv", "--snoop", &snoop]).end();
    assert_eq!(code, Some(0));
    let (code, out, error) = peers.bonds("client.json", &["export"]);
    assert_eq!((code, &*error), (Some(0), ""));
    let keys: Vec<String> = out.split('"').filter(|word| word.len() == 32).map(Into::into).collect();
    // The long term key, and the identity keys of both.
    assert!(keys.len() > 1, "{out}");
    let file = hex::encode(fs::read(&snoop).unwrap());
    for key in &keys {
        assert!(key.bytes().all(|octet| octet.is_ascii_hexdigit()), "{key}");
        assert!(!trace.contains(&**key) && !file.contains(&**key), "{key}");
    }
}

#[test]
fn a_damaged_file_is_told_and_kept_aside() {
    let peers = bonded();
    let damaged = "{\"version\": 1, nonsense";
    for (command, rest) in [("list", &[][..]), ("export", &[])] {
        fs::write(peers.file("client.json"), damaged).unwrap();
        let (code, out, error) = peers.bonds("client.json", &[&[command], rest].concat());
        assert_eq!((code, &*out), (Some(1), ""));
        kept_aside(&peers, &error, damaged);
    }
    fs::write(peers.file("client.json"), damaged).unwrap();
    let (code, out, error) = peers.client("read", &["2a6e"]);
    assert_eq!((code, &*out), (Some(1), ""));
    kept_aside(&peers, &error, damaged);
}

/// The sentence names a file that has what was found.
fn kept_aside(peers: &Peers, error: &str, damaged: &str) {
    let directory = peers.directory.path().to_str().unwrap();
    let mut names = error.split_whitespace().map(|word| word.trim_matches([',', '.', ':', ';', '"', '`', '(', ')']));
    let aside = names.rfind(|word| word.starts_with(directory) && !word.ends_with("client.json"));
    assert_eq!(fs::read_to_string(aside.unwrap_or_else(|| panic!("{error}"))).unwrap(), damaged, "{error}");
}

#[test]
fn subscriptions_of_a_bonded_peer_come_back_with_encryption() {
    let mut peers = bonded();
    let subscriber = peers.begin("subscribe", &["bonds", "2a6e"]);
    peers.server.command.prints("\"notify\":true");
    // It goes without a word.
    drop(subscriber);
    peers.server.command.prints("disconnected");
    peers.serve_anew(&["bonds", "--stdin"]);
    let mut other = peers.begin("subscribe", &["bonds", "2a6f"]);
    other.command.prints("ready");
    peers.server.answer("notify 2a6e 0007\nnonsense");
    loop {
        let line = peers.server.command.says("jelling: ");
        assert!(!line.contains("nobody"), "{line}");
        if line.contains("nonsense") {
            break;
        }
    }
}

/// A resolvable private address (Vol 6, Part B, 1.3.2.2).
fn is_resolvable(peer: &str) -> bool {
    u8::from_str_radix(&peer[..2], 16).unwrap() >> 6 == 0b01 && peer.ends_with("/random")
}

#[test]
fn a_server_that_hides_is_found_by_its_identity() {
    let mut peers = Peers::new(&["bonds", "private", "--pairing", "none"]);
    let before = peers.peer.clone();
    assert!(is_resolvable(&before), "{before}");
    let (code, out, _) = peers.client("pair", &[]);
    assert_eq!(code, Some(0));
    peers.server.command.says(", bonded\n");
    let identity = paired(&out)["address"].as_str().unwrap().to_owned();
    assert_ne!(before[..17], identity);
    peers.serve_anew(&["bonds", "private"]);
    assert!(is_resolvable(&peers.peer) && peers.peer != before, "{} after {before}", peers.peer);
    for peer in [&*identity, &*format!("{identity}/public"), &*peers.peer.clone()] {
        peers.peer = peer.into();
        assert_eq!(peers.client("read", &["2a6f"]), (Some(0), OPEN.into(), String::new()), "{peer}");
    }
}

#[test]
fn a_client_that_hides_is_known_by_its_bond() {
    let mut peers = Peers::new(&["bonds", "--pairing", "none"]);
    assert_eq!(peers.client("pair", &["private"]).0, Some(0));
    peers.server.command.says(", bonded\n");
    let address = |line: &str| line.split_once("\"address\":\"").unwrap().1[..17].to_owned();
    let first = address(&peers.server.command.prints("\"connected\""));
    let identity = lines(&peers.bonds("server.json", &["list"]).1)[0]["address"].clone();
    assert_eq!(peers.client("read", &["private", "2a6f"]), (Some(0), OPEN.into(), String::new()));
    let second = address(&peers.server.command.prints("\"connected\""));
    assert!(first != second && identity != first && identity != second, "{first} {second} {identity}");
    assert_eq!(lines(&peers.bonds("server.json", &["list"]).1).len(), 1);
}
