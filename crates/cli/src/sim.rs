//! `sim`: simulated controllers for hosts outside, each behind H4 on a TCP port or a pty.

mod pty;
mod tcp;
mod watch;

use crate::{
    arguments::{Global, SimOptions},
    output::{Output, reason},
    session::time_is_up,
};
use anyhow::{Context, Result, anyhow};
use jelling::sim::{Air, ControllerConfig};
use serde_json::{Value, json};
use std::{io::ErrorKind, time::Duration};
use tokio::{net::TcpListener, task::spawn_local};
use watch::Watch;

/// What is handed over may lie in buffers of the operating system, or in those of a host that is slow, for so long before its
/// host can be expected to know.
const GRACE: Duration = Duration::from_secs(1);

async fn listen(port: u16) -> Result<TcpListener> {
    TcpListener::bind(("127.0.0.1", port)).await.map_err(|error| match error.kind() {
        ErrorKind::AddrInUse => anyhow!("port {port} cannot be listened on: is it in use?"),
        _ => anyhow!("port {port} cannot be listened on: {}", reason(&error)),
    })
}

pub(crate) async fn sim(global: &Global, output: Output, options: &SimOptions) -> Result<()> {
    let air = Air::new(options.seed);
    air.set_loss(options.loss);
    let config = ControllerConfig { acl_length: options.acl_length, grace: GRACE, ..ControllerConfig::default() };
    let watch = Watch::new(air.clone(), global.verbose > 1);
    let mut ports: Vec<Value> = vec![];
    for port in &options.tcp {
        let listener = listen(*port).await?;
        let port = listener.local_addr()?.port();
        let controller = air.controller_with(config);
        watch.add(controller.number(), format!("tcp:127.0.0.1:{port}"));
        ports.push(port.into());
        spawn_local(tcp::serve(listener, controller, watch.clone()));
    }
    for _ in 0..options.pty.unwrap_or(0) {
        let (master, path) = pty::open_pty().context("no pty can be opened")?;
        let controller = air.controller_with(config);
        watch.add(controller.number(), format!("serial:{path}"));
        ports.push(path.into());
        spawn_local(pty::serve(master, controller, watch.clone()));
    }
    output.print(&json!({ "event": "ready", "ports": ports }), || {
        format!("controllers on one air: {}", watch.specs().join(" "))
    });
    // Whoever reads the ports may go away; a line that cannot be written leaves nobody who knows them.
    output.stop.output_is_well()?;
    tokio::select! { () = output.stop.signalled() => {}, () = time_is_up(options.duration) => {} }
    watch.end();
    Ok(())
}
