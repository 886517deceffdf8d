//! An image that is measured: how it is built, what its file says, and what it says itself in an emulator.

use super::{Size, symbols::Symbol};
use crate::{images, run, setup};
use anyhow::{Context, Result, ensure};
use object::{Object, ObjectSection, ObjectSymbol, SectionKind};
use std::{path::Path, process::Command};

/// The names of symbols tell of generic code whose it is.
const FLAGS: &str =
    "-Clinker=ld.lld -Clinker-flavor=ld.lld -Clink-arg=--gc-sections -Clink-arg=-e_start -Csymbol-mangling-version=v0";

/// Seconds that an image may be played for, and what `timeout` ends with afterwards.
const LIMIT: &str = "60";
const TIMED_OUT: i32 = 124;

/// What the compiler works towards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Level {
    /// Few octets.
    S,
    /// Fewer.
    Z,
    /// Speed.
    Three,
}

impl Level {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Level::S => "s",
            Level::Z => "z",
            Level::Three => "3",
        }
    }
}

/// Whose host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stack {
    Ours,
    Theirs,
}

/// What `cargo` is told.
#[derive(Clone, Debug)]
pub(crate) struct Image {
    package: &'static str,
    program: &'static str,
    features: String,
    level: Level,
}

impl Image {
    /// The frame with a host in it, or without any.
    pub(super) fn size(stack: Stack, features: &str, level: Level) -> Self {
        let (package, program) = match (stack, features) {
            (Stack::Ours, "") => ("frame", "size-none"),
            (Stack::Ours, _) => ("size", "size"),
            (Stack::Theirs, _) => ("size-trouble", "size-trouble"),
        };
        Image { package, program, features: features.into(), level }
    }

    /// A peripheral and a central in one image: `program` tells its figures when it is played.
    pub(crate) fn cost(program: &'static str, stack: Stack, features: &str, level: Level) -> Self {
        let host = if stack == Stack::Theirs { "trouble," } else { "" };
        Image { package: "cost", program, features: format!("{host}{features}"), level }
    }

    fn file(&self) -> std::path::PathBuf {
        Path::new(&images::folder("thumb")).join(images::TARGET).join("release").join(self.program)
    }

    /// Builds it and plays it: what it measures, and the figures.
    pub(crate) fn play(&self) -> Result<Vec<(String, u64)>> {
        setup::packages(&[("qemu-system-arm", "qemu-system-arm"), ("timeout", "coreutils")])?;
        self.build()?;
        let mut emulator = Command::new("timeout");
        emulator.args([LIMIT, "qemu-system-arm", "-M", "mps2-an386", "-cpu", "cortex-m4"]);
        // An instruction takes 128 ns of the emulated clock, whatever this machine does meanwhile.
        emulator.args(["-icount", "shift=7,sleep=off", "-nographic", "-monitor", "none", "-serial", "none"]);
        emulator.args(["-semihosting-config", "enable=on,target=native", "-kernel"]).arg(self.file());
        let output = emulator.output().context("cannot run qemu-system-arm")?;
        // What is written by semihosting comes on stderr.
        let text = String::from_utf8_lossy(&output.stderr);
        ensure!(
            output.status.code() != Some(TIMED_OUT),
            "{self:?} was not done after {LIMIT} s, and has said:\n{text}"
        );
        ensure!(output.status.success(), "{self:?} failed in the emulator: {text}");
        let line = |line: &str| Some((line.split_once('\t')?.0.to_owned(), line.split_once('\t')?.1.parse().ok()?));
        let figures: Vec<_> =
            text.lines().map(|l| line(l).with_context(|| format!("{l:?} is no figure"))).collect::<Result<_>>()?;
        ensure!(!figures.is_empty(), "{self:?} told nothing");
        Ok(figures)
    }

    pub(super) fn build(&self) -> Result<Built> {
        let mut command = images::cross(&["build", "--quiet", "--release"])?;
        command.args(["--manifest-path", "examples/size/Cargo.toml", "--package", self.package]);
        command.args(["--bin", self.program, "--no-default-features", "--features", &self.features]);
        command.env("CARGO_TARGET_DIR", std::path::absolute(images::folder("thumb"))?);
        command.env("RUSTFLAGS", FLAGS);
        command.env("CARGO_PROFILE_RELEASE_OPT_LEVEL", self.level.name());
        run(&mut command)?;
        Ok(Built(std::fs::read(self.file())?))
    }
}

/// The file.
pub(super) struct Built(Vec<u8>);

impl Built {
    fn elf(&self) -> Result<object::File<'_>> {
        Ok(object::File::parse(&*self.0)?)
    }

    pub(super) fn size(&self) -> Result<Size> {
        let mut size = Size::default();
        for section in self.elf()?.sections() {
            match section.kind() {
                SectionKind::Text | SectionKind::ReadOnlyData | SectionKind::ReadOnlyString => {
                    size.flash += section.size();
                }
                SectionKind::Data => {
                    size.flash += section.size();
                    size.ram += section.size();
                    size.data += section.size();
                }
                SectionKind::UninitializedData => size.ram += section.size(),
                _ => {}
            }
        }
        // embassy-executor's macro keeps a task in a static of this name.
        let pools = self.symbols()?;
        size.futures = pools.iter().filter(|symbol| symbol.name.ends_with("::POOL")).map(|symbol| symbol.octets).sum();
        ensure!(size.futures > 0, "no task was found in the image");
        Ok(size)
    }

    /// The largest first.
    pub(super) fn symbols(&self) -> Result<Vec<Symbol>> {
        let elf = self.elf()?;
        let mut symbols = vec![];
        for symbol in elf.symbols().filter(|symbol| symbol.size() > 0) {
            let section = symbol.section_index().context("a symbol stands nowhere")?;
            let kind = elf.section_by_index(section)?.kind();
            symbols.push(Symbol::new(symbol.name()?, symbol.size(), kind == SectionKind::Text));
        }
        symbols.sort_by_key(|symbol| std::cmp::Reverse(symbol.octets));
        Ok(symbols)
    }
}
