//! Instructions of each operation.
#![no_std]
#![no_main]

use core::pin::pin;
use cost::{BUFFERS, central, drive, mcu, peripheral};
use jelling_bench_link::Air;

#[cortex_m_rt::entry]
fn main() -> ! {
    mcu::start();
    mcu::calibrate();
    #[cfg(feature = "security")]
    peripheral::curve();
    let air = Air::new(BUFFERS);
    drive::run(drive::Measure::Time, pin!(peripheral::value(&air)), pin!(central::central(&air, central::count)));
    mcu::exit(Ok(()))
}
