//! aioble's `l2cap_file_server.py`: says which files there are and how long they are, and sends them over an L2CAP channel.

mod rom;
mod session;

pub use rom::Rom;

use crate::files::{CONTROL, FILES, LONGEST_COMMAND, NAME, Status};
use core::time::Duration;
use jelling::{CharacteristicOptions, Device, Error, Host, Properties};

/// Commands that may wait while a file is sent.
const WAITING: usize = 2;

/// Where the files come from. One is open at a time.
#[expect(async_fn_in_trait, reason = "whoever calls it says by itself whether its futures are Send")]
pub trait Files {
    /// Octets of the file at `path`.
    ///
    /// # Errors
    /// `NOT_FOUND`, or `FAILED` where it cannot be looked at.
    async fn size(&mut self, path: &str) -> Result<u32, Status>;

    /// Opens the file at `path`, in the place of the one that was open, and gives its octets.
    ///
    /// # Errors
    /// `NOT_FOUND`, or `FAILED` where it cannot be opened.
    async fn open(&mut self, path: &str) -> Result<u32, Status>;

    /// Puts the next octets of the open file into `buffer`, and gives how many: 0 at its end.
    ///
    /// # Errors
    /// `FAILED` where it cannot be read.
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Status>;

    /// The file with this number in the folder at `path`, and how long it is; `None` behind the last one.
    ///
    /// # Errors
    /// `NOT_FOUND`, or `FAILED` where it cannot be looked at.
    async fn entry(&mut self, path: &str, number: usize) -> Result<Option<(&str, u32)>, Status>;
}

/// What the server tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum News<'n> {
    /// It is reachable.
    Advertising,
    /// Somebody connected.
    Connected(Device),
    /// A channel is open, on which the peer takes SDUs so long.
    Opened(u16),
    /// A file is sent.
    Sending {
        /// What was asked for.
        path: &'n str,
        /// Octets that were sent.
        sent: u32,
        /// Octets of the file.
        size: u32,
    },
    /// A command is done.
    Done(&'n str, Status),
    /// The channel is closed.
    Closed,
    /// The link is down, for this reason where it is another one than that the client left.
    Disconnected(Option<Error>),
}

/// Serves files to one client after another.
///
/// Dropping the future disconnects the client.
///
/// # Errors
/// Where the table has no room, or the host cannot advertise.
pub async fn file_server(host: Host<'_>, files: &mut impl Files, tell: impl Fn(News<'_>)) -> Result<(), Error> {
    let mut db = host.services()?;
    let service = db.service(FILES)?;
    let control = CharacteristicOptions::new(Properties::WRITE | Properties::NOTIFY);
    let control = control.max_len(LONGEST_COMMAND).capture(WAITING);
    let control = db.characteristic_with(service, CONTROL, &control)?;
    db.register()?;
    loop {
        tell(News::Advertising);
        let connection = host.advertise(Duration::from_millis(250)).name(NAME).services(&[FILES]).await?;
        if let Ok(device) = connection.device() {
            tell(News::Connected(device));
        }
        let end = session::serve(&connection, control, files, &tell).await;
        // The next client may need its link. Where this fails, advertising does too.
        let _ = connection.disconnect().no_timeout().await;
        tell(News::Disconnected(end.err().filter(|error| *error != Error::Disconnected)));
    }
}
