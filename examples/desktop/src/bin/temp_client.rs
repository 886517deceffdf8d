//! aioble's `temp_client.py`: finds the sensor, connects and prints what it is told.
//!
//! `cargo run -p jelling-examples-desktop --bin temp_client -- tcp:127.0.0.1:6402 [COUNT]`

use apps::follow::{News, follow};
use core::ops::ControlFlow;
use jelling::{Error, Host};

pub(crate) async fn temp_client(host: Host<'_>, count: usize) -> Result<(), Error> {
    let mut left = count;
    let tell = |news| {
        match news {
            News::Found(device) => println!("connecting to {device}"),
            News::Read(t) => println!("temperature {:.2}", f32::from(t) / 100.0),
            News::Notified(t) => {
                println!("temperature {:.2}", f32::from(t) / 100.0);
                left = left.saturating_sub(1);
            }
        }
        if left == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    follow(host, tell).await
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let mut args = std::env::args().skip(1);
    let Some(spec) = args.next() else { anyhow::bail!("usage: temp_client tcp:HOST:PORT [COUNT]") };
    let count = args.next().map_or(Ok(usize::MAX), |n| n.parse())?;
    jelling_examples_desktop::on_transport(&spec, async move |host: Host<'_>| temp_client(host, count).await).await
}
