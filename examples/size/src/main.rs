//! The images whose sizes are kept, one for each combination of features, each using what it has: as a peripheral the battery
//! service of trouble-host's example (two characteristics, notify), or a beacon; as a central what reads and subscribes to one.
#![no_std]
#![no_main]

#[cfg(feature = "central")]
mod central;
#[cfg(feature = "peripheral")]
mod peripheral;

use frame::Uart;
use jelling::{Bonds, Config, Gatt, Links, Pool, Resources, ScanSlots, Tasks};
use jelling_h4::{H4DirectReader, H4Writer};

/// A link for each role.
const LINKS: usize = if cfg!(all(feature = "central", feature = "peripheral")) { 2 } else { 1 };

/// A client's answers stand in the pool, and more of its tasks wait.
const BLOCKS: usize = if cfg!(feature = "client") { 4 } else { 2 };
const TASKS: usize = if cfg!(feature = "client") { 8 } else { 4 };

type Memory = Resources<Links<LINKS, 247>, Gatt<22, 48>, Pool<BLOCKS, 1>, ScanSlots<4>, Bonds<LINKS>, Tasks<TASKS>>;

static mut MEMORY: Memory = Memory::new();

#[embassy_executor::task]
async fn main(memory: &'static mut Memory) {
    let config = Config::default();
    #[cfg(feature = "legacy-pairing")]
    let config = Config { pairing: Some(jelling::Pair::new().le_secure(jelling::LeSecure::Preferred)), ..config };
    let (host, mut runner) = jelling::new(memory, config);
    let run = runner.run(H4DirectReader::new(Uart), H4Writer::new(Uart));
    #[cfg(feature = "peripheral")]
    let run = embassy_futures::join::join(run, peripheral::run(host));
    #[cfg(feature = "central")]
    let run = embassy_futures::join::join(run, central::run(host));
    #[cfg(not(any(feature = "central", feature = "peripheral")))]
    let run = embassy_futures::join::join(run, host.start());
    let _ = run.await;
}

#[unsafe(no_mangle)]
pub extern "C" fn _start() -> ! {
    frame::run(|spawner| {
        // SAFETY: nobody else borrows it, and this is called once.
        let memory = unsafe { &mut *core::ptr::addr_of_mut!(MEMORY) };
        if let Ok(task) = main(memory) {
            spawner.spawn(task);
        }
    })
}
