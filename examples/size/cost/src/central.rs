//! The central's scripts: jelling's host, whoever the peripheral is.

use crate::{LENGTH, drive, mcu};
use core::sync::atomic::{AtomicU32, Ordering::Relaxed};
use core::time::Duration;
use embassy_futures::select::select;
use jelling::{
    AddressKind, Bonds, Config, Connection, Device, Error, Gatt, Host, Links, Pool, Resources, ScanSlots, Tasks,
    Updates, Uuid,
};
use jelling_bench_link::{Air, Port};

/// A service for what is counted.
pub const SERVICE: Uuid = Uuid::new16(0x181a);
/// Its value, of [`LENGTH`] octets.
pub const VALUE: Uuid = Uuid::new16(0x2a6e);
/// How often each operation is done.
const ROUNDS: u32 = 1000;

/// Notifications that the peripheral is to send.
pub static WANTED: AtomicU32 = AtomicU32::new(0);

type Memory = Resources<Links<1, 247>, Gatt<16, 64>, Pool<32, 4>, ScanSlots<4>, Bonds<1>, Tasks<8>>;

/// A central that plays a script.
pub async fn central(air: &Air, script: impl AsyncFn(Host<'_>) -> Result<(), Error>) {
    let mut memory = Memory::new();
    let (host, mut runner) = jelling::new(&mut memory, Config::default());
    let port = Port { air, side: 1 };
    select(runner.run(port, port), async { script(host).await.expect("the peripheral serves") }).await;
}

async fn connect<'d>(host: Host<'d>) -> Result<Connection<'d>, Error> {
    let [a, b, c, d, e, f] = Air::address(0);
    host.connect(Device::new(AddressKind::Public, [f, e, d, c, b, a])).await
}

/// Prints what an operation has taken.
fn tell(what: &str, rounds: u32, start: u64) {
    mcu::tell(what, mcu::instructions(drive::ticks() - start) / u64::from(rounds));
}

/// Counts each operation.
pub async fn count(host: Host<'_>) -> Result<(), Error> {
    let connection = connect(host).await?;
    connection.exchange_mtu().await?;
    let value = connection.service(SERVICE).await?.characteristic(VALUE).await?;
    let mut octets = [0; LENGTH];
    let start = drive::ticks();
    for _ in 0..ROUNDS {
        assert_eq!(value.read_into(&mut octets).await?, LENGTH);
    }
    tell("read", ROUNDS, start);
    let mut values = value.subscribe(Updates::NOTIFY).depth(4).await?;
    let start = drive::ticks();
    WANTED.store(ROUNDS, Relaxed);
    drive::wake_peripheral();
    for _ in 0..ROUNDS {
        assert_eq!(values.notified_into(&mut octets).await?, LENGTH);
    }
    tell("notify", ROUNDS, start);
    drop(values);
    connection.disconnect().await?;
    #[cfg(feature = "security")]
    pairings(host).await?;
    Ok(())
}

#[cfg(feature = "security")]
async fn pairings(host: Host<'_>) -> Result<(), Error> {
    const PAIRINGS: u32 = 4;
    let mut instructions = 0;
    for _ in 0..PAIRINGS {
        let connection = connect(host).await?;
        let start = drive::ticks();
        let security = connection.pair(jelling::Pair::new().no_bond()).await?;
        assert!(security.encrypted && security.secure_connections, "{security:?}");
        // What the peripheral still does, when the central knows.
        settle().await;
        instructions += mcu::instructions(drive::ticks() - start);
        connection.disconnect().await?;
    }
    mcu::tell("pairing", instructions / u64::from(PAIRINGS));
    Ok(())
}

/// Lets the peripheral do what it has to do.
#[cfg(feature = "security")]
async fn settle() {
    for _ in 0..16 {
        embassy_futures::yield_now().await;
    }
}

/// What clients of the battery service do, with the deepest stack so far after each.
pub async fn visit(host: Host<'_>) -> Result<(), Error> {
    let deepest = |what: &str| mcu::tell(what, drive::deepest() as u64);
    let connection = connect(host).await?;
    deepest("connect");
    #[cfg(feature = "security")]
    {
        let security = connection.pair(jelling::Pair::new()).await?;
        assert!(security.encrypted && security.secure_connections, "{security:?}");
        deepest("pair");
    }
    connection.exchange_mtu().await?;
    let service = connection.service(Uuid::new16(0x180f)).await?;
    let level = service.characteristic(Uuid::new16(0x2a19)).await?;
    let status = service.characteristic(Uuid::new128(0x4088_13df_5dd4_1f87_ec11_cdb0_0110_0000)).await?;
    deepest("discover");
    level.read::<u8>().await?;
    deepest("read");
    status.write(&1u8).await?;
    deepest("write");
    let mut values = level.subscribe(Updates::NOTIFY).await?;
    for _ in 0..3 {
        values.notified::<u8>().timeout(Duration::from_secs(10)).await?;
    }
    deepest("notify");
    drop(values);
    connection.disconnect().await?;
    deepest("disconnect");
    Ok(())
}
