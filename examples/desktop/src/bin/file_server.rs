//! aioble's `l2cap_file_server.py`: serves the files of a folder over an L2CAP channel.
//!
//! `cargo run -p jelling-examples-desktop --bin file_server -- tcp:127.0.0.1:6402 [FOLDER]`

use apps::file_server::{self, News};
use jelling::{Error, Host};
use jelling_examples_desktop::{Folder, Progress};
use std::cell::RefCell;

pub(crate) async fn file_server(host: Host<'_>, mut folder: Folder) -> Result<(), Error> {
    let progress = RefCell::new(None::<Progress>);
    let tell = |news: News<'_>| {
        if let News::Sending { path, sent, size } = news {
            if sent == 0 {
                println!("sending {path}: {size} octets");
                progress.replace(Some(Progress::new()));
            }
            if let Some(progress) = progress.borrow_mut().as_mut() {
                progress.show(sent, size);
            }
            return;
        }
        progress.replace(None);
        match news {
            News::Advertising => println!("waiting for a connection"),
            News::Connected(device) => println!("connection from {device}"),
            News::Opened(mtu) => println!("channel open; the peer takes {mtu} octets at a time"),
            News::Done(path, status) => println!("{path}: {status}"),
            News::Closed => println!("channel closed"),
            News::Disconnected(None) => println!("disconnected"),
            News::Disconnected(Some(error)) => println!("disconnected: {error}"),
            News::Sending { .. } => {}
        }
    };
    file_server::file_server(host, &mut folder, tell).await
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let mut args = std::env::args().skip(1);
    let Some(spec) = args.next() else { anyhow::bail!("usage: file_server tcp:HOST:PORT [FOLDER]") };
    let folder = Folder::new(args.next().unwrap_or_else(|| ".".into()))?;
    jelling_examples_desktop::on_transport(&spec, async move |host: Host<'_>| file_server(host, folder).await).await
}
