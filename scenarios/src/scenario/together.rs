//! Plays of several calls that go together: subscriptions one after another, tasks beside each other, a server's task that decides.

use super::{
    DECIDED, DESCRIPTION, NUMBER, OTHER, SERVICE, VALUE,
    plays::{PATIENCE, advertise, both, leave, link, until_the_end},
};
use crate::stage::Stage;
use embassy_futures::{
    join::{join, join4},
    select::{Either, select},
};
use jelling::{Connection, Error, ErrorCode, Updates};

/// Updates that a side sends or takes, the last of which is zero.
const BURST: u8 = 3;
/// An error of the application.
const REFUSAL: ErrorCode = ErrorCode(0x85);

pub(super) async fn resubscribe(stage: Stage<'_>) -> Result<(), Error> {
    let central = async || {
        let connection = link(&stage).await?;
        let service = stage.call(async || connection.service(SERVICE).await).await?;
        let value = stage.call(async || service.characteristic(VALUE).await).await?;
        for updates in [Updates::NOTIFY, Updates::INDICATE] {
            let subscribe = async || value.subscribe(updates).depth(4).max_len(20).timeout(PATIENCE).await;
            let mut subscription = stage.call(subscribe).await?;
            loop {
                let mut buffer = [0xff; 20];
                let taken = async || match updates {
                    Updates::NOTIFY => subscription.notified_into(&mut buffer).timeout(PATIENCE).await,
                    _ => subscription.indicated_into(&mut buffer).timeout(PATIENCE).await,
                };
                stage.call(taken).await?;
                if buffer[0] == 0 {
                    break;
                }
            }
        }
        leave(&stage, &connection).await
    };
    let peripheral = async || {
        let connection = advertise(&stage).await?;
        loop {
            let changed =
                async || stage.as_long_as_it_lasts(&connection, stage.served.value.subscription_changed()).await;
            let told = match stage.call(changed).await {
                Ok((who, what)) if who == connection => tell(&stage, &connection, what).await,
                Ok(_) => Ok(()),
                Err(Error::Disconnected) => return Ok(()),
                Err(error) => Err(error),
            };
            // It may think better of it at any moment.
            match told {
                Ok(()) | Err(Error::NotSubscribed) => {}
                error => return error,
            }
        }
    };
    both(&stage, central, peripheral).await
}

/// Notifies a burst, or indicates the stored value as it becomes less.
async fn tell(stage: &Stage<'_>, connection: &Connection<'_>, what: Updates) -> Result<(), Error> {
    let value = stage.served.value;
    for i in (0..BURST).rev() {
        if what == Updates::NOTIFY {
            stage.call(async || value.notify(connection, &i).timeout(PATIENCE).await).await?;
        } else if what == Updates::INDICATE {
            value.write(&i)?;
            stage.call(async || value.indicate_stored(connection).timeout(PATIENCE).await).await?;
        }
    }
    Ok(())
}

pub(super) async fn crowd(stage: Stage<'_>) -> Result<(), Error> {
    let central = async || {
        let connection = link(&stage).await?;
        let service = stage.call(async || connection.service(SERVICE).await).await?;
        let value = stage.call(async || service.characteristic(VALUE).await).await?;
        let other = stage.call(async || connection.service(OTHER).await).await?;
        let number = stage.call(async || other.characteristic(NUMBER).await).await?;
        let walk = async {
            let mut services = connection.services(None).timeout(PATIENCE);
            while let Some(service) = stage.call(async || services.next().await).await? {
                // Their discovery rests meanwhile.
                if service.uuid() == OTHER {
                    let mut all = service.characteristics(None).timeout(PATIENCE);
                    while stage.call(async || all.next().await).await?.is_some() {}
                }
            }
            Ok(())
        };
        let read = async {
            let mut buffer = [0; 512];
            stage.call(async || value.read_into(&mut buffer).timeout(PATIENCE).await).await.map(|_| ())
        };
        let describe = async {
            let text = stage.call(async || number.descriptor(DESCRIPTION).timeout(PATIENCE).await).await?;
            stage.call(async || text.write(&[7u8; 30][..]).timeout(PATIENCE).await).await?;
            let written = stage.call(async || text.read::<[u8; 30]>().timeout(PATIENCE).await).await?;
            if written == [7; 30] { Ok(()) } else { Err(Error::InvalidValue) }
        };
        let listen = async {
            let mut subscription =
                stage.call(async || number.subscribe(Updates::NOTIFY).timeout(PATIENCE).await).await?;
            stage.call(async || subscription.notified::<u16>().timeout(PATIENCE).await).await.map(|_| ())
        };
        let (walked, read, described, listened) = join4(walk, read, describe, listen).await;
        walked.and(read).and(described).and(listened)?;
        leave(&stage, &connection).await
    };
    let peripheral = async || {
        let connection = advertise(&stage).await?;
        let number = stage.served.number;
        let tell = async {
            loop {
                number.update(&9u16)?;
                embassy_time::Timer::after_millis(300).await;
            }
        };
        match select(tell, until_the_end(&stage, &connection)).await {
            Either::First(ended) | Either::Second(ended) => ended,
        }
    };
    both(&stage, central, peripheral).await
}

pub(super) async fn asked(stage: Stage<'_>) -> Result<(), Error> {
    let central = async || {
        let connection = link(&stage).await?;
        let service = stage.call(async || connection.service(OTHER).await).await?;
        let decided = stage.call(async || service.characteristic(DECIDED).await).await?;
        stage.call(async || decided.read::<u16>().timeout(PATIENCE).await).await?;
        match stage.call(async || decided.write(&7u16).response().timeout(PATIENCE).await).await {
            // The server's task thinks nothing of odd numbers.
            Err(Error::Gatt(REFUSAL)) => {}
            other => return other.and(Err(Error::InvalidValue)),
        }
        stage.call(async || decided.write(&8u16).response().timeout(PATIENCE).await).await?;
        leave(&stage, &connection).await
    };
    let peripheral = async || {
        let connection = advertise(&stage).await?;
        let decided = stage.served.decided;
        let reads = async {
            loop {
                let asked = async || stage.as_long_as_it_lasts(&connection, decided.read_requested()).await;
                // Who has left, or was patient for too long, is owed nothing.
                let _ = stage.call(asked).await?.answer(&5u16);
            }
        };
        let writes = async {
            loop {
                let asked = async || stage.as_long_as_it_lasts(&connection, decided.write_requested()).await;
                let request = stage.call(asked).await?;
                let _ = match request.value::<u16>() {
                    Ok(number) if number % 2 == 0 => request.accept(),
                    _ => request.refuse(REFUSAL),
                };
            }
        };
        let (read, written) = join(reads, writes).await;
        let until_it_leaves = |ended| if ended == Err(Error::Disconnected) { Ok(()) } else { ended };
        until_it_leaves(read).and(until_it_leaves(written))
    };
    both(&stage, central, peripheral).await
}
