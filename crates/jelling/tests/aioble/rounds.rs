//! Three rounds of register, advertise, connect, read, disconnect, stop.

use crate::support::{INTERVAL, SERVICE, VALUE, everything, play, serve};
use embassy_futures::join::join;
use jelling::{Error, Uuid, sim};

#[test]
fn three_rounds_from_registration_to_stop() {
    play(async |[central, peripheral], _, controllers| {
        let mut stale = None;
        for round in 0..3u8 {
            let value = serve(peripheral, &everything().initial(&[round]));
            let serving = async {
                let connection = peripheral.advertise(INTERVAL).name("round").services(&[SERVICE]).await?;
                connection.disconnected().await?;
                assert_eq!(value.read::<u8>(), Ok(round + 10));
                peripheral.stop().await;
                Ok::<_, Error>(connection.is_connected())
            };
            let asking = async {
                let connection = central.connect(sim::device(1)).await?;
                assert_eq!(connection.device(), Ok(sim::device(1)));
                let remote = connection.service(SERVICE).await?.characteristic(VALUE).await?;
                assert_eq!(remote.read::<u8>().await, Ok(round));
                remote.write(&(round + 10)).response().await?;
                assert_eq!(connection.service(Uuid::new16(0x1234)).await.unwrap_err(), Error::NotFound);
                connection.disconnect().await?;
                central.stop().await;
                Ok::<_, Error>(connection.is_connected())
            };
            assert_eq!(join(serving, asking).await, (Ok(false), Ok(false)));
            assert!(!central.is_up() && !peripheral.is_up());
            assert!(controllers.iter().all(|controller| controller.links() == 0));
            if let Some(before) = stale.replace(value) {
                assert_eq!(before.read::<u8>(), Err(Error::Stale));
            }
        }
    });
}
