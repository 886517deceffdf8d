//! Encryption of links, and what a controller computes for its host.

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
use jelling_sim::{Action, Direction, Fault};
use jelling_wire::hci::{
    ConnectionHandle, Secret, Status,
    acl::Boundary,
    command::{
        LeConnectionUpdate, LeEnableEncryption, LeEncrypt, LeGenerateDhKey, LeLongTermKeyRequestNegativeReply,
        LeLongTermKeyRequestReply, LeRand, LeReadLocalP256PublicKey, LeReadRemoteFeatures,
        LeRemoteConnectionParameterRequestReply, LeSetDataLength, LeSetEventMask, LeSetPhy,
        ReadRemoteVersionInformation, SetEventMask,
    },
    event::Event,
};

const KEY: Secret<16> = Secret([7; 16]);
const OTHER: Secret<16> = Secret([8; 16]);

/// The central asks for encryption; the peripheral's host is asked for the key.
fn ask(bench: &mut Bench, key: Secret<16>) {
    let handle = bench.hosts[0].handle;
    bench.ok(0, &LeEnableEncryption { handle, random: [1, 2, 3, 4, 5, 6, 7, 8], diversifier: 0x1234, key });
    let asked = bench.wait(1, |event| match event {
        Event::LeLongTermKeyRequest { random, diversifier, .. } => Some((*random, *diversifier)),
        _ => None,
    });
    assert_eq!(asked, ([1, 2, 3, 4, 5, 6, 7, 8], 0x1234));
}

fn reply(bench: &mut Bench, key: Secret<16>) {
    let handle = bench.hosts[1].handle;
    bench.ok(1, &LeLongTermKeyRequestReply { handle, key });
}

fn changed(bench: &mut Bench, who: usize) -> (Status, u8) {
    bench.wait(who, |event| match event {
        Event::EncryptionChange { status, enabled, .. } => Some((*status, *enabled)),
        _ => None,
    })
}

fn encrypted() -> Bench {
    let mut bench = Bench::new(2);
    bench.connect(0, 1);
    ask(&mut bench, KEY);
    reply(&mut bench, KEY);
    for who in [0, 1] {
        assert_eq!(changed(&mut bench, who), (Status::SUCCESS, 1));
    }
    bench
}

/// Data goes both ways.
fn works(bench: &mut Bench) {
    for who in [0, 1] {
        let before = bench.hosts[1 - who].frames.len();
        for n in 0..5 {
            bench.data(who, Boundary::FirstNonFlushable, &[n; 60]);
        }
        bench.run(500_000);
        let frames = &bench.hosts[1 - who].frames[before..];
        assert_eq!(frames, (0..5).map(|n| vec![n; 60]).collect::<Vec<_>>());
    }
}

#[test]
fn a_link_is_encrypted_with_the_key_of_both() {
    let mut bench = encrypted();
    works(&mut bench);
}

#[test]
fn an_encrypted_link_loses_and_repeats_like_any_other() {
    let mut bench = encrypted();
    bench.air.set_loss(0.1);
    for n in 0..6 {
        bench.data(0, Boundary::FirstNonFlushable, &[n; 90]);
    }
    bench.run(3_000_000);
    assert_eq!(bench.hosts[1].frames.len(), 6);
}

#[test]
fn data_waits_while_encryption_starts() {
    let mut bench = Bench::new(2);
    bench.connect(0, 1);
    ask(&mut bench, KEY);
    bench.data(0, Boundary::FirstNonFlushable, &[1; 9]);
    bench.run(1_000_000);
    assert!(bench.hosts[1].frames.is_empty());
    reply(&mut bench, KEY);
    bench.run(1_000_000);
    assert_eq!(bench.hosts[1].frames, [vec![1; 9]]);
}

fn update(handle: ConnectionHandle, interval: u16) -> LeConnectionUpdate {
    LeConnectionUpdate {
        handle,
        interval_min: interval,
        interval_max: interval,
        latency: 0,
        supervision_timeout: 600,
        ce_length_min: 0,
        ce_length_max: 0,
    }
}

