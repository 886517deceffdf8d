//! Why a client did not get what it asked for.

use crate::files::{LONGEST_PATH, Status};
use core::fmt;
use jelling::Error;

/// Why a client did not get what it asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The connection, the channel or the host.
    Host(Error),
    /// The server said so.
    Refused(Status),
    /// What came is longer or shorter than the file.
    Length {
        /// Octets that came.
        received: u32,
        /// Octets of the file.
        size: u32,
    },
    /// What came has another SHA-256 than what was sent.
    Damaged,
    /// What came is no list.
    Protocol,
    /// The path does not fit into a command.
    LongPath,
    /// Whoever took it broke it off.
    Stopped,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Failure::Host(error)
    }
}

impl core::error::Error for Failure {}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Host(error) => error.fmt(f),
            Failure::Refused(status) => status.fmt(f),
            Failure::Length { received, size } => write!(f, "{received} octets came of a file of {size}"),
            Failure::Damaged => f.write_str("what came is not what was sent: its SHA-256 is another one"),
            Failure::Protocol => f.write_str("what came is no list of files"),
            Failure::LongPath => write!(f, "a path has {LONGEST_PATH} octets at most"),
            Failure::Stopped => f.write_str("the download was broken off"),
        }
    }
}
