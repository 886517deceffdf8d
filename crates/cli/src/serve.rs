//! `serve`: a GATT server from a file.

use crate::{
    advertise::{attend, ready},
    arguments::{Characteristic as Name, Hex, ServeOptions},
    output::say,
    session::Session,
};
use anyhow::{Context, Result, bail};
use jelling::{Config, Device, Error, Resource, Updates};
use jelling_cli::file::File;
use serde_json::json;
use std::{rc::Rc, time::Duration};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    task::spawn_local,
};

/// Links that `serve` fills before it stops advertising.
const LINKS: usize = 8;

type Served = jelling_cli::file::Served<'static>;

pub(crate) async fn serve(session: Session, options: &ServeOptions, file: &File) -> Result<()> {
    let host = session.host;
    // The name stands in the table for as long as the program runs.
    let name: &'static str = Box::leak(file.name.clone().unwrap_or_else(|| "jelling".into()).into_boxed_str());
    let config =
        Config { name, appearance: file.appearance.unwrap_or(0), mtu: file.mtu.unwrap_or(517), ..host.config() };
    host.configure(config);
    let served: Rc<[Served]> = file.register(host)?.into();
    let advertise = async {
        loop {
            let interval = Duration::from_millis(file.advertise.interval_ms.unwrap_or(100));
            let services = file.advertise.uuids();
            let mut advertise = host.advertise(interval).services(&services);
            if let Some(name) = &file.name {
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
                Err(error) => return Err::<(), Error>(error),
            }
        }
    };
    let work = async {
        session.start().await?;
        for one in served.iter().copied() {
            if one.writable {
                spawn_local(tell_writes(session, one));
            }
            spawn_local(tell_subscriptions(session, one));
        }
        if options.stdin {
            spawn_local(obey(session, served));
        }
        tokio::try_join!(advertise, ready(session))?;
        Ok(())
    };
    session.until_stopped(options.duration, work).await.map(|_| ())
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

fn device(connection: &jelling::Connection<'_>) -> Option<Device> {
    connection.device().ok()
}

async fn tell_writes(session: Session, one: Served) {
    let mut buffer = [0; 512];
    // Ends with the table, that is with the program.
    while let Ok((connection, length)) = one.characteristic.written_into(&mut buffer).await {
        let value = buffer.get(..length).map(hex::encode).unwrap_or_default();
        let address = device(&connection).map(|d| d.to_string());
        let json = json!({
            "event": "write", "uuid": one.uuid.to_string(), "handle": one.handle, "value": value, "address": address,
        });
        session.output.print(&json, || format!("write {} {value}", one.uuid));
    }
}

async fn tell_subscriptions(session: Session, one: Served) {
    while let Ok((connection, updates)) = one.characteristic.subscription_changed().await {
        let (notify, indicate) = (updates.contains(Updates::NOTIFY), updates.contains(Updates::INDICATE));
        let address = device(&connection).map(|d| d.to_string());
        let json = json!({
            "event": "subscribe", "handle": one.handle, "notify": notify, "indicate": indicate, "address": address,
        });
        session.output.print(&json, || format!("subscribe {} notify {notify} indicate {indicate}", one.uuid));
    }
}

/// Takes orders from standard input. A mistake is told and the next line read.
async fn obey(session: Session, served: Rc<[Served]>) {
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        if let Err(error) = order(session, &served, &line).await {
            say(format_args!("{line:?}: {error:#}"));
        }
    }
}

async fn order(session: Session, served: &[Served], line: &str) -> Result<()> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let (verb, name, value) = match *words {
        [] => return Ok(()),
        [verb, name, value] => (verb, name, value.parse::<Hex>().map_err(anyhow::Error::msg)?.0),
        [verb, name] => (verb, name, vec![]),
        _ => bail!("expected `set CHAR HEX`, `notify CHAR HEX` or `indicate CHAR HEX`"),
    };
    let name: Name = name.parse().map_err(anyhow::Error::msg)?;
    let is_it = |s: &&Served| match name {
        Name::Uuid(uuid) => s.uuid == uuid,
        Name::Handle(handle) => s.handle == handle,
    };
    let found: Vec<&Served> = served.iter().filter(is_it).collect();
    let [one] = *found else { bail!("{} characteristics are {name}: name one by its handle", found.len()) };
    match verb {
        "set" => one.characteristic.write(&value[..]).context("the value cannot be set"),
        "notify" | "indicate" => {
            let kind = if verb == "notify" { Updates::NOTIFY } else { Updates::INDICATE };
            let mut told = 0;
            for connection in session.host.connections() {
                if !one.characteristic.subscribed(&connection)?.contains(kind) {
                    continue;
                }
                told += 1;
                match kind == Updates::NOTIFY {
                    true => one.characteristic.notify(&connection, &value[..]).timeout(session.timeout).await?,
                    false => one.characteristic.indicate(&connection, &value[..]).timeout(session.timeout).await?,
                }
            }
            if told == 0 {
                bail!("nobody has subscribed to {name}");
            }
            Ok(())
        }
        _ => bail!("expected `set`, `notify` or `indicate`"),
    }
}
