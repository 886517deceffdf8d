//! The image whose size is kept: the battery service of trouble-host's example (two characteristics, notify) on a dummy UART,
//! in a static executor of one task, without logging.
#![no_std]
#![no_main]

use core::{convert::Infallible, future::Future, panic::PanicInfo, pin::pin, task::Context, time::Duration};
use jelling::{
    Characteristic, CharacteristicOptions, Config, Gatt, Host, Links, Packet, PacketKind, PacketRead, PacketWrite, Pool, Properties,
    Resources, ScanSlots, Tasks, Uuid,
};

const BATTERY: Uuid = Uuid::new16(0x180f);
const LEVEL: Uuid = Uuid::new16(0x2a19);
const STATUS: Uuid = Uuid::new128(0x4088_13df_5dd4_1f87_ec11_cdb0_0110_0000);

type Memory = Resources<Links<1, 247>, Gatt<12, 64>, Pool<4, 1>, ScanSlots<0>, Tasks<8>>;

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

async fn battery(host: Host<'_>) -> Result<(), jelling::Error> {
    let mut db = host.services()?;
    let service = db.service(BATTERY)?;
    let level = CharacteristicOptions::new(Properties::READ | Properties::NOTIFY).initial(&[10]).fixed();
    let level = db.characteristic_with(service, LEVEL, &level)?;
    let status = CharacteristicOptions::new(Properties::READ | Properties::WRITE | Properties::NOTIFY).initial(&[0]).fixed();
    let status = db.characteristic_with(service, STATUS, &status)?;
    db.register()?;
    loop {
        let advertise = host.advertise(Duration::from_millis(100)).name("battery").services(&[BATTERY]);
        let connection = advertise.await?;
        serve(&connection, level, status).await;
    }
}

async fn serve(connection: &jelling::Connection<'_>, level: Characteristic<'_>, status: Characteristic<'_>) {
    let mut percent = 10u8;
    while connection.is_connected() {
        percent = percent.wrapping_add(1);
        let _ = level.notify(connection, &percent).await;
        if let Ok((_, value)) = status.written::<u8>().timeout(Duration::from_secs(2)).await {
            percent = value;
        }
    }
}

#[unsafe(no_mangle)]
pub extern "C" fn _start() -> ! {
    let memory = unsafe { &mut *core::ptr::addr_of_mut!(MEMORY) };
    let (host, mut runner) = jelling::new(memory, Config::default());
    let mut all = pin!(async {
        embassy_futures::join::join(runner.run(Uart, Uart), battery(host)).await;
    });
    let mut context = Context::from_waker(core::task::Waker::noop());
    loop {
        let _ = all.as_mut().poll(&mut context);
    }
}
