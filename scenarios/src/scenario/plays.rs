//! What each scenario does, on both sides.

use super::{DESCRIPTION, NUMBER, OTHER, SERVICE, Served, VALUE};
use crate::stage::Stage;
use core::time::Duration;
use embassy_futures::{
    join::join,
    select::{Either, select},
};
use jelling::{Connection, Error, ErrorCode, Updates};
use jelling_sim::apart;

const SHORT: Duration = Duration::from_millis(30);
/// Longer than anything takes when nothing goes wrong.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

/// Runs both sides until both are done. Where a call is cancelled, the link that it was about
/// may end with it: then the peripheral serves again and the central begins anew, until it is done.
pub(super) async fn both(
    stage: &Stage<'_>,
    central: impl AsyncFn() -> Result<(), Error>,
    peripheral: impl AsyncFn() -> Result<(), Error>,
) -> Result<(), Error> {
    if stage.cancels() {
        let again = async {
            for _ in 0..2 {
                match central().await {
                    Err(Error::Disconnected) => {}
                    result => return result,
                }
            }
            central().await
        };
        let serve = async {
            loop {
                let _ = peripheral().await;
            }
        };
        return match select(apart(again), apart(serve)).await {
            Either::First(result) | Either::Second(result) => result,
        };
    }
    // Whoever waits has to learn by itself that the other side is gone.
    let (central, peripheral) = join(apart(central()), apart(peripheral())).await;
    central.and(peripheral)
}

pub(super) async fn advertise<'d>(stage: &Stage<'d>) -> Result<Connection<'d>, Error> {
    stage
        .call(async || stage.peripheral.advertise(SHORT).name("scene").services(&[SERVICE]).timeout(PATIENCE).await)
        .await
}

pub(super) async fn link<'d>(stage: &Stage<'d>) -> Result<Connection<'d>, Error> {
    stage.call(async || stage.central.connect(stage.device).await).await
}

pub(super) async fn stays(stage: &Stage<'_>) -> Result<(), Error> {
    let connection = advertise(stage).await?;
    until_the_end(stage, &connection).await
}

pub(super) async fn until_the_end(stage: &Stage<'_>, connection: &Connection<'_>) -> Result<(), Error> {
    stage.call(async || stage.as_long_as_it_lasts(connection, connection.disconnected()).await).await
}

pub(super) async fn leave(stage: &Stage<'_>, connection: &Connection<'_>) -> Result<(), Error> {
    stage.call(async || connection.disconnect().await).await
}

pub(super) async fn connect(stage: Stage<'_>) -> Result<(), Error> {
    let central = async || {
        let connection = link(&stage).await?;
        leave(&stage, &connection).await
    };
    both(&stage, central, async || stays(&stage).await).await
}

pub(super) async fn scan(stage: Stage<'_>) -> Result<(), Error> {
    let find = async {
        let mut scanner =
            stage.call(async || stage.central.scan(PATIENCE).active().interval(SHORT).window(SHORT).await).await?;
        loop {
            match stage.call(async || scanner.try_next().await).await? {
                None => return Err(Error::NotFound),
                Some(result) if result.name() == Some("scene") => return Ok(()),
                Some(_) => {}
            }
        }
    };
    match select(advertise(&stage), find).await {
        Either::First(result) => result.map(|_| ()),
        Either::Second(result) => result,
    }
}

pub(super) async fn read(stage: Stage<'_>) -> Result<(), Error> {
    let central = async || {
        let connection = link(&stage).await?;
        let service = stage.call(async || connection.service(SERVICE).await).await?;
        let value = stage.call(async || service.characteristic(VALUE).await).await?;
        let mut services = 0;
        let mut all = connection.services(None);
        while let Some(service) = stage.call(async || all.next().await).await? {
            services += 1;
            let mut characteristics = service.characteristics(None);
            while let Some(characteristic) = stage.call(async || characteristics.next().await).await? {
                let mut descriptors = characteristic.descriptors();
                while let Some(descriptor) = stage.call(async || descriptors.next().await).await? {
                    stage.call(async || descriptor.read_into(&mut [0; 2]).await).await?;
                }
            }
        }
        if services < 3 {
            return Err(Error::NotFound);
        }
        let read = async || {
            let mut buffer = [0; 512];
            let length = value.read_into(&mut buffer).await?;
            Ok(buffer[..length].to_vec())
        };
        if stage.call(read).await? != [0x5a; 100] {
            return Err(Error::InvalidValue);
        }
        leave(&stage, &connection).await
    };
    both(&stage, central, async || stays(&stage).await).await
}

