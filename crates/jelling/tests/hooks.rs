//! Functions and tasks that decide on what peers read and write, and doors that want a secure link: a server, two clients.
#![cfg(all(feature = "central", feature = "client", feature = "peripheral", feature = "server"))]
#![cfg(not(feature = "sync"))]
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    missing_docs,
    reason = "tests"
)]

use core::{cell::Cell, time::Duration};
use embassy_futures::{
    join::{join, join3},
    select::{Either, select, select3, select4},
};
use embassy_time::{Instant, Timer};
use jelling::{
    Access, AccessKind, AddressKind, Authorisation, Bonds, Characteristic, CharacteristicOptions, ClientCharacteristic,
    Config, Connection, Device, Error, ErrorCode, Gatt, Host, Links, Permissions, Pool, Properties, Resources,
    ScanSlots, Security, Tasks, Updates, Uuid,
};
use jelling_sim::Simulation;

type Memory = Resources<Links<3, 247>, Gatt<32, 2048>, Pool<48, 6>, ScanSlots<4>, Bonds<4>, Tasks<24>>;

const SERVICE: Uuid = Uuid::new16(0x181a);
const VALUE: Uuid = Uuid::new16(0x2a6e);
const OTHER: Uuid = Uuid::new16(0x2a6f);
const BUSY: ErrorCode = ErrorCode(0x80);
/// Longer than a server waits for its application.
const LONG: Duration = Duration::from_secs(35);

/// Plays a server with two clients, and wants nothing left in the pools.
fn play(application: impl AsyncFnOnce(Host<'_>, [Host<'_>; 2])) {
    let mut memory = [(); 3].map(|()| Box::new(Memory::new()));
    let [a, b, c] = &mut memory;
    let (server, mut first) = jelling::new(&mut **a, Config::default());
    let (one, mut second) = jelling::new(&mut **b, Config::default());
    let (two, mut third) = jelling::new(&mut **c, Config::default());
    let simulation = Simulation::new(1);
    let controllers = [(); 3].map(|()| simulation.air().controller());
    let [ta, tb, tc] = controllers.each_ref().map(|controller| controller.transport());
    simulation.block_on(async {
        let app = async {
            application(server, [one, two]).await;
            join3(one.stop(), two.stop(), server.stop()).await;
        };
        let runners = select3(first.run(ta.0, ta.1), second.run(tb.0, tb.1), third.run(tc.0, tc.1));
        assert!(matches!(select(app, runners).await, Either::First(())), "a runner ended");
        for host in [server, one, two] {
            let pools = host.pools();
            assert_eq!((pools.links.used, pools.blocks.used, pools.controller_buffers.used), (0, 0, 0), "{pools:?}");
        }
    });
}

const BOTH: Properties = Properties::READ.union(Properties::WRITE).union(Properties::WRITE_WITHOUT_RESPONSE);

/// Serves a value of up to 100 octets with these options.
fn serve<'d>(host: Host<'d>, options: &CharacteristicOptions<'_>) -> Characteristic<'d> {
    let mut db = host.services().unwrap();
    let service = db.service(SERVICE).unwrap();
    let value = db.characteristic_with(service, VALUE, &options.initial(b"first").max_len(100)).unwrap();
    db.characteristic_with(service, OTHER, &CharacteristicOptions::new(BOTH).initial(b"plain")).unwrap();
    db.register().unwrap();
    value
}

/// A client connects, and finds a value; the server's side of the link too.
async fn connect<'d>(
    server: Host<'d>,
    client: Host<'d>,
    uuid: Uuid,
) -> (Connection<'d>, ClientCharacteristic<'d>, Connection<'d>) {
    let device = Device::new(AddressKind::Public, [0x00, 0x00, 0x5e, 0x00, 0x53, 0]);
    let advertise = server.advertise(Duration::from_millis(100)).services(&[SERVICE]);
    let (ours, theirs) = join(client.connect(device), advertise).await;
    let ours = ours.unwrap();
    let service = ours.service(SERVICE).await.unwrap();
    let found = service.characteristic(uuid).await.unwrap();
    (ours, found, theirs.unwrap())
}

