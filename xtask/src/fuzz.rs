//! Fuzzing: every target for a while, several side by side; and the corpora. The targets are laid out as cargo-fuzz wants them,
//! and are built as it builds them without a sanitizer, which needs neither it nor a nightly toolchain.

use crate::{cargo, interop, sweeps::scenarios};
use anyhow::{Context, Result, bail, ensure};
use std::{
    fs,
    path::PathBuf,
    process::Command,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Instant,
};

/// The corpora that are kept.
const CORPORA: &str = "fuzz/corpus";

/// What is built: the targets as they are, or each with a panic in it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Build {
    Plain,
    Planted,
}

/// What makes the compiler count edges and comparisons for libFuzzer. Nothing here is unsafe: a sanitizer would take half the
/// speed and find what the compiler has.
const COUNTED: &str = "--cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
     -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
     -Cllvm-args=-sanitizer-coverage-trace-compares -Cllvm-args=-sanitizer-coverage-stack-depth \
     -Cllvm-args=-simplifycfg-branch-fold-threshold=0";

/// Where everything is that need not be kept.
const FOLDER: &str = "target/fuzz";

/// What became of a target.
struct Outcome {
    target: String,
    seconds: f32,
    passed: bool,
    told: String,
}

impl Outcome {
    /// The number behind a word of libFuzzer's last line that has it.
    fn number(&self, word: &str) -> Option<&str> {
        let line = self.told.lines().rev().find(|line| line.contains(word))?;
        line.split(word).nth(1)?.split_whitespace().next()
    }

    fn executions(&self) -> u64 {
        let line = self.told.lines().rev().find(|line| line.starts_with('#') && line.contains("cov:"));
        let count = line.and_then(|line| line[1..].split_whitespace().next());
        count.and_then(|count| count.parse().ok()).unwrap_or(0)
    }
}

/// Fuzzes one target, or each, for so many seconds.
pub(crate) fn run(only: Option<&str>, seconds: u32, keep: bool) -> Result<()> {
    let chosen = prepare(only, Build::Plain)?;
    println!("{:12} {:>7} {:>10} {:>10} {:>7} {:>7}", "target", "seconds", "executions", "a second", "corpus", "edges");
    let outcomes = each(&chosen, Build::Plain, seconds, |outcome| {
        let executions = outcome.executions();
        let corpus = outcome.number("corp: ").and_then(|corpus| corpus.split('/').next()).unwrap_or("?");
        println!(
            "{:12} {:7.1} {executions:10} {:10.0} {corpus:>7} {:>7}",
            outcome.target,
            outcome.seconds,
            executions as f32 / outcome.seconds,
            outcome.number("cov: ").unwrap_or("?"),
        );
    })?;
    if let Some(outcome) = outcomes.iter().find(|outcome| !outcome.passed) {
        let input = outcome.told.lines().find_map(|line| line.split("Test unit written to ").nth(1));
        let (target, told) = (&outcome.target, told_of_panic(&outcome.told));
        let Some(input) = input else { bail!("fuzzing {target} failed:\n{told}") };
        bail!("{target}: {told}\nby {input}; again with\n  {} {input}", program(target).display());
    }
    if keep {
        chosen.iter().try_for_each(|target| merge(target))?;
    }
    Ok(())
}

/// Each target with a panic planted behind what it takes apart must find it in so many seconds, from its seeds.
pub(crate) fn planted(only: Option<&str>, seconds: u32) -> Result<()> {
    let chosen = prepare(only, Build::Planted)?;
    println!("{:12} {:>13} {:>10}", "target", "found after s", "executions");
    for target in &chosen {
        sow(target)?;
    }
    let outcomes = each(&chosen, Build::Planted, seconds, |outcome| {
        println!("{:12} {:13.1} {:>10}", outcome.target, outcome.seconds, outcome.executions());
    })?;
    for Outcome { target, passed, told, .. } in &outcomes {
        ensure!(!passed, "{target} did not find the planted panic in {seconds} s");
        ensure!(told.contains("panicked") && told.contains("\nplanted"), "{target}: {}", told_of_panic(told));
        ensure!(told.contains("INITED"), "a seed of {target} holds what is planted");
    }
    Ok(())
}

/// Gives the search for a planted panic its corpus: what fuzzers have found may hold the panic, and is left out. It is named by
/// its hash.
fn sow(target: &str) -> Result<()> {
    let folder = grown(Build::Planted, target);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder)?;
    for entry in fs::read_dir(format!("{CORPORA}/{target}"))? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if !(name.len() == 40 && name.chars().all(|c| c.is_ascii_hexdigit())) {
            fs::copy(entry.path(), format!("{folder}/{name}"))?;
        }
    }
    Ok(())
}

/// Makes seeds of captures, and of the tables of packets that dissectors have read.
pub(crate) fn corpus(mut captures: Vec<String>) -> Result<()> {
    if captures.is_empty() {
        let folders = interop::RADIOS.map(|kind| files(&interop::captures(kind).to_string_lossy(), "btsnoop"));
        let found: Result<Vec<_>> = folders.into_iter().collect();
        captures = found.context("run `cargo xtask interop` first")?.concat();
    }
    let tables = files("interop", "tsv")?.into_iter().filter(|path| path.contains("packets"));
    let files: Vec<String> = captures.into_iter().chain(tables).collect();
    let mut arguments = vec!["corpus", "--into", CORPORA];
    arguments.extend(files.iter().map(String::as_str));
    scenarios(&arguments)
}

