//! What carries packets for as long as a command runs: its transport, and the serial port that comes back.

use crate::{
    arguments::Global,
    capture::Capture,
    output::say,
    session::Ends,
    spec::Spec,
    trace::Trace,
    transport::{Reader, Writer},
    trouble,
};
use anyhow::Error;
use jelling::Runner;
use jelling_serial::{OpenError, Settings};
use jelling_transport::Snoop;
use std::time::Duration;

/// Between two looks whether a port is back. No operating system tells of it by a way that they all have.
const LOOK: Duration = Duration::from_millis(200);

/// Runs the host until its transport ends, and tells how. A serial port that is unplugged ends what does one thing; what runs
/// on waits until it is plugged in again.
pub(crate) async fn carry(
    runner: &mut Runner<'static>,
    transport: (Reader, Writer),
    capture: &Capture,
    global: &Global,
    ends: Ends,
    spec: &Spec,
) -> Error {
    let on = global.verbose > 1;
    let (mut reader, mut writer) = transport;
    loop {
        let (from, to) = (Trace::new(reader, on), Trace::new(writer, on));
        let end = runner.run(Snoop::new(from, capture), Snoop::new(to, capture)).await;
        let (Spec::Serial(path, settings), Ends::Stopped) = (spec, ends) else { return trouble::ended(spec, &end) };
        say(format_args!("{spec}: the port is gone: waiting until it is plugged in again"));
        (reader, writer) = plugged_in(spec, path, settings).await;
        say(format_args!("{spec}: the port is back"));
    }
}

/// Waits for the port. What is wrong with one that is there is said, each thing once: it may take a moment until one may open
/// it, or a service that tries every new port may have it.
async fn plugged_in(spec: &Spec, path: &str, settings: &Settings) -> (Reader, Writer) {
    let mut said = String::new();
    loop {
        tokio::time::sleep(LOOK).await;
        match jelling_serial::open(path, settings) {
            Ok((reader, writer)) => return (Reader::Serial(Box::new(reader)), Writer::Serial(writer)),
            Err(OpenError::Absent) => {}
            Err(error) => {
                let text = format!("{spec}: {error}");
                if text != said {
                    say(&text);
                    said = text;
                }
            }
        }
    }
}
