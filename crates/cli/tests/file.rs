//! The file of `serve`: what is wrong in it is told with its line and with what was expected.

#![allow(missing_docs, reason = "tests")]

use jelling::{Config, Resources};
use jelling_cli::file::File;
use std::path::Path;

fn register(text: &str) -> anyhow::Result<()> {
    let file = File::parse(Path::new("a.toml"), text.into())?;
    let mut memory = Resources::<jelling::Links, jelling::Gatt<64, 2_048>>::new();
    let (host, _) = jelling::new(&mut memory, Config::default());
    file.register(host, None).map(|_| ())
}

fn mistake(text: &str) -> String {
    register(text).expect_err(text).to_string()
}

/// A service of one characteristic, whose fields are these.
fn characteristic(fields: &str) -> String {
    format!("[[service]]\nuuid = \"1815\"\n[[service.characteristic]]\nuuid = \"2a56\"\n{fields}\n")
}

#[test]
fn a_field_says_what_it_expects() {
    for (text, told) in [
        ("mtu = 22", "1: mtu is 23 to 517"),
        ("\nmtu = 518", "2: mtu is 23 to 517"),
        ("appearance = 65536", "1: appearance is 0 to 65535"),
        ("advertise = { interval_ms = 19 }", "1: interval_ms is 20 to 10240"),
        ("advertise = { interval_ms = 10241 }", "1: interval_ms is 20 to 10240"),
        ("name = 5", "1: invalid type: integer `5`, expected a string"),
        (
            "nome = \"x\"",
            "1: unknown field `nome`, expected one of `name`, `appearance`, `default_services`, `mtu`, `advertise`, `service`",
        ),
        ("[[service]]\nuuid = \"18\"", "2: \"18\" is not a UUID: expected 4 or 8 hex digits, or 128 bits with dashes"),
        ("[[service]]\nhandle = 1", "1: missing field `uuid`"),
        ("[[service]]\nuuid = \"1815\"\nhandle = 0", "3: a handle is 0x0001 to 0xffff"),
        ("[[service]]\nuuid = \"1815\"\nend_handle = 0x10000", "3: a handle is 0x0001 to 0xffff"),
    ] {
        assert_eq!(mistake(text), format!("a.toml:{told}"), "{text}");
    }
    for (fields, told) in [
        (
            "properties = [\"reed\"]",
            "\"reed\" is no property: expected one of broadcast read write_without_response write notify indicate signed_write extended",
        ),
        (
            "permissions = [\"read_encripted\"]",
            "\"read_encripted\" is no permission: expected one of read read_encrypted read_authenticated read_secure read_authorised write write_encrypted write_authenticated write_secure write_authorised",
        ),
        ("key_size = 6", "key_size is 7 to 16 octets"),
        ("key_size = 17", "key_size is 7 to 16 octets"),
        ("value = \"c40\"", "expected an even number of hex digits"),
        ("value_handle = 0", "a handle is 0x0001 to 0xffff"),
        ("max_length = 513", "max_length is 0 to 512"),
        ("max_length = 9_000_000_000_000_000", "max_length is 0 to 512"),
    ] {
        assert_eq!(mistake(&characteristic(fields)), format!("a.toml:5: {told}"), "{fields}");
    }
}

#[test]
fn a_value_fits_what_it_has_room_for() {
    for (fields, told) in [
        ("value = \"00\"\ntext = \"a\"", "6: expected value or text, not both"),
        ("max_length = 1\nvalue = \"0001\"", "6: the value has 2 octets: expected at most 1"),
        ("max_length = 1\nvariable = true\ntext = \"ab\"", "7: the value has 2 octets: expected at most 1"),
    ] {
        assert_eq!(mistake(&characteristic(fields)), format!("a.toml:{told}"), "{fields}");
    }
    let long = |octets: usize| characteristic(&format!("value = \"{}\"", "00".repeat(octets)));
    assert_eq!(mistake(&long(513)), "a.toml:5: the value has 513 octets: expected at most 512");
    register(&long(512)).unwrap();
}

#[test]
fn a_declaration_is_no_value() {
    let text = characteristic("[[service.characteristic.descriptor]]\nuuid = \"2803\"");
    let told = "2803 declares services, includes and characteristics: expected another UUID";
    assert_eq!(mistake(&text), format!("a.toml:6: {told}"));
    assert_eq!(
        mistake(&characteristic("").replace("2a56", "2800")),
        format!("a.toml:4: {}", told.replace("2803", "2800"))
    );
}

