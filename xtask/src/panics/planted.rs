//! Panics are planted into a copy of the repository, of each kind and in each part: the check must fail, and name them all.

use super::{IMAGES, Tree, sites::Sites};
use anyhow::{Context, Result, ensure};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// A panic that is put behind the beginning of a function.
struct Plant {
    file: &'static str,
    function: &'static str,
    statement: &'static str,
    /// The image in which it must be found.
    image: &'static str,
}

const PLANTS: [Plant; 7] = [
    Plant {
        file: "crates/host/src/core.rs",
        function: "pub fn handle_packet",
        statement: "core::hint::black_box(Some(0u8)).unwrap();",
        image: "face",
    },
    Plant {
        file: "crates/jelling/src/runner.rs",
        function: "fn run<",
        statement: "::core::hint::black_box(Ok::<u8, u8>(0)).expect(\"planted\");",
        image: "face",
    },
    Plant {
        file: "crates/jelling/src/operation.rs",
        function: "fn go_on(",
        statement: "::core::hint::black_box(&mut [0u8; 4][..]).copy_from_slice(::core::hint::black_box(&[0u8; 4][..]));",
        image: "face",
    },
    Plant {
        file: "hci-transports/h4/src/front.rs",
        function: "fn front(",
        statement: "let _ = core::hint::black_box(&[0u8; 4][..])[core::hint::black_box(0)].min(1);",
        image: "face",
    },
    Plant {
        file: "examples/no-panic/src/face/peripheral.rs",
        function: "async fn serve(",
        statement: "assert!(1 / core::hint::black_box(1u32) == 1);",
        image: "face",
    },
    Plant {
        file: "examples/firmware/board/src/clock.rs",
        function: "fn begin(",
        statement: "let _ = 1 / core::hint::black_box(1u32);",
        image: "sensor",
    },
    Plant {
        file: "examples/apps/src/thermometer.rs",
        function: "fn thermometer",
        statement: "core::str::from_utf8(core::hint::black_box(b\"planted\")).unwrap();",
        image: "sensor",
    },
];

/// Puts the statement in, and gives its line.
fn plant(root: &Path, plant: &Plant) -> Result<usize> {
    let file = root.join(plant.file);
    let text = fs::read_to_string(&file).with_context(|| file.display().to_string())?;
    let lines: Vec<_> = text.lines().collect();
    let begins = |line: &&str| line.contains(plant.function);
    let at = lines.iter().position(begins).with_context(|| format!("{}: no {:?}", plant.file, plant.function))?;
    let opens = lines.iter().skip(at).position(|line| line.ends_with('{'));
    let at = at + 1 + opens.with_context(|| format!("{}: {:?} has no body", plant.file, plant.function))?;
    let (before, after) = lines.split_at(at);
    fs::write(&file, format!("{}\n{}\n{}\n", before.join("\n"), plant.statement, after.join("\n")))?;
    Ok(at + 1)
}

/// A copy of what images are built from. Files that are as they should be stay, so that not everything is built anew.
fn copied() -> Result<PathBuf> {
    let copy = std::path::absolute(PathBuf::from(crate::target()).join("planted"))?;
    for part in ["Cargo.toml", "Cargo.lock", "crates", "hci-transports", "examples"] {
        duplicate(Path::new(part), &copy.join(part))?;
    }
    Ok(copy)
}

fn put(file: &Path, octets: &[u8]) -> Result<()> {
    if fs::read(file).is_ok_and(|there| there == octets) {
        return Ok(());
    }
    Ok(fs::write(file, octets)?)
}

fn duplicate(from: &Path, to: &Path) -> Result<()> {
    if !from.is_dir() {
        to.parent().map_or(Ok(()), fs::create_dir_all)?;
        return put(to, &fs::read(from)?);
    }
    for entry in fs::read_dir(from)? {
        let name = entry?.file_name();
        if name != "target" {
            duplicate(&from.join(&name), &to.join(&name))?;
        }
    }
    Ok(())
}

/// Plants them all, and wants each to be found.
pub(crate) fn check() -> Result<()> {
    let tree = Tree { root: copied()?, target: std::path::absolute(crate::images::folder("thumb-planted"))? };
    let mut planted = vec![];
    for one in &PLANTS {
        planted.push((one, plant(&tree.root, one)?));
    }
    ensure!(!tree.links_strictly()?, "an image links though there is a panic in `host`");
    for image in IMAGES.iter().filter(|image| PLANTS.iter().any(|plant| plant.image == image.name)) {
        let sites = tree.sites(image)?;
        for (plant, line) in planted.iter().filter(|(plant, _)| plant.image == image.name) {
            let place = format!("{}:{line}:", plant.file);
            let found = sites.ours.iter().find(|site| site.place.starts_with(&place));
            let found = found.with_context(|| {
                format!("{}: the panic at {place} was not found, but\n{}", image.name, Sites::lines(&sites.ours))
            })?;
            println!("{}: found {} in {}", image.name, found.place, found.function);
        }
        let meant =
            |place: &str| planted.iter().any(|(plant, line)| place.starts_with(&format!("{}:{line}:", plant.file)));
        let others: Vec<_> = sites.ours.iter().filter(|site| !meant(&site.place)).collect();
        ensure!(others.is_empty(), "{}: what nobody planted was found: {others:?}", image.name);
    }
    Ok(())
}
