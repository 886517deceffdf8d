//! Stages in lanes: one after the other in each, the lanes side by side. What a stage prints appears at once, behind its name.

#[cfg(test)]
mod tests;

use anyhow::{Context, Result, bail};
use std::{
    collections::VecDeque,
    fs,
    io::{BufRead, BufReader, PipeReader},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

/// A name, and what is done.
pub(crate) type Stage = (&'static str, fn() -> Result<()>);

/// Lines that are shown again of a stage that failed.
const SHOWN: usize = 60;

/// How a stage ended.
struct Outcome {
    name: &'static str,
    begin: Duration,
    time: Duration,
    /// What it said last, if it failed.
    failed: Option<String>,
}

/// Runs each stage as `xtask TASK STAGE`, and prints the time of each. After a failure none begins any more, and those that have
/// begun are waited for.
pub(crate) fn play(task: &str, lanes: &[&[Stage]]) -> Result<()> {
    play_by(&program()?, task, lanes)
}

fn play_by(program: &Path, task: &str, lanes: &[&[Stage]]) -> Result<()> {
    let (start, failed, outcomes) = (Instant::now(), AtomicBool::new(false), Mutex::new(vec![]));
    let lane = |number: usize| -> Result<()> {
        for (name, _) in lanes[number] {
            if failed.load(Ordering::Relaxed) {
                return Ok(());
            }
            let begin = start.elapsed();
            println!("== {:4.0} s  {name}", begin.as_secs_f32());
            let mut command = command(program, number);
            let told = stage(name, command.args([task, name])).unwrap_or_else(|error| Some(format!("{error:#}")));
            let time = start.elapsed().saturating_sub(begin);
            let how = if told.is_some() { "FAILED after" } else { "done in" };
            println!("== {:4.0} s  {name}: {how} {:.1} s", start.elapsed().as_secs_f32(), time.as_secs_f32());
            failed.fetch_or(told.is_some(), Ordering::Relaxed);
            let outcome = Outcome { name, begin, time, failed: told };
            outcomes.lock().map_err(|_| anyhow::anyhow!("a panic"))?.push(outcome);
        }
        Ok(())
    };
    thread::scope(|scope| {
        let lanes: Vec<_> = (0..lanes.len()).map(|number| scope.spawn(move || lane(number))).collect();
        lanes.into_iter().try_for_each(|lane| lane.join().map_err(|_| anyhow::anyhow!("a panic"))?)
    })?;
    report(&outcomes.into_inner().map_err(|_| anyhow::anyhow!("a panic"))?, start.elapsed())
}

/// The times, and what failed.
fn report(outcomes: &[Outcome], whole: Duration) -> Result<()> {
    println!("{:>9} {:>9}", "from", "for");
    for Outcome { name, begin, time, .. } in outcomes {
        println!("{:7.1} s {:7.1} s  {name}", begin.as_secs_f32(), time.as_secs_f32());
    }
    println!("{:7.1} s in all", whole.as_secs_f32());
    let failed = || outcomes.iter().filter_map(|outcome| Some((outcome.name, outcome.failed.as_ref()?)));
    for (name, told) in failed() {
        println!("== {name} FAILED\n{told}");
    }
    let names: Vec<&str> = failed().map(|(name, _)| name).collect();
    if names.is_empty() { Ok(()) } else { bail!("failed: {}", names.join("; ")) }
}

/// This program, where no build of the workspace replaces it.
fn program() -> Result<PathBuf> {
    let folder = Path::new(&crate::target()).join("ci");
    fs::create_dir_all(&folder)?;
    let copy = std::path::absolute(folder.join(format!("xtask{}", std::env::consts::EXE_SUFFIX)))?;
    let _ = fs::remove_file(&copy);
    fs::copy(std::env::current_exe()?, &copy).context("xtask cannot be copied")?;
    Ok(copy)
}

/// The first lane plays in real time, with timeouts: the others step back.
fn command(program: &Path, lane: usize) -> Command {
    if lane == 0 {
        return Command::new(program);
    }
    let mut nice = Command::new("nice");
    nice.args(["-n", "5"]).arg(program);
    nice
}

/// Runs one, and gives what it said last if it failed.
fn stage(name: &str, command: &mut Command) -> Result<Option<String>> {
    let (reader, writer) = std::io::pipe()?;
    command.stdin(Stdio::null()).stdout(writer.try_clone()?).stderr(writer);
    let mut process = command.spawn().with_context(|| format!("cannot run {command:?}"))?;
    // The pipe ends with its last writer.
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let last = show(name, reader)?;
    Ok((!process.wait()?.success()).then_some(last))
}

/// Prints lines as they come, and gives the last.
fn show(name: &str, reader: PipeReader) -> Result<String> {
    let (mut reader, mut line, mut last) = (BufReader::new(reader), vec![], VecDeque::new());
    while reader.read_until(b'\n', &mut line)? > 0 {
        let text = String::from_utf8_lossy(&line).trim_end().to_owned();
        println!("{name:>14} | {text}");
        last.push_back(text);
        if last.len() > SHOWN {
            last.pop_front();
        }
        line.clear();
    }
    Ok(Vec::from(last).join("\n"))
}
