//! trouble-host's battery service: what its own example of that service does, of its version 0.8.
#![no_std]

use embassy_futures::{join::join, select::select};
use embassy_time::Timer;
use trouble_host::prelude::*;

#[gatt_server]
struct Server {
    battery: Battery,
}

#[gatt_service(uuid = service::BATTERY)]
struct Battery {
    #[descriptor(uuid = descriptors::VALID_RANGE, read, value = [0, 100])]
    #[descriptor(uuid = descriptors::MEASUREMENT_DESCRIPTION, name = "description", read, type = &'static str, value = "Battery Level")]
    #[characteristic(uuid = characteristic::BATTERY_LEVEL, read, notify, value = 10)]
    level: u8,
    #[characteristic(uuid = "408813df-5dd4-1f87-ec11-cdb001100000", read, write, notify)]
    status: bool,
}

type Peer<'s, 'v> = GattConnection<'s, 'v, DefaultPacketPool>;

/// Serves one client after another, under a random address or the controller's.
pub async fn battery<C: Controller>(controller: C, address: Option<[u8; 6]>) {
    let mut memory: HostResources<DefaultPacketPool, 1, 2> = HostResources::new();
    let mut stack = trouble_host::new(controller, &mut memory);
    if let Some(address) = address {
        stack = stack.set_random_address(Address::random(address));
    }
    let stack = stack.build();
    let mut runner = stack.runner();
    let gap = PeripheralConfig { name: "battery", appearance: &appearance::power_device::GENERIC_POWER_DEVICE };
    let Ok(server) = Server::new_with_config(GapConfig::Peripheral(gap)) else { return };
    let run = async { while runner.run().await.is_ok() {} };
    join(run, async { while serve(&stack, &server).await.is_ok() {} }).await;
}

/// Advertises, and serves the client that connects until it leaves.
async fn serve<C: Controller>(
    stack: &Stack<'_, C, DefaultPacketPool>,
    server: &Server<'_>,
) -> Result<(), BleHostError<C::Error>> {
    let mut data = [0; 31];
    let parts = [
        AdStructure::Flags(LE_GENERAL_DISCOVERABLE | BR_EDR_NOT_SUPPORTED),
        AdStructure::CompleteServiceUuids16(&[[0x0f, 0x18]]),
        AdStructure::CompleteLocalName(b"battery"),
    ];
    let length = AdStructure::encode_slice(&parts, &mut data)?;
    let data = Advertisement::ConnectableScannableUndirected { adv_data: &data[..length], scan_data: &[] };
    let advertiser = stack.peripheral().advertise(&Default::default(), data).await?;
    let peer = advertiser.accept().await?.with_attribute_server(server)?;
    select(answer(server, &peer), tell(stack, server, &peer)).await;
    Ok(())
}

async fn answer(server: &Server<'_>, peer: &Peer<'_, '_>) {
    loop {
        match peer.next().await {
            GattConnectionEvent::Disconnected { .. } => return,
            GattConnectionEvent::Gatt { event } => {
                if let GattEvent::Read(read) = &event
                    && read.handle() == server.battery.level.handle
                {
                    let _ = server.get(&server.battery.level);
                }
                if let Ok(reply) = event.accept() {
                    reply.send().await;
                }
            }
            _ => {}
        }
    }
}

async fn tell<C: Controller>(stack: &Stack<'_, C, DefaultPacketPool>, server: &Server<'_>, peer: &Peer<'_, '_>) {
    let mut percent = 10u8;
    loop {
        percent = percent.wrapping_add(1);
        if server.battery.level.notify(peer, &percent, false).await.is_err() || peer.raw().rssi(stack).await.is_err() {
            return;
        }
        Timer::after_secs(2).await;
    }
}
