//! Connections: made once, ended once, and the end reaches everybody who waits.

use crate::support::{INTERVAL, SERVICE, connected, everything, found, play, sent, serve, timed};
use core::{future::pending, time::Duration};
use embassy_futures::join::{join, join3, join5};
use embassy_time::Timer;
use jelling::{Error, ErrorCode, Role, Status, Updates, sim};

#[test]
fn connect_ends_a_scan_and_gives_an_existing_connection() {
    play(async |[central, peripheral], _, controllers| {
        let mut scanner = central.scan(Duration::ZERO).await.unwrap();
        let (ours, _theirs) = connected(central, peripheral, 1).await;
        while scanner.try_next().await.unwrap().is_some() {}
        drop(scanner);
        let again = central.connect(sim::device(1)).await.unwrap();
        assert!(again == ours && again == ours.clone());
        assert_eq!((controllers[0].links(), central.connections().count()), (1, 1));
        // Both are handles to the one link: it stays as long as either does.
        drop(ours);
        assert!(again.is_connected());
    });
}

#[test]
fn a_connect_that_times_out_is_cancelled_and_the_next_one_works() {
    play(async |[central, peripheral], air, _| {
        for _ in 0..2 {
            let late = central.connect(sim::device(1)).timeout(Duration::from_millis(200)).await;
            assert_eq!(late.map(|_| ()), Err(Error::Timeout));
            let (ours, _theirs) = connected(central, peripheral, 1).await;
            ours.disconnect().await.unwrap();
        }
        // LE Create Connection Cancel.
        assert_eq!(sent(&air.recording(), 0, &[0x0e, 0x20]).len(), 2);
    });
}

#[test]
fn its_parameters_are_as_asked_for() {
    play(async |[central, peripheral], air, _| {
        let interval = Duration::from_millis(15);
        let connect = central.connect(sim::device(1)).interval(interval, interval * 2);
        let connect = connect.latency(4).supervision_timeout(Duration::from_secs(2));
        let (ours, theirs) = join(connect, peripheral.advertise(INTERVAL)).await;
        let (ours, theirs) = (ours.unwrap(), theirs.unwrap());
        assert!((interval..=interval * 2).contains(&ours.interval().unwrap()));
        assert_eq!(
            (ours.interval(), ours.role(), theirs.role()),
            (theirs.interval(), Ok(Role::Central), Ok(Role::Peripheral))
        );
        let asked = sent(&air.recording(), 0, &[0x0d, 0x20, 25]).pop().unwrap();
        assert_eq!(asked[13..21], [12, 0, 24, 0, 4, 0, 200, 0]);
    });
}

#[test]
fn disconnect_is_no_error_when_it_is_down() {
    play(async |[central, peripheral], _, _| {
        let (ours, theirs) = connected(central, peripheral, 1).await;
        assert_eq!(ours.device(), Ok(sim::device(1)));
        ours.disconnect().await.unwrap();
        assert!(!ours.is_connected());
        assert_eq!(ours.reason(), Some(Status::CONNECTION_TERMINATED_BY_LOCAL_HOST));
        assert_eq!(timed(ours.disconnect()).await, (Ok(()), Duration::ZERO));
        assert_eq!(theirs.disconnected().await, Ok(()));
        assert_eq!((theirs.disconnected().await, theirs.disconnect().await), (Ok(()), Ok(())));
    });
}

/// Whatever waits for the peer ends with one and the same error.
#[test]
fn a_disconnect_ends_every_wait() {
    for ours_loses in [false, true] {
        play(async |[central, peripheral], air, controllers| {
            let local = serve(peripheral, &everything().max_len(200));
            let (ours, theirs) = connected(central, peripheral, 1).await;
            let remote = found(&ours).await;
            let mut updates = remote.subscribe(Updates::NOTIFY | Updates::INDICATE).await.unwrap();
            let mut more = remote.subscribe(Updates::NOTIFY | Updates::INDICATE).await.unwrap();
            // From here on nothing is answered; the link ends by itself, or is given up.
            air.set_in_range(&controllers[0], &controllers[1], false);
            let gone = Error::Disconnected;
            let client = join5(
                async { assert_eq!(remote.read::<u8>().no_timeout().await.err(), Some(gone)) },
                async { assert_eq!(remote.write(&1u8).response().no_timeout().await.err(), Some(gone)) },
                async { assert_eq!(ours.exchange_mtu().no_timeout().await.err(), Some(gone)) },
                async { assert_eq!(ours.service(SERVICE).no_timeout().await.err(), Some(gone)) },
                async {
                    let mut all = ours.services(None).timeout(Duration::from_secs(60));
                    assert_eq!(all.next().await.err(), Some(gone));
                },
            );
            let told = join3(
                async { assert_eq!(updates.notified::<u8>().await.err(), Some(gone)) },
                async { assert_eq!(more.indicated::<u8>().await.err(), Some(gone)) },
                async { assert_eq!(remote.subscribe(Updates::NOTIFY).no_timeout().await.err(), Some(gone)) },
            );
            let server = join5(
                async { assert_eq!(local.indicate(&theirs, &1u8).no_timeout().await.err(), Some(gone)) },
                async { assert_eq!(local.indicate(&theirs, &2u8).no_timeout().await.err(), Some(gone)) },
                // `written` waits for a write of any client: with a connection it ends with that.
                async { assert_eq!(theirs.timeout(None, local.written::<u8>()).await.err(), Some(gone)) },
                async { assert_eq!(theirs.timeout(None, pending::<()>()).await, Err(gone)) },
                async { while local.notify(&theirs, &[0; 20][..]).await != Err(gone) {} },
            );
            let end = async {
                if ours_loses {
                    assert_eq!(ours.disconnect().no_timeout().await, Ok(()));
                }
                join(ours.disconnected(), theirs.disconnected()).await
            };
            let (_, _, _, ended) = embassy_futures::join::join4(client, told, server, end).await;
            assert_eq!(ended, (Ok(()), Ok(())));
        });
    }
}

