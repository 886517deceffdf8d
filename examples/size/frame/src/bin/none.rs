//! The frame alone, without a host: octets from one end of the UART go to the other.
#![no_std]
#![no_main]

use embedded_io_async::{Read, Write};
use frame::Uart;

#[embassy_executor::task]
async fn main() {
    let mut octet = [0];
    loop {
        let _ = Uart.read(&mut octet).await;
        let _ = Uart.write(&octet).await;
    }
}

#[unsafe(no_mangle)]
pub extern "C" fn _start() -> ! {
    frame::run(|spawner| {
        if let Ok(task) = main() {
            spawner.spawn(task);
        }
    })
}
