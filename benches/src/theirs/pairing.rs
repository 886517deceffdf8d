//! Pairings of trouble-host: one after the other, each on a connection of its own, because what is encrypted pairs no more.

use super::Controller;
use crate::meter::Meter;
use embassy_futures::select::select4;
use jelling_bench_link::{Air, Port};
use trouble_host::prelude::*;

pub(super) async fn session(air: &Air, meter: &Meter) {
    let mut memory: [HostResources<DefaultPacketPool, 1, 1>; 2] = [HostResources::new(), HostResources::new()];
    let [peripheral, central] = &mut memory;
    let peripheral = trouble_host::new(Controller::new(Port { air, side: 0 }), peripheral).build();
    let central = trouble_host::new(Controller::new(Port { air, side: 1 }), central).build();
    let over = select4(
        async { peripheral.runner().run().await.expect("the peripheral runs") },
        async { central.runner().run().await.expect("the central runs") },
        accept(&peripheral, meter),
        pair(&central, meter),
    );
    over.await;
}

async fn accept(stack: &Stack<'_, Controller<'_>, DefaultPacketPool>, meter: &Meter) {
    loop {
        let data = Advertisement::ConnectableScannableUndirected { adv_data: &[2, 1, 6], scan_data: &[] };
        let advertiser = stack.peripheral().advertise(&Default::default(), data).await.expect("it advertises");
        let connection = advertiser.accept().await.expect("it connects");
        complete(&connection).await;
        meter.paired();
        disconnected(&connection).await;
    }
}

async fn pair(stack: &Stack<'_, Controller<'_>, DefaultPacketPool>, meter: &Meter) {
    let peer = Address::new(AddrKind::PUBLIC, BdAddr::new(Air::address(0)));
    let config = ConnectConfig {
        connect_params: Default::default(),
        scan_config: ScanConfig { filter_accept_list: &[peer], ..Default::default() },
    };
    loop {
        let connection = stack.central().connect(&config).await.expect("it connects");
        meter.begin().await;
        if meter.next().is_none() {
            break;
        }
        let moment = meter.moment();
        connection.request_security().expect("it pairs");
        complete(&connection).await;
        meter.trip(moment);
        meter.both().await;
        meter.pause().await;
        connection.disconnect();
        disconnected(&connection).await;
    }
    meter.end().await;
}

/// Waits until a pairing is complete.
async fn complete(connection: &Connection<'_, DefaultPacketPool>) {
    loop {
        match connection.next().await {
            ConnectionEvent::PairingComplete { security_level, bond } => {
                assert_eq!((security_level, bond.is_some()), (SecurityLevel::Encrypted, false), "as it was asked for");
                return;
            }
            ConnectionEvent::PairingFailed(error) => panic!("it is not paired: {error:?}"),
            ConnectionEvent::Disconnected { reason } => panic!("disconnected: {reason:?}"),
            _ => {}
        }
    }
}

async fn disconnected(connection: &Connection<'_, DefaultPacketPool>) {
    while !matches!(connection.next().await, ConnectionEvent::Disconnected { .. }) {}
}
