//! Faults one after another, faults of one link among several, and faults where nothing seems to happen.
#![cfg(all(feature = "central", feature = "client", feature = "peripheral", feature = "server"))]
#![cfg(all(feature = "sim", not(feature = "sync")))]
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    missing_docs,
    reason = "tests"
)]

use core::{array, cell::Cell, future::pending, time::Duration};
use embassy_futures::{
    join::{join, join3},
    select::{Either, select, select3},
    yield_now,
};
use embassy_time::{Instant, Timer};
use jelling::{
    Config, Connection, Error, Fault, Host, HostEvent, OwnAddress, Properties, Status, Uuid,
    sim::{self, Action, Controller, Direction, Fault as Script, Simulation},
};
use jelling_wire::{Packet, PacketKind, hci::Opcode};

const INTERVAL: Duration = Duration::from_millis(50);
const SERVICE: Uuid = Uuid::new16(0x181a);
const VALUE: Uuid = Uuid::new16(0x2a6e);
const HARDWARE_ERROR: &[u8] = &[0x10, 1, 0x42];

/// Something happens at the packet of the host that comes after so many others.
fn script(controller: &Controller, ahead: u64, action: Action) {
    let [to, _] = controller.passed();
    controller.inject(Script { direction: Direction::ToController, index: to + ahead, action });
}

fn say(controller: &Controller, event: &[u8]) {
    controller.say(Packet::new(PacketKind::Event, event));
}

