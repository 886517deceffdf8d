//! Two hosts on the air with whatever octets say: operations, faults, hostile packets of a controller and of a peer.

use super::{ending::ends, plant};
use crate::{actor::Verb, table::Table};
use core::time::Duration;
use jelling_host::wire::{Packet, PacketKind};
use jelling_sim::{Action, Air, Direction, Fault};

/// Plays a session and wants everything whole afterwards: no host talks in circles, keeps something, or breaks HCI without having
/// been provoked.
pub fn air(data: &[u8]) {
    let Some(([seed, mode, ..], mut rest)) = data.split_first_chunk::<2>() else { return };
    let air = if mode & 1 == 1 { Air::instant(u64::from(*seed)) } else { Air::new(u64::from(*seed)) };
    if mode & 2 == 2 {
        air.set_loss(0.1);
    }
    let mut table = Table::new(air, false);
    let mut provoked = false;
    for who in 0..2 {
        table.act(who, Verb::Start);
    }
    assert!(table.advance(1_000), "bring-up never ends");
    table.introduce();
    // A session ends, as an input does.
    for _ in 0..200 {
        let Some(([op, a, b, c], after)) = rest.split_first_chunk::<4>() else { break };
        rest = after;
        let who = usize::from(*op & 1);
        match op >> 1 & 7 {
            0..=3 => table.act(who, Verb::from_octets([*a, *b, *c])),
            4 => {
                let direction = if c & 1 == 1 { Direction::ToController } else { Direction::FromController };
                let [to, from] = table.controllers[who].passed();
                let passed = if direction == Direction::ToController { to } else { from };
                let fault = Fault { direction, index: passed + u64::from(b % 8), action: action(*a, *c) };
                plant(matches!(fault.action, Action::Lie(_)));
                table.controllers[who].inject(fault);
                provoked = true;
            }
            5 => {
                let length = usize::from(b % 64).min(rest.len());
                let (octets, after) = rest.split_at(length);
                rest = after;
                let kind = if a & 1 == 1 { PacketKind::Event } else { PacketKind::Acl };
                table.controllers[who].say(Packet::new(kind, octets));
                provoked = true;
            }
            6 => {
                // A frame of the peer: on ATT, signalling, SMP or a channel that nobody has, with a length that is true or not.
                let length = usize::from(*b).min(rest.len());
                let (octets, after) = rest.split_at(length);
                rest = after;
                let [low, high] = match a % 8 {
                    0..=3 => [4, 0],
                    4 | 5 => [5, 0],
                    6 => [6, 0],
                    _ => [*c, 0],
                };
                let lie = if a & 0x80 == 0 { 0 } else { *c };
                let mut frame = vec![u8::try_from(length).unwrap_or(0).wrapping_add(lie), 0, low, high];
                frame.extend_from_slice(octets);
                table.controllers[who].send_frame(&frame);
            }
            _ => assert!(table.advance(u64::from(*a) * 1_000 * (u64::from(*b) + 1)), "time: circles"),
        }
        assert!(table.settle(), "circles");
        table.introduce();
    }
    ends(table, provoked);
}

pub(super) fn action(kind: u8, more: u8) -> Action {
    match kind % 14 {
        0 => Action::Drop,
        1 => Action::Duplicate,
        2 => Action::Delay(Duration::from_millis(u64::from(more) * 20)),
        3..=5 => Action::Corrupt { offset: usize::from(more), mask: 1 << (kind >> 5) },
        6 => Action::Cut(usize::from(more % 8)),
        7 => Action::Extend(usize::from(more % 8)),
        8 => Action::Lie(more),
        9 => Action::LoseLinks,
        10 => Action::Silence,
        11 => Action::Hang,
        12 => Action::Restart,
        _ => Action::HardwareError(more),
    }
}
