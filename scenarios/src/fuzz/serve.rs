//! The file of `jelling serve`: a mistake is told with its line; what is accepted is a table.

use super::plant;
use jelling::{Config, Gatt, Links, Pool, Resources, ScanSlots, Tasks};
use jelling_cli::file::File;
use std::{cell::RefCell, path::Path};

type Memory = Resources<Links<2, 64>, Gatt<64, 4_096>, Pool<128, 32>, ScanSlots<1>, Tasks<4>>;

const NAME: &str = "thermo.toml";

thread_local! {
    /// One host's memory for all files: what one left behind the next one meets.
    static MEMORY: RefCell<Box<Memory>> = RefCell::new(Box::new(Resources::new()));
}

/// Any text.
pub fn serve(octets: &[u8]) {
    let text = String::from_utf8_lossy(octets);
    let lines = text.bytes().filter(|octet| *octet == b'\n').count() + 1;
    let file = match File::parse(Path::new(NAME), text.clone().into_owned()) {
        Ok(file) => file,
        Err(error) => return tells_its_line(&error.to_string(), lines),
    };
    MEMORY.with_borrow_mut(|memory| {
        let (host, _) = jelling::new(memory, Config::default());
        let served = match file.register(host) {
            Ok(served) => served,
            Err(error) if error.is::<jelling::Error>() => return,
            Err(error) => return tells_its_line(&error.to_string(), lines),
        };
        let mut handles: Vec<u16> = served.iter().map(|one| one.handle).collect();
        assert!(handles.is_sorted() && !handles.contains(&0), "{handles:x?}");
        plant(handles.last().is_some_and(|last| *last > 50));
        handles.dedup();
        assert_eq!(handles.len(), served.len(), "two values at one handle");
        for one in &served {
            let mut value = [0; 512];
            assert!(one.characteristic.read_into(&mut value).is_ok(), "{:04x} has no value", one.handle);
        }
        let again = file.register(host).map(|served| served.len());
        assert!(again.is_ok_and(|again| again == served.len()), "the table does not take its own place");
    });
}

/// A message is `file:line: what is wrong`.
fn tells_its_line(message: &str, lines: usize) {
    let rest = message.strip_prefix(NAME).and_then(|rest| rest.strip_prefix(':'));
    let told = rest.and_then(|rest| rest.split_once(": ")).and_then(|(line, what)| Some((line.parse().ok()?, what)));
    let told = told.is_some_and(|(line, what): (usize, _)| (1..=lines).contains(&line) && !what.is_empty());
    assert!(told, "{message:?} of {lines} lines");
}
