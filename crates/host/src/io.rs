//! The error of a channel that is used as a stream: `embedded_io` asks what kind it is of.

use crate::Error;
use embedded_io::ErrorKind;

impl embedded_io::Error for Error {
    fn kind(&self) -> ErrorKind {
        match self {
            Error::Timeout => ErrorKind::TimedOut,
            Error::Disconnected | Error::ChannelClosed => ErrorKind::ConnectionReset,
            Error::ChannelRefused(_) | Error::ConnectionFailed(_) => ErrorKind::ConnectionRefused,
            Error::Down(_) | Error::Stopped | Error::Stale => ErrorKind::NotConnected,
            Error::InvalidArgument(_) | Error::TooLong => ErrorKind::InvalidInput,
            Error::Protocol | Error::InvalidValue => ErrorKind::InvalidData,
            Error::Full(_) => ErrorKind::OutOfMemory,
            Error::NotFound => ErrorKind::NotFound,
            Error::NotSupported => ErrorKind::Unsupported,
            Error::NotPermitted(_) => ErrorKind::PermissionDenied,
            _ => ErrorKind::Other,
        }
    }
}
