//! firmware: what the images have in common. Each is a bin of its own, with an application of the crate `apps`.
#![no_std]

mod told;
#[cfg(not(feature = "snoop"))]
mod wires;
#[cfg(feature = "snoop")]
#[path = "wires/snooped.rs"]
mod wires;

use board::{
    Board, executor,
    flash::Flash,
    println, stack,
    uart::{self, Congestion},
};
use embassy_executor::{SpawnError, SpawnToken};
use embedded_io_async::Read;
use jelling::{Host, Runner};

pub use told::Told;
pub use wires::Wires;

/// Runs a host on the board, and an application on that.
pub fn start<S>(
    board: Board,
    (host, runner): (Host<'static>, Runner<'static>),
    application: impl FnOnce(Host<'static>, Flash) -> Result<SpawnToken<S>, SpawnError>,
) -> ! {
    executor::run(|spawner| {
        spawner.spawn(run(runner, Wires::new(board.hci, board.extra))?);
        spawner.spawn(commands(board.console)?);
        spawner.spawn(application(host, board.flash)?);
        Ok(())
    })
}

/// Runs a host on the board's controller.
#[embassy_executor::task]
async fn run(mut runner: Runner<'static>, wires: Wires) {
    println!("{}", wires.carry(&mut runner).await);
}

/// Does what the console is told: `r` resets the MCU, `s` prints how it is.
#[embassy_executor::task]
async fn commands(mut console: board::Console) {
    loop {
        let mut octet = [0];
        match console.read(&mut octet).await {
            Ok(_) if octet == *b"r" => board::reset(),
            Ok(_) if octet == *b"s" => status(),
            Ok(_) => {}
            Err(never) => match never {},
        }
    }
}

fn status() {
    let (used, size, sleeps) = (stack::used(), stack::size(), executor::sleeps());
    let Congestion { full, lost } = uart::congestion();
    let time = embassy_time::Instant::now().as_millis();
    println!("{time} ms: stack {used} of {size}, UART full {full}, lost {lost}, sleeps {sleeps}");
}