/// Runs an application on as many controllers as it has hosts.
fn play<const N: usize, R>(application: impl AsyncFnOnce([Host<'_>; N], &[Controller; N]) -> R) -> R {
    let air = sim::Air::new(1);
    let controllers: [Controller; N] = array::from_fn(|_| air.controller());
    let simulation = Simulation::on(air);
    sim::on(&simulation, &controllers, async |hosts| application(hosts, &controllers).await)
}

async fn connected<'d>(central: Host<'d>, peripheral: Host<'d>, number: u8) -> (Connection<'d>, Connection<'d>) {
    let (ours, theirs) = join(central.connect(sim::device(number)), peripheral.advertise(INTERVAL)).await;
    (ours.unwrap(), theirs.unwrap())
}

async fn recovered(host: Host<'_>) {
    while !matches!(host.event().await, HostEvent::Recovered(_)) {}
}

/// Events until the host is up again, or gave up.
async fn events(host: Host<'_>) -> Vec<HostEvent> {
    let mut seen = vec![];
    while !matches!(seen.last(), Some(HostEvent::Recovered(_) | HostEvent::Failed(_))) {
        seen.push(host.event().await);
    }
    seen
}

#[test]
fn a_random_static_address_is_kept() {
    let simulation = Simulation::new(1);
    let controllers = [simulation.air().controller()];
    let config = Config { address: OwnAddress::RandomStatic, ..Config::default() };
    simulation.block_on(sim::hosts(&controllers, [config], async |[host]| {
        let before = host.start().await.unwrap().address;
        say(&controllers[0], HARDWARE_ERROR);
        recovered(host).await;
        assert_eq!(host.start().await.unwrap().address, before);
        host.stop().await;
        assert_eq!(host.start().await.unwrap().address, before);
    }));
}

#[test]
fn a_controller_that_takes_more_commands_has_not_restarted() {
    play(async |[central, peripheral], controllers| {
        let (ours, _theirs) = connected(central, peripheral, 1).await;
        say(&controllers[0], &[0x0e, 3, 2, 0, 0]);
        Timer::after_secs(10).await;
        assert!(ours.is_connected(), "lost: {:?}", ours.reason());
    });
}

#[test]
fn an_empty_answer_alone_costs_no_link() {
    play(async |[central, peripheral], controllers| {
        let (ours, _theirs) = connected(central, peripheral, 1).await;
        say(&controllers[0], &[0x0e, 3, 1, 0, 0]);
        Timer::after_secs(10).await;
        assert!(ours.is_connected(), "lost: {:?}", ours.reason());
    });
}

#[test]
fn hardware_errors_in_a_burst_are_one_fault() {
    play(async |[host], controllers| {
        host.start().await.unwrap();
        (0..5).for_each(|_| say(&controllers[0], HARDWARE_ERROR));
        let seen = events(host).await;
        assert_eq!(seen.last(), Some(&HostEvent::Recovered(Fault::Hardware(0x42))), "{seen:?}");
    });
}

#[test]
fn a_peer_that_takes_no_data_loses_its_own_link_only() {
    let simulation = Simulation::new(1);
    let controllers: [Controller; 3] = array::from_fn(|_| simulation.air().controller());
    let mut memory: [Box<sim::Memory>; 3] = array::from_fn(|_| Box::new(sim::Memory::new()));
    let [one, two, three] = &mut memory;
    let (host, mut runner) = jelling::new(&mut **one, Config::default());
    let (well, mut second) = jelling::new(&mut **two, Config::default());
    let (deaf, mut third) = jelling::new(&mut **three, Config::default());
    let is_deaf = Cell::new(false);
    let app = async {
        for peer in [well, deaf] {
            let mut db = peer.services().unwrap();
            let service = db.service(SERVICE).unwrap();
            let properties = Properties::READ | Properties::WRITE | Properties::WRITE_WITHOUT_RESPONSE;
            db.characteristic(service, VALUE, properties).unwrap();
            db.register().unwrap();
        }
        let (good, _keep) = connected(host, well, 1).await;
        let (bad, _keep_too) = connected(host, deaf, 2).await;
        let good_value = good.service(SERVICE).await.unwrap().characteristic(VALUE).await.unwrap();
        let bad_value = bad.service(SERVICE).await.unwrap().characteristic(VALUE).await.unwrap();
        is_deaf.set(true);
        let start = Instant::now();
        let flood = async { while bad_value.write(&1u8).no_response().no_timeout().await.is_ok() {} };
        let use_the_other = async {
            // It is served all the while.
            while bad.is_connected() {
                good_value.write(&2u8).response().await.unwrap();
                Timer::after_secs(1).await;
            }
        };
        join(flood, use_the_other).await;
        assert!(start.elapsed().as_secs() <= 50, "after {} s", start.elapsed().as_secs());
        assert!(good.is_connected());
        good_value.read::<u8>().await.unwrap();
    };
    let (r1, w1) = controllers[0].transport();
    let (r2, w2) = controllers[1].transport();
    let (r3, w3) = controllers[2].transport();
    let third = async {
        let mut run = Box::pin(third.run(r3, w3));
        core::future::poll_fn(|context| match is_deaf.get() {
            true => core::task::Poll::Pending,
            false => run.as_mut().poll(context).map(|_| ()),
        })
        .await;
    };
    simulation.block_on(async { select(app, join3(runner.run(r1, w1), second.run(r2, w2), third)).await });
}

#[test]
fn advertising_begun_during_a_recovery_outlives_its_attempts() {
    play(async |[central, peripheral], controllers| {
        let (ours, theirs) = connected(central, peripheral, 1).await;
        // The first Reset of the recovery is lost.
        script(&controllers[1], 0, Action::Drop);
        say(&controllers[1], HARDWARE_ERROR);
        theirs.disconnected().await.unwrap();
        drop(ours);
        let serve = async { peripheral.advertise(INTERVAL).timeout(Duration::from_secs(30)).await.map(|_| ()) };
        let ask = async {
            Timer::after_secs(12).await;
            central.connect(sim::device(1)).await.map(|_| ())
        };
        assert_eq!(join(serve, ask).await, (Ok(()), Ok(())));
    });
}

#[test]
fn a_controller_that_fails_whenever_it_is_up_is_given_up() {
    play(async |[host], controllers| {
        let failures = Cell::new(0);
        let breaks = async {
            loop {
                host.advertising().await.unwrap();
                failures.set(failures.get() + 1);
                say(&controllers[0], HARDWARE_ERROR);
                while host.is_up() {
                    yield_now().await;
                }
            }
        };
        let Either::First(advertised) = select(host.advertise(INTERVAL), breaks).await;
        assert_eq!(advertised.unwrap_err(), Error::Down(Fault::Hardware(0x42)));
        assert_eq!(failures.get(), 4, "the first one, and three attempts");
        assert_eq!(host.event().await, HostEvent::Failed(Fault::Hardware(0x42)));
    });
}

#[test]
fn faults_far_from_each_other_are_each_recovered() {
    play(async |[host], controllers| {
        host.start().await.unwrap();
        for _ in 0..6 {
            say(&controllers[0], HARDWARE_ERROR);
            recovered(host).await;
            Timer::after_secs(11).await;
        }
    });
}

/// Runs an application of one host on one transport until it says so, then on another.
fn on_two_transports<R>(application: impl AsyncFnOnce(Host<'_>, &[Controller; 2], &Cell<bool>) -> R) -> R {
    let simulation = Simulation::new(1);
    let controllers = [simulation.air().controller(), simulation.air().controller()];
    let mut memory = Box::new(sim::Memory::new());
    let (host, mut runner) = jelling::new(&mut *memory, Config::default());
    let closes = Cell::new(false);
    let run = async {
        let (reader, writer) = controllers[0].transport();
        let closed = async {
            while !closes.get() {
                Timer::after_millis(1).await;
            }
        };
        select(runner.run(reader, writer), closed).await;
        let (reader, writer) = controllers[1].transport();
        runner.run(reader, writer).await;
    };
    simulation.block_on(async {
        match select(application(host, &controllers, &closes), run).await {
            Either::First(result) => result,
            Either::Second(()) => panic!("the runner ended"),
        }
    })
}

#[test]
fn an_outage_is_told_once() {
    let seen = on_two_transports(async |host, controllers, closes| {
        host.start().await.unwrap();
        script(&controllers[0], 0, Action::Silence);
        say(&controllers[0], HARDWARE_ERROR);
        let close = async {
            Timer::after_millis(1_500).await;
            closes.set(true);
        };
        join(events(host), close).await.0
    });
    assert_eq!(seen, [HostEvent::Lost(Fault::Hardware(0x42)), HostEvent::Recovered(Fault::TransportClosed)]);
}

#[test]
fn attempts_on_another_transport_do_not_count() {
    let seen = on_two_transports(async |host, controllers, closes| {
        host.start().await.unwrap();
        script(&controllers[0], 0, Action::Silence);
        script(&controllers[1], 0, Action::Drop);
        say(&controllers[0], HARDWARE_ERROR);
        let close = async {
            // Two attempts have been made by then.
            Timer::after_millis(5_500).await;
            closes.set(true);
        };
        join(events(host), close).await.0
    });
    assert!(matches!(seen.last(), Some(HostEvent::Recovered(_))), "{seen:?}");
}

#[test]
fn advertising_waits_for_a_transport_that_closed_before_the_host_was_up() {
    on_two_transports(async |host, controllers, closes| {
        let advertise = host.advertise(INTERVAL).timeout(Duration::from_secs(20));
        // Read Local Version Information is not answered any more.
        script(&controllers[0], 1, Action::Silence);
        let close = async {
            Timer::after_millis(500).await;
            closes.set(true);
            host.advertising().await
        };
        let (advertised, told) = join(advertise, close).await;
        assert_eq!(advertised.unwrap_err(), Error::Timeout);
        told.unwrap();
    });
}

#[test]
fn a_host_without_a_runner_stops_at_once() {
    let simulation = Simulation::new(1);
    let controller = simulation.air().controller();
    let mut memory = Box::new(sim::Memory::new());
    let (host, mut runner) = jelling::new(&mut *memory, Config::default());
    let (reader, writer) = controller.transport();
    simulation.block_on(async {
        select(host.start(), Timer::after_secs(1)).await;
        host.stop().await;
        let Either::Second(started) = select(runner.run(reader, writer), host.start()).await;
        started.unwrap();
        select(host.start(), Timer::after_secs(1)).await;
        host.stop().await;
    });
}

#[test]
fn whoever_waits_for_advertising_learns_that_it_failed() {
    play(async |[host], controllers| {
        script(&controllers[0], 0, Action::Silence);
        let (advertised, told) = join(host.advertise(INTERVAL), host.advertising()).await;
        assert_eq!(advertised.unwrap_err(), Error::Down(Fault::Silent(Opcode::RESET)));
        assert_eq!(told, Err(Error::Down(Fault::Silent(Opcode::RESET))));
        controllers[0].power_cycle();
        let (told, advertised) = join(host.advertising(), host.advertise(Duration::ZERO)).await;
        assert_eq!(told, advertised.map(|_| ()));
    });
}

#[test]
fn directed_advertising_goes_on_after_a_recovery() {
    play(async |[central, peripheral], controllers| {
        let advertise = peripheral.advertise(INTERVAL).directed(sim::device(0)).timeout(Duration::from_secs(20));
        let ask = async {
            peripheral.advertising().await.unwrap();
            say(&controllers[1], HARDWARE_ERROR);
            recovered(peripheral).await;
            central.connect(sim::device(1)).await.map(|_| ())
        };
        let (advertised, asked) = join(advertise, ask).await;
        assert!(advertised.is_ok() && asked.is_ok());
    });
}

#[test]
fn a_controller_that_falls_silent_while_nothing_happens_is_noticed() {
    play(async |[central, peripheral], controllers| {
        let (ours, theirs) = connected(central, peripheral, 1).await;
        // Even Reset goes unanswered until its power is cycled.
        script(&controllers[0], 0, Action::Silence);
        let start = Instant::now();
        ours.disconnected().await.unwrap();
        assert!(start.elapsed().as_secs() <= 63, "after {} s", start.elapsed().as_secs());
        theirs.disconnected().await.unwrap();
        controllers[0].power_cycle();
        recovered(central).await;
    });
}

#[test]
fn a_link_whose_end_was_not_told_is_noticed_and_the_others_stay() {
    play(async |[host, one, two], controllers| {
        let (first, theirs) = connected(host, one, 1).await;
        let (second, _keep) = connected(host, two, 2).await;
        Timer::after_secs(1).await;
        let [_, from] = controllers[0].passed();
        // The packet that tells of the end of the first link is lost.
        controllers[0].inject(Script { direction: Direction::FromController, index: from, action: Action::Drop });
        theirs.disconnect().await.unwrap();
        let start = Instant::now();
        assert!(first.is_connected());
        first.disconnected().await.unwrap();
        assert_eq!(first.reason(), Some(Status::CONNECTION_TIMEOUT));
        assert!(start.elapsed().as_secs() <= 61, "after {} s", start.elapsed().as_secs());
        Timer::after_secs(300).await;
        assert!(second.is_connected(), "the other link went with it: {:?}", second.reason());
    });
}

#[test]
fn a_restart_without_a_word_is_noticed() {
    play(async |[central, peripheral], controllers| {
        let (ours, theirs) = connected(central, peripheral, 1).await;
        controllers[0].power_cycle();
        let start = Instant::now();
        let told = async { while !matches!(central.event().await, HostEvent::Recovered(Fault::Restarted)) {} };
        join(ours.disconnected(), told).await.0.unwrap();
        assert!(start.elapsed().as_secs() <= 61, "after {} s", start.elapsed().as_secs());
        theirs.disconnected().await.unwrap();
    });
}

#[test]
fn a_link_is_asked_after_only_as_the_configuration_says() {
    let simulation = Simulation::new(1);
    let controllers = [simulation.air().controller(), simulation.air().controller()];
    let never = Config { link_check: Duration::ZERO, ..Config::default() };
    let often = Config { link_check: Duration::from_secs(1), ..Config::default() };
    let application = async |[central, peripheral]: [Host<'_>; 2]| {
        let (_ours, _theirs) = connected(central, peripheral, 1).await;
        Timer::after_secs(1).await;
        let before = controllers.each_ref().map(Controller::passed);
        Timer::after_secs(100).await;
        let after = controllers.each_ref().map(Controller::passed);
        assert_eq!(after[0], before[0]);
        assert!(after[1][0] >= before[1][0] + 99, "{before:?} {after:?}");
    };
    simulation.block_on(sim::hosts(&controllers, [never, often], application));
}

#[test]
fn a_disconnect_does_not_wait_for_ever_for_what_is_owed() {
    let simulation = Simulation::new(1);
    let controllers = [simulation.air().controller(), simulation.air().controller()];
    let mut memory: [Box<sim::Memory>; 2] = array::from_fn(|_| Box::new(sim::Memory::new()));
    let [one, two] = &mut memory;
    let (host, mut runner) = jelling::new(&mut **one, Config::default());
    let (deaf, mut other) = jelling::new(&mut **two, Config::default());
    let is_deaf = Cell::new(false);
    let app = async {
        let mut db = deaf.services().unwrap();
        let service = db.service(SERVICE).unwrap();
        db.characteristic(service, VALUE, Properties::WRITE_WITHOUT_RESPONSE).unwrap();
        db.register().unwrap();
        let (ours, _theirs) = connected(host, deaf, 1).await;
        let value = ours.service(SERVICE).await.unwrap().characteristic(VALUE).await.unwrap();
        is_deaf.set(true);
        let flood = async { while value.write(&1u8).no_response().no_timeout().await.is_ok() {} };
        select3(flood, Timer::after_secs(5), pending::<()>()).await;
        let start = Instant::now();
        // The supervision timeout of 5 s, and the end itself.
        ours.disconnect().timeout(Duration::from_secs(11)).await.unwrap();
        assert!(start.elapsed().as_secs() >= 5);
    };
    let (r1, w1) = controllers[0].transport();
    let (r2, w2) = controllers[1].transport();
    let other = async {
        let mut run = Box::pin(other.run(r2, w2));
        core::future::poll_fn(|context| match is_deaf.get() {
            true => core::task::Poll::Pending,
            false => run.as_mut().poll(context).map(|_| ()),
        })
        .await;
    };
    simulation.block_on(async { select3(app, runner.run(r1, w1), other).await });
}

#[test]
#[should_panic(expected = "has not ended after six hours")]
fn an_application_that_waits_for_ever_fails_its_test() {
    sim::run(1, async |[host]| drop(host.advertise(INTERVAL * 100).await));
}
