//! Many senders at once: each gets its share.

use super::support::{PSM, channel, connected, drain, during, play, pour};
use core::{array, cell::Cell, convert::Infallible, time::Duration};
use embassy_futures::join::join_array;
use jelling::{Connection, L2capChannel};

const LENGTH: usize = 240;
const TIME: Duration = Duration::from_secs(10);

/// Pours into each channel at its first side, and drains it at the other.
async fn flow<const N: usize>(channels: &[[&L2capChannel<'_>; 2]; N], taken: &[Cell<usize>; N]) -> Infallible {
    let sent = [const { Cell::new(0) }; N];
    let flows: [_; N] = array::from_fn(|number| {
        let [from, to] = channels[number];
        super::support::both(pour(from, LENGTH, &sent[number]), drain(to, LENGTH, &taken[number]))
    });
    let [never, ..] = join_array(flows).await[..] else { unreachable!("there are some") };
    never
}

/// No share is a tenth less than another.
fn are_fair(what: &str, taken: &[Cell<usize>]) {
    let taken: Vec<usize> = taken.iter().map(Cell::get).collect();
    let (least, most) = (taken.iter().min().unwrap(), taken.iter().max().unwrap());
    println!("{what}: {taken:?} SDUs of {LENGTH} octets in {TIME:?}");
    assert!(*least > 100 && least * 10 >= most * 9, "{what}: {taken:?}");
}

#[test]
fn eight_links_share_fairly() {
    play::<9, 0>(async |[central, others @ ..], _, _| {
        let mut links: Vec<[Connection<'_>; 2]> = vec![];
        for (number, other) in others.into_iter().enumerate() {
            links.push(connected(central, other, number + 1).await);
        }
        let mut channels = vec![];
        for link in &links {
            channels.push(channel(link, PSM, 500, 4).await);
        }
        let [down, up] = [(); 2].map(|()| [const { Cell::new(0) }; 8]);
        let both_ways: [_; 8] = array::from_fn(|number| channels[number].each_ref());
        during(TIME, flow(&both_ways, &down)).await;
        are_fair("from one host over eight links", &down);
        let back = both_ways.map(|[ours, theirs]| [theirs, ours]);
        during(TIME, flow(&back, &up)).await;
        are_fair("to one host over eight links", &up);
    });
}

#[test]
fn four_channels_of_a_link_share_fairly() {
    play::<2, 0>(async |[central, peripheral], _, _| {
        let link = connected(central, peripheral, 1).await;
        let mut channels = vec![];
        for number in 0..4 {
            channels.push(channel(&link, PSM + number, 500, 4).await);
        }
        let taken = [const { Cell::new(0) }; 4];
        during(TIME, flow::<4>(&array::from_fn(|number| channels[number].each_ref()), &taken)).await;
        are_fair("over four channels of one link", &taken);
    });
}
