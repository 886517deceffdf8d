//! Plays of transfers on L2CAP channels. What is received is compared octet by octet: always the beginning of what was sent.

use super::plays::{PATIENCE, advertise, both, leave, link, until_the_end};
use crate::{
    stage::Stage,
    transfer::{Come, Script},
};
use core::{cell::Cell, time::Duration};
use embassy_futures::join::join;
use embassy_time::Timer;
use embedded_io_async::{Read, Write};
use jelling::{ChannelOptions, Connection, Error, L2capChannel};

/// Of the first channel; those beside it have the next ones.
const PSM: u16 = 0x80;
/// Octets of an SDU.
pub(super) const MTU: u16 = 128;
/// Octets of a segment, and how many the peer may send ahead.
pub(super) const MPS: u16 = 60;
pub(super) const CREDITS: u16 = 3;

/// An empty SDU, one of a segment, one of two that fill them, and the longest.
const UP: Script = Script { lengths: &[20, 0, 118, 1, MTU as usize], key: 1 };
const DOWN: Script = Script { lengths: &[MTU as usize, 40], key: 2 };
/// The last octets of them may be on their way when their sender leaves.
const SHORT: Script = Script { lengths: &[59, 60], key: 3 };

/// How a channel's peer sends and takes on it.
#[derive(Clone, Copy)]
pub(super) enum Until {
    /// The peer ends the channel.
    Closed,
    /// All has come.
    Whole,
}

/// Opens a channel; until the peer listens, it is refused.
pub(super) async fn open<'d>(
    stage: &Stage<'_>,
    connection: &Connection<'d>,
    psm: u16,
) -> Result<L2capChannel<'d>, Error> {
    for _ in 0..20 {
        let connect = async || connection.l2cap_connect(psm, MTU).mps(MPS).credits(CREDITS).timeout(PATIENCE).await;
        match stage.call(connect).await {
            Err(Error::ChannelRefused(_)) => Timer::after_millis(50).await,
            result => return result,
        }
    }
    Err(Error::NotFound)
}

/// Waits for the peer to open a channel.
pub(super) async fn accept<'d>(
    stage: &Stage<'_>,
    connection: &Connection<'d>,
    psm: u16,
) -> Result<L2capChannel<'d>, Error> {
    let accept = async || {
        let accept = connection.l2cap_accept(psm, MTU).mps(MPS).credits(CREDITS);
        stage.as_long_as_it_lasts(connection, accept).await
    };
    stage.call(accept).await
}

/// Sends all SDUs, and waits until they are with the controller.
pub(super) async fn send(stage: &Stage<'_>, channel: &L2capChannel<'_>, script: Script) -> Result<(), Error> {
    let connection = channel.connection();
    for sdu in script.sdus() {
        let send = async || stage.as_long_as_it_lasts(&connection, channel.send(&sdu).timeout(PATIENCE)).await;
        stage.call(send).await?;
    }
    let flush = async || stage.as_long_as_it_lasts(&connection, channel.flush().timeout(PATIENCE)).await;
    match stage.call(flush).await {
        // Dropped, and made again when the peer has all and has closed the channel: what comes of it is looked at anyway.
        Err(Error::ChannelClosed) if stage.cancels() => Ok(()),
        flushed => flushed,
    }
}

/// Takes what has come into a buffer shorter than most SDUs. Whoever has lost the link finds what came before all the same, and
/// does not wait for it.
async fn next<'b>(
    stage: &Stage<'_>,
    channel: &L2capChannel<'_>,
    buffer: &'b mut [u8],
) -> Result<(&'b [u8], bool), Error> {
    let connection = channel.connection();
    let receive = async || stage.as_long_as_it_lasts(&connection, channel.receive(buffer)).await;
    let received = match stage.call(receive).await {
        Err(Error::Disconnected) => match channel.receive(buffer).timeout(Duration::from_micros(1)).await {
            Err(Error::Timeout) => return Err(stage.differs("a channel outlives its link".into())),
            received => received?,
        },
        received => received?,
    };
    Ok((buffer.get(..received.length).unwrap_or_default(), received.ends))
}

