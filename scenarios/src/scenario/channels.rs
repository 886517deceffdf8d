//! Plays of channels beside others: of four on one link, of one beside notifications and reads, of those that end unread.

use super::{
    SERVICE, VALUE,
    plays::{PATIENCE, advertise, both, leave, link},
    transfers::{Until, accept, again, close, is_whole, open, send, take, until_whole},
};
use crate::{stage::Stage, transfer::Script};
use core::cell::Cell;
use embassy_futures::{
    join::{join, join4},
    select::{Either, select},
};
use embassy_time::Timer;
use jelling::{Connection, Error, L2capChannel, Updates};

const PSMS: [u16; 4] = [0x81, 0x82, 0x83, 0x84];
/// Each channel's own: another key, so that what comes on a wrong one is noticed.
const SCRIPTS: [Script; 4] = [
    Script { lengths: &[70, 10], key: 0x10 },
    Script { lengths: &[70, 10], key: 0x20 },
    Script { lengths: &[100], key: 0x30 },
    Script { lengths: &[0, 100], key: 0x40 },
];
const BESIDE: Script = Script { lengths: &[128, 30, 90], key: 0x50 };
/// What the taker of the four says when it has all.
const TAKEN: Script = Script { lengths: &[1], key: 0x70 };
/// As much as the credits are for: nobody takes it before the channel ends.
const UNREAD: Script = Script { lengths: &[58, 20, 58], key: 0x60 };

/// A half of the channels carries data up, the other half down.
async fn carry(stage: &Stage<'_>, channel: &L2capChannel<'_>, number: usize, is_central: bool) -> Result<bool, Error> {
    let script = SCRIPTS[number];
    if number.is_multiple_of(2) == is_central {
        send(stage, channel, script).await?;
        return take(stage, channel, TAKEN, Until::Closed).await;
    }
    let whole = take(stage, channel, script, Until::Whole).await?;
    if whole {
        send(stage, channel, TAKEN).await?;
    }
    close(stage, channel).await.map(|()| whole)
}

pub(super) async fn four(stage: Stage<'_>) -> Result<(), Error> {
    let whole = [const { Cell::new(false) }; 4];
    let central = async || {
        let connection = link(&stage).await?;
        let one = async |number: usize| {
            let attempt = async || {
                let channel = open(&stage, &connection, PSMS[number]).await?;
                match carry(&stage, &channel, number, true).await? {
                    true => Ok(()),
                    false => Err(Error::ChannelClosed),
                }
            };
            again(&stage, attempt).await?;
            is_whole(&stage, &whole[number]).await
        };
        let (a, b, c, d) = join4(one(0), one(1), one(2), one(3)).await;
        a.and(b).and(c).and(d)?;
        leave(&stage, &connection).await
    };
    let peripheral = async || {
        let connection = advertise(&stage).await?;
        let one = async |number: usize| {
            let carried = async || {
                let channel = accept(&stage, &connection, PSMS[number]).await?;
                carry(&stage, &channel, number, false).await
            };
            until_whole(&stage, &connection, &whole[number], carried).await
        };
        let (a, b, c, d) = join4(one(0), one(1), one(2), one(3)).await;
        a.and(b).and(c).and(d)
    };
    both(&stage, central, peripheral).await
}

/// Subscribes, and takes notifications until one says zero.
async fn listen(stage: &Stage<'_>, connection: &Connection<'_>) -> Result<(), Error> {
    let service = stage.call(async || connection.service(SERVICE).timeout(PATIENCE).await).await?;
    let value = stage.call(async || service.characteristic(VALUE).timeout(PATIENCE).await).await?;
    let subscribe = async || value.subscribe(Updates::NOTIFY).depth(4).max_len(20).timeout(PATIENCE).await;
    let mut subscription = stage.call(subscribe).await?;
    loop {
        let mut buffer = [0xff; 20];
        stage.call(async || subscription.notified_into(&mut buffer).timeout(PATIENCE).await).await?;
        if buffer[0] == 0 {
            break;
        }
        stage.call(async || value.read_into(&mut [0; 512]).timeout(PATIENCE).await).await?;
    }
    Ok(())
}

