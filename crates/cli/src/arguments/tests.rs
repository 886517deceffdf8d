//! The help of every command ends with an example, and the example is right.

use super::Arguments;
use clap::{CommandFactory, Parser};

#[test]
fn every_help_has_an_example_that_can_be_parsed() {
    let whole = Arguments::command();
    let all = std::iter::once(&whole).chain(whole.get_subcommands());
    let mut seen = 0;
    for command in all {
        let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
        let examples: Vec<&str> = help.lines().filter_map(|line| line.strip_prefix("Example: ")).collect();
        assert!(!examples.is_empty(), "{} has no example", command.get_name());
        for example in examples {
            let words: Vec<&str> = example.split_whitespace().collect();
            assert_eq!(words.first(), Some(&"jelling"));
            let own = command.get_name() == "jelling" || words.contains(&command.get_name());
            assert!(own, "{example:?} is not of {}", command.get_name());
            if let Err(error) = Arguments::try_parse_from(words) {
                panic!("{example:?}: {error}");
            }
            seen += 1;
        }
    }
    assert!(seen > 10);
}
