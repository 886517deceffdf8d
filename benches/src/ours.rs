//! The program of jelling's hosts.

pub(crate) mod channels;
pub(crate) mod pairing;

use crate::meter::{Meter, Row};
use core::time::Duration;
use embassy_futures::select::select4;
use jelling::{
    AddressKind, Characteristic, CharacteristicOptions, Config, Device, Error, Host, Properties, Resources, Updates,
    Uuid,
};
use jelling_bench_link::{Air, Port};

const SERVICE: Uuid = Uuid::new16(0x181a);
const VALUE: Uuid = Uuid::new16(0x2a6e);
/// Values that wait for an application: the default pool has room for so many of 244 octets.
const DEPTH: usize = 2;

pub(crate) async fn session(air: &Air, row: Row, meter: &Meter) {
    if row == Row::Pair {
        return pairing::session(air, meter, None).await;
    }
    let mut memory: [Resources; 2] = [Resources::new(), Resources::new()];
    let [server, client] = &mut memory;
    let (server, mut server_runner) = jelling::new(server, Config::default());
    let (client, mut client_runner) = jelling::new(client, Config::default());
    let (server_port, client_port) = (Port { air, side: 0 }, Port { air, side: 1 });
    let value = register(server, row).expect("the table fits");
    let over = select4(
        server_runner.run(server_port, server_port),
        client_runner.run(client_port, client_port),
        async { serve(server, value, row, meter).await.expect("the server serves") },
        async { ask(client, value, row, meter).await.expect("the client is served") },
    );
    over.await;
}

fn register(host: Host<'_>, row: Row) -> Result<Characteristic<'_>, Error> {
    const EMPTY: [u8; 244] = [0; 244];
    let properties = match row {
        Row::Read => Properties::READ,
        Row::Write => Properties::WRITE,
        Row::Notify20 | Row::Notify244 => Properties::NOTIFY,
        Row::Command244 => Properties::WRITE_WITHOUT_RESPONSE,
        Row::Pair => unreachable!("a pairing has no value"),
    };
    let options = CharacteristicOptions::new(properties).initial(&EMPTY[..row.length()]).max_len(row.length());
    let is_written = matches!(row, Row::Write | Row::Command244);
    let options = if is_written { options.capture(DEPTH) } else { options };
    let mut db = host.services()?;
    let service = db.service(SERVICE)?;
    let value = db.characteristic_with(service, VALUE, &options)?;
    db.register()?;
    Ok(value)
}

async fn serve(host: Host<'_>, value: Characteristic<'_>, row: Row, meter: &Meter) -> Result<(), Error> {
    let connection = host.advertise(Duration::from_millis(100)).await?;
    let mut octets = [0; 244];
    let octets = &mut octets[..row.length()];
    match row {
        Row::Pair => unreachable!("a pairing has no value"),
        Row::Read => connection.disconnected().await,
        Row::Write | Row::Command244 => loop {
            let (_, length) = value.written_into(octets).await?;
            meter.received(&octets[..length]);
        },
        Row::Notify20 | Row::Notify244 => {
            meter.begun().await;
            while let Some(number) = meter.next() {
                meter.fill(number, octets);
                value.notify(&connection, &*octets).await?;
                meter.sent();
            }
            meter.end().await;
            Ok(())
        }
    }
}

async fn ask(host: Host<'_>, local: Characteristic<'_>, row: Row, meter: &Meter) -> Result<(), Error> {
    let [a, b, c, d, e, f] = Air::address(0);
    let connection = host.connect(Device::new(AddressKind::Public, [f, e, d, c, b, a])).await?;
    assert_eq!(connection.exchange_mtu().await?, 247, "the MTU of the comparison");
    let value = connection.service(SERVICE).await?.characteristic(VALUE).await?;
    let mut octets = [0; 244];
    let octets = &mut octets[..row.length()];
    match row {
        Row::Read => {
            meter.begin().await;
            while let Some(number) = meter.next() {
                if meter.changes(number) {
                    meter.fill(number, octets);
                    local.write(&*octets)?;
                }
                let moment = meter.moment();
                let length = value.read_into(octets).await?;
                meter.trip(moment);
                meter.read(number, &octets[..length]);
            }
        }
        Row::Write => {
            meter.begin().await;
            while let Some(number) = meter.next() {
                meter.fill(number, octets);
                let moment = meter.moment();
                value.write(&*octets).await?;
                meter.trip(moment);
            }
        }
        Row::Command244 => {
            meter.begin().await;
            while let Some(number) = meter.next() {
                meter.fill(number, octets);
                value.write(&*octets).await?;
                meter.sent();
            }
        }
        Row::Pair => unreachable!("a pairing has no value"),
        Row::Notify20 | Row::Notify244 => {
            let mut values = value.subscribe(Updates::NOTIFY).depth(DEPTH).await?;
            meter.begin().await;
            loop {
                let length = values.notified_into(octets).await?;
                meter.received(&octets[..length]);
            }
        }
    }
    meter.end().await;
    Ok(())
}
