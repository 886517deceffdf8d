//! What a file server and its client say to each other, as aioble's `l2cap_file_server.py` does: commands are written to the control
//! characteristic, short answers are notified by it, and files and lists come over an L2CAP channel.
//!
//! New here: the last word on a file has the SHA-256 of what was sent, where the ATT MTU has room for that.

use jelling::Uuid;
use sha2::{Digest, Sha256};

/// The name that the server shows; aioble's is `mpy-file`.
pub const NAME: &str = "rust-file";
/// The file service.
pub const FILES: Uuid = Uuid::new128(0x0492_fcec_7194_11eb_9439_0242_ac13_0002);
/// Its control characteristic.
pub const CONTROL: Uuid = Uuid::new128(0x0492_fcec_7194_11eb_9439_0242_ac13_0003);
/// Where the server listens.
pub const PSM: u16 = 22;
/// Octets that are read or sent at a time: an SDU of so many is two K-frames of the default MPS.
pub const PART: usize = 2 * 247 - 2;
/// Octets of the longest command: its code, its number, a path.
pub const LONGEST_COMMAND: usize = 64;
/// Octets of the longest path.
pub const LONGEST_PATH: usize = LONGEST_COMMAND - 2;
/// Octets of the longest line of a list: a length of ten digits, `:`, a name, the end of the line.
pub const LONGEST_LINE: usize = 10 + 1 + LONGEST_PATH + 1;
/// Octets of the longest answer: the last word with a SHA-256.
pub const LONGEST_ANSWER: usize = 3 + 32;
/// The first octet of the last word.
const DONE: u8 = 4;

/// What a server is asked to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// To send a file.
    Send,
    /// To receive one. Nobody does, nor does aioble.
    Receive,
    /// To send a list: a line of length, `:` and name for each file, and an empty line.
    List,
    /// To say how long a file is.
    Size,
    /// Something that this server does not know.
    Unknown(u8),
}

impl Command {
    const fn code(self) -> u8 {
        match self {
            Command::Send => 0,
            Command::Receive => 1,
            Command::List => 2,
            Command::Size => 3,
            Command::Unknown(code) => code,
        }
    }

    const fn of(code: u8) -> Self {
        match code {
            0 => Command::Send,
            1 => Command::Receive,
            2 => Command::List,
            3 => Command::Size,
            code => Command::Unknown(code),
        }
    }
}

/// How a command went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Status(pub u8);

impl Status {
    /// As it should.
    pub const OK: Status = Status(0);
    /// The server does not do that.
    pub const NOT_IMPLEMENTED: Status = Status(1);
    /// There is no such file.
    pub const NOT_FOUND: Status = Status(2);
    /// New here: it ended in the middle, for the file could not be read, or nobody took it.
    pub const FAILED: Status = Status(3);
}

impl core::fmt::Display for Status {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match *self {
            Status::OK => f.write_str("it went well"),
            Status::NOT_IMPLEMENTED => f.write_str("the server does not do that"),
            Status::NOT_FOUND => f.write_str("the server has no such file"),
            Status::FAILED => f.write_str("the server could not send all of it"),
            Status(code) => write!(f, "the server answers with status {code}"),
        }
    }
}

/// A command as it is written: code, number, path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request {
    octets: [u8; LONGEST_COMMAND],
    length: usize,
}

impl Request {
    /// A command with a number that its answer will have; `None` where the path is longer than [`LONGEST_PATH`] octets.
    #[must_use]
    pub fn new(command: Command, number: u8, path: &str) -> Option<Self> {
        let mut octets = [0; LONGEST_COMMAND];
        let ([code, place], rest) = octets.split_first_chunk_mut()?;
        (*code, *place) = (command.code(), number);
        copy(rest.get_mut(..path.len())?, path.as_bytes());
        Some(Request { octets, length: path.len().saturating_add(2) })
    }

    /// What was written: the first `length` of `octets`. `None` where that is no command.
    #[must_use]
    pub fn read(octets: [u8; LONGEST_COMMAND], length: usize) -> Option<Self> {
        (2..=LONGEST_COMMAND).contains(&length).then_some(Request { octets, length })
    }

    /// The octets to be written.
    #[must_use]
    pub fn octets(&self) -> &[u8] {
        self.octets.get(..self.length).unwrap_or_default()
    }

    /// What is to be done.
    #[must_use]
    pub fn command(&self) -> Command {
        Command::of(self.octets[0])
    }

    /// The number that its answer has.
    #[must_use]
    pub fn number(&self) -> u8 {
        self.octets[1]
    }

    /// With which file; `None` where it is no UTF-8.
    #[must_use]
    pub fn path(&self) -> Option<&str> {
        self.octets().get(2..).and_then(|path| core::str::from_utf8(path).ok())
    }
}

/// What is notified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// How long a file is; 0 where the status is not [`Status::OK`].
    Size {
        /// Of the command.
        number: u8,
        /// Whether there is such a file.
        status: Status,
        /// Its octets.
        size: u32,
    },
    /// The last word on a command that goes over the channel: all that was sent has been sent before it.
    Done {
        /// Of the command.
        number: u8,
        /// How it went.
        status: Status,
        /// The SHA-256 of what was sent.
        hash: Option<[u8; 32]>,
    },
}

impl Answer {
    /// The octets to be notified, in `buffer`.
    pub fn write(self, buffer: &mut [u8; LONGEST_ANSWER]) -> &[u8] {
        let mut put = |at: usize, octets: &[u8]| {
            let end = at.saturating_add(octets.len());
            copy(buffer.get_mut(at..end).unwrap_or_default(), octets);
            end
        };
        let length = match self {
            Answer::Size { number, status, size } => {
                put(0, &[number, status.0]);
                put(2, &size.to_le_bytes())
            }
            Answer::Done { number, status, hash } => {
                let end = put(0, &[DONE, number, status.0]);
                hash.map_or(end, |hash| put(end, &hash))
            }
        };
        buffer.get(..length).unwrap_or_default()
    }

    /// What was notified: an answer of each kind has a length of its own. `None` where it is neither.
    #[must_use]
    pub fn read(octets: &[u8]) -> Option<Self> {
        match *octets {
            [number, status, a, b, c, d] => {
                Some(Answer::Size { number, status: Status(status), size: u32::from_le_bytes([a, b, c, d]) })
            }
            [DONE, number, status] => Some(Answer::Done { number, status: Status(status), hash: None }),
            [DONE, number, status, ref hash @ ..] => {
                let hash = Some(<[u8; 32]>::try_from(hash).ok()?);
                Some(Answer::Done { number, status: Status(status), hash })
            }
            _ => None,
        }
    }

    /// The number of the command that it is an answer to.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Answer::Size { number, .. } | Answer::Done { number, .. } => number,
        }
    }
}

/// Copies as many octets as both have: a compiler sees that it cannot panic.
pub(crate) fn copy(to: &mut [u8], from: &[u8]) {
    to.iter_mut().zip(from).for_each(|(to, from)| *to = *from);
}

/// The SHA-256 of a file that comes in parts.
#[derive(Clone, Debug, Default)]
pub struct Hash(Sha256);

impl Hash {
    /// The next octets.
    pub fn add(&mut self, octets: &[u8]) {
        self.0.update(octets);
    }

    /// Of all of them.
    #[must_use]
    pub fn end(self) -> [u8; 32] {
        self.0.finalize().into()
    }
}
