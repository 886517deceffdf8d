//! jelling beside trouble-host: rates, losses and latencies of `benches`, instructions by gungraun, in one table; channels in
//! another one; and how near hosts come to the limit of their UARTs.

mod channels;

use crate::{cargo, run, setup, sweeps::scenarios};
use anyhow::{Context, Result, bail, ensure};
use channels::Channels;
use std::{collections::BTreeMap, fs, path::Path, process::Command};

/// The workspace of its own that has the peer among its dependencies.
const MANIFEST: &str = "benches/Cargo.toml";
const FOLDER: &str = "target/benches";
/// Whose figures stand side by side: a stack as `jelling-benches` names it, and the features it is built with.
const STACKS: [(&str, &[&str]); 3] =
    [("jelling", &[]), ("trouble", &[]), ("trouble-best", &["--no-default-features", "--features", "best"])];
/// The row of pairings, and what in it is P-256: instructions alone.
const PAIR: &str = "pair";
const CURVE: &str = "curve";
/// Runs, of which the median counts.
const RUNS: usize = 3;

/// One line of `jelling-benches`.
#[derive(Clone, Debug)]
struct Figures {
    sent: f64,
    received: f64,
    out_of_order: f64,
    duplicated: f64,
    rate: f64,
    clock_reads: f64,
    latency: Option<(f64, f64)>,
}

