//! A file of bonds on the disk of a PC: what is in it, who may read it, who has it open, and where it goes when it is damaged.
#![cfg(unix)]
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

use embassy_futures::block_on;
use jelling::{Bond, security::Record};
use jelling_bonds::{BondStore, Contents, Error, JsonFile, Memory};
use std::{
    fs,
    os::unix::fs::{PermissionsExt, symlink},
    path::Path,
};
use support::{bare, filled, folder, identity, random, whole};

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn loaded(store: &mut impl BondStore<Error: core::fmt::Debug>) -> Vec<Record> {
    let mut records = vec![];
    block_on(store.load(&mut |record| records.push(record))).unwrap();
    records
}

#[test]
fn what_was_saved_is_found_again() {
    let folder = folder();
    // Its folder is made too.
    let path = folder.path().join("a/b/bonds.json");
    let mut file = JsonFile::open(&path).unwrap();
    assert_eq!((file.contents(), file.path()), (&Contents::default(), path.as_path()));
    assert!(!path.exists(), "nothing is written before there is something to keep");
    assert_eq!(JsonFile::peek(&path).unwrap(), Contents::default());
    assert_eq!(loaded(&mut file), []);
    drop(file);
    drop(filled(&path));
    let mut file = JsonFile::open(&path).unwrap();
    let all = [Record::Identity(identity()), Record::Bond(whole(1)), Record::Bond(bare())];
    assert_eq!(loaded(&mut file), all);
    assert_eq!(file.list(), [whole(1), bare()]);
    // One bond for each peer; the other stays where it is.
    let mut again = whole(1);
    again.key_size = 16;
    block_on(file.save(&again)).unwrap();
    block_on(file.remove(random(99))).unwrap();
    assert_eq!(JsonFile::peek(&path).unwrap().bonds, [again, bare()]);
    assert!(file.forget(random(1)).unwrap());
    assert!(!file.forget(random(1)).unwrap());
    assert_eq!(JsonFile::peek(&path).unwrap(), Contents { identity: Some(identity()), bonds: vec![bare()] });
    block_on(file.remove(bare().peer)).unwrap();
    assert_eq!(JsonFile::peek(&path).unwrap(), Contents { identity: Some(identity()), bonds: vec![] });
    assert_eq!(names(&folder.path().join("a/b")), ["bonds.json", "bonds.json.lock"]);
}

#[test]
fn the_text_is_what_it_always_was() {
    let folder = folder();
    let path = folder.path().join("bonds.json");
    let mut file = JsonFile::open(&path).unwrap();
    block_on(file.save_identity(&identity())).unwrap();
    let mut bond: Bond = whole(1);
    (bond.own_signing, bond.peer_signing, bond.central_key) = (None, None, None);
    block_on(file.save(&bond)).unwrap();
    // Octets in the order of the air, addresses as they are written.
    let expected = r#"{
  "format": "jelling-bonds",
  "version": 1,
  "checksum": "500871aa",
  "records": {
    "identity": {
      "address": "c6:55:44:33:22:0f/random",
      "identity_key": "999a9b9c9d9e9fa0a1a2a3a4a5a6a7a8"
    },
    "bonds": [
      {
        "peer": "c6:55:44:33:22:01/random",
        "authenticated": true,
        "secure_connections": false,
        "key_size": 7,
        "peripheral_key": {
          "key": "22232425262728292a2b2c2d2e2f3031",
          "diversifier": 65535,
          "random": "ffffffffffffffff"
        },
        "identity_key": "333435363738393a3b3c3d3e3f404142",
        "client_features": 7,
        "database_hash": "abababababababababababababababab",
        "subscriptions": [
          {
            "handle": 9,
            "notify": false,
            "indicate": true
          },
          {
            "handle": 19,
            "notify": true,
            "indicate": false
          },
          {
            "handle": 65535,
            "notify": true,
            "indicate": true
          }
        ],
        "last_use": 4294967295
      }
    ]
  }
}
"#;
    let text = file.export().unwrap();
    assert_eq!(text, expected);
    // It is a file of bonds wherever it is put.
    let other = folder.path().join("other.json");
    fs::write(&other, &text).unwrap();
    assert_eq!(JsonFile::open(other).unwrap().contents(), file.contents());
}

