//! The table of sizes, as README has it.

use super::Size;
use anyhow::{Context, Result, ensure};
use std::collections::BTreeMap;

const README: &str = "README.md";
const BEGIN: &str = "<!-- cargo xtask sizes --record writes this -->\n";
const END: &str = "<!-- to here -->";

/// Ours in their order, each with theirs beside it, then what only they have.
pub(super) fn rows<const N: usize, const M: usize>(
    names: [&str; N],
    peers: [&str; M],
    ours: &BTreeMap<String, Size>,
    theirs: &BTreeMap<String, Size>,
) -> Vec<String> {
    let mut rows = vec![
        "| | jelling: flash | RAM | futures | stack | RAM, stack | trouble-host: flash | RAM | futures | stack | RAM, stack |"
            .to_owned(),
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |".to_owned(),
    ];
    let alone = peers.into_iter().filter(|name| !ours.contains_key(*name));
    for name in names.into_iter().chain(alone) {
        rows.push(format!("| {name} | {} | {} |", cells(ours.get(name)), cells(theirs.get(name))));
    }
    rows
}

fn cells(size: Option<&Size>) -> String {
    let Some(size) = size else { return [""; 5].join(" | ") };
    let sum = size.stack.map(|stack| stack + size.ram);
    let figures = [Some(size.flash), Some(size.ram), Some(size.futures), size.stack, sum];
    figures.map(|figure| figure.map(thousands).unwrap_or_default()).join(" | ")
}

fn thousands(number: u64) -> String {
    match number / 1000 {
        0 => number.to_string(),
        more => format!("{},{:03}", thousands(more), number % 1000),
    }
}

/// README before the table, in it and after it.
fn parts(text: &str) -> Result<(&str, &str, &str)> {
    let (before, rest) = text.split_once(BEGIN).context("README.md has no place for the sizes")?;
    let (table, after) = rest.split_once(END).context("README.md has no end of the sizes")?;
    Ok((before, table, after))
}

/// Puts the table into README.
pub(super) fn record(rows: &[String]) -> Result<()> {
    let text = std::fs::read_to_string(README)?;
    let (before, _, after) = parts(&text)?;
    Ok(std::fs::write(README, format!("{before}{BEGIN}{}\n{END}{after}", rows.join("\n")))?)
}

/// Wants README to have this table.
pub(super) fn check(rows: &[String]) -> Result<()> {
    let text = std::fs::read_to_string(README)?;
    ensure!(
        parts(&text)?.1.lines().eq(rows.iter().map(String::as_str)),
        "README.md has other sizes than sizes.toml: `cargo xtask sizes --record` writes both"
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::thousands;

    #[test]
    fn numbers_have_commas() {
        assert_eq!([0, 999, 1000, 1_234_567].map(thousands), ["0", "999", "1,000", "1,234,567"]);
    }
}
