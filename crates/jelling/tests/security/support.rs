//! Two hosts that are connected, what one of them serves, and a user of both.

use core::{
    array,
    cell::RefCell,
    convert::Infallible,
    future::{Future, pending},
    ops::Deref,
    time::Duration,
};
use embassy_futures::{
    join::{join, join_array},
    select::{Either, select},
};
use embassy_time::{Instant, Timer};
use jelling::{
    Characteristic, CharacteristicOptions, ClientCharacteristic, Connection, ConnectionEvent, Error, Host, PacketKind,
    Pair, PasskeyAction, PasskeyRequest, Permissions, Properties, Security, Uuid,
    sim::{self, Air, Controller, Direction, Passed, Simulation},
};

pub(crate) const INTERVAL: Duration = Duration::from_millis(50);
pub(crate) const SERVICE: Uuid = Uuid::new16(0x181a);
pub(crate) const OPEN: Uuid = Uuid::new16(0x2a6e);
pub(crate) const ENCRYPTED: Uuid = Uuid::new16(0x2a6f);
pub(crate) const AUTHENTICATED: Uuid = Uuid::new16(0x2a70);

/// An air, and all that has passed on it.
pub(crate) struct Tape {
    air: Air,
    passed: RefCell<Vec<Passed>>,
}

impl Tape {
    /// All that has passed.
    pub(crate) fn recording(&self) -> Vec<Passed> {
        let mut passed = self.passed.borrow_mut();
        passed.extend(self.air.recording());
        passed.clone()
    }
}

impl Deref for Tape {
    type Target = Air;
    fn deref(&self) -> &Air {
        &self.air
    }
}

/// Runs an application with as many hosts as it takes, each on the controller of its number. What passes is recorded, and
/// afterwards nothing may be left in the pools.
pub(crate) fn play<const N: usize>(application: impl AsyncFnOnce([Host<'_>; N], &Tape, &[Controller; N])) {
    let air = Air::new(1);
    air.record();
    let tape = Tape { air: air.clone(), passed: RefCell::default() };
    let controllers: [Controller; N] = array::from_fn(|_| air.controller());
    let simulation = Simulation::on(air);
    sim::on(&simulation, &controllers, async |hosts| {
        application(hosts, &tape, &controllers).await;
        for host in hosts {
            host.stop().await;
            let pools = host.pools();
            let used = [pools.links, pools.blocks, pools.queues, pools.controller_buffers].map(|pool| pool.used);
            assert_eq!(used, [0; 4], "{pools:?}");
        }
    });
}

/// The central's connection to the peripheral with this number, and the peripheral's to it.
pub(crate) async fn connected<'d>(
    central: Host<'d>,
    peripheral: Host<'d>,
    number: u8,
) -> (Connection<'d>, Connection<'d>) {
    let (ours, theirs) = join(central.connect(sim::device(number)), peripheral.advertise(INTERVAL)).await;
    (ours.unwrap(), theirs.unwrap())
}

/// Two hosts that are connected: the first is the central.
pub(crate) fn pair_of(application: impl AsyncFnOnce([Host<'_>; 2], [Connection<'_>; 2], &Tape)) {
    play(async |[central, peripheral], air, _| {
        let (ours, theirs) = connected(central, peripheral, 1).await;
        application([central, peripheral], [ours, theirs], air).await;
    });
}

/// Three values: one for everybody, one for who is encrypted, one for who is authenticated.
pub(crate) struct Served<'d> {
    pub(crate) open: Characteristic<'d>,
    pub(crate) encrypted: Characteristic<'d>,
    pub(crate) authenticated: Characteristic<'d>,
}

pub(crate) fn serve(host: Host<'_>) -> Served<'_> {
    let mut db = host.services().unwrap();
    let service = db.service(SERVICE).unwrap();
    let all = Properties::READ | Properties::WRITE | Properties::NOTIFY | Properties::INDICATE;
    let mut add = |uuid, permissions| {
        let options = CharacteristicOptions::new(all | Properties::EXTENDED).max_len(100).initial(b"0");
        let options = options.permissions(permissions);
        db.characteristic_with(service, uuid, &options).unwrap()
    };
    let open = add(OPEN, Permissions::READ | Permissions::WRITE);
    let encrypted = add(ENCRYPTED, Permissions::READ_ENCRYPTED | Permissions::WRITE_ENCRYPTED);
    let authenticated = add(AUTHENTICATED, Permissions::READ_AUTHENTICATED | Permissions::WRITE_AUTHENTICATED);
    db.register().unwrap();
    Served { open, encrypted, authenticated }
}

/// One of the characteristics of [`serve`], found by the client.
pub(crate) async fn found<'d>(connection: &Connection<'d>, uuid: Uuid) -> ClientCharacteristic<'d> {
    connection.service(SERVICE).await.unwrap().characteristic(uuid).await.unwrap()
}

/// What a future gives, and how long it took.
pub(crate) async fn timed<T>(future: impl Future<Output = T>) -> (T, Duration) {
    let start = Instant::now();
    let output = future.await;
    (output, Duration::from_micros(start.elapsed().as_micros()))
}

