//! Control procedures: what happens when they meet, come too late, or are asked for twice.

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
use jelling_sim::{Air, Breach, ControllerConfig};
use jelling_wire::hci::{
    Opcode, Secret, Status,
    command::{
        Disconnect, HostBufferSize, LeConnectionUpdate, LeEnableEncryption, LeLongTermKeyRequestNegativeReply,
        LeLongTermKeyRequestReply, LeReadLocalSupportedFeatures, LeReadPhy, LeReadRemoteFeatures,
        LeRemoteConnectionParameterRequestNegativeReply, LeRemoteConnectionParameterRequestReply, LeSetDataLength,
        LeSetDefaultPhy, LeSetPhy, ReadLocalSupportedCommands, ReadRemoteVersionInformation,
    },
    event::Event,
};

fn linked() -> Bench {
    let mut bench = Bench::new(2);
    bench.connect(0, 1);
    bench.run(200_000);
    bench
}

fn update(bench: &Bench, who: usize, interval: u16) -> LeConnectionUpdate {
    LeConnectionUpdate {
        handle: bench.hosts[who].handle,
        interval_min: interval,
        interval_max: interval,
        latency: 0,
        supervision_timeout: 600,
        ce_length_min: 0,
        ce_length_max: 0,
    }
}

fn accept(bench: &Bench, interval: u16) -> LeRemoteConnectionParameterRequestReply {
    LeRemoteConnectionParameterRequestReply {
        handle: bench.hosts[0].handle,
        interval_min: interval,
        interval_max: interval,
        latency: 0,
        supervision_timeout: 600,
        ce_length_min: 0,
        ce_length_max: 0,
    }
}

fn prefer(bench: &Bench, who: usize, phys: u8) -> LeSetPhy {
    LeSetPhy { handle: bench.hosts[who].handle, all_phys: 0, tx_phys: phys, rx_phys: phys, options: 0 }
}

fn phys(bench: &mut Bench) -> (u8, u8) {
    let handle = bench.hosts[0].handle;
    let phys = bench.get(0, &LeReadPhy { handle });
    (phys.tx_phy, phys.rx_phy)
}

/// Status and new interval of updates, status and PHY of changes of PHY.
type Told = (Vec<(Status, u16)>, Vec<(Status, u8)>);

/// What a host was told by now.
fn told(bench: &mut Bench, who: usize) -> Told {
    bench.collect();
    let (mut updates, mut phys) = (vec![], vec![]);
    bench.hosts[who].events.retain(|octets| {
        match Event::parse(octets).unwrap() {
            Event::LeConnectionUpdateComplete { status, interval, .. } => updates.push((status, interval)),
            Event::LePhyUpdateComplete { status, tx_phy, .. } => phys.push((status, tx_phy)),
            _ => return true,
        }
        false
    });
    (updates, phys)
}

fn was_asked(bench: &mut Bench) -> bool {
    let asked = |event: &Event<'_>| matches!(event, Event::LeRemoteConnectionParameterRequest { .. }).then_some(());
    bench.wait_until(1_000_000, 0, asked).is_some()
}

#[test]
fn of_two_updates_that_collide_the_centrals_goes_on() {
    let mut bench = linked();
    bench.ok(0, &update(&bench, 0, 80));
    bench.ok(1, &update(&bench, 1, 40));
    bench.run(3_000_000);
    assert!(!was_asked(&mut bench));
    assert_eq!(told(&mut bench, 0).0, [(Status::SUCCESS, 80)]);
    // Its own is refused; then it learns of the other one.
    assert_eq!(told(&mut bench, 1).0, [(Status::LL_PROCEDURE_COLLISION, 24), (Status::SUCCESS, 80)]);
    // The next procedure of either is not disturbed.
    bench.ok(1, &update(&bench, 1, 40));
    assert!(was_asked(&mut bench));
    bench.ok(0, &accept(&bench, 40));
    bench.run(3_000_000);
    assert_eq!(told(&mut bench, 1).0, [(Status::SUCCESS, 40)]);
}

#[test]
fn of_two_changes_of_phy_that_collide_the_centrals_goes_on() {
    let mut bench = linked();
    bench.ok(0, &prefer(&bench, 0, 2));
    bench.ok(1, &prefer(&bench, 1, 6));
    bench.run(3_000_000);
    assert_eq!(told(&mut bench, 0).1, [(Status::SUCCESS, 2)]);
    assert_eq!(told(&mut bench, 1).1, [(Status::LL_PROCEDURE_COLLISION, 1), (Status::SUCCESS, 2)]);
}