/// Notifies whoever subscribes, down to zero and again, until the link ends.
async fn tell(stage: &Stage<'_>, connection: &Connection<'_>) -> Result<(), Error> {
    let value = stage.served.value;
    loop {
        for number in (0..3u8).rev() {
            match stage.call(async || value.notify(connection, &number).timeout(PATIENCE).await).await {
                Ok(()) | Err(Error::NotSubscribed) => Timer::after_millis(150).await,
                Err(error) => return Err(error),
            }
        }
    }
}

pub(super) async fn mixed(stage: Stage<'_>) -> Result<(), Error> {
    let whole = Cell::new(false);
    let central = async || {
        let connection = link(&stage).await?;
        let attempt = async || {
            let channel = open(&stage, &connection, PSMS[0]).await?;
            send(&stage, &channel, BESIDE).await?;
            close(&stage, &channel).await
        };
        let (sent, heard) = join(again(&stage, attempt), listen(&stage, &connection)).await;
        sent.and(heard)?;
        is_whole(&stage, &whole).await?;
        leave(&stage, &connection).await
    };
    let peripheral = async || {
        let connection = advertise(&stage).await?;
        let taken = async || {
            let channel = accept(&stage, &connection, PSMS[0]).await?;
            take(&stage, &channel, BESIDE, Until::Closed).await
        };
        let taken = until_whole(&stage, &connection, &whole, taken);
        match select(taken, tell(&stage, &connection)).await {
            Either::First(ended) => ended,
            Either::Second(Err(Error::Disconnected)) if whole.get() => Ok(()),
            Either::Second(ended) => ended,
        }
    };
    both(&stage, central, peripheral).await
}

/// What waits unread on a channel that has ended is still there; on one whose own side has ended it too.
async fn unread_side(stage: &Stage<'_>, channel: &L2capChannel<'_>, closes: bool) -> Result<bool, Error> {
    let connection = channel.connection();
    send(stage, channel, UNREAD).await?;
    if closes {
        // All of the peer's is there, and not yet read.
        for _ in 0..100 {
            if channel.available() > 0 {
                break;
            }
            Timer::after_millis(20).await;
        }
        Timer::after_millis(500).await;
        close(stage, channel).await?;
    } else {
        let closed = async || stage.as_long_as_it_lasts(&connection, channel.disconnected()).await;
        stage.call(closed).await?;
    }
    take(stage, channel, UNREAD, Until::Closed).await
}

pub(super) async fn unread(stage: Stage<'_>) -> Result<(), Error> {
    let whole = [const { Cell::new(false) }; 2];
    let central = async || {
        let connection = link(&stage).await?;
        // Either side closes one of the channels.
        let one = async |number: usize| {
            let attempt = async || {
                let channel = open(&stage, &connection, PSMS[number]).await?;
                let all = unread_side(&stage, &channel, number == 0).await?;
                if all { Ok(()) } else { Err(Error::ChannelClosed) }
            };
            again(&stage, attempt).await?;
            is_whole(&stage, &whole[number]).await
        };
        let (first, second) = join(one(0), one(1)).await;
        first.and(second)?;
        leave(&stage, &connection).await
    };
    let peripheral = async || {
        let connection = advertise(&stage).await?;
        let one = async |number: usize| {
            let taken = async || {
                let channel = accept(&stage, &connection, PSMS[number]).await?;
                unread_side(&stage, &channel, number == 1).await
            };
            until_whole(&stage, &connection, &whole[number], taken).await
        };
        let (first, second) = join(one(0), one(1)).await;
        first.and(second)
    };
    both(&stage, central, peripheral).await
}
