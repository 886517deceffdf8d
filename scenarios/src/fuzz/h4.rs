//! A serial line: whatever comes, in whatever pieces.

use super::{is_planted, plant};
use embassy_futures::block_on;
use embedded_io_async::{ErrorType, Read};
use jelling_h4::{H4Error, H4Reader, NOISE};
use jelling_transport::PacketRead;
use jelling_wire::{PacketKind, hci::acl::AclPacket};

/// Octets of the longest packet that is waited for.
const LONGEST: usize = 260;

/// A device that gives octets in pieces of the lengths that `pieces` says, over and over.
struct Pieces<'a> {
    octets: &'a [u8],
    pieces: &'a [u8],
    turn: usize,
}

impl ErrorType for Pieces<'_> {
    type Error = core::convert::Infallible;
}

impl Read for Pieces<'_> {
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Self::Error> {
        let piece = self.pieces.get(self.turn % self.pieces.len().max(1)).map_or(usize::MAX, |p| usize::from(*p) + 1);
        self.turn += 1;
        let n = piece.min(buffer.len()).min(self.octets.len());
        let (now, later) = self.octets.split_at(n);
        buffer[..n].copy_from_slice(now);
        self.octets = later;
        Ok(n)
    }
}

/// A packet, and what had been skipped before it.
type Got = (PacketKind, Vec<u8>, u32);

fn read(octets: &[u8], pieces: &[u8], anew: bool) -> (Vec<Got>, u32) {
    let mut reader = H4Reader::<_, 300>::with_buffer(Pieces { octets, pieces, turn: 0 });
    if anew {
        reader.begin_anew();
    }
    let (mut packets, mut buffer) = (vec![], [0; LONGEST]);
    loop {
        match block_on(reader.read(&mut buffer)) {
            Ok(packet) => {
                let (kind, data) = (packet.kind, packet.data.to_vec());
                packets.push((kind, data, reader.skipped()));
            }
            Err(H4Error::End) => return (packets, reader.skipped()),
            // It is told, and reading goes on.
            Err(H4Error::Noise) => assert!(reader.skipped() >= NOISE),
            Err(H4Error::Device(never)) => match never {},
        }
    }
}

/// The first octet says how the rest is cut into pieces.
pub fn h4(data: &[u8]) {
    let Some((&first, rest)) = data.split_first() else { return };
    let (pieces, octets) = rest.split_at(usize::from(first % 8).min(rest.len()));
    let (whole, _) = accounted(octets, &[], first & 0x80 != 0);
    let (pieced, _) = accounted(octets, pieces, first & 0x80 != 0);
    for (kind, data, skipped) in &whole {
        let found = *kind == PacketKind::Acl && AclPacket::parse(data).is_ok_and(|acl| is_planted(acl.data));
        plant(found && *skipped > 0);
    }
    // After noise a reader judges a packet by what has come behind it, so pieces may tell: until then they may not.
    let sound = |packets: &[Got]| packets.iter().take_while(|(.., skipped)| *skipped == 0).count();
    assert_eq!(whole[..sound(&whole)], pieced[..sound(&pieced)], "{octets:02x?} in pieces of {pieces:?}");
}

/// Every octet is kept, skipped, or a part of the packet that never came to its end.
fn accounted(octets: &[u8], pieces: &[u8], anew: bool) -> (Vec<Got>, u32) {
    let (packets, skipped) = read(octets, pieces, anew);
    let kept: usize = packets.iter().map(|(_, data, _)| data.len() + 1).sum();
    let passed = kept + skipped as usize;
    assert!(
        passed <= octets.len() && octets.len() - passed <= LONGEST,
        "{kept} kept, {skipped} skipped of {octets:02x?}"
    );
    // They are the octets of the wire, in its order.
    let mut at = 0;
    let mut before = 0;
    for (kind, data, skipped) in &packets {
        at += (skipped - before) as usize;
        before = *skipped;
        assert_eq!(octets[at], kind.indicator());
        assert_eq!(&octets[at + 1..=at + data.len()], data);
        at += data.len() + 1;
    }
    (packets, skipped)
}
