//! `l2cap`: octets over LE credit based channels, by files and pipes.

mod channel;
mod connect;
mod files;
mod listen;
mod progress;
mod transfer;

use crate::{
    arguments::{Global, L2capCommand},
    output::{Output, Stream},
    session::{self, Ends},
};
use anyhow::{Context, Result};
use files::{Sink, Source, is_standard};
use jelling::Device;
use serde_json::json;

pub(crate) async fn l2cap(global: &Global, output: Output, what: &L2capCommand) -> Result<()> {
    // What can be known to be wrong is said before anybody is connected.
    match what {
        L2capCommand::Listen(options) => {
            let path = options.output.clone();
            let output = beside(output, path.as_deref().is_some_and(|path| is_standard(Some(path))));
            let open = move || path.map_or(Ok(Sink::none()), |path| Sink::open(Some(&path)));
            let Some(sink) = opened(output, open).await? else { return Ok(()) };
            session::run(global, output, Ends::Stopped, async |s| listen::listen(s, options, sink).await).await
        }
        L2capCommand::Connect(options) => {
            let (from, to) = (options.input.clone(), options.output.clone());
            let output = beside(output, is_standard(to.as_deref()));
            let open = move || {
                let source = Source::open(from.as_deref())?;
                let sink = Sink::open(to.as_deref())?;
                sink.is_not(&source)?;
                Ok((source, sink))
            };
            let (source, sink) = opened(output, open).await?.context("interrupted")?;
            session::run(global, output, Ends::AtOnce, async |s| connect::connect(s, options, source, sink).await).await
        }
    }
}

/// Events go where the data does not.
fn beside(output: Output, data_to_stdout: bool) -> Output {
    Output { to: if data_to_stdout { Stream::Stderr } else { output.to }, ..output }
}

/// Opening a named pipe waits for who opens its other end: none when a signal comes before.
async fn opened<T: Send + 'static>(
    output: Output,
    open: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<Option<T>> {
    tokio::select! {
        opened = tokio::task::spawn_blocking(open) => opened?.map(Some),
        () = output.stop.signalled() => Ok(None),
    }
}

/// Tells of a channel that is open.
fn tell_open(output: Output, peer: Device, our_mtu: u16, peer_mtu: u16) {
    let json = json!({
        "event": "channel", "address": peer.to_string(), "our_mtu": our_mtu, "peer_mtu": peer_mtu,
    });
    output.print(&json, || format!("channel with {peer}: our MTU is {our_mtu}, the peer's {peer_mtu}"));
}

/// Tells of its end, when everything has been written.
fn tell_closed(output: Output, received: u64, summary: progress::Summary) {
    output.print(&json!({ "event": "closed", "received": received }), || format!("closed: {summary}"));
}
