//! The client's part with a server that has something of every kind: each procedure of it once, and what is refused.

use crate::{
    INCLUDED, INCLUDED_WIDE, LEVEL, LONG, NOTIFYING, REFUSED, SERVICE, WRITABLE, central::connect, long_value,
};
use anyhow::{Context, Result, ensure};
use core::time::Duration;
use jelling::{ClientService, Connection, Error, ErrorCode, Host, Properties, Updates, Uuid};

const UPDATES: u32 = 10;
const SECONDS: Duration = Duration::from_secs(5);
const NAME: Uuid = Uuid::new16(0x2a00);
const DESCRIPTION: Uuid = Uuid::new16(0x2901);
const CCCD: Uuid = Uuid::new16(0x2902);

pub(crate) async fn play(host: Host<'_>, name: &str) -> Result<()> {
    let connection = connect(host, name).await?;
    discover(&connection).await.context("discovery")?;
    let service = connection.service(SERVICE).await.context("service")?;
    for exchange in [false, true] {
        if exchange {
            let mtu = connection.exchange_mtu().await.context("exchange MTU")?;
            ensure!(mtu > 23, "MTU {mtu}");
        }
        read(&connection, service).await.with_context(|| format!("reads at MTU {:?}", connection.mtu()))?;
        write(&connection, service).await.with_context(|| format!("writes at MTU {:?}", connection.mtu()))?;
    }
    descriptors(service).await.context("descriptors")?;
    updates(service).await.context("updates")?;
    connection.disconnect().await?;
    println!("client ok");
    Ok(())
}

async fn discover(connection: &Connection<'_>) -> Result<()> {
    let mut primary = vec![];
    let mut all = connection.services(None);
    while let Some(service) = all.next().await.context("services")? {
        primary.push(service.uuid());
    }
    ensure!(primary.contains(&SERVICE) && !primary.contains(&INCLUDED), "primary services {primary:?}");
    let mut secondary = vec![];
    let mut all = connection.secondary_services();
    while let Some(service) = all.next().await.context("secondary services")? {
        secondary.push((service.uuid(), service.handle(), service.end_handle()));
    }
    let service = connection.service(SERVICE).await.context("by UUID")?;
    ensure!(connection.service(Uuid::new16(0x1234)).await.err() == Some(Error::NotFound));
    let (mut included, mut levels) = (vec![], vec![]);
    let mut includes = service.includes();
    while let Some(include) = includes.next().await.context("includes")? {
        let found = include.service();
        included.push((found.uuid(), found.handle(), found.end_handle()));
        let level = found.characteristic(LEVEL).await.context("a characteristic of an included service")?;
        let mut octets = [0; 2];
        let length = level.read_into(&mut octets).await?;
        levels.push(octets[..length].to_vec());
    }
    ensure!(included == secondary, "included {included:x?}, secondary {secondary:x?}");
    ensure!(included.iter().map(|(uuid, ..)| *uuid).eq([INCLUDED, INCLUDED_WIDE]), "{included:?}");
    ensure!(levels == [vec![1], vec![2, 3]], "levels {levels:?}");
    let (mut characteristics, mut attributes) = (vec![], vec![]);
    let mut all = service.characteristics(None);
    while let Some(characteristic) = all.next().await.context("characteristics")? {
        characteristics.push(characteristic.uuid());
    }
    ensure!(characteristics == [LONG, WRITABLE, REFUSED, NOTIFYING], "{characteristics:?}");
    let mut all = service.attributes();
    while let Some(attribute) = all.next().await.context("attributes")? {
        attributes.push((attribute.handle(), attribute.uuid()));
    }
    // The declaration, two includes, four characteristics of two attributes each, the description, the CCCD.
    ensure!(attributes.iter().map(|(handle, _)| *handle).eq(service.handle()..=service.end_handle()));
    ensure!(attributes.len() == 13 && attributes.iter().any(|(_, uuid)| *uuid == DESCRIPTION), "{attributes:x?}");
    Ok(())
}

