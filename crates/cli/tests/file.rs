//! The file of `serve`: what is wrong in it is told with its line.

#![allow(missing_docs, reason = "tests")]

use jelling::{Config, Resources};
use jelling_cli::file::File;
use std::path::Path;

fn mistake(text: &str) -> String {
    let file = match File::parse(Path::new("a.toml"), text.into()) {
        Ok(file) => file,
        Err(error) => return error.to_string(),
    };
    let mut memory = Resources::<jelling::Links>::new();
    let (host, _) = jelling::new(&mut memory, Config::default());
    file.register(host).unwrap_err().to_string()
}

#[test]
fn a_value_longer_than_values_are_is_a_mistake_and_takes_no_memory() {
    for length in ["513", "9_000_000_000_000_000"] {
        let text = format!(
            "[[service]]\nuuid = \"1815\"\n[[service.characteristic]]\nuuid = \"2a56\"\nmax_length = {length}\n"
        );
        assert_eq!(mistake(&text), "a.toml:3: the value is too long", "{length}");
    }
}
