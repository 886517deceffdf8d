//! `interop/packets-upper.tsv`, which the dissectors judge: it has every PDU and every AD type, by our names.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    missing_docs,
    reason = "tests"
)]

use jelling_wire::{
    ad::{AdType, Structures},
    att,
    l2cap::signalling,
    smp,
};
use std::collections::BTreeSet;

#[test]
fn every_pdu_and_every_ad_type_is_there() {
    let table = include_str!("../../../interop/packets-upper.tsv");
    let mut there = BTreeSet::new();
    for row in table.lines() {
        let [name, kind, hex] = row.split('\t').collect::<Vec<_>>()[..] else { panic!("{row}") };
        let octets: Vec<u8> =
            (0..hex.len()).step_by(2).map(|i| u8::from_str_radix(&hex[i..i + 2], 16).unwrap()).collect();
        let ours = match kind {
            "att" => att::Pdu::parse(&octets).ok().and_then(|pdu| pdu.opcode().name()),
            "signal" => signalling::Signal::parse(&octets).ok().and_then(|signal| signal.code().name()),
            "smp" => smp::Pdu::parse(&octets).ok().and_then(|pdu| pdu.code().name()),
            "ad" => Structures::new(&octets).next().and_then(|structure| structure.kind.name()),
            _ => panic!("{row}"),
        };
        assert_eq!(ours, Some(name), "{row}");
        there.insert((kind, name));
    }
    let all = att::Opcode::ALL.iter().map(|opcode| ("att", opcode.name()));
    let all = all.chain(signalling::Code::ALL.iter().map(|code| ("signal", code.name())));
    let all = all.chain(smp::Code::ALL.iter().map(|code| ("smp", code.name())));
    let all = all.chain(AdType::ALL.iter().map(|kind| ("ad", kind.name())));
    assert_eq!(there, all.map(|(kind, name)| (kind, name.unwrap())).collect());
}
