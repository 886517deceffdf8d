//! `completions` and `man`.

#![allow(missing_docs, reason = "tests")]

mod common;

use common::{run, told};
use std::collections::BTreeSet;

/// The commands that the help lists, and those below `bonds` and `l2cap` with its name before theirs.
fn commands() -> BTreeSet<String> {
    let below = ["bonds", "l2cap"].into_iter();
    let below =
        below.flat_map(|above| listed(&[above, "--help"]).into_iter().map(move |name| format!("{above}-{name}")));
    listed(&["--help"]).into_iter().chain(below).collect()
}

fn listed(help: &[&str]) -> BTreeSet<String> {
    let (_, help, _) = told(&run(help));
    let list = help.split_once("Commands:\n").unwrap().1.split_once("\n\n").unwrap().0;
    list.lines().map(|line| line.split_whitespace().next().unwrap().to_owned()).filter(|name| name != "help").collect()
}

#[test]
fn every_shell_gets_completions_of_every_command() {
    let commands = commands();
    assert!(commands.contains("replay") && commands.len() > 10, "{commands:?}");
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let (code, script, error) = told(&run(&["completions", shell]));
        assert_eq!((code, &*error), (Some(0), ""));
        for command in &commands {
            let name = command.rsplit('-').next().unwrap();
            assert!(script.contains(name), "{command} for {shell}");
        }
    }
    assert_eq!(run(&["completions", "dos"]).status.code(), Some(2));
}

#[test]
fn every_command_has_a_page() {
    let (code, page, error) = told(&run(&["man"]));
    assert_eq!((code, &*error), (Some(0), ""));
    assert!(page.contains(".TH jelling 1"), "{page}");
    let directory = tempfile::tempdir().unwrap();
    let inside = directory.path().join("man");
    let (code, out, error) = told(&run(&["man", "--output", inside.to_str().unwrap()]));
    assert_eq!((code, &*out, &*error), (Some(0), "", ""));
    let pages = std::fs::read_dir(&inside).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let names = commands().into_iter().map(|command| format!("jelling-{command}.1"));
    assert_eq!(pages.collect::<BTreeSet<_>>(), names.chain(["jelling.1".into()]).collect());
    let scan = std::fs::read_to_string(inside.join("jelling-scan.1")).unwrap();
    assert!(scan.contains("jelling\\-scan") && scan.contains("Example"), "{scan}");
    let file = inside.join("jelling.1/x");
    let (code, _, error) = told(&run(&["man", "--output", file.to_str().unwrap()]));
    assert_eq!(code, Some(1));
    assert!(error.starts_with("jelling: no pages can be written to "), "{error}");
}
