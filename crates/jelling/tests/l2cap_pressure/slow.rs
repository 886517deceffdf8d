//! A reader that is slower than its sender.

use super::support::{PSM, both, channel, connected, drain, during, held, octets, play, pour, read_and_listen, serve};
use core::{cell::Cell, convert::Infallible, time::Duration};
use embassy_time::Timer;
use jelling::{Host, L2capChannel};

/// One K-frame.
const LENGTH: usize = 200;
const MTU: u16 = 500;
/// K-frames ahead of what is taken, and frame buffers of the sender.
const CREDITS: u16 = 4;
const FRAMES: usize = 2;
const TIME: Duration = Duration::from_secs(30);

/// What went on meanwhile.
#[derive(Debug)]
struct Went {
    slow: usize,
    reads: usize,
    quick: usize,
}

/// Takes an SDU each 200 ms. The room for it was set apart when the channel opened, and the sender is never ahead by more.
async fn dawdle(reader: Host<'_>, channel: &L2capChannel<'_>, sent: &Cell<usize>, taken: &Cell<usize>) -> Infallible {
    let mut buffer = [0; LENGTH + 1];
    let before = held(reader);
    loop {
        Timer::after_millis(200).await;
        assert!(sent.get() <= taken.get() + usize::from(CREDITS) + FRAMES, "{} of {}", taken.get(), sent.get());
        let n = channel.recvinto(&mut buffer).await.unwrap();
        assert_eq!(buffer[..n], octets(taken.get() * LENGTH, LENGTH));
        taken.set(taken.get() + 1);
        // Blocks, set apart or filled.
        assert_eq!(held(reader)[1], before[1], "{:?}", reader.pools());
    }
}

/// A link with reads and notifications, and a channel if `slow` says so; beside it another link with a channel in full flow.
fn go(slow: bool) -> Went {
    let [sent, taken, reads, quick_sent, quick] = [const { Cell::new(0) }; 5];
    play::<3, 0>(async |[central, server, other], _, _| {
        let value = serve(server);
        let link = connected(central, server, 1).await;
        let second = connected(central, other, 2).await;
        let [ours, theirs] = channel(&link, PSM, MTU, CREDITS).await;
        let [to, from] = channel(&second, PSM, MTU, CREDITS).await;
        let crawl = async {
            if slow {
                both(pour(&ours, LENGTH, &sent), dawdle(server, &theirs, &sent, &taken)).await
            } else {
                core::future::pending().await
            }
        };
        let flow = both(pour(&to, LENGTH, &quick_sent), drain(&from, LENGTH, &quick));
        let listen = read_and_listen(&link[0], (&value, &link[1]), &reads);
        during(TIME, both(crawl, both(flow, listen))).await;
    });
    Went { slow: taken.get(), reads: reads.get(), quick: quick.get() }
}

#[test]
fn who_reads_slowly_slows_its_own_sender_and_nobody_else() {
    let (alone, beside) = (go(false), go(true));
    println!("{alone:?} without a slow reader, {beside:?} with one");
    // One each 200 ms.
    assert!((148..=150).contains(&beside.slow), "{beside:?}");
    assert!(alone.reads > 100 && alone.quick > 300, "{alone:?}");
    // What it takes of the link's time is not more than its share.
    assert!(beside.reads * 10 >= alone.reads * 9, "{beside:?} beside it, {alone:?} without");
    assert!(beside.quick * 20 >= alone.quick * 19, "{beside:?} beside it, {alone:?} without");
}
