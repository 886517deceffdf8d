//! The face, its runner and the framing of a UART, with an application that uses every verb: no panic may be left in any of them.
//! What `cargo xtask no-panic` finds in this image is told by crate.
#![no_std]
#![no_main]

mod board;
mod central;
mod channels;
#[path = "../input.rs"]
mod input;
mod peripheral;
mod security;

use board::Uart;
use core::{
    future::Future,
    panic::PanicInfo,
    pin::{Pin, pin},
    task::Context,
    time::Duration,
};
use embassy_futures::{
    join::{join, join4},
    select::select,
};
use input::{out, word};
use jelling::{
    Bonds, Config, Connection, ConnectionParameters, Device, Error, Gatt, Host, Links, ParameterPolicy, Phys, Pool,
    Resources, ScanSlots, Tasks,
};
use jelling_h4::{H4DirectReader, H4Reader, H4Writer};
use jelling_transport::{Snoop, SnoopSink};

unsafe extern "C" {
    fn THERE_IS_A_PANIC() -> !;
}

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    // The place, so that it stays in the image.
    used(info);
    unsafe { THERE_IS_A_PANIC() }
}

static mut MEMORY: Resources<Links<2, 247>, Gatt<32, 512>, Pool<16, 4>, ScanSlots<4>, Bonds<2>, Tasks<8>> =
    Resources::new();

/// A capture that goes nowhere.
struct Wire;

impl SnoopSink for Wire {
    fn unix_micros(&self) -> u64 {
        u64::from(word())
    }
    fn write(&self, pieces: &[&[u8]]) {
        for piece in pieces {
            for octet in *piece {
                out(u32::from(*octet));
            }
        }
    }
}

#[unsafe(no_mangle)]
pub extern "C" fn _start() -> ! {
    let (host, mut runner) = jelling::new(unsafe { &mut *core::ptr::addr_of_mut!(MEMORY) }, security::config());
    let transport = async {
        loop {
            let reader: H4Reader<_, 300> = H4Reader::with_buffer(Uart);
            let end = runner.run(Snoop::new(reader, Wire), Snoop::new(H4Writer::new(Uart), Wire)).await;
            out(matches!(end, jelling::RunError::Read(_)).into());
            let mut bare: H4Reader<_> = H4Reader::new(Uart);
            let _ = runner.run(&mut bare, H4Writer::new(Uart)).await;
            out(bare.skipped());
            let mut direct = H4DirectReader::new(Uart);
            let _ = runner.run(&mut direct, H4Writer::new(Uart)).await;
            out(direct.skipped());
        }
    };
    let verbs = join4(peripheral::run(host), central::run(host), security::run(host), radio(host));
    let application = join(verbs, channels::run(host));
    let mut all = pin!(select(transport, application));
    let mut context = Context::from_waker(core::task::Waker::noop());
    poll(all.as_mut(), &mut context)
}

fn poll<F: Future>(mut future: Pin<&mut F>, context: &mut Context<'_>) -> ! {
    while future.as_mut().poll(context).is_pending() {}
    loop {
        out(0);
    }
}

/// The host itself.
async fn radio(host: Host<'_>) {
    loop {
        match host.start().await {
            Ok(info) => used(info),
            Err(error) => fails(error),
        }
        let config: Config = host.config();
        host.configure(Config { mtu: word() as u16, appearance: word() as u16, ..config });
        used((host.is_up(), host.counters(), host.pools(), host.waiting(), host.is_idle()));
        used(host.next_deadline());
        for connection in host.connections() {
            link(&connection).await;
        }
        used(host.event().await);
        if word() & 1 == 1 {
            host.stop().await;
        }
    }
}

/// What every connection has.
async fn link(connection: &Connection<'_>) {
    used((connection.device(), connection.is_connected(), connection.reason(), connection.role()));
    used((connection.mtu(), connection.interval(), connection.security()));
    let authorisation = if word() & 1 == 1 { jelling::Authorisation::Granted } else { jelling::Authorisation::Refused };
    used(connection.authorise(authorisation));
    used(connection.event().await);
    let parameters = ConnectionParameters::new(duration(), duration());
    used(connection.update_parameters(parameters).await);
    used(connection.set_phy(Phys::from_bits_truncate(word() as u8), Phys::LE_2M).await);
    used(connection.set_data_length(word() as u16).await);
    used((connection.phy(), connection.data_length()));
    used(connection.on_parameter_request(Some(ParameterPolicy::Within(parameters))));
    used(connection.answer_parameters(Some(parameters)));
    let another = connection.clone();
    used(another == *connection);
    used(connection.timeout(Some(duration()), another.disconnected().no_timeout()).await);
    if word() & 1 == 1 {
        used(another.disconnect().timeout(duration()).await);
    } else {
        another.detach();
    }
}

/// Something came out.
fn used<T>(value: T) {
    core::hint::black_box(&value);
}

/// An error came out.
fn fails(error: Error) {
    used(error);
}

/// Any time.
fn duration() -> Duration {
    Duration::new(u64::from(word()) << 32 | u64::from(word()), word() % 1_000_000_000)
}

/// Any device.
fn device() -> Device {
    let kind = if word() & 1 == 1 { jelling::AddressKind::Random } else { jelling::AddressKind::Public };
    Device::new(kind, [word() as u8; 6])
}
