//! What the firmware says of itself: lines of its host, as text or as frames, and a capture of HCI that leaves it by UART2.

use super::{Player, Scene, Status, board_with, lines, status};
use crate::{
    judge::{Implied, judge},
    rig::Radio,
};
use anyhow::{Context, Result, ensure};

/// btsnoop, version 1, of H4.
const HEADER: [u8; 16] = *b"btsnoop\0\0\0\0\x01\0\0\x03\xea";

/// The thermometer's scenario with our host, told by the board itself.
pub(super) fn play(scene: &Scene, radio: &Radio) -> Result<()> {
    let raw = scene.captures.join("firmware-board.raw");
    let mut board = board_with("sensor-traced", radio, &format!("file:{}", raw.display()))?;
    // Lines of `log` in the host's code.
    visit(scene, radio, &mut board, "link 0 is up")?;
    board.until("link 0 is down")?;
    board.until("disconnected")?;
    drop(board);
    let file = scene.captures.join("firmware-board.btsnoop");
    let octets = std::fs::read(&raw)?;
    let records = whole(&octets)?;
    std::fs::write(&file, [&HEADER[..], &records.concat()].concat())?;
    blanked(&records)?;
    // Reset, LE Set Advertising Enable, LE Long Term Key Request Reply; Read Request, Handle Value Notification; the PDUs of LE Secure
    // Connections.
    let smp = &[0x01, 0x02, 0x03, 0x04, 0x0c, 0x0d];
    judge(&file, Implied { commands: &[0x0c03, 0x200a, 0x201a], att: &[0x0a, 0x0b, 0x1b], smp, ..Implied::default() })?;
    let drops = dropped(&records);
    ensure!(drops == 0, "{drops} packets of {} were dropped", records.len());
    println!("        | a capture of {} packets left the board, none were dropped", records.len());
    Ok(())
}

/// The same, told in frames of `defmt`, which leave by semihosting.
pub(super) fn frames(scene: &Scene, radio: &Radio) -> Result<()> {
    let mut board = board_with("sensor-defmt", radio, "null")?;
    visit(scene, radio, &mut board, "connection from")?;
    board.until("disconnected")?;
    let octets = board.heard.lock().map_or_else(|_| vec![], |heard| heard.clone());
    let told = lines::texts_of_frames("sensor-defmt", &octets)?;
    let count = |piece: &str| told.iter().filter(|text| text.contains(piece)).count();
    // Before the reset and after it; the reset itself takes the first link without a word.
    let counts = [count("the host is up"), count("link {} is up"), count("link {} is down")];
    println!("        | {} frames of defmt left the board, as {told:?}", told.len());
    ensure!(counts == [2, 2, 1], "bring-ups, links up and links down are {counts:?}");
    Ok(())
}

/// A peer pairs, the board is reset, the peer returns.
fn visit(scene: &Scene, radio: &Radio, board: &mut Player, connected: &str) -> Result<()> {
    board.until("sensor ")?;
    let mut peer = scene.desktop("sensor", radio)?;
    board.until(connected)?;
    peer.until("reset")?;
    board.until("kept")?;
    board.until("measures each 2 s")?;
    let Status { stack, room, .. } = status(board)?;
    ensure!(stack < room, "the stack has run over");
    board.tell("r")?;
    board.until("encrypted, bonded: true")?;
    peer.finish()
}

/// The whole records of a file. The board was reset: there its capture begins anew, perhaps within a record.
fn whole(file: &[u8]) -> Result<Vec<&[u8]>> {
    let mut starts: Vec<_> =
        file.windows(HEADER.len()).enumerate().filter(|(_, octets)| **octets == HEADER).map(|(at, _)| at).collect();
    ensure!(starts.len() == 2, "the capture begins {} times, not twice", starts.len());
    starts.push(file.len());
    let mut records = vec![];
    for part in starts.windows(2) {
        let mut rest = file.get(part[0] + HEADER.len()..part[1]).context("a part of the capture")?;
        while let Some(head) = rest.get(4..8) {
            let length = 24 + u32::from_be_bytes(head.try_into()?) as usize;
            let Some((record, after)) = rest.split_at_checked(length) else { break };
            records.push(record);
            rest = after;
        }
    }
    Ok(records)
}

/// How many packets were dropped in front of the records, as they say; the count begins anew with the board.
fn dropped(records: &[&[u8]]) -> usize {
    let drops = records.iter().filter_map(|record| Some(u32::from_be_bytes(record.get(12..16)?.try_into().ok()?)));
    drops.max().map_or(0, |drops| drops as usize)
}

/// No key stands in any packet that holds one.
fn blanked(records: &[&[u8]]) -> Result<()> {
    let packets = || records.iter().filter_map(|record| record.get(24..));
    // LE Long Term Key Request Reply, behind its handle; Identity Information of SMP, in an ACL packet of its own.
    let replies: Vec<_> = packets().filter(|packet| packet.starts_with(&[1, 0x1a, 0x20, 18])).collect();
    ensure!(replies.len() >= 2, "{} answers with a key, and not one of each connection", replies.len());
    ensure!(replies.iter().all(|packet| packet[6..].iter().all(|octet| *octet == 0)), "a long term key in the capture");
    let identities: Vec<_> = packets().filter(|packet| packet.get(5..10) == Some(&[17, 0, 6, 0, 8])).collect();
    ensure!(!identities.is_empty(), "no identity key was told");
    ensure!(
        identities.iter().all(|packet| packet[10..].iter().all(|octet| *octet == 0)),
        "an identity key in the capture"
    );
    Ok(())
}
