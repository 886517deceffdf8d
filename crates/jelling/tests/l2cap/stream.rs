//! `embedded_io_async::{Read, Write}`.

use crate::support::{MTU, PSM, between, connected, octets, play};
use embassy_futures::join::{join, join4};
use embassy_time::Timer;
use embedded_io_async::{Error as _, ErrorKind, Read, ReadExactError, Write};
use jelling::{Error, Host};

/// Reads a stream to its end.
async fn drain(mut channel: impl Read<Error = Error>) -> Vec<u8> {
    let (mut came, mut buffer) = (vec![], [0; 100]);
    loop {
        match channel.read(&mut buffer).await.unwrap() {
            0 => return came,
            length => came.extend_from_slice(&buffer[..length]),
        }
    }
}

#[test]
fn octets_come_in_order_whatever_the_sdus() {
    between(MTU, async |mut here, there, _ours, _theirs| {
        let data = octets(0, 5_000);
        let write = async {
            for part in data.chunks(777) {
                here.write_all(part).await.unwrap();
            }
            here.flush().await.unwrap();
            drop(here);
        };
        let ((), came) = join(write, drain(there)).await;
        assert!(came == data);
    });
}

#[test]
fn both_ways_by_shared_references() {
    between(MTU, async |here, there, _ours, _theirs| {
        let (a, b) = (octets(1, 3_000), octets(2, 3_000));
        let (mut came_a, mut came_b) = (vec![0; a.len()], vec![0; b.len()]);
        let sent = join4(
            async { (&here).write_all(&a).await },
            async { (&there).write_all(&b).await },
            async { (&there).read_exact(&mut came_a).await },
            async { (&here).read_exact(&mut came_b).await },
        );
        assert_eq!(sent.await, (Ok(()), Ok(()), Ok(()), Ok(())));
        assert!(came_a == a && came_b == b);
    });
}

#[test]
fn a_write_is_one_segment() {
    play(async |hosts: [Host<'_>; 2], _, _| {
        let (ours, theirs) = connected(&hosts, 1).await;
        // The least of the peer's MTU, its MPS, and what a frame buffer holds, of which an SDU's length takes two.
        for (mtu, mps, most) in [(65, 247, 65), (512, 50, 48), (512, 247, 245), (2_000, 1_000, 245)] {
            let (there, here) = join(theirs.l2cap_accept(PSM, mtu).mps(mps), ours.l2cap_connect(PSM, MTU)).await;
            let (mut here, there) = (here.unwrap(), there.unwrap());
            assert_eq!(here.write(&octets(0, 3_000)).await, Ok(most));
            let mut buffer = vec![0; 3_000];
            let received = there.receive(&mut buffer).await.unwrap();
            assert_eq!((received.length, received.ends), (most, true));
            assert_eq!(buffer[..most], octets(0, 3_000)[..most]);
            assert_eq!(here.write(b"less").await, Ok(4));
            assert_eq!(there.recvinto(&mut buffer).await, Ok(4));
        }
    });
}

#[test]
fn empty_sdus_are_passed_over_and_the_end_is_none() {
    between(MTU, async |here, mut there, _ours, _theirs| {
        here.send(&[]).await.unwrap();
        here.send(b"some").await.unwrap();
        here.send(&[]).await.unwrap();
        let mut buffer = [0; 10];
        assert_eq!(there.read(&mut []).await, Ok(0));
        assert_eq!(there.read(&mut buffer).await, Ok(4));
        here.disconnect().await.unwrap();
        assert_eq!(there.read(&mut buffer).await, Ok(0));
        assert_eq!(there.read(&mut buffer).await, Ok(0));
        assert_eq!(there.read_exact(&mut buffer).await, Err(ReadExactError::UnexpectedEof));
        let error = there.write(b"no").await.unwrap_err();
        assert_eq!((error, error.kind()), (Error::ChannelClosed, ErrorKind::ConnectionReset));
        assert_eq!(there.write(&[]).await, Ok(0));
    });
}

#[test]
fn a_lost_link_is_no_end_of_a_stream() {
    play(async |hosts: [Host<'_>; 2], air, controllers| {
        let (ours, theirs) = connected(&hosts, 1).await;
        let (mut here, mut there) = crate::support::opened(&ours, &theirs, MTU).await;
        here.write_all(b"some").await.unwrap();
        Timer::after_secs(1).await;
        air.set_in_range(&controllers[0], &controllers[1], false);
        theirs.disconnected().await.unwrap();
        let mut buffer = [0; 10];
        assert_eq!(there.read(&mut buffer).await, Ok(4));
        let error = there.read(&mut buffer).await.unwrap_err();
        assert_eq!((error, error.kind()), (Error::Disconnected, ErrorKind::ConnectionReset));
    });
}
