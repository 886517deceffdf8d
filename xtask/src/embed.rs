//! `docs/embed.md`: its files are taken out of it and built as a crate for the MCU, and its numbers compared with what the build gives.

use crate::{images, run};
use anyhow::{Context, Result, ensure};
use object::{Object, ObjectSection, SectionKind};
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

const PAGE: &str = "docs/embed.md";
/// Crates of this tree, in the place of those of the registry.
const OURS: [(&str, &str); 3] =
    [("jelling", "crates/jelling"), ("jelling-bonds", "crates/bonds"), ("jelling-h4", "hci-transports/h4")];
/// What stands here of the versions of others.
const LOCK: &str = "examples/firmware/Cargo.lock";
/// Rows of the table that are not types: of the image, and the rings of its UART.
const STATICS: &str = "all statics";
const RINGS: &str = "the UART's rings";
const REST: &str = "the task with every future, and what the HAL has";
const FLASH: &str = "code and constants";
/// Of a host with channels, which that of the page is not.
const CHANNEL: &str = "a slot of `Channels` with two frame buffers of 255 octets";
const MEMORY: &str = "Memory";
/// How far a number may be off: so many octets, or per mille.
const TOLERANCE: (u64, u64) = (16, 20);

/// Builds what the page shows, with and without its features, and compares its numbers or writes them down.
pub(crate) fn check(record: bool) -> Result<()> {
    let page = fs::read_to_string(PAGE).context(PAGE)?;
    let folder = std::path::absolute(images::folder("embed"))?;
    let files = write_files(&page, &folder)?;
    let code = files.get("src/main.rs").context("the page has no src/main.rs")?;
    let rows = rows(&page)?;
    let types: Vec<_> = rows.iter().filter_map(|(name, octets)| Some((type_of(name)?, *octets))).collect();
    let channel = channel(&folder, code)?;
    let sizes = if record {
        measured(&folder, code, &types)?
    } else {
        types.iter().map(|(name, octets)| ((*name).to_owned(), *octets)).collect()
    };
    fs::write(folder.join("src/main.rs"), format!("{code}\n{}", asserted(&sizes)))?;
    build(&folder, "build", &[])?;
    build(&folder, "check", &["--features", "defmt"])?;
    let image = sections(&Path::new(&images::folder("thumb")).join(images::TARGET).join("release/sensor"))?;
    let now = |name: &str| -> Result<u64> {
        let memory = sizes.get(MEMORY).copied().with_context(|| format!("{PAGE} has no row `{MEMORY}`"))?;
        let rings = rows.iter().find(|(row, _)| row == RINGS).map_or(0, |(_, octets)| *octets);
        Ok(match name {
            STATICS => image.statics,
            FLASH => image.flash,
            RINGS => rings,
            CHANNEL => channel,
            REST => image.statics.saturating_sub(memory).saturating_sub(rings),
            name => *type_of(name).and_then(|name| sizes.get(name)).with_context(|| format!("no such row: {name}"))?,
        })
    };
    let mut next = page.clone();
    for (name, octets) in &rows {
        let now = now(name)?;
        println!("{name:<50} {now:>7}");
        if record {
            next = next.replace(&row(name, *octets), &row(name, now));
        } else {
            ensure!(
                now.abs_diff(*octets) <= TOLERANCE.0.max(*octets * TOLERANCE.1 / 1000),
                "{PAGE}: {name}: {octets} octets there, {now} now: run `cargo xtask embed --record` and commit {PAGE}"
            );
        }
    }
    if record {
        fs::write(PAGE, next)?;
    }
    println!("{PAGE}: its crate builds, without warnings, and its numbers hold");
    Ok(())
}

/// The files of a page: code blocks with their names above them, as `` `NAME`: ``.
fn files(page: &str) -> BTreeMap<String, String> {
    let (mut files, mut name, mut open) = (BTreeMap::new(), None, None);
    for line in page.lines() {
        if let Some((name, text)) = &mut open {
            if line == "```" {
                files.insert(std::mem::take(name), std::mem::take(text));
                open = None;
            } else {
                let text: &mut String = text;
                text.push_str(line);
                text.push('\n');
            }
        } else if line.starts_with("```") {
            open = name.take().map(|name| (name, String::new()));
        } else if !line.is_empty() {
            name = line.strip_prefix('`').and_then(|line| line.strip_suffix("`:")).map(str::to_owned);
        }
    }
    files
}

/// Writes the files where they are built, with our crates from this tree.
fn write_files(page: &str, folder: &Path) -> Result<BTreeMap<String, String>> {
    let files = files(page);
    for (name, text) in &files {
        let path = folder.join(name);
        ensure!(Path::new(name).components().all(|part| matches!(part, std::path::Component::Normal(_))), "{name}");
        fs::create_dir_all(path.parent().context("a file without a folder")?)?;
        let mut text = text.clone();
        if name == "Cargo.toml" {
            text.push_str("\n[workspace]\n\n[patch.crates-io]\n");
            for (name, at) in OURS {
                text.push_str(&format!("{name} = {{ path = {:?} }}\n", std::path::absolute(at)?));
            }
        }
        fs::write(path, text)?;
    }
    fs::copy(LOCK, folder.join("Cargo.lock")).context(LOCK)?;
    Ok(files)
}

