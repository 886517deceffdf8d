//! aioble's own scenarios with L2CAP channels.

use crate::support::{INTERVAL, SERVICE, VALUE, connected, everything, play, serve};
use core::time::Duration;
use embassy_futures::join::join;
use jelling::{Error, L2capChannel, sim};

const PSM: u16 = 22;
const MTU: u16 = 128;

/// A message of which the length stands in front.
async fn receive(channel: &L2capChannel<'_>) -> Result<Vec<u8>, Error> {
    let mut buffer = [0; MTU as usize];
    let length = channel.recvinto(&mut buffer).await?;
    Ok(buffer[..length].to_vec())
}

#[test]
fn three_rounds_with_three_channels_each() {
    play(async |[central, peripheral], _, controllers| {
        for round in 0..3u8 {
            let _value = serve(peripheral, &everything().initial(&[round]));
            let serving = async {
                let connection = peripheral.advertise(INTERVAL).name("round").services(&[SERVICE]).await?;
                for number in 0..3u8 {
                    let channel = connection.l2cap_accept(PSM, MTU).await?;
                    channel.send(&[round, number, b'?']).await?;
                    assert_eq!(receive(&channel).await?, [round, number, b'!']);
                    channel.disconnected().await?;
                }
                connection.disconnected().await?;
                peripheral.stop().await;
                Ok::<_, Error>(())
            };
            let asking = async {
                let connection = central.connect(sim::device(1)).await?;
                let remote = connection.service(SERVICE).await?.characteristic(VALUE).await?;
                assert_eq!(remote.read::<u8>().await, Ok(round));
                for number in 0..3u8 {
                    // The other side may not listen again yet.
                    let channel = loop {
                        match connection.l2cap_connect(PSM, MTU).await {
                            Err(Error::ChannelRefused(_)) => {}
                            channel => break channel?,
                        }
                    };
                    assert_eq!(receive(&channel).await?, [round, number, b'?']);
                    channel.send(&[round, number, b'!']).await?;
                    channel.flush().await?;
                    channel.disconnect().await?;
                }
                connection.disconnect().await?;
                central.stop().await;
                Ok::<_, Error>(())
            };
            assert_eq!(join(serving, asking).await, (Ok(()), Ok(())));
            assert!(!central.is_up() && !peripheral.is_up());
            assert!(controllers.iter().all(|controller| controller.links() == 0));
            assert!([central, peripheral].iter().all(|host| host.pools().channels.used == 0));
        }
    });
}

/// The measure of speed of aioble's: 20 buffers of 512 octets, each checked as it is received.
#[test]
fn twenty_buffers_of_512_octets() {
    play(async |[central, peripheral], _, _| {
        let (ours, theirs) = connected(central, peripheral, 1).await;
        let receiving = async {
            let channel = theirs.l2cap_accept(PSM, 512).await.unwrap();
            let mut buffer = [0; 512];
            for number in 0..20u8 {
                let mut filled = 0;
                while filled < 512 {
                    filled += channel.recvinto(&mut buffer[filled..]).await.unwrap();
                }
                assert!(buffer.iter().enumerate().all(|(at, octet)| *octet == (at as u8) ^ number), "buffer {number}");
            }
            channel.disconnect().await
        };
        let sending = async {
            let channel = ours.l2cap_connect(PSM, 512).await.unwrap();
            for number in 0..20u8 {
                let buffer: [u8; 512] = core::array::from_fn(|at| (at as u8) ^ number);
                channel.send(&buffer).timeout(Duration::from_secs(5)).await.unwrap();
            }
            channel.flush().await.unwrap();
            channel.disconnected().await
        };
        assert_eq!(join(receiving, sending).await, (Ok(()), Ok(())));
    });
}
