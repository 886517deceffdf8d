//! Where the controller is.

use std::{fmt, str::FromStr};

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Spec {
    Tcp(String),
    /// Simulated controllers in the process.
    Sim,
    /// Understood, but not built into this version.
    NotBuilt(&'static str),
}

/// As errors begin with it, which go on after a colon.
impl fmt::Display for Spec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Spec::Tcp(address) => write!(f, "tcp:{address}"),
            Spec::Sim => f.write_str("sim"),
            Spec::NotBuilt(kind) => f.write_str(kind),
        }
    }
}

/// `PATH[,BAUD[,noflow]]`
fn is_serial(text: &str) -> bool {
    match *text.split(',').collect::<Vec<_>>() {
        [path] => !path.is_empty(),
        [path, baud] | [path, baud, "noflow"] => !path.is_empty() && baud.parse::<u32>().is_ok_and(|baud| baud > 0),
        _ => false,
    }
}

fn is_tcp(address: &str) -> bool {
    address.rsplit_once(':').is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok())
}

impl FromStr for Spec {
    type Err = String;
    fn from_str(s: &str) -> Result<Self, String> {
        match s.split_once(':') {
            Some(("tcp", address)) if is_tcp(address) => Ok(Spec::Tcp(address.into())),
            Some(("tcp", _)) => Err("expected tcp:HOST:PORT".into()),
            Some(("serial", text)) if is_serial(text) => Ok(Spec::NotBuilt("serial")),
            Some(("serial", _)) => Err("expected serial:PATH[,BAUD[,noflow]]".into()),
            Some(("sim", "")) => Ok(Spec::Sim),
            _ => Err("expected serial:PATH[,BAUD[,noflow]], tcp:HOST:PORT or sim:".into()),
        }
    }
}