/// What a future gives before the other ends.
pub(crate) async fn beside<T>(future: impl Future<Output = T>, other: impl Future<Output = Infallible>) -> T {
    match select(future, other).await {
        Either::First(output) => output,
        Either::Second(never) => match never {},
    }
}

/// Waits until both sides of a link have the same security, and gives it.
pub(crate) async fn agreed(sides: &[Connection<'_>; 2]) -> Security {
    for _ in 0..100 {
        let [ours, theirs] = sides.each_ref().map(|side| side.security().unwrap());
        if ours == theirs {
            return ours;
        }
        Timer::after_millis(10).await;
    }
    let [ours, theirs] = sides.each_ref().map(|side| side.security());
    panic!("{ours:?} at one side, {theirs:?} at the other");
}

/// Two hosts with a bond, connected again and not encrypted.
pub(crate) async fn bonded<'d>(hosts: [Host<'d>; 2]) -> [Connection<'d>; 2] {
    let (ours, theirs) = connected(hosts[0], hosts[1], 1).await;
    ours.pair(Pair::new()).await.unwrap();
    agreed(&[ours.clone(), theirs.clone()]).await;
    ours.disconnect().await.unwrap();
    theirs.disconnected().await.unwrap();
    drop((ours, theirs));
    let (ours, theirs) = connected(hosts[0], hosts[1], 1).await;
    [ours, theirs]
}

/// What a user did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Did {
    Read,
    Typed,
    Compared,
}

/// A user of several hosts, who does what they ask.
#[derive(Default)]
pub(crate) struct User {
    digits: RefCell<Option<u32>>,
    /// The number of the host, and what was done.
    pub(crate) did: RefCell<Vec<(usize, Did)>>,
}

impl User {
    /// Does what the hosts ask, for ever.
    pub(crate) async fn obey<const N: usize>(&self, hosts: [Host<'_>; N]) -> Infallible {
        let mut number = 0;
        let all = hosts.map(|host| {
            number += 1;
            self.obey_one(number - 1, host)
        });
        join_array(all).await;
        unreachable!("a user has all the time")
    }

    async fn obey_one(&self, number: usize, host: Host<'_>) -> Infallible {
        loop {
            let request = host.passkey_action().await;
            self.answer(number, request).await;
        }
    }

    async fn answer(&self, number: usize, request: PasskeyRequest<'_>) {
        let did = match request.action() {
            PasskeyAction::Display(digits) => {
                *self.digits.borrow_mut() = Some(digits);
                Did::Read
            }
            PasskeyAction::Input => {
                // Where nothing is shown at either side the user thinks digits up.
                Timer::after_millis(500).await;
                let digits = *self.digits.borrow_mut().get_or_insert(123_456);
                request.input(digits).unwrap();
                Did::Typed
            }
            PasskeyAction::Compare(digits) => {
                let before = self.digits.borrow_mut().replace(digits);
                assert!(before.is_none_or(|before| before == digits), "{before:?} {digits}");
                request.confirm().unwrap();
                Did::Compared
            }
        };
        self.did.borrow_mut().push((number, did));
    }

    /// What was done, in the order of the hosts.
    pub(crate) fn done(&self) -> Vec<(usize, Did)> {
        let mut did = self.did.take();
        did.sort_by_key(|(number, _)| *number);
        did
    }
}

/// A central that pairs so when its peripheral asks for it.
pub(crate) async fn follows(central: &Connection<'_>, pair: Pair) -> Infallible {
    while let Ok(event) = central.event().await {
        if event == ConnectionEvent::SecurityRequested {
            // Who has asked is told how it ended.
            let _ = central.pair(pair).await;
        }
    }
    pending().await
}

/// Pairs, with somebody at both sides who does what is asked.
pub(crate) async fn pairs<'d>(
    hosts: [Host<'d>; 2],
    pairing: impl Future<Output = Result<Security, Error>>,
) -> (Result<Security, Error>, Vec<(usize, Did)>) {
    let user = User::default();
    let result = beside(pairing, user.obey(hosts)).await;
    (result, user.done())
}

/// PDUs of the security channel that the host of this controller sent, without the header.
pub(crate) fn said(recording: &[Passed], controller: usize) -> Vec<Vec<u8>> {
    let to = |p: &Passed| p.direction == Direction::ToController && p.kind == PacketKind::Acl;
    let of = |p: &&Passed| p.controller == controller && to(p);
    // An ACL packet: handle, length, then the frame's length and channel 6 (Vol 3, Part A, 2.1).
    let pdu = |p: &Passed| match &p.octets[..] {
        [_, _, _, _, _, _, 6, 0, pdu @ ..] => Some(pdu.to_vec()),
        _ => None,
    };
    recording.iter().filter(of).filter_map(pdu).collect()
}

/// The reasons of Pairing Failed that the host of this controller sent.
pub(crate) fn refusals(air: &Tape, controller: usize) -> Vec<u8> {
    let failed = |pdu: Vec<u8>| match pdu[..] {
        [0x05, reason] => Some(reason),
        _ => None,
    };
    said(&air.recording(), controller).into_iter().filter_map(failed).collect()
}
