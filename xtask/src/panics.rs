//! No panic in our code: `wire` and `host` link without a panic handler, and of larger images it is told whose panics are left.

mod elf;
mod place;
mod planted;
mod sites;

pub(crate) use planted::check as planted;

use crate::{images, run};
use anyhow::{Context, Result, bail, ensure};
use place::Source;
use serde::{Deserialize, Serialize};
use sites::Sites;
use std::{collections::BTreeMap, path::PathBuf, process::Command};

/// Panics of third parties, by image and crate.
const KEPT: &str = "panics.toml";

/// An image whose panics are told.
struct Image {
    name: &'static str,
    /// Its workspace, from the root on.
    workspace: &'static str,
    package: &'static str,
    features: &'static str,
    /// What its linker is to know.
    flags: &'static [&'static str],
}

/// The flags of an image without a linker script.
const BARE: [&str; 4] = ["-Clink-arg=--gc-sections", "-Clink-arg=-e_start", "-Clink-arg=--emit-relocs", UNRESOLVED];
/// For the panic handler that does not exist: this image is looked through in place of being refused.
const UNRESOLVED: &str = "-Clink-arg=--unresolved-symbols=ignore-all";

/// Every entry point of `wire` and `host`.
const ENTRIES: Image =
    Image { name: "no-panic", workspace: "examples/no-panic", package: "no-panic", features: "", flags: &BARE };

const IMAGES: [Image; 6] = [
    Image { name: "face", workspace: "examples/no-panic", package: "no-panic", features: "", flags: &BARE },
    Image::firmware("sensor", ""),
    // Not with `log`, whose lines know their places as panics do.
    Image::firmware("sensor-defmt", "defmt,snoop"),
    Image::firmware("central", ""),
    Image::firmware("battery", ""),
    Image::firmware("files", "l2cap"),
];

impl Image {
    /// One of the firmware's, which links with its relocations by itself.
    const fn firmware(name: &'static str, features: &'static str) -> Self {
        Image { name, workspace: "examples/firmware", package: "firmware", features, flags: &[] }
    }
}

/// Where images are built from, and where cargo puts them. A copy of the repository has a folder of its own: cargo takes its packages
/// for those of the repository.
struct Tree {
    root: PathBuf,
    target: PathBuf,
}

impl Tree {
    /// The repository.
    fn here() -> Result<Self> {
        Ok(Tree { root: crate::root(), target: std::path::absolute(images::folder("thumb"))? })
    }

    /// A command that links an image, and where it will be.
    fn link(&self, image: &Image) -> Result<(Command, PathBuf)> {
        let mut command = images::cross(&["build", "--quiet", "--release"])?;
        command.arg("--manifest-path").arg(self.root.join(image.workspace).join("Cargo.toml"));
        command.args(["--package", image.package, "--bin", image.name]);
        command.args(["--no-default-features", "--features", image.features]);
        command.env("CARGO_TARGET_DIR", &self.target).env("DEFMT_LOG", "debug");
        command.env("RUSTFLAGS", format!("-Clinker=ld.lld -Clinker-flavor=ld.lld {}", image.flags.join(" ")));
        Ok((command, self.target.join(images::TARGET).join("release").join(image.name)))
    }

    /// Where panics can begin in an image.
    fn sites(&self, image: &Image) -> Result<Sites> {
        let (mut command, file) = self.link(image)?;
        run(&mut command)?;
        let source = Source::new(&self.root, &self.root.join(image.workspace))?;
        Ok(Sites::find(&elf::Image::read(&file)?, &source))
    }

    /// True if `wire` and `host` link: their image's panic handler calls what does not exist, so no panic can be reached from any
    /// entry point.
    fn links_strictly(&self) -> Result<bool> {
        let (mut command, _) = self.link(&Image { flags: &BARE[..2], ..ENTRIES })?;
        let output = command.output()?;
        let told = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success() || told.contains("THERE_IS_A_PANIC"), "{told}");
        Ok(output.status.success())
    }
}

#[derive(Default, Serialize, Deserialize)]
#[serde(transparent)]
struct Kept(BTreeMap<String, BTreeMap<String, usize>>);

/// No panic in our code, and no more in that of others than is written down; or writes them down.
pub(crate) fn check(record: bool) -> Result<()> {
    let tree = Tree::here()?;
    if !tree.links_strictly()? {
        // The linker names the handler alone.
        let Sites { ours, others, .. } = tree.sites(&ENTRIES)?;
        let all = others.values().chain([&ours]).map(Sites::lines).collect::<String>();
        bail!("wire and host do not link without a panic handler:\n{all}");
    }
    println!("no panic in wire and host, from any entry point");
    let kept: Kept = toml::from_str(&std::fs::read_to_string(KEPT).unwrap_or_default()).context(KEPT)?;
    let mut now = Kept::default();
    for image in &IMAGES {
        let sites = tree.sites(image)?;
        ensure!(sites.ours.is_empty(), "{}: panics can begin in our code:\n{}", image.name, Sites::lines(&sites.ours));
        let resumed = sites.resumed.len();
        println!(
            "{}: no panic in our code, but in {resumed} async bodies, for who polls one after its end",
            image.name
        );
        for (name, sites) in &sites.others {
            print!("  {name}:\n{}", Sites::lines(sites));
        }
        now.0.insert(image.name.to_owned(), sites.counts());
    }
    if record {
        return Ok(std::fs::write(KEPT, toml::to_string(&now)?)?);
    }
    for (image, crates) in &now.0 {
        for (name, count) in crates {
            let before = kept.0.get(image).and_then(|crates| crates.get(name)).copied().unwrap_or_default();
            ensure!(
                *count <= before,
                "{image}: {name} has {count} places where a panic can begin, and had {before}: if it must, run \
                 `cargo xtask no-panic --record` and commit {KEPT}"
            );
        }
    }
    Ok(())
}
