//! Lines of the host are free where they are off: nothing of their texts is in such an image, and in one with them it is.

use super::{build_one, image};
use anyhow::{Context, Result, anyhow, bail, ensure};
use object::{Object, ObjectSection, ObjectSymbol, SectionFlags, elf::SHF_ALLOC};
use std::{fs, path::Path};

/// Macros of `crates/host/src/fmt.rs`.
const MACROS: [&str; 3] = ["info!(", "warning!(", "debug!("];

/// Compares an image without lines, one for `log` and one for `defmt`.
pub(super) fn check() -> Result<()> {
    let (mut texts, mut sources) = (vec![], String::new());
    gather(Path::new("crates/host/src"), &mut texts, &mut sources)?;
    // What an error says too is in every image.
    texts.retain(|text| sources.matches(text.as_str()).count() == 1);
    ensure!(texts.len() >= 5, "only {} lines found: {texts:?}", texts.len());
    for (name, features) in [("sensor-traced", "log,snoop"), ("sensor-defmt", "defmt,snoop")] {
        build_one(name, features)?;
    }
    let found = |name: &str| -> Result<usize> {
        let octets = octets(name)?;
        let is_there = |text: &&String| octets.windows(text.len()).any(|window| window == text.as_bytes());
        Ok(texts.iter().filter(is_there).count())
    };
    let [off, log, defmt] = [found("sensor")?, found("sensor-traced")?, found("sensor-defmt")?];
    println!(
        "of {} texts of lines {off} in the image without them, {log} with `log`, {defmt} with `defmt`",
        texts.len()
    );
    ensure!(off == 0, "lines of the host cost something though they are off");
    ensure!(2 * log > texts.len() && 2 * defmt > texts.len(), "lines of the host are not where they should be");
    Ok(())
}

/// Of each line the longest piece between arguments.
fn gather(folder: &Path, texts: &mut Vec<String>, sources: &mut String) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            gather(&path, texts, sources)?;
        } else if !path.ends_with("fmt.rs") {
            let source = fs::read_to_string(&path)?;
            sources.push_str(&source);
            for line in MACROS.iter().flat_map(|name| source.split(name).skip(1)) {
                let text = line.split('"').nth(1).unwrap_or_default();
                let longest = text.split(['{', '}']).max_by_key(|piece| piece.len()).unwrap_or_default();
                // What is shorter may be anything.
                if longest.len() >= 6 {
                    texts.push(longest.to_owned());
                }
            }
        }
    }
    Ok(())
}

/// What runs; with `defmt` also what is only for who decodes.
fn octets(name: &str) -> Result<Vec<u8>> {
    let data = fs::read(image(name))?;
    let elf = object::File::parse(&*data)?;
    let mut octets = vec![];
    for section in elf.sections() {
        let runs = matches!(section.flags(), SectionFlags::Elf { sh_flags } if sh_flags & u64::from(SHF_ALLOC) != 0);
        if runs {
            octets.extend_from_slice(section.data()?);
        }
    }
    // `defmt` keeps its texts in the names of symbols.
    if name.ends_with("defmt") {
        octets.extend(elf.symbols().filter_map(|symbol| symbol.name_bytes().ok()).flatten());
    }
    Ok(octets)
}

/// The texts of frames of `defmt` among what a board said: each ends with a zero, and begins with the place of its text among the image's
/// symbols.
pub(super) fn texts_of_frames(name: &str, said: &[u8]) -> Result<Vec<String>> {
    let data = fs::read(image(name))?;
    let elf = object::File::parse(&*data)?;
    let mut texts = vec![];
    let mut frames: Vec<_> = said.split(|octet| *octet == 0).map(without_lines).collect();
    // What stands behind the last zero is no frame, and start-up sends a zero.
    frames.pop();
    for frame in frames.into_iter().filter(|frame| !frame.is_empty()) {
        let frame = rzcobs::decode(frame).map_err(|error| anyhow!("no frame: {error:?}"))?;
        let [low, high, ..] = frame[..] else { bail!("a frame without a text") };
        let place = u64::from(u16::from_le_bytes([low, high]));
        let is_text = |symbol: &object::Symbol<'_, '_>| symbol.address() == place && symbol.name().is_ok_and(is_json);
        let text = elf.symbols().find(is_text).with_context(|| format!("no text at {place:#x}"))?;
        // The texts of ours have no quotes.
        let (_, text) = text.name()?.split_once("\"data\":\"").context("a text without data")?;
        texts.push(text.split('"').next().unwrap_or_default().to_owned());
    }
    Ok(texts)
}

/// Without lines of the console that stand in front of a frame.
fn without_lines(mut octets: &[u8]) -> &[u8] {
    while let Some((line, rest)) =
        octets.iter().position(|octet| *octet == b'\n').and_then(|at| octets.split_at_checked(at + 1))
        && let [text @ .., _] = line
        && !text.is_empty()
        && text.iter().all(|octet| (b' '..=b'~').contains(octet))
    {
        octets = rest;
    }
    octets
}

fn is_json(name: &str) -> bool {
    name.starts_with('{')
}
