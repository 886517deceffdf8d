//! `replay`: the controller's side of a capture, fed to a fresh core at the times of the capture. What the captured host's
//! packets imply is asked of the core, and what it sends is compared with what the captured host sent.

mod script;
mod stage;
mod table;

use crate::{
    arguments::{Global, ReplayOptions},
    output::Output,
    show::{self, Dissector},
};
use anyhow::{Context, Result, bail};
use jelling_cli::file::{self, File};
use jelling_host::{Config, Counters, Gatt, Links, Pool, Scan, Store};
use jelling_transport::{Direction, btsnoop::Record};
use serde_json::{Value, json};
use stage::{Difference, Stage};
use static_cell::ConstStaticCell;

/// As much as a session of the command has.
type Memory = Store<Links<8, 517>, Gatt<{ file::ATTRIBUTES }, { file::OCTETS }>, Pool<16_384, 250>, Scan<64>>;

pub(crate) fn replay(global: &Global, output: Output, options: &ReplayOptions) -> Result<()> {
    let path = &*options.file;
    let octets = show::read(path)?;
    let mut records = vec![];
    let mut truncated = None;
    for record in show::records(path, &octets)? {
        match record {
            Ok(record) => records.push(record),
            Err(error) => truncated = Some(error),
        }
    }
    let file = options.serve.as_deref().map(File::load).transpose()?;

    static MEMORY: ConstStaticCell<Memory> = ConstStaticCell::new(Memory::NEW);
    let memory = MEMORY.try_take().context("one replay a program")?;
    let mut core = memory.core();
    let script = script::read(&records);
    // No pairing is replayed: its random numbers and its keys are not in a capture.
    let mut config = Config { command_timeout: global.timeout / 2, pairing: None, ..Config::default() };
    config.address = script.address;
    if let Some(mtu) = script.mtu {
        config.mtu = mtu;
    }
    if let Some(file) = &file {
        config = file.settings(config);
    }
    core.configure(config);
    core.install_default_services()?;
    let served = match &file {
        Some(file) => table::register(&mut core, file)?,
        None => vec![],
    };
    let mut stage = Stage::new(core, served, script.random);
    for (record, verb) in records.iter().zip(&script.verbs) {
        match record.direction {
            Direction::FromController => stage.controller(record),
            Direction::ToController => stage.host(record, verb),
        }
    }
    let report = Report { records: &records, stage: &stage };
    output.print(&report.json(), || report.text());
    match truncated {
        Some(truncated) => bail!("{}: {truncated}: everything before it was replayed", show::name(path)),
        None => Ok(()),
    }
}

struct Report<'a> {
    records: &'a [Record<'a>],
    stage: &'a Stage<'a>,
}

impl Report<'_> {
    fn of(&self, direction: Direction) -> usize {
        self.records.iter().filter(|r| r.direction == direction).count()
    }

    /// The line of a packet of the capture.
    fn line(&self, index: usize) -> String {
        let mut dissector = Dissector::default();
        let begin = self.records.first().map_or(0, |r| r.unix_micros);
        let lines = self.records.iter().map(|r| show::line(r, &dissector.show(r), begin));
        lines.take(index + 1).last().unwrap_or_default()
    }

    fn difference(&self) -> Option<(usize, String, Option<String>)> {
        let Difference { index, sent } = self.stage.difference()?;
        Some((index + 1, self.line(*index), sent.clone()))
    }

    fn json(&self) -> Value {
        let stage = self.stage;
        let difference = self
            .difference()
            .map(|(number, expected, sent)| json!({ "number": number, "expected": expected, "sent": sent }));
        json!({
            "records": self.records.len(),
            "controller": self.of(Direction::FromController),
            "host": self.of(Direction::ToController),
            "sent": stage.sent,
            "same": stage.same,
            "events": stage.events,
            "links": stage.links_seen,
            "counters": counters(&stage.counters()).into_iter().map(|(n, c)| (n.into(), c.into())).collect::<serde_json::Map<_, _>>(),
            "not_replayed": stage.not_replayed,
            "blanked": stage.blanked,
            "difference": difference,
        })
    }

    fn text(&self) -> String {
        let stage = self.stage;
        let mut lines = vec![format!(
            "controller: {} packets taken, {} events of the host, {} links",
            self.of(Direction::FromController),
            stage.events,
            stage.links_seen
        )];
        let counted: Vec<String> =
            counters(&stage.counters()).iter().filter(|(_, n)| *n > 0).map(|(name, n)| format!("{name} {n}")).collect();
        lines.push(format!("counters: {}", if counted.is_empty() { "all zero".into() } else { counted.join(", ") }));
        lines.push(format!(
            "host: {} of {} packets the same octets as in the capture, {} sent",
            stage.same,
            self.of(Direction::ToController),
            stage.sent
        ));
        lines.extend(stage.not_replayed.iter().map(|(what, count)| format!("not replayed: {what} ({count})")));
        if stage.blanked > 0 {
            let taken = match stage.random {
                Some(_) => "taken to be the random address that the host set",
                None => "without which no pairing can be replayed",
            };
            lines.push(format!("blanked in the capture: {} answers of LE Rand, {taken}", stage.blanked));
        }
        if let Some((number, expected, sent)) = self.difference() {
            lines.push(format!("first difference, record {number}:"));
            lines.push(format!("  captured {expected}"));
            lines.push(format!("  replayed {}", sent.as_deref().unwrap_or("nothing")));
        }
        lines.join("\n")
    }
}

fn counters(counters: &Counters) -> [(&'static str, u32); 8] {
    [
        ("malformed", counters.malformed),
        ("unknown_handle", counters.unknown_handle),
        ("credit_violations", counters.credit_violations),
        ("timeouts", counters.timeouts),
        ("unexpected", counters.unexpected),
        ("reports_dropped", counters.reports_dropped),
        ("values_dropped", counters.values_dropped),
        ("signatures_refused", counters.signatures_refused),
    ]
}