async fn octets(of: &ClientCharacteristic<'_>) -> Result<Vec<u8>, Error> {
    let mut buffer = [0; 100];
    let length = of.read_into(&mut buffer).timeout(LONG).await?;
    Ok(buffer[..length].to_vec())
}

/// Sets the value to one more than it was, and refuses at the fifth read.
fn count(access: &Access<'_>) -> Result<(), ErrorCode> {
    assert_eq!((access.kind(), access.security()), (AccessKind::Read, Ok(Security::default())));
    let mut stored = [0; 4];
    // The first value is no number.
    let number = if access.stored_into(&mut stored) == Ok(4) { u32::from_le_bytes(stored) } else { 0 };
    if number == 4 {
        return Err(BUSY);
    }
    access.set(&(number + 1)).map_err(|_| ErrorCode::UNLIKELY_ERROR)
}

#[test]
fn a_function_sets_what_is_read_and_refuses_with_a_code_of_its_own() {
    play(async |server, [one, two]| {
        let local = serve(server, &CharacteristicOptions::new(BOTH).on_read(count));
        let (a, first, _a) = connect(server, one, VALUE).await;
        let (_b, second, _b2) = connect(server, two, VALUE).await;
        assert_eq!(first.read::<u32>().await, Ok(1));
        assert_eq!(second.read::<u32>().await, Ok(2));
        // Both at once: one after the other.
        let (x, y) = join(first.read::<u32>(), second.read::<u32>()).await;
        assert_eq!([x.unwrap().min(y.unwrap()), x.unwrap().max(y.unwrap())], [3, 4]);
        assert_eq!(first.read::<u32>().await, Err(Error::Gatt(BUSY)));
        // Other values and writes do not meet it, nor does the application itself.
        let other = a.service(SERVICE).await.unwrap().characteristic(OTHER).await.unwrap();
        assert_eq!(octets(&other).await.unwrap(), b"plain");
        second.write(&7u32).response().await.unwrap();
        assert_eq!(local.read::<u32>(), Ok(7));
        assert_eq!(first.read::<u32>().await, Ok(8));
    });
}

/// Sets the value to one more than it was.
fn count_up(access: &Access<'_>) -> Result<(), ErrorCode> {
    let mut stored = [0; 4];
    access.stored_into(&mut stored).map_err(|_| ErrorCode::UNLIKELY_ERROR)?;
    access.set(&(u32::from_le_bytes(stored) + 1)).map_err(|_| ErrorCode::UNLIKELY_ERROR)
}

#[test]
fn a_request_that_waits_behind_notifications_is_asked_about_when_its_turn_comes() {
    let all = BOTH.union(Properties::NOTIFY);
    let options = CharacteristicOptions::new(all);
    for (options, defers) in [(options.on_read(count_up), false), (options.defer_reads(), true)] {
        play(async |server, [one, _]| {
            let local = serve(server, &options);
            local.write(&0u32).unwrap();
            let (_a, remote, theirs) = connect(server, one, VALUE).await;
            let mut updates = remote.subscribe(Updates::NOTIFY).depth(16).await.unwrap();
            let told = Cell::new(0);
            let tell = async {
                loop {
                    local.notify(&theirs, &told.get()).await.unwrap();
                    told.set(told.get() + 1);
                }
            };
            let hear = async {
                let mut heard = 0;
                loop {
                    assert_eq!(updates.notified::<u32>().await, Ok(heard));
                    heard += 1;
                }
            };
            let answer = async {
                for number in 1..u32::MAX {
                    local.read_requested().await.unwrap().answer(&number).unwrap();
                }
            };
            let read = async {
                for number in 1..=20u32 {
                    assert_eq!(remote.read::<u32>().timeout(LONG).await, Ok(number), "deferred: {defers}");
                }
            };
            select4(tell, hear, answer, read).await;
            assert!(told.get() > 20, "{} notifications", told.get());
        });
    }
}

