//! The file of `jelling serve`: a mistake is told with its line; what is accepted is a table.

use super::plant;
use jelling::{Bonds, Config, Gatt, Links, Pool, Resources, ScanSlots, Tasks};
use jelling_cli::file::File;
use std::{cell::RefCell, path::Path};

type Memory = Resources<Links<2, 64>, Gatt<64, 4_096>, Pool<128, 32>, ScanSlots<1>, Bonds<1>, Tasks<4>>;

const NAME: &str = "thermo.toml";

thread_local! {
    /// One host's memory for all files: what one left behind the next one meets.
    static MEMORY: RefCell<Box<Memory>> = RefCell::new(Box::new(Resources::new()));
}

/// What files are made of; `#` is a number and `$` an octet in hex, which the input tells.
const LINES: [&str; 32] = [
    "[[service]]\nuuid = \"18$\"",
    "[[service]]\nuuid = \"6e4000$-b5a3-f393-e0a9-e50e24dcca9e\"",
    "primary = false",
    "handle = #",
    "end_handle = #",
    "[[service.include]]\nservice = #",
    "[[service.characteristic]]\nuuid = \"2a$\"",
    "[[service.characteristic]]\nuuid = \"6e4000$-b5a3-f393-e0a9-e50e24dcca9e\"",
    "properties = [\"read\"]",
    "properties = [\"read\", \"write\", \"write_without_response\"]",
    "properties = [\"notify\", \"indicate\"]",
    "properties = [\"broadcast\", \"signed_write\", \"extended\"]",
    "permissions = []",
    "permissions = [\"read\"]",
    "permissions = [\"read\", \"write\"]",
    "permissions = [\"write_encrypted\"]",
    "key_size = #",
    "value_handle = #",
    "value = \"$$\"",
    "value = \"$\"",
    "text = \"a\"",
    "max_length = #",
    "variable = true",
    "[[service.characteristic.descriptor]]\nuuid = \"29$\"",
    "[[service.characteristic.descriptor]]\nuuid = \"2902\"",
    "name = \"thermo\"",
    "appearance = #",
    "default_services = false",
    "mtu = #",
    "advertise = { interval_ms = #, services = [\"18$\"] }",
    "",
    "max_length = #00",
];

/// Octets of a composed file, about.
const LONGEST: usize = 1_500;

/// A file of lines, each an octet and those of its holes.
fn compose(octets: &[u8]) -> String {
    let (mut octets, mut text) = (octets.iter().copied(), String::new());
    while let Some(line) = octets.next().filter(|_| text.len() < LONGEST) {
        for part in LINES[usize::from(line) % LINES.len()].chars() {
            match part {
                '#' => text += &octets.next().unwrap_or(0).to_string(),
                '$' => text += &format!("{:02x}", octets.next().unwrap_or(0)),
                other => text.push(other),
            }
        }
        text.push('\n');
    }
    text
}

/// Any text; behind an octet that no text begins with, lines.
pub fn serve(octets: &[u8]) {
    let text = match octets.split_first() {
        Some((0xff, lines)) => compose(lines),
        _ => String::from_utf8_lossy(octets).into_owned(),
    };
    let lines = text.bytes().filter(|octet| *octet == b'\n').count() + 1;
    let file = match File::parse(Path::new(NAME), text) {
        Ok(file) => file,
        Err(error) => {
            let message = error.to_string();
            plant(message.ends_with("max_length is 0 to 512"));
            return tells_its_line(&message, lines);
        }
    };
    MEMORY.with_borrow_mut(|memory| {
        let (host, _) = jelling::new(memory, Config::default());
        let used = || (host.pools().queues.used, host.pools().blocks.used);
        let before = used();
        let served = match file.register(host, None) {
            Ok(served) => served,
            Err(error) => {
                assert_eq!(used(), before, "a table that is refused keeps something");
                // What is wrong with the host alone stands in no line.
                if !error.is::<jelling::Error>() {
                    tells_its_line(&error.to_string(), lines);
                }
                return;
            }
        };
        let mut handles: Vec<u16> = served.characteristics.iter().map(|one| one.handle).collect();
        assert!(handles.is_sorted() && !handles.contains(&0), "{handles:x?}");
        handles.dedup();
        assert_eq!(handles.len(), served.characteristics.len(), "two values at one handle");
        for one in &served.characteristics {
            let mut value = [0; 512];
            assert!(one.characteristic.read_into(&mut value).is_ok(), "{:04x} has no value", one.handle);
        }
        // It takes its own place, where there is room for both.
        let before = used();
        match file.register(host, None) {
            Ok(again) => assert_eq!(again.characteristics.len(), served.characteristics.len()),
            Err(error) => assert!(error.to_string().contains("no room "), "{error:#}"),
        }
        assert_eq!(used(), before, "the same table in its own place");
    });
}

/// A message is `file:line: what is wrong`.
fn tells_its_line(message: &str, lines: usize) {
    let rest = message.strip_prefix(NAME).and_then(|rest| rest.strip_prefix(':'));
    let told = rest.and_then(|rest| rest.split_once(": ")).and_then(|(line, what)| Some((line.parse().ok()?, what)));
    let told = told.is_some_and(|(line, what): (usize, _)| (1..=lines).contains(&line) && !what.is_empty());
    assert!(told, "{message:?} of {lines} lines");
}
