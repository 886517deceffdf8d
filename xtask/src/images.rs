//! Builds for a Cortex-M4: the no_std crates, and the images whose sizes are kept.

use crate::{cargo, run, setup};
use anyhow::{Context, Result, bail, ensure};
use object::{Object, ObjectSection, SectionKind};
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::Command,
};

pub(crate) const TARGET: &str = "thumbv7em-none-eabi";
const SIZES: &str = "sizes.toml";
/// Growth that needs no word, in per mille.
const TOLERANCE: u64 = 20;

/// Installs what builds for the target: rustup may have it, else Debian's compiler with its source does.
pub(crate) fn tools() -> Result<()> {
    cross(&[]).map(|_| ())
}

/// A cargo that builds for the target.
pub(crate) fn cross(arguments: &[&str]) -> Result<Command> {
    let installed = Command::new("rustup").args(["target", "list", "--installed"]).output();
    let has_target = installed.is_ok_and(|o| String::from_utf8_lossy(&o.stdout).lines().any(|l| l == TARGET));
    let mut command = cargo(arguments);
    command.args(["--target", TARGET]);
    // Not the flags of whoever calls: the images have their own.
    command.env_remove("RUSTFLAGS");
    if !has_target {
        setup::packages(&[
            ("/usr/share/doc/rustc-web/copyright", "rustc-web"),
            ("/usr/share/doc/rust-web-src/copyright", "rust-web-src"),
        ])?;
        command.env("RUSTC", "/usr/bin/rustc").env("RUSTC_BOOTSTRAP", "1").env_remove("RUSTUP_TOOLCHAIN");
        command.arg("-Zbuild-std=core");
    }
    setup::packages(&[("ld.lld", "lld")])?;
    Ok(command)
}

/// A folder among what is built.
pub(crate) fn folder(name: &str) -> String {
    format!("{}/{name}", crate::target())
}

/// Builds the crates, and checks `jelling` with other features: the images below are built with most of them.
pub(crate) fn no_std() -> Result<()> {
    let play = |what: &str, arguments: &[&str]| {
        let mut command = cross(&[what, "--quiet"])?;
        run(command.args(arguments).env("CARGO_TARGET_DIR", folder("thumb")))
    };
    let check = |arguments: &[&str]| play("check", arguments);
    for package in ["jelling-wire", "jelling-host", "jelling-transport", "jelling-h4", "jelling"] {
        play("build", &["--package", package])?;
    }
    play("build", &["--package", "jelling-bonds", "--no-default-features", "--features", "flash"])?;
    for features in ["", "defmt", "log"] {
        check(&["--package", "jelling", "--no-default-features", "--features", features])?;
    }
    check(&["--package", "jelling", "--features", "defmt"])?;
    println!(
        "built for {TARGET}: wire, host, transport, h4, jelling, bonds in flash; checked: jelling with and without its features"
    );
    Ok(())
}

/// Links an example with these features and no others.
fn image(name: &str, features: &str) -> Result<PathBuf> {
    let manifest = format!("examples/{name}/Cargo.toml");
    let mut command = cross(&["build", "--quiet", "--release", "--manifest-path", &manifest])?;
    command.args(["--no-default-features", "--features", features]);
    command.env("CARGO_TARGET_DIR", std::path::absolute(folder("thumb"))?);
    command.env("RUSTFLAGS", "-Clinker=ld.lld -Clinker-flavor=ld.lld -Clink-arg=--gc-sections -Clink-arg=-e_start");
    run(&mut command)?;
    Ok(Path::new(&folder("thumb")).join(TARGET).join("release").join(name))
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Size {
    /// .text and .rodata, octets.
    flash: u64,
    /// .data and .bss, octets.
    ram: u64,
    /// .data alone: a host's memory is all zero at the start, so there is none.
    #[serde(skip)]
    data: u64,
}

fn measure(file: &Path) -> Result<Size> {
    let data = std::fs::read(file)?;
    let elf = object::File::parse(&*data)?;
    let mut size = Size::default();
    for section in elf.sections() {
        match section.kind() {
            SectionKind::Text | SectionKind::ReadOnlyData | SectionKind::ReadOnlyString => size.flash += section.size(),
            SectionKind::Data => {
                size.flash += section.size();
                size.ram += section.size();
                size.data += section.size();
            }
            SectionKind::UninitializedData => size.ram += section.size(),
            _ => {}
        }
    }
    Ok(size)
}

/// The images: their names, and the features of each.
const IMAGES: [(&str, &str); 11] = [
    ("all", "central,client,peripheral,server,l2cap,security"),
    ("all, legacy pairing", "central,client,peripheral,server,l2cap,legacy-pairing"),
    ("without security", "central,client,peripheral,server,l2cap"),
    ("without l2cap", "central,client,peripheral,server,security"),
    ("without client", "central,peripheral,server,l2cap,security"),
    ("without server", "central,client,peripheral,l2cap,security"),
    ("central, client", "central,client"),
    ("peripheral, server", "peripheral,server"),
    ("peripheral, server, security", "peripheral,server,security"),
    ("peripheral, server, legacy pairing", "peripheral,server,legacy-pairing"),
    ("peripheral", "peripheral"),
];

pub(crate) fn sizes(record: bool) -> Result<()> {
    let mut sizes = BTreeMap::new();
    println!("{TARGET}, opt s, octets: {:>16} {:>10}", "flash", "static RAM");
    for (name, features) in IMAGES {
        let now = measure(&image("size", features)?)?;
        println!("{name:<35} {:>11} {:>10}", now.flash, now.ram);
        ensure!(now.data == 0, "{} octets of static memory are not zero at the start and stand in flash too", now.data);
        sizes.insert(name.to_owned(), now);
    }
    shrinks(&sizes)?;
    if record {
        return Ok(std::fs::write(SIZES, toml::to_string(&sizes)?)?);
    }
    let kept: BTreeMap<String, Size> = toml::from_str(&std::fs::read_to_string(SIZES)?).context(SIZES)?;
    for (name, now) in sizes {
        let kept = kept.get(&name).with_context(|| format!("{SIZES} has no image {name:?}"))?;
        for (what, now, kept) in [("flash", now.flash, kept.flash), ("RAM", now.ram, kept.ram)] {
            if now * 1000 > kept * (1000 + TOLERANCE) {
                bail!(
                    "{name}: {what} grew from {kept} to {now} octets: if it must, run `cargo xtask sizes --record` and \
                     commit {SIZES}"
                );
            }
        }
    }
    Ok(())
}

/// What is switched off leaves the image.
fn shrinks(sizes: &BTreeMap<String, Size>) -> Result<()> {
    let size = |name: &str| sizes.get(name).copied().unwrap_or_default();
    let all = size("all");
    for name in ["without client", "without server", "without security"] {
        let less = size(name);
        ensure!(less.flash < all.flash && less.ram < all.ram, "{name} is not smaller than all: {less:?}, {all:?}");
    }
    // Nothing stands behind it yet.
    let less = size("without l2cap");
    ensure!(less.flash <= all.flash && less.ram <= all.ram, "without l2cap it is larger than all: {less:?}, {all:?}");
    Ok(())
}