/// Allows even numbers.
fn even(access: &Access<'_>) -> Result<(), ErrorCode> {
    assert_eq!(access.kind(), AccessKind::Write);
    let mut octets = [0; 2];
    match access.value::<u32>() {
        Ok(number) if number % 2 == 0 => Ok(()),
        Ok(_) => Err(BUSY),
        Err(Error::InvalidValue) if access.value_into(&mut octets) != Ok(4) => Err(ErrorCode::VALUE_NOT_ALLOWED),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_function_sees_what_is_written_and_nothing_changes_that_it_refuses() {
    play(async |server, [one, _]| {
        let local = serve(server, &CharacteristicOptions::new(BOTH).on_write(even));
        let (link, remote, theirs) = connect(server, one, VALUE).await;
        remote.write(&2u32).response().await.unwrap();
        let (who, what) = local.written::<u32>().await.unwrap();
        assert!(who == theirs && what == 2);
        assert_eq!(remote.write(&3u32).response().await, Err(Error::Gatt(BUSY)));
        assert_eq!(remote.write(b"four").response().await, Ok(()));
        assert_eq!(remote.write(b"fours").response().await, Err(Error::Gatt(ErrorCode::VALUE_NOT_ALLOWED)));
        // Longer than a PDU: asked about once, at the end.
        assert_eq!(remote.write(&[2; 60]).response().await, Err(Error::Gatt(ErrorCode::VALUE_NOT_ALLOWED)));
        assert_eq!(local.read::<[u8; 4]>(), Ok(*b"four"));
        // Without an answer: one after the other, however fast they come.
        for number in [6u32, 7, 8, 9] {
            remote.write(&number).no_response().await.unwrap();
        }
        assert_eq!(remote.read::<u32>().await, Ok(8));
        assert_eq!(server.counters().values_dropped, 0);
        link.disconnect().await.unwrap();
    });
}

#[test]
fn a_task_answers_a_read_at_leisure_and_the_link_goes_on() {
    play(async |server, [one, two]| {
        let local = serve(server, &CharacteristicOptions::new(BOTH.union(Properties::NOTIFY)).defer_reads());
        let (a, first, theirs) = connect(server, one, VALUE).await;
        let (_b, second, _b2) = connect(server, two, VALUE).await;
        let other = a.service(SERVICE).await.unwrap().characteristic(OTHER).await.unwrap();
        let asked = Cell::new(0);
        let task = async {
            loop {
                let request = local.read_requested().await.unwrap();
                assert_eq!(request.offset(), 0);
                Timer::after_secs(5).await;
                asked.set(asked.get() + 1);
                match asked.get() {
                    1 => request.answer(b"answered").unwrap(),
                    2 => request.refuse(BUSY).unwrap(),
                    3 => request.accept().unwrap(),
                    4 => drop(request),
                    _ => assert_eq!(request.answer(&[0u8; 101]), Err(Error::TooLong)),
                }
            }
        };
        let clients = async {
            // Two clients ask at once, and are answered one after the other.
            let (x, y) = join(octets(&first), octets(&second)).await;
            assert_eq!([x.clone(), y.clone()].into_iter().filter(|r| *r == Err(Error::Gatt(BUSY))).count(), 1);
            assert!(x == Ok(b"answered".to_vec()) || y == Ok(b"answered".to_vec()));
            assert_eq!(octets(&second).await.unwrap(), b"answered");
            // A request that is dropped, and one whose answer does not fit.
            for _ in 0..2 {
                assert_eq!(octets(&first).await, Err(Error::Gatt(ErrorCode::UNLIKELY_ERROR)));
            }
            // Notifications and other values pass a question by; what comes without an answer too.
            let mut updates = first.subscribe(Updates::NOTIFY).await.unwrap();
            let (read, notified) = join(octets(&first), async {
                Timer::after_secs(1).await;
                local.notify(&theirs, &1u8).await.unwrap();
                other.write(b"passes").no_response().await.unwrap();
                updates.notified::<u8>().timeout(Duration::from_secs(1)).await
            })
            .await;
            assert_eq!((read, notified), (Err(Error::Gatt(ErrorCode::UNLIKELY_ERROR)), Ok(1)));
            assert_eq!(octets(&other).await.unwrap(), b"passes");
        };
        assert!(matches!(select(task, clients).await, Either::Second(())));
        assert_eq!(asked.get(), 6);
    });
}

#[test]
fn a_write_that_nobody_decides_on_is_refused_after_29_s() {
    play(async |server, [one, two]| {
        let local = serve(server, &CharacteristicOptions::new(BOTH).defer_writes());
        let (_a, first, _a2) = connect(server, one, VALUE).await;
        let (_b, second, theirs) = connect(server, two, VALUE).await;
        // Nobody looks.
        let begin = Instant::now();
        let refused = first.write(b"unseen").response().timeout(LONG).await;
        assert_eq!(refused, Err(Error::Gatt(ErrorCode::UNLIKELY_ERROR)));
        let waited = begin.elapsed().as_millis();
        assert!((29_000..30_000).contains(&waited), "{waited} ms");
        // Somebody looks, and takes too long; what he says then does not count.
        let (refused, late) = join(first.write(b"late").response().timeout(LONG), async {
            let request = local.write_requested().await.unwrap();
            let mut octets = [0; 8];
            assert_eq!(request.value_into(&mut octets), Ok(4));
            Timer::after_secs(32).await;
            request.accept()
        })
        .await;
        assert_eq!((refused, late), (Err(Error::Gatt(ErrorCode::UNLIKELY_ERROR)), Err(Error::Timeout)));
        assert_eq!(local.read::<[u8; 5]>(), Ok(*b"first"));
        // In time, with 200 ms to go.
        let (written, answered) = join(second.write(b"in time").response().timeout(LONG), async {
            let request = local.write_requested().await.unwrap();
            assert!(*request.connection() == theirs);
            Timer::after_millis(28_800).await;
            request.accept()
        })
        .await;
        assert_eq!((written, answered), (Ok(()), Ok(())));
        assert_eq!(local.read::<[u8; 7]>(), Ok(*b"in time"));
        let (who, _) = local.written::<[u8; 7]>().await.unwrap();
        assert!(who == theirs);
        // One of two writes without an answer waits at a time.
        let dropped = server.counters().values_dropped;
        first.write(b"one").no_response().await.unwrap();
        first.write(b"two").no_response().await.unwrap();
        let request = local.write_requested().await.unwrap();
        assert_eq!(request.value::<[u8; 3]>(), Ok(*b"one"));
        Timer::after_secs(1).await;
        request.accept().unwrap();
        assert_eq!(local.read::<[u8; 3]>(), Ok(*b"one"));
        assert_eq!(server.counters().values_dropped, dropped + 1);
    });
}

#[test]
fn a_question_goes_with_its_link_and_with_its_table() {
    play(async |server, [one, two]| {
        let local = serve(server, &CharacteristicOptions::new(BOTH).defer_reads().defer_writes());
        let (a, first, _a2) = connect(server, one, VALUE).await;
        let (b, second, _b2) = connect(server, two, VALUE).await;
        // The peer leaves while it is asked about: before anybody looks, and after.
        let (read, request) = join(first.read::<u32>().timeout(LONG), async {
            let request = local.read_requested().await.unwrap();
            a.disconnect().await.unwrap();
            request
        })
        .await;
        assert_eq!(read, Err(Error::Disconnected));
        request.connection().disconnected().await.unwrap();
        assert_eq!(request.accept(), Err(Error::Disconnected));
        let (written, ()) = join(second.write(b"x").response().timeout(LONG), async {
            Timer::after_secs(1).await;
            b.disconnect().await.unwrap();
        })
        .await;
        assert_eq!(written, Err(Error::Disconnected));
        let nobody = local.write_requested().timeout(Duration::from_secs(1)).await;
        assert_eq!(nobody.err(), Some(Error::Timeout));
        // Another table while a task waits for a question about the old one, and while one is open.
        let (_c, third, _c2) = connect(server, one, VALUE).await;
        let (read, (old, new, stale)) = join(third.read::<u32>().timeout(LONG), async {
            let old = local.read_requested().await.unwrap();
            let (stale, new) = join(local.write_requested(), async {
                let new = serve(server, &CharacteristicOptions::new(BOTH).defer_reads());
                new.read_requested().await.unwrap()
            })
            .await;
            (old.accept(), new.answer(&5u32), stale.err())
        })
        .await;
        assert_eq!((read, old, new, stale), (Ok(5), Err(Error::Timeout), Ok(()), Some(Error::Stale)));
    });
}

#[test]
fn doors_want_a_secure_link_and_an_authorised_peer() {
    play(async |server, [one, two]| {
        let all = BOTH.union(Properties::NOTIFY);
        let key = Permissions::READ_ENCRYPTED | Permissions::WRITE_AUTHENTICATED;
        let local = serve(server, &CharacteristicOptions::new(all).permissions(key).key_size(16));
        let (_a, first, theirs) = connect(server, one, VALUE).await;
        let (_b, second, _b2) = connect(server, two, VALUE).await;
        let gatt = |code| Err(Error::Gatt(code));
        assert_eq!(theirs.security(), Ok(Security::default()));
        assert_eq!(octets(&first).await, gatt(ErrorCode::INSUFFICIENT_AUTHENTICATION));
        let bonded = Security { bonded: true, ..Security::default() };
        theirs.inject_security(bonded).unwrap();
        assert_eq!(octets(&first).await, gatt(ErrorCode::INSUFFICIENT_ENCRYPTION));
        theirs.inject_security(Security { encrypted: true, key_size: 7, ..bonded }).unwrap();
        assert_eq!(octets(&first).await, gatt(ErrorCode::ENCRYPTION_KEY_SIZE_TOO_SHORT));
        assert!(first.subscribe(Updates::NOTIFY).await.is_err());
        let encrypted = Security { encrypted: true, key_size: 16, ..bonded };
        theirs.inject_security(encrypted).unwrap();
        assert_eq!(theirs.security(), Ok(encrypted));
        assert_eq!(octets(&first).await.unwrap(), b"first");
        let refused = first.write(b"x").response().await;
        assert_eq!(refused, Err(Error::Gatt(ErrorCode::INSUFFICIENT_AUTHENTICATION)));
        let mut updates = first.subscribe(Updates::NOTIFY).await.unwrap();
        local.update(b"told").unwrap();
        assert_eq!(updates.notified::<[u8; 4]>().timeout(Duration::from_secs(1)).await, Ok(*b"told"));
        // Security that is gone keeps values in, until it is back.
        theirs.inject_security(bonded).unwrap();
        let refusal = Err(Error::NotPermitted(ErrorCode::INSUFFICIENT_ENCRYPTION));
        assert_eq!(local.notify(&theirs, b"kept").await, refusal);
        local.update(b"kept").unwrap();
        let waits = updates.notified::<[u8; 4]>().timeout(Duration::from_secs(1)).await;
        assert_eq!(waits, Err(Error::Timeout));
        theirs.inject_security(encrypted).unwrap();
        assert_eq!(updates.notified::<[u8; 4]>().timeout(Duration::from_secs(1)).await, Ok(*b"kept"));
        // What one peer may do another may not.
        assert_eq!(octets(&second).await, gatt(ErrorCode::INSUFFICIENT_AUTHENTICATION));
    });
}

#[test]
fn who_is_authorised_may_until_it_is_taken_back() {
    play(async |server, [one, two]| {
        let authorised = Permissions::READ_AUTHORISED | Permissions::WRITE_AUTHORISED;
        let local = serve(server, &CharacteristicOptions::new(BOTH).permissions(authorised).on_write(even));
        let (a, first, theirs) = connect(server, one, VALUE).await;
        let (_b, second, _b2) = connect(server, two, VALUE).await;
        let refusal = Err(Error::Gatt(ErrorCode::INSUFFICIENT_AUTHORIZATION));
        // The door comes before the function.
        assert_eq!(first.write(&3u32).response().await, refusal);
        theirs.authorise(Authorisation::Granted).unwrap();
        assert_eq!(first.write(&3u32).response().await, Err(Error::Gatt(BUSY)));
        assert_eq!(first.write(&4u32).response().await, Ok(()));
        assert_eq!(first.read::<u32>().await, Ok(4));
        assert_eq!(second.read::<u32>().await.err(), refusal.err());
        theirs.authorise(Authorisation::Refused).unwrap();
        assert_eq!(first.read::<u32>().await.err(), refusal.err());
        // It ends with the link.
        theirs.authorise(Authorisation::Granted).unwrap();
        a.disconnect().await.unwrap();
        theirs.disconnected().await.unwrap();
        assert_eq!(theirs.authorise(Authorisation::Granted), Err(Error::Disconnected));
        let (_a, again, _again) = connect(server, one, VALUE).await;
        assert_eq!(again.write(&6u32).response().await, refusal);
        assert_eq!(local.read::<u32>(), Ok(4));
    });
}
