//! The parameters of a connection: our updates, and what the peer may have of those that it asks for
//! (Vol 3, Part C, 9.3.9; Vol 3, Part A, 4.20 and 4.21).

use crate::{
    Connection,
    core::Host,
    operation::{Operation, Step, Wait},
    waiting::Topic,
};
use ::core::{task::Poll, time::Duration};
use jelling_host::{ConnectionParameters, Core, Error, Instant, LinkId, ParameterPolicy, UpdateTicket};

/// As long as L2CAP gives a peer to answer.
const TIMEOUT: Duration = Duration::from_secs(30);

/// See [`Connection::update_parameters`].
pub type UpdateParameters<'d> = Operation<'d, UpdateParametersStep>;

impl<'d> Connection<'d> {
    /// Changes the parameters of the connection, and waits until those in force are of these: 30 s at most.
    ///
    /// A central changes them. A peripheral asks its central to: by the link layer (Vol 6, Part B, 5.1.7), or by L2CAP where its own
    /// controller or the central does not know that. What is in force is then told by [`interval`](Connection::interval), and to
    /// [`event`](Connection::event) as any change is. Updates go one at a time; this one waits for those before it, the peer's too.
    ///
    /// `InvalidArgument` where no controller may be asked for these, `ParametersRefused` where the peer refuses them, `Refused` where
    /// the controller does, `Timeout`, `Disconnected`.
    ///
    /// Dropping the future gives the update up, unless the peer or the controller has been asked: then it may come about.
    ///
    /// ```no_run
    /// # async fn faster(connection: jelling::Connection<'_>) -> Result<(), jelling::Error> {
    /// use core::time::Duration;
    /// use jelling::ConnectionParameters;
    /// let fast = ConnectionParameters::new(Duration::from_micros(7_500), Duration::from_millis(15));
    /// connection.update_parameters(fast).await?;
    /// println!("an event every {:?}", connection.interval()?);
    /// # Ok(())
    /// # }
    /// ```
    pub fn update_parameters(&self, parameters: ConnectionParameters) -> UpdateParameters<'d> {
        let step = UpdateParametersStep { link: self.id, parameters, ticket: None };
        Operation::new(self.host, step, Some(TIMEOUT))
    }

    /// What becomes of the parameters that this peer asks for, in place of
    /// [`Config::parameter_requests`](crate::Config::parameter_requests), as long as the connection lasts; `None`: as that says.
    pub fn on_parameter_request(&self, policy: Option<ParameterPolicy>) -> Result<(), Error> {
        self.host.ask(|core| core.on_parameter_request(self.id, policy))
    }

    /// Answers a peer whose request [`ConnectionEvent::ParametersRequested`](crate::ConnectionEvent) told of: these parameters, as a
    /// rule those that it asked for, or `None`, and they are refused.
    ///
    /// `Stale` where nothing was asked, or 29 s have passed; `InvalidArgument` where no controller may be asked for these.
    pub fn answer_parameters(&self, answer: Option<ConnectionParameters>) -> Result<(), Error> {
        self.host.ask(|core| core.answer_parameters(self.id, answer.as_ref()))
    }
}

/// Goes on with an update of a connection, which is begun where it can be.
pub(crate) fn go_on(
    core: &mut Core<'_>,
    ticket: &mut Option<UpdateTicket>,
    begin: impl FnOnce(&mut Core<'_>) -> Result<UpdateTicket, Error>,
) -> Poll<Result<(), Error>> {
    let begun = match *ticket {
        Some(begun) => begun,
        None => match begin(core) {
            Ok(begun) => *ticket.insert(begun),
            // Another one goes first.
            Err(Error::Busy) => return Poll::Pending,
            Err(error) => return Poll::Ready(Err(error)),
        },
    };
    let outcome = core.updated(begun);
    if outcome.is_ready() {
        *ticket = None;
    }
    outcome
}

pub(crate) fn give_up(core: &mut Core<'_>, ticket: &mut Option<UpdateTicket>) {
    if let Some(ticket) = ticket.take() {
        core.end_update(ticket);
    }
}

/// See [`Connection::update_parameters`].
#[derive(Debug)]
pub struct UpdateParametersStep {
    link: LinkId,
    parameters: ConnectionParameters,
    ticket: Option<UpdateTicket>,
}

impl<'d> Step<'d> for UpdateParametersStep {
    type Raw = ();
    type Output = ();

    fn wait_for(&self) -> Wait {
        Wait(Topic::Link(self.link.index()))
    }
    fn step(&mut self, core: &mut Core<'_>, _: Instant) -> Poll<Result<(), Error>> {
        let (link, parameters) = (self.link, self.parameters);
        go_on(core, &mut self.ticket, |core| core.update_parameters(link, &parameters))
    }
    fn undo(&mut self, core: &mut Core<'_>) {
        give_up(core, &mut self.ticket);
    }
    fn finish(_: Host<'d>, (): ()) {}
}
