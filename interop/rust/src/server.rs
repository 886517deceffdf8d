//! The server's part: a table with everything a server has, whose functions and tasks decide, for one central that tries it all.

use crate::{INDICATING, LONG, NOTIFYING, SERVICE, WRITABLE, long_value};
use anyhow::{Context, Result};
use core::time::Duration;
use jelling::{
    Access, Characteristic, CharacteristicOptions, Connection, Error, ErrorCode, Host, Permissions, Properties,
    ServiceOptions, ToOctets, Updates, Uuid,
};

/// A secondary service, and what it holds.
const INCLUDED: Uuid = Uuid::new128(0x7d2e_1000_5c0b_4f5a_9a3e_6b1f_0c2d_4e01);
const LEVEL: Uuid = Uuid::new16(0x2a19);
/// Three values of one type.
const SAME: Uuid = Uuid::new16(0x2a6e);
/// A function counts its reads, and allows even numbers.
const HOOKED: Uuid = Uuid::new128(0x7d2e_0005_5c0b_4f5a_9a3e_6b1f_0c2d_4e01);
/// A task answers.
const DEFERRED: Uuid = Uuid::new128(0x7d2e_0006_5c0b_4f5a_9a3e_6b1f_0c2d_4e01);
/// Behind doors: an encrypted link, an authorised peer, reads alone, writes alone.
const DOORS: [(u128, Permissions); 4] = [
    (0x7d2e_3001_5c0b_4f5a_9a3e_6b1f_0c2d_4e01, Permissions::READ_ENCRYPTED.union(Permissions::WRITE_ENCRYPTED)),
    (0x7d2e_3002_5c0b_4f5a_9a3e_6b1f_0c2d_4e01, Permissions::READ_AUTHORISED.union(Permissions::WRITE_AUTHORISED)),
    (0x7d2e_3003_5c0b_4f5a_9a3e_6b1f_0c2d_4e01, Permissions::READ),
    (0x7d2e_3004_5c0b_4f5a_9a3e_6b1f_0c2d_4e01, Permissions::WRITE),
];
/// A descriptor of our own.
const OWN: Uuid = Uuid::new128(0x7d2e_2000_5c0b_4f5a_9a3e_6b1f_0c2d_4e01);

/// What the application refuses with.
const REFUSED: ErrorCode = ErrorCode(0x80);

/// Counts reads, three of them.
fn count(access: &Access<'_>) -> Result<(), ErrorCode> {
    let mut stored = [0];
    access.stored_into(&mut stored).map_err(|_| ErrorCode::UNLIKELY_ERROR)?;
    let [number] = stored;
    if number == 3 {
        return Err(REFUSED);
    }
    access.set(&(number + 1)).map_err(|_| ErrorCode::UNLIKELY_ERROR)
}

/// Allows even numbers.
fn even(access: &Access<'_>) -> Result<(), ErrorCode> {
    let number: u8 = access.value().map_err(|_| ErrorCode::UNLIKELY_ERROR)?;
    if number.is_multiple_of(2) { Ok(()) } else { Err(REFUSED) }
}

struct Served<'d> {
    writable: Characteristic<'d>,
    notifying: Characteristic<'d>,
    indicating: Characteristic<'d>,
    deferred: Characteristic<'d>,
}

