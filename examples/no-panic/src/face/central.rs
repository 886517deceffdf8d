//! The verbs of a central and of the client.

use crate::{
    device, duration, fails,
    input::{octets, word},
    used,
};
use jelling::{ClientCharacteristic, ClientService, Connection, Error, Host, Policy, Raise, ScanResult, Updates, Uuid};

pub(crate) async fn run(host: Host<'_>) {
    loop {
        if let Err(error) = look(host).await {
            fails(error);
        }
        embassy_futures::yield_now().await;
    }
}

async fn look(host: Host<'_>) -> Result<(), Error> {
    let scan = host.scan(duration()).interval(duration()).window(duration());
    let mut scanner = if word() & 1 == 1 { scan.active().rssi_changes() } else { scan }.await?;
    while let Some(result) = scanner.next().await {
        report(&result);
        if result.connectable() {
            let connect = host.connect(result.device()).interval(duration(), duration()).latency(word() as u16);
            talk(connect.supervision_timeout(duration()).await?).await?;
        }
    }
    used(scanner.try_next().await?);
    talk(host.connect(device()).timeout(duration()).await?).await
}

fn report(result: &ScanResult) {
    used((result.device(), result.identity(), result.rssi(), result.adv_data(), result.resp_data()));
    used((result.structures().count(), result.name(), result.services().count(), result.flags()));
    used((result.manufacturer(Some(word() as u16)).count(), result.service_data().count()));
    used((result.appearance(), result.tx_power(), result.uri()));
}

async fn talk(connection: Connection<'_>) -> Result<(), Error> {
    used(connection.exchange_mtu().mtu(word() as u16).await?);
    connection.raise_by(Some(if word() & 1 == 1 { Raise::Pair(jelling::Pair::new()) } else { Raise::Never }))?;
    let service = connection.service(Uuid::new16(word() as u16)).await?;
    let mut services = connection.services(Some(Uuid::new16(word() as u16))).timeout(duration());
    while let Some(found) = services.next().await? {
        inside(&found).await?;
    }
    drop(services);
    let mut services = connection.secondary_services();
    used(services.next().await?);
    drop(services);
    let mut attributes = connection.attributes(word() as u16..=word() as u16);
    while let Some(attribute) = attributes.next().await? {
        let mut buffer = [0; 64];
        used((attribute.uuid(), attribute.handle(), attribute.read::<u8>().await?));
        used(attribute.read_into(&mut buffer).await?);
    }
    drop(attributes);
    several(&connection, &service).await
}

async fn inside(service: &ClientService<'_>) -> Result<(), Error> {
    used((service.connection(), service.uuid(), service.handle(), service.end_handle(), service.is_primary()));
    let mut includes = service.includes();
    while let Some(include) = includes.next().await? {
        used((include.handle(), include.service().handle()));
    }
    drop(includes);
    used(service.attributes().next().await?);
    let mut characteristics = service.characteristics(None);
    while let Some(characteristic) = characteristics.next().await? {
        use_characteristic(&characteristic).await?;
    }
    drop(characteristics);
    let found = service.characteristic(Uuid::new16(word() as u16)).timeout(duration()).await?;
    use_characteristic(&found).await
}

async fn use_characteristic(of: &ClientCharacteristic<'_>) -> Result<(), Error> {
    let (mut buffer, mut target) = ([0; 300], [0; 64]);
    let octets = octets(&mut buffer);
    used((of.service().handle(), of.uuid(), of.properties(), of.handle(), of.value_handle(), of.end_handle()));
    used((of.read::<u32>().await?, of.read_into(&mut target).await?));
    of.write(octets).await?;
    of.write(&word()).response().timeout(duration()).await?;
    of.write(octets).no_response().await?;
    of.write(octets).signed().await?;
    let descriptor = of.descriptor(Uuid::new16(word() as u16)).await?;
    used((descriptor.characteristic().handle(), descriptor.uuid(), descriptor.handle()));
    used((descriptor.read::<u16>().await?, descriptor.read_into(&mut target).await?));
    descriptor.write(octets).await?;
    let mut descriptors = of.descriptors();
    used(descriptors.next().await?);
    drop(descriptors);
    let policy = if word() & 1 == 1 { Policy::DropNewest } else { Policy::DropOldest };
    let subscribe = of.subscribe(Updates::from_bits_truncate(word() as u8)).depth(word() as usize);
    let mut values = subscribe.max_len(word() as usize).policy(policy).await?;
    used((values.notified::<u16>().await?, values.indicated::<u16>().timeout(duration()).await?));
    used((values.notified_into(&mut target).await?, values.indicated_into(&mut target).await?));
    used(values.dropped());
    Ok(())
}

async fn several(connection: &Connection<'_>, service: &ClientService<'_>) -> Result<(), Error> {
    let (mut buffer, mut target) = ([0; 300], [0; 64]);
    let octets = octets(&mut buffer);
    let handles = [word() as u16; 3];
    let some = handles.get(..word() as usize).unwrap_or_default();
    used(connection.read_multiple(some, &mut target).await?);
    let values = connection.read_multiple_variable(some, &mut target).await?;
    used((values.len(), values.is_empty(), values.octets(word() as usize), values.is_whole(word() as usize)));
    used((values.get::<u8>(word() as usize), values.iter().count()));
    let mut each = connection.read_by_uuid(Uuid::new16(word() as u16)).timeout(duration());
    while let Some((handle, value)) = each.next::<u32>().await? {
        used((handle, value));
    }
    drop(each);
    let mut each = service.read_by_uuid(Uuid::new16(word() as u16));
    used(each.next_into(&mut target).await?);
    drop(each);
    let characteristic = service.characteristic(Uuid::new16(word() as u16)).await?;
    connection.reliable_write(&[(characteristic, octets), (characteristic, octets)]).await
}
