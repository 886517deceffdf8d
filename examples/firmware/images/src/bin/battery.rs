//! The battery service, and nothing else: what it takes is measured.
#![no_std]
#![no_main]

use board::{Board, println};
use jelling::{Bonds, Config, Gatt, Host, Links, Pool, Resources, ScanSlots, Tasks};
use static_cell::ConstStaticCell;

type Memory = Resources<Links<1, 247>, Gatt<22, 48>, Pool<2, 1>, ScanSlots<0>, Bonds<1>, Tasks<4>>;
static MEMORY: ConstStaticCell<Memory> = ConstStaticCell::new(Memory::new());

#[cortex_m_rt::entry]
fn main() -> ! {
    let board = Board::start();
    let Some(memory) = MEMORY.try_take() else { board::exit(Err(())) };
    firmware::start(board, jelling::new(memory, Config::default()), |host, _| battery(host))
}

#[embassy_executor::task]
async fn battery(host: Host<'static>) {
    if let Err(error) = apps::battery::battery(host).await {
        println!("{error}");
    }
}