/// Row and octets of ACL data.
type Key = (String, u16);
/// Of each run.
type Runs = BTreeMap<(&'static str, Key), Vec<Figures>>;

/// A smoke test: every row of both stacks in small.
pub(crate) fn test() -> Result<()> {
    let at = |arguments: &[&str]| {
        let mut command = cargo(arguments);
        command.args(["--manifest-path", MANIFEST, "--target-dir", FOLDER, "--quiet"]);
        command
    };
    run(cargo(&["fmt", "--check", "--manifest-path", MANIFEST]).args(["--", "--config-path", "rustfmt.toml"]))?;
    run(at(&["clippy", "--all-targets"]).args(["--", "--deny", "warnings"]))?;
    run(&mut at(&["test", "--lib", "--bins", "--tests"]))
}

/// Measures all, and prints the table.
pub(crate) fn compare(milliseconds: u32, markdown: bool) -> Result<()> {
    setup::gungraun()?;
    let programs = STACKS.map(|(stack, features)| Ok((stack, build(stack, features)?)));
    let programs = programs.into_iter().collect::<Result<Vec<_>>>()?;
    let (mut runs, mut channels) = (Runs::new(), Channels::default());
    for number in 1..=RUNS {
        // In turns, so that what else the machine does hits each.
        for (stack, program) in &programs {
            eprintln!("run {number} of {RUNS}: {stack}");
            measure(stack, program, milliseconds, &mut runs, &mut channels)?;
        }
    }
    for (stack, program) in &programs {
        eprintln!("copies: {stack}");
        channels.copies(stack, program)?;
    }
    let mut instructions = BTreeMap::new();
    for (stack, features) in STACKS {
        eprintln!("instructions: {stack}");
        count(stack, features, &mut instructions, &mut channels)?;
    }
    print(&runs, &instructions, markdown);
    channels.print(markdown);
    scenarios(&["uart"])
}

fn build(stack: &str, features: &[&str]) -> Result<String> {
    eprintln!("building {stack}");
    let mut command = cargo(&["build", "--quiet", "--release", "--manifest-path", MANIFEST, "--target-dir", FOLDER]);
    run(command.args(features))?;
    let program = format!("{FOLDER}/{stack}");
    fs::copy(format!("{FOLDER}/release/jelling-benches"), &program).context("it was built elsewhere")?;
    Ok(program)
}

fn measure(
    stack: &'static str,
    program: &str,
    milliseconds: u32,
    runs: &mut Runs,
    channels: &mut Channels,
) -> Result<()> {
    let output = Command::new(program).args([stack, &milliseconds.to_string()]).output()?;
    ensure!(output.status.success(), "{stack}: {}", String::from_utf8_lossy(&output.stderr));
    for line in String::from_utf8(output.stdout)?.lines() {
        if channels.read(stack, line)? {
            continue;
        }
        let fields: Vec<&str> = line.split('\t').collect();
        let [_, row, length, numbers @ ..] = &*fields else { bail!("{stack} printed {line:?}") };
        let numbers = numbers.iter().map(|n| Ok(n.parse()?)).collect::<Result<Vec<f64>>>()?;
        let [sent, received, out_of_order, duplicated, nanoseconds, clock_reads, latency @ ..] = &*numbers else {
            bail!("{stack} printed {line:?}")
        };
        let figures = Figures {
            sent: *sent,
            received: *received,
            out_of_order: *out_of_order,
            duplicated: *duplicated,
            rate: received / nanoseconds * 1e9,
            clock_reads: clock_reads / sent,
            latency: if let [median, high] = latency { Some((*median, *high)) } else { None },
        };
        runs.entry((stack, (row.to_string(), length.parse()?))).or_default().push(figures);
    }
    Ok(())
}

/// Instructions an operation, from gungraun's lines of JSON.
fn count(
    stack: &'static str,
    features: &[&str],
    into: &mut BTreeMap<(&'static str, Key), f64>,
    channels: &mut Channels,
) -> Result<()> {
    let mut command = cargo(&["bench", "--quiet", "--manifest-path", MANIFEST, "--target-dir", FOLDER]);
    command.args(features).args(["--bench", "instructions", "--", "--output-format=json"]);
    let runner = Path::new(setup::GUNGRAUN).canonicalize()?;
    let output = command.env("GUNGRAUN_RUNNER", runner).output()?;
    ensure!(output.status.success(), "gungraun: {}", String::from_utf8_lossy(&output.stderr));
    let prefix = format!("{}_", stack.split('-').next().unwrap_or(stack));
    let of = |name| constant("benches/src/meter.rs", name);
    let (operations, pairings) = (of("OPERATIONS")?, of("PAIRINGS")?);
    for line in String::from_utf8(output.stdout)?.lines() {
        let told: serde_json::Value = serde_json::from_str(line)?;
        let id = told["id"].as_str().context("gungraun names no benchmark")?;
        let Some((row, length)) = id.strip_prefix(&prefix).and_then(|id| id.rsplit_once('_')) else { continue };
        let metrics = &told["profiles"][0]["data"]["total"]["metrics"];
        let value = &metrics["Ir"]["values"]["new"];
        let total = value.as_f64().with_context(|| format!("gungraun counts no instructions: {metrics}"))?;
        let length = length.parse()?;
        if channels.counted(stack, &row.replace('_', "-"), length, total)? {
            continue;
        }
        let operations = if matches!(row, PAIR | CURVE) { pairings } else { operations };
        into.insert((stack, (row.replace('_', "-"), length)), total / operations);
    }
    Ok(())
}

/// A number that a source says.
fn constant(file: &str, name: &str) -> Result<f64> {
    let source = fs::read_to_string(file)?;
    let value = source.split(&format!("const {name}: u32 = ")).nth(1).and_then(|rest| rest.split(';').next());
    Ok(value.with_context(|| format!("no {name} in {file}"))?.replace('_', "").parse()?)
}

fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers.get(numbers.len() / 2).copied().unwrap_or(f64::NAN)
}

fn print(runs: &Runs, instructions: &BTreeMap<(&'static str, Key), f64>, markdown: bool) {
    let separator = if markdown { " | " } else { "  " };
    let edge = if markdown { "|" } else { "" };
    let line = |cells: &[String]| {
        let widths = [12, 4, 13, 11, 8, 7, 9, 9, 12, 11];
        let cells = cells.iter().zip(widths).map(|(cell, width)| format!("{cell:>width$}"));
        println!("{edge} {} {edge}", cells.collect::<Vec<_>>().join(separator));
    };
    println!("{}\n", machine());
    let head = ["row", "ACL", "stack", "ops/s", "MB/s", "lost", "p50 ns", "p99 ns", "instructions", "clock reads"];
    line(&head.map(String::from));
    if markdown {
        println!("|{}", "---:|".repeat(head.len()));
    }
    let mut keys: Vec<&Key> = vec![];
    for (_, key) in runs.keys() {
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    for key in keys {
        for (stack, _) in STACKS {
            let Some(figures) = runs.get(&(stack, key.clone())) else { continue };
            let of = |f: fn(&Figures) -> f64| median(figures.iter().map(f).collect());
            let rate = of(|f| f.rate);
            let octets: f64 = key.0.rsplit('-').next().and_then(|n| n.parse().ok()).unwrap_or(0.0);
            let lost = of(|f| 1.0 - f.received / f.sent) * 100.0;
            let latency = |f: fn((f64, f64)) -> f64| {
                let times: Vec<f64> = figures.iter().filter_map(|run| run.latency.map(f)).collect();
                if times.is_empty() { "-".into() } else { format!("{:.0}", median(times)) }
            };
            line(&[
                key.0.clone(),
                key.1.to_string(),
                stack.into(),
                format!("{rate:.0}"),
                if octets > 0.0 { format!("{:.1}", rate * octets / 1e6) } else { "-".into() },
                format!("{lost:.1} %"),
                latency(|(median, _)| median),
                latency(|(_, high)| high),
                instructions.get(&(stack, key.clone())).map_or("-".into(), |n| format!("{n:.0}")),
                format!("{:.1}", of(|f| f.clock_reads)),
            ]);
            let disorder: f64 = figures.iter().map(|f| f.out_of_order + f.duplicated).sum();
            if disorder > 0.0 {
                println!("{stack}, {}, {}: {disorder} values out of order or twice", key.0, key.1);
            }
        }
    }
    println!();
    for (stack, _) in STACKS {
        let of = |row: &str| instructions.get(&(stack, (row.into(), 27))).copied();
        if let (Some(curve), Some(all)) = (of(CURVE), of(PAIR)) {
            let percent = 100.0 * curve / all;
            println!("{stack}: of the {all:.0} instructions of a pairing {curve:.0} are P-256 ({percent:.1} %)");
        }
    }
}

/// Versions and processor, in one sentence.
fn machine() -> String {
    let lock = fs::read_to_string("benches/Cargo.lock").unwrap_or_default();
    let version = |name: &str| {
        let package = lock.split("[[package]]").find(|p| p.contains(&format!("name = \"{name}\"\n")));
        package.and_then(|p| p.split("version = \"").nth(1)?.split('"').next()).unwrap_or("?").to_owned()
    };
    let cpus = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let cpu =
        cpus.lines().find_map(|l| l.strip_prefix("model name")?.split(": ").nth(1)).unwrap_or("unknown processor");
    let compiler = Command::new("rustc").arg("--version").output();
    let compiler = compiler.map(|o| String::from_utf8_lossy(&o.stdout).trim().to_owned()).unwrap_or_default();
    format!(
        "jelling {}, trouble-host {} (best: see benches/Cargo.toml), {compiler}, {cpu}; median of {RUNS} runs",
        version("jelling"),
        version("trouble-host")
    )
}