#[test]
fn an_update_and_a_change_of_phy_collide_too() {
    let mut bench = linked();
    bench.ok(0, &prefer(&bench, 0, 2));
    bench.ok(1, &update(&bench, 1, 40));
    bench.run(3_000_000);
    assert_eq!(told(&mut bench, 0), (vec![], vec![(Status::SUCCESS, 2)]));
    assert_eq!(told(&mut bench, 1), (vec![(Status::DIFFERENT_TRANSACTION_COLLISION, 24)], vec![(Status::SUCCESS, 2)]));
    let mut bench = linked();
    bench.ok(0, &update(&bench, 0, 80));
    bench.ok(1, &prefer(&bench, 1, 2));
    bench.run(3_000_000);
    assert_eq!(told(&mut bench, 0), (vec![(Status::SUCCESS, 80)], vec![]));
    assert_eq!(told(&mut bench, 1), (vec![(Status::SUCCESS, 80)], vec![(Status::DIFFERENT_TRANSACTION_COLLISION, 1)]));
}

#[test]
fn a_central_changes_nothing_before_it_has_answered() {
    let mut bench = linked();
    bench.ok(1, &update(&bench, 1, 40));
    assert!(was_asked(&mut bench));
    // Both wait for the answer, which is not too late for that.
    bench.ok(0, &update(&bench, 0, 80));
    bench.ok(0, &prefer(&bench, 0, 2));
    bench.run(1_000_000);
    assert_eq!(told(&mut bench, 0), (vec![], vec![]));
    let handle = bench.hosts[0].handle;
    let reason = Status::UNACCEPTABLE_CONNECTION_PARAMETERS;
    bench.ok(0, &LeRemoteConnectionParameterRequestNegativeReply { handle, reason });
    bench.run(3_000_000);
    assert_eq!(told(&mut bench, 0), (vec![(Status::SUCCESS, 80)], vec![(Status::SUCCESS, 2)]));
    assert_eq!(told(&mut bench, 1), (vec![(reason, 24), (Status::SUCCESS, 80)], vec![(Status::SUCCESS, 2)]));
}

#[test]
fn changes_at_an_instant_come_one_after_the_other() {
    let mut bench = linked();
    bench.ok(1, &update(&bench, 1, 40));
    assert!(was_asked(&mut bench));
    bench.ok(0, &accept(&bench, 40));
    bench.ok(0, &update(&bench, 0, 80));
    bench.run(5_000_000);
    for who in [0, 1] {
        assert_eq!(told(&mut bench, who).0, [(Status::SUCCESS, 40), (Status::SUCCESS, 80)]);
    }
}

#[test]
fn a_change_that_comes_after_its_instant_ends_the_link() {
    let silence = |bench: &Bench, loss: Option<f64>, silent: bool| match loss {
        Some(loss) => bench.air.set_loss(if silent { loss } else { 0.0 }),
        None => bench.air.set_in_range(&bench.hosts[0].controller, &bench.hosts[1].controller, !silent),
    };
    for loss in [Some(0.9999), Some(1.0), None] {
        for silent_before in [true, false] {
            let mut bench = Bench::new(2);
            bench.connect_with(0, 1, 24, 600);
            bench.run(200_000);
            silence(&bench, loss, silent_before);
            bench.ok(0, &update(&bench, 0, 80));
            silence(&bench, loss, true);
            bench.run(1_000_000);
            silence(&bench, loss, false);
            assert_eq!(bench.disconnected(1), Status::INSTANT_PASSED);
            assert_eq!(bench.disconnected(0), Status::CONNECTION_TIMEOUT);
        }
    }
}

#[test]
fn a_change_leaves_time_to_a_peripheral_that_rarely_listens() {
    let mut bench = Bench::new(2);
    bench.connect_with(0, 1, 24, 600);
    bench.ok(0, &LeConnectionUpdate { latency: 9, ..update(&bench, 0, 24) });
    bench.run(3_000_000);
    let before = bench.air.now();
    bench.ok(0, &update(&bench, 0, 40));
    for who in [0, 1] {
        let new = |event: &Event<'_>| {
            matches!(event, Event::LeConnectionUpdateComplete { status: Status::SUCCESS, interval: 40, .. })
                .then_some(())
        };
        bench.wait(who, new);
    }
    // It listens to each tenth event, and has six more after the first.
    let took = bench.air.now() - before;
    assert!((60 * 30_000..71 * 30_000).contains(&took), "{took}");
}

#[test]
fn a_change_that_waited_for_encryption_is_not_too_late() {
    let mut bench = linked();
    let (handle, key) = (bench.hosts[0].handle, Secret([1; 16]));
    bench.ok(1, &update(&bench, 1, 40));
    assert!(was_asked(&mut bench));
    bench.ok(0, &LeEnableEncryption { handle, random: [0; 8], diversifier: 0, key });
    bench.wait(1, |event| matches!(event, Event::LeLongTermKeyRequest { .. }).then_some(()));
    bench.ok(0, &accept(&bench, 40));
    bench.run(5_000_000);
    let handle = bench.hosts[1].handle;
    bench.ok(1, &LeLongTermKeyRequestReply { handle, key });
    bench.run(3_000_000);
    assert_eq!(told(&mut bench, 1).0, [(Status::SUCCESS, 40)]);
}