fn command(folder: &Path, what: &str, more: &[&str]) -> Result<Command> {
    let mut command = images::cross(&[what, "--quiet", "--release"])?;
    command.args(more).args(["--config", &format!("target.{}.rustflags=[\"-Dwarnings\"]", images::TARGET)]);
    let linker = format!("CARGO_TARGET_{}_LINKER", images::TARGET.to_uppercase().replace('-', "_"));
    command.env(linker, "ld.lld").env("CARGO_TARGET_DIR", std::path::absolute(images::folder("thumb"))?);
    command.current_dir(folder);
    Ok(command)
}

fn build(folder: &Path, what: &str, more: &[&str]) -> Result<()> {
    run(&mut command(folder, what, more)?).with_context(|| format!("what {PAGE} shows does not build"))
}

/// Lines of a table: a name, and a number alone.
fn rows(page: &str) -> Result<Vec<(String, u64)>> {
    let cells = |line: &str| -> Option<(String, u64)> {
        let [name, number] = line.strip_prefix("| ")?.strip_suffix(" |")?.split(" | ").collect::<Vec<_>>()[..] else {
            return None;
        };
        Some((name.to_owned(), number.replace(',', "").parse().ok()?))
    };
    let rows: Vec<_> = page.lines().filter_map(cells).collect();
    for name in [STATICS, RINGS, REST, FLASH, CHANNEL] {
        ensure!(rows.iter().any(|(row, _)| row == name), "{PAGE} has no row {name:?}");
    }
    Ok(rows)
}

fn row(name: &str, octets: u64) -> String {
    let digits = octets.to_string();
    let grouped: Vec<_> = digits.as_bytes().rchunks(3).rev().map(String::from_utf8_lossy).collect();
    format!("| {name} | {} |", grouped.join(","))
}

/// The type that a row is of.
fn type_of(name: &str) -> Option<&str> {
    name.strip_prefix('`')?.strip_suffix('`')
}

/// Code that does not compile where a type has another size.
fn asserted(sizes: &BTreeMap<String, u64>) -> String {
    let (octets, mille) = TOLERANCE;
    let one = |(name, size): (&String, &u64)| {
        let off = octets.max(size * mille / 1000);
        format!(
            "const _: () = assert!(size_of::<{name}>().abs_diff({size}) <= {off}, \"{name} has another size than in {PAGE}: run `cargo xtask embed --record`\");\n"
        )
    };
    sizes.iter().map(one).collect()
}

/// The sizes of types.
fn measured(folder: &Path, code: &str, types: &[(&str, u64)]) -> Result<BTreeMap<String, u64>> {
    let sizes: Vec<String> = types.iter().map(|(name, _)| format!("size_of::<{name}>()")).collect();
    let numbers = computed(folder, code, &sizes, "defmt")?;
    Ok(types.iter().map(|(name, _)| (*name).to_owned()).zip(numbers).collect())
}

/// What one channel more takes.
fn channel(folder: &Path, code: &str) -> Result<u64> {
    let code = format!(
        "{code}\ntype With<const N: usize> = Resources<Links<1, 23>, Gatt, Pool, ScanSlots, Bonds, Tasks, jelling::Channels<N>>;\n"
    );
    let more = "size_of::<With<2>>() - size_of::<With<1>>()".to_owned();
    let numbers = computed(folder, &code, &[more], "jelling/l2cap")?;
    numbers.first().copied().context("no size of a channel")
}

/// What the compiler makes of constants on the MCU: code that is right for none, and what it says to it.
fn computed(folder: &Path, code: &str, constants: &[String], features: &str) -> Result<Vec<u64>> {
    let array = |constant: &str| format!("[(); {constant}];");
    let wrong: String = constants.iter().map(|c| format!("const _: [(); usize::MAX] = {}\n", array(c))).collect();
    fs::write(folder.join("src/main.rs"), format!("{code}\n{wrong}"))?;
    let output = command(folder, "check", &["--features", features])?.output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    let number = |constant: &str| {
        let (_, after) = said.split_once(&array(constant))?;
        let (_, after) = after.split_once("found one with a size of ")?;
        after.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
    };
    constants.iter().map(|c| number(c).with_context(|| format!("{c}: {said}"))).collect()
}

/// What an image takes.
struct Image {
    flash: u64,
    statics: u64,
}

fn sections(file: &PathBuf) -> Result<Image> {
    let data = fs::read(file).with_context(|| format!("{}", file.display()))?;
    let mut image = Image { flash: 0, statics: 0 };
    for section in object::File::parse(&*data)?.sections() {
        let (flash, statics) = match section.kind() {
            SectionKind::Text | SectionKind::ReadOnlyData | SectionKind::ReadOnlyString => (true, false),
            SectionKind::Data => (true, true),
            SectionKind::UninitializedData => (false, true),
            _ => (false, false),
        };
        image.flash += if flash { section.size() } else { 0 };
        image.statics += if statics { section.size() } else { 0 };
    }
    Ok(image)
}
