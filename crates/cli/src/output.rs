//! Results on stdout, flushed at once: a JSON object a line, or text for people. Everything else on stderr.

use crate::stop::Stop;
use jelling::{AddressKind, Device};
use serde_json::Value;
use std::{fmt::Display, io::Write};

/// In which form results are printed, and what ends when they cannot be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Output {
    pub(crate) json: bool,
    pub(crate) to: Stream,
    pub(crate) stop: &'static Stop,
}

/// Where results go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stream {
    Stdout,
    /// Standard output is for data.
    Stderr,
}

impl Output {
    /// Prints a result in the form that was asked for.
    pub(crate) fn print(self, json: &Value, text: impl FnOnce() -> String) {
        let line = if self.json { json.to_string() } else { text() };
        if line.is_empty() {
            return;
        }
        if self.to == Stream::Stderr {
            let _ = writeln!(std::io::stderr(), "{line}");
            return;
        }
        self.write(format!("{line}\n").as_bytes());
    }

    /// Writes octets as they are.
    pub(crate) fn write(self, octets: &[u8]) {
        let mut stdout = std::io::stdout().lock();
        if let Err(error) = stdout.write_all(octets).and_then(|()| stdout.flush()) {
            self.stop.output_failed(error);
        }
    }
}

/// A line for people on stderr. Where nobody reads it, it is lost, and the work goes on.
pub(crate) fn say(text: impl Display) {
    let _ = writeln!(std::io::stderr(), "jelling: {text}");
}

/// What the operating system says, without its number.
pub(crate) fn reason(error: &std::io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or_default().to_owned()
}

pub(crate) fn address_type(device: Device) -> &'static str {
    match device.kind() {
        AddressKind::Public => "public",
        AddressKind::Random => "random",
    }
}
