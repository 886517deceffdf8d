//! Stages that a shell plays: their names are what it does.

use super::{Stage, play_by, stage};
use std::{path::Path, process::Command};

fn play(lanes: &[&[Stage]]) -> Result<(), String> {
    play_by(Path::new("sh"), "-c", lanes).map_err(|error| format!("{error:#}"))
}

const fn does(command: &'static str) -> Stage {
    (command, || Ok(()))
}

#[test]
fn what_succeeds_in_every_lane_succeeds() {
    assert_eq!(play(&[&[does("true"), does("echo one")], &[does("echo two >&2")], &[]]), Ok(()));
}

#[test]
fn a_stage_that_fails_in_any_lane_is_named() {
    assert_eq!(play(&[&[does("exit 3")], &[does("true")]]), Err("failed: exit 3".into()));
    assert_eq!(play(&[&[does("true")], &[does("true"), does("kill $$")]]), Err("failed: kill $$".into()));
    assert_eq!(play(&[&[does("exit 1")], &[does("exit 2")]]).map_err(|e| e.contains("exit ")), Err(true));
}

#[test]
fn after_a_failure_nothing_begins() {
    // The second would be named too.
    assert_eq!(play(&[&[does("false"), does("exit 3")]]), Err("failed: false".into()));
}

#[test]
fn what_is_said_last_on_either_stream_is_kept() {
    let mut command = Command::new("sh");
    command.args(["-c", "echo first; echo why >&2; printf 'not a line'; exit 1"]);
    assert_eq!(stage("shell", &mut command).expect("it starts").as_deref(), Some("first\nwhy\nnot a line"));
    let mut command = Command::new("sh");
    command.args(["-c", "seq 1000; exit 1"]);
    let last = stage("shell", &mut command).expect("it starts").expect("it failed");
    assert!(last.ends_with("\n999\n1000") && !last.contains("\n100\n"), "{last}");
}

#[test]
fn a_program_that_is_not_there_is_a_failure() {
    let nowhere = play_by(Path::new("/nowhere"), "-c", &[&[does("true")]]);
    assert_eq!(nowhere.map_err(|error| error.to_string()), Err("failed: true".into()));
}
