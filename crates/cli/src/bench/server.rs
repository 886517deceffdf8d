//! `bench --serve`.

use super::protocol::{CREDITS, Counter, INWARD, MTU, OUTWARD, Order, PSM, SERVICE, VALUE, fill};
use crate::{
    advertise::{ready, tell},
    session::Session,
};
use anyhow::Result;
use jelling::{
    Access, ChannelOptions, Characteristic, CharacteristicOptions, Connection, Error, ErrorCode, Host, L2capChannel,
    L2capListener, Properties,
};
use std::{
    cell::{Cell, OnceCell},
    time::Duration,
};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

const INTERVAL: Duration = Duration::from_millis(100);

/// So many octets, in values of so many.
type Wanted = (u32, u16);

thread_local! {
    /// For the functions that the host calls with nothing but the access.
    static INWARD_COUNT: Cell<Counter> = Cell::default();
    static WANTED: OnceCell<UnboundedSender<Wanted>> = const { OnceCell::new() };
}

fn on_write(access: &Access<'_>) -> Result<(), ErrorCode> {
    let mut buffer = [0; VALUE];
    let length = access.value_into(&mut buffer).map_err(|_| ErrorCode::INVALID_ATTRIBUTE_VALUE_LENGTH)?;
    match Order::parse(buffer.get(..length).unwrap_or_default()) {
        Some((Order::Count, block)) => {
            let mut counter = INWARD_COUNT.get();
            counter.take(block);
            INWARD_COUNT.set(counter);
        }
        Some((Order::Begin, _)) => INWARD_COUNT.set(Counter::default()),
        Some((Order::Notify, [a, b, c, d, e, f])) => {
            let wanted = (u32::from_le_bytes([*a, *b, *c, *d]), u16::from_le_bytes([*e, *f]));
            WANTED.with(|sender| sender.get().map(|sender| sender.send(wanted)));
        }
        _ => return Err(ErrorCode::VALUE_NOT_ALLOWED),
    }
    Ok(())
}

fn on_read(access: &Access<'_>) -> Result<(), ErrorCode> {
    access.set(&INWARD_COUNT.get().octets.to_le_bytes()).map_err(|_| ErrorCode::UNLIKELY_ERROR)
}

fn table(host: Host<'static>) -> Result<Characteristic<'static>, Error> {
    let mut db = host.services()?;
    let service = db.service(SERVICE)?;
    let inward = Properties::READ | Properties::WRITE | Properties::WRITE_WITHOUT_RESPONSE;
    let inward = CharacteristicOptions::new(inward).max_len(VALUE).on_write(on_write).on_read(on_read);
    db.characteristic_with(service, INWARD, &inward)?;
    let outward = CharacteristicOptions::new(Properties::NOTIFY).max_len(VALUE);
    let outward = db.characteristic_with(service, OUTWARD, &outward)?;
    db.register()?;
    Ok(outward)
}

pub(super) async fn serve(session: Session, duration: Option<Duration>) -> Result<()> {
    let work = async {
        let outward = table(session.host)?;
        let (sender, wanted) = unbounded_channel();
        WANTED.with(|cell| cell.set(sender)).ok();
        session.start().await?;
        let listener = session.host.l2cap_listen(PSM, &ChannelOptions::new(MTU).credits(CREDITS))?;
        tokio::try_join!(attend(session, outward, &listener, wanted), ready(session))?;
        Ok(())
    };
    session.until_stopped(duration, work).await.map(|_| ())
}

/// One peer after the other.
async fn attend(
    session: Session,
    outward: Characteristic<'static>,
    listener: &L2capListener<'static>,
    mut wanted: UnboundedReceiver<Wanted>,
) -> Result<(), Error> {
    loop {
        let connection = session.host.advertise(INTERVAL).name("jelling-bench").services(&[SERVICE]).await?;
        let Ok(peer) = connection.device() else { continue };
        tell(session, "connected", peer);
        // What is left of the peer before.
        while wanted.try_recv().is_ok() {}
        tokio::select! {
            ended = connection.disconnected() => ended?,
            () = notify(session, &connection, outward, &mut wanted) => {}
            error = channels(session, listener) => return Err(error),
        }
        connection.disconnected().await?;
        tell(session, "disconnected", peer);
    }
}

/// Notifies what is asked for, until the link ends.
async fn notify(
    session: Session,
    connection: &Connection<'static>,
    outward: Characteristic<'static>,
    wanted: &mut UnboundedReceiver<Wanted>,
) {
    while let Some((octets, length)) = wanted.recv().await {
        let length = usize::from(length).clamp(4, VALUE);
        let mut left = usize::try_from(octets).unwrap_or(usize::MAX);
        for number in 0.. {
            let mut value = [0; VALUE];
            let Some(block) = value.get_mut(..length.min(left.max(4))) else { return };
            fill(number, block);
            if let Err(error) = outward.notify(connection, &*block).await {
                session.log(|| format!("notification: {error}"));
                return;
            }
            left = left.saturating_sub(block.len());
            if left == 0 {
                break;
            }
        }
    }
}

/// The channels of a peer, one after the other.
async fn channels(session: Session, listener: &L2capListener<'static>) -> Error {
    loop {
        match listener.accept().await {
            Ok(channel) => {
                if let Err(error) = answer(&channel).await {
                    session.log(|| format!("channel: {error}"));
                }
            }
            Err(error) => return error,
        }
    }
}

async fn answer(channel: &L2capChannel<'static>) -> Result<(), Error> {
    let mut counter = Counter::default();
    let mut sdu = vec![0; usize::from(MTU)];
    loop {
        let length = channel.recvinto(&mut sdu).await?;
        let octets = sdu.get(..length).unwrap_or_default();
        match Order::parse(octets) {
            Some((Order::Count, block)) => {
                counter.take(block);
            }
            Some((Order::Tell, block)) => {
                counter.take(block);
                channel.send(&counter.octets.to_le_bytes()).await?;
            }
            Some((Order::Return, _)) => channel.send(octets).await?,
            _ => {}
        }
    }
}
