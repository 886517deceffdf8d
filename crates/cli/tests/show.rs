//! `show`: captures as people and programs read them.

#![allow(missing_docs, reason = "tests")]

mod common;

use common::{end_of, jelling, run, told};
use jelling::{Packet, PacketKind};
use jelling_transport::{
    Direction::{self, FromController, ToController},
    btsnoop::{FILE_HEADER, record_header},
};
use serde_json::Value;
use std::{io::Write, path::PathBuf, process::Stdio};
use tempfile::TempDir;

const CENTRAL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/captures/central.btsnoop");

/// A capture of these packets, a millisecond apart.
fn capture(packets: &[(Direction, PacketKind, &[u8])]) -> Vec<u8> {
    let mut file = FILE_HEADER.to_vec();
    for (micros, (direction, kind, data)) in (0..).map(|n| 1_000_000 + n * 1_000).zip(packets) {
        file.extend(record_header(*direction, Packet::new(*kind, data), 0, micros));
        file.extend(*data);
    }
    file
}

fn written(octets: &[u8]) -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("x.btsnoop");
    std::fs::write(&path, octets).unwrap();
    (directory, path)
}

fn shown(octets: &[u8]) -> (Option<i32>, String, String) {
    let (_directory, path) = written(octets);
    told(&run(&["show", path.to_str().unwrap()]))
}

