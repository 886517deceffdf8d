//! `l2cap connect`.

use super::{
    channel::{LinkEnd, credits, refused, sdu},
    files::{Sink, Source, is_standard},
    progress::{Data, Tally, shown},
    tell_closed, tell_open,
    transfer::{End, Sent, exchange, take},
};
use crate::{arguments::ConnectOptions, client::disconnect, session::Session};
use anyhow::{Context, Error, Result, bail};
use jelling::{Connection, Error as HostError, L2capChannel};

pub(super) async fn connect(
    session: Session,
    options: &ConnectOptions,
    mut source: Source,
    mut sink: Sink,
) -> Result<()> {
    let connection = session.connect(&options.address).await?;
    let peer = connection.device().with_context(|| format!("{} is gone", options.address.device))?;
    let arguments = &options.channel;
    let connect = connection.l2cap_connect(arguments.psm, arguments.mtu).mps(arguments.mps);
    let channel = connect.credits(credits(arguments)).timeout(session.timeout).await;
    let channel = channel.map_err(|error| match error {
        HostError::Timeout => {
            Error::msg(format!("no answer to a channel with PSM {} within {:?}", arguments.psm, session.timeout))
        }
        error => refused(error, arguments.psm, &connection),
    })?;
    sink.begin()?;
    tell_open(session.output, peer, channel.our_mtu(), channel.peer_mtu());
    let data = if is_standard(options.output.as_deref()) { Data::Standard } else { Data::Elsewhere };
    let tally = Tally::new(shown(session.output.json, data, source.length));
    let limits = (sdu(arguments, &channel), options.linger);
    let end = exchange(&channel, &mut source, &mut sink, limits, &tally).await;
    if matches!(end, Ok(End::Quiet | End::NobodyReads(_))) {
        close(session, &channel, &mut sink, &tally, &end).await?;
    }
    let summary = tally.finish();
    tell_closed(session.output, tally.octets_received(), summary);
    outcome(end?, &connection, &source, &tally)?;
    drop(channel);
    disconnect(session, &connection).await;
    Ok(())
}

/// Closes the channel, and takes what was on its way.
async fn close(
    session: Session,
    channel: &L2capChannel<'_>,
    sink: &mut Sink,
    tally: &Tally,
    end: &Result<End>,
) -> Result<()> {
    if let Err(error) = channel.disconnect().timeout(session.timeout).await {
        session.log(|| format!("close: {error}"));
    }
    if let Ok(End::Quiet) = end {
        take(channel, sink, tally).await?;
    }
    Ok(())
}

/// What the end of the channel means for the command.
fn outcome(end: End, connection: &Connection<'_>, source: &Source, tally: &Tally) -> Result<()> {
    let sent = match source.length {
        Some(length) => format!("{} of {length} octets", tally.octets_sent()),
        None => format!("{} octets", tally.octets_sent()),
    };
    match end {
        End::Quiet | End::Closed(Sent::All) | End::NobodyReads(Sent::All) => Ok(()),
        End::Closed(Sent::Part) => bail!("the peer closed the channel before it had everything: {sent} were sent"),
        End::NobodyReads(Sent::Part) => bail!("nobody reads what is received, and not everything was sent: {sent}"),
        End::Failed(HostError::Disconnected, all) => {
            let how = LinkEnd::of(connection);
            let received = tally.octets_received();
            match (how.is_wanted(), all) {
                (true, Sent::All) => Ok(()),
                (true, Sent::Part) => bail!("the peer ended the link before it had everything: {sent} were sent"),
                (false, _) => {
                    bail!("the link was lost ({how}): {sent} were sent, {received} received: is the peer in range?")
                }
            }
        }
        End::Failed(error, _) => Err(Error::from(error).context(format!("the channel failed: {sent} were sent"))),
    }
}