#[test]
fn what_was_answered_may_wait_for_its_instant() {
    let mut bench = Bench::new(2);
    // Six intervals of 4 s, and 20 s of thought before: more than the 40 s of Vol 6, Part B, 5.2.
    bench.connect_with(0, 1, 3200, 3200);
    bench.run(10_000_000);
    bench.ok(1, &update(&bench, 1, 80));
    bench.run(20_000_000);
    bench.ok(0, &accept(&bench, 80));
    bench.run(40_000_000);
    for who in [0, 1] {
        assert_eq!(told(&mut bench, who).0, [(Status::SUCCESS, 80)]);
    }
}

#[test]
fn preferred_phys_are_those_of_the_link() {
    let mut bench = linked();
    bench.ok(1, &prefer(&bench, 1, 1));
    bench.run(1_000_000);
    bench.ok(0, &prefer(&bench, 0, 3));
    bench.run(1_000_000);
    assert_eq!(phys(&mut bench), (1, 1));
}

#[test]
fn a_default_phy_is_for_links_to_come() {
    let mut bench = linked();
    bench.ok(1, &LeSetDefaultPhy { all_phys: 0, tx_phys: 1, rx_phys: 1 });
    bench.ok(0, &prefer(&bench, 0, 2));
    bench.run(1_000_000);
    assert_eq!(phys(&mut bench), (2, 2));
    let handle = bench.hosts[0].handle;
    bench.ok(0, &Disconnect { handle, reason: Status::REMOTE_USER_TERMINATED_CONNECTION });
    bench.disconnected(0);
    bench.disconnected(1);
    bench.connect(0, 1);
    bench.ok(0, &prefer(&bench, 0, 2));
    bench.run(1_000_000);
    assert_eq!(phys(&mut bench), (1, 1));
}

#[test]
fn phys_that_are_ignored_may_be_anything() {
    let mut bench = linked();
    let any = LeSetPhy { all_phys: 3, ..prefer(&bench, 0, 0xff) };
    bench.ok(0, &any);
    bench.ok(0, &LeSetDefaultPhy { all_phys: 1, tx_phys: 0, rx_phys: 1 });
    let one = LeSetDefaultPhy { all_phys: 1, tx_phys: 0, rx_phys: 0xff };
    assert_eq!(bench.call(0, &one), Status::UNSUPPORTED_FEATURE_OR_PARAMETER);
    assert_eq!(bench.breaches().len(), 1);
}

#[test]
fn what_goes_on_is_not_begun_again() {
    let mut bench = linked();
    let handle = bench.hosts[0].handle;
    let key = Secret([1; 16]);
    // The first of each waits for an answer of the host beyond.
    bench.ok(0, &LeEnableEncryption { handle, random: [0; 8], diversifier: 0, key });
    let commands = |bench: &mut Bench| {
        vec![
            bench.call(0, &LeEnableEncryption { handle, random: [0; 8], diversifier: 0, key }),
            bench.call(0, &update(bench, 0, 80)),
            bench.call(0, &prefer(bench, 0, 2)),
            bench.call(0, &LeReadRemoteFeatures { handle }),
            bench.call(0, &ReadRemoteVersionInformation { handle }),
        ]
    };
    let first = commands(&mut bench);
    assert_eq!(first[0], Status::COMMAND_DISALLOWED);
    assert!(first[1..].iter().all(|status| status.is_success()));
    // Nobody is to blame: who asked for the first need not be who asks for the second.
    assert_eq!(commands(&mut bench), [Status::COMMAND_DISALLOWED; 5]);
    // Of lengths the last one counts.
    for tx_octets in 100..200 {
        bench.ok(0, &LeSetDataLength { handle, tx_octets, tx_time: 17040 });
    }
    bench.wait(1, |event| matches!(event, Event::LeLongTermKeyRequest { .. }).then_some(()));
    let peripheral = bench.hosts[1].handle;
    bench.ok(1, &LeLongTermKeyRequestReply { handle: peripheral, key });
    bench.run(10_000_000);
    assert_eq!(told(&mut bench, 0), (vec![(Status::SUCCESS, 80)], vec![(Status::SUCCESS, 2)]));
    let mut lengths = vec![];
    for octets in &bench.hosts[0].events {
        if let Event::LeDataLengthChange { tx_octets, .. } = Event::parse(octets).unwrap() {
            lengths.push(tx_octets);
        }
    }
    assert_eq!(lengths, [199]);
}

