//! A host as a scenario sees it: what it is told, and what happens to it.

use anyhow::{Context, Result, bail};
use core::{fmt::Debug, time::Duration};
use embassy_time::with_timeout;
use serde::{Serialize, de::DeserializeOwned};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// How long a host may take for what it is told, unless a scenario says otherwise.
const PATIENCE: Duration = Duration::from_secs(12);

/// What a host is told.
pub trait Command: Debug + Serialize + Send + 'static {}

/// What happens to a host.
pub trait Event: Clone + Debug + PartialEq + DeserializeOwned + Send + 'static {
    /// That something went wrong which no scenario wants.
    fn wrong(text: String) -> Self;

    /// What went wrong.
    fn is_wrong(&self) -> Option<&str>;
}

/// A host, as a scenario sees it.
#[derive(Debug)]
pub struct Player<C, E> {
    /// As a table names it.
    pub name: String,
    commands: UnboundedSender<C>,
    events: UnboundedReceiver<E>,
    /// What happened, and nobody has asked for yet.
    happened: Vec<E>,
    /// How long it may take for what it is told.
    pub patience: Duration,
    /// It is Bumble, which a scenario can make do what it should not.
    pub is_bumble: bool,
}

/// The ends of a player's channels that the host has.
pub type HostEnds<C, E> = (UnboundedReceiver<C>, UnboundedSender<E>);

impl<C: Command, E: Event> Player<C, E> {
    /// A player, and what its host needs.
    pub fn new(name: impl Into<String>) -> (Self, HostEnds<C, E>) {
        let ((commands, obeyed), (told, events)) = (unbounded_channel(), unbounded_channel());
        (
            Player { name: name.into(), commands, events, happened: vec![], patience: PATIENCE, is_bumble: false },
            (obeyed, told),
        )
    }

    /// Tells it to do something.
    ///
    /// # Errors
    ///
    /// It is gone.
    pub fn tell(&self, command: C) -> Result<()> {
        self.commands.send(command).ok().with_context(|| format!("{} is gone", self.name))
    }

    /// The next event, whatever it is.
    ///
    /// # Errors
    ///
    /// Nothing happens, or something does that is wrong.
    pub async fn next(&mut self) -> Result<E> {
        if !self.happened.is_empty() {
            return Ok(self.happened.remove(0));
        }
        self.receive().await
    }

    async fn receive(&mut self) -> Result<E> {
        let patience = embassy_time::Duration::from_micros(u64::try_from(self.patience.as_micros())?);
        let event = with_timeout(patience, self.events.recv()).await;
        let event = event.ok().with_context(|| format!("{} tells nothing after {:?}", self.name, self.happened))?;
        let event = event.with_context(|| format!("{} is gone", self.name))?;
        match event.is_wrong() {
            Some(text) => bail!("{}: {text}", self.name),
            None => Ok(event),
        }
    }

    /// The first event that has something of what is asked for. Others are kept.
    ///
    /// # Errors
    ///
    /// It does not happen, or something does that is wrong.
    pub async fn until<T>(&mut self, mut wanted: impl FnMut(&E) -> Option<T>) -> Result<T> {
        let mut seen = 0;
        loop {
            if seen == self.happened.len() {
                let event = self.receive().await?;
                self.happened.push(event);
            }
            if let Some(found) = wanted(&self.happened[seen]) {
                self.happened.remove(seen);
                return Ok(found);
            }
            seen += 1;
        }
    }

    /// Waits for this event.
    ///
    /// # Errors
    ///
    /// It does not happen, or something does that is wrong.
    pub async fn wait(&mut self, wanted: &E) -> Result<()> {
        let name = self.name.clone();
        self.until(|event| (event == wanted).then_some(())).await.with_context(|| format!("{name}: no {wanted:?}"))
    }

    /// Tells and waits for what then happens.
    ///
    /// # Errors
    ///
    /// It does not happen, or something does that is wrong.
    pub async fn ask<T>(&mut self, command: C, wanted: impl FnMut(&E) -> Option<T>) -> Result<T> {
        let (asked, name) = (format!("{command:?}"), self.name.clone());
        self.tell(command)?;
        self.until(wanted).await.with_context(|| format!("{name}: {asked}"))
    }

    /// What happened before all that waits.
    pub fn give_back(&mut self, events: Vec<E>) {
        self.happened.splice(0..0, events);
    }

    /// What happened and nobody has asked for.
    pub fn rest(&mut self) -> Vec<E> {
        while let Ok(event) = self.events.try_recv() {
            self.happened.push(event);
        }
        core::mem::take(&mut self.happened)
    }
}
