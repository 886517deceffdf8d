//! Two hosts that pair, on the air: their users, their peers, their controllers and those who do their arithmetic do as octets say.

use super::{
    air::action,
    ending::{connects, ends},
    is_planted, plant,
};
use crate::{
    actor::{Asked, Verb},
    table::Table,
};
use jelling_host::wire::{Packet, PacketKind};
use jelling_sim::{Air, Direction, Fault};

/// Octets of each PDU of the Security Manager, by its code (Vol 3, Part H, 3.3).
const LENGTHS: [u8; 14] = [7, 7, 17, 17, 2, 17, 11, 17, 8, 17, 2, 65, 17, 2];
/// Events about a link, and how long their parameters are without its handle (Vol 4, Part E, 7.7).
const EVENTS: [(&[u8], usize, usize); 6] = [
    // Encryption Change, and Key Refresh Complete: the status comes before the handle.
    (&[0x08, 4], 1, 1),
    (&[0x30, 3], 1, 0),
    // LE Long Term Key Request.
    (&[0x3e, 13, 0x05], 0, 10),
    // LE Read Local P-256 Public Key Complete, and LE Generate DHKey Complete: of no link.
    (&[0x3e, 66, 0x08], 65, 0),
    (&[0x3e, 34, 0x09], 33, 0),
    // Disconnection Complete.
    (&[0x05, 4], 1, 1),
];

/// Plays a session: steps of four octets, the first of which says whose and what.
pub fn pairing(data: &[u8]) {
    let Some(([seed, mode, ..], mut rest)) = data.split_first_chunk::<2>() else { return };
    let air = if mode & 1 == 1 { Air::instant(u64::from(*seed)) } else { Air::new(u64::from(*seed)) };
    let mut table = Table::new(air, false);
    for who in 0..2 {
        table.act(who, Verb::Start);
    }
    assert!(table.advance(1_000), "bring-up never ends");
    table.introduce();
    connects(&mut table);
    let mut provoked = false;
    for _ in 0..200 {
        let Some(([op, a, b, c], after)) = rest.split_first_chunk::<4>() else { break };
        rest = after;
        let who = usize::from(*op & 1);
        match op >> 1 & 15 {
            0..=6 => {
                table.act(who, Verb::Security(Asked::from_octets([*a, *b, *c])));
                // Unless everything is to happen at one moment.
                if op & 0x80 == 0 {
                    assert!(table.advance(60_000), "circles");
                }
            }
            7 | 8 => assert!(table.advance(u64::from(*a) * 1_000 * (u64::from(*b) + 1)), "time: circles"),
            9 | 10 => {
                // A PDU of the peer, as long as it has to be or not.
                let code = a % 16;
                let length = code.checked_sub(1).and_then(|at| LENGTHS.get(usize::from(at)));
                let length = length.filter(|_| b & 0x80 == 0).copied().unwrap_or(*b);
                let mut pdu = vec![code];
                pdu.extend((1..length).map(|at| rest.get(usize::from(at)).copied().unwrap_or(*c)));
                rest = rest.get(usize::from(length)..).unwrap_or_default();
                plant(is_planted(&pdu[1..]));
                let frame = [&[u8::try_from(pdu.len()).unwrap_or(0), 0, 6, 0], &*pdu].concat();
                table.controllers[who].send_frame(&frame);
                provoked = true;
            }
            11 => {
                let (head, before, behind) = EVENTS[usize::from(a % 6)];
                let mut octets = head.to_vec();
                octets.extend((0..before).map(|_| *b));
                if before < 2 {
                    // The first handle that a controller gives.
                    octets.extend([0x40, 0]);
                }
                octets.extend((0..behind).map(|_| *c));
                table.controllers[who].say(Packet::new(PacketKind::Event, &octets));
                provoked = true;
            }
            12 => {
                let direction = if c & 1 == 1 { Direction::ToController } else { Direction::FromController };
                let passed = table.controllers[who].passed()[usize::from(direction == Direction::FromController)];
                let fault = Fault { direction, index: passed + u64::from(b % 8), action: action(*a, *c) };
                table.controllers[who].inject(fault);
                provoked = true;
            }
            13 => {
                table.act(0, Verb::Disconnect);
                assert!(table.advance(5_000_000), "a disconnect: circles");
                connects(&mut table);
            }
            14 => table.act(who, if a & 1 == 1 { Verb::Connect } else { Verb::Advertise }),
            _ => table.act(who, Verb::from_octets([a % 26, *b, *c])),
        }
        assert!(table.settle(), "circles");
        table.introduce();
    }
    ends(table, provoked);
}
