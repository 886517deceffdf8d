//! Results on stdout, flushed at once: a JSON object a line, or text for people.

use jelling::{AddressKind, Device};
use serde_json::Value;
use std::io::Write;

/// Which of the two.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Output {
    pub(crate) json: bool,
}

impl Output {
    /// Prints a result in the form that was asked for.
    pub(crate) fn print(self, json: &Value, text: impl FnOnce() -> String) {
        let line = if self.json { json.to_string() } else { text() };
        if line.is_empty() {
            return;
        }
        let mut stdout = std::io::stdout().lock();
        // A reader that has gone away ends the program at its next signal; there is nobody to tell.
        let _ = writeln!(stdout, "{line}").and_then(|()| stdout.flush());
    }
}

pub(crate) fn address_type(device: Device) -> &'static str {
    match device.kind() {
        AddressKind::Public => "public",
        AddressKind::Random => "random",
    }
}