fn serve(host: Host<'_>) -> Result<Served<'_>, Error> {
    let both = Properties::READ | Properties::WRITE;
    let mut db = host.services()?;
    let included = db.service_with(INCLUDED, &ServiceOptions::new().secondary())?;
    db.characteristic_with(included, LEVEL, &CharacteristicOptions::new(Properties::READ).constant(&[42]))?;

    // A gap in front, and handles to spare.
    let service = db.service_with(SERVICE, &ServiceOptions::new().handle(0x0100).end_handle(0x01ff))?;
    db.include(None, included.handle())?;
    let long = long_value();
    let options = CharacteristicOptions::new(Properties::READ).initial(&long).max_len(300).handle(0x0110);
    let described = db.characteristic_with(service, LONG, &options)?;
    let read = CharacteristicOptions::new(Properties::READ);
    db.descriptor(described, Uuid::new16(0x2901), &read.constant(b"a long value"))?;
    // Octets without a unit.
    db.descriptor(described, Uuid::new16(0x2904), &read.constant(&[0x04, 0x00, 0x00, 0x27, 0x01, 0x00, 0x00]))?;
    db.descriptor(described, OWN, &CharacteristicOptions::new(both).initial(b"own").max_len(100))?;
    let all = both | Properties::WRITE_WITHOUT_RESPONSE;
    let writable = db.characteristic_with(service, WRITABLE, &CharacteristicOptions::new(all).max_len(512))?;
    for octets in [&b"one"[..], b"two", b"three"] {
        db.characteristic_with(service, SAME, &CharacteristicOptions::new(both).initial(octets))?;
    }
    let notifying = db.characteristic(service, NOTIFYING, Properties::READ | Properties::NOTIFY)?;
    let indicating = db.characteristic(service, INDICATING, Properties::READ | Properties::INDICATE)?;
    let hooked = CharacteristicOptions::new(both).initial(&[0]).fixed().on_read(count).on_write(even);
    db.characteristic_with(service, HOOKED, &hooked)?;
    let deferred = CharacteristicOptions::new(both).initial(b"nobody").defer_reads().defer_writes();
    let deferred = db.characteristic_with(service, DEFERRED, &deferred)?;
    for (uuid, permissions) in DOORS {
        let options = CharacteristicOptions::new(both).permissions(permissions).initial(b"door");
        db.characteristic_with(service, Uuid::new128(uuid), &options)?;
    }
    db.register()?;
    Ok(Served { writable, notifying, indicating, deferred })
}

/// Answers reads, and refuses the write `no`, each after a while.
async fn decide(deferred: Characteristic<'_>) -> Result<(), Error> {
    let moment = Duration::from_millis(50);
    let reads = async {
        for number in 0u8.. {
            let request = deferred.read_requested().await?;
            tokio::time::sleep(moment).await;
            request.answer(&[b'a', number])?;
        }
        Ok::<_, Error>(())
    };
    let writes = async {
        loop {
            let request = deferred.write_requested().await?;
            tokio::time::sleep(moment).await;
            let mut octets = [0; 20];
            let length = request.value_into(&mut octets)?;
            if octets.get(..length) == Some(b"no") { request.refuse(REFUSED)? } else { request.accept()? }
        }
    };
    let (reads, writes): (_, Result<(), Error>) = tokio::join!(reads, writes);
    reads.and(writes)
}

/// Tells a peer three values as soon as it has subscribed.
async fn tell(characteristic: Characteristic<'_>, connection: &Connection<'_>, updates: Updates) -> Result<(), Error> {
    while !characteristic.subscribed(connection)?.contains(updates) {
        let _who = characteristic.subscription_changed().await?;
    }
    for number in 0..3u32 {
        let octets = number.to_octets();
        if updates == Updates::NOTIFY {
            characteristic.notify(connection, &octets).await?;
        } else {
            characteristic.indicate(connection, &octets).await?;
        }
    }
    // And the latest value, to whoever subscribed.
    characteristic.update(&3u32)
}

pub(crate) async fn play(host: Host<'_>, name: &str) -> Result<()> {
    let served = serve(host).context("serve")?;
    let advertise = host.advertise(Duration::from_millis(30)).name(name).services(&[SERVICE]);
    let connection = advertise.timeout(Duration::from_secs(15)).await.context("advertise")?;
    let told = async {
        tell(served.notifying, &connection, Updates::NOTIFY).await?;
        tell(served.indicating, &connection, Updates::INDICATE).await
    };
    let mut value = [0; 512];
    let written = async {
        loop {
            let (_, length) = served.writable.written_into(&mut value).await?;
            if value.get(..length) == Some(b"bye") {
                return Ok::<_, Error>(());
            }
        }
    };
    tokio::select! {
        done = async { tokio::try_join!(told, written) } => done.context("tell, and be told").map(|_| ())?,
        end = decide(served.deferred) => end.context("decide")?,
        end = connection.disconnected() => end.context("the peer left early")?,
    }
    connection.disconnected().timeout(Duration::from_secs(5)).await.context("the peer stays")?;
    println!("server ok");
    Ok(())
}
