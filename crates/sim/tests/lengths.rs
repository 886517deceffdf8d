//! How long PDUs are, and how many of them an event takes.

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

use common::{Bench, frame};
use jelling_wire::hci::{
    Status,
    acl::Boundary,
    command::{LeReadPhy, LeSetDataLength, LeSetPhy},
    event::Event,
};

/// Octets a second in packets of `octets` from the central, on a PHY as LE Set PHY names it.
fn through(octets: u16, phy: u8, interval: u16) -> usize {
    let mut bench = Bench::new(2);
    bench.connect_with(0, 1, interval, 300);
    let handle = bench.hosts[0].handle;
    if octets > 27 {
        bench.ok(0, &LeSetDataLength { handle, tx_octets: octets, tx_time: 17040 });
    }
    if phy != 1 {
        bench.ok(0, &LeSetPhy { handle, all_phys: 0, tx_phys: phy, rx_phys: phy, options: 0 });
        for who in [0, 1] {
            let phys = bench.wait(who, |event| match event {
                Event::LePhyUpdateComplete { status, tx_phy, rx_phy, .. } => Some((*status, *tx_phy, *rx_phy)),
                _ => None,
            });
            let phy = if phy == 4 { 3 } else { phy };
            assert_eq!(phys, (Status::SUCCESS, phy, phy));
            let handle = bench.hosts[who].handle;
            let phys = bench.get(who, &LeReadPhy { handle });
            assert_eq!((phys.tx_phy, phys.rx_phy), (phy, phy));
        }
    }
    bench.run(1_000_000);
    bench.completed(0);
    bench.hosts[1].packets.clear();
    let (end, mut credits) = (bench.air.now() + 2_000_000, 6);
    while bench.air.now() < end {
        while credits > 0 {
            credits -= 1;
            bench.data(0, Boundary::FirstNonFlushable, &frame(usize::from(octets)));
        }
        let next = bench.air.next_time().unwrap();
        bench.air.advance_to(next);
        bench.collect();
        credits += bench.completed(0);
    }
    bench.hosts[1].packets.iter().map(|(_, length)| length).sum::<usize>() / 2
}

/// Octets and time, to send and to receive, of the LE Data Length Change that comes.
fn lengths(bench: &mut Bench, who: usize) -> [u16; 4] {
    bench.wait(who, |event| match event {
        Event::LeDataLengthChange { tx_octets, tx_time, rx_octets, rx_time, .. } => {
            Some([*tx_octets, *tx_time, *rx_octets, *rx_time])
        }
        _ => None,
    })
}

#[test]
fn longer_packets_and_a_faster_phy_carry_more() {
    // As many pairs of a full and an empty PDU as fit between two events, with room for an answer of the length agreed on,
    // Vol 6, Part B, 2.1, 2.2 and 4.1.1: on 1M 676 us
    // with 27 octets and 2,468 us with 251, on 2M about half of it, with S=8 five times as much.
    for (octets, phy, interval, least, most) in [
        (27, 1, 6, 35_500, 39_700),
        (27, 1, 24, 38_500, 39_700),
        (251, 1, 6, 66_500, 67_500),
        (251, 1, 24, 98_000, 100_500),
        (251, 2, 6, 165_000, 167_500),
        (251, 2, 24, 165_000, 176_000),
        (27, 4, 24, 7_000, 7_300),
        (251, 4, 24, 8_300, 8_500),
    ] {
        let got = through(octets, phy, interval);
        assert!((least..=most).contains(&got), "{octets} octets, PHY {phy}, interval {interval}: {got} a second");
    }
}

#[test]
fn lengths_are_agreed_each_way() {
    let mut bench = Bench::new(2);
    bench.connect(0, 1);
    let handle = bench.hosts[0].handle;
    bench.ok(0, &LeSetDataLength { handle, tx_octets: 251, tx_time: 17040 });
    assert_eq!(lengths(&mut bench, 0), [251, 17040, 27, 328]);
    assert_eq!(lengths(&mut bench, 1), [27, 328, 251, 17040]);
}

#[test]
fn a_pdu_takes_no_longer_than_was_agreed() {
    // Vol 6, Part B, 4.5.10: 328 us are 27 octets on 1M, and 67 on 2M.
    for (phy, most) in [(1, 27), (2, 67)] {
        let mut bench = Bench::new(2);
        bench.connect(0, 1);
        let handle = bench.hosts[0].handle;
        bench.ok(0, &LeSetDataLength { handle, tx_octets: 251, tx_time: 328 });
        bench.ok(0, &LeSetPhy { handle, all_phys: 0, tx_phys: phy, rx_phys: phy, options: 0 });
        bench.run(1_000_000);
        bench.data(0, Boundary::FirstNonFlushable, &frame(251));
        bench.run(1_000_000);
        assert_eq!(bench.hosts[1].frames, [frame(251)]);
        assert_eq!(bench.hosts[1].packets.iter().map(|(_, length)| *length).max(), Some(most));
    }
}

#[test]
fn the_coded_phy_takes_the_time_it_needs() {
    let mut bench = Bench::new(2);
    bench.connect_with(0, 1, 24, 300);
    let handle = bench.hosts[0].handle;
    bench.ok(0, &LeSetPhy { handle, all_phys: 0, tx_phys: 4, rx_phys: 4, options: 0 });
    for who in [0, 1] {
        assert_eq!(lengths(&mut bench, who), [27, 2704, 27, 2704]);
    }
    bench.ok(0, &LeSetPhy { handle, all_phys: 0, tx_phys: 2, rx_phys: 2, options: 0 });
    for who in [0, 1] {
        assert_eq!(lengths(&mut bench, who), [27, 328, 27, 328]);
    }
}