#[test]
fn a_host_that_ends_a_link_which_ends_by_itself_is_not_to_blame() {
    let mut bench = linked();
    let (central, handle) = (bench.hosts[0].handle, bench.hosts[1].handle);
    let enable = LeEnableEncryption { handle: central, random: [0; 8], diversifier: 0, key: Secret([1; 16]) };
    let asked = |event: &Event<'_>| matches!(event, Event::LeLongTermKeyRequest { .. }).then_some(());
    bench.ok(0, &enable);
    bench.wait(1, asked);
    bench.ok(1, &LeLongTermKeyRequestReply { handle, key: Secret([1; 16]) });
    bench.run(1_000_000);
    bench.ok(0, &enable);
    bench.wait(1, asked);
    bench.ok(1, &LeLongTermKeyRequestNegativeReply { handle });
    bench.ok(1, &Disconnect { handle, reason: Status::AUTHENTICATION_FAILURE });
    // Vol 6, Part B, 5.1.3.1: the controller's own reason counts.
    assert_eq!(bench.disconnected(0), Status::PIN_OR_KEY_MISSING);
    // Ending what one has ended oneself is another matter.
    bench.connect(0, 1);
    let handle = bench.hosts[1].handle;
    bench.ok(1, &Disconnect { handle, reason: Status::AUTHENTICATION_FAILURE });
    assert_eq!(bench.call(1, &Disconnect { handle, reason: Status::AUTHENTICATION_FAILURE }).0, 0x0c);
    let opcode = Opcode::DISCONNECT;
    assert_eq!(bench.breaches(), [jelling_sim::Breach::WrongState { opcode, status: 0x0c }]);
}

#[test]
fn what_the_peer_does_not_have_is_an_unsupported_remote_feature() {
    // Parameters requests, 2M and Coded PHY, data length.
    const MISSING: u64 = 1 << 1 | 1 << 5 | 1 << 8 | 1 << 11;
    let old = ControllerConfig { features_missing: MISSING, ..ControllerConfig::default() };
    let mut bench = Bench::on(Air::new(1), &[old, ControllerConfig::default()]);
    let features = bench.get(0, &LeReadLocalSupportedFeatures {});
    assert_eq!(features.0 & MISSING, 0);
    bench.connect(0, 1);
    bench.run(200_000);
    let _ = told(&mut bench, 1);
    bench.ok(1, &update(&bench, 1, 40));
    bench.ok(1, &prefer(&bench, 1, 2));
    let handle = bench.hosts[1].handle;
    bench.ok(1, &LeSetDataLength { handle, tx_octets: 251, tx_time: 2120 });
    bench.run(3_000_000);
    let unknown = Status::UNSUPPORTED_REMOTE_FEATURE;
    assert_eq!(told(&mut bench, 1), (vec![(unknown, 24)], vec![(unknown, 1)]));
    assert!(!was_asked(&mut bench));
    // The central needs no procedure; and what the peripheral's own controller lacks, it is to blame for.
    bench.ok(0, &update(&bench, 0, 80));
    bench.run(3_000_000);
    assert_eq!(told(&mut bench, 1).0, [(Status::SUCCESS, 80)]);
    assert_eq!(bench.breaches(), []);
    let mut bench = Bench::on(Air::new(1), &[ControllerConfig::default(), old]);
    bench.connect(0, 1);
    bench.run(200_000);
    assert_eq!(bench.call(1, &update(&bench, 1, 40)), Status::UNSUPPORTED_FEATURE_OR_PARAMETER);
    let opcode = Opcode::LE_CONNECTION_UPDATE;
    assert_eq!(bench.breaches(), [Breach::InvalidParameters { opcode }]);
}

#[test]
fn a_command_that_is_missing_is_not_claimed() {
    const MISSING: &[Opcode] = &[Opcode::HOST_BUFFER_SIZE];
    let config = ControllerConfig { commands_missing: MISSING, ..ControllerConfig::default() };
    let mut bench = Bench::on(Air::new(1), &[config, ControllerConfig::default()]);
    let [with, without] = [1, 0].map(|who| bench.get(who, &ReadLocalSupportedCommands {}));
    assert_eq!((with[10] & 0x60, without[10] & 0x60), (0x60, 0x20));
    let command = HostBufferSize { acl_length: 27, sco_length: 0, acl_packets: 1, sco_packets: 0 };
    assert_eq!(bench.call(0, &command), Status::UNKNOWN_HCI_COMMAND);
    assert_eq!(bench.breaches(), [Breach::NotClaimed { opcode: Opcode::HOST_BUFFER_SIZE }]);
}
