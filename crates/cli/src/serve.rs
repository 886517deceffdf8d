//! `serve`: a GATT server from a file. What peers do is told as it happens; orders come from standard input.

mod orders;

use crate::{
    advertise::{attend, ready},
    arguments::ServeOptions,
    output::Output,
    pairing,
    session::Session,
};
use anyhow::{Context, Result};
use jelling::{Access, Config, Device, Error, ErrorCode, Resource, Updates, Uuid};
use jelling_cli::file::{File, Served, ServedCharacteristic};
use serde_json::json;
use std::{cell::OnceCell, collections::BTreeMap, rc::Rc, time::Duration};
use tokio::task::spawn_local;

/// Links that `serve` fills before it stops advertising.
const LINKS: usize = 8;

thread_local! {
    /// For [`tell_write`], which the host calls with nothing but the write.
    static WRITES: OnceCell<Writes> = const { OnceCell::new() };
}

/// Where writes of peers are told, and what has which handle.
struct Writes {
    output: Output,
    uuids: BTreeMap<u16, Uuid>,
}

pub(crate) async fn serve(session: Session, options: &ServeOptions, file: &File) -> Result<()> {
    let host = session.host;
    let config = Config { secure_connections_only: options.how.sc_only, ..host.config() };
    host.configure(file.settings(config));
    let served: Rc<Served<'static>> = file.register(host, Some(tell_write))?.into();
    let characteristics = served.characteristics.iter().map(|one| (one.handle, one.uuid));
    let descriptors = served.descriptors.iter().map(|(uuid, descriptor)| (descriptor.handle(), *uuid));
    let writes = Writes { output: session.output, uuids: characteristics.chain(descriptors).collect() };
    WRITES.with(|cell| cell.set(writes)).ok().context("one table a program")?;
    let work = async {
        session.start().await?;
        if let Some(io) = options.pairing {
            let pair = pairing::prepare(session, io, &options.how).await?;
            host.configure(Config { pairing: Some(pair), ..host.config() });
            spawn_local(pairing::questions(session));
        }
        for one in served.characteristics.iter().copied().filter(|one| one.has_cccd) {
            spawn_local(tell_subscriptions(session, one));
        }
        if options.stdin {
            spawn_local(orders::obey(session, Rc::clone(&served)));
        }
        tokio::try_join!(advertise(session, file), ready(session))?;
        Ok(())
    };
    session.until_stopped(options.duration, work).await.map(|_| ())
}

/// Advertises whenever there is room for a link.
async fn advertise(session: Session, file: &File) -> Result<(), Error> {
    let host = session.host;
    let services = file.advertised_services();
    loop {
        let mut advertise = host.advertise(Duration::from_millis(file.interval_ms())).services(&services);
        if let Some(name) = file.name() {
            advertise = advertise.name(name);
        }
        if let Some(appearance) = file.appearance {
            advertise = advertise.appearance(appearance);
        }
        match advertise.await {
            Ok(connection) => {
                spawn_local(async move {
                    if let Err(error) = attend(session, &connection).await {
                        session.log(|| format!("connection: {error}"));
                    }
                });
                // All links are up: the next advertisement waits for the end of one.
                if host.connections().count() >= LINKS {
                    wait_for_a_link(session).await;
                }
            }
            Err(Error::Full(Resource::Links)) => wait_for_a_link(session).await,
            // A controller may have fewer links, and refuse to advertise for one more (Vol 4, Part E, 7.8.9).
            Err(Error::Refused(..)) if host.connections().next().is_some() => wait_for_a_link(session).await,
            Err(error) => return Err(error),
        }
    }
}

/// Waits until any link ends.
async fn wait_for_a_link(session: Session) {
    let connections: Vec<_> = session.host.connections().collect();
    let ends = connections.iter().map(|c| Box::pin(c.disconnected()));
    let mut ends: Vec<_> = ends.collect();
    std::future::poll_fn(|context| {
        let ended = ends.iter_mut().any(|end| std::future::Future::poll(end.as_mut(), context).is_ready());
        if ended || ends.is_empty() { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
}

/// Tells of a write and lets it happen. As it comes before the answer, no write that was answered is left out, and they are told
/// in their order.
fn tell_write(access: &Access<'_>) -> Result<(), ErrorCode> {
    let mut buffer = [0; 512];
    let length = access.value_into(&mut buffer).map_err(|_| ErrorCode::UNLIKELY_ERROR)?;
    let value = buffer.get(..length).map(hex::encode).unwrap_or_default();
    let address = access.peer().ok().map(|address| Device::from(address).to_string());
    WRITES.with(|writes| {
        let Some(writes) = writes.get() else { return };
        let handle = access.handle();
        let uuid = writes.uuids.get(&handle).map(ToString::to_string);
        let json = json!({ "event": "write", "uuid": uuid, "handle": handle, "value": value, "address": address });
        writes.output.print(&json, || format!("write {} {value}", uuid.as_deref().unwrap_or_default()));
    });
    Ok(())
}

async fn tell_subscriptions(session: Session, one: ServedCharacteristic<'static>) {
    // Ends with the table, that is with the program.
    while let Ok((connection, updates)) = one.characteristic.subscription_changed().await {
        let (notify, indicate) = (updates.contains(Updates::NOTIFY), updates.contains(Updates::INDICATE));
        let address = connection.device().ok().map(|device| device.to_string());
        let json = json!({
            "event": "subscribe", "handle": one.handle, "notify": notify, "indicate": indicate, "address": address,
        });
        session.output.print(&json, || format!("subscribe {} notify {notify} indicate {indicate}", one.uuid));
    }
}
