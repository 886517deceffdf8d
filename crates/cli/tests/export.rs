//! `explore --export`: what it writes is served as the same table.

#![allow(missing_docs, reason = "tests")]

mod common;

use common::{Running, run, spec, start, told};
use rustix::process::Signal;
use serde_json::Value;
use std::{collections::BTreeSet, fs, path::Path, sync::LazyLock};

const DATABASE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../interop/database.toml");

/// What `explore` prints of a file that is being served, and what it exports. The server is then replayed.
fn explored(sim: &mut Running, file: &Path) -> (Value, String) {
    let ports = sim.ports();
    let directory = tempfile::tempdir().unwrap();
    let (file, snoop) = (file.to_str().unwrap(), directory.path().join("serve.btsnoop"));
    let snoop = snoop.to_str().unwrap();
    let mut server = start(&["-t", &spec(ports[0]), "--snoop", snoop, "serve", file, "--json"]);
    let ready: Value = serde_json::from_str(&server.prints("ready")).unwrap();
    let peer = format!("{}/public", ready["address"].as_str().unwrap());
    let export = directory.path().join("export.toml");
    let to = ["-t", &*spec(ports[1]), "--json", "explore", &*peer, "--export", export.to_str().unwrap()];
    let (code, table, error) = told(&run(&to));
    assert_eq!((code, &*error), (Some(0), ""));
    server.signal(Signal::TERM);
    assert_eq!(server.end(), (Some(0), String::new()));
    let (_, replayed, _) = told(&run(&["--json", "replay", snoop, "--serve", file]));
    assert!(replayed.contains("\"difference\":null"), "{replayed}");
    (serde_json::from_str(&table).unwrap(), fs::read_to_string(export).unwrap())
}

/// The database, explored once for all tests.
fn database() -> &'static (Value, String) {
    static EXPLORED: LazyLock<(Value, String)> = LazyLock::new(|| explored(&mut sim(), Path::new(DATABASE)));
    &EXPLORED
}

fn sim() -> Running {
    start(&["sim", "--tcp", "0", "0", "--json"])
}

/// Numbers and strings of a kind, anywhere in the table.
fn all<'v>(value: &'v Value, key: &str, found: &mut Vec<&'v Value>) {
    match value {
        Value::Array(list) => list.iter().for_each(|one| all(one, key, found)),
        Value::Object(fields) => {
            found.extend(fields.get(key));
            fields.values().for_each(|one| all(one, key, found));
        }
        _ => {}
    }
}

fn the<'v>(table: &'v Value, key: &str) -> Vec<&'v Value> {
    let mut found = vec![];
    all(table, key, &mut found);
    found
}

#[test]
fn an_exported_table_is_served_and_exported_again_octet_for_octet() {
    let (table, first) = database();
    let directory = tempfile::tempdir().unwrap();
    let copy = directory.path().join("copy.toml");
    fs::write(&copy, first).unwrap();
    let (again, second) = explored(&mut sim(), &copy);
    assert_eq!(*first, second);
    assert_eq!(*table, again);
}

#[test]
fn an_export_has_every_handle_of_the_table() {
    let original = fs::read_to_string(DATABASE).unwrap();
    let (table, export) = database();
    let parsed = |text: &str| -> Value { serde_json::to_value(toml::from_str::<toml::Table>(text).unwrap()).unwrap() };
    let (original, export_value) = (parsed(&original), parsed(export));
    assert_eq!(export_value["default_services"], Value::Bool(false));
    for key in ["handle", "uuid"] {
        assert_eq!(the(&original["service"], key), the(&export_value["service"], key), "{key}");
    }
    // The file leaves out what is the next handle or the last attribute.
    for (key, least) in [("value_handle", 22), ("end_handle", 9)] {
        let stated: BTreeSet<String> = the(&original["service"], key).iter().map(ToString::to_string).collect();
        let exported: BTreeSet<String> = the(&export_value["service"], key).iter().map(ToString::to_string).collect();
        assert!(stated.is_subset(&exported) && exported.len() >= least, "{key}: {stated:?} {exported:?}");
    }
    let includes = the(&export_value["service"], "include").into_iter().flat_map(|include| the(include, "service"));
    let services: Vec<u64> = includes.filter_map(Value::as_u64).collect();
    assert_eq!(services, [0x100, 0x300, 1, 0x200, 0x50]);
    let attributes =
        the(&export_value["service"], "handle").len() + the(&export_value["service"], "value_handle").len();
    assert!(attributes >= 60, "{attributes}");
    assert_eq!(the(table, "primary").iter().filter(|primary| ***primary == Value::Bool(false)).count(), 4);
    assert_eq!(table["services"][8]["end_handle"], 0xffff);
}

