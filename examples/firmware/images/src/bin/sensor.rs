//! The thermometer: whoever pairs may say how often it measures. Its bonds are in flash.
#![no_std]
#![no_main]

use apps::thermometer::{Interval, News, thermometer};
use board::{Board, flash, println};
use embassy_futures::select::{Either, select};
use firmware::Told;
use jelling::{
    Bonds, Config, Error, Gatt, Host, Links, Pool, Resources, ScanSlots, Tasks,
    security::{keep, load},
};
use jelling_bonds::Flash;
use static_cell::ConstStaticCell;

type Memory = Resources<Links<1, 247>, Gatt<24, 64>, Pool<4, 1>, ScanSlots<0>, Bonds<2>, Tasks<8>>;
static MEMORY: ConstStaticCell<Memory> = ConstStaticCell::new(Memory::new());

#[cortex_m_rt::entry]
fn main() -> ! {
    let board = Board::start();
    let Some(memory) = MEMORY.try_take() else { board::exit(Err(())) };
    firmware::start(board, jelling::new(memory, Config::default()), sensor)
}

#[embassy_executor::task]
async fn sensor(host: Host<'static>, flash: flash::Flash) {
    let store = match Flash::new(flash, 0..flash::SIZE) {
        Ok(store) => store,
        Err(error) => return println!("{error}"),
    };
    if let Err(error) = serve(host, Told(store)).await {
        println!("{error}");
    }
}

/// Bonds first: under which address the sensor is known stands with them.
async fn serve(host: Host<'_>, mut store: Told<Flash<flash::Flash>>) -> Result<(), Error> {
    if let Err(error) = load(host, &mut store).await {
        println!("{error}");
    }
    println!("sensor {}, bonds: {}", host.start().await?.address, host.bonds().count());
    let mut temperatures = (2450i16..).step_by(10);
    let measure = || temperatures.next().unwrap_or(i16::MAX);
    match select(keep(host, &mut store), thermometer(host, Interval::Paired, measure, tell)).await {
        Either::First(error) => {
            println!("{error}");
            Ok(())
        }
        Either::Second(end) => end,
    }
}

fn tell(news: News) {
    match news {
        News::Connected(device) => println!("connection from {device}"),
        News::Secured(security) if security.encrypted => println!("encrypted, bonded: {}", security.bonded),
        News::Secured(_) => {}
        News::Interval(seconds) => println!("measures each {seconds} s"),
        News::Disconnected => println!("disconnected"),
    }
}