#[test]
fn use_after_disconnect_is_the_disconnect_error() {
    play(async |[central, peripheral], _, _| {
        let local = serve(peripheral, &everything());
        let (ours, theirs) = connected(central, peripheral, 1).await;
        let remote = found(&ours).await;
        let service = remote.service();
        let cccd = remote.descriptor(jelling::Uuid::new16(0x2902)).await.unwrap();
        let mut updates = remote.subscribe(Updates::NOTIFY).await.unwrap();
        join(ours.disconnect(), theirs.disconnected()).await.0.unwrap();
        // A new link between the same two changes nothing for what was of the old one.
        let (_ours, _theirs) = connected(central, peripheral, 1).await;
        let gone = Some(Error::Disconnected);
        assert_eq!(
            (ours.device().err(), ours.mtu().err(), ours.interval().err(), ours.role().err()),
            (gone, gone, gone, gone)
        );
        assert_eq!(ours.exchange_mtu().await.err(), gone);
        assert_eq!(ours.service(SERVICE).await.err(), gone);
        assert_eq!(ours.services(None).next().await.err(), gone);
        assert_eq!(service.characteristics(None).next().await.err(), gone);
        assert_eq!(remote.descriptors().next().await.err(), gone);
        assert_eq!(remote.read::<u8>().await.err(), gone);
        assert_eq!(remote.write(&1u8).response().await.err(), gone);
        assert_eq!(remote.write(&1u8).no_response().await.err(), gone);
        assert_eq!((cccd.read::<u16>().await.err(), cccd.write(&0u16).await.err()), (gone, gone));
        assert_eq!(remote.subscribe(Updates::NOTIFY).await.err(), gone);
        assert_eq!(updates.notified::<u8>().await.err(), gone);
        assert_eq!(local.notify(&theirs, &1u8).await.err(), gone);
        assert_eq!(local.try_notify(&theirs, &1u8).err(), gone);
        assert_eq!(local.indicate(&theirs, &1u8).await.err(), gone);
        assert_eq!(local.subscribed(&theirs).err(), gone);
        assert_eq!(ours.timeout(None, pending::<()>()).await.err(), gone);
        assert!(!ours.is_connected() && !remote.service().connection().is_connected());
    });
}

/// The MTU is 23 until a side has asked; each side asks once.
#[test]
fn the_mtu_is_exchanged_once_by_each_side() {
    for peripheral_asks in [false, true] {
        play(async |[central, peripheral], _, _| {
            let (ours, theirs) = connected(central, peripheral, 1).await;
            let (asking, asked) = if peripheral_asks { (&theirs, &ours) } else { (&ours, &theirs) };
            assert_eq!((asking.mtu(), asked.mtu()), (Ok(23), Ok(23)));
            assert_eq!(asking.exchange_mtu().mtu(100).await, Ok(100));
            assert_eq!((asking.mtu(), asked.mtu()), (Ok(100), Ok(100)));
            let again = asking.exchange_mtu().await;
            assert_eq!(again, Err(Error::Gatt(ErrorCode::REQUEST_NOT_SUPPORTED)));
            assert!(asking.is_connected());
        });
    }
}

#[test]
fn a_body_ends_with_its_time_or_with_the_link() {
    play(async |[central, peripheral], _, _| {
        let (ours, theirs) = connected(central, peripheral, 1).await;
        assert_eq!(ours.timeout(Some(Duration::from_secs(1)), async { 7 }).await, Ok(7));
        let time = Some(Duration::from_secs(3));
        let (ended, took) = timed(ours.timeout(time, pending::<()>())).await;
        assert_eq!((ended, took.as_secs()), (Err(Error::Timeout), 3));
        let leave = async {
            Timer::after_secs(1).await;
            theirs.disconnect().await.unwrap();
        };
        let ((ended, took), ()) = join(timed(ours.timeout(time, pending::<()>())), leave).await;
        assert_eq!(ended, Err(Error::Disconnected));
        assert!(took < Duration::from_secs(2));
    });
}

/// What `async with` does in aioble.
#[test]
fn dropping_the_last_handle_disconnects() {
    play(async |[central, peripheral], _, _| {
        let (ours, theirs) = connected(central, peripheral, 1).await;
        {
            let _body = ours;
        }
        theirs.disconnected().await.unwrap();
        let (ours, theirs) = connected(central, peripheral, 1).await;
        ours.detach();
        Timer::after_secs(10).await;
        assert!(theirs.is_connected());
    });
}
