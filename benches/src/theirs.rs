//! The program of trouble-host's hosts: what `ours` does, in its words.

pub(crate) mod channels;
mod pairing;

use crate::meter::{Meter, Row};
use embassy_futures::{join::join, select::select4, yield_now};
use embassy_sync::blocking_mutex::raw::NoopRawMutex;
use jelling_bench_link::{Air, Port};
use trouble_host::prelude::*;

const SERVICE: u16 = 0x181a;
const VALUE: u16 = 0x2a6e;
/// Attributes of the table.
const ATTRIBUTES: usize = 16;

type Controller<'a> = ExternalController<Port<'a>, 4>;
type Server<'v> = AttributeServer<'v, NoopRawMutex, DefaultPacketPool, ATTRIBUTES, 1>;

pub(crate) async fn session(air: &Air, row: Row, meter: &Meter) {
    match row {
        Row::Read | Row::Write | Row::Notify20 => session_of::<20>(air, row, meter).await,
        Row::Notify244 | Row::Command244 => session_of::<244>(air, row, meter).await,
        Row::Pair => pairing::session(air, meter).await,
    }
}

async fn session_of<const N: usize>(air: &Air, row: Row, meter: &Meter)
where
    [u8; N]: AsGatt,
{
    let mut memory: [HostResources<DefaultPacketPool, 1, 1>; 2] = [HostResources::new(), HostResources::new()];
    let [server, client] = &mut memory;
    let server = trouble_host::new(Controller::new(Port { air, side: 0 }), server).build();
    let client = trouble_host::new(Controller::new(Port { air, side: 1 }), client).build();
    let mut storage = [0; N];
    let mut table: AttributeTable<'_, NoopRawMutex, ATTRIBUTES> = AttributeTable::new();
    let name = b"bench";
    let mut gap = table.add_service(Service::new(0x1800u16));
    let _ = gap.add_characteristic_ro(0x2a00u16, name);
    let _ = gap.add_characteristic_ro(0x2a01u16, &[0u8, 0]);
    gap.build();
    table.add_service(Service::new(0x1801u16));
    let property = match row {
        Row::Read => CharacteristicProp::Read,
        Row::Write => CharacteristicProp::Write,
        Row::Notify20 | Row::Notify244 => CharacteristicProp::Notify,
        Row::Command244 => CharacteristicProp::WriteWithoutResponse,
        Row::Pair => unreachable!("a pairing has no value"),
    };
    let mut service = table.add_service(Service::new(SERVICE));
    let value = service.add_characteristic(VALUE, [property], [0; N], &mut storage).build();
    service.build();
    let attributes = Server::new(table);
    let over = select4(
        async { server.runner().run().await.expect("the server runs") },
        async { client.runner().run().await.expect("the client runs") },
        serve(&server, &attributes, &value, row, meter),
        ask(&client, &attributes, &value, row, meter),
    );
    over.await;
}

async fn serve<const N: usize>(
    stack: &Stack<'_, Controller<'_>, DefaultPacketPool>,
    attributes: &Server<'_>,
    value: &Characteristic<[u8; N]>,
    row: Row,
    meter: &Meter,
) where
    [u8; N]: AsGatt,
{
    let data = Advertisement::ConnectableScannableUndirected { adv_data: &[2, 1, 6], scan_data: &[] };
    let advertiser = stack.peripheral().advertise(&Default::default(), data).await.expect("it advertises");
    let connection = advertiser.accept().await.expect("it connects").with_attribute_server(attributes);
    let connection = connection.expect("it has room for the client");
    let answer = async {
        loop {
            match connection.next().await {
                GattConnectionEvent::Gatt { event } => {
                    if let GattEvent::Write(write) = &event
                        && meter.is_begun()
                    {
                        write.with_data(|_, octets| meter.received(octets));
                    }
                    match event.accept() {
                        Ok(reply) => reply.send().await,
                        // A write command needs a packet for its reply, and has none to send.
                        Err(Error::OutOfMemory) if row == Row::Command244 => {}
                        Err(error) => panic!("it is not accepted: {error:?}"),
                    }
                }
                GattConnectionEvent::Disconnected { reason } => panic!("disconnected: {reason:?}"),
                _ => {}
            }
        }
    };
    let tell = async {
        if matches!(row, Row::Notify20 | Row::Notify244) {
            meter.begun().await;
            let mut octets = [0; N];
            while let Some(number) = meter.next() {
                meter.fill(number, &mut octets);
                match value.notify(&connection, &octets, false).await {
                    Ok(()) => meter.sent(),
                    // The pool is empty just now: an application tries again.
                    Err(Error::OutOfMemory) => yield_now().await,
                    Err(error) => panic!("it is not notified: {error:?}"),
                }
            }
            meter.end().await;
        }
    };
    join(answer, tell).await;
}

async fn ask<const N: usize>(
    stack: &Stack<'_, Controller<'_>, DefaultPacketPool>,
    attributes: &Server<'_>,
    local: &Characteristic<[u8; N]>,
    row: Row,
    meter: &Meter,
) where
    [u8; N]: AsGatt,
{
    let peer = Address::new(AddrKind::PUBLIC, BdAddr::new(Air::address(0)));
    let config = ConnectConfig {
        connect_params: Default::default(),
        scan_config: ScanConfig { filter_accept_list: &[peer], ..Default::default() },
    };
    let connection = stack.central().connect(&config).await.expect("it connects");
    let client =
        GattClient::<Controller<'_>, DefaultPacketPool, 4>::new(stack, &connection).await.expect("it has an MTU");
    assert_eq!(connection.att_mtu(), 247, "the MTU of the comparison");
    let operate = async {
        let services = client.services_by_uuid(&Uuid::new_short(SERVICE)).await.expect("it answers");
        let service = services.first().expect("the service is there");
        let value: Characteristic<[u8; N]> =
            client.characteristic_by_uuid(service, &Uuid::new_short(VALUE)).await.expect("the value is there");
        let mut octets = [0; N];
        match row {
            Row::Read => {
                meter.begin().await;
                while let Some(number) = meter.next() {
                    if meter.changes(number) {
                        meter.fill(number, &mut octets);
                        attributes.table().set(local, &octets).expect("it is set");
                    }
                    let moment = meter.moment();
                    let length = client.read_characteristic(&value, &mut octets).await.expect("it is read");
                    meter.trip(moment);
                    meter.read(number, &octets[..length]);
                }
            }
            Row::Write => {
                meter.begin().await;
                while let Some(number) = meter.next() {
                    meter.fill(number, &mut octets);
                    let moment = meter.moment();
                    client.write_characteristic(&value, &octets).await.expect("it is written");
                    meter.trip(moment);
                }
            }
            Row::Command244 => {
                meter.begin().await;
                while let Some(number) = meter.next() {
                    meter.fill(number, &mut octets);
                    match client.write_characteristic_without_response(&value, &octets).await {
                        Ok(()) => meter.sent(),
                        Err(BleHostError::BleHost(Error::OutOfMemory)) => yield_now().await,
                        Err(error) => panic!("it is not sent: {error:?}"),
                    }
                }
            }
            Row::Pair => unreachable!("a pairing has no value"),
            Row::Notify20 | Row::Notify244 => {
                let mut values = client.subscribe(&value, false).await.expect("it is subscribed");
                meter.begin().await;
                loop {
                    meter.received(values.next().await.as_ref());
                }
            }
        }
        meter.end().await;
    };
    join(async { client.task().await.expect("the client's task runs") }, operate).await;
}
