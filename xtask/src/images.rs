//! Builds for a Cortex-M4: how, and the no_std crates.

use crate::{cargo, run, setup};
use anyhow::Result;
use std::process::Command;

pub(crate) const TARGET: &str = "thumbv7em-none-eabi";

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
        command.arg("-Zbuild-std=core,alloc");
    }
    setup::packages(&[("ld.lld", "lld")])?;
    Ok(command)
}

/// A folder among what is built.
pub(crate) fn folder(name: &str) -> String {
    format!("{}/{name}", crate::target())
}

/// Builds the crates, and checks `jelling` with other features: the images that are measured are built with most of them.
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
