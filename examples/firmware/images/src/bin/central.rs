//! Follows a thermometer, and prints what it tells.
#![no_std]
#![no_main]

use apps::follow::{News, follow};
use board::{Board, println};
use core::ops::ControlFlow;
use embassy_time::Timer;
use jelling::{Bonds, Config, Gatt, Host, Links, Pool, Resources, ScanSlots, Tasks};
use static_cell::ConstStaticCell;

type Memory = Resources<Links<1, 247>, Gatt<24, 64>, Pool<8, 1>, ScanSlots<4>, Bonds<1>, Tasks<8>>;
static MEMORY: ConstStaticCell<Memory> = ConstStaticCell::new(Memory::new());

#[cortex_m_rt::entry]
fn main() -> ! {
    let board = Board::start();
    let Some(memory) = MEMORY.try_take() else { board::exit(Err(())) };
    firmware::start(board, jelling::new(memory, Config::default()), |host, _| central(host))
}

#[embassy_executor::task]
async fn central(host: Host<'static>) {
    match host.start().await {
        Ok(controller) => println!("central {}", controller.address),
        Err(error) => return println!("{error}"),
    }
    loop {
        if let Err(error) = follow(host, tell).await {
            println!("{error}");
        }
        Timer::after_secs(1).await;
    }
}

fn tell(news: News) -> ControlFlow<()> {
    match news {
        News::Found(device) => println!("connecting to {device}"),
        News::Read(t) => println!("read {t}"),
        News::Notified(t) => println!("notified {t}"),
    }
    ControlFlow::Continue(())
}