pub(super) async fn write(stage: Stage<'_>) -> Result<(), Error> {
    let long = [0x33; 120];
    let central = async || {
        let connection = link(&stage).await?;
        let service = stage.call(async || connection.service(SERVICE).await).await?;
        let value = stage.call(async || service.characteristic(VALUE).await).await?;
        // One write at a time: the peripheral holds one until it has taken it.
        let patient = async |octets: &[u8], answered: bool| loop {
            let write = value.write(octets);
            let result = if answered { write.response().await } else { write.no_response().await };
            match result {
                Err(Error::Gatt(ErrorCode::INSUFFICIENT_RESOURCES)) => embassy_time::Timer::after_millis(20).await,
                result => return result,
            }
        };
        stage.call(async || patient(b"answered", true).await).await?;
        stage.call(async || patient(&long, true).await).await?;
        stage.call(async || patient(b"end", true).await).await?;
        leave(&stage, &connection).await
    };
    let peripheral = async || {
        let connection = advertise(&stage).await?;
        let mut buffer = [0; 300];
        loop {
            let length = stage
                .call(async || {
                    stage.as_long_as_it_lasts(&connection, stage.served.value.written_into(&mut buffer)).await
                })
                .await
                .map(|(_, length)| length)?;
            if &buffer[..length] == b"end" {
                break;
            }
        }
        until_the_end(&stage, &connection).await
    };
    both(&stage, central, peripheral).await
}

/// Subscribes, takes updates until one says zero, and leaves.
async fn listen(stage: &Stage<'_>, updates: Updates, mtu: Option<u16>) -> Result<(), Error> {
    let connection = link(stage).await?;
    if let Some(mtu) = mtu {
        let exchange = async || match connection.exchange_mtu().mtu(mtu).await {
            // A side asks once: what was dropped before it ended was asked all the same.
            Err(Error::Gatt(ErrorCode::REQUEST_NOT_SUPPORTED)) => Ok(mtu),
            result => result,
        };
        stage.call(exchange).await?;
    }
    let service = stage.call(async || connection.service(SERVICE).await).await?;
    let value = stage.call(async || service.characteristic(VALUE).await).await?;
    let subscribe = async || value.subscribe(updates).depth(4).max_len(247).timeout(Duration::from_secs(5)).await;
    let mut subscription = stage.call(subscribe).await?;
    let mut buffer = [0; 247];
    loop {
        let length = if updates == Updates::INDICATE {
            stage.call(async || subscription.indicated_into(&mut buffer).timeout(PATIENCE).await).await?
        } else {
            stage.call(async || subscription.notified_into(&mut buffer).timeout(PATIENCE).await).await?
        };
        if buffer[..length].first() == Some(&0) {
            break;
        }
    }
    drop(subscription);
    leave(stage, &connection).await
}

/// Sends updates, the last of which begins with zero, whenever the peer has subscribed, until it leaves.
async fn tell(stage: &Stage<'_>, updates: Updates, count: u8, length: usize) -> Result<(), Error> {
    let connection = advertise(stage).await?;
    let mut told = false;
    loop {
        let changed = async || stage.as_long_as_it_lasts(&connection, stage.served.value.subscription_changed()).await;
        match stage.call(changed).await {
            Ok((who, what)) if who == connection && what.contains(updates) => {}
            Ok(_) => continue,
            Err(Error::Disconnected) if told => return Ok(()),
            Err(error) => return Err(error),
        }
        told = match send(stage, &connection, updates, count, length).await {
            Ok(()) => true,
            // It thought better of it.
            Err(Error::NotSubscribed) => told,
            Err(error) => return Err(error),
        };
    }
}

async fn send(
    stage: &Stage<'_>,
    connection: &Connection<'_>,
    updates: Updates,
    count: u8,
    length: usize,
) -> Result<(), Error> {
    for i in (0..count).rev() {
        let octets = vec![i; length];
        if updates == Updates::INDICATE {
            // An indication that is under way cannot be taken back, and goes before the next one.
            stage.call(async || stage.served.value.indicate(connection, &octets[..]).timeout(PATIENCE).await).await?;
        } else {
            stage.call(async || stage.served.value.notify(connection, &octets[..]).timeout(PATIENCE).await).await?;
        }
    }
    Ok(())
}

pub(super) async fn notify(stage: Stage<'_>) -> Result<(), Error> {
    let central = async || listen(&stage, Updates::NOTIFY, None).await;
    both(&stage, central, async || tell(&stage, Updates::NOTIFY, 10, 4).await).await
}

pub(super) async fn indicate(stage: Stage<'_>) -> Result<(), Error> {
    let central = async || listen(&stage, Updates::INDICATE, None).await;
    both(&stage, central, async || tell(&stage, Updates::INDICATE, 5, 4).await).await
}

pub(super) async fn bulk(stage: Stage<'_>) -> Result<(), Error> {
    let central = async || listen(&stage, Updates::NOTIFY, Some(247)).await;
    both(&stage, central, async || tell(&stage, Updates::NOTIFY, 6, 200).await).await
}

pub(super) async fn left(stage: Stage<'_>) -> Result<(), Error> {
    for _ in 0..2 {
        let central = async || {
            let connection = link(&stage).await?;
            until_the_end(&stage, &connection).await
        };
        let peripheral = async || {
            let connection = advertise(&stage).await?;
            leave(&stage, &connection).await
        };
        both(&stage, central, peripheral).await?;
    }
    Ok(())
}

