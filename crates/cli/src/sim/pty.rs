//! A controller on a pty.

use super::watch::Watch;
use embedded_io_async::{Read, Write};
use jelling::sim::{Controller, SerialReader, SerialWriter};
use rustix::{
    pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt},
    termios::{OptionalActions, tcgetattr, tcsetattr},
};
use std::{io, os::fd::OwnedFd, time::Duration};
use tokio::{
    fs::File,
    io::{AsyncReadExt, AsyncWriteExt},
};

/// A pty: our side, and the path of the other.
pub(super) fn open_pty() -> io::Result<(OwnedFd, String)> {
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY)?;
    grantpt(&master)?;
    unlockpt(&master)?;
    let path = ptsname(&master, vec![])?.to_string_lossy().into_owned();
    Ok((master, path))
}

/// No echo, no lines, no signals: octets. A client may have set something else, which would stay for the next.
fn make_raw(master: &OwnedFd) -> io::Result<()> {
    let mut settings = tcgetattr(master)?;
    settings.make_raw();
    Ok(tcsetattr(master, OptionalActions::Now, &settings)?)
}

/// Between two looks whether a client has opened the pty. The kernel tells nobody of it; what the client writes meanwhile waits.
const LOOK: Duration = Duration::from_millis(100);

/// One client after another: each finds a controller that has just been switched on.
pub(super) async fn serve(master: OwnedFd, controller: Controller, watch: Watch) {
    loop {
        controller.power_cycle();
        let (reader, writer, _) = controller.serial();
        let _ = serve_client(&master, reader, writer, &watch).await;
        watch.farewell(controller.number());
        // The next client may write before it is looked for.
        let _ = make_raw(&master);
        tokio::time::sleep(LOOK).await;
    }
}

/// Until the client closes the pty; at once where there is none.
async fn serve_client(
    master: &OwnedFd,
    mut reader: SerialReader,
    mut writer: SerialWriter,
    watch: &Watch,
) -> io::Result<()> {
    make_raw(master)?;
    let open = || -> io::Result<File> { Ok(File::from_std(std::fs::File::from(master.try_clone()?))) };
    let (mut from_host, mut to_host) = (open()?, open()?);
    let up = async {
        let mut buffer = vec![0; 4096];
        loop {
            // EIO: nobody has it open.
            let n = from_host.read(&mut buffer).await?;
            if n == 0 {
                return Ok(());
            }
            let Ok(()) = writer.write_all(&buffer[..n]).await;
            watch.look();
        }
    };
    let down = async {
        let mut buffer = vec![0; 4096];
        loop {
            let Ok(n) = reader.read(&mut buffer).await;
            watch.look();
            to_host.write_all(&buffer[..n]).await?;
            to_host.flush().await?;
        }
    };
    tokio::select! { result = up => result, result = down => result }
}
