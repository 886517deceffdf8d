//! `l2cap listen`.

use super::{
    channel::{LinkEnd, options, sdu},
    files::{Sink, is_standard},
    progress::{Data, Tally, shown},
    tell_closed, tell_open,
    transfer::{End, Sent, echo, take},
};
use crate::{
    advertise::ready,
    arguments::ListenOptions,
    output::say,
    session::{Session, time_is_up},
};
use anyhow::{Context, Error, Result, anyhow};
use jelling::{Connection, Error as HostError, L2capChannel, L2capListener};
use std::{
    cell::Cell,
    ops::ControlFlow,
    time::{Duration, Instant},
};

const INTERVAL: Duration = Duration::from_millis(100);

/// How long a reader that does not read is waited for when the command is to end.
const GRACE: Duration = Duration::from_secs(2);

/// A command's run.
struct Listening<'a> {
    session: Session,
    options: &'a ListenOptions,
    begin: Instant,
}

pub(super) async fn listen(session: Session, options: &ListenOptions, mut sink: Sink) -> Result<()> {
    let listening = Listening { session, options, begin: Instant::now() };
    tokio::select! {
        biased;
        result = listening.run(&mut sink) => result,
        error = listening.tell_ready() => Err(error),
    }
}

impl Listening<'_> {
    /// Waits for what ends the command from outside.
    async fn over(&self) {
        let left = self.options.duration.map(|duration| duration.saturating_sub(self.begin.elapsed()));
        tokio::select! { () = self.session.output.stop.ended() => {}, () = time_is_up(left) => {} }
    }

    /// Comes back with an error alone.
    async fn tell_ready(&self) -> Error {
        match ready(self.session).await {
            Ok(()) => std::future::pending().await,
            Err(error) => error.into(),
        }
    }

    async fn run(&self, sink: &mut Sink) -> Result<()> {
        let host = self.session.host;
        let arguments = &self.options.channel;
        let listener = host.l2cap_listen(arguments.psm, &options(arguments));
        let listener = listener.with_context(|| format!("PSM {} cannot be listened on", arguments.psm))?;
        loop {
            let mut advertise = host.advertise(INTERVAL);
            if let Some(name) = &self.options.name {
                advertise = advertise.name(name);
            }
            let connection = tokio::select! {
                biased;
                () = self.over() => return Ok(()),
                connection = advertise => connection?,
            };
            if self.attend(&listener, &connection, sink).await?.is_break() {
                return Ok(());
            }
        }
    }

    /// The channels of a link, one after the other.
    async fn attend(
        &self,
        listener: &L2capListener<'static>,
        connection: &Connection<'static>,
        sink: &mut Sink,
    ) -> Result<ControlFlow<()>> {
        loop {
            let channel = tokio::select! {
                biased;
                () = self.over() => return Ok(ControlFlow::Break(())),
                // Before the end of the link: a channel may have come and gone with it.
                channel = listener.accept() => channel?,
                _ = connection.disconnected() => return Ok(ControlFlow::Continue(())),
            };
            if self.transfer(&channel, connection, sink).await?.is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
    }

    async fn transfer(
        &self,
        channel: &L2capChannel<'static>,
        connection: &Connection<'static>,
        sink: &mut Sink,
    ) -> Result<ControlFlow<()>> {
        let Session { output, timeout, .. } = self.session;
        sink.begin()?;
        if let Ok(peer) = connection.device() {
            tell_open(output, peer, channel.our_mtu(), channel.peer_mtu());
        }
        let is_data = self.options.output.as_deref().is_some_and(|path| is_standard(Some(path)));
        let tally = Tally::new(shown(output.json, if is_data { Data::Standard } else { Data::Elsewhere }, None));
        let work = async {
            match self.options.echo {
                true => Ok(echo(channel, sdu(&self.options.channel, channel), &tally).await),
                false => take(channel, sink, &tally).await,
            }
        };
        // What has come by then is written: the channel's end is behind it.
        let is_over = Cell::new(false);
        let closing = async {
            self.over().await;
            is_over.set(true);
            if let Err(error) = channel.disconnect().timeout(timeout).await {
                self.session.log(|| format!("close: {error}"));
            }
            tokio::select! { () = output.stop.insisted() => {}, () = tokio::time::sleep(GRACE) => {} }
        };
        let end = tokio::select! {
            biased;
            end = work => end?,
            () = closing => End::NobodyReads(Sent::All),
        };
        let summary = tally.finish();
        tell_closed(output, tally.octets_received(), summary);
        match end {
            End::NobodyReads(_) => return Ok(ControlFlow::Break(())),
            _ if is_over.get() => return Ok(ControlFlow::Break(())),
            End::Failed(error, _) => {
                if let Some(loss) = loss(error, connection, &tally) {
                    match self.options.once {
                        true => return Err(loss),
                        false => say(loss),
                    }
                }
            }
            End::Closed(_) | End::Quiet => {}
        }
        Ok(if self.options.once { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    }
}

/// How a link was lost; none when its peer has ended it.
fn loss(error: HostError, connection: &Connection<'_>, tally: &Tally) -> Option<Error> {
    let received = tally.octets_received();
    if error != HostError::Disconnected {
        return Some(Error::from(error).context(format!("the channel failed after {received} octets")));
    }
    let how = LinkEnd::of(connection);
    (!how.is_wanted()).then(|| anyhow!("the link was lost ({how}): {received} octets were received"))
}
