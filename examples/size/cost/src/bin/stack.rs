//! The deepest stack of a battery service, by what its client does.
#![no_std]
#![no_main]

use core::pin::pin;
use cost::{BUFFERS, central, drive, mcu, peripheral};
use jelling_bench_link::Air;

#[cortex_m_rt::entry]
fn main() -> ! {
    let air = Air::new(BUFFERS);
    drive::run(drive::Measure::Stack, pin!(peripheral::battery(&air)), pin!(central::central(&air, central::visit)));
    mcu::exit(Ok(()))
}
