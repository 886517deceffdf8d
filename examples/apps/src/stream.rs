//! Notifications as fast as they go, to be counted by whoever asked for them; and writes, which are counted here.

use core::{
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};
use embassy_futures::select::{Either, select};
use jelling::{Access, Characteristic, CharacteristicOptions, Connection, Error, ErrorCode, Host, Properties, Uuid};

/// The service.
pub const STREAM: Uuid = Uuid::new128(0x7d2e_0010_5c0b_4f5a_9a3e_6b1f_0c2d_4e01);
/// What is notified: a number that counts up from 0, as `u32`, and octets.
pub const VALUE: Uuid = Uuid::new128(0x7d2e_0011_5c0b_4f5a_9a3e_6b1f_0c2d_4e01);
/// Octets of each value, as `u16`: written by the client, and what it has written last is sent. 0: nothing is.
pub const LENGTH: Uuid = Uuid::new128(0x7d2e_0012_5c0b_4f5a_9a3e_6b1f_0c2d_4e01);
/// What is written without an answer: a number that counts up from 0, as `u32`, and octets. It reads how many came in a row.
pub const SINK: Uuid = Uuid::new128(0x7d2e_0013_5c0b_4f5a_9a3e_6b1f_0c2d_4e01);
/// The longest value.
pub const LONGEST: usize = 244;

/// Once in so many writes the sink computes something, for so long: what comes meanwhile has to wait, and not to get lost.
const WRITES: u32 = 100;
const BUSY: embassy_time::Duration = embassy_time::Duration::from_millis(20);

/// The number that is due at the sink.
static DUE: AtomicU32 = AtomicU32::new(0);

fn on_write(access: &Access<'_>) -> Result<(), ErrorCode> {
    let mut octets = [0; LONGEST];
    access.value_into(&mut octets).map_err(|_| ErrorCode::UNLIKELY_ERROR)?;
    let due = DUE.load(Ordering::Relaxed);
    if octets.first_chunk() == Some(&due.to_le_bytes()) {
        DUE.store(due.wrapping_add(1), Ordering::Relaxed);
    }
    if due % WRITES == WRITES / 2 {
        embassy_time::block_for(BUSY);
    }
    Ok(())
}

fn on_read(access: &Access<'_>) -> Result<(), ErrorCode> {
    access.set(&DUE.load(Ordering::Relaxed)).map_err(|_| ErrorCode::UNLIKELY_ERROR)
}

/// Serves one client after another.
///
/// # Errors
/// Where the table has no room, or the host cannot advertise.
pub async fn stream(host: Host<'_>) -> Result<(), Error> {
    let mut db = host.services()?;
    let service = db.service(STREAM)?;
    let value =
        db.characteristic_with(service, VALUE, &CharacteristicOptions::new(Properties::NOTIFY).max_len(LONGEST))?;
    let length = CharacteristicOptions::new(Properties::WRITE).initial(&[0; 2]).fixed();
    let length = db.characteristic_with(service, LENGTH, &length)?;
    let sink = CharacteristicOptions::new(Properties::READ | Properties::WRITE_WITHOUT_RESPONSE).max_len(LONGEST);
    db.characteristic_with(service, SINK, &sink.on_read(on_read).on_write(on_write))?;
    db.register()?;
    loop {
        let connection = host.advertise(Duration::from_millis(100)).name("stream").await?;
        DUE.store(0, Ordering::Relaxed);
        let _ = serve(&connection, value, length).await;
    }
}

async fn serve<'d>(
    connection: &Connection<'d>,
    value: Characteristic<'d>,
    length: Characteristic<'d>,
) -> Result<(), Error> {
    let mut wanted = 0;
    while connection.is_connected() {
        let asked = select(length.written::<u16>(), connection.timeout(None, send(connection, value, wanted)));
        match asked.await {
            Either::First(written) => wanted = written?.1,
            Either::Second(end) => end??,
        }
    }
    Ok(())
}

/// Sends for ever, from 0 on.
async fn send<'d>(connection: &Connection<'d>, value: Characteristic<'d>, length: u16) -> Result<(), Error> {
    if length == 0 {
        return core::future::pending().await;
    }
    let mut octets = [0x5a; LONGEST];
    for number in 0u32.. {
        if let Some(first) = octets.first_chunk_mut() {
            *first = number.to_le_bytes();
        }
        let octets = octets.get(..usize::from(length).max(4)).unwrap_or(&octets);
        value.notify(connection, octets).await?;
    }
    Ok(())
}
