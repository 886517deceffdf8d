//! The peripheral's part: serve one central, notify and indicate when it subscribes, and end the link when it says so.

use crate::{INDICATING, INDICATIONS, LONG, NOTIFICATIONS, NOTIFYING, SERVICE, WRITABLE, long_value};
use anyhow::{Context, Result, ensure};
use core::time::Duration;
use jelling::{Characteristic, CharacteristicOptions, Connection, Error, Host, Properties, Updates};

/// Waits until this peer subscribes, or is gone.
async fn subscribed(
    characteristic: Characteristic<'_>,
    connection: &Connection<'_>,
    updates: Updates,
) -> Result<(), Error> {
    while !characteristic.subscribed(connection)?.contains(updates) {
        let _changed = connection.timeout(None, characteristic.subscription_changed()).await??;
    }
    Ok(())
}

pub(crate) async fn play(host: Host<'_>, name: &str) -> Result<()> {
    let mut db = host.services()?;
    let service = db.service(SERVICE)?;
    let long = long_value();
    let options = CharacteristicOptions::new(Properties::READ).initial(&long).max_len(300);
    db.characteristic_with(service, LONG, &options)?;
    let both = Properties::READ | Properties::WRITE | Properties::WRITE_WITHOUT_RESPONSE;
    let writable = db.characteristic_with(service, WRITABLE, &CharacteristicOptions::new(both).max_len(512))?;
    let notifying = db.characteristic(service, NOTIFYING, Properties::NOTIFY)?;
    let indicating = db.characteristic(service, INDICATING, Properties::INDICATE)?;
    db.register()?;

    let advertise = host.advertise(Duration::from_millis(30)).name(name).services(&[SERVICE]);
    let connection = advertise.timeout(Duration::from_secs(15)).await.context("advertise")?;
    let notify = async {
        subscribed(notifying, &connection, Updates::NOTIFY).await?;
        for i in 0..NOTIFICATIONS {
            notifying.notify(&connection, &i).await?;
        }
        subscribed(indicating, &connection, Updates::INDICATE).await?;
        for i in 0..INDICATIONS {
            indicating.indicate(&connection, &i).await?;
        }
        Ok::<_, Error>(())
    };
    let written = async {
        let mut seen = vec![];
        loop {
            let mut value = vec![0; 512];
            let Ok(write) = connection.timeout(None, writable.written_into(&mut value)).await else { break };
            let (who, length) = write?;
            ensure!(who == connection, "written by somebody else");
            value.truncate(length);
            if value == b"bye" {
                // The answer to the write goes first: it is in the link's buffer by now.
                connection.disconnect().await?;
            }
            seen.push(value);
        }
        Ok(seen)
    };
    let (sent, seen) = tokio::join!(notify, written);
    match sent {
        Ok(()) => {}
        // Only a measurement leaves early.
        Err(Error::Disconnected) => ensure!(seen?.iter().any(|v| v == b"bye"), "the peer left early"),
        Err(error) => return Err(error.into()),
    }
    println!("peripheral ok");
    Ok(())
}
