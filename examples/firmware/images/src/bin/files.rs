//! A file server: what is in flash comes over an L2CAP channel.
#![no_std]
#![no_main]

use apps::file_server::{News, Rom, file_server};
use board::{Board, println};
use jelling::{Bonds, Channels, Config, Error, Gatt, Host, Links, Pool, Resources, ScanSlots, Tasks};
use static_cell::ConstStaticCell;

/// Of the pool four blocks are for commands; on the channel nothing is received, and the least that is set apart for that is two.
type Memory = Resources<Links<1, 67>, Gatt<22, 128>, Pool<6, 1>, ScanSlots<0>, Bonds<1>, Tasks<4>, Channels<1>>;
static MEMORY: ConstStaticCell<Memory> = ConstStaticCell::new(Memory::new());

/// The files. What the PC has of them is held against what comes.
const FILES: [(&str, &[u8]); 3] = [
    ("LICENSE-APACHE", include_bytes!("../../../../../LICENSE-APACHE")),
    ("LICENSE-MIT", include_bytes!("../../../../../LICENSE-MIT")),
    ("empty", &[]),
];

#[cortex_m_rt::entry]
fn main() -> ! {
    let board = Board::start();
    let Some(memory) = MEMORY.try_take() else { board::exit(Err(())) };
    firmware::start(board, jelling::new(memory, Config::default()), |host, _| files(host))
}

#[embassy_executor::task]
async fn files(host: Host<'static>) {
    if let Err(error) = serve(host).await {
        println!("{error}");
    }
}

async fn serve(host: Host<'_>) -> Result<(), Error> {
    println!("files {}", host.start().await?.address);
    file_server(host, &mut Rom::new(&FILES), tell).await
}

fn tell(news: News<'_>) {
    match news {
        News::Connected(device) => println!("connection from {device}"),
        News::Opened(mtu) => println!("channel open, {mtu} octets at a time"),
        News::Sending { path, sent: 0, size } => println!("sending {path}: {size} octets"),
        News::Done(path, status) => println!("done {path}: {status}"),
        News::Disconnected(None) => println!("disconnected"),
        News::Disconnected(Some(error)) => println!("disconnected: {error}"),
        News::Sending { .. } | News::Advertising | News::Closed => {}
    }
}
