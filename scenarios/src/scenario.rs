//! The scenarios: each of them ends by itself, with success or an error, whatever goes wrong.

use crate::stage::Stage;
use core::{future::Future, pin::Pin, time::Duration};
use embassy_futures::{
    join::join,
    select::{Either, select},
};
use jelling::{
    Characteristic, CharacteristicOptions, Connection, Descriptor, Error, ErrorCode, Host, Properties, ServiceOptions,
    Updates, Uuid,
};
use jelling_sim::apart;

/// The service of every scenario.
pub const SERVICE: Uuid = Uuid::new16(0x181a);
/// Its characteristic: read, write, notify, indicate, up to 300 octets.
pub const VALUE: Uuid = Uuid::new16(0x2a6e);

/// A service with a number.
pub const OTHER: Uuid = Uuid::new16(0x1815);
/// The number.
pub const NUMBER: Uuid = Uuid::new16(0x2a58);
/// Its description.
pub const DESCRIPTION: Uuid = Uuid::new16(0x2901);
/// A secondary service.
pub const HIDDEN: Uuid = Uuid::new16(0x1811);

/// A future that is a scenario.
pub type Play<'d> = Pin<Box<dyn Future<Output = Result<(), Error>> + 'd>>;

/// Something two hosts do with each other.
#[derive(Clone, Copy)]
pub struct Scenario {
    /// Its name.
    pub name: &'static str,
    /// Octets of data in an ACL packet.
    pub acl_length: u16,
    /// What is done.
    pub play: for<'d> fn(Stage<'d>) -> Play<'d>,
}

impl core::fmt::Debug for Scenario {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(self.name)
    }
}

macro_rules! scenarios {
    ($($(#[$doc:meta])* $constant:ident = $play:ident, $acl:literal;)+) => {
        $($(#[$doc])* pub const $constant: Scenario =
            Scenario { name: stringify!($play), acl_length: $acl, play: |stage| Box::pin($play(stage)) };)+
        /// Every scenario.
        pub const ALL: &[Scenario] = &[$($constant),+];
    };
}

scenarios! {
    /// Connect, and disconnect.
    CONNECT = connect, 27;
    /// An active scan, until the name has come.
    SCAN = scan, 27;
    /// Discovery of everything, a short and a long read.
    READ = read, 27;
    /// A write, a write command and a long write, each captured.
    WRITE = write, 27;
    /// A subscription with ten notifications.
    NOTIFY = notify, 251;
    /// A subscription with five indications.
    INDICATE = indicate, 27;
    /// The largest MTU, and notifications as long as it, in fragments.
    BULK = bulk, 27;
    /// The peripheral ends the link, twice.
    LEFT = left, 251;
    /// The radio is switched off and on on both sides.
    RESTART = restart, 27;
    /// Typed values both ways: reads, writes, updates, descriptors, a secondary service; no capture.
    TYPED = typed, 27;
    /// Advertising that nobody may connect to, then for the central alone; a passive scan by `next`.
    SHOWN = shown, 27;
    /// What is told beside the calls: `advertising`, `event`; two tasks ask on one link.
    BESIDE = beside, 27;
}

/// Registers the peripheral's table.
///
/// # Errors
/// Those of a registration.
pub fn serve<'d>(host: Host<'d>) -> Result<Characteristic<'d>, Error> {
    serve_all(host).map(|(value, ..)| value)
}

/// Registers the peripheral's table.
///
/// # Errors
/// Those of a registration.
pub fn serve_all<'d>(host: Host<'d>) -> Result<(Characteristic<'d>, Characteristic<'d>, Descriptor<'d>), Error> {
    let mut db = host.services()?;
    let service = db.service(SERVICE)?;
    let all = Properties::READ
        | Properties::WRITE
        | Properties::WRITE_WITHOUT_RESPONSE
        | Properties::NOTIFY
        | Properties::INDICATE;
    let options = CharacteristicOptions::new(all).initial(&[0x5a; 100]).max_len(300).capture(1);
    let value = db.characteristic_with(service, VALUE, &options)?;
    let other = db.service(OTHER)?;
    let plain = Properties::READ | Properties::WRITE | Properties::NOTIFY | Properties::INDICATE;
    let number = db.characteristic(other, NUMBER, plain)?;
    let both = Properties::READ | Properties::WRITE;
    let options = CharacteristicOptions::new(both).initial(&[1, 2]).max_len(40);
    let description = db.descriptor(number, DESCRIPTION, &options)?;
    db.service_with(HIDDEN, &ServiceOptions::new().secondary())?;
    db.register()?;
    number.write(&1u16)?;
    Ok((value, number, description))
}

