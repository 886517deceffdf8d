//! Files of bonds that are not what was written: refused and kept aside, and nothing is half of a key.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    missing_docs,
    reason = "tests"
)]

mod support;

use jelling_bonds::{Contents, Error, JsonFile};
use std::{fs, path::Path};
use support::{bare, filled, folder, identity, whole};

/// A file with this text is opened: its contents, or what is wrong with it. It is kept aside then, to the last octet.
fn open(path: &Path, text: &[u8]) -> Result<Contents, String> {
    fs::write(path, text).unwrap();
    let peeked = JsonFile::peek(path);
    assert_eq!(fs::read(path).unwrap(), text, "who only looks changes nothing");
    let opened = JsonFile::open(path);
    match opened {
        Ok(file) => {
            assert_eq!(peeked.unwrap(), *file.contents());
            Ok(file.contents().clone())
        }
        Err(error) => {
            let said = error.to_string();
            let Error::Damaged { path: named, what, aside: Some(aside) } = error else { panic!("{error}") };
            assert!(matches!(peeked, Err(Error::Damaged { aside: None, .. })));
            assert_eq!(named.file_name(), path.file_name());
            assert!(said.contains(&what) && said.contains(aside.to_str().unwrap()), "{said}");
            assert!(!path.exists());
            assert_eq!(fs::read(&aside).unwrap(), text);
            fs::remove_file(aside).unwrap();
            Err(what)
        }
    }
}

/// The text of a file, and a path for others.
fn text(folder: &tempfile::TempDir) -> (String, std::path::PathBuf) {
    let path = folder.path().join("bonds.json");
    let text = filled(&path).export().unwrap();
    assert_eq!(text.as_bytes(), fs::read(&path).unwrap());
    (text, path)
}

fn all() -> Contents {
    Contents { identity: Some(identity()), bonds: vec![whole(1), bare()] }
}

/// All of them are read in the crate's own tests; here some are opened on the disk.
#[test]
fn a_file_that_ends_too_early_or_has_a_wrong_octet() {
    let folder = folder();
    let (text, path) = text(&folder);
    for at in (0..text.len() - 1).step_by(97) {
        assert!(open(&path, &text.as_bytes()[..at]).is_err(), "{at} of {} octets", text.len());
        let mut octets = text.clone().into_bytes();
        octets[at] ^= 0x80;
        assert!(open(&path, &octets).is_err(), "octet {at}");
    }
    assert_eq!(open(&path, text.as_bytes()), Ok(all()));
    // And one that goes on.
    assert!(open(&path, format!("{text}{{").as_bytes()).is_err());
}

/// Records with one bare bond, as the crate writes them.
fn records(peer: &str, key_size: &str, subscriptions: &str) -> String {
    format!(
        r#"{{"bonds":[{{"peer":"{peer}","authenticated":false,"secure_connections":false,"key_size":{key_size},"client_features":0,"subscriptions":{subscriptions},"last_use":0}}]}}"#
    )
}

/// Records as they stand, with the checksum that they should have.
fn seal(records: &str) -> String {
    let next = |crc: u32| if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 };
    let crc = !records.bytes().fold(u32::MAX, |crc, octet| (0..8).fold(crc ^ u32::from(octet), |crc, _| next(crc)));
    format!(r#"{{"format":"jelling-bonds","version":1,"checksum":"{crc:08x}","records":{records}}}"#)
}

