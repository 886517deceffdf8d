//! The scenarios: each of them ends by itself, with success or an error, whatever goes wrong.

use crate::stage::Stage;
use core::{future::Future, pin::Pin, time::Duration};
use embassy_futures::select::{Either, select};
use jelling::{Characteristic, CharacteristicOptions, Connection, Error, ErrorCode, Host, Properties, Updates, Uuid};

/// The service of every scenario.
pub const SERVICE: Uuid = Uuid::new16(0x181a);
/// Its characteristic: read, write, notify, indicate, up to 300 octets.
pub const VALUE: Uuid = Uuid::new16(0x2a6e);

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
}

/// Registers the peripheral's table.
///
/// # Errors
/// Those of a registration.
pub fn serve<'d>(host: Host<'d>) -> Result<Characteristic<'d>, Error> {
    let mut db = host.services()?;
    let service = db.service(SERVICE)?;
    let all = Properties::READ
        | Properties::WRITE
        | Properties::WRITE_WITHOUT_RESPONSE
        | Properties::NOTIFY
        | Properties::INDICATE;
    let options = CharacteristicOptions::new(all).initial(&[0x5a; 100]).max_len(300).capture(1);
    let value = db.characteristic_with(service, VALUE, &options)?;
    db.register()?;
    Ok(value)
}

const SHORT: Duration = Duration::from_millis(30);
/// Longer than anything takes when nothing goes wrong.
const PATIENCE: Duration = Duration::from_secs(10);

/// Runs both sides until both are done; an error of one ends the other. Where a call is cancelled, the link that it was about
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
        return match select(again, serve).await {
            Either::First(result) | Either::Second(result) => result,
        };
    }
    let mut central = core::pin::pin!(central());
    let mut peripheral = core::pin::pin!(peripheral());
    match select(&mut central, &mut peripheral).await {
        Either::First(result) => {
            result?;
            peripheral.await
        }
        Either::Second(result) => {
            result?;
            central.await
        }
    }
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
    stage.call(async || connection.disconnected().timeout(PATIENCE * 3).await).await
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
        if services < 2 {
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
                .call(async || connection.timeout(Some(PATIENCE), stage.value.written_into(&mut buffer)).await?)
                .await
                .map(|(_, length)| length)?;
            if &buffer[..length] == b"end" {
                break;
            }
        }
        stage.call(async || connection.disconnected().timeout(PATIENCE).await).await
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

/// Sends updates, the last of which begins with zero, as soon as the peer has subscribed.
async fn tell(stage: &Stage<'_>, updates: Updates, count: u8, length: usize) -> Result<(), Error> {
    let connection = advertise(stage).await?;
    loop {
        let changed = async || connection.timeout(Some(PATIENCE), stage.value.subscription_changed()).await?;
        let (who, what) = stage.call(changed).await?;
        if who == connection && what.contains(updates) {
            break;
        }
    }
    for i in (0..count).rev() {
        let octets = vec![i; length];
        if updates == Updates::INDICATE {
            // An indication that is under way cannot be taken back, and goes before the next one.
            stage.call(async || stage.value.indicate(&connection, &octets[..]).timeout(PATIENCE).await).await?;
        } else {
            stage.call(async || stage.value.notify(&connection, &octets[..]).timeout(PATIENCE).await).await?;
        }
    }
    stage.call(async || connection.disconnected().timeout(PATIENCE).await).await
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
            stage.call(async || connection.disconnected().timeout(PATIENCE).await).await
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
