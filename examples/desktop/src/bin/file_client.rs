//! aioble's `l2cap_file_client.py`: lists the files of a server, or downloads one and holds it against its SHA-256.
//!
//! `cargo run -p jelling-examples-desktop --bin file_client -- tcp:127.0.0.1:6403 [NAME [OUTPUT]]`; without OUTPUT what comes is
//! looked at and thrown away. With `sim:FOLDER` a server of that folder is there too, on simulated controllers.

use anyhow::{Context, Result, anyhow, bail};
use apps::{
    file_client::{Download, FileClient, Verified, find},
    file_server::News,
};
use core::ops::ControlFlow;
use embassy_futures::select::{Either, select};
use jelling::Host;
use jelling_examples_desktop::{Folder, Output, Progress, on_transport};
use std::path::{Path, PathBuf};

/// What is wanted of the server.
#[derive(Clone, Debug)]
pub(crate) enum Wanted {
    List,
    File { name: String, output: Option<PathBuf> },
}

pub(crate) async fn file_client(host: Host<'_>, wanted: &Wanted) -> Result<()> {
    let device = find(host).await.context("no file server")?;
    println!("connecting to {device}");
    let mut client = FileClient::connect(host, device).await?;
    match wanted {
        Wanted::List => client.list("", |name, size| println!("{size:>10} {name}")).await?,
        Wanted::File { name, output } => download(&mut client, name, output.as_deref()).await?,
    }
    Ok(client.disconnect().await?)
}

async fn download(client: &mut FileClient<'_>, name: &str, output: Option<&Path>) -> Result<()> {
    let mut output = output.map(|path| Output::new(path.into())).transpose().context("the output")?;
    let (mut trouble, mut progress) = (None, Progress::new());
    let download = client.download(name, async |part| {
        progress.show(part.received, part.size);
        match output.as_mut().map_or(Ok(()), |output| output.write(part.octets)) {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                trouble = Some(error);
                ControlFlow::Break(())
            }
        }
    });
    let download = download.await;
    drop(progress);
    if let Some(error) = trouble {
        return Err(error).context("what came could not be kept");
    }
    let Download { size, hash, verified } = download.with_context(|| name.to_owned())?;
    output.map_or(Ok(()), Output::keep).context("what came could not be kept")?;
    let hash: String = hash.iter().map(|octet| format!("{octet:02x}")).collect();
    let verified = match verified {
        Verified::Hash => "verified",
        Verified::Length => "of the right length; the server says no more",
    };
    println!("{hash} {name}: {size} octets, {verified}");
    Ok(())
}

/// With a server of `folder` on simulated controllers.
fn simulated(folder: &str, wanted: &Wanted) -> Result<()> {
    let mut folder = Folder::new(if folder.is_empty() { "." } else { folder })?;
    jelling::sim::run(1, async |[server, client]| {
        let serve = apps::file_server::file_server(server, &mut folder, |_: News<'_>| {});
        match select(serve, file_client(client, wanted)).await {
            Either::First(end) => Err(anyhow!("the server has ended: {end:?}")),
            Either::Second(result) => result,
        }
    })
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let mut args = std::env::args().skip(1);
    let Some(spec) = args.next() else { bail!("usage: file_client tcp:HOST:PORT|sim:FOLDER [NAME [OUTPUT]]") };
    let wanted = match args.next() {
        Some(name) => Wanted::File { name, output: args.next().map(PathBuf::from) },
        None => Wanted::List,
    };
    match spec.strip_prefix("sim:") {
        Some(folder) => simulated(folder, &wanted),
        None => on_transport(&spec, async |host: Host<'_>| file_client(host, &wanted).await).await,
    }
}
