//! `show`: a capture, one line a packet, as btmon's headlines, with what data carries.

mod dissect;

pub(crate) use dissect::{Dissector, Shown};

use crate::{
    output::{Output, reason, say},
    stop::Stop,
};
use anyhow::{Result, anyhow, bail};
use jelling_transport::{
    Direction,
    btsnoop::{Record, Records},
};
use serde_json::{Value, json};
use std::{io::Read, path::Path};

/// The octets of a file; those of standard input where its name is `-`.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>> {
    let octets = if is_stdin(path) {
        let mut octets = vec![];
        std::io::stdin().lock().read_to_end(&mut octets).map(|_| octets)
    } else {
        std::fs::read(path)
    };
    octets.map_err(|error| anyhow!("{} cannot be read: {}", name(path), reason(&error)))
}

/// The packets of a capture.
pub(crate) fn records<'a>(path: &Path, file: &'a [u8]) -> Result<Records<'a>> {
    Records::parse(file).map_err(|error| anyhow!("{}: {error}", name(path)))
}

fn is_stdin(path: &Path) -> bool {
    path == Path::new("-")
}

/// A file, as errors begin with it.
pub(crate) fn name(path: &Path) -> String {
    if is_stdin(path) { "standard input".into() } else { path.display().to_string() }
}

/// A packet's line, with the time since the capture began.
pub(crate) fn line(record: &Record<'_>, shown: &Shown, begin: u64) -> String {
    let arrow = match record.direction {
        Direction::ToController => '<',
        Direction::FromController => '>',
    };
    format!("{arrow} {}  {:.6}", shown.text, seconds(record, begin))
}

/// Seconds since the capture began; a clock that was set back makes them negative.
fn seconds(record: &Record<'_>, begin: u64) -> f64 {
    (record.unix_micros as f64 - begin as f64) / 1e6
}

/// A packet's object; what it does not have is left out.
fn object(number: u64, record: &Record<'_>, shown: &Shown, begin: u64) -> Value {
    let direction = match record.direction {
        Direction::ToController => "host",
        Direction::FromController => "controller",
    };
    let mut object = json!({
        "number": number,
        "time": seconds(record, begin),
        "direction": direction,
        "kind": dissect::kind(record.packet.kind),
        "name": shown.name,
        "text": shown.text,
        "data": hex::encode(record.packet.data),
    });
    if let Value::Object(fields) = &mut object {
        let more = [
            ("code", shown.code.map(Value::from)),
            ("handle", shown.handle.map(Value::from)),
            ("channel", shown.frame.as_ref().map(|(channel, _)| Value::from(*channel))),
            ("payload", shown.frame.as_ref().map(|(_, payload)| Value::from(hex::encode(payload)))),
            ("malformed", shown.malformed.then_some(Value::Bool(true))),
        ];
        fields.extend(more.into_iter().filter_map(|(key, value)| Some((key.into(), value?))));
    }
    object
}

pub(crate) fn show(output: Output, path: &Path) -> Result<()> {
    let file = read(path)?;
    let mut records = records(path, &file)?;
    let stop: &Stop = output.stop;
    let (mut dissector, mut begin, mut malformed, mut number) = (Dissector::default(), None, 0_u64, 0_u64);
    for record in &mut records {
        let record = match record {
            Ok(record) => record,
            Err(truncated) => bail!("{}: {truncated}: everything before it was shown", name(path)),
        };
        number += 1;
        let begin = *begin.get_or_insert(record.unix_micros);
        let shown = dissector.show(&record);
        malformed += u64::from(shown.malformed);
        output.print(&object(number, &record, &shown, begin), || line(&record, &shown, begin));
        if stop.has_ended() {
            return Ok(());
        }
    }
    if malformed > 0 {
        say(format_args!("{malformed} of {number} packets are malformed"));
    }
    if records.skipped() > 0 {
        say(format_args!("{} records hold no packet and were passed over", records.skipped()));
    }
    Ok(())
}