fn objects(arguments: &[&str]) -> Vec<Value> {
    let (code, out, error) = told(&run(arguments));
    assert_eq!((code, &*error), (Some(0), ""));
    out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Our central against Bumble's peripheral on RootCanal, and what tshark says of each packet: kind and number.
#[test]
fn every_packet_is_what_tshark_says() {
    let objects = objects(&["--json", "show", CENTRAL]);
    let theirs: Vec<&str> = include_str!("captures/central.tsv").lines().collect();
    assert_eq!(objects.len(), theirs.len());
    for (object, theirs) in objects.iter().zip(theirs) {
        let code = object["code"].as_u64().map_or(String::new(), |code| format!("{code:#06x}"));
        assert_eq!(format!("{}\t{code}", object["kind"].as_str().unwrap()), theirs, "{object}");
    }
}

#[test]
fn lines_and_objects_tell_the_same() {
    let (code, text, error) = told(&run(&["show", CENTRAL]));
    assert_eq!((code, &*error), (Some(0), ""));
    let objects = objects(&["show", CENTRAL, "--json"]);
    assert_eq!(text.lines().count(), objects.len());
    let mut last = 0.0;
    for (number, (line, object)) in (1..).zip(text.lines().zip(&objects)) {
        let time = object["time"].as_f64().unwrap();
        assert!(time >= last, "{object}");
        last = time;
        let arrow = if object["direction"] == "host" { '<' } else { '>' };
        assert_eq!(line, format!("{arrow} {}  {time:.6}", object["text"].as_str().unwrap()));
        assert_eq!(object["number"], number);
        assert!(!object["name"].as_str().unwrap().is_empty() && !object["data"].as_str().unwrap().is_empty());
        assert_eq!(object.get("handle").is_some(), object["kind"] == "acl", "{object}");
        assert_eq!(object.get("malformed"), None);
    }
    assert_eq!((&objects[0]["name"], &objects[0]["time"]), (&"Reset".into(), &0.0.into()));
    assert!(text.lines().next().unwrap().starts_with("< HCI Command: Reset (0x03|0x0003) plen 0"), "{text}");
}

#[test]
fn frames_are_put_together_for_each_link_and_direction() {
    let acl = |first: u16, data: &[u8]| {
        [&first.to_le_bytes(), &u16::try_from(data.len()).unwrap().to_le_bytes(), data].concat()
    };
    // A read response of three octets on link 0x40; between its parts a request of the host, and another link's data.
    let file = capture(&[
        (FromController, PacketKind::Acl, &acl(0x2040, &[4])),
        (ToController, PacketKind::Acl, &acl(0x0040, &[3, 0, 4, 0, 0x0a, 0x12, 0x00])),
        (FromController, PacketKind::Acl, &acl(0x1040, &[0, 4, 0])),
        (FromController, PacketKind::Acl, &acl(0x2041, &[9, 0, 4, 0, 1])),
        (FromController, PacketKind::Acl, &acl(0x1040, &[0x0b, 1, 2, 3])),
        (FromController, PacketKind::Acl, &acl(0x1040, &[7])),
        (FromController, PacketKind::Event, &[0x05, 4, 0, 0x41, 0, 0x13]),
        (FromController, PacketKind::Acl, &acl(0x1041, &[7])),
        (FromController, PacketKind::Acl, &acl(0x2040, &[2, 0, 6, 0, 5, 8])),
        (FromController, PacketKind::Acl, &acl(0x2040, &[1, 0, 0x50, 0])),
        (FromController, PacketKind::Acl, &acl(0x2040, &[1, 0, 0x50, 0, 9])),
    ]);
    let (code, out, error) = shown(&file);
    assert_eq!((code, &*error), (Some(0), ""));
    let lines: Vec<&str> = out.lines().collect();
    for (line, part) in lines.iter().zip([
        "ACL Data: Handle 64 flags 0x02 dlen 1  (begins) 1 octets of a frame  0.000000",
        "ATT: Read Request (0x0a)",
        "dlen 3  (continued) 4 of 8 octets of a frame  0.002000",
        "Handle 65 flags 0x02 dlen 5  (begins) 5 of 13 octets",
        "dlen 4  ATT: Read Response (0x0b)",
        "(continued) of a frame whose beginning is not here",
        "HCI Event: Disconnect",
        "(continued) of a frame whose beginning is not here",
        "SMP: Pairing Failed (0x05)",
        "(begins) 4 of 5 octets",
        "Channel: 80 len 1 (the frame before it was never completed)",
    ]) {
        assert!(line.contains(part), "{part:?} in {line:?}");
    }
    assert_eq!(lines.len(), 11);
}

#[test]
fn malformed_packets_are_shown_and_counted() {
    let att = [0x40, 0x20, 5, 0, 1, 0, 4, 0, 0x0a];
    let file = capture(&[
        (ToController, PacketKind::Command, &[3, 0x0c]),
        (FromController, PacketKind::Event, &[0x0e, 9, 1]),
        (FromController, PacketKind::Acl, &[0x40]),
        (FromController, PacketKind::Acl, &att),
        (ToController, PacketKind::Command, &[3, 0x0c, 0]),
        (ToController, PacketKind::Iso, &[1, 2, 3]),
    ]);
    let (code, out, error) = shown(&file);
    assert_eq!((code, &*error), (Some(0), "jelling: 4 of 6 packets are malformed\n"));
    for part in
        ["HCI Command: malformed 030c", "HCI Event: malformed 0e0901", "ACL Data: malformed 40", "ATT: malformed 0a"]
    {
        assert!(out.contains(part), "{part:?} in {out}");
    }
    assert!(out.contains("< ISO Data: len 3"), "{out}");
}

#[test]
fn what_cannot_be_read_is_one_sentence() {
    let (directory, path) = written(&capture(&[(ToController, PacketKind::Command, &[3, 0x0c, 0])])[..40]);
    let name = path.display();
    let truncated = format!("jelling: {name}: the file ends within record 1: everything before it was shown\n");
    assert_eq!(told(&run(&["show", path.to_str().unwrap()])), (Some(1), String::new(), truncated));
    for (octets, text) in [
        (&b"no capture"[..], "no btsnoop file: expected one that begins with the word btsnoop"),
        (
            b"btsnoop\0\0\0\0\x01\0\0\x03\xec",
            "btsnoop of datalink 1004: expected 1001 (HCI), 1002 (H4) or 2001 (Linux monitor)",
        ),
    ] {
        std::fs::write(&path, octets).unwrap();
        for command in ["show", "replay"] {
            let told = told(&run(&[command, path.to_str().unwrap()]));
            assert_eq!(told, (Some(1), String::new(), format!("jelling: {name}: {text}\n")));
        }
    }
    let absent = directory.path().join("absent");
    let text = format!("jelling: {} cannot be read: No such file or directory\n", absent.display());
    assert_eq!(told(&run(&["show", absent.to_str().unwrap()])), (Some(1), String::new(), text));
}

#[test]
fn a_capture_may_come_from_standard_input() {
    let mut command = jelling(&["show", "-"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(&std::fs::read(CENTRAL).unwrap()).unwrap();
    assert_eq!(child.wait_with_output().unwrap().stdout, run(&["show", CENTRAL]).stdout);
}

#[test]
fn nobody_needs_to_read_it_to_its_end() {
    let mut child = jelling(&["show", CENTRAL]).stdout(std::io::pipe().unwrap().1).spawn().unwrap();
    assert_eq!(end_of(&mut child), Some(0));
}
