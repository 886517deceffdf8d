//! The verbs of advertising and of the server.

use crate::{
    device, duration, fails,
    input::{octets, word},
    used,
};
use embassy_futures::select::{select, select4};
use jelling::{
    Access, Characteristic, CharacteristicOptions, Connection, Descriptor, Error, ErrorCode, Host, Permissions,
    Properties, Protection, Registration, ServiceOptions, Uuid,
};

pub(crate) async fn run(host: Host<'_>) {
    loop {
        if let Err(error) = serve(host).await {
            fails(error);
        }
        embassy_futures::yield_now().await;
    }
}

fn on_access(access: &Access<'_>) -> Result<(), ErrorCode> {
    let mut buffer = [0; 32];
    used((access.kind(), access.handle(), access.offset(), access.link(), access.peer(), access.security()));
    used((access.value_into(&mut buffer), access.value::<u32>(), access.stored_into(&mut buffer)));
    used(access.set(&word()));
    if word() & 1 == 1 { Ok(()) } else { Err(ErrorCode(word() as u8)) }
}

/// Any UUID.
fn uuid() -> Uuid {
    if word() & 1 == 1 { Uuid::new16(word() as u16) } else { Uuid::new128(u128::from(word()) << 90) }
}

fn options(octets: &[u8]) -> CharacteristicOptions<'_> {
    let options = CharacteristicOptions::new(Properties::from_bits_truncate(word() as u8)).initial(octets);
    let options = match word() {
        0 => options.max_len(word() as usize).append().without_cccd(),
        1 => options.fixed().cut().defer_reads().defer_writes(),
        2 => options.constant(b"constant").on_read(on_access),
        _ => options.max_len(word() as usize).capture(word() as usize).on_write(on_access),
    };
    let protection = Protection { permissions: None, key_size: word() as u8 };
    match word() {
        0 => options.permissions(Permissions::from_bits_truncate(word() as u16)).key_size(word() as u8),
        1 => options.protection(protection).handle(word() as u16).value_handle(word() as u16),
        _ => options,
    }
}

struct Table<'d> {
    characteristics: [Characteristic<'d>; 2],
    descriptor: Descriptor<'d>,
}

fn table<'d>(db: &mut Registration<'d>) -> Result<Table<'d>, Error> {
    let mut buffer = [0; 300];
    let octets = octets(&mut buffer);
    let first = db.service(uuid())?;
    let settings = ServiceOptions::new().secondary().handle(word() as u16).end_handle(word() as u16);
    let second = db.service_with(uuid(), &settings)?;
    db.include((word() & 1 == 1).then_some(word() as u16), first.handle())?;
    used(first.uuid());
    let a = db.characteristic(second, uuid(), Properties::from_bits_truncate(word() as u8))?;
    let b = db.characteristic_with(second, uuid(), &options(octets))?;
    let descriptor = db.descriptor(b, uuid(), &options(octets))?;
    Ok(Table { characteristics: [a, b], descriptor })
}

async fn serve(host: Host<'_>) -> Result<(), Error> {
    let mut db = if word() & 1 == 1 { host.services()? } else { host.bare_services()? };
    let Table { characteristics, descriptor } = table(&mut db)?;
    db.register()?;
    let connection = advertise(host).await?;
    let [a, b] = characteristics;
    let ends = select4(tell(&connection, a), tell(&connection, b), take(b, descriptor), answer(a, descriptor));
    used(select(ends, connection.disconnected().timeout(duration())).await);
    Ok(())
}

async fn advertise(host: Host<'_>) -> Result<Connection<'_>, Error> {
    let (mut first, mut second) = ([0; 300], [0; 300]);
    let (adv, resp) = (octets(&mut first), octets(&mut second));
    let services = [uuid(), uuid()];
    let name = core::str::from_utf8(adv).unwrap_or_default();
    let advertise = host.advertise(duration());
    let advertise = match word() {
        0 => advertise.adv_data(adv).resp_data(resp),
        1 => advertise.directed(device()),
        2 => advertise.non_connectable().limited().br_edr(),
        _ => advertise.name(name).services(&services).appearance(word() as u16).manufacturer(word() as u16, adv),
    };
    if word() & 1 == 1 {
        return advertise.timeout(duration()).await;
    }
    match select(advertise, host.advertising()).await {
        embassy_futures::select::Either::First(connection) => connection,
        embassy_futures::select::Either::Second(result) => {
            result?;
            Err(Error::Busy)
        }
    }
}

/// What a server tells by itself.
async fn tell<'d>(connection: &Connection<'d>, of: Characteristic<'d>) -> Result<(), Error> {
    let (mut buffer, mut read) = ([0; 300], [0; 64]);
    let octets = octets(&mut buffer);
    used((of.uuid(), of.handle(), of.service().handle(), of.properties(), of.subscribed(connection)));
    used((of.read::<u16>(), of.read_into(&mut read)));
    of.write(octets)?;
    of.update(octets)?;
    loop {
        of.notify(connection, octets).await?;
        of.notify(connection, &word()).forced().timeout(duration()).await?;
        of.notify_stored(connection).await?;
        used(of.try_notify(connection, octets));
        of.indicate(connection, octets).await?;
        of.indicate(connection, &word()).forced().timeout(duration()).await?;
        of.indicate_stored(connection).no_timeout().await?;
        connection.notify_several(&[(of, octets), (of, octets)]).await?;
        used(of.subscription_changed().await?);
    }
}

/// What clients write.
async fn take(of: Characteristic<'_>, descriptor: Descriptor<'_>) -> Result<(), Error> {
    let mut buffer = [0; 64];
    used((descriptor.characteristic_handle(), descriptor.uuid(), descriptor.handle()));
    used((descriptor.read::<u8>(), descriptor.read_into(&mut buffer), descriptor.write(&word())));
    loop {
        used(of.written::<u32>().await?);
        used(of.written_into(&mut buffer).timeout(duration()).await?);
        used(descriptor.written::<[u8; 3]>().await?);
        used(descriptor.written_into(&mut buffer).await?);
    }
}

/// Requests that wait for a task.
async fn answer(of: Characteristic<'_>, descriptor: Descriptor<'_>) -> Result<(), Error> {
    let mut buffer = [0; 64];
    loop {
        let read = of.read_requested().await?;
        used((read.connection().is_connected(), read.offset()));
        match word() {
            0 => read.accept()?,
            1 => read.refuse(ErrorCode(word() as u8))?,
            2 => read.answer(&word())?,
            _ => {}
        }
        let write = of.write_requested().await?;
        used((write.value::<u16>(), write.value_into(&mut buffer)));
        match word() {
            0 => write.accept()?,
            1 => write.refuse(ErrorCode(word() as u8))?,
            _ => {}
        }
        descriptor.read_requested().timeout(duration()).await?.accept()?;
        descriptor.write_requested().await?.accept()?;
    }
}
