//! `sim`: simulated controllers for hosts outside, each behind H4 on a TCP port or a pty.

use crate::{
    arguments::SimOptions,
    output::{Output, reason, say},
    session::time_is_up,
};
use anyhow::{Context, Result, anyhow};
use embedded_io_async::{Read, Write};
use jelling::sim::{Air, Controller, ControllerConfig, SerialReader, SerialWriter};
use rustix::{
    pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt},
    termios::{OptionalActions, tcgetattr, tcsetattr},
};
use serde_json::{Value, json};
use std::{io, os::fd::OwnedFd, time::Duration};
use tokio::{
    fs::File,
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::spawn_local,
};

pub(crate) async fn sim(output: Output, options: &SimOptions) -> Result<()> {
    let air = Air::new(options.seed);
    air.set_loss(options.loss);
    let config = ControllerConfig { acl_length: options.acl_length, ..ControllerConfig::default() };
    let mut ports: Vec<Value> = vec![];
    for port in &options.tcp {
        let listener = TcpListener::bind(("127.0.0.1", *port)).await.map_err(|error| match error.kind() {
            io::ErrorKind::AddrInUse => anyhow!("port {port} cannot be listened on: is it in use?"),
            _ => anyhow!("port {port} cannot be listened on: {}", reason(&error)),
        })?;
        ports.push(listener.local_addr()?.port().into());
        spawn_local(serve_tcp(listener, air.controller_with(config)));
    }
    for _ in 0..options.pty.unwrap_or(0) {
        let (master, path) = open_pty().context("no pty can be opened")?;
        ports.push(path.into());
        spawn_local(serve_pty(master, air.controller_with(config)));
    }
    output.print(&json!({ "event": "ready", "ports": ports }), || {
        let ports: Vec<String> = ports
            .iter()
            .map(|port| port.as_str().map_or_else(|| format!("tcp:127.0.0.1:{port}"), |path| format!("serial:{path}")))
            .collect();
        format!("controllers on one air: {}", ports.join(" "))
    });
    // Whoever reads the ports may go away; a line that cannot be written leaves nobody who knows them.
    output.stop.output_is_well()?;
    tokio::select! { () = output.stop.signalled() => {}, () = time_is_up(options.duration) => {} }
    // Their test may want to know; whoever drives a host from outside need not.
    let violations = air.violations();
    for violation in violations.iter().take(20) {
        say(format_args!("a host broke the rules of HCI: {violation}"));
    }
    Ok(())
}

/// One client after another: each finds a controller that has just been switched on.
async fn serve_tcp(listener: TcpListener, controller: Controller) {
    while let Ok((stream, _)) = listener.accept().await {
        controller.power_cycle();
        let (reader, writer, _) = controller.serial();
        // A client that goes away ends its session and nothing else.
        let _ = serve_stream(stream, reader, writer).await;
        controller.power_cycle();
    }
}

async fn serve_stream(stream: TcpStream, mut reader: SerialReader, mut writer: SerialWriter) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let (mut from_host, mut to_host) = stream.into_split();
    let up = async {
        let mut buffer = [0; 4096];
        loop {
            let n = from_host.read(&mut buffer).await?;
            if n == 0 {
                return Ok(());
            }
            let Ok(()) = writer.write_all(&buffer[..n]).await;
        }
    };
    let down = async {
        let mut buffer = [0; 4096];
        loop {
            let Ok(n) = reader.read(&mut buffer).await;
            to_host.write_all(&buffer[..n]).await?;
        }
    };
    tokio::select! { result = up => result, result = down => result }
}

fn open_pty() -> io::Result<(OwnedFd, String)> {
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY)?;
    grantpt(&master)?;
    unlockpt(&master)?;
    let path = ptsname(&master, vec![])?.to_string_lossy().into_owned();
    Ok((master, path))
}

/// No echo, no lines, no signals: octets. The kernel forgets it when the other side closes.
fn make_raw(master: &OwnedFd) -> io::Result<()> {
    let mut settings = tcgetattr(master)?;
    settings.make_raw();
    Ok(tcsetattr(master, OptionalActions::Now, &settings)?)
}

/// Between two looks whether a client has opened the pty.
const LOOK: Duration = Duration::from_millis(20);

async fn serve_pty(master: OwnedFd, controller: Controller) {
    loop {
        controller.power_cycle();
        let (reader, writer, _) = controller.serial();
        let _ = serve_client(&master, reader, writer).await;
        tokio::time::sleep(LOOK).await;
    }
}

/// Until the client closes the pty; at once where there is none.
async fn serve_client(master: &OwnedFd, mut reader: SerialReader, mut writer: SerialWriter) -> io::Result<()> {
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
        }
    };
    let down = async {
        let mut buffer = vec![0; 4096];
        loop {
            let Ok(n) = reader.read(&mut buffer).await;
            to_host.write_all(&buffer[..n]).await?;
            to_host.flush().await?;
        }
    };
    tokio::select! { result = up => result, result = down => result }
}
