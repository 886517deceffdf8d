//! The sizes of images for a Cortex-M4, kept in sizes.toml: ours by features, and trouble-host's in the same frame.

pub(crate) mod image;
mod symbols;
mod table;

use anyhow::{Context, Result, bail, ensure};
use image::{Image, Level, Stack};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

const SIZES: &str = "sizes.toml";
/// Growth that needs no word, in per mille.
const TOLERANCE: u64 = 20;

/// Octets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Size {
    /// .text, .rodata and .data.
    flash: u64,
    /// .data and .bss.
    ram: u64,
    /// Of the RAM, what the executor keeps the futures of its tasks in.
    futures: u64,
    /// The deepest stack while a peer connects, pairs, discovers, reads, writes and is notified; where that is played.
    stack: Option<u64>,
    /// .data alone: a host's memory is all zero at the start, so there is none.
    #[serde(skip)]
    data: u64,
}

/// Ours: names in the table, features, level.
const OURS: [(&str, &str, Level); 13] = [
    ("no host", "", Level::S),
    ("peripheral, server", "peripheral,server", Level::S),
    ("peripheral, server, security", "peripheral,server,security", Level::S),
    ("peripheral, server, security, opt z", "peripheral,server,security", Level::Z),
    ("peripheral, server, legacy pairing", "peripheral,server,legacy-pairing", Level::S),
    ("peripheral", "peripheral", Level::S),
    ("central, client", "central,client", Level::S),
    ("all", "central,client,peripheral,server,l2cap,security", Level::S),
    ("all, legacy pairing", "central,client,peripheral,server,l2cap,legacy-pairing", Level::S),
    ("without security", "central,client,peripheral,server,l2cap", Level::S),
    ("without l2cap", "central,client,peripheral,server,security", Level::S),
    ("without client", "central,peripheral,server,l2cap,security", Level::S),
    ("without server", "central,client,peripheral,l2cap,security", Level::S),
];

/// trouble-host's, by the names of what ours is beside; those without are behind them.
const THEIRS: [(&str, &str, Level); 7] = [
    ("peripheral, server", "", Level::S),
    ("peripheral, server, security", "security", Level::S),
    ("peripheral, server, security, opt z", "security", Level::Z),
    ("peripheral, server, legacy pairing", "legacy-pairing", Level::S),
    ("default features", "usual", Level::S),
    ("default features, legacy pairing", "usual,legacy-pairing", Level::S),
    ("pool of 4 x 64, queues of 2", "small", Level::S),
];

/// What is kept, by the names of rows.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Sizes {
    jelling: BTreeMap<String, Size>,
    trouble: BTreeMap<String, Size>,
}

/// Whose images are built: theirs take as long as ours, and change with their version alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Whose {
    Ours,
    Both,
}

/// Measures, and compares ours with what is kept.
pub(crate) fn compare(whose: Whose) -> Result<()> {
    let kept: Sizes = toml::from_str(&std::fs::read_to_string(SIZES)?).context(SIZES)?;
    let now = measured(whose, &kept)?;
    for (name, now) in &now.jelling {
        let kept = kept.jelling.get(name).with_context(|| format!("{SIZES} has no image {name:?}"))?;
        let stacks = (now.stack.unwrap_or_default(), kept.stack.unwrap_or_default());
        for (what, now, kept) in [
            ("flash", now.flash, kept.flash),
            ("RAM", now.ram, kept.ram),
            ("futures", now.futures, kept.futures),
            ("stack", stacks.0, stacks.1),
        ] {
            if now * 1000 > kept * (1000 + TOLERANCE) {
                bail!(
                    "{name}: {what} grew from {kept} to {now} octets: if it must, run `cargo xtask sizes --record` and \
                     commit {SIZES} and README.md"
                );
            }
        }
    }
    table::check(&rows(&kept))
}

/// Measures, and writes down.
pub(crate) fn record(whose: Whose) -> Result<()> {
    let kept = std::fs::read_to_string(SIZES).ok().and_then(|text| toml::from_str(&text).ok()).unwrap_or_default();
    let now = measured(whose, &kept)?;
    table::record(&rows(&now))?;
    Ok(std::fs::write(SIZES, toml::to_string(&now)?)?)
}

/// What is measured now, with what is kept of what is not.
fn measured(whose: Whose, kept: &Sizes) -> Result<Sizes> {
    let jelling = measure(Stack::Ours, &OURS)?;
    let trouble = match whose {
        Whose::Ours => kept.trouble.clone(),
        Whose::Both => measure(Stack::Theirs, &THEIRS)?,
    };
    let now = Sizes { jelling, trouble };
    println!("thumbv7em-none-eabi, opt s, octets\n\n{}\n", rows(&now).join("\n"));
    largest("peripheral, server, security", 10)?;
    shrinks(&now.jelling)?;
    Ok(now)
}

fn rows(sizes: &Sizes) -> Vec<String> {
    table::rows(OURS.map(|(name, ..)| name), THEIRS.map(|(name, ..)| name), &sizes.jelling, &sizes.trouble)
}

/// Rows whose stack is measured too, with the features of that image.
const PLAYED: [(&str, &str); 3] = [
    ("peripheral, server", ""),
    ("peripheral, server, security", "security"),
    ("peripheral, server, legacy pairing", "legacy-pairing"),
];

fn measure(stack: Stack, images: &[(&str, &str, Level)]) -> Result<BTreeMap<String, Size>> {
    let mut sizes = BTreeMap::new();
    for (name, features, level) in images {
        let mut size = Image::size(stack, features, *level).build()?.size()?;
        if let Some((_, features)) = PLAYED.iter().find(|(played, _)| played == name) {
            let depths = Image::cost("stack", stack, features, *level).play()?;
            size.stack = depths.into_iter().map(|(_, depth)| depth).max();
        }
        sizes.insert((*name).to_owned(), size);
    }
    Ok(sizes)
}

/// Prints the largest symbols of a row of ours.
pub(crate) fn largest(row: &str, count: usize) -> Result<()> {
    let known = || OURS.map(|(name, ..)| name).join("; ");
    let image = OURS.iter().find(|(name, ..)| *name == row).with_context(|| format!("the rows are: {}", known()))?;
    let built = Image::size(Stack::Ours, image.1, image.2).build()?;
    println!("the {count} largest symbols of {row:?}:");
    for symbol in built.symbols()?.iter().take(count) {
        println!("{symbol}");
    }
    Ok(())
}

/// What is switched off leaves the image, and no memory stands in flash too.
fn shrinks(sizes: &BTreeMap<String, Size>) -> Result<()> {
    for (name, size) in sizes {
        ensure!(size.data == 0, "{name}: {} octets of memory are not zero at the start and stand in flash", size.data);
    }
    let size = |name: &str| sizes.get(name).copied().unwrap_or_default();
    let all = size("all");
    for name in ["without client", "without server", "without security", "without l2cap"] {
        let less = size(name);
        ensure!(less.flash < all.flash && less.ram < all.ram, "{name} is not smaller than all: {less:?}, {all:?}");
    }
    Ok(())
}