#[test]
fn nobody_else_may_read_it() {
    let folder = folder();
    let path = folder.path().join("bonds.json");
    let text = filled(&path).export().unwrap();
    assert_eq!((mode(&path), mode(&folder.path().join("bonds.json.lock"))), (0o600, 0o600));
    // One that others can read is closed as it is opened, before anything is saved.
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    let mut file = JsonFile::open(&path).unwrap();
    assert_eq!(mode(&path), 0o600);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).unwrap();
    assert!(file.forget(random(1)).unwrap());
    assert_eq!(mode(&path), 0o600);
    drop(file);
    // The keys in one that is damaged are keys.
    fs::write(&path, &text[1..]).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    assert!(JsonFile::open(&path).is_err());
    assert_eq!(mode(&folder.path().join("bonds.json.damaged")), 0o600);
}

#[test]
fn one_that_is_damaged_is_kept_and_the_next_begins_anew() {
    let folder = folder();
    let path = folder.path().join("bonds.json");
    for number in 1..=3 {
        fs::write(&path, format!("damaged {number}")).unwrap();
        let error = JsonFile::open(&path).unwrap_err();
        assert!(matches!(error, Error::Damaged { .. }), "{error}");
        // Now there is none.
        drop(filled(&path));
    }
    let kept = ["bonds.json.damaged", "bonds.json.damaged-2", "bonds.json.damaged-3"];
    for (number, name) in (1..).zip(kept) {
        assert_eq!(fs::read_to_string(folder.path().join(name)).unwrap(), format!("damaged {number}"));
    }
    assert_eq!(names(folder.path()), [&["bonds.json"], &kept[..], &["bonds.json.lock"]].concat());
    assert_eq!(JsonFile::open(&path).unwrap().list().len(), 2);
    // What cannot be kept aside stays, and is said.
    fs::write(&path, "damaged").unwrap();
    fs::remove_file(folder.path().join("bonds.json.damaged")).unwrap();
    symlink("/nowhere/at/all", folder.path().join("bonds.json.damaged")).unwrap();
    assert!(matches!(JsonFile::open(&path), Err(Error::Damaged { .. })));
    assert_eq!(fs::read_to_string(folder.path().join("bonds.json.damaged-4")).unwrap(), "damaged");
}

#[test]
fn one_program_has_it_open() {
    let folder = folder();
    let path = folder.path().join("bonds.json");
    let mut file = filled(&path);
    let error = JsonFile::open(&path).unwrap_err();
    assert!(matches!(&error, Error::InUse { .. }) && error.to_string().contains("bonds.json"), "{error}");
    // By whatever name.
    let link = folder.path().join("link.json");
    symlink(&path, &link).unwrap();
    assert!(matches!(JsonFile::open(&link), Err(Error::InUse { .. })));
    // Who only looks may, and the one that has it goes on.
    assert_eq!(JsonFile::peek(&link).unwrap().bonds.len(), 2);
    assert!(file.forget(random(1)).unwrap());
    drop(file);
    let mut file = JsonFile::open(&link).unwrap();
    assert!(file.forget(bare().peer).unwrap());
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink(), "a link stays one");
    assert_eq!(JsonFile::peek(&path).unwrap().bonds, []);
}

#[test]
fn what_the_file_system_refuses_is_a_sentence() {
    let folder = folder();
    let below = folder.path().join("file");
    fs::write(&below, "").unwrap();
    for path in [below.join("bonds.json"), folder.path().to_owned()] {
        let error = JsonFile::open(&path).unwrap_err();
        assert!(matches!(&error, Error::Io { .. }), "{error}");
        let said = error.to_string();
        assert!(said.contains(path.to_str().unwrap()) && said.contains("could not "), "{said}");
    }
    assert_eq!(names(folder.path()).iter().filter(|name| name.contains("damaged")).count(), 0);
}

#[test]
fn memory_keeps_as_a_file_does() {
    let mut memory = Memory::new();
    block_on(async {
        memory.save(&whole(1)).await.unwrap();
        memory.save(&bare()).await.unwrap();
        memory.save(&whole(1)).await.unwrap();
        memory.save_identity(&identity()).await.unwrap();
        memory.remove(bare().peer).await.unwrap();
    });
    assert_eq!(loaded(&mut memory), [Record::Identity(identity()), Record::Bond(whole(1))]);
    assert_eq!(memory.writes, 5);
}