#[test]
fn other_procedures_wait_while_encryption_starts() {
    let mut bench = Bench::new(2);
    bench.connect(0, 1);
    let (central, handle) = (bench.hosts[0].handle, bench.hosts[1].handle);
    bench.ok(1, &update(handle, 40));
    bench.wait(0, |event| matches!(event, Event::LeRemoteConnectionParameterRequest { .. }).then_some(()));
    ask(&mut bench, KEY);
    bench.run(200_000);
    // What both sides have to say beside encryption is in their queues before the key is.
    bench.ok(1, &LeSetDataLength { handle, tx_octets: 100, tx_time: 17040 });
    bench.ok(1, &LeSetPhy { handle, all_phys: 0, tx_phys: 2, rx_phys: 2, options: 0 });
    bench.ok(0, &ReadRemoteVersionInformation { handle: central });
    reply(&mut bench, KEY);
    let next = bench.air.next_time().unwrap();
    bench.air.advance_to(next);
    bench.ok(
        0,
        &LeRemoteConnectionParameterRequestReply {
            handle: central,
            interval_min: 24,
            interval_max: 24,
            latency: 0,
            supervision_timeout: 600,
            ce_length_min: 0,
            ce_length_max: 0,
        },
    );
    for who in [0, 1] {
        assert_eq!(changed(&mut bench, who), (Status::SUCCESS, 1));
    }
    bench.wait(1, |event| matches!(event, Event::LeDataLengthChange { tx_octets: 100, .. }).then_some(()));
    bench.wait(1, |event| matches!(event, Event::LePhyUpdateComplete { tx_phy: 2, .. }).then_some(()));
    bench.wait(0, |event| matches!(event, Event::ReadRemoteVersionInformationComplete { .. }).then_some(()));
    works(&mut bench);
}

#[test]
fn with_the_right_key_no_order_of_procedures_ends_the_link() {
    for seed in 0..80 {
        let mut bench = Bench::on(jelling_sim::Air::new(seed), &[jelling_sim::ControllerConfig::default(); 2]);
        bench.connect_with(0, 1, 6, 600);
        let mut dice = seed;
        let mut next = |of: u64| {
            dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (dice >> 33) % of
        };
        for _ in 0..150 {
            let who = next(2) as usize;
            let handle = bench.hosts[who].handle;
            let (central, peripheral) = (bench.hosts[0].handle, bench.hosts[1].handle);
            let parameters = 6 + next(4) as u16;
            match next(8) {
                0 => bench.send(0, &LeEnableEncryption { handle: central, random: [0; 8], diversifier: 0, key: KEY }),
                1 | 2 => bench.send(1, &LeLongTermKeyRequestReply { handle: peripheral, key: KEY }),
                3 => bench.send(who, &LeSetDataLength { handle, tx_octets: 27 + next(225) as u16, tx_time: 17040 }),
                4 => {
                    let (tx_phys, rx_phys) = (1 + next(3) as u8, 1 + next(3) as u8);
                    bench.send(who, &LeSetPhy { handle, all_phys: 0, tx_phys, rx_phys, options: 0 });
                }
                5 => bench.send(who, &update(handle, parameters)),
                6 => bench.send(
                    0,
                    &LeRemoteConnectionParameterRequestReply {
                        handle: central,
                        interval_min: 6,
                        interval_max: 9,
                        latency: 0,
                        supervision_timeout: 600,
                        ce_length_min: 0,
                        ce_length_max: 0,
                    },
                ),
                _ => bench.send(who, &LeReadRemoteFeatures { handle }),
            }
            bench.run(next(30_000));
        }
        // It speaks when it is not spoken to: that is not what this is about.
        bench.breaches();
        for host in &bench.hosts {
            let ended = |octets: &Vec<u8>| matches!(Event::parse(octets).unwrap(), Event::DisconnectionComplete { .. });
            assert!(!host.events.iter().any(ended), "seed {seed}");
        }
    }
}

#[test]
fn a_key_is_refreshed_in_place() {
    let mut bench = encrypted();
    ask(&mut bench, OTHER);
    reply(&mut bench, OTHER);
    for who in [0, 1] {
        let status = bench.wait(who, |event| match event {
            Event::EncryptionKeyRefreshComplete { status, .. } => Some(*status),
            _ => None,
        });
        assert_eq!(status, Status::SUCCESS);
    }
    works(&mut bench);
}

#[test]
fn a_wrong_key_ends_the_link() {
    let mut bench = Bench::new(2);
    bench.connect(0, 1);
    ask(&mut bench, KEY);
    reply(&mut bench, OTHER);
    // The peripheral decrypts first, and falls silent.
    assert_eq!(bench.disconnected(1), Status::MIC_FAILURE);
    let before = bench.air.now();
    assert_eq!(bench.disconnected(0), Status::CONNECTION_TIMEOUT);
    assert_eq!(bench.air.now() - before, 420_000);
    bench.connect(0, 1);
}

#[test]
fn a_key_that_is_not_there_is_refused_and_the_link_goes_on() {
    let mut bench = Bench::new(2);
    bench.connect(0, 1);
    ask(&mut bench, KEY);
    let handle = bench.hosts[1].handle;
    bench.ok(1, &LeLongTermKeyRequestNegativeReply { handle });
    assert_eq!(changed(&mut bench, 0), (Status::PIN_OR_KEY_MISSING, 0));
    works(&mut bench);
}

#[test]
fn a_host_that_is_not_to_be_asked_refuses_by_its_controller() {
    for (mask, le_mask) in [(u64::MAX, 0x0f), (0x0000_1fff_ffff_ffff, 0x1f)] {
        let mut bench = Bench::new(2);
        bench.connect(0, 1);
        bench.ok(1, &SetEventMask { mask });
        bench.ok(1, &LeSetEventMask { mask: le_mask });
        let handle = bench.hosts[0].handle;
        bench.ok(0, &LeEnableEncryption { handle, random: [0; 8], diversifier: 0, key: KEY });
        assert_eq!(changed(&mut bench, 0), (Status::PIN_OR_KEY_MISSING, 0));
    }
}

