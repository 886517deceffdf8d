//! Controllers that complete no packets of a link: nothing of them is sent, or nobody is told so.

use super::{
    raw::Raw,
    support::{PSM, beside, both, channel, connect, connected, drain, held, octets, open, play, pour, timed},
};
use core::{cell::Cell, time::Duration};
use embassy_futures::{
    join::join,
    select::{Either, Either3, select, select3},
};
use embassy_time::Timer;
use jelling::{
    Config, Connection, Error, L2capChannel, Packet, PacketKind, PacketRead,
    sim::{self, Air, Simulation},
};

const LENGTH: usize = 200;
/// What waits for a controller for so long is given up, with its link.
const COMPLETION_TIMEOUT: Duration = Duration::from_secs(40);

/// A reader that keeps back what the controller says of completed packets of a link.
struct Keeps<'k, R> {
    reader: R,
    of: &'k Cell<Option<u16>>,
}

impl<R: PacketRead> PacketRead for Keeps<'_, R> {
    type Error = R::Error;
    async fn read<'b>(&mut self, buffer: &'b mut [u8]) -> Result<Packet<'b>, R::Error> {
        loop {
            let (kind, length) = {
                let packet = self.reader.read(&mut *buffer).await?;
                (packet.kind, packet.data.len())
            };
            let is_kept = match buffer[..length] {
                [0x13, _, links, low, high, ..] if kind == PacketKind::Event => {
                    assert_eq!(links, 1, "one at a time");
                    Some(u16::from_le_bytes([low, high])) == self.of.get()
                }
                _ => false,
            };
            if !is_kept {
                return Ok(Packet::new(kind, &buffer[..length]));
            }
        }
    }
}

/// Sends until that fails, on a channel whose packets are not completed from now on; on the other one as before. The error comes
/// in time, and nothing else comes to harm.
async fn forty_seconds(stuck: &L2capChannel<'_>, fine: [&L2capChannel<'_>; 2], link: &Connection<'_>) {
    let [sent, taken, at_ten, at_thirty] = [const { Cell::new(0) }; 4];
    let fails = async {
        let mut number = 0;
        loop {
            match stuck.send(&octets(number * LENGTH, LENGTH)).await {
                Ok(()) => number += 1,
                Err(error) => break error,
            }
        }
    };
    let looks = async {
        Timer::after_secs(10).await;
        at_ten.set(taken.get());
        Timer::after_secs(20).await;
        at_thirty.set(taken.get());
        core::future::pending::<()>().await
    };
    let flows = both(pour(fine[0], LENGTH, &sent), drain(fine[1], LENGTH, &taken));
    let (error, took) = match select3(timed(fails), looks, flows).await {
        Either3::First(failed) => failed,
        _ => unreachable!("the others go on for ever"),
    };
    assert_eq!(error, Error::Disconnected);
    // The first packets may be completed, and the end of a link takes some of its events.
    assert!(took >= COMPLETION_TIMEOUT && took < COMPLETION_TIMEOUT + Duration::from_secs(2), "{took:?}");
    let then = at_thirty.get() - at_ten.get();
    println!("{then} SDUs on the other link between the tenth and the thirtieth second");
    // What waits holds all buffers of the controller but one: the other link has that at each connection event, 50 ms apart.
    assert!(then >= 390, "{then} SDUs in twenty seconds");
    assert_eq!(stuck.send(b"more").await, Err(Error::Disconnected));
    assert_eq!(timed(link.disconnected()).await.1, Duration::ZERO);
}

#[test]
fn a_link_whose_packets_are_not_completed_ends_after_forty_seconds_alone() {
    let air = Air::new(1);
    let controllers = [air.controller(), air.controller()];
    let own = air.controller();
    let simulation = Simulation::on(air);
    let mut memory = Box::new(sim::Memory::new());
    let (host, mut runner) = jelling::new(&mut *memory, Config::default());
    let kept = Cell::new(None);
    simulation.block_on(sim::hosts(&controllers, Default::default(), async |[one, other]| {
        let work = async {
            let links = [connected(host, one, 0).await, connected(host, other, 1).await];
            let [stuck, theirs] = channel(&links[0], PSM, 500, 4).await;
            let fine = channel(&links[1], PSM, 500, 4).await;
            // The first handle that the controllers give.
            kept.set(Some(0x40));
            let takes = async {
                // Its peer is well, and takes what comes: the first packets, which fill the share of the link.
                while theirs.recvinto(&mut [0; LENGTH]).await.is_ok() {}
            };
            join(forty_seconds(&stuck, fine.each_ref(), &links[0][0]), takes).await;
            // The next link is served again.
            kept.set(None);
            drop((stuck, theirs));
            let again = connected(host, one, 0).await;
            let [to, from] = channel(&again, PSM, 500, 4).await;
            to.send(b"again").await.unwrap();
            assert_eq!(from.recvinto(&mut [0; 10]).await, Ok(5));
            drop((to, from, fine));
            host.stop().await;
            assert_eq!(held(host), [0; 5], "{:?}", host.pools());
        };
        let (reader, writer) = own.transport();
        match select(work, runner.run(Keeps { reader, of: &kept }, writer)).await {
            Either::First(()) => {}
            Either::Second(_) => panic!("the runner ended"),
        }
    }));
}

#[test]
fn a_peer_whose_host_reads_nothing_loses_its_link_after_forty_seconds_alone() {
    play::<2, 1>(async |[host, other], _, [deaf]| {
        let raw = Raw::new(deaf);
        raw.credits.set(60_000);
        let begin = async {
            let link = connect(host, 2).await;
            let stuck = open(&link, PSM, 500, 4).await;
            (link, stuck)
        };
        let (link, stuck) = beside(begin, raw.run()).await;
        let second = connected(host, other, 1).await;
        let fine = channel(&second, PSM, 500, 4).await;
        forty_seconds(&stuck, fine.each_ref(), &link).await;
    });
}
