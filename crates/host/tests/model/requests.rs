//! Random PDUs about a table: most make sense, some nearly do.

use super::oracle::Oracle;
use crate::support::numbers::Numbers;

/// Opcodes, the more often the more there is to them.
const OPCODES: [u8; 28] = [
    0x02, 0x04, 0x04, 0x06, 0x06, 0x08, 0x08, 0x08, 0x0a, 0x0a, 0x0c, 0x0c, 0x0e, 0x0e, 0x10, 0x10, 0x12, 0x12, 0x12,
    0x12, 0x16, 0x16, 0x16, 0x16, 0x18, 0x20, 0x20, 0x52,
];

fn handle(numbers: &mut Numbers, oracle: &Oracle) -> u16 {
    let known = oracle.attributes[numbers.below(oracle.attributes.len())].handle;
    match numbers.below(20) {
        0 => numbers.pick(&[0, 1, 0xfffe, 0xffff]),
        1 => known.wrapping_add(1),
        2 => known.wrapping_sub(1),
        _ => known,
    }
}

/// A handle that is likely to let something through.
fn writable(numbers: &mut Numbers, oracle: &Oracle) -> u16 {
    for _ in 0..8 {
        let attribute = &oracle.attributes[numbers.below(oracle.attributes.len())];
        if attribute.is_stored() {
            return attribute.handle;
        }
    }
    handle(numbers, oracle)
}

fn range(numbers: &mut Numbers, oracle: &Oracle) -> [u16; 2] {
    let [a, b] = [handle(numbers, oracle), handle(numbers, oracle)];
    match numbers.below(8) {
        0..3 => [1, 0xffff],
        3 => [a, b],
        4 => [a, a],
        5 => [a, 0xffff],
        _ => [a.min(b), a.max(b)],
    }
}

fn kind(numbers: &mut Numbers, oracle: &Oracle, wide: bool) -> Vec<u8> {
    let known = oracle.attributes[numbers.below(oracle.attributes.len())].kind.clone();
    let declared = [numbers.below(4) as u8, 0x28];
    let uuid = match numbers.below(10) {
        0 => numbers.octets(2),
        1..4 => declared.to_vec(),
        _ => known,
    };
    if wide && uuid.len() == 2 && numbers.once_in(4) {
        return [&[0xfb, 0x34, 0x9b, 0x5f, 0x80, 0, 0, 0x80, 0, 0x10, 0, 0][..], &uuid, &[0, 0]].concat();
    }
    uuid
}

/// Octets as long as those that are there, or as nearly as makes no sense.
fn value(numbers: &mut Numbers, oracle: &Oracle, handle: u16) -> Vec<u8> {
    let stored = oracle.attributes.iter().find(|a| a.handle == handle);
    let length = stored.map_or(2, |a| a.value.len());
    let length = match numbers.below(8) {
        0 => 0,
        1 => length + 1,
        2 => length.saturating_sub(1),
        3 => numbers.below(30),
        4 => numbers.below(560),
        _ => length,
    };
    if length == 2 && numbers.once_in(2) { vec![numbers.below(4) as u8, 0] } else { numbers.octets(length) }
}

/// The next PDU of a peer.
pub(crate) fn pdu(numbers: &mut Numbers, oracle: &Oracle, peer: usize) -> Vec<u8> {
    let opcode = numbers.pick(&OPCODES);
    let mut pdu = vec![opcode];
    match opcode {
        0x02 => {
            let mtu = numbers.pick(&[0, 22, 23, 24, 48, 100, 185, 247, 512, 517, 0xffff]);
            pdu.extend(u16::to_le_bytes(mtu));
        }
        0x04 | 0x06 | 0x08 | 0x10 => {
            range(numbers, oracle).into_iter().for_each(|handle| pdu.extend(handle.to_le_bytes()));
            match opcode {
                0x04 => {}
                0x06 => {
                    let attribute = &oracle.attributes[numbers.below(oracle.attributes.len())];
                    pdu.extend(if numbers.once_in(8) { vec![0x00, 0x28] } else { attribute.kind.clone() });
                    pdu.truncate(7);
                    pdu.extend(if numbers.once_in(8) { vec![1, 0] } else { attribute.value.clone() });
                }
                0x10 if !numbers.once_in(3) => pdu.extend([numbers.below(2) as u8, 0x28]),
                _ => pdu.extend(kind(numbers, oracle, true)),
            }
        }
        0x0a => pdu.extend(handle(numbers, oracle).to_le_bytes()),
        0x0c => {
            pdu.extend(handle(numbers, oracle).to_le_bytes());
            let offset = [0, 1, 21, 22, 23, 60, 489, 490, 511, 512, 513, 0xffff];
            pdu.extend(u16::to_le_bytes(numbers.pick(&offset)));
        }
        0x0e | 0x20 => {
            let count = if numbers.once_in(6) { numbers.below(40) } else { 2 + numbers.below(3) };
            (0..count).for_each(|_| pdu.extend(handle(numbers, oracle).to_le_bytes()));
        }
        0x12 | 0x52 | 0x16 => {
            let handle = writable(numbers, oracle);
            let value = value(numbers, oracle, handle);
            pdu.extend(handle.to_le_bytes());
            if opcode == 0x16 {
                let reach = value.len() + 2;
                let offset = if numbers.once_in(3) { numbers.below(reach) as u16 } else { 0 };
                pdu.extend(offset.to_le_bytes());
            }
            pdu.extend(value);
        }
        _ => pdu.push(if numbers.once_in(12) { numbers.next() as u8 } else { u8::from(!numbers.once_in(4)) }),
    }
    match numbers.below(60) {
        0 => pdu.truncate(numbers.below(pdu.len() + 1)),
        1 => pdu.push(numbers.next() as u8),
        2 => pdu[0] = numbers.next() as u8,
        _ => {}
    }
    // Most values fit the MTU; a write that does not is refused for that alone.
    let mtu = oracle.peers[peer].mtu;
    if pdu.len() > mtu && !numbers.once_in(10) {
        pdu.truncate(mtu);
    }
    pdu
}
