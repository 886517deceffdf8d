//! What went wrong between here and the controller: one sentence, with what to do.

use crate::{output::reason, spec::Spec};
use anyhow::{Error, anyhow};
use jelling::{Fault, RunError};
use jelling_h4::H4Error;
use std::io::{self, ErrorKind};

fn closed(spec: &Spec) -> Error {
    if let Spec::Serial(..) = spec {
        return anyhow!("{spec}: the port is gone: is the device still plugged in?");
    }
    anyhow!("{spec}: the controller closed the connection: is it still running?")
}

fn failed(spec: &Spec, error: &io::Error) -> Error {
    match error.kind() {
        // Whatever a port says that cannot be read any more, it comes from pulling the plug.
        _ if matches!(spec, Spec::Serial(..)) => closed(spec),
        ErrorKind::BrokenPipe | ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted => closed(spec),
        _ => anyhow!("{spec}: the connection to the controller failed ({}): is it still running?", reason(error)),
    }
}

/// The transport came to its end.
pub(crate) fn ended(spec: &Spec, end: &RunError<H4Error<io::Error>, io::Error>) -> Error {
    match end {
        RunError::Read(H4Error::End | H4Error::Noise) => closed(spec),
        RunError::Read(H4Error::Device(error)) | RunError::Write(error) => failed(spec, error),
    }
}

/// There is no connection to the controller.
pub(crate) fn absent(spec: &Spec, error: &io::Error) -> Error {
    anyhow!("{spec}: no controller can be reached ({}): is it running?", reason(error))
}

/// Names the controller where it is at fault.
pub(crate) fn explain(error: Error, spec: &Spec) -> Error {
    let Some(jelling::Error::Down(fault)) = error.downcast_ref() else { return error };
    match fault {
        // The host's own words are of serial lines, of which this is none.
        Fault::Silent(opcode) if matches!(spec, Spec::Tcp(_) | Spec::Sim) => {
            anyhow!("{spec}: the controller does not answer {opcode}: is it one that speaks H4, and still running?")
        }
        Fault::TransportClosed => closed(spec),
        _ => anyhow!("{spec}: {error:#}"),
    }
}