/// The files of a folder that end so.
fn files(folder: &str, end: &str) -> Result<Vec<String>> {
    let entries = fs::read_dir(folder).with_context(|| format!("cannot read {folder}"))?;
    let paths = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<PathBuf>>>()?;
    let mut paths: Vec<String> = paths
        .iter()
        .filter(|path| path.extension().is_some_and(|e| e == end))
        .map(|path| path.display().to_string())
        .collect();
    paths.sort();
    Ok(paths)
}

/// Builds the chosen targets, or all, and names them.
fn prepare(only: Option<&str>, build: Build) -> Result<Vec<String>> {
    let targets = targets()?;
    let chosen: Vec<String> = targets.iter().filter(|target| only.is_none_or(|o| o == *target)).cloned().collect();
    ensure!(!chosen.is_empty(), "no such target: there are {}", targets.join(" "));
    // With a target named, build scripts and macros are spared the counters.
    let mut command = cargo(&["build", "--quiet", "--release", "--manifest-path", "fuzz/Cargo.toml"]);
    command.args(["--target", &triple(), "--target-dir", FOLDER]).env("RUSTFLAGS", COUNTED);
    command.args(only.map(|target| format!("--bin={target}")));
    command.args((build == Build::Planted).then_some("--features=planted"));
    let start = Instant::now();
    crate::run(&mut command).context("the targets could not be built")?;
    println!("built in {:.1} s", start.elapsed().as_secs_f32());
    Ok(chosen)
}

fn triple() -> String {
    format!("{}-unknown-linux-gnu", std::env::consts::ARCH)
}

/// The names of the fuzz targets.
fn targets() -> Result<Vec<String>> {
    let mut names = vec![];
    for entry in fs::read_dir("fuzz/fuzz_targets")? {
        let path = entry?.path();
        names.extend(path.file_stem().map(|name| name.to_string_lossy().into_owned()));
    }
    names.sort();
    Ok(names)
}

fn program(target: &str) -> PathBuf {
    PathBuf::from(format!("{FOLDER}/{}/release/{target}", triple()))
}

/// Where the inputs are put that a fuzzer finds worth keeping.
fn grown(build: Build, target: &str) -> String {
    let kind = if build == Build::Planted { "planted" } else { "corpus" };
    format!("{FOLDER}/{kind}/{target}")
}

/// Fuzzes targets, as many side by side as there are processors, and tells of each when it is done.
fn each(targets: &[String], build: Build, seconds: u32, tell: impl Fn(&Outcome) + Sync) -> Result<Vec<Outcome>> {
    let (next, outcomes) = (AtomicUsize::new(0), Mutex::new(vec![]));
    let work = || -> Result<()> {
        while let Some(target) = targets.get(next.fetch_add(1, Ordering::Relaxed)) {
            let outcome = fuzz(target, build, seconds)?;
            tell(&outcome);
            outcomes.lock().map_err(|_| anyhow::anyhow!("a panic"))?.push(outcome);
        }
        Ok(())
    };
    thread::scope(|scope| {
        let workers: Vec<_> =
            (0..thread::available_parallelism().map_or(1, usize::from)).map(|_| scope.spawn(work)).collect();
        workers.into_iter().try_for_each(|worker| worker.join().map_err(|_| anyhow::anyhow!("a panic"))?)
    })?;
    outcomes.into_inner().map_err(|_| anyhow::anyhow!("a panic"))
}

fn fuzz(target: &str, build: Build, seconds: u32) -> Result<Outcome> {
    let (grown, artifacts) = (grown(build, target), format!("{FOLDER}/artifacts/{target}/"));
    fs::create_dir_all(&grown)?;
    fs::create_dir_all(&artifacts)?;
    let mut command = Command::new(program(target));
    command.arg(grown).args((build == Build::Plain).then(|| format!("{CORPORA}/{target}")));
    command.arg(format!("-max_total_time={seconds}")).arg(format!("-artifact_prefix={artifacts}"));
    command.args(["-max_len=1000", "-timeout=10"]).env("RUST_BACKTRACE", "0");
    let start = Instant::now();
    let output = command.output().with_context(|| format!("{command:?} cannot be run"))?;
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    let seconds = start.elapsed().as_secs_f32();
    Ok(Outcome { target: target.into(), seconds, passed: output.status.success(), told })
}

/// Puts into the corpus what reaches code that it does not reach, as little as does.
fn merge(target: &str) -> Result<()> {
    let mut command = Command::new(program(target));
    command.args(["-set_cover_merge=1", "-use_counters=0", "-max_len=1000"]).arg(format!("{CORPORA}/{target}"));
    let output = command.arg(grown(Build::Plain, target)).output()?;
    ensure!(output.status.success(), "{target}: {}", String::from_utf8_lossy(&output.stderr));
    Ok(())
}

/// What a panic said, or the end of what was said.
fn told_of_panic(told: &str) -> String {
    let lines: Vec<&str> = told.lines().collect();
    let from = lines.iter().position(|line| line.contains("panicked at")).unwrap_or(lines.len().saturating_sub(10));
    lines[from..].iter().take(8).copied().collect::<Vec<_>>().join("\n")
}
