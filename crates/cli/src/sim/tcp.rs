//! A controller on a TCP port.

use super::watch::Watch;
use embedded_io_async::{Read, Write};
use jelling::sim::{Controller, SerialReader, SerialWriter};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::{
    io::{self, ErrorKind},
    pin::pin,
    time::Duration,
};
use tokio::net::{TcpListener, TcpStream};

/// What is waited when no client can be taken, for want of descriptors: until another has gone.
const PAUSE: Duration = Duration::from_millis(100);

/// On a busy machine the end of a client may be heard of a little after the beginning of the next.
const MOMENT: Duration = Duration::from_millis(20);

async fn accept(listener: &TcpListener) -> TcpStream {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => return stream,
            Err(_) => tokio::time::sleep(PAUSE).await,
        }
    }
}

/// One client after another: each finds a controller that has just been switched on.
pub(super) async fn serve(listener: TcpListener, controller: Controller, watch: Watch) {
    let mut next = None;
    loop {
        let stream = match next.take() {
            Some(stream) => stream,
            None => accept(&listener).await,
        };
        controller.power_cycle();
        let (reader, writer, _) = controller.serial();
        {
            let mut session = pin!(serve_client(&stream, reader, writer, &watch));
            next = loop {
                tokio::select! {
                    biased;
                    // A client that goes away ends its session and nothing else.
                    _ = &mut session => break None,
                    other = accept(&listener) => tokio::select! {
                        biased;
                        _ = &mut session => break Some(other),
                        () = tokio::time::sleep(MOMENT) => match has_gone(&stream) {
                            true => break Some(other),
                            // One at a time: who is let wait would take it for a controller that is silent.
                            false => drop(other),
                        },
                    },
                }
            };
        }
        watch.farewell(controller.number());
        controller.power_cycle();
    }
}

/// True when the client has hung up, though what it sent before may not have been read yet.
fn has_gone(stream: &TcpStream) -> bool {
    let mut events = [PollFd::new(stream, PollFlags::RDHUP)];
    let polled = poll(&mut events, Some(&Timespec { tv_sec: 0, tv_nsec: 0 }));
    polled.is_err() || events.iter().any(|event| !event.revents().is_empty())
}

async fn serve_client(
    stream: &TcpStream,
    mut reader: SerialReader,
    mut writer: SerialWriter,
    watch: &Watch,
) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let up = async {
        let mut buffer = [0; 4096];
        loop {
            stream.readable().await?;
            match stream.try_read(&mut buffer) {
                Ok(0) => return Ok(()),
                Ok(n) => {
                    let Ok(()) = writer.write_all(&buffer[..n]).await;
                    watch.look();
                    // A client that sends without end leaves time for the others.
                    tokio::task::yield_now().await;
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
        }
    };
    let down = async {
        let mut buffer = [0; 4096];
        loop {
            let Ok(n) = reader.read(&mut buffer).await;
            watch.look();
            write_all(stream, &buffer[..n]).await?;
        }
    };
    tokio::select! { result = up => result, result = down => result }
}

async fn write_all(stream: &TcpStream, mut octets: &[u8]) -> io::Result<()> {
    while !octets.is_empty() {
        stream.writable().await?;
        match stream.try_write(octets) {
            Ok(n) => octets = octets.get(n..).unwrap_or_default(),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
