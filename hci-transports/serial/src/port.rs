//! A serial port, opened.

use core::fmt;
use embedded_io_async::{ErrorType, Read, Write};
use jelling_h4::{H4Reader, H4Writer};
use std::{io, path::Path};
use tokio::io::{AsyncReadExt, AsyncWriteExt, ReadHalf, WriteHalf};
use tokio_serial::{ClearBuffer, SerialPort, SerialPortBuilderExt, SerialStream};

/// What Zephyr's `hci_uart` wants, in bits a second.
pub const BAUD: u32 = 1_000_000;

/// Who may stop whom.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum FlowControl {
    /// Each side stops the other by a line of its own (Vol 4, Part A, 3).
    #[default]
    RtsCts,
    /// Nobody. Octets are lost when a side is too slow, and each loss costs packets, or the links.
    None,
}

/// How a port is driven: always eight bits, no parity, one stop bit. A pty takes any of it and heeds none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Settings {
    /// Bits a second; [`BAUD`] by default.
    pub baud: u32,
    /// [`FlowControl::RtsCts`] by default.
    pub flow_control: FlowControl,
}

impl Default for Settings {
    fn default() -> Self {
        Settings { baud: BAUD, flow_control: FlowControl::RtsCts }
    }
}

/// Why a port was not opened. Its text is a sentence that says what to do.
#[non_exhaustive]
#[derive(Debug)]
pub enum OpenError {
    /// There is no such port.
    Absent,
    /// The user may not open it.
    Denied,
    /// Another program has it open.
    Busy,
    /// It is no serial port, or has no such settings.
    Unsuited(io::Error),
}

impl OpenError {
    fn of(path: &str, error: tokio_serial::Error) -> Self {
        use tokio_serial::ErrorKind;
        match error.kind() {
            ErrorKind::Io(io::ErrorKind::NotFound) => OpenError::Absent,
            ErrorKind::Io(io::ErrorKind::PermissionDenied) => OpenError::Denied,
            // The kind for a lock that another holds, but for a path that is not there too.
            ErrorKind::NoDevice if is_path(path) && !Path::new(path).exists() => OpenError::Absent,
            ErrorKind::NoDevice if is_path(path) => OpenError::Busy,
            ErrorKind::NoDevice => OpenError::Absent,
            _ => OpenError::Unsuited(error.into()),
        }
    }
}

/// False for the names of ports that are no paths, as Windows has them.
fn is_path(name: &str) -> bool {
    name.contains('/')
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            OpenError::Absent => f.write_str("there is no such port: is the device plugged in?"),
            OpenError::Denied if cfg!(target_os = "linux") => {
                f.write_str("the port may not be opened: add yourself to its group, often `dialout`, and log in again")
            }
            OpenError::Denied => f.write_str("the port may not be opened: is another program using it?"),
            OpenError::Busy => f.write_str("another program has the port open: end that one first"),
            OpenError::Unsuited(error) => write!(f, "it cannot be used as a serial port: {error}"),
        }
    }
}

impl core::error::Error for OpenError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            OpenError::Unsuited(error) => Some(error),
            OpenError::Absent | OpenError::Denied | OpenError::Busy => None,
        }
    }
}

/// The receiving half of a port.
#[derive(Debug)]
pub struct Receive(ReadHalf<SerialStream>);

/// The sending half of a port.
#[derive(Debug)]
pub struct Send(WriteHalf<SerialStream>);

/// Opens a port for this program alone. What has come before is dropped: it was meant for somebody else.
///
/// Must be called within a tokio runtime that drives IO.
///
/// # Errors
/// See [`OpenError`].
pub fn open(path: &str, settings: &Settings) -> Result<(H4Reader<Receive>, H4Writer<Send>), OpenError> {
    let flow_control = match settings.flow_control {
        FlowControl::RtsCts => tokio_serial::FlowControl::Hardware,
        FlowControl::None => tokio_serial::FlowControl::None,
    };
    let stream = tokio_serial::new(path, settings.baud)
        .flow_control(flow_control)
        // USB devices often send nothing before somebody is there.
        .dtr_on_open(true)
        .open_native_async()
        .and_then(|stream| stream.clear(ClearBuffer::Input).map(|()| stream))
        .map_err(|error| OpenError::of(path, error))?;
    let (read, write) = tokio::io::split(stream);
    Ok((H4Reader::new(Receive(read)), H4Writer::new(Send(write))))
}

impl ErrorType for Receive {
    type Error = io::Error;
}

impl ErrorType for Send {
    type Error = io::Error;
}

impl Read for Receive {
    async fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer).await
    }
}

impl Write for Send {
    async fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        self.0.write(buffer).await
    }

    /// The operating system sends what it has without being asked. To wait until it has done so would block the thread, for
    /// ever where the controller holds RTS back.
    async fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