#[test]
fn what_no_pairing_makes_though_it_was_written_whole() {
    let folder = folder();
    let path = folder.path().join("bonds.json");
    const PEER: &str = "06:05:04:03:02:01/public";
    let good = records(PEER, "16", "[]");
    assert_eq!(open(&path, seal(&good).as_bytes()).unwrap().bonds, [bare()]);
    for (wrong, says) in [
        (records(PEER, "6", "[]"), "7 to 16"),
        (records(PEER, "17", "[]"), "7 to 16"),
        (records("46:05:04:03:02:01/random", "16", "[]"), "no identity"),
        (records("06:05:04:03:02:01/random", "16", "[]"), "no identity"),
        (records("06:05:04:03:02:01", "16", "[]"), "without its kind"),
        (records("06:05:04:03:02/public", "16", "[]"), "not an address"),
        (records(PEER, "16", r#"[{"handle":0,"notify":true,"indicate":false}]"#), "handle 0"),
        (records(PEER, "16", r#"[{"handle":9,"notify":false,"indicate":false}]"#), "handle 9"),
    ] {
        let what = open(&path, seal(&wrong).as_bytes()).unwrap_err();
        assert!(what.contains(says), "{what}, and not {says}");
    }
    let one = good.strip_prefix(r#"{"bonds":["#).unwrap().strip_suffix("]}").unwrap();
    let what = open(&path, seal(&format!(r#"{{"bonds":[{one},{one}]}}"#)).as_bytes()).unwrap_err();
    assert!(what.contains("two bonds with 06:05:04:03:02:01/public"), "{what}");
    let own = |address| {
        format!(r#"{{"identity":{{"address":"{address}","identity_key":"{}"}},"bonds":[]}}"#, "00".repeat(16))
    };
    for address in [PEER, "46:05:04:03:02:01/random"] {
        assert!(open(&path, seal(&own(address)).as_bytes()).is_err(), "{address}");
    }
    assert!(open(&path, seal(&own("c6:05:04:03:02:01/random")).as_bytes()).is_ok());
    let handles = |count: u32| {
        let one = |handle| format!(r#"{{"handle":{handle},"notify":true,"indicate":false}}"#);
        format!("[{}]", (1..=count).map(one).collect::<Vec<_>>().join(","))
    };
    assert!(open(&path, seal(&records(PEER, "16", &handles(16))).as_bytes()).is_ok());
    assert!(open(&path, seal(&records(PEER, "16", &handles(17))).as_bytes()).is_err());
}

#[test]
fn other_types_lengths_fields_versions_and_formats() {
    let folder = folder();
    let (text, path) = text(&folder);
    let refused = |from: &str, to: &str| {
        assert!(text.contains(from), "{from}");
        open(&path, text.replacen(from, to, 1).as_bytes()).unwrap_err()
    };
    for (from, to) in [
        (r#""authenticated": true"#, r#""authenticated": 1"#),
        (r#""authenticated": true"#, r#""authenticated": null"#),
        (r#""key_size": 7"#, r#""key_size": 263"#),
        (r#""key_size": 7"#, r#""key_size": -7"#),
        (r#""key_size": 7"#, r#""key_size": 7.5"#),
        (r#""key_size": 7"#, r#""key_size": "7""#),
        (r#""last_use": 4294967295"#, r#""last_use": 4294967296"#),
        (r#""diversifier": 65535"#, r#""diversifier": 65536"#),
        (r#""database_hash": "ab"#, r#""database_hash": ""#),
        (r#""database_hash": "ab"#, r#""database_hash": "abab"#),
        (r#""database_hash": "ab"#, r#""database_hash": "ä"#),
        (r#""database_hash": "ab"#, r#""database_hash": "+b"#),
        (r#""database_hash": "#, r#""data_base_hash": "#),
        (r#""client_features": 7"#, r#""client_features": 7, "client_features": 7"#),
        (r#""client_features": 7"#, r#""client_features": 7, "more": 7"#),
        (r#""client_features": 7,"#, ""),
        (r#""bonds": ["#, r#""more": [], "bonds": ["#),
    ] {
        let what = refused(from, to);
        assert!(what.contains("line ") && !what.contains("abab"), "{what}");
    }
    assert!(refused(r#""version": 1"#, r#""version": 2"#).contains("version 2"));
    assert!(refused(r#""version": 1"#, r#""version": 18446744073709551615"#).contains("version 18446744073709551615"));
    assert!(refused("jelling-bonds", "somebody's-bonds").contains("not one of bonds"));
    assert!(refused(r#""client_features": 7"#, r#""client_features": 6"#).contains("checksum"));
    // A later version may have any fields, and says so first.
    let what = open(&path, br#"{"format":"jelling-bonds","version":7,"something":[1,2]}"#).unwrap_err();
    assert!(what.contains("version 7"), "{what}");
    for other in ["", " ", "[]", "{}", "null", "\u{feff}", "bonds", r#"{"format":"jelling-bonds"}"#] {
        assert!(open(&path, other.as_bytes()).is_err(), "{other}");
    }
    assert!(open(&path, &[0xff; 100]).is_err());
    assert!(open(&path, &"[".repeat(100_000).into_bytes()).is_err());
}
