//! With the feature `sync` handles cross threads: runners and applications are spawned on tokio.
#![cfg(all(feature = "central", feature = "client", feature = "peripheral", feature = "server"))]
#![cfg(feature = "sync")]
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    missing_docs,
    reason = "tests"
)]

use core::time::Duration;
use jelling::{
    AddressKind, Bonds, Config, Device, Gatt, Host, Links, Pool, Properties, Resources, ScanSlots, Tasks, Uuid,
};
use jelling_clock as _;
use jelling_sim::{Air, Controller};

type Memory = Resources<Links<2, 247>, Gatt<32, 256>, Pool<32, 4>, ScanSlots<4>, Bonds<4>, Tasks<16>>;

fn spawn_host(controller: &Controller) -> Host<'static> {
    let memory: &'static mut Memory = Box::leak(Box::new(Memory::new()));
    let (host, mut runner) = jelling::new(memory, Config::default());
    let (reader, writer) = controller.transport();
    tokio::spawn(async move {
        runner.run(reader, writer).await;
    });
    host
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hosts_run_on_a_pool_of_threads() {
    // In real time: 100 ms of it.
    let air = Air::new(1);
    let (central, peripheral) = (spawn_host(&air.controller()), spawn_host(&air.controller()));
    let uuid = Uuid::new16(0x181a);
    let mut db = peripheral.services().unwrap();
    let service = db.service(uuid).unwrap();
    let level = db.characteristic(service, Uuid::new16(0x2a6e), Properties::READ).unwrap();
    db.register().unwrap();
    level.write(&42u8).unwrap();
    let served = tokio::spawn(async move {
        let connection = peripheral.advertise(Duration::from_millis(100)).await.unwrap();
        connection.disconnected().await.unwrap();
    });
    let device = Device::new(AddressKind::Public, [0x00, 0x00, 0x5e, 0x00, 0x53, 1]);
    let connection = central.connect(device).await.unwrap();
    let remote = connection.service(uuid).await.unwrap().characteristic(Uuid::new16(0x2a6e)).await.unwrap();
    let readers: Vec<_> = (0..8).map(|_| tokio::spawn(async move { remote.read::<u8>().await })).collect();
    for reader in readers {
        assert_eq!(reader.await.unwrap(), Ok(42));
    }
    connection.disconnect().await.unwrap();
    served.await.unwrap();
    assert_eq!(air.violations(), []);
}

#[cfg(feature = "security")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pairings_cross_threads_with_their_questions_and_their_arithmetic() {
    use jelling::{IoCapability, Pair, PasskeyAction, Software};

    const COMPARES: Pair = Pair::new().mitm().io(IoCapability::DISPLAY_YES_NO);
    let air = Air::new(2);
    let (central, peripheral) = (spawn_host(&air.controller()), spawn_host(&air.controller()));
    // Of one host a task does it, of the other the runner.
    let jobs = tokio::spawn(async move {
        let mut crypto = Software;
        match central.run_jobs(&mut crypto).await {}
    });
    let (tell, mut told) = tokio::sync::mpsc::unbounded_channel();
    for host in [central, peripheral] {
        let tell = tell.clone();
        tokio::spawn(async move {
            let request = host.passkey_action().await;
            let PasskeyAction::Compare(digits) = request.action() else { panic!("{request:?}") };
            tell.send(digits).unwrap();
            request.confirm().unwrap();
        });
    }
    peripheral.configure(Config { pairing: Some(COMPARES), ..peripheral.config() });
    let served = tokio::spawn(async move {
        let connection = peripheral.advertise(Duration::from_millis(100)).await.unwrap();
        connection.disconnected().await.unwrap();
    });
    let device = Device::new(AddressKind::Public, [0x00, 0x00, 0x5e, 0x00, 0x53, 1]);
    let connection = central.connect(device).await.unwrap();
    let security = tokio::spawn(connection.pair(COMPARES)).await.unwrap().unwrap();
    assert!(security.authenticated && security.bonded);
    assert_eq!(told.recv().await, told.recv().await);
    assert_eq!(central.bonds().count(), 1);
    connection.disconnect().await.unwrap();
    served.await.unwrap();
    jobs.abort();
    assert_eq!(air.violations(), []);
}

