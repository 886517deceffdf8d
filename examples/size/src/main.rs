//! The images whose sizes are kept, one for each combination of features, each using what it has: as a peripheral the battery
//! service of trouble-host's example (two characteristics, notify), or a beacon; as a central what reads and subscribes to one. On
//! a dummy UART, in a static executor of one task, without logging.
#![no_std]
#![no_main]

#[cfg(feature = "central")]
mod central;
#[cfg(feature = "peripheral")]
mod peripheral;

use core::{convert::Infallible, future::Future, panic::PanicInfo, pin::pin, task::Context};
use jelling::{
    Bonds, Config, Gatt, Links, Packet, PacketKind, PacketRead, PacketWrite, Pool, Resources, ScanSlots, Tasks,
};

/// A link for each role.
const LINKS: usize = if cfg!(all(feature = "central", feature = "peripheral")) { 2 } else { 1 };

type Memory = Resources<Links<LINKS, 247>, Gatt<24, 64>, Pool<4, 1>, ScanSlots<4>, Bonds<LINKS>, Tasks<8>>;

static mut MEMORY: Memory = Memory::new();
static mut REGISTERS: [u32; 4] = [0; 4];
static mut NOW: u64 = 0;

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    loop {}
}

/// The octet that a UART's data register would give.
fn data() -> u32 {
    unsafe { core::ptr::read_volatile(core::ptr::addr_of!(REGISTERS).cast::<u32>()) }
}

struct Uart;

impl PacketRead for Uart {
    type Error = Infallible;
    async fn read<'b>(&mut self, buffer: &'b mut [u8]) -> Result<Packet<'b>, Infallible> {
        for octet in buffer.iter_mut() {
            embassy_futures::yield_now().await;
            *octet = data() as u8;
        }
        let kind = if data() & 1 == 0 { PacketKind::Event } else { PacketKind::Acl };
        Ok(Packet::new(kind, buffer))
    }
}

impl PacketWrite for Uart {
    type Error = Infallible;
    async fn write(&mut self, packet: Packet<'_>) -> Result<(), Infallible> {
        for octet in packet.data {
            embassy_futures::yield_now().await;
            unsafe { core::ptr::write_volatile(core::ptr::addr_of_mut!(REGISTERS).cast::<u32>(), u32::from(*octet)) };
        }
        Ok(())
    }
}

struct Clock;
embassy_time_driver::time_driver_impl!(static CLOCK: Clock = Clock);

impl embassy_time_driver::Driver for Clock {
    fn now(&self) -> u64 {
        unsafe { core::ptr::read_volatile(core::ptr::addr_of!(NOW)) }
    }
    fn schedule_wake(&self, _: u64, waker: &core::task::Waker) {
        waker.wake_by_ref();
    }
}

#[unsafe(no_mangle)]
pub extern "C" fn _start() -> ! {
    let memory = unsafe { &mut *core::ptr::addr_of_mut!(MEMORY) };
    let config = Config::default();
    #[cfg(feature = "legacy-pairing")]
    let config = Config { pairing: Some(jelling::Pair::new().le_secure(jelling::LeSecure::Preferred)), ..config };
    let (host, mut runner) = jelling::new(memory, config);
    let mut all = pin!(async {
        let run = runner.run(Uart, Uart);
        #[cfg(feature = "peripheral")]
        let run = embassy_futures::join::join(run, peripheral::run(host));
        #[cfg(feature = "central")]
        let run = embassy_futures::join::join(run, central::run(host));
        #[cfg(not(any(feature = "central", feature = "peripheral")))]
        let run = embassy_futures::join::join(run, host.start());
        run.await;
    });
    let mut context = Context::from_waker(core::task::Waker::noop());
    loop {
        let _ = all.as_mut().poll(&mut context);
    }
}
