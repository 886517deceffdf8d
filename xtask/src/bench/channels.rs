//! The table of channels: rates of several runs, instructions a KiB, how often `memcpy` copies an octet, and how evenly links and
//! channels share.

use super::{STACKS, median};
use anyhow::{Context, Result, bail, ensure};
use std::{collections::BTreeMap, fs, process::Command};

/// Names of rows begin so.
const PREFIX: &str = "channel-";
/// SDUs of the two runs of which the second has copied so much more than the first.
const COPIED: [u64; 2] = [512, 1_024];

/// One line of `jelling-benches`.
#[derive(Clone, Debug)]
struct Figures {
    octets: f64,
    sent: f64,
    received: f64,
    damaged: f64,
    disordered: f64,
    nanoseconds: f64,
    moved: f64,
    stalled: bool,
    links: f64,
    channels: f64,
}

impl Figures {
    fn of(line: &str) -> Result<((String, u16), Self)> {
        let fields: Vec<&str> = line.split('\t').collect();
        let [_, row, length, numbers @ ..] = &*fields else { bail!("{line:?} is no row of channels") };
        let numbers = numbers.iter().map(|n| Ok(n.parse()?)).collect::<Result<Vec<f64>>>()?;
        let [octets, sent, received, damaged, disordered, nanoseconds, moved, stalled, links, channels] = *numbers
        else {
            bail!("{line:?} is no row of channels")
        };
        let stalled = stalled != 0.0;
        let figures =
            Figures { octets, sent, received, damaged, disordered, nanoseconds, moved, stalled, links, channels };
        Ok(((row.to_string(), length.parse()?), figures))
    }

    /// Octets of data that came.
    fn volume(&self) -> f64 {
        self.received * self.octets
    }
}

/// Row and octets of ACL data.
type Key = (String, u16);

/// What was measured, by stack and row.
#[derive(Default)]
pub(super) struct Channels {
    runs: BTreeMap<(&'static str, Key), Vec<Figures>>,
    /// Rows in their order.
    keys: Vec<Key>,
    copies: BTreeMap<(&'static str, Key), f64>,
    instructions: BTreeMap<(&'static str, Key), f64>,
    /// Octets of data in the run in which callgrind counts: the same in each run.
    counted: BTreeMap<(&'static str, Key), f64>,
}

impl Channels {
    /// Takes a line that is about channels.
    pub(super) fn read(&mut self, stack: &'static str, line: &str) -> Result<bool> {
        if line.split('\t').nth(1).is_none_or(|row| !row.starts_with(PREFIX)) {
            return Ok(false);
        }
        let (key, figures) = Figures::of(line)?;
        if !self.keys.contains(&key) {
            self.keys.push(key.clone());
        }
        self.runs.entry((stack, key)).or_default().push(figures);
        Ok(true)
    }

    /// Lets DHAT count what is copied by two runs of each row: from one to the other only SDUs come on top. What the link copies is
    /// known, and taken off.
    pub(super) fn copies(&mut self, stack: &'static str, program: &str) -> Result<()> {
        for key in self.keys.clone() {
            let mut totals = vec![];
            for count in COPIED {
                let file = format!("{program}.dhat");
                let mut command = Command::new("valgrind");
                command.args(["--quiet", "--tool=dhat", "--mode=copy", &format!("--dhat-out-file={file}"), program]);
                let output = command.args([stack, &key.0, &key.1.to_string(), &count.to_string()]).output()?;
                ensure!(output.status.success(), "dhat: {}", String::from_utf8_lossy(&output.stderr));
                let (_, figures) = Figures::of(String::from_utf8(output.stdout)?.trim_end())?;
                let told: serde_json::Value = serde_json::from_str(&fs::read_to_string(&file)?)?;
                let points = told["pps"].as_array().context("dhat tells of no copies")?;
                let copied: f64 = points.iter().filter_map(|point| point["tb"].as_f64()).sum();
                totals.push((copied - figures.moved, figures.volume()));
            }
            let [(before, less), (after, more)] = *totals else { bail!("two runs") };
            self.copies.insert((stack, key), (after - before) / (more - less));
        }
        // As many SDUs as callgrind sees.
        let count = super::constant("benches/src/channels.rs", "SDUS")?.to_string();
        for key in self.keys.clone() {
            let output = Command::new(program).args([stack, &key.0, &key.1.to_string(), &count]).output()?;
            let (_, figures) = Figures::of(String::from_utf8(output.stdout)?.trim_end())?;
            self.counted.insert((stack, key), figures.volume());
        }
        Ok(())
    }

    /// Takes what callgrind counted in a row, if it is one of channels.
    pub(super) fn counted(&mut self, stack: &'static str, row: &str, length: u16, total: f64) -> Result<bool> {
        if !row.starts_with(PREFIX) {
            return Ok(false);
        }
        let key = (row.to_owned(), length);
        let octets = self.counted.get(&(stack, key.clone())).context("gungraun counts a row that is none")?;
        self.instructions.insert((stack, key), total / (octets / 1024.0));
        Ok(true)
    }

    /// Prints the table.
    pub(super) fn print(&self, markdown: bool) {
        let separator = if markdown { " | " } else { "  " };
        let edge = if markdown { "|" } else { "" };
        let line = |cells: &[String]| {
            let widths = [16, 4, 13, 8, 18, 8, 8, 8, 8];
            let cells = cells.iter().zip(widths).map(|(cell, width)| format!("{cell:>width$}"));
            println!("{edge} {} {edge}", cells.collect::<Vec<_>>().join(separator));
        };
        println!();
        let head = ["SDU, links x ch.", "ACL", "stack", "MB/s", "lost", "ins./KiB", "memcpy", "links", "channels"];
        line(&head.map(String::from));
        if markdown {
            println!("|{}", "---:|".repeat(head.len()));
        }
        for key in &self.keys {
            for (stack, _) in STACKS {
                let at = (stack, key.clone());
                let Some(runs) = self.runs.get(&at) else { continue };
                let of = |f: fn(&Figures) -> f64| median(runs.iter().map(f).collect());
                let mut lost = format!("{:.1} %", of(|f| (1.0 - f.received / f.sent).max(0.0)) * 100.0);
                if runs.iter().any(|run| run.stalled) {
                    lost.push_str(", one stuck");
                }
                let number = |map: &BTreeMap<(&'static str, Key), f64>, digits: usize| {
                    map.get(&at).map_or("-".into(), |n| format!("{n:.digits$}"))
                };
                let spread = |n: f64| if n.is_finite() { format!("{n:.2}") } else { "starved".into() };
                line(&[
                    key.0.trim_start_matches(PREFIX).replace('-', ", "),
                    key.1.to_string(),
                    stack.into(),
                    format!("{:.0}", of(|f| f.volume() / f.nanoseconds * 1e3)),
                    lost,
                    number(&self.instructions, 0),
                    number(&self.copies, 1),
                    spread(of(|f| f.links)),
                    spread(of(|f| f.channels)),
                ]);
                let disorder: f64 = runs.iter().map(|f| f.damaged + f.disordered).sum();
                if disorder > 0.0 {
                    println!("{stack}, {}, {}: {disorder} SDUs damaged, out of order or twice", key.0, key.1);
                }
            }
        }
    }
}
