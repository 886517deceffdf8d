//! The capture in memory: what leaves it is a file, whatever finds room in it.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    missing_docs,
    reason = "tests"
)]

use core::{
    convert::Infallible,
    future::Future,
    pin::pin,
    task::{Context, Poll, Waker},
};
use embassy_futures::block_on;
use jelling_transport::{PacketWrite, Snoop, SnoopRing, btsnoop::Records};
use jelling_wire::{Packet, PacketKind};
use proptest::prelude::*;
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

struct Wire;

impl PacketWrite for Wire {
    type Error = Infallible;
    async fn write(&mut self, _: Packet<'_>) -> Result<(), Infallible> {
        Ok(())
    }
}

/// What a read of so many octets gives at once.
fn read<const N: usize>(ring: &SnoopRing<N>, most: usize) -> Vec<u8> {
    let mut buffer = vec![0; most];
    let polled = pin!(ring.read(&mut buffer)).poll(&mut Context::from_waker(Waker::noop()));
    buffer.truncate(if let Poll::Ready(n) = polled { n } else { 0 });
    buffer
}

/// Everything that is there.
fn drain<const N: usize>(ring: &SnoopRing<N>, step: usize) -> Vec<u8> {
    let pieces = std::iter::from_fn(|| Some(read(ring, step)).filter(|octets| !octets.is_empty()));
    pieces.flatten().collect()
}

#[test]
fn what_has_no_room_is_counted_by_the_next_that_has() {
    let ring = SnoopRing::<60>::new(|| 5);
    let mut snoop = Snoop::new(Wire, &ring);
    let mut put = |octet| block_on(snoop.write(Packet::new(PacketKind::Event, &[octet, 1, 2]))).unwrap();
    (1..=4).for_each(&mut put);
    let mut file = drain(&ring, 7);
    (5..=6).for_each(&mut put);
    file.extend(drain(&ring, 200));
    let records: Vec<_> = Records::parse(&file).unwrap().map(Result::unwrap).collect();
    let told: Vec<_> = records.iter().map(|record| (record.packet.data[0], record.drops, record.unix_micros)).collect();
    assert_eq!(told, [(1, 0, 5), (2, 0, 5), (5, 2, 5), (6, 2, 5)]);
}

#[test]
fn no_packet_is_larger_than_the_ring() {
    let ring = SnoopRing::<30>::new(|| 0);
    let mut snoop = Snoop::new(Wire, &ring);
    block_on(snoop.write(Packet::new(PacketKind::Acl, &[0; 200]))).unwrap();
    block_on(snoop.write(Packet::new(PacketKind::Event, &[1, 2, 3]))).unwrap();
    let file = drain(&ring, 16);
    let record = Records::parse(&file).unwrap().next().unwrap().unwrap();
    assert_eq!((record.packet.data, record.drops), (&[1, 2, 3][..], 1));
}

struct Count(AtomicUsize);

impl std::task::Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn who_waits_is_woken_once_and_a_dropped_read_loses_nothing() {
    let (ring, count) = (SnoopRing::<64>::new(|| 0), Arc::new(Count(AtomicUsize::new(0))));
    let waker = Waker::from(count.clone());
    let mut context = Context::from_waker(&waker);
    assert_eq!(drain(&ring, 64).len(), 16);
    let mut buffer = [0; 64];
    assert_eq!(pin!(ring.read(&mut [])).poll(&mut context), Poll::Ready(0));
    assert!(pin!(ring.read(&mut buffer)).poll(&mut context).is_pending());
    let mut snoop = Snoop::new(Wire, &ring);
    for _ in 0..2 {
        block_on(snoop.write(Packet::new(PacketKind::Command, &[3, 12, 0]))).unwrap();
    }
    assert_eq!(count.0.load(Ordering::Relaxed), 1);
    assert_eq!(pin!(ring.read(&mut buffer)).poll(&mut context), Poll::Ready(56));
}

proptest! {
    /// Packets and readers of any size, in any order: each record that leaves is whole, and between two of them as many are missing
    /// as the later one says.
    #[test]
    fn what_leaves_is_a_file(steps in proptest::collection::vec((0usize..90, 0usize..90), 1..60)) {
        let ring = SnoopRing::<128>::new(|| 0);
        let mut snoop = Snoop::new(Wire, &ring);
        let mut file = vec![];
        for ((length, most), number) in steps.iter().zip(0u8..) {
            block_on(snoop.write(Packet::new(PacketKind::Iso, &vec![number; *length + 1]))).unwrap();
            file.extend(read(&ring, *most));
        }
        file.extend(drain(&ring, 50));
        for (passed, record) in (0..).zip(Records::parse(&file).unwrap()) {
            let record = record.unwrap();
            let number = record.packet.data[0];
            prop_assert_eq!(record.packet.data.to_vec(), vec![number; steps[usize::from(number)].0 + 1]);
            prop_assert_eq!(u32::from(number), passed + record.drops);
        }
    }
}
