//! `demo`, and what is written and told of its packets.

#![allow(missing_docs, reason = "tests")]

mod common;

use common::{run, told};
use jelling_transport::{Direction, btsnoop::Records};

#[test]
fn it_ends_with_a_last_line() {
    let (code, text, error) = told(&run(&["demo"]));
    assert_eq!((code, text.lines().last(), &*error), (Some(0), Some("demo ok"), ""));
    for word in ["scan", "connect", "discover", "notification"] {
        assert!(text.contains(word), "{word}: {text}");
    }
    let (code, json, _) = told(&run(&["demo", "--json"]));
    assert_eq!((code, json.lines().last()), (Some(0), Some("{\"event\":\"done\"}")));
}

#[test]
fn a_capture_holds_what_the_central_and_its_controller_said_in_the_time_of_the_story() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("demo.btsnoop");
    assert_eq!(run(&["demo", "--snoop", path.to_str().unwrap()]).status.code(), Some(0));
    let file = std::fs::read(path).unwrap();
    let records: Vec<_> = Records::parse(&file).unwrap().map(Result::unwrap).collect();
    // Reset and its answer; LE Create Connection; five notifications, each a second after the one before.
    assert_eq!(records[0].packet.data, [0x03, 0x0c, 0x00]);
    assert_eq!(records[1].direction, Direction::FromController);
    assert!(records.iter().any(|record| record.packet.data.starts_with(&[0x0d, 0x20])));
    let micros = records.last().unwrap().unix_micros - records[0].unix_micros;
    assert!((4_000_000..10_000_000).contains(&micros), "{micros}");
}

#[test]
fn a_capture_that_cannot_be_written_is_an_error() {
    let (code, out, error) = told(&run(&["demo", "--snoop", "/no/such/folder/file"]));
    let wanted = "jelling: cannot write the capture /no/such/folder/file: No such file or directory\n";
    assert_eq!((code, &*out, &*error), (Some(1), "", wanted));
}

#[test]
fn each_packet_is_told_if_somebody_wants_to_know() {
    let (code, _, error) = told(&run(&["demo", "-vv"]));
    assert_eq!(code, Some(0));
    assert!(error.contains("Reset") && error.contains("LE Create Connection"), "{error}");
}
