//! Prints every number that has a name, as `kind, number, name`, and writes a capture that has a packet of each kind.
//!
//! `numbers CAPTURE TABLE..`: the tables have a line per packet, `name, kind, octets in hexadecimal`; the capture holds an
//! LE Connection Complete event and then their packets in order.

use anyhow::{Context, Result, bail};
use jelling_transport::{Direction, btsnoop};
use jelling_wire::{
    Packet, PacketKind, Writer, ad, att,
    hci::{
        ConnectionHandle, Opcode, Status,
        acl::{AclPacket, Boundary},
        event::{EventCode, Subevent},
    },
    l2cap::{ChannelId, Frame, signalling},
    smp,
};
use std::{env, fs};

const HANDLE: ConnectionHandle = ConnectionHandle(0x0040);
/// LE Connection Complete of [`HANDLE`], as central.
const CONNECTED: [u8; 21] = [0x3e, 19, 1, 0, 0x40, 0, 0, 0, 0xf0, 0xf1, 0xf2, 0xf3, 0xf4, 0xf5, 24, 0, 0, 0, 42, 0, 0];
/// LE Advertising Report and LE Extended Advertising Report of a public address, up to the length of the data.
const REPORT: [u8; 10] = [2, 1, 3, 0, 0xf0, 0xf1, 0xf2, 0xf3, 0xf4, 0xf5];
const EXTENDED_REPORT: [u8; 25] =
    [13, 1, 0, 0, 0, 0xf0, 0xf1, 0xf2, 0xf3, 0xf4, 0xf5, 1, 2, 9, 127, 0xc8, 0, 0, 0, 0, 0, 0, 0, 0, 0];
/// What a legacy report holds (Vol 4, Part E, 7.7.65.2).
const LEGACY: usize = 31;

fn main() -> Result<()> {
    let mut arguments = env::args().skip(1);
    let capture = arguments.next().context("numbers CAPTURE TABLE..")?;
    let mut file = btsnoop::FILE_HEADER.to_vec();
    add(&mut file, PacketKind::Event, &CONNECTED);
    for table in arguments {
        for row in fs::read_to_string(&table).context(table)?.lines() {
            let [_, kind, hex] = row.split('\t').collect::<Vec<_>>()[..] else { bail!("no row: {row}") };
            let octets = octets(hex).with_context(|| format!("no octets: {row}"))?;
            match kind {
                "command" => add(&mut file, PacketKind::Command, &octets),
                "event" => add(&mut file, PacketKind::Event, &octets),
                "att" => on_channel(&mut file, 4, &octets)?,
                "signal" => on_channel(&mut file, 5, &octets)?,
                "smp" => on_channel(&mut file, 6, &octets)?,
                "ad" => report(&mut file, &octets)?,
                _ => bail!("no kind: {row}"),
            }
        }
    }
    fs::write(&capture, file).context(capture)?;
    print_numbers();
    Ok(())
}

fn octets(hex: &str) -> Option<Vec<u8>> {
    (0..hex.len()).step_by(2).map(|i| u8::from_str_radix(hex.get(i..i + 2)?, 16).ok()).collect()
}

/// Adds a record.
fn add(file: &mut Vec<u8>, kind: PacketKind, octets: &[u8]) {
    let direction = if kind == PacketKind::Event { Direction::FromController } else { Direction::ToController };
    file.extend(btsnoop::record_header(direction, Packet::new(kind, octets), 0, 0));
    file.extend(octets);
}

fn on_channel(file: &mut Vec<u8>, channel: u16, payload: &[u8]) -> Result<()> {
    let mut buffer = [0; 600];
    let mut w = Writer::new(&mut buffer);
    Frame { channel: ChannelId(channel), payload }.emit(&mut w);
    let data = w.finish()?;
    let mut buffer = [0; 600];
    let mut w = Writer::new(&mut buffer);
    AclPacket { handle: HANDLE, boundary: Boundary::FirstNonFlushable, broadcast: 0, data }.emit(&mut w);
    add(file, PacketKind::Acl, w.finish()?);
    Ok(())
}

fn report(file: &mut Vec<u8>, data: &[u8]) -> Result<()> {
    let length = u8::try_from(data.len())?;
    let parameters = if data.len() <= LEGACY {
        [&REPORT[..], &[length], data, &[0xc8]].concat()
    } else {
        [&EXTENDED_REPORT[..], &[length], data].concat()
    };
    let length = u8::try_from(parameters.len())?;
    add(file, PacketKind::Event, &[&[0x3e, length], &parameters[..]].concat());
    Ok(())
}

fn print_numbers() {
    let line = |kind, number: u16, name: Option<&str>| println!("{kind}\t{number:#x}\t{}", name.unwrap_or_default());
    for opcode in Opcode::ALL {
        line("opcode", opcode.number(), opcode.name());
    }
    macro_rules! print {
        ($($kind:literal: $type:path),+ $(,)?) => {$(
            for number in <$type>::ALL {
                line($kind, number.0.into(), number.name());
            }
        )+};
    }
    print!(
        "status": Status,
        "event": EventCode,
        "subevent": Subevent,
        "signal": signalling::Code,
        "smp": smp::Code,
        "smp reason": smp::Reason,
        "ad": ad::AdType,
        "att": att::Opcode,
        "att error": att::ErrorCode,
    );
}
