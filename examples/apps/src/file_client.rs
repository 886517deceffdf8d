//! aioble's `l2cap_file_client.py`: asks a file server which files it has, and downloads them; what came is held against its SHA-256.

mod failure;
mod transfer;

pub use failure::Failure;

use crate::files::{CONTROL, FILES, LONGEST_ANSWER, PSM};
use core::{ops::ControlFlow, time::Duration};
use jelling::{Connection, Device, Error, Host, L2capChannel, Updates};
use transfer::Control;

/// The longest SDU that the server may send: eight K-frames of the default MPS, which it may then send ahead of what is read.
const MTU: u16 = 8 * 247 - 2;
/// K-frames that may come before some are taken: those of one SDU.
const CREDITS: u16 = 8;

/// Looks for a file server, aioble's too, for five seconds.
///
/// # Errors
/// `NotFound` where there is none.
pub async fn find(host: Host<'_>) -> Result<Device, Error> {
    let interval = Duration::from_millis(30);
    let mut scanner = host.scan(Duration::from_secs(5)).interval(interval).window(interval).active().await?;
    while let Some(result) = scanner.next().await {
        if result.connectable() && result.services().any(|uuid| uuid == FILES) {
            return Ok(result.device());
        }
    }
    Err(Error::NotFound)
}

/// A part of a file.
#[derive(Clone, Copy, Debug)]
pub struct Part<'p> {
    /// Its octets; none at the beginning of a file.
    pub octets: &'p [u8],
    /// How many have come, with these.
    pub received: u32,
    /// How many the file has.
    pub size: u32,
}

/// A file that came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Download {
    /// Its octets.
    pub size: u32,
    /// The SHA-256 of what came.
    pub hash: [u8; 32],
    /// Whether the server said so too.
    pub verified: Verified,
}

/// What is known of a file that came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verified {
    /// It is as long as it should be and has the SHA-256 that the server sent.
    Hash,
    /// It is as long as it should be. The server says no more; aioble's does not.
    Length,
}

/// A connection to a file server.
#[derive(Debug)]
#[must_use = "dropping it disconnects"]
pub struct FileClient<'d> {
    control: Control<'d>,
    /// A channel on which nothing comes.
    free: Option<L2capChannel<'d>>,
    /// The channel on which something comes, or came until somebody gave it up.
    taken: Option<L2capChannel<'d>>,
    connection: Connection<'d>,
}

impl<'d> FileClient<'d> {
    /// Connects to a file server, and finds its control characteristic.
    ///
    /// # Errors
    /// Where it does not answer, or is no file server.
    pub async fn connect(host: Host<'d>, device: Device) -> Result<Self, Error> {
        let interval = Duration::from_millis(15);
        let connection = host.connect(device).interval(interval, interval).await?;
        // So that the last word on a file has room for its hash. A server of the least MTU sends none.
        match connection.exchange_mtu().await {
            Ok(_) | Err(Error::Gatt(_)) => {}
            Err(error) => return Err(error),
        }
        let characteristic = connection.service(FILES).await?.characteristic(CONTROL).await?;
        let answers = characteristic.subscribe(Updates::NOTIFY).max_len(LONGEST_ANSWER).depth(2).await?;
        let control = Control { answers, characteristic, number: 0 };
        Ok(FileClient { control, free: None, taken: None, connection })
    }

    /// How many octets a file has.
    ///
    /// # Errors
    /// `Refused(NOT_FOUND)` where there is no such file.
    pub async fn size(&mut self, path: &str) -> Result<u32, Failure> {
        self.clear().await?;
        self.control.size(path).await
    }

    /// Downloads a file: `take` gets each part as it comes, none at first, and may break it off. All of it has come, and unchanged, when
    /// this says so; what was taken before a failure is the beginning of the file.
    ///
    /// A failure closes the channel, and the next download opens another one; the same where the future is dropped in the middle.
    ///
    /// # Errors
    /// `Refused` where there is no such file, `Length` and `Damaged` where something else came, `Stopped` where `take` broke it off.
    pub async fn download(
        &mut self,
        path: &str,
        take: impl AsyncFnMut(Part<'_>) -> ControlFlow<()>,
    ) -> Result<Download, Failure> {
        let size = self.size(path).await?;
        let channel = open(&self.connection, &mut self.free).await?;
        let channel = self.taken.insert(channel);
        let result = self.control.download(channel, (path, size), take).await;
        self.close(result).await
    }

    /// Lists the files of a folder: `each` gets the name of each, and its octets.
    ///
    /// # Errors
    /// `Refused(NOT_FOUND)` where there is no such folder, `Protocol` where what comes is no list.
    pub async fn list(&mut self, path: &str, each: impl FnMut(&str, u32)) -> Result<(), Failure> {
        self.clear().await?;
        let channel = open(&self.connection, &mut self.free).await?;
        let channel = self.taken.insert(channel);
        let result = self.control.list(channel, path, each).await;
        self.close(result).await
    }

    /// Disconnects, and waits for it.
    ///
    /// # Errors
    /// Where that takes longer than two seconds.
    pub async fn disconnect(self) -> Result<(), Error> {
        self.connection.disconnect().await
    }

    /// Closes a channel whose data nobody wants any more. The server does nothing else while it sends them; it listens again when the
    /// channel is closed.
    async fn clear(&mut self) -> Result<(), Error> {
        if let Some(channel) = &self.taken {
            channel.disconnect().await?;
            self.taken = None;
        }
        Ok(())
    }

    /// Leaves the channel to the next command, or closes it where something may come that the next one did not ask for.
    async fn close<R>(&mut self, result: Result<R, Failure>) -> Result<R, Failure> {
        if result.is_ok() {
            self.free = self.taken.take();
        } else {
            // The failure is what counts; the next command tries it again.
            let _ = self.clear().await;
        }
        result
    }
}

/// A channel on which nothing comes.
async fn open<'d>(connection: &Connection<'d>, free: &mut Option<L2capChannel<'d>>) -> Result<L2capChannel<'d>, Error> {
    match free.take() {
        Some(channel) if channel.is_connected() => Ok(channel),
        _ => connection.l2cap_connect(PSM, MTU).credits(CREDITS).await,
    }
}
