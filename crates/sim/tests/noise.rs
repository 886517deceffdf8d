//! Faults by seed: each kind happens, as its seed says.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    missing_docs,
    reason = "tests"
)]

mod common;

use common::Bench;
use jelling_sim::{Action, Air, ControllerConfig, Direction, Fault, Noise};
use jelling_wire::{
    Packet, PacketKind,
    hci::{
        Opcode, Status,
        command::{LeRand, LeReadPhy, Reset},
        event::Event,
    },
};

const NEARLY_ALWAYS: u16 = u16::MAX;

/// Two hosts on a link; the first one's controller is noisy.
fn noisy(noise: Noise) -> Bench {
    let mut bench = Bench::new(2);
    bench.connect(0, 1);
    bench.run(100_000);
    bench.hosts[0].controller.set_noise(noise);
    bench
}

/// What a controller has for its host, as octets: events need not be whole.
fn heard(bench: &Bench) -> Vec<Vec<u8>> {
    core::iter::from_fn(|| bench.hosts[0].controller.receive()).map(|(_, octets)| octets).collect()
}

#[test]
fn links_are_lost() {
    let mut bench = noisy(Noise { lose_links: NEARLY_ALWAYS, ..Noise::default() });
    bench.send(0, &LeRand {});
    for who in [0, 1] {
        assert_eq!(bench.disconnected(who), Status::CONNECTION_TIMEOUT);
    }
    // It goes on otherwise, and nobody is to blame.
    bench.ok(0, &LeRand {});
}

#[test]
fn a_controller_hangs_until_it_is_reset() {
    let mut bench = noisy(Noise { hang: NEARLY_ALWAYS, ..Noise::default() });
    bench.send(0, &LeRand {});
    assert!(bench.hosts[0].controller.is_silent());
    assert_eq!(heard(&bench), Vec::<Vec<u8>>::new());
    bench.hosts[0].controller.set_noise(Noise::default());
    bench.send(0, &LeRand {});
    assert_eq!(heard(&bench), Vec::<Vec<u8>>::new());
    bench.begin(0);
    assert_eq!(bench.disconnected(1), Status::CONNECTION_TIMEOUT);
}

#[test]
fn a_controller_restarts_and_says_so() {
    let mut bench = noisy(Noise { restart: NEARLY_ALWAYS, ..Noise::default() });
    bench.send(0, &LeRand {});
    let nop = Event::CommandComplete { credits: 1, opcode: Opcode::NOP, return_parameters: &[] };
    assert_eq!(Event::parse(&heard(&bench)[0]).unwrap(), nop);
    bench.hosts[0].controller.set_noise(Noise::default());
    let handle = bench.hosts[0].handle;
    assert_eq!(bench.call(0, &LeReadPhy { handle }), Status::UNKNOWN_CONNECTION_IDENTIFIER);
    assert_eq!(bench.disconnected(1), Status::CONNECTION_TIMEOUT);
}

#[test]
fn a_controller_reports_an_error_of_its_hardware() {
    let bench = &mut noisy(Noise { hardware_error: NEARLY_ALWAYS, ..Noise::default() });
    let mut codes = vec![];
    for _ in 0..50 {
        bench.send(0, &LeRand {});
        for octets in heard(bench) {
            if let Event::HardwareError { code } = Event::parse(&octets).unwrap() {
                codes.push(code);
            }
        }
    }
    codes.sort_unstable();
    codes.dedup();
    assert!(codes.len() > 20, "{codes:?}");
}

#[test]
fn a_length_is_not_that_of_the_packet() {
    let bench = &mut noisy(Noise { lie: NEARLY_ALWAYS, ..Noise::default() });
    let (mut more, mut less) = (0, 0);
    for _ in 0..50 {
        bench.hosts[0].controller.say(Packet::new(PacketKind::Event, &[0x0e, 4, 1, 0x03, 0x0c, 0]));
        for octets in heard(bench) {
            assert_eq!(octets.len(), 6);
            more += u32::from(octets[1] > 4);
            less += u32::from(octets[1] < 4);
        }
    }
    assert!(more > 10 && less > 10, "{more} and {less}");
}

#[test]
fn every_kind_together_is_the_same_for_the_same_seed() {
    let heard = |seed| {
        let air = Air::new(seed);
        air.record();
        let mut bench = Bench::on(air, &[ControllerConfig::default(); 2]);
        bench.connect(0, 1);
        let (most, some) = (2_000, 300);
        let noise = Noise {
            drop: most,
            duplicate: most,
            delay: most,
            corrupt: most,
            resize: most,
            lie: most,
            lose_links: some,
            hang: some,
            restart: some,
            hardware_error: most,
        };
        bench.hosts[0].controller.set_noise(noise);
        for n in 0..2_000 {
            bench.send(0, &LeRand {});
            bench.air.advance_to(bench.air.now() + 10_000);
            while bench.hosts[0].controller.receive().is_some() {}
            if n % 100 == 0 {
                bench.send(0, &Reset {});
            }
        }
        let _ = bench.breaches();
        bench.air.recording().iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(heard(5), heard(5));
    assert_ne!(heard(5), heard(6));
}

#[test]
fn a_link_that_is_lost_as_it_comes_up_was_up_first() {
    // From LE Connection Complete on, whatever packet it is that the links are lost with.
    for index in 1..12 {
        let mut bench = Bench::new(2);
        let [_, from] = bench.hosts[0].controller.passed();
        bench.hosts[0].controller.inject(Fault {
            direction: Direction::FromController,
            index: from + index,
            action: Action::LoseLinks,
        });
        bench.connect(0, 1);
        for _ in 0..12 {
            bench.ok(0, &LeRand {});
        }
        for who in [0, 1] {
            assert_eq!(bench.disconnected(who), Status::CONNECTION_TIMEOUT);
        }
    }
}

#[test]
fn noise_of_a_seed_is_the_same_noise() {
    let heard = |seed| {
        let mut bench = Bench::on(Air::new(seed), &[ControllerConfig::default(); 2]);
        bench.advertise(0);
        let noise = Noise { drop: 6_000, duplicate: 6_000, corrupt: 6_000, ..Noise::default() };
        bench.hosts[0].controller.set_noise(noise);
        for _ in 0..200 {
            bench.send(0, &LeRand {});
            bench.collect();
        }
        let _ = bench.breaches();
        bench.hosts[0].controller.set_noise(Noise::default());
        bench.hosts[0].events.clone()
    };
    assert_eq!(heard(5), heard(5));
    assert_ne!(heard(5), heard(6));
}