async fn read(connection: &Connection<'_>, service: ClientService<'_>) -> Result<()> {
    let long = service.characteristic(LONG).await?;
    let whole = long_value();
    let mut buffer = [0; 512];
    let length = long.read_into(&mut buffer).timeout(SECONDS).await.context("long read")?;
    ensure!(buffer[..length] == whole, "the long value differs");
    let mut values = service.read_by_uuid(LONG);
    let found = values.next_into(&mut buffer).await.context("long read by UUID")?;
    ensure!(found == Some((long.value_handle(), whole.len())) && buffer[..whole.len()] == whole, "{found:?}");
    ensure!(values.next_into(&mut buffer).await?.is_none());
    let mut names = connection.read_by_uuid(NAME);
    let (handle, length) = names.next_into(&mut buffer).await.context("name")?.context("no name")?;
    ensure!(buffer[..length] == *b"bumble-server", "the name is {:?}", str::from_utf8(&buffer[..length]));
    // The values of both included services, which are of different lengths, in two answers.
    let mut levels = connection.read_by_uuid(LEVEL);
    let (first, one) = levels.next::<u8>().await?.context("no level")?;
    let (second, two) = levels.next::<u16>().await?.context("one level")?;
    ensure!((one, two) == (1, 0x0302) && levels.next::<u8>().await?.is_none());
    let handles = [first, second, handle];
    let length = connection.read_multiple(&handles, &mut buffer).await.context("read multiple")?;
    ensure!(buffer[..length] == *b"\x01\x02\x03bumble-server", "{:x?}", &buffer[..length]);
    let values = connection.read_multiple_variable(&handles, &mut buffer).await.context("read multiple variable")?;
    ensure!(values.get::<u8>(0) == Ok(1) && values.get::<u16>(1) == Ok(0x0302));
    ensure!(values.octets(2) == Some(b"bumble-server") && values.is_whole(2) && values.len() == 3);
    let refused = service.characteristic(REFUSED).await?;
    ensure!(refused.read::<u8>().await == Err(Error::Gatt(ErrorCode(0x81))), "a read that is refused");
    Ok(())
}

async fn write(connection: &Connection<'_>, service: ClientService<'_>) -> Result<()> {
    let (long, whole) = (service.characteristic(LONG).await?, long_value());
    let writable = service.characteristic(WRITABLE).await?;
    let refused = service.characteristic(REFUSED).await?;
    writable.write(b"answered").response().await.context("write")?;
    ensure!(writable.read::<[u8; 8]>().await? == *b"answered");
    writable.write(b"unanswered").await.context("write command")?;
    ensure!(writable.read::<[u8; 10]>().await? == *b"unanswered");
    writable.write(&whole[..]).timeout(SECONDS).await.context("long write")?;
    let mut buffer = [0; 512];
    let length = writable.read_into(&mut buffer).timeout(SECONDS).await?;
    ensure!(buffer[..length] == whole, "the long write differs");
    // Given up in the middle: nothing of it is written, then or with the next one.
    let given_up = writable.write(&[0xee; 512]).timeout(Duration::from_millis(1)).await;
    ensure!(given_up == Err(Error::Timeout), "{given_up:?}");
    writable.write(&whole[1..]).timeout(SECONDS).await.context("the next long write")?;
    let length = writable.read_into(&mut buffer).timeout(SECONDS).await?;
    ensure!(buffer[..length] == whole[1..], "the next long write differs");
    let values = [(writable, &b"reliable"[..]), (long, &whole[..])];
    connection.reliable_write(&values).timeout(SECONDS).await.context("reliable write")?;
    ensure!(writable.read::<[u8; 8]>().await? == *b"reliable");
    let length = long.read_into(&mut buffer).timeout(SECONDS).await?;
    ensure!(buffer[..length] == whole);
    let code = Error::Gatt(ErrorCode(0x82));
    ensure!(refused.write(&1u8).await == Err(code), "a write that is refused");
    let values = [(refused, &b"no"[..]), (writable, b"no")];
    ensure!(connection.reliable_write(&values).await == Err(code), "a reliable write that is refused");
    ensure!(writable.read::<[u8; 8]>().await? == *b"reliable");
    Ok(())
}

async fn descriptors(service: ClientService<'_>) -> Result<()> {
    let long = service.characteristic(LONG).await?;
    let description = long.descriptor(DESCRIPTION).await?;
    ensure!(description.read::<[u8; 8]>().await? == *b"how long");
    let text = [b'x'; 300];
    description.write(&text).timeout(SECONDS).await.context("a long write")?;
    ensure!(description.read::<[u8; 300]>().timeout(SECONDS).await? == text);
    ensure!(long.subscribe(Updates::NOTIFY).await.err() == Some(Error::NotSupported));
    let notifying = service.characteristic(NOTIFYING).await?;
    ensure!(notifying.properties() == Properties::NOTIFY | Properties::INDICATE);
    ensure!(notifying.descriptor(CCCD).await?.read::<u16>().await? == 0);
    Ok(())
}

async fn updates(service: ClientService<'_>) -> Result<()> {
    let notifying = service.characteristic(NOTIFYING).await?;
    let mut updates = notifying.subscribe(Updates::NOTIFY).depth(16).max_len(4).await.context("notifications")?;
    for expected in 0..UPDATES {
        let got = updates.notified::<u32>().timeout(SECONDS).await?;
        ensure!(got == expected, "notification {got} in place of {expected}, {} dropped", updates.dropped());
    }
    drop(updates);
    let mut updates = notifying.subscribe(Updates::INDICATE).await.context("indications")?;
    for expected in 0..UPDATES {
        let got = updates.indicated::<u32>().timeout(SECONDS).await?;
        ensure!(got == expected, "indication {got} in place of {expected}");
    }
    Ok(())
}