#[test]
fn handles_ascend_and_stay_in_their_service() {
    const SERVICE: &str = "default_services = false\n[[service]]\nuuid = \"1815\"\nhandle = 0x10\n";
    for (rest, told) in [
        ("end_handle = 0x0f", "2: end_handle 0x000f is below the service's handle 0x0010"),
        (
            "[[service.characteristic]]\nuuid = \"2a56\"\nhandle = 0x10",
            "5: handle 0x0010 is taken: expected one above 0x0010, handles ascend",
        ),
        (
            "[[service.characteristic]]\nuuid = \"2a56\"\nhandle = 0x12\nvalue_handle = 0x11",
            "5: handle 0x0011 is taken: expected one above 0x0012, handles ascend",
        ),
        (
            "end_handle = 0x12\n[[service.characteristic]]\nuuid = \"2a56\"\n[[service.characteristic.descriptor]]\nuuid = \"2901\"",
            "8: handle 0x0013 is beyond the service's end_handle 0x0012",
        ),
        (
            "end_handle = 0x20\n[[service]]\nuuid = \"1815\"\nhandle = 0x20",
            "6: handle 0x0020 is taken: expected one above 0x0020, handles ascend",
        ),
        (
            "[[service]]\nuuid = \"1815\"\nhandle = 0xffff\n[[service]]\nuuid = \"1815\"",
            "8: no handle is left: the one before is 0xffff",
        ),
        (
            "[[service.include]]\nservice = 0x30",
            "5: no service of the file begins at 0x0030: expected the handle of one",
        ),
        ("[[service.include]]\nservice = 0", "6: a handle is 0x0001 to 0xffff"),
    ] {
        assert_eq!(mistake(&format!("{SERVICE}{rest}\n")), format!("a.toml:{told}"), "{rest}");
    }
}

#[test]
fn default_services_have_the_first_handles() {
    let service = "[[service]]\nuuid = \"1815\"\nhandle = 1\n";
    let told = "the handle is taken: default_services has the first ones, expected a higher handle or default_services = false";
    assert_eq!(mistake(service), format!("a.toml:1: {told}"));
    register(&format!("default_services = false\n{service}")).unwrap();
    register(&service.replace("= 1\n", "= 0x0010\n")).unwrap();
}

#[test]
fn what_is_advertised_has_room_in_two_packets() {
    let told = "name, appearance and advertised services do not fit twice 31 octets: expected a shorter name or fewer services";
    let name = |octets: usize| format!("appearance = 1\nname = \"{}\"\n", "n".repeat(octets));
    register(&name(29)).unwrap();
    assert_eq!(mistake(&name(30)), format!("a.toml:2: {told}"));
    let uuids = ["\"6e400001-b5a3-f393-e0a9-e50e24dcca9e\""; 3].join(", ");
    assert_eq!(mistake(&format!("\n\nadvertise = {{ services = [{uuids}] }}")), format!("a.toml:3: {told}"));
}

#[test]
fn a_table_that_is_too_large_is_a_mistake_where_it_ends() {
    let values =
        characteristic("variable = true") + &"[[service.characteristic]]\nuuid = \"2a56\"\nvariable = true\n".repeat(4);
    let told = mistake(&values);
    assert!(
        told.starts_with("a.toml:12: no room in the table: expected values of at most 65,000 octets together"),
        "{told}"
    );
    let attributes = "[[service]]\nuuid = \"1815\"\n".repeat(70);
    let told = mistake(&format!("default_services = false\n{attributes}"));
    let line =
        told.strip_prefix("a.toml:").unwrap().strip_suffix(": no room in the table: expected at most 8,192 attributes");
    // The services of the stack are there until others are in force.
    assert!((90..130).contains(&line.unwrap().parse::<usize>().unwrap()), "{told}");
}

#[test]
fn the_documented_file_is_a_table() {
    let page = include_str!("../../../docs/serve.md");
    register(page.split_once("```toml\n").unwrap().1.split_once("```").unwrap().0).unwrap();
    let help = include_str!("../src/arguments/help.rs").split_once("const SERVE").unwrap().1;
    let help = help.split_once("pub(super)").unwrap().0;
    let example: String =
        help.lines().filter_map(|line| line.strip_prefix("  ")).map(|line| line.replace("\\\"", "\"") + "\n").collect();
    assert!(example.contains("[[service]]"), "{example}");
    register(&example).unwrap();
}