#[test]
fn what_a_peer_keeps_back_is_null_and_its_permissions_are_told_as_far_as_they_show() {
    let (table, export) = database();
    let service = table["services"].as_array().unwrap().iter().find(|service| service["handle"] == 0x200).unwrap();
    let values = service["characteristics"].as_array().unwrap().iter().map(|one| one["value"].as_str());
    assert_eq!(values.collect::<Vec<_>>(), [None, None, None, None, Some("61"), Some("60")]);
    assert_eq!(service["characteristics"][0]["descriptors"][0]["value"], Value::Null);
    let lines_of = |handle: &str| -> Vec<&str> {
        let after = export.split_once(&format!("\nhandle = {handle}\n")).unwrap().1;
        after.lines().take_while(|line| !line.is_empty()).collect()
    };
    for (handle, lines) in [
        (
            "0x0210",
            &["value_handle = 0x0220", "permissions = [\"read_encrypted\", \"write_encrypted\"]", "variable = true"][..],
        ),
        ("0x0221", &["permissions = [\"read_encrypted\"]", "variable = true"]),
        ("0x0230", &["value_handle = 0x0231", "permissions = [\"read_encrypted\"]", "variable = true"]),
        ("0x0232", &[]),
        ("0x0233", &["value = \"2002\""]),
        ("0x0240", &["value_handle = 0x0241", "permissions = [\"read_authorised\"]", "variable = true"]),
        ("0x0250", &["value_handle = 0x0251", "permissions = []"]),
        (
            "0x0260",
            &["value_handle = 0x0261", "permissions = [\"read\", \"write\"]", "value = \"61\"", "variable = true"],
        ),
        ("0x0030", &["value_handle = 0x0031"]),
        // Writable Auxiliaries.
        ("0x002b", &["permissions = [\"read\", \"write\"]", "value = \"7072657373757265\"", "variable = true"]),
        ("0x0019", &["value = \"726f6f6d\""]),
        ("0xfffa", &["value_handle = 0xfffc", "value = \"\""]),
        ("0x0300", &["end_handle = 0x0300"]),
    ] {
        assert_eq!(lines_of(handle), lines, "{handle}");
    }
}

#[test]
fn the_last_handle_is_one_like_any_other() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("last.toml");
    for inside in [
        "[[service]]\nuuid = \"1815\"\nhandle = 0xffff\n",
        "[[service]]\nuuid = \"1815\"\nhandle = 0xfffd\n[[service.characteristic]]\nuuid = \"2a56\"\nvalue = \"07\"\nproperties = [\"read\"]\n",
    ] {
        fs::write(&path, format!("default_services = false\n{inside}")).unwrap();
        let (table, first) = explored(&mut sim(), &path);
        assert_eq!(table["services"][0]["end_handle"], 0xffff);
        fs::write(&path, &first).unwrap();
        assert_eq!(explored(&mut sim(), &path), (table, first));
    }
}

#[test]
fn a_file_that_cannot_be_written_is_an_error() {
    let file = "/nonexistent/export.toml";
    let (code, out, error) = told(&run(&["-t", "sim:", "explore", "00:00:5e:00:53:01/public", "--export", file]));
    assert_eq!((code, &*out), (Some(1), ""));
    assert_eq!(error, "jelling: cannot write /nonexistent/export.toml: No such file or directory\n");
}
