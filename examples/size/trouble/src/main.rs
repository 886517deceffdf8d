//! trouble-host's battery service in the frame of ours.
#![no_std]
#![no_main]

use bt_hci_serial::SerialTransport;
use embassy_sync::blocking_mutex::raw::NoopRawMutex;
use frame::Uart;
use trouble_host::prelude::ExternalController;

#[embassy_executor::task]
async fn main() {
    let transport: SerialTransport<NoopRawMutex, _, _> = SerialTransport::new(Uart, Uart);
    let controller = ExternalController::<_, 10>::new(transport);
    size_trouble::battery(controller, Some([0xff, 0x8f, 0x1a, 0x05, 0xe4, 0xff])).await;
}

#[unsafe(no_mangle)]
pub extern "C" fn _start() -> ! {
    frame::run(|spawner| {
        if let Ok(task) = main() {
            spawner.spawn(task);
        }
    })
}
