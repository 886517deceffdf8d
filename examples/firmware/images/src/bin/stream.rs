//! Notifications and writes as fast as they go.
#![no_std]
#![no_main]

use board::{Board, println};
use jelling::{Bonds, Config, Gatt, Host, Links, Pool, Resources, ScanSlots, Tasks};
use static_cell::ConstStaticCell;

type Memory = Resources<Links<1, 247>, Gatt<24, 768>, Pool<8, 1>, ScanSlots<0>, Bonds<1>, Tasks<8>>;
static MEMORY: ConstStaticCell<Memory> = ConstStaticCell::new(Memory::new());

#[cortex_m_rt::entry]
fn main() -> ! {
    let board = Board::start();
    let Some(memory) = MEMORY.try_take() else { board::exit(Err(())) };
    firmware::start(board, jelling::new(memory, Config::default()), |host, _| stream(host))
}

#[embassy_executor::task]
async fn stream(host: Host<'static>) {
    let application = async {
        let controller = host.start().await?;
        println!("stream {}, packets of {} octets", controller.address, controller.acl_length);
        apps::stream::stream(host).await
    };
    if let Err(error) = application.await {
        println!("{error}");
    }
}