#[test]
fn what_is_masked_is_not_told_later_either() {
    let mut bench = Bench::new(2);
    bench.ok(0, &LeSetEventMask { mask: 1 });
    bench.ok(0, &SetEventMask { mask: !(1 << 11) });
    bench.connect(0, 1);
    let handle = bench.hosts[0].handle;
    bench.ok(0, &LeReadRemoteFeatures { handle });
    bench.ok(0, &ReadRemoteVersionInformation { handle });
    bench.ok(0, &LeReadLocalP256PublicKey {});
    bench.run(1_000_000);
    assert_eq!(bench.hosts[0].events, Vec::<Vec<u8>>::new());
}

#[test]
fn an_encrypted_link_that_gets_no_key_ends() {
    let mut bench = encrypted();
    ask(&mut bench, OTHER);
    let handle = bench.hosts[1].handle;
    bench.ok(1, &LeLongTermKeyRequestNegativeReply { handle });
    assert_eq!(bench.disconnected(0), Status::PIN_OR_KEY_MISSING);
}

#[test]
fn a_host_that_never_answers_loses_the_link() {
    let mut bench = Bench::new(2);
    bench.connect(0, 1);
    ask(&mut bench, KEY);
    // Vol 6, Part B, 5.2: 40 s.
    assert_eq!(bench.disconnected(0), Status::LL_RESPONSE_TIMEOUT);
}

#[test]
fn aes_is_that_of_fips_197() {
    let mut bench = Bench::new(1);
    let reversed = |octets: u128| Secret(octets.to_le_bytes());
    let key = reversed(0x000102030405060708090a0b0c0d0e0f);
    let plaintext = reversed(0x00112233445566778899aabbccddeeff);
    let answer = bench.get(0, &LeEncrypt { key, plaintext });
    assert!(answer == reversed(0x69c4e0d86a7b0430d8cdb78070b4c55a));
}

#[test]
fn random_numbers_differ() {
    let mut bench = Bench::new(2);
    let numbers: Vec<[u8; 8]> = (0..8).map(|n| bench.get(n % 2, &LeRand {})).collect();
    assert!(numbers.iter().enumerate().all(|(i, n)| !numbers[..i].contains(n)));
}

fn public_key(bench: &mut Bench, who: usize) -> ([u8; 32], [u8; 32]) {
    bench.ok(who, &LeReadLocalP256PublicKey {});
    bench.wait(who, |event| match event {
        Event::LeReadLocalP256PublicKeyComplete { status: Status::SUCCESS, key_x, key_y } => Some((**key_x, **key_y)),
        _ => None,
    })
}

#[test]
fn two_controllers_come_to_the_same_key() {
    let mut bench = Bench::new(2);
    let keys = [public_key(&mut bench, 0), public_key(&mut bench, 1)];
    assert_ne!(keys[0], keys[1]);
    let shared = [0, 1].map(|who: usize| {
        let (key_x, key_y) = keys[1 - who];
        bench.ok(who, &LeGenerateDhKey { key_x, key_y });
        bench.wait(who, |event| match event {
            Event::LeGenerateDhKeyComplete { status: Status::SUCCESS, key } => Some(key.0),
            _ => None,
        })
    });
    assert_eq!(shared[0], shared[1]);
    assert_ne!(shared[0], [0; 32]);
}

#[test]
fn a_point_that_is_not_on_the_curve_is_refused() {
    let mut bench = Bench::new(1);
    let (key_x, mut key_y) = public_key(&mut bench, 0);
    key_y[0] ^= 1;
    // The point is what a peer sent: no fault of the host's.
    bench.ok(0, &LeGenerateDhKey { key_x, key_y });
    let complete = bench.wait(0, |event| match event {
        Event::LeGenerateDhKeyComplete { status, key } => Some((*status, key.0)),
        _ => None,
    });
    assert_eq!(complete, (Status::INVALID_HCI_COMMAND_PARAMETERS, [0xff; 32]));
}

#[test]
fn a_fault_on_the_way_to_the_host_does_not_reach_the_link() {
    let mut bench = encrypted();
    let [_, from] = bench.hosts[1].controller.passed();
    bench.hosts[1].controller.inject(Fault {
        direction: Direction::FromController,
        index: from,
        action: Action::Corrupt { offset: 6, mask: 1 },
    });
    bench.data(0, Boundary::FirstNonFlushable, &[1; 9]);
    bench.run(300_000);
    assert_ne!(bench.hosts[1].frames, [vec![1; 9]]);
    bench.hosts[1].frames.clear();
    works(&mut bench);
}