const SHORT: Duration = Duration::from_millis(30);
/// Longer than anything takes when nothing goes wrong.
const PATIENCE: Duration = Duration::from_secs(10);

/// Runs both sides until both are done. Where a call is cancelled, the link that it was about
/// may end with it: then the peripheral serves again and the central begins anew, until it is done.
async fn both(
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

async fn advertise<'d>(stage: &Stage<'d>) -> Result<Connection<'d>, Error> {
    stage
        .call(async || stage.peripheral.advertise(SHORT).name("scene").services(&[SERVICE]).timeout(PATIENCE).await)
        .await
}

async fn link<'d>(stage: &Stage<'d>) -> Result<Connection<'d>, Error> {
    stage.call(async || stage.central.connect(stage.device).await).await
}

async fn stays(stage: &Stage<'_>) -> Result<(), Error> {
    let connection = advertise(stage).await?;
    until_the_end(stage, &connection).await
}

async fn until_the_end(stage: &Stage<'_>, connection: &Connection<'_>) -> Result<(), Error> {
    stage.call(async || stage.as_long_as_it_lasts(connection, connection.disconnected()).await).await
}

async fn leave(stage: &Stage<'_>, connection: &Connection<'_>) -> Result<(), Error> {
    stage.call(async || connection.disconnect().await).await
}

async fn connect(stage: Stage<'_>) -> Result<(), Error> {
    let central = async || {
        let connection = link(&stage).await?;
        leave(&stage, &connection).await
    };
    both(&stage, central, async || stays(&stage).await).await
}

async fn scan(stage: Stage<'_>) -> Result<(), Error> {
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

async fn read(stage: Stage<'_>) -> Result<(), Error> {
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

async fn write(stage: Stage<'_>) -> Result<(), Error> {
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
                .call(async || stage.as_long_as_it_lasts(&connection, stage.value.written_into(&mut buffer)).await)
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
        let changed = async || stage.as_long_as_it_lasts(&connection, stage.value.subscription_changed()).await;
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
            stage.call(async || stage.value.indicate(connection, &octets[..]).timeout(PATIENCE).await).await?;
        } else {
            stage.call(async || stage.value.notify(connection, &octets[..]).timeout(PATIENCE).await).await?;
        }
    }
    Ok(())
}

async fn notify(stage: Stage<'_>) -> Result<(), Error> {
    let central = async || listen(&stage, Updates::NOTIFY, None).await;
    both(&stage, central, async || tell(&stage, Updates::NOTIFY, 10, 4).await).await
}

async fn indicate(stage: Stage<'_>) -> Result<(), Error> {
    let central = async || listen(&stage, Updates::INDICATE, None).await;
    both(&stage, central, async || tell(&stage, Updates::INDICATE, 5, 4).await).await
}

async fn bulk(stage: Stage<'_>) -> Result<(), Error> {
    let central = async || listen(&stage, Updates::NOTIFY, Some(247)).await;
    both(&stage, central, async || tell(&stage, Updates::NOTIFY, 6, 200).await).await
}

async fn left(stage: Stage<'_>) -> Result<(), Error> {
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

async fn restart(stage: Stage<'_>) -> Result<(), Error> {
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

async fn typed(stage: Stage<'_>) -> Result<(), Error> {
    let (number, description) = stage.number;
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

async fn shown(stage: Stage<'_>) -> Result<(), Error> {
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

async fn beside(stage: Stage<'_>) -> Result<(), Error> {
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
