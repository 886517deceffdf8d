//! `docs/from-aioble.md` has a row for every name of aioble's reference (`names.txt`); each row's code stands in the block of
//! its section, which is a doctest of `examples/desktop`, and each row's tests exist.
#![allow(clippy::expect_used, clippy::panic, missing_docs, reason = "tests")]

use std::{collections::BTreeSet, fs, path::Path};

const PAGE: &str = include_str!("../../../../docs/from-aioble.md");
const NAMES: &str = include_str!("names.txt");

struct Row {
    name: String,
    here: String,
    tests: String,
}

/// The cells of a line of a table; a bar in code is escaped.
fn cells(line: &str) -> Vec<String> {
    let line = line.replace(r"\|", "\u{0}");
    let inner = line.strip_prefix('|').and_then(|l| l.strip_suffix('|')).unwrap_or_else(|| panic!("no row: {line}"));
    inner.split('|').map(|cell| cell.trim().replace('\u{0}', "|")).collect()
}

/// What stands in backquotes.
fn code(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}

/// The rows of a section, and its Rust, with single spaces.
fn section(text: &str) -> (Vec<Row>, String) {
    let mut rows = vec![];
    let mut rust = String::new();
    let mut fenced = false;
    for line in text.lines() {
        match line {
            "```rust" => fenced = true,
            "```" => fenced = false,
            line if fenced => rust.extend(line.split_whitespace().flat_map(|word| [word, " "])),
            line if line.starts_with("| `") => {
                let Ok([name, here, tests]) = <[String; 3]>::try_from(cells(line)) else {
                    panic!("not three cells: {line}")
                };
                let name = code(&name).first().map_or_else(String::new, |name| (*name).into());
                rows.push(Row { name, here, tests });
            }
            _ => {}
        }
    }
    (rows, rust)
}

/// Every section's rows and Rust.
fn sections() -> Vec<(Vec<Row>, String)> {
    PAGE.split("\n## ").skip(1).map(section).collect()
}

/// True where the file has a test of this name.
fn has_test(file: &str, name: &str) -> bool {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(file);
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let function = format!("fn {name}()");
    let mut is_test = false;
    text.lines().any(|line| {
        let found = is_test && line.contains(&function);
        is_test = line.trim() == "#[test]" || (is_test && line.trim_start().starts_with("#["));
        found
    })
}

#[test]
fn every_name_has_a_row() {
    let sections = sections();
    let rows: Vec<&str> = sections.iter().flat_map(|(rows, _)| rows).map(|row| &*row.name).collect();
    let there: BTreeSet<&str> = rows.iter().copied().collect();
    let wanted: BTreeSet<&str> = NAMES.lines().collect();
    let missing: Vec<_> = wanted.difference(&there).collect();
    let unknown: Vec<_> = there.difference(&wanted).collect();
    assert!(missing.is_empty() && unknown.is_empty(), "missing: {missing:#?}, unknown: {unknown:#?}");
    assert_eq!(rows.len(), NAMES.lines().count(), "a name has two rows");
}

#[test]
fn every_row_has_tests_that_exist() {
    for row in sections().iter().flat_map(|(rows, _)| rows) {
        let tests = code(&row.tests);
        assert!(!tests.is_empty(), "{} has no test", row.name);
        for test in tests {
            let (file, name) = test.split_once("::").unwrap_or_else(|| panic!("{}: {test} is no test", row.name));
            assert!(has_test(file, name), "{}: there is no test {test}", row.name);
        }
    }
}

#[test]
fn every_row_shows_code_that_is_compiled() {
    for (rows, rust) in sections() {
        for row in &rows {
            let lines = code(&row.here);
            assert!(!lines.is_empty(), "{} shows no code", row.name);
            for line in lines {
                assert!(rust.contains(line), "{}: `{line}` is not in the block of its section", row.name);
            }
        }
    }
}

/// The page is a doctest.
#[test]
fn the_blocks_are_compiled() {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/desktop/src/lib.rs");
    let text = fs::read_to_string(examples).expect("the examples are there");
    assert!(text.contains(r#"include_str!("../../../docs/from-aioble.md")"#));
    assert!(!PAGE.contains("```rust,") && PAGE.contains("```rust\n"), "a block that is ignored");
}
