//! Which lines of `wire` and `host`, and of pairing in it, tests and corpora reach.

use crate::{cargo, run, setup};
use anyhow::{Context, Result, ensure};
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Instant,
};

/// The crates that are measured.
const MEASURED: [&str; 2] = ["wire", "host"];
/// What is judged, and the lines of it that must be reached, in per cent.
const WANTED: [(&str, usize); 3] = [("crates/wire", 90), ("crates/host", 90), ("crates/host/src/smp", 95)];
/// Files with the most lines that are not reached, which are named.
const NAMED: usize = 12;

/// Whose tests are run, the corpora of the fuzz targets among them.
const PACKAGES: [&str; 6] =
    ["jelling-wire", "jelling-host", "jelling", "jelling-h4", "jelling-transport", "jelling-scenarios"];
/// Tests that take too long with counters in them, and reach what others do.
const LEFT_OUT: [&str; 1] = ["sweeps"];

/// Lines of a file, and how many of them were reached.
#[derive(Clone, Copy, Default)]
struct Lines {
    all: usize,
    reached: usize,
}

impl Lines {
    fn add(&mut self, other: Lines) {
        self.all += other.all;
        self.reached += other.reached;
    }

    fn percent(self) -> f32 {
        100.0 * self.reached as f32 / self.all.max(1) as f32
    }
}

/// Runs the tests with counters in them, prints a table, and wants enough.
pub(crate) fn measure() -> Result<()> {
    let version = llvm_version()?;
    let tool = |name: &str| format!("llvm-{name}-{version}");
    setup::packages(&[(&tool("cov"), &format!("llvm-{version}"))])?;
    let folder = std::path::absolute("target/coverage")?;
    let profiles = folder.join("profiles");
    let _ = fs::remove_dir_all(&profiles);
    let start = Instant::now();
    let programs = build(&folder)?;
    let built = start.elapsed().as_secs_f32();
    for Program { file, package } in &programs {
        let mut test = Command::new(file);
        // One file for each program, to which all of its runs add.
        test.current_dir(package).env("LLVM_PROFILE_FILE", profiles.join("%m.profraw")).env("RUST_BACKTRACE", "0");
        let output = test.output().with_context(|| format!("cannot run {}", file.display()))?;
        ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    }
    let ran = start.elapsed().as_secs_f32() - built;
    println!("{} test programs, built in {built:.1} s, ran for {ran:.1} s", programs.len());
    let merged = folder.join("merged.profdata");
    let mut merge = Command::new(tool("profdata"));
    merge.args(["merge", "--sparse", "--output"]).arg(&merged).arg(&profiles);
    run(&mut merge)?;
    let mut export = Command::new(tool("cov"));
    export.args(["export", "--format=lcov", "--instr-profile"]).arg(&merged);
    for program in &programs {
        export.arg("--object").arg(&program.file);
    }
    export
        .arg("--sources")
        .args(MEASURED.map(|name| std::path::absolute(format!("crates/{name}/src")).unwrap_or_default()));
    let output = export.output().with_context(|| format!("cannot run {export:?}"))?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    judge(&files(&String::from_utf8_lossy(&output.stdout))?)
}

/// The major version of the compiler's LLVM: only tools of the same one read its counters.
fn llvm_version() -> Result<String> {
    let output = Command::new("rustc").arg("-vV").output().context("cannot run rustc")?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let version = text.lines().find_map(|line| line.strip_prefix("LLVM version: ")?.split('.').next());
    version.map(str::to_owned).context("rustc does not tell its LLVM version")
}

/// A test program, and where its package is.
struct Program {
    file: PathBuf,
    package: PathBuf,
}

/// Builds the tests with counters in them. Documentation tests are programs that cargo does not name.
fn build(folder: &Path) -> Result<Vec<Program>> {
    let mut command = cargo(&["test", "--quiet", "--no-run", "--tests", "--message-format=json"]);
    command.args(PACKAGES.iter().flat_map(|name| ["--package", name]));
    command.env("CARGO_TARGET_DIR", folder).env("RUSTFLAGS", "-Cinstrument-coverage");
    command.env("CARGO_PROFILE_DEV_DEBUG", "0").env("CARGO_INCREMENTAL", "0");
    // Build scripts and macros count too, for nobody.
    command.env("LLVM_PROFILE_FILE", folder.join("build/%m.profraw"));
    let output = command.output().with_context(|| format!("cannot run {command:?}"))?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let messages = text.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    let program = |message: serde_json::Value| {
        let is_run = message["profile"]["test"] == true && !LEFT_OUT.iter().any(|n| message["target"]["name"] == *n);
        let package = Path::new(message["manifest_path"].as_str()?).parent()?.into();
        is_run.then_some(Program { file: message["executable"].as_str()?.into(), package })
    };
    Ok(messages.filter_map(program).collect())
}

/// The lines of each file, from lcov's records.
fn files(lcov: &str) -> Result<BTreeMap<PathBuf, Lines>> {
    let root = std::env::current_dir()?;
    let (mut files, mut file) = (BTreeMap::<PathBuf, Lines>::new(), PathBuf::new());
    for line in lcov.lines() {
        if let Some(path) = line.strip_prefix("SF:") {
            file = Path::new(path).strip_prefix(&root).unwrap_or(Path::new(path)).into();
        } else if let Some((_, count)) = line.strip_prefix("DA:").and_then(|line| line.split_once(',')) {
            let reached = usize::from(count != "0");
            files.entry(file.clone()).or_default().add(Lines { all: 1, reached });
        }
    }
    Ok(files)
}

fn judge(files: &BTreeMap<PathBuf, Lines>) -> Result<()> {
    let mut lowest: Vec<(&PathBuf, &Lines)> = files.iter().collect();
    lowest.sort_by_key(|(_, lines)| core::cmp::Reverse(lines.all - lines.reached));
    println!("{:>8} {:>7} {:>7}", "per cent", "lines", "missed");
    let row = |lines: &Lines, what: String| {
        println!("{:8.1} {:7} {:7}  {what}", lines.percent(), lines.all, lines.all - lines.reached);
    };
    for (path, lines) in lowest.iter().take(NAMED) {
        row(lines, path.display().to_string());
    }
    let mut short = vec![];
    for (folder, wanted) in WANTED {
        let mut total = Lines::default();
        files.iter().filter(|(path, _)| path.starts_with(folder)).for_each(|(_, lines)| total.add(*lines));
        row(&total, format!("{folder}, of which {wanted} % are wanted"));
        if total.reached * 100 < total.all * wanted || total.all == 0 {
            short.push(folder);
        }
    }
    ensure!(short.is_empty(), "fewer lines of {} are reached than are wanted", short.join(" and "));
    Ok(())
}
