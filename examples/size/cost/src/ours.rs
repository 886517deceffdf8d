//! The peripheral: jelling's.

use crate::{
    LENGTH,
    central::{SERVICE, VALUE, WANTED},
};
use core::{future::poll_fn, sync::atomic::Ordering::Relaxed, task::Poll, time::Duration};
use embassy_futures::join::join;
use jelling::{
    Bonds, CharacteristicOptions, Config, Error, Gatt, Host, Links, Pool, Properties, Resources, ScanSlots, Tasks,
};
use jelling_bench_link::{Air, Port};

/// As in the image whose size is measured.
type Memory = Resources<Links<1, 247>, Gatt<24, 64>, Pool<4, 1>, ScanSlots<4>, Bonds<1>, Tasks<8>>;

static mut MEMORY: Memory = Memory::new();

async fn host(air: &Air, application: impl AsyncFn(Host<'_>) -> Result<(), Error>) {
    // SAFETY: there is one peripheral in an image.
    let memory = unsafe { &mut *core::ptr::addr_of_mut!(MEMORY) };
    let config = Config::default();
    #[cfg(feature = "legacy-pairing")]
    let config = Config { pairing: Some(jelling::Pair::new().le_secure(jelling::LeSecure::Preferred)), ..config };
    let (host, mut runner) = jelling::new(memory, config);
    let port = Port { air, side: 0 };
    let (_, served) = join(runner.run(port, port), application(host)).await;
    served.expect("it serves");
}

/// The battery service.
pub async fn battery(air: &Air) {
    host(air, apps::battery::battery).await;
}

/// A value that is read, and notified when the central wants it.
pub async fn value(air: &Air) {
    host(air, async |host| {
        let options = CharacteristicOptions::new(Properties::READ | Properties::NOTIFY).initial(&[7; LENGTH]).fixed();
        let mut db = host.services()?;
        let service = db.service(SERVICE)?;
        let value = db.characteristic_with(service, VALUE, &options)?;
        db.register()?;
        loop {
            let connection = host.advertise(Duration::from_millis(100)).await?;
            while connection.is_connected() {
                let wanted = poll_fn(|_| match (WANTED.swap(0, Relaxed), connection.is_connected()) {
                    (0, true) => Poll::Pending,
                    (wanted, _) => Poll::Ready(wanted),
                });
                for number in 0..wanted.await {
                    value.notify(&connection, &[number as u8; LENGTH]).await?;
                }
            }
        }
    })
    .await;
}

/// What P-256 takes of a pairing: each has a key pair of its own.
#[cfg(feature = "security")]
pub fn curve() {
    use jelling::{Crypto, Software};
    let start = crate::mcu::ticks();
    let public = core::hint::black_box(Software.public_key(&[7; 32])).expect("a private key");
    let made = start.wrapping_sub(crate::mcu::ticks());
    let start = crate::mcu::ticks();
    assert!(Software.is_on_curve(&public));
    assert!(core::hint::black_box(Software.shared_secret(&[9; 32], &public)).is_some());
    let shared = start.wrapping_sub(crate::mcu::ticks());
    crate::mcu::tell("P-256", crate::mcu::instructions(u64::from(made) + u64::from(shared)));
}
