//! What a channel costs: README's figure and that of `docs/embed.md`, held against what there is. `cargo xtask embed` does it for 32 bits.

use super::support::{PSM, beside, connected, held, open, play};
use core::future::pending;
use embassy_futures::join::join;
use embassy_time::Timer;
use jelling::{Bonds, Channels, Gatt, Links, Pool, Resources, ScanSlots, Tasks};

const README: &str = include_str!("../../../../README.md");
const EMBED: &str = include_str!("../../../../docs/embed.md");
/// Octets of a block.
const BLOCK: usize = 64;

type With<const N: usize> = Resources<Links<1, 23>, Gatt, Pool, ScanSlots, Bonds, Tasks, Channels<N>>;

/// A number as it is written there.
fn written(octets: usize) -> String {
    match octets / 1_000 {
        0 => octets.to_string(),
        thousands => format!("{thousands},{:03}", octets % 1_000),
    }
}

/// Blocks that a channel for SDUs of so many octets, with so many credits, sets apart; they stay as many when data comes.
fn blocks(mtu: u16, credits: u16) -> usize {
    let mut blocks = 0;
    play::<2, 0>(async |[host, peer], _, _| {
        let link = connected(host, peer, 1).await;
        let before = held(peer)[1];
        let accept = async { link[1].l2cap_accept(PSM, mtu).credits(credits).await.unwrap() };
        let (ours, theirs) = join(open(&link[0], PSM, mtu, 1), accept).await;
        blocks = held(peer)[1] - before;
        let sends = async {
            ours.send(&vec![7; 10 * usize::from(mtu)]).await.unwrap();
            pending().await
        };
        beside(Timer::after_secs(20), sends).await;
        assert!(theirs.available() > 0);
        assert_eq!(held(peer)[1] - before, blocks);
    });
    blocks
}

#[test]
fn a_channel_takes_what_the_documents_say() {
    let slot = size_of::<With<2>>() - size_of::<With<1>>();
    assert_eq!(size_of::<With<4>>() - size_of::<With<3>>(), slot);
    let row =
        README.lines().find(|line| line.starts_with("| an L2CAP channel")).expect("README has no row of a channel");
    let said =
        EMBED.split_once("What a channel receives").expect("docs/embed.md tells of channels").1.replace('\n', " ");
    let [short, long, one] = [(512, 8), (2_048, 8), (512, 1)].map(|(mtu, credits)| blocks(mtu, credits));
    let figures =
        format!("| {} octets; {} and {} octets |", written(slot), written(short * BLOCK), written(long * BLOCK));
    assert!(row.contains(&figures), "{figures} is not in README: {row}");
    for count in [short, long, one] {
        let figure = format!("{count} blocks ({} octets)", written(count * BLOCK));
        assert!(said.contains(&figure), "{figure} is not in docs/embed.md: {said:.400}");
    }
}