/// Takes what comes; true when all of it did.
pub(super) async fn take(
    stage: &Stage<'_>,
    channel: &L2capChannel<'_>,
    script: Script,
    until: Until,
) -> Result<bool, Error> {
    let mut come = Come::new(script);
    let mut buffer = [0; 50];
    while !(matches!(until, Until::Whole) && come.is_whole()) {
        match next(stage, channel, &mut buffer).await {
            Ok((octets, ends)) => come.sdu(octets, ends).map_err(|what| stage.differs(what))?,
            Err(Error::ChannelClosed) => break,
            Err(Error::Disconnected) if come.is_whole() => break,
            Err(error) => return Err(error),
        }
    }
    Ok(come.is_whole())
}

/// Closes the channel, behind what was sent on it.
pub(super) async fn close(stage: &Stage<'_>, channel: &L2capChannel<'_>) -> Result<(), Error> {
    stage.call(async || channel.disconnect().timeout(PATIENCE).await).await
}

/// What could not be finished with a cancelled call: its channel may have ended with it. Then another one, on the same link.
pub(super) async fn again(stage: &Stage<'_>, attempt: impl AsyncFn() -> Result<(), Error>) -> Result<(), Error> {
    for _ in 0..3 {
        match attempt().await {
            Err(Error::ChannelClosed) if stage.cancels() => {}
            result => return result,
        }
    }
    attempt().await
}

/// The peripheral's side: channels, one after the other, until all has come on one; then it stays until its peer leaves.
pub(super) async fn until_whole(
    stage: &Stage<'_>,
    connection: &Connection<'_>,
    whole: &Cell<bool>,
    use_it: impl AsyncFn() -> Result<bool, Error>,
) -> Result<(), Error> {
    loop {
        match use_it().await {
            Ok(came) => whole.set(whole.get() | came),
            Err(Error::ChannelClosed) if stage.cancels() => {}
            // All is there, and the peer has left already.
            Err(Error::Disconnected) if whole.get() => return Ok(()),
            Err(error) => return Err(error),
        }
        if whole.get() && !stage.cancels() {
            return until_the_end(stage, connection).await;
        }
    }
}

/// The central has left in good order: then all that it has sent was there, or comes to be read.
pub(super) async fn is_whole(stage: &Stage<'_>, whole: &Cell<bool>) -> Result<(), Error> {
    // Without cancelled calls the other side is waited for anyway.
    for _ in 0..100 {
        if whole.get() || !stage.cancels() {
            return Ok(());
        }
        Timer::after_millis(20).await;
    }
    Err(Error::NotFound)
}

pub(super) async fn stream(stage: Stage<'_>) -> Result<(), Error> {
    let whole = Cell::new(false);
    let central = async || {
        let connection = link(&stage).await?;
        let attempt = async || {
            let channel = open(&stage, &connection, PSM).await?;
            send(&stage, &channel, UP).await?;
            close(&stage, &channel).await
        };
        again(&stage, attempt).await?;
        leave(&stage, &connection).await?;
        is_whole(&stage, &whole).await
    };
    let peripheral = async || {
        let connection = advertise(&stage).await?;
        let taken = async || {
            let channel = accept(&stage, &connection, PSM).await?;
            take(&stage, &channel, UP, Until::Closed).await
        };
        until_whole(&stage, &connection, &whole, taken).await
    };
    both(&stage, central, peripheral).await?;
    if whole.get() { Ok(()) } else { Err(Error::NotFound) }
}

/// Writes as a stream, each K-frame an SDU of its own.
async fn write(stage: &Stage<'_>, channel: &L2capChannel<'_>, script: Script) -> Result<(), Error> {
    let octets = script.octets();
    let mut left = &octets[..];
    let connection = channel.connection();
    let mut writer = channel;
    while !left.is_empty() {
        let write = async || {
            // Another future each time, and nothing is written by one that is dropped.
            stage.as_long_as_it_lasts(&connection, connection.timeout(Some(PATIENCE), writer.write(left))).await?
        };
        let written = stage.call(write).await?;
        left = left.get(written..).unwrap_or_default();
    }
    stage.call(async || connection.timeout(Some(PATIENCE), Write::flush(&mut writer)).await?).await
}

/// Reads as a stream until all has come.
async fn read(stage: &Stage<'_>, channel: &L2capChannel<'_>, script: Script) -> Result<(), Error> {
    let mut come = Come::new(script);
    let mut buffer = [0; 100];
    let connection = channel.connection();
    let mut reader = channel;
    while !come.is_whole() {
        let read = async || stage.as_long_as_it_lasts(&connection, reader.read(&mut buffer)).await;
        let length = stage.call(read).await?;
        if length == 0 {
            return Err(Error::ChannelClosed);
        }
        come.stream(&buffer[..length]).map_err(|what| stage.differs(what))?;
    }
    Ok(())
}