pub(super) async fn restart(stage: Stage<'_>) -> Result<(), Error> {
    connect(stage).await?;
    for host in [stage.central, stage.peripheral] {
        stage
            .call(async || {
                host.stop().await;
                Ok(())
            })
            .await?;
        stage.call(async || host.start().await).await?;
    }
    connect(stage).await
}

pub(super) async fn typed(stage: Stage<'_>) -> Result<(), Error> {
    let Served { number, description, .. } = stage.served;
    let central = async || {
        let connection = link(&stage).await?;
        let mut some = connection.services(Some(OTHER));
        let service = stage.call(async || some.next().await).await?.ok_or(Error::NotFound)?;
        drop(some);
        let mut hidden = connection.secondary_services();
        stage.call(async || hidden.next().await).await?.ok_or(Error::NotFound)?;
        drop(hidden);
        let mut all = service.characteristics(Some(NUMBER));
        let remote = stage.call(async || all.next().await).await?.ok_or(Error::NotFound)?;
        drop(all);
        stage.call(async || remote.read::<u16>().await).await?;
        let text = stage.call(async || remote.descriptor(DESCRIPTION).await).await?;
        stage.call(async || text.read_into(&mut [0; 40]).await).await?;
        let subscribe =
            async || remote.subscribe(Updates::NOTIFY | Updates::INDICATE).timeout(Duration::from_secs(5)).await;
        let mut subscription = stage.call(subscribe).await?;
        stage.call(async || text.write(&0x0403u16).await).await?;
        stage.call(async || text.write(&[9u8; 30][..]).await).await?;
        stage.call(async || remote.write(&7u16).response().await).await?;
        stage.call(async || subscription.notified::<u16>().timeout(PATIENCE).await).await?;
        stage.call(async || subscription.indicated::<u16>().timeout(PATIENCE).await).await?;
        drop(subscription);
        stage.call(async || remote.read::<u16>().await).await?;
        leave(&stage, &connection).await
    };
    let peripheral = async || {
        let connection = advertise(&stage).await?;
        let wrote = async || stage.as_long_as_it_lasts(&connection, description.written_into(&mut [0; 40])).await;
        stage.call(async || wrote().await.map(|_| ())).await?;
        let wrote = async || stage.as_long_as_it_lasts(&connection, number.written::<u16>()).await;
        stage.call(async || wrote().await.map(|_| ())).await?;
        number.update(&8u16)?;
        stage.call(async || number.indicate(&connection, &9u16).timeout(PATIENCE).await).await?;
        until_the_end(&stage, &connection).await
    };
    both(&stage, central, peripheral).await
}

pub(super) async fn shown(stage: Stage<'_>) -> Result<(), Error> {
    let show = async {
        let beacon = async || {
            let time = Duration::from_millis(400);
            stage.peripheral.advertise(SHORT).name("beacon").non_connectable().timeout(time).await
        };
        match stage.call(beacon).await {
            Err(Error::Timeout) => Ok(()),
            other => other.map(|_| ()),
        }
    };
    let see = async {
        let mut scanner = stage.call(async || stage.central.scan(Duration::from_millis(300)).await).await?;
        while stage.call(async || Ok(scanner.next().await.is_some())).await? {}
        Ok::<(), Error>(())
    };
    let (shown, seen) = join(show, see).await;
    shown.and(seen)?;
    let device = jelling::sim::device(0);
    let central = async || {
        let connection = link(&stage).await?;
        leave(&stage, &connection).await
    };
    let peripheral = async || {
        let directed = async || stage.peripheral.advertise(SHORT).directed(device).timeout(PATIENCE).await;
        let connection = stage.call(directed).await?;
        until_the_end(&stage, &connection).await
    };
    both(&stage, central, peripheral).await
}

pub(super) async fn beside(stage: Stage<'_>) -> Result<(), Error> {
    let central = async || {
        stage.call(async || stage.peripheral.advertising().await).await?;
        let connection = link(&stage).await?;
        let service = stage.call(async || connection.service(SERVICE).await).await?;
        let value = stage.call(async || service.characteristic(VALUE).await).await?;
        let two = async || {
            let (mut a, mut b) = ([0; 512], [0; 512]);
            let (one, other) =
                join(value.read_into(&mut a).timeout(PATIENCE), value.read_into(&mut b).timeout(PATIENCE)).await;
            one.and(other)
        };
        stage.call(two).await?;
        let within = async || connection.timeout(None, value.read_into(&mut [0; 512])).await?;
        stage.call(within).await?;
        let nothing = async || {
            // Nothing happens beside the calls when nothing goes wrong.
            select(stage.central.event(), embassy_time::Timer::after_millis(100)).await;
            Ok(())
        };
        stage.call(nothing).await?;
        leave(&stage, &connection).await
    };
    both(&stage, central, async || stays(&stage).await).await
}
