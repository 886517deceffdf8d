//! `--snoop`: where a capture goes; nowhere without it.

use crate::output::reason;
use anyhow::{Result, anyhow};
use embassy_time::Instant;
use jelling_transport::{SnoopSink, WriteSink};
use std::{fs::File, path::Path};

pub(crate) enum Capture {
    Off,
    On {
        sink: WriteSink<File>,
        /// When the clock of the command began, in microseconds since 1970. A simulation has a clock of its own.
        began: u64,
    },
}

impl Capture {
    pub(crate) fn open(path: Option<&Path>) -> Result<Self> {
        let Some(path) = path else { return Ok(Capture::Off) };
        let sink = File::create(path).and_then(WriteSink::new);
        let sink = sink.map_err(|error| anyhow!("cannot write the capture {}: {}", path.display(), reason(&error)))?;
        let began = sink.unix_micros().saturating_sub(Instant::now().as_micros());
        Ok(Capture::On { sink, began })
    }
}

impl SnoopSink for Capture {
    fn unix_micros(&self) -> u64 {
        match self {
            Capture::Off => 0,
            Capture::On { began, .. } => began.saturating_add(Instant::now().as_micros()),
        }
    }
    fn write(&self, pieces: &[&[u8]]) {
        if let Capture::On { sink, .. } = self {
            sink.write(pieces);
        }
    }
}
