//! Plays of pairing, and of peers that meet again: each host has a user, who answers what it asks.

use super::{
    SERVICE, VALUE,
    plays::{PATIENCE, advertise, both, leave, link, until_the_end},
};
use crate::{aftermath::forget_all, stage::Stage, users::Users};
use core::{future::Future, time::Duration};
use embassy_futures::select::{Either, select};
use jelling::{Connection, ConnectionEvent, Error, Security};
use jelling_sim::apart;

/// Longer than a pairing may take.
const LONG: Duration = Duration::from_secs(25);

/// Both hosts' users are at hand for as long as a play lasts.
async fn with_users(stage: &Stage<'_>, play: impl Future<Output = Result<(), Error>>) -> Result<(), Error> {
    let users = Users::default();
    let asked = async |host| stage.call(async || Ok(Users::asked(host).await)).await.unwrap_or(None);
    match select(apart(play), apart(users.answer([stage.central, stage.peripheral], asked))).await {
        Either::First(result) => result,
        Either::Second(never) => match never {},
    }
}

/// Who does not secure the link is not waited for.
async fn next(stage: &Stage<'_>, connection: &Connection<'_>) -> Result<ConnectionEvent, Error> {
    stage.call(async || connection.timeout(Some(LONG), connection.event()).await?).await
}

/// The link becomes encrypted, sooner or later.
async fn is_secured(stage: &Stage<'_>, connection: &Connection<'_>) -> Result<(), Error> {
    while !connection.security()?.encrypted {
        next(stage, connection).await?;
    }
    Ok(())
}

/// A central that is asked for security pairs; its user agrees to another bond where the peripheral has lost its own.
async fn follows(stage: &Stage<'_>, connection: &Connection<'_>) -> Result<(), Error> {
    while !connection.security()?.encrypted {
        match next(stage, connection).await? {
            ConnectionEvent::SecurityRequested => {}
            ConnectionEvent::BondLost => forget_all(stage.central),
            _ => continue,
        }
        stage.call(async || connection.pair(stage.wish()).await).await?;
    }
    Ok(())
}

/// The peripheral is there until its peer leaves, and finds that the link is encrypted.
async fn stays(stage: &Stage<'_>) -> Result<(), Error> {
    let connection = advertise(stage).await?;
    is_secured(stage, &connection).await?;
    until_the_end(stage, &connection).await
}

/// The central uses the link, which is as secure as the play wants it.
async fn use_it(stage: &Stage<'_>, connection: &Connection<'_>) -> Result<(), Error> {
    let authenticated = stage.wish().mitm;
    let wanted = Security { encrypted: true, authenticated, secure_connections: true, bonded: true, key_size: 16 };
    if connection.security()? != wanted {
        return Err(Error::InvalidValue);
    }
    let service = stage.call(async || connection.service(SERVICE).timeout(PATIENCE).await).await?;
    let value = stage.call(async || service.characteristic(VALUE).timeout(PATIENCE).await).await?;
    stage.call(async || value.read_into(&mut [0; 512]).timeout(PATIENCE).await).await.map(|_| ())
}

async fn pairs(stage: &Stage<'_>) -> Result<(), Error> {
    let connection = link(stage).await?;
    stage.call(async || connection.pair(stage.wish()).await).await?;
    use_it(stage, &connection).await?;
    leave(stage, &connection).await
}

/// They meet, and the central pairs.
pub(super) async fn pair(stage: Stage<'_>) -> Result<(), Error> {
    both(&stage, async || pairs(&stage).await, async || stays(&stage).await).await
}

pub(super) async fn compare(stage: Stage<'_>) -> Result<(), Error> {
    with_users(&stage, pair(stage)).await
}

pub(super) async fn type_in(stage: Stage<'_>) -> Result<(), Error> {
    with_users(&stage, pair(stage)).await
}

pub(super) async fn show(stage: Stage<'_>) -> Result<(), Error> {
    with_users(&stage, pair(stage)).await
}

pub(super) async fn again(stage: Stage<'_>) -> Result<(), Error> {
    pair(stage).await?;
    for stage in [&stage, &stage.swapped()] {
        let central = async || {
            let connection = link(stage).await?;
            stage.call(async || connection.encrypt().await).await?;
            leave(stage, &connection).await
        };
        both(stage, central, async || stays(stage).await).await?;
    }
    Ok(())
}

pub(super) async fn request(stage: Stage<'_>) -> Result<(), Error> {
    for _ in 0..2 {
        let central = async || {
            let connection = link(&stage).await?;
            follows(&stage, &connection).await?;
            use_it(&stage, &connection).await?;
            leave(&stage, &connection).await
        };
        let peripheral = async || {
            let connection = advertise(&stage).await?;
            stage.call(async || connection.pair(stage.wish()).await).await?;
            until_the_end(&stage, &connection).await
        };
        both(&stage, central, peripheral).await?;
    }
    Ok(())
}

pub(super) async fn forget(stage: Stage<'_>) -> Result<(), Error> {
    pair(stage).await?;
    forget_all(stage.peripheral);
    let central = async || {
        let connection = link(&stage).await?;
        match stage.call(async || connection.pair(stage.wish()).await).await {
            // The user agrees to another.
            Err(Error::BondLost) => {
                forget_all(stage.central);
                stage.call(async || connection.pair(stage.wish()).await).await?;
            }
            // The link was lost after that: there are bonds again.
            Ok(_) if stage.cancels() => {}
            result => return result.and(Err(Error::InvalidValue)),
        }
        use_it(&stage, &connection).await?;
        leave(&stage, &connection).await
    };
    both(&stage, central, async || stays(&stage).await).await?;
    forget_all(stage.central);
    pair(stage).await
}