pub(super) async fn duplex(stage: Stage<'_>) -> Result<(), Error> {
    let whole = Cell::new(false);
    let talk = async |channel: &L2capChannel<'_>, [out, back]: [Script; 2]| {
        let (written, read) = join(write(&stage, channel, out), read(&stage, channel, back)).await;
        written.and(read)
    };
    let central = async || {
        let connection = link(&stage).await?;
        let attempt = async || {
            let channel = open(&stage, &connection, PSM).await?;
            talk(&channel, [UP, DOWN]).await?;
            // The other one closes it.
            let closed = async || stage.as_long_as_it_lasts(&connection, channel.disconnected()).await;
            stage.call(closed).await
        };
        again(&stage, attempt).await?;
        leave(&stage, &connection).await?;
        is_whole(&stage, &whole).await
    };
    let peripheral = async || {
        let connection = advertise(&stage).await?;
        let talked = async || {
            let channel = accept(&stage, &connection, PSM).await?;
            talk(&channel, [DOWN, UP]).await?;
            close(&stage, &channel).await.map(|()| true)
        };
        until_whole(&stage, &connection, &whole, talked).await
    };
    both(&stage, central, peripheral).await
}

pub(super) async fn listener(stage: Stage<'_>) -> Result<(), Error> {
    let options = ChannelOptions::new(MTU).mps(MPS).credits(CREDITS);
    let listener = stage.peripheral.l2cap_listen(PSM, &options)?;
    for last in [false, true] {
        let whole = Cell::new(false);
        let central = async || {
            let connection = link(&stage).await?;
            let attempt = async || {
                let channel = open(&stage, &connection, PSM).await?;
                send(&stage, &channel, SHORT).await?;
                if !last || stage.cancels() {
                    close(&stage, &channel).await?;
                }
                Ok(())
            };
            again(&stage, attempt).await?;
            // The last time the channel ends with the link, and its octets may with it.
            leave(&stage, &connection).await?;
            is_whole(&stage, &whole).await
        };
        let peripheral = async || {
            let connection = advertise(&stage).await?;
            let taken = async || {
                let accept = async || stage.as_long_as_it_lasts(&connection, listener.accept()).await;
                let channel = stage.call(accept).await?;
                take(&stage, &channel, SHORT, Until::Closed).await
            };
            match until_whole(&stage, &connection, &whole, taken).await {
                Err(Error::Disconnected) if last => Ok(()),
                result => result,
            }
        };
        both(&stage, central, peripheral).await?;
    }
    Ok(())
}

/// A channel over a fresh connection: what goes there comes back.
pub(crate) async fn echo(stage: &Stage<'_>) -> Result<(), Error> {
    let brief = Duration::from_secs(5);
    let serve = async {
        let connection = stage.peripheral.advertise(Duration::from_millis(30)).await?;
        let channel = connection.l2cap_accept(PSM, MTU).mps(MPS).credits(CREDITS).timeout(brief).await?;
        let mut buffer = [0; MTU as usize];
        let length = channel.recvinto(&mut buffer).timeout(brief).await?;
        channel.send(buffer.get(..length).unwrap_or_default()).timeout(brief).await?;
        connection.disconnected().await
    };
    let ask = async {
        let connection = stage.central.connect(stage.device).timeout(Duration::from_secs(20)).await?;
        let channel = loop {
            match connection.l2cap_connect(PSM, MTU).mps(MPS).credits(CREDITS).timeout(brief).await {
                Err(Error::ChannelRefused(_)) => Timer::after_millis(50).await,
                channel => break channel?,
            }
        };
        for sdu in DOWN.sdus().take(1) {
            channel.send(&sdu).timeout(brief).await?;
            let mut buffer = [0; MTU as usize];
            let length = channel.recvinto(&mut buffer).timeout(brief).await?;
            if buffer.get(..length) != Some(&sdu[..]) {
                return Err(Error::InvalidValue);
            }
        }
        channel.disconnect().await?;
        connection.disconnect().await
    };
    let (served, asked) = join(serve, ask).await;
    asked.and(served)
}