/// A store that holds its caller across an await, as one on a disk may.
#[cfg(feature = "security")]
struct Shelf(Option<jelling::Identity>);

#[cfg(feature = "security")]
impl jelling::security::BondStore for Shelf {
    type Error = core::convert::Infallible;

    async fn load(&mut self, each: &mut jelling::security::Each<'_>) -> Result<(), Self::Error> {
        tokio::task::yield_now().await;
        self.0.into_iter().map(jelling::security::Record::Identity).for_each(each);
        Ok(())
    }

    async fn save(&mut self, _: &jelling::Bond) -> Result<(), Self::Error> {
        Ok(())
    }

    async fn remove(&mut self, _: jelling::Address) -> Result<(), Self::Error> {
        Ok(())
    }

    async fn save_identity(&mut self, _: &jelling::Identity) -> Result<(), Self::Error> {
        Ok(())
    }
}

#[cfg(feature = "security")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_is_kept_by_a_task_of_its_own() {
    let air = Air::new(1);
    let host = spawn_host(&air.controller());
    let address = jelling::Address::new(AddressKind::Random, [1, 2, 3, 4, 5, 0xc6]);
    let identity = jelling::Identity { address: Some(address), identity_key: jelling::Secret([7; 16]) };
    let mut shelf = Shelf(Some(identity));
    tokio::spawn(async move { jelling::security::load(host, &mut shelf).await }).await.unwrap().unwrap();
    let keeper = tokio::spawn(async move { jelling::security::keep(host, &mut Shelf(None)).await });
    host.configure(Config { address: jelling::OwnAddress::RandomStatic, ..Config::default() });
    assert_eq!(host.start().await.unwrap().address, address);
    keeper.abort();
}

#[cfg(feature = "l2cap")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn channels_cross_threads_and_are_shared_by_them() {
    use std::sync::Arc;

    let air = Air::new(3);
    let (central, peripheral) = (spawn_host(&air.controller()), spawn_host(&air.controller()));
    let accepted = tokio::spawn(async move {
        let connection = peripheral.advertise(Duration::from_millis(100)).await.unwrap();
        let channel = connection.l2cap_accept(0x80, 300).await.unwrap();
        let (mut counts, mut buffer) = ([0u32; 3], [0; 300]);
        loop {
            match channel.recvinto(&mut buffer).await {
                Ok(length) => {
                    let which = buffer[0];
                    // Of two threads that send, each SDU is of one.
                    assert_eq!((length, &buffer[..length]), (300, &[which; 300][..]));
                    counts[usize::from(which)] += 1;
                }
                Err(error) => break (error, counts),
            }
        }
    });
    let device = Device::new(AddressKind::Public, [0x00, 0x00, 0x5e, 0x00, 0x53, 1]);
    let connection = central.connect(device).await.unwrap();
    let channel = loop {
        // The other side may not listen yet.
        match connection.l2cap_connect(0x80, 300).await {
            Ok(channel) => break Arc::new(channel),
            Err(error) => assert!(matches!(error, jelling::Error::ChannelRefused(_)), "{error}"),
        }
    };
    let senders = [1u8, 2].map(|which| {
        let channel = channel.clone();
        tokio::spawn(async move {
            for _ in 0..10 {
                channel.send(&[which; 300]).await.unwrap();
            }
        })
    });
    for sender in senders {
        sender.await.unwrap();
    }
    channel.flush().await.unwrap();
    channel.disconnect().timeout(Duration::from_secs(10)).await.unwrap();
    assert_eq!(accepted.await.unwrap(), (jelling::Error::ChannelClosed, [0, 10, 10]));
    assert_eq!(air.violations(), []);
}
