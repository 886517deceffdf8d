//! Where the controller is.

use jelling_serial::{BAUD, FlowControl, Settings};
use std::{fmt, str::FromStr};

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Spec {
    Tcp(String),
    /// Simulated controllers in the process.
    Sim,
    /// A serial port and how it is driven.
    Serial(String, Settings),
}

/// As errors begin with it, which go on after a colon.
impl fmt::Display for Spec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Spec::Tcp(address) => write!(f, "tcp:{address}"),
            Spec::Sim => f.write_str("sim"),
            Spec::Serial(path, _) => write!(f, "serial:{path}"),
        }
    }
}

/// `PATH[,BAUD[,noflow]]`
fn serial(text: &str) -> Option<Spec> {
    let parts: Vec<&str> = text.split(',').collect();
    let (path, baud, flow_control) = match *parts {
        [path] => (path, BAUD, FlowControl::RtsCts),
        [path, baud] => (path, baud.parse().ok()?, FlowControl::RtsCts),
        [path, baud, "noflow"] => (path, baud.parse().ok()?, FlowControl::None),
        _ => return None,
    };
    (!path.is_empty() && baud > 0).then(|| Spec::Serial(path.into(), Settings { baud, flow_control }))
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
            Some(("serial", text)) => serial(text).ok_or_else(|| "expected serial:PATH[,BAUD[,noflow]]".into()),
            Some(("sim", "")) => Ok(Spec::Sim),
            _ => Err("expected serial:PATH[,BAUD[,noflow]], tcp:HOST:PORT or sim:".into()),
        }
    }
}
