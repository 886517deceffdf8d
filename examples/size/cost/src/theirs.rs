//! The peripheral: trouble-host's.

use crate::{LENGTH, central::WANTED};
use core::{future::poll_fn, sync::atomic::Ordering::Relaxed, task::Poll};
use embassy_futures::{join::join, select::select, yield_now};
use embassy_sync::blocking_mutex::raw::NoopRawMutex;
use jelling_bench_link::{Air, Port};
use trouble_host::prelude::*;

/// The battery service.
pub async fn battery(air: &Air) {
    size_trouble::battery(ExternalController::<_, 10>::new(Port { air, side: 0 }), None).await;
}

/// A value that is read, and notified when the central wants it.
pub async fn value(air: &Air) {
    let mut memory: HostResources<DefaultPacketPool, 1, 2> = HostResources::new();
    let controller = ExternalController::<_, 10>::new(Port { air, side: 0 });
    let stack = trouble_host::new(controller, &mut memory).build();
    let mut storage = [7; LENGTH];
    let mut table: AttributeTable<'_, NoopRawMutex, 16> = AttributeTable::new();
    let mut gap = table.add_service(Service::new(0x1800u16));
    let _ = gap.add_characteristic_ro(0x2a00u16, b"cost");
    let _ = gap.add_characteristic_ro(0x2a01u16, &[0u8, 0]);
    gap.build();
    table.add_service(Service::new(0x1801u16));
    let mut service = table.add_service(Service::new(0x181au16));
    let properties = [CharacteristicProp::Read, CharacteristicProp::Notify];
    let value = service.add_characteristic(0x2a6eu16, properties, [7; LENGTH], &mut storage).build();
    service.build();
    let server: AttributeServer<'_, NoopRawMutex, DefaultPacketPool, 16, 1> = AttributeServer::new(table);
    let serve = async {
        loop {
            let data = Advertisement::ConnectableScannableUndirected { adv_data: &[2, 1, 6], scan_data: &[] };
            let advertiser = stack.peripheral().advertise(&Default::default(), data).await.expect("it advertises");
            let peer = advertiser.accept().await.expect("it connects").with_attribute_server(&server);
            let peer = peer.expect("it has room for the client");
            let answer = async {
                loop {
                    match peer.next().await {
                        GattConnectionEvent::Disconnected { .. } => return,
                        GattConnectionEvent::Gatt { event } => event.accept().expect("there is a packet").send().await,
                        _ => {}
                    }
                }
            };
            let tell = async {
                loop {
                    let wanted = poll_fn(|_| match WANTED.swap(0, Relaxed) {
                        0 => Poll::Pending,
                        wanted => Poll::Ready(wanted),
                    });
                    for number in 0..wanted.await {
                        while value.notify(&peer, &[number as u8; LENGTH], false).await.is_err() {
                            // The pool is empty just now: an application tries again.
                            yield_now().await;
                        }
                    }
                }
            };
            select(answer, tell).await;
        }
    };
    join(async { stack.runner().run().await.expect("it runs") }, serve).await;
}

/// What P-256 takes of a pairing: its key pair is made once.
#[cfg(feature = "security")]
pub fn curve() {
    use p256::{PublicKey, SecretKey, ecdh::diffie_hellman, elliptic_curve::sec1::ToEncodedPoint};
    let secret = SecretKey::from_slice(&[7; 32]).expect("a private key");
    let octets = secret.public_key().to_encoded_point(false);
    let start = crate::mcu::ticks();
    let public = PublicKey::from_sec1_bytes(octets.as_bytes()).expect("it is on the curve");
    core::hint::black_box(diffie_hellman(secret.to_nonzero_scalar(), public.as_affine()));
    let shared = start.wrapping_sub(crate::mcu::ticks());
    crate::mcu::tell("P-256", crate::mcu::instructions(u64::from(shared)));
}
