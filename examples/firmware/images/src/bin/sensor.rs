//! The thermometer on the board.
#![no_std]
#![no_main]

use apps::thermometer::{Interval, News, thermometer};
use board::{Board, executor, println};
use embassy_futures::join::join;
use jelling::{Bonds, Config, Gatt, Links, Pool, Resources, ScanSlots, Tasks};
use jelling_h4::{H4Reader, H4Writer};
use static_cell::ConstStaticCell;

type Memory = Resources<Links<1, 247>, Gatt<24, 64>, Pool<4, 1>, ScanSlots<0>, Bonds<2>, Tasks<8>>;
static MEMORY: ConstStaticCell<Memory> = ConstStaticCell::new(Memory::new());

#[cortex_m_rt::entry]
fn main() -> ! {
    let board = Board::start();
    println!("sensor");
    executor::run(|spawner| match sensor(board) {
        Ok(task) => spawner.spawn(task),
        Err(_) => println!("no room for the task"),
    })
}

#[embassy_executor::task]
async fn sensor(board: Board) {
    let (host, mut runner) = jelling::new(MEMORY.take(), Config::default());
    let (reader, writer) = board.hci;
    let run = runner.run(H4Reader::<_, 260>::with_buffer(reader), H4Writer::new(writer));
    let mut temperatures = (2450i16..).step_by(10);
    let measure = || temperatures.next().unwrap_or(i16::MAX);
    let (end, error) = join(run, thermometer(host, Interval::Paired, measure, tell)).await;
    println!("{end:?} {error:?}");
}

fn tell(news: News) {
    match news {
        News::Connected(device) => println!("connection from {device}"),
        News::Secured(security) => println!("{security:?}"),
        News::Interval(seconds) => println!("measures each {seconds} s"),
        News::Disconnected => println!("disconnected, stack {} of {}", board::stack::used(), board::stack::size()),
    }
}
